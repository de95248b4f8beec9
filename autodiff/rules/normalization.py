"""Normalisation: means and variances taken out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.op import Array, primitive
from autodiff.rules.arithmetic import add, floating, multiply


def _centred(x: Array, axis: int | tuple[int, ...]) -> Array:
    return x - np.mean(x, axis=axis, keepdims=True)


def _scale(centred: Array, axis: int | tuple[int, ...], eps: float) -> Array:
    """The square root of the variance and a little more."""
    return np.sqrt(np.mean(centred * centred, axis=axis, keepdims=True) + eps)


def _standardize(x: Array, axis: int | tuple[int, ...] = -1, eps: float = 1e-5) -> Array:
    r"""Of mean 0 and variance 1 along the axes: :math:`y = (x - \bar x) / \sqrt{\operatorname{var} x + \varepsilon}`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.standardize(ad.Tensor([1.0, 3.0]), eps=0.0)
    Tensor([-1.,  1.])
    """
    x = floating(x)
    if x.dtype.kind == "c":
        raise TypeError(f"standardize takes real numbers, got dtype {x.dtype}")
    y = _centred(x, axis)
    y /= _scale(y, axis, eps)
    return y


def _standardize_product(v: Array, y: Array, x: Array, axis: int | tuple[int, ...], eps: float) -> Array:
    """J v, and J^T v just as well: the Jacobian is symmetric."""
    along_y = y * np.mean(v * y, axis=axis, keepdims=True)
    return (_centred(v, axis) - along_y) / _scale(_centred(x, axis), axis, eps)


def _standardize_calls(d: Any) -> Any:
    x = d.array(min_dims=1, min_side=1)
    return (x,), {"axis": d.choice([-1, 0, tuple(range(x.ndim))]), "eps": d.choice([0.5, 2.0])}


standardize = primitive(
    _standardize,
    _standardize_product,
    push=lambda dxs, y, x, axis, eps: _standardize_product(dxs[0], y, x, axis, eps),
    name="standardize",
    tex=r"\operatorname{standardize}(#1)",
    domain=_standardize_calls,
)


def layer_norm(
    input: Array,
    normalized_shape: int | Sequence[int],
    weight: Array = None,
    bias: Array = None,
    eps: float = 1e-5,
) -> Array:
    r"""Each sample of mean 0 and variance 1, then scaled and shifted: :math:`w \odot (x - \bar x) / \sigma + b`.

    :math:`\sigma^2` is the variance plus `eps`.

    Parameters
    ----------
    input : array
    normalized_shape : int or sequence of ints
        The lengths of the last axes, over which means are taken.
    weight, bias : array, optional
        Of that shape.
    eps : float
        What is added to the variance, so that it is never 0.

    Raises
    ------
    ValueError
        If the input's last axes, the weight or the bias do not have that shape.

    Notes
    -----
    Ba, Kiros and Hinton, "Layer normalization" (2016).

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.layer_norm(ad.Tensor([[1.0, 3.0], [0.0, 4.0]]), 2, eps=0.0)
    Tensor([[-1.,  1.],
            [-1.,  1.]])
    """
    last = (normalized_shape,) if isinstance(normalized_shape, (int, np.integer)) else tuple(normalized_shape)
    if not last or np.shape(input)[-len(last) :] != last:
        raise ValueError(f"layer_norm: an input of shape {np.shape(input)} does not end in normalized_shape={last}")
    for name, p in (("weight", weight), ("bias", bias)):
        if p is not None and np.shape(p) != last:
            raise ValueError(f"layer_norm: the {name} has normalized_shape={last}, got shape {np.shape(p)}")
    y = standardize(input, axis=tuple(range(-len(last), 0)), eps=eps)
    y = y if weight is None else multiply(y, weight)
    return y if bias is None else add(y, bias)
