"""Running totals along an axis: sums and products of the first elements, the first two, the first three, …"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autodiff.op import Array, Op, implements, linear, primitive
from autodiff.rules.arithmetic import cast
from autodiff.rules.shapes import concat


def _cumsum(x: Array, axis: int = 0) -> Array:
    return np.add.accumulate(x, axis=axis)


running_sum = linear(
    _cumsum,
    lambda g, y, x, axis: np.flip(np.cumsum(np.flip(g, axis), axis=axis), axis),
    name="running_sum",
    tex=r"\operatorname{cumsum} #1",
    domain=lambda d: ((x := d.array(min_dims=1),), {"axis": d.axis(x.ndim)}),
)


def _cumprod(x: Array, axis: int = 0) -> Array:
    return np.multiply.accumulate(x, axis=axis)


def _cumprod_pull(g: Array, y: Array, x: Array, axis: int) -> Array:
    """dx_k = sum over j >= k of g_j * prod of x_i for i <= j, i != k; with zeros, every such product written out."""
    if np.all((y != 0) & np.isfinite(y)):
        return np.flip(np.cumsum(np.flip(g * y, axis), axis=axis), axis) / x
    rows, weights = np.moveaxis(x, axis, -1), np.moveaxis(g, axis, -1)
    n = rows.shape[-1]
    without_k = np.cumprod(np.where(np.eye(n, dtype=bool), 1, np.expand_dims(rows, -2)), axis=-1)
    terms = np.where(np.triu(np.ones((n, n), dtype=bool)), without_k * np.expand_dims(weights, -2), 0)
    return np.moveaxis(np.sum(terms, axis=-1), -1, axis)


running_prod = primitive(
    _cumprod,
    _cumprod_pull,
    name="running_prod",
    tex=r"\operatorname{cumprod} #1",
    domain=lambda d: ((x := d.array(min_dims=1, zeros=True),), {"axis": d.axis(x.ndim)}),
)


def _running(row: Op, first: int, x: Array, axis: int | None, dtype: Any, include_initial: bool) -> Array:
    """A running total by the array API standard: `axis` may be left out where there is only one."""
    shape = np.shape(x)
    if axis is None:
        if len(shape) != 1:
            raise ValueError(f"an axis is needed where there is not exactly one, got shape {shape}")
        axis = 0
    y = row(cast(x, dtype), axis=axis)
    if dtype is not None and y.dtype != dtype:  # NumPy adds up small integers in larger ones
        y = cast(y, dtype)
    if not include_initial:
        return y
    axis = normalize_axis_index(axis, len(shape))
    return concat([np.full((*shape[:axis], 1, *shape[axis + 1 :]), first, y.dtype), y], axis=axis)


@implements(np.cumulative_sum)
def cumulative_sum(x: Array, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Array:
    r"""Running sum along an axis: :math:`y_j = \sum_{i \le j} x_i`.

    Parameters
    ----------
    x : array
    axis : int or None
        May be left out where there is only one.
    dtype : dtype, optional
        What to add up in.
    include_initial : bool
        Let the result begin with the sum of nothing, 0.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.cumulative_sum(ad.Tensor([1.0, 2.0, 3.0]), include_initial=True)
    Tensor([0., 1., 3., 6.])
    """
    return _running(running_sum, 0, x, axis, dtype, include_initial)


@implements(np.cumulative_prod)
def cumulative_prod(x: Array, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Array:
    r"""Running product along an axis: :math:`y_j = \prod_{i \le j} x_i`; parameters as those of `cumulative_sum`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.cumulative_prod(ad.Tensor([1.0, 2.0, 3.0]))
    Tensor([1., 2., 6.])
    """
    return _running(running_prod, 1, x, axis, dtype, include_initial)


def cumsum(x: Array, axis: int | None = None) -> Array:
    r"""Running sum: :math:`y_j = \sum_{i \le j} x_i`; of the flattened array where `axis` is None.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.cumsum(ad.Tensor([1.0, 2.0, 3.0]))
    Tensor([1., 3., 6.])
    """
    return running_sum(np.reshape(x, -1), axis=0) if axis is None else running_sum(x, axis=axis)


def cumprod(x: Array, axis: int | None = None) -> Array:
    r"""Running product: :math:`y_j = \prod_{i \le j} x_i`; of the flattened array where `axis` is None.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.cumprod(ad.Tensor([1.0, 2.0, 3.0]))
    Tensor([1., 2., 6.])
    """
    return running_prod(np.reshape(x, -1), axis=0) if axis is None else running_prod(x, axis=axis)
