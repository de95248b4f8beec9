r"""Medians and quantiles: what is read off between two elements of a sorted array."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.op import Array, implements
from autodiff.rules.arithmetic import astype, subtract, values
from autodiff.rules.indexing import chosen, take_along_axis
from autodiff.rules.reductions import Axis, lined_up, mean
from autodiff.rules.shapes import moveaxis, reshape
from autodiff.rules.sorting import order_statistics, sort

#: So many places of a sorted array are found without sorting it.
_FEW = 16


def _reals(x: Array, what: str) -> Array:
    """Numbers that have an order, in floating point."""
    dtype = values(x).dtype
    if dtype.kind == "c":
        raise TypeError(f"{what} of complex numbers: they have no order")
    return x if dtype.kind == "f" else astype(x, dtype=np.float64)


def _between(rows: Array, places: Array) -> Array:
    """The elements of sorted rows at fractional places, a place for each row and quantile, between two by a straight
    line.

    `places` has the shape of the quantiles, then of the rows without their last axis, and so has the result.
    """
    shape = places.shape
    lead = np.shape(rows)[:-1]
    low = np.floor(places)
    flat_shape = (math.prod(shape[: len(shape) - len(lead)]), *lead)
    flat = [np.moveaxis(np.reshape(p, flat_shape), 0, -1) for p in (low, np.ceil(places), places - low)]
    below, above = (take_along_axis(rows, p.astype(np.intp), -1) for p in flat[:2])
    part = flat[2].astype(below.dtype)
    with np.errstate(invalid="ignore"):
        between = below + subtract(above, below) * part
    return reshape(moveaxis(chosen(values(below) == values(above), below, between), -1, 0), shape)


def _with_kept(y: Array, kept: tuple[int, ...], lead: tuple[int, ...], keepdims: bool) -> Array:
    return reshape(y, (*lead, *kept)) if keepdims else y


@implements(np.median)
def median(x: Array, axis: Axis = None, *, keepdims: bool = False, overwrite_input: bool = False) -> Array:
    r"""The middle element of the sorted ones, or the mean of the two in the middle; NaN if any is.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.grad(ad.median)(ad.Tensor([3.0, 1.0, 2.0, 10.0]))
    Tensor([0.5, 0. , 0.5, 0. ])
    """
    rows, kept = lined_up(_reals(x, "median"), axis)
    n = np.shape(rows)[-1]
    middle = order_statistics(rows, places=tuple({(n - 1) // 2, n // 2})) if n else rows
    y = chosen(np.any(np.isnan(values(rows)), axis=-1), np.nan, mean(middle, -1))
    return _with_kept(y, kept, (), keepdims)


def _middle(rows: Array, counts: Array) -> Array:
    """The element in the middle of the first so many of each sorted row, or the mean of the two."""
    places = ((counts - 1) // 2, counts // 2)
    low, high = (take_along_axis(rows, np.expand_dims(np.maximum(p, 0), -1), -1)[..., 0] for p in places)
    return chosen(places[0] == places[1], low, (low + high) / 2)


def _refuse_weights(what: str, weights: Any, interpolation: Any = None) -> None:
    if weights is not None:
        raise TypeError(f"{what} has no rule for weights=")
    if interpolation is not None:
        raise TypeError(f"{what}: interpolation= is now method=")


@implements(np.quantile)
def quantile(
    x: Array,
    q: Any,
    axis: Axis = None,
    *,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    weights: Any = None,
    interpolation: Any = None,
) -> Array:
    r"""Below which a fraction q of the elements lies, between two elements by one of NumPy's methods; NaN if any is.

    Parameters
    ----------
    x : array
    q : number or array
        Between 0 and 1; not differentiated.  The result has its axes first.
    axis : int or tuple of ints or None
    method : str
        Any of NumPy's: ``"linear"``, ``"lower"``, ``"nearest"``, ``"hazen"``, ``"median_unbiased"``, …
    keepdims : bool

    Raises
    ------
    TypeError
        For `weights`, or if `q` requires a gradient.

    Notes
    -----
    Hyndman and Fan, "Sample quantiles in statistical packages", The American Statistician 50 (1996).

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.quantile(ad.Tensor([1.0, 2.0, 3.0, 5.0]), [0.0, 0.5, 0.9])
    Tensor([1. , 2.5, 4.4])
    """
    _refuse_weights("quantile", weights, interpolation)
    rows, kept = lined_up(_reals(x, "quantile"), axis)
    shape = np.shape(rows)
    fractions = np.asarray(q)
    if shape[-1] == 0:
        raise ValueError(f"quantile of no elements: shape {np.shape(x)}, axis {axis}")
    ordered, places = _neighbours(rows, _places_of_quantiles(shape[-1], fractions, method))
    spread = np.broadcast_to(np.reshape(places, places.shape + (1,) * len(shape[:-1])), places.shape + shape[:-1])
    y = chosen(np.any(np.isnan(values(rows)), axis=-1), np.nan, _between(ordered, spread))
    return _with_kept(y, kept, fractions.shape, keepdims)


def _neighbours(rows: Array, places: Array) -> tuple[Array, Array]:
    """Sorted rows, of a few places only what lies beside them; and the places in what is left."""
    low = np.floor(places)
    needed = np.unique([low, np.ceil(places)])
    if not 0 < needed.size <= _FEW:
        return sort(rows), places
    return order_statistics(rows, places=tuple(needed.astype(int).tolist())), np.searchsorted(
        needed, low
    ) + places - low


def _places_of_quantiles(n: int, fractions: Array, method: str) -> Array:
    """Where a quantile lies in n sorted elements, as NumPy says: what it gives for 0, 1, 2, …"""
    return np.asarray(np.quantile(np.arange(n, dtype=np.float64), fractions, method=method))  # type: ignore[call-overload]


@implements(np.percentile)
def percentile(x: Array, q: Any, axis: Axis = None, **how: Any) -> Array:
    """:func:`quantile` with the fraction given in hundredths.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.percentile(ad.Tensor([1.0, 2.0, 3.0]), 25)
    Tensor(1.5)
    """
    return quantile(x, np.true_divide(np.asarray(q), 100), axis, **how)


@implements(np.nanmedian)
def nanmedian(x: Array, axis: Axis = None, *, keepdims: bool = False, overwrite_input: bool = False) -> Array:
    """:func:`median` of the elements that are not NaN; those that are get no gradient.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.nanmedian(ad.Tensor([3.0, float("nan"), 1.0]))
    Tensor(2.0)
    """
    rows, kept = lined_up(_reals(x, "nanmedian"), axis)
    if np.shape(rows)[-1] == 0:
        return _with_kept(mean(rows, -1), kept, (), keepdims)
    counts = np.sum(~np.isnan(values(rows)), axis=-1)
    return _with_kept(chosen(counts > 0, _middle(sort(rows), counts), np.nan), kept, (), keepdims)


@implements(np.nanquantile)
def nanquantile(
    x: Array,
    q: Any,
    axis: Axis = None,
    *,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    weights: Any = None,
    interpolation: Any = None,
) -> Array:
    """:func:`quantile` of the elements that are not NaN; those that are get no gradient.

    Where all are, the result is NaN.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.nanquantile(ad.Tensor([3.0, float("nan"), 1.0]), 0.25)
    Tensor(1.5)
    """
    _refuse_weights("nanquantile", weights, interpolation)
    rows, kept = lined_up(_reals(x, "nanquantile"), axis)
    fractions = np.asarray(q)
    counts = np.sum(~np.isnan(values(rows)), axis=-1)
    places = np.zeros(fractions.shape + counts.shape)
    for n in np.unique(counts[counts > 0]):
        places[..., counts == n] = _places_of_quantiles(int(n), fractions, method)[..., None]
    if np.shape(rows)[-1] == 0:
        nothing: Array = np.full(places.shape, np.nan, values(rows).dtype)
        return _with_kept(reshape(nothing, places.shape), kept, fractions.shape, keepdims)
    y = _between(sort(rows), places)
    return _with_kept(chosen(counts > 0, y, np.nan), kept, fractions.shape, keepdims)


@implements(np.nanpercentile)
def nanpercentile(x: Array, q: Any, axis: Axis = None, **how: Any) -> Array:
    """:func:`nanquantile` with the fraction given in hundredths.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.nanpercentile(ad.Tensor([3.0, float("nan"), 1.0]), 50)
    Tensor(2.0)
    """
    return nanquantile(x, np.true_divide(np.asarray(q), 100), axis, **how)
