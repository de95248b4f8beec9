"""The neural ones: activation functions, softmax, and the losses' elementwise parts, without overflow anywhere."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.op import Array, elementwise, primitive
from autodiff.rules.arithmetic import floating, ordered
from autodiff.rules.special import erfc

# Sigmoid and its family


@np.errstate(over="ignore")
def _sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-floating(x)))


def _softplus(x: Array) -> Array:
    x = floating(ordered(x))
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


sigmoid = elementwise(_sigmoid, lambda y, x: y * (1 - y), name="sigmoid", tex=r"\sigma(#1)")
softplus = elementwise(_softplus, lambda y, x: sigmoid.on(x), name="softplus", tex=r"\log(1 + e^{#1})")
log_sigmoid = elementwise(
    lambda x: -_softplus(-floating(x)), lambda y, x: sigmoid.on(-x), name="log_sigmoid", tex=r"\log \sigma(#1)"
)


def _silu_slope(y: Array, x: Array) -> Array:
    s = sigmoid.on(x)
    return s + y * (1 - s)


def _mish_slope(y: Array, x: Array) -> Array:
    t = np.tanh(softplus.on(x))
    return t + x * (1 - t * t) * sigmoid.on(x)


silu = elementwise(lambda x: x * _sigmoid(x), _silu_slope, name="silu", tex=r"#1 \, \sigma(#1)")
mish = elementwise(lambda x: x * np.tanh(_softplus(x)), _mish_slope, name="mish", tex=r"#1 \tanh(\log(1 + e^{#1}))")

# Linear pieces

relu = elementwise(
    lambda x: np.maximum(ordered(x), 0),
    lambda y, x: (y > 0).astype(y.dtype),
    name="relu",
    tex=r"\operatorname{ReLU}(#1)",
    kinks=lambda x: x,
)


def _leaky_relu(x: Array, negative_slope: float = 0.01) -> Array:
    r"""Leaky rectifier: :math:`x` where positive, :math:`a x` elsewhere.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.leaky_relu(ad.Tensor([-1.0, 2.0]), 0.1)
    Tensor([-0.1,  2. ])
    """
    return np.where(ordered(x) > 0, x, negative_slope * x)


leaky_relu = elementwise(
    _leaky_relu,
    lambda y, x, negative_slope: np.where(x > 0, np.ones_like(x), negative_slope),
    name="leaky_relu",
    tex=r"\operatorname{LeakyReLU}(#1)",
    domain=lambda d: ((d.array(),), {"negative_slope": d.choice([0.01, 0.5])}),
    kinks=lambda x, negative_slope: x,
)


def _hardtanh(x: Array, min_val: float = -1.0, max_val: float = 1.0) -> Array:
    r"""Clipped identity: :math:`\min(\max(x, a), b)`, with derivative 0 at both ends and outside.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.hardtanh(ad.Tensor([-3.0, 0.5]))
    Tensor([-1. ,  0.5])
    """
    return np.clip(ordered(x), min_val, max_val)


hardtanh = elementwise(
    _hardtanh,
    lambda y, x, min_val, max_val: (x > min_val) & (x < max_val),
    name="hardtanh",
    tex=r"\operatorname{hardtanh}(#1)",
    domain=lambda d: ((d.array(),), {"min_val": d.choice([-1.0, 0.0]), "max_val": 2.0}),
    kinks=lambda x, min_val, max_val: (x - min_val) * (x - max_val),
)
hardsigmoid = elementwise(
    lambda x: np.clip(ordered(x) / 6 + 0.5, 0, 1),
    lambda y, x: np.where((x > -3) & (x < 3), np.full_like(x, 1 / 6), 0),
    name="hardsigmoid",
    tex=r"\operatorname{clip}(\tfrac{#1}{6} + \tfrac12, 0, 1)",
    kinks=lambda x: (x - 3) * (x + 3),
)
hardswish = elementwise(
    lambda x: x * hardsigmoid.forward(x),
    lambda y, x: np.where(x <= -3, 0, np.where(x >= 3, 1, x / 3 + 0.5)),
    name="hardswish",
    tex=r"#1 \operatorname{clip}(\tfrac{#1}{6} + \tfrac12, 0, 1)",
    kinks=lambda x: (x - 3) * (x + 3),
)
softsign = elementwise(
    lambda x: x / (1 + np.abs(ordered(x))),
    lambda y, x: 1 / np.square(1 + np.abs(x)),
    name="softsign",
    tex=r"\frac{#1}{1 + \lvert #1 \rvert}",
    kinks=lambda x: x,
)

# Exponential pieces


def _elu(x: Array, alpha: float = 1.0) -> Array:
    r"""Exponential linear unit: :math:`x` where positive, :math:`\alpha (e^x - 1)` elsewhere (Clevert et al. 2015).

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.elu(ad.Tensor([-1.0, 2.0]))
    Tensor([-0.63212056,  2.        ])
    """
    return np.where(ordered(x) > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _celu(x: Array, alpha: float = 1.0) -> Array:
    r"""Smooth ELU: :math:`x` where positive, :math:`\alpha (e^{x/\alpha} - 1)` elsewhere (Barron 2017).

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.celu(ad.Tensor([-1.0, 2.0]), alpha=2.0)
    Tensor([-0.78693868,  2.        ])
    """
    return np.where(ordered(x) > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))


elu = elementwise(
    _elu,
    lambda y, x, alpha: np.where(x > 0, 1, alpha * np.exp(np.minimum(x, 0))),
    name="elu",
    tex=r"\operatorname{ELU}(#1)",
    domain=lambda d: ((d.array(),), {"alpha": d.choice([1.0, 0.5])}),
    kinks=lambda x, alpha: x,
)
celu = elementwise(
    _celu,
    lambda y, x, alpha: np.where(x > 0, 1, np.exp(np.minimum(x, 0) / alpha)),
    name="celu",
    tex=r"\operatorname{CELU}(#1)",
    domain=lambda d: ((d.array(),), {"alpha": d.choice([1.0, 0.5])}),
    kinks=lambda x, alpha: x,
)

_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


def selu(x: Array) -> Array:
    r"""Self-normalising ELU: :math:`\lambda \operatorname{ELU}_\alpha(x)` with the constants of Klambauer et al. 2017.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.selu(ad.Tensor([-1.0, 1.0]))
    Tensor([-1.11133074,  1.05070099])
    """
    return _SELU_SCALE * elu(x, _SELU_ALPHA)


def relu6(x: Array) -> Array:
    r"""Rectifier with a ceiling: :math:`\min(\max(x, 0), 6)`."""
    return hardtanh(x, 0.0, 6.0)


# Gaussian

_SQRT_HALF = math.sqrt(0.5)
_DENSITY_AT_0 = 1 / math.sqrt(2 * math.pi)
_TANH_SCALE = math.sqrt(2 / math.pi)


def _gelu_slope(y: Array, x: Array) -> Array:
    return 0.5 * erfc.on(-_SQRT_HALF * x) + x * (_DENSITY_AT_0 * np.exp(-0.5 * x * x))


def _gelu_gate(x: Array) -> Array:
    """What stands in for the normal distribution's function, from 0 to 1."""
    return 0.5 + 0.5 * np.tanh(_TANH_SCALE * x * (1 + 0.044715 * (x * x)))


