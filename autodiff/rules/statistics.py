"""Statistics: weighted averages, covariances, correlations, ranges."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from autodiff.op import Array, implements
from autodiff.rules.arithmetic import as_tensor, astype, cast, clip, conj, divide, floating, real, subtract, values
from autodiff.rules.indexing import diagonal
from autodiff.rules.reductions import Axis, max, mean, min, sum
from autodiff.rules.shapes import atleast_2d, axes_of, broadcast_to, concat, expand_dims, permute_dims, reshape, squeeze


@implements(np.ptp)
def ptp(x: Array, axis: Axis = None, *, keepdims: bool = False) -> Array:
    r"""From the smallest to the greatest element: :math:`\max_i x_i - \min_i x_i`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.ptp(ad.Tensor([1.0, 5.0, 2.0]))
    Tensor(4.0)
    """
    return subtract(max(x, axis=axis, keepdims=keepdims), min(x, axis=axis, keepdims=keepdims))


def _as_weights(weights: Array, shape: tuple[int, ...], axis: Axis) -> Array:
    """Weights in the shape of the array, or such that they broadcast to it."""
    if np.shape(weights) == shape:
        return weights
    if axis is None:
        raise TypeError(f"average: weights of shape {np.shape(weights)} for an array of shape {shape} need an axis")
    axes = axes_of(axis, len(shape))
    if np.shape(weights) != tuple(shape[a] for a in axes):
        raise ValueError(f"average: weights of shape {np.shape(weights)} do not fit axis {axis} of shape {shape}")
    ordered = permute_dims(weights, tuple(int(i) for i in np.argsort(axes)))
    return reshape(ordered, tuple(n if a in axes else 1 for a, n in enumerate(shape)))


@implements(np.average)
def average(
    x: Array, axis: Axis = None, weights: Array = None, returned: bool = False, *, keepdims: bool = False
) -> Any:
    r"""Weighted mean: :math:`\frac{\sum_i w_i x_i}{\sum_i w_i}`, differentiated with respect to the weights too.

    Parameters
    ----------
    x : array
    axis : int or tuple of ints or None
    weights : array, optional
        In the shape of `x`, or of its `axis` alone.
    returned : bool
        Also give the sum of the weights.
    keepdims : bool

    Raises
    ------
    ZeroDivisionError
        If weights add up to 0.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.average(ad.Tensor([1.0, 2.0, 4.0]), weights=[1.0, 1.0, 2.0])
    Tensor(2.75)
    """
    shape = np.shape(x)
    if weights is None:
        y = mean(x, axis=axis, keepdims=keepdims)
        total: Array = np.full(y.shape, np.size(x) / np.maximum(np.size(y), 1), y.dtype)
    else:
        dtype = np.result_type(values(x), values(weights))
        dtype = dtype if values(x).dtype.kind in "fc" else np.result_type(dtype, np.float64)
        x, weights = (astype(as_tensor(v), dtype=dtype) for v in (x, _as_weights(weights, shape, axis)))
        total = sum(weights, axis=axis, keepdims=keepdims)
        if np.any(values(total) == 0):
            raise ZeroDivisionError("average: the weights add up to zero")
        y = divide(sum(x * weights, axis=axis, keepdims=keepdims), total)
    return (y, broadcast_to(total, y.shape)) if returned else y


@implements(np.cov)
def cov(
    m: Array,
    y: Array = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Array = None,
    *,
    dtype: Any = None,
) -> Array:
    r"""Covariances of variables: :math:`C_{ij} = \frac{1}{n - 1} \sum_k (x_{ik} - \bar x_i) (x_{jk} - \bar x_j)`.

    Parameters
    ----------
    m : array
        A row for each variable, a column for each observation (`rowvar` False: the other way round).
    y : array, optional
        More variables.
    bias : bool
        Divide by n.
    ddof : int, optional
        Divide by n less this.
    fweights, aweights : array, optional
        How often each observation occurs; how important it is.  `aweights` are differentiated too.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.cov(ad.Tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    Tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if ddof is not None and ddof != int(ddof):
        raise ValueError(f"cov: ddof is an integer, got {ddof}")
    if np.ndim(m) > 2 or np.ndim(y) > 2:
        raise ValueError(f"cov takes two axes at most, got shape {np.shape(m if np.ndim(m) > 2 else y)}")
    x = _variables(m, rowvar)
    if y is not None:
        x = concat([x, _variables(y, rowvar)], axis=0)
    x = cast(x, dtype)
    ddof = (0 if bias else 1) if ddof is None else ddof
    n = np.shape(x)[1]
    for name, given in (("fweights", fweights), ("aweights", aweights)):
        if given is not None and (np.shape(given) != (n,) or np.any(values(given) < 0)):
            raise ValueError(f"cov: {name} are one number, not negative, for each of {n} observations")
    weights = fweights if aweights is None else aweights if fweights is None else values(fweights) * aweights
    middle, total = average(x, axis=1, weights=weights, returned=True)
    if weights is None:
        freedom: Array = float(n - ddof)
    elif aweights is None or ddof == 0:
        freedom = total[0] - ddof
    else:
        freedom = total[0] - ddof * sum(weights * aweights) / total[0]
    if np.all(values(freedom) <= 0):
        warnings.warn("Degrees of freedom <= 0 for slice", RuntimeWarning, stacklevel=2)
        freedom = 0.0
    x = subtract(x, expand_dims(middle, 1))
    weighted = x if weights is None else x * weights
    with np.errstate(divide="ignore", invalid="ignore"):
        return squeeze(divide(np.matmul(x, conj(weighted).T), freedom))


def _variables(m: Array, rowvar: bool) -> Array:
    x = atleast_2d(as_tensor(m))
    x = floating(x)
    return x.T if not rowvar and np.ndim(m) == 2 else x


@implements(np.corrcoef)
def corrcoef(x: Array, y: Array = None, rowvar: bool = True, *, dtype: Any = None) -> Array:
    r"""Correlations of variables: :math:`R_{ij} = \frac{C_{ij}}{\sqrt{C_{ii} C_{jj}}}` with their covariances C.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.corrcoef(ad.Tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    Tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    c = cov(x, y, rowvar, dtype=dtype)
    if np.ndim(c) == 0:
        return divide(c, c)
    deviation = np.sqrt(real(diagonal(c)))
    r = c / expand_dims(deviation, 1) / deviation
    return clip(np.real(r), -1, 1) + 1j * clip(np.imag(r), -1, 1) if r.dtype.kind == "c" else clip(r, -1, 1)
