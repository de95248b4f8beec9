"""Activations to which PyTorch gives other arguments than `autodiff`, or that it alone has."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from nn import checks
from nn.random import Rng, generator


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> ad.Tensor:
    r"""Smooth rectifier: :math:`\frac{1}{\beta} \log(1 + e^{\beta x})`, and x where :math:`\beta x >` `threshold`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.softplus(ad.tensor([0.0, 100.0]))
    Tensor([  0.69314718, 100.        ])
    """
    scaled = input if beta == 1 else ad.multiply(input, beta)
    smooth = ad.softplus(scaled)
    return ad.where(ad.greater(scaled, threshold), input, smooth if beta == 1 else smooth / beta)


def _axis(name: str, x: Any, dim: int | None) -> int:
    """The axis for a softmax; where none is named, the only one, or the second of two."""
    if dim is not None:
        return dim
    if np.ndim(x) not in (1, 2):
        raise ValueError(f"{name}: say along which axis of shape {np.shape(x)}, with dim=")
    return -1


def softmax(input: Any, dim: int | None = None) -> ad.Tensor:
    r"""Positive and of sum 1: :math:`y_i = e^{x_i} / \sum_j e^{x_j}` along an axis.

    `dim` may be left out for one axis, and for two, of which the second is meant.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.softmax(ad.tensor([[0.0, 0.0], [0.0, 1000.0]]))
    Tensor([[0.5, 0.5],
            [0. , 1. ]])
    """
    return ad.softmax(input, axis=_axis("softmax", input, dim))


def log_softmax(input: Any, dim: int | None = None) -> ad.Tensor:
    r"""Logarithm of the softmax: :math:`y_i = x_i - \log \sum_j e^{x_j}` along an axis, as for :func:`softmax`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.log_softmax(ad.tensor([0.0, 1000.0]))
    Tensor([-1000.,     0.])
    """
    return ad.log_softmax(input, axis=_axis("log_softmax", input, dim))


def softmin(input: Any, dim: int | None = None) -> ad.Tensor:
    r"""The softmax of what is turned round: :math:`y_i = e^{-x_i} / \sum_j e^{-x_j}`, as :func:`softmax`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.softmin(ad.tensor([0.0, 1000.0]))
    Tensor([1., 0.])
    """
    return ad.softmax(ad.negative(input), axis=_axis("softmin", input, dim))


def hardshrink(input: Any, lambd: float = 0.5) -> ad.Tensor:
    r"""x where :math:`|x| > \lambda`, 0 elsewhere.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.hardshrink(ad.tensor([-0.5, 2.0]))
    Tensor([0., 2.])
    """
    return ad.where(ad.greater(ad.abs(input), lambd), input, 0.0)


def softshrink(input: Any, lambd: float = 0.5) -> ad.Tensor:
    r"""Moved towards 0: :math:`x - \lambda \operatorname{sign} x` where :math:`|x| > \lambda`, else 0.

    Raises
    ------
    ValueError
        If `lambd` is negative.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.softshrink(ad.tensor([-0.25, -2.0, 2.0]))
    Tensor([ 0. , -1.5,  1.5])
    """
    checks.at_least_0("softshrink", "lambd", lambd)
    moved = ad.subtract(input, ad.sign(input) * lambd)
    return ad.where(ad.greater(ad.abs(input), lambd), moved, 0.0)


def tanhshrink(input: Any) -> ad.Tensor:
    r"""What the hyperbolic tangent takes away: :math:`x - \tanh x`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.tanhshrink(ad.tensor([0.0, 100.0]))
    Tensor([ 0., 99.])
    """
    return ad.subtract(input, ad.tanh(input))


def threshold(input: Any, threshold: float, value: float, inplace: bool = False) -> ad.Tensor:
    r"""x where :math:`x >` `threshold`, `value` elsewhere.

    `inplace` is PyTorch's and changes nothing here.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.threshold(ad.tensor([0.5, 2.0]), 1.0, -3.0)
    Tensor([-3.,  2.])
    """
    return ad.where(ad.greater(input, threshold), input, float(value))


def glu(input: Any, dim: int = -1) -> ad.Tensor:
    r"""Gated linear unit: :math:`a \odot \sigma(b)`, where a and b are the halves of x along an axis.

    Dauphin et al., "Language modeling with gated convolutional networks" (2017).

    Raises
    ------
    ValueError
        If the axis has no halves.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.glu(ad.tensor([3.0, 4.0, 0.0, 100.0]))
    Tensor([1.5, 4. ])
    """
    shape = np.shape(input)
    if not -len(shape) <= dim < len(shape) or shape[dim] % 2:
        raise ValueError(f"glu: an axis of even length has halves, got axis {dim} of shape {shape}")
    a, b = ad.split(input, 2, axis=dim)
    return a * ad.sigmoid(b)


def prelu(input: Any, weight: Any) -> ad.Tensor:
    r"""Leaky rectifier that learns: x where positive, :math:`a x` elsewhere, with one a or one for each channel.

    Parameters
    ----------
    input : array_like
        Of shape (N, C, …), if there is an a for each channel.
    weight : array_like
        a, of shape (1,) or (C,).

    Raises
    ------
    ValueError
        If the weight has another shape.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.prelu(ad.tensor([-1.0, 2.0]), ad.tensor([0.25]))
    Tensor([-0.25,  2.  ])
    """
    shape = np.shape(input)
    n = np.size(weight)
    if np.ndim(weight) > 1 or (n != 1 and (len(shape) < 2 or shape[1] != n)):
        raise ValueError(
            f"prelu: the weight of shape {np.shape(weight)} is one number, or one for each of the "
            f"channels on the second axis of the input, of shape {shape}"
        )
    slope = ad.reshape(weight, (n, *(1,) * (len(shape) - 2)) if n != 1 else ())
    return ad.where(ad.greater(input, 0), input, ad.multiply(slope, input))


def rrelu(
    input: Any,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    inplace: bool = False,
    *,
    rng: Rng = None,
) -> ad.Tensor:
    r"""Leaky rectifier at random: x where positive, :math:`a x` elsewhere, with :math:`a \sim U(l, u)` for each number.

    If not `training`, a is the mean :math:`(l + u) / 2`.  `inplace` is PyTorch's and changes nothing here.

    Raises
    ------
    ValueError
        If `upper` is below `lower`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.rrelu(ad.tensor([-1.0, 2.0]), 0.0, 0.5)
    Tensor([-0.25,  2.  ])
    """
    if not lower <= upper:
        raise ValueError(f"rrelu: lower is at most upper, got lower={lower} and upper={upper}")
    if not training:
        return ad.leaky_relu(input, (lower + upper) / 2)
    x = checks.floats("rrelu", input)
    slope = generator(rng).uniform(lower, upper, x.shape).astype(x.dtype)
    return ad.where(x > 0, x, x * slope)