def _gelu_tanh_slope(y: Array, x: Array) -> Array:
    p = _gelu_gate(x)
    return p * (1 + (1 - p) * (2 * _TANH_SCALE * x) * (1 + 0.134145 * (x * x)))


gelu_erf = elementwise(
    lambda x: 0.5 * x * erfc.forward(-_SQRT_HALF * x), _gelu_slope, name="gelu_erf", tex=r"#1 \, \Phi(#1)"
)
gelu_tanh = elementwise(
    lambda x: x * _gelu_gate(x),
    _gelu_tanh_slope,
    name="gelu_tanh",
    tex=r"\tfrac12 #1 (1 + \tanh(\sqrt{2/\pi}(#1 + 0.044715 #1^3)))",
)


def gelu(x: Array, approximate: str = "none") -> Array:
    r"""Gaussian error linear unit: :math:`x \, \Phi(x)` (Hendrycks and Gimpel 2016).

    Parameters
    ----------
    x : array
    approximate : {"none", "tanh"}
        The normal distribution's :math:`\Phi` itself, or its approximation by a hyperbolic tangent.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.gelu(ad.Tensor([-1.0, 1.0]))
    Tensor([-0.15865525,  0.84134475])
    """
    if approximate not in ("none", "tanh"):
        raise ValueError(f"gelu: approximate is 'none' or 'tanh', got {approximate!r}")
    return gelu_erf(x) if approximate == "none" else gelu_tanh(x)


# Softmax


