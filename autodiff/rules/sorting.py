"""Order: sorting, partitions, the elements at given places, and where others would go."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autodiff.op import Array, implements, primitive
from autodiff.rules.arithmetic import astype
from autodiff.rules.indexing import one_along, scatter
from autodiff.rules.reductions import argsort
from autodiff.rules.shapes import reshape


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


# Sorted arrays: the standard's form, and NumPy's


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


# Places in what is sorted


def _searchsorted(x1: Array, x2: Array, side: Any = "left", sorter: Any = None) -> Array:
    """Where elements of `x2` would be put into `x1` so that it stays sorted: :math:`x_{1, y-1} < x_2 \\le x_{1, y}`.

    Parameters
    ----------
    x1 : array
        In ascending order, of one axis.
    x2 : array
    side : {"left", "right"}
        Before or after the elements that are equal.
    sorter : array of ints, optional
        The order in which `x1` ascends.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.searchsorted(ad.Tensor([1.0, 2.0, 3.0]), ad.Tensor([2.0, 9.0]))
    Tensor([1, 3])
    """
    return np.searchsorted(x1, x2, side=side, sorter=sorter)


searchsorted = primitive(
    _searchsorted,
    name="searchsorted",
    domain=lambda d: ((np.sort(d.array(shape=(d.integer(0, 4),))), d.array()), {"side": d.choice(["left", "right"])}),
)
