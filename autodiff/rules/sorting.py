"""Order: sorting, and what is read off a sorted array (medians, quantiles)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from autodiff.op import Array, implements, primitive
from autodiff.rules.arithmetic import astype, subtract, values
from autodiff.rules.indexing import one_along, scatter, select, take_along_axis
from autodiff.rules.reductions import Axis, argsort, mean
from autodiff.rules.shapes import moveaxis, reshape


def _places(x: Array, axis: int, kth: Any = None, descending: bool = False) -> Array:
    """The indices that sort, or partition, along an axis."""
    if kth is not None:
        return np.argpartition(x, kth, axis)
    return argsort.on(x, axis=axis, descending=descending, stable=True)


def _shared(g: Array, y: Array, axis: int) -> Array:
    """A gradient of rearranged elements `y`, with equal elements sharing what they get together."""
    order = np.argsort(y, axis=axis, kind="stable")
    ordered = np.moveaxis(np.take_along_axis(y, order, axis), axis, -1)
    new = ordered[..., 1:] != ordered[..., :-1]
    if np.all(new):
        return g
    n = ordered.shape[-1]
    starts = np.concatenate([np.ones((*ordered.shape[:-1], 1), bool), new], -1)
    group = np.reshape(np.cumsum(np.reshape(np.asarray(starts), -1)) - 1, (-1, n))
    size = np.bincount(np.reshape(group, -1))
    rows = np.reshape(np.moveaxis(np.take_along_axis(g, order, axis), axis, -1), (-1, n))
    means = scatter.on(rows, key=group, shape=size.shape) / size.astype(g.dtype)
    share = np.moveaxis(np.reshape(np.take(means, group), ordered.shape), -1, axis)
    return _put(share, order, axis)


def _put(g: Array, places: Array, axis: int) -> Array:
    """The elements put where they were taken from."""
    return scatter.on(g, key=one_along(g.shape, normalize_axis_index(axis, g.ndim), places), shape=g.shape)


def _pull(g: Array, y: Array, x: Array, axis: int, **how: Any) -> Array:
    return _put(_shared(g, y, axis), _places(x, axis, **how), axis)


def _push(dxs: list[Array], y: Array, x: Array, axis: int, **how: Any) -> Array:
    return _shared(np.take_along_axis(dxs[0], _places(x, axis, **how), axis), y, axis)


def _sort(x: Array, axis: int = -1, *, descending: bool = False) -> Array:
    y = np.sort(x, axis=axis)
    return np.flip(y, axis) if descending else y


def _partition(x: Array, kth: Any, axis: int = -1) -> Array:
    return np.take_along_axis(x, np.argpartition(x, kth, axis), axis)


sorted_along = primitive(
    _sort,
    _pull,
    push=_push,
    name="sorted_along",
    tex=r"\operatorname{sort} #1",
    domain=lambda d: (
        (x := d.array(min_dims=1, distinct=True),),
        {"axis": d.axis(x.ndim), "descending": d.boolean()},
    ),
)
partitioned = primitive(
    _partition,
    _pull,
    push=_push,
    name="partitioned",
    tex=r"\operatorname{partition} #1",
    domain=lambda d: (
        (x := d.array(min_dims=1, min_side=1, distinct=True),),
        {"axis": (a := d.axis(x.ndim)), "kth": d.integer(0, x.shape[a] - 1)},
    ),
)


def _order_statistics(x: Array, places: tuple[int, ...] = ()) -> Array:
    """The elements that sorting would put at the given places of the last axis."""
    return np.partition(x, places, axis=-1)[..., list(places)]


def _claims(y: Array, x: Array, k: int) -> Array:
    """1 at the element that stands at the k-th of the places; where several tie, they share it."""
    equal = (x == y[..., k : k + 1]).astype(y.dtype)
    return equal / np.maximum(np.sum(equal, axis=-1, keepdims=True), 1)


order_statistics = primitive(
    _order_statistics,
    lambda g, y, x, places: sum(_claims(y, x, k) * g[..., k : k + 1] for k in range(len(places))),
    push=lambda dxs, y, x, places: np.stack(
        [np.sum(_claims(y, x, k) * dxs[0], axis=-1) for k in range(len(places))], axis=-1
    ),
    name="order_statistics",
    tex=r"\operatorname{order} #1",
    domain=lambda d: (
        (x := d.array(min_dims=1, min_side=1, distinct=True),),
        {"places": tuple(d.integer(0, x.shape[-1] - 1) for _ in range(d.integer(1, 3)))},
    ),
)


def sort(x: Array, axis: int | None = -1, *, descending: bool = False, stable: bool = True) -> Array:
    r"""Sorted along an axis: :math:`y_1 \le y_2 \le \dots`; elements that tie share the gradient.

    Parameters
    ----------
    x : array
    axis : int or None
        None sorts the flattened array.
    descending : bool
    stable : bool
        Of no consequence for the result: equal elements are equal.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.sort(ad.Tensor([3.0, 1.0, 2.0]))
    Tensor([1., 2., 3.])
    """
    if axis is None:
        x, axis = reshape(x, -1), -1
    return sorted_along(x, axis=axis, descending=descending)


@implements(np.sort)
def _numpy_sort(
    a: Array, axis: int | None = -1, kind: str | None = None, order: Any = None, *, stable: bool | None = None
) -> Array:
    if order is not None:
        raise TypeError(f"sort: order={order!r} is for arrays with named fields, a Tensor has none")
    return sort(a, axis)


@implements(np.sort_complex)
def sort_complex(x: Array) -> Array:
    """Sorted along the last axis, by real parts and then imaginary ones; the result is complex."""
    y = sort(x)
    return y if y.dtype.kind == "c" else astype(y, dtype=np.result_type(y.dtype, np.complex64))


@implements(np.partition)
def partition(x: Array, kth: Any, axis: int | None = -1, kind: str = "introselect", order: Any = None) -> Array:
    """Rearranged so that each `kth` element is where sorting would put it, none greater before and none less after it.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.partition(ad.Tensor([3.0, 1.0, 2.0]), 0)[0]
    Tensor(1.0)
    """
    if order is not None:
        raise TypeError(f"partition: order={order!r} is for arrays with named fields, a Tensor has none")
    if axis is None:
        x, axis = reshape(x, -1), -1
    return partitioned(x, kth=kth, axis=axis)


# Medians and quantiles

#: So many places of a sorted array are found without sorting it.
_FEW = 16


def _lined_up(x: Array, axis: Axis) -> tuple[Array, tuple[int, ...]]:
    """The reduced axes as one last axis; and the shape that the result has where they are kept."""
    shape = np.shape(x)
    axes = tuple(range(len(shape))) if axis is None else normalize_axis_tuple(axis, len(shape))
    rest = tuple(n for a, n in enumerate(shape) if a not in axes)
    moved = moveaxis(x, axes, range(-len(axes), 0)) if axes else x
    size = int(np.prod([shape[a] for a in axes], dtype=int))
    return reshape(moved, (*rest, size)), tuple(1 if a in axes else n for a, n in enumerate(shape))


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
    return reshape(moveaxis(select(values(below) == values(above), below, between), -1, 0), shape)


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
    rows, kept = _lined_up(_reals(x, "median"), axis)
    n = np.shape(rows)[-1]
    middle = order_statistics(rows, places=tuple({(n - 1) // 2, n // 2})) if n else rows
    y = select(np.any(np.isnan(values(rows)), axis=-1), np.nan, mean(middle, -1))
    return _with_kept(y, kept, (), keepdims)


def _middle(rows: Array, counts: Array) -> Array:
    """The element in the middle of the first so many of each sorted row, or the mean of the two."""
    places = ((counts - 1) // 2, counts // 2)
    low, high = (take_along_axis(rows, np.expand_dims(np.maximum(p, 0), -1), -1)[..., 0] for p in places)
    return select(places[0] == places[1], low, (low + high) / 2)


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
    rows, kept = _lined_up(_reals(x, "quantile"), axis)
    shape = np.shape(rows)
    fractions = np.asarray(q)
    if shape[-1] == 0:
        raise ValueError(f"quantile of no elements: shape {np.shape(x)}, axis {axis}")
    ordered, places = _neighbours(rows, _places_of_quantiles(shape[-1], fractions, method))
    spread = np.broadcast_to(np.reshape(places, places.shape + (1,) * len(shape[:-1])), places.shape + shape[:-1])
    y = select(np.any(np.isnan(values(rows)), axis=-1), np.nan, _between(ordered, spread))
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
    rows, kept = _lined_up(_reals(x, "nanmedian"), axis)
    if np.shape(rows)[-1] == 0:
        return _with_kept(mean(rows, -1), kept, (), keepdims)
    counts = np.sum(~np.isnan(values(rows)), axis=-1)
    return _with_kept(select(counts > 0, _middle(sort(rows), counts), np.nan), kept, (), keepdims)


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
    rows, kept = _lined_up(_reals(x, "nanquantile"), axis)
    fractions = np.asarray(q)
    counts = np.sum(~np.isnan(values(rows)), axis=-1)
    places = np.zeros(fractions.shape + counts.shape)
    for n in np.unique(counts[counts > 0]):
        places[..., counts == n] = _places_of_quantiles(int(n), fractions, method)[..., None]
    if np.shape(rows)[-1] == 0:
        nothing: Array = np.full(places.shape, np.nan, values(rows).dtype)
        return _with_kept(reshape(nothing, places.shape), kept, fractions.shape, keepdims)
    y = _between(sort(rows), places)
    return _with_kept(select(counts > 0, y, np.nan), kept, fractions.shape, keepdims)


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