def _below_top(x: Array, axis: int | tuple[int, ...]) -> Array:
    """Moved so that the greatest element is 0, and no exponential overflows."""
    x = floating(x)
    return x - np.maximum.reduce(x, axis=axis, keepdims=True, initial=-np.inf)


def _softmax(x: Array, axis: int | tuple[int, ...] = -1) -> Array:
    r"""Positive and of sum 1: :math:`y_i = e^{x_i} / \sum_j e^{x_j}` along an axis.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.softmax(ad.Tensor([0.0, 0.0, 1000.0]))
    Tensor([0., 0., 1.])
    """
    e = _below_top(x, axis)
    np.exp(e, out=e)
    e /= np.add.reduce(e, axis=axis, keepdims=True)
    return e


def _log_softmax(x: Array, axis: int | tuple[int, ...] = -1) -> Array:
    r"""Logarithm of the softmax: :math:`y_i = x_i - \log \sum_j e^{x_j}` along an axis.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.log_softmax(ad.Tensor([0.0, 1000.0]))
    Tensor([-1000.,     0.])
    """
    shifted = _below_top(x, axis)
    return shifted - np.log(np.add.reduce(np.exp(shifted), axis=axis, keepdims=True))


def _softmax_product(v: Array, y: Array, x: Array, axis: int | tuple[int, ...]) -> Array:
    """J v, and J^T v just as well: the Jacobian diag(y) - y y^T is symmetric."""
    return y * (v - np.sum(v * y, axis=axis, keepdims=True))


def _softmax_calls(d: Any) -> Any:
    x = d.array(min_dims=1, min_side=1)
    return (x,), {"axis": d.axis(x.ndim)}


softmax = primitive(
    _softmax,
    _softmax_product,
    push=lambda dxs, y, x, axis: _softmax_product(dxs[0], y, x, axis),
    name="softmax",
    tex=r"\operatorname{softmax}(#1)",
    domain=_softmax_calls,
)
log_softmax = primitive(
    _log_softmax,
    lambda g, y, x, axis: g - np.exp(y) * np.sum(g, axis=axis, keepdims=True),
    push=lambda dxs, y, x, axis: dxs[0] - np.sum(np.exp(y) * dxs[0], axis=axis, keepdims=True),
    name="log_softmax",
    tex=r"\log \operatorname{softmax}(#1)",
    domain=_softmax_calls,
)

# Losses, one element at a time

_LOG_FLOOR = -100.0  # PyTorch's: keeps the loss finite where a probability has become exactly 0 or 1


@np.errstate(divide="ignore")
def _binary_cross_entropy(p: Array, t: Array) -> Array:
    p = ordered(p)
    return (t - 1) * np.maximum(np.log1p(-p), _LOG_FLOOR) - t * np.maximum(np.log(p), _LOG_FLOOR)


binary_cross_entropy = elementwise(
    _binary_cross_entropy,
    lambda y, p, t: (p - t) / np.maximum(p * (1 - p), 1e-12),
    lambda y, p, t: np.maximum(np.log1p(-p), _LOG_FLOOR) - np.maximum(np.log(p), _LOG_FLOOR),
    name="binary_cross_entropy",
    tex=r"-#2 \log #1 - (1 - #2) \log(1 - #1)",
    domain=((0.05, 0.95), (0.0, 1.0)),
)
binary_cross_entropy_with_logits = elementwise(
    lambda x, t: _softplus(x) - x * t,
    lambda y, x, t: sigmoid.on(x) - t,
    lambda y, x, t: -x,
    name="binary_cross_entropy_with_logits",
    tex=r"\log(1 + e^{#1}) - #1 \, #2",
)


def _huber(x: Array, delta: float = 1.0) -> Array:
    r"""Huber's loss (1964): :math:`x^2 / 2` up to :math:`|x| = \delta`, then :math:`\delta (|x| - \delta / 2)`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.huber(ad.Tensor([0.5, 2.0]))
    Tensor([0.125, 1.5  ])
    """
    size = np.abs(ordered(x))
    return np.where(size <= delta, 0.5 * x * x, delta * (size - 0.5 * delta))


huber = elementwise(
    _huber,
    lambda y, x, delta: np.clip(x, -delta, delta),
    name="huber",
    tex=r"\operatorname{huber}(#1)",
    domain=lambda d: ((d.array(),), {"delta": d.choice([1.0, 2.5])}),
    kinks=lambda x, delta: np.abs(x) - delta,
)
