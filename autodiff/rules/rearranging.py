"""Rearrangements beyond the shape: parts put in, left out, repeated, laid on diagonals; NumPy's stacks and splits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autodiff.op import Array, implements
from autodiff.rules.arithmetic import astype, positive, stop_gradient, values
from autodiff.rules.indexing import getitem, part_along, scatter, take
from autodiff.rules.shapes import (
    atleast_1d,
    atleast_2d,
    concat,
    flip,
    hstack,
    permute_dims,
    ravel,
    reshape,
    split,
    stack,
    swapaxes,
    vstack,
)


def _places(x: Array, first: int = 0) -> Array:
    """The number of each element, in the shape of the array: what rearranges them rearranges it."""
    return np.arange(first, first + np.size(x)).reshape(np.shape(x))


def _picked(x: Array, places: Array) -> Array:
    """The elements of these numbers."""
    return getitem(ravel(x), key=places)


@implements(np.copy)
def _copy(a: Array, order: str = "K", subok: bool = False) -> Array:
    return stop_gradient(np.copy(values(a))) if values(a).dtype == np.bool else positive(a)


# Parts put in and left out


@implements(np.append)
def append(x: Array, appended: Array, axis: int | None = None) -> Array:
    """One array behind the other: along an axis, or both of them flattened.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.append(ad.Tensor([1.0, 2.0]), 3.0)
    Tensor([1., 2., 3.])
    """
    return concat([x, appended], axis) if axis is not None else concat([ravel(x), ravel(appended)])


@implements(np.insert)
def insert(x: Array, at: Any, inserted: Array, axis: int | None = None) -> Array:
    """With elements put in before the given indices: along an axis, or into the flattened array.

    Parameters
    ----------
    x : array
    at : int, slice or sequence of ints
        Indices in `x`.
    inserted : array
        Broadcast to as many as there are indices.
    axis : int, optional

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.insert(ad.Tensor([1.0, 2.0]), 1, ad.Tensor(9.0))
    Tensor([1., 9., 2.])
    """
    old, new = values(x).dtype, values(inserted).dtype
    if not np.can_cast(new, old, "same_kind"):
        raise TypeError(f"insert: {new} does not go into an array of {old}: use x.astype first")
    both = concat([ravel(x), astype(ravel(inserted), dtype=old)])
    at = at if isinstance(at, (slice, list, tuple)) else values(at)
    return getitem(both, key=np.insert(_places(x), at, _places(inserted, np.size(x)), axis))


@implements(np.delete)
def delete(x: Array, at: Any, axis: int | None = None) -> Array:
    """Without the elements at the given indices: along an axis, or of the flattened array.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.delete(ad.Tensor([1.0, 2.0, 3.0]), 1)
    Tensor([1., 3.])
    """
    at = at if isinstance(at, (slice, list, tuple)) else values(at)
    if axis is None:
        return _picked(x, np.delete(np.arange(np.size(x)), at))
    return part_along(x, axis, np.delete(np.arange(np.shape(x)[axis]), at))


@implements(np.resize)
def resize(x: Array, new_shape: Any) -> Array:
    """In another shape, the elements repeated as often as it takes.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.resize(ad.Tensor([1.0, 2.0]), 5)
    Tensor([1., 2., 1., 2., 1.])
    """
    if np.size(x) == 0:
        return stop_gradient(np.resize(values(x), new_shape))
    return _picked(x, np.resize(_places(x), new_shape))


@implements(np.trim_zeros)
def trim_zeros(x: Array, trim: str = "fb", axis: Any = None) -> Array:
    """Without the zeros in front (``"f"``) and at the back (``"b"``).

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.trim_zeros(ad.Tensor([0.0, 1.0, 0.0, 2.0, 0.0]))
    Tensor([1., 0., 2.])
    """
    given = values(x)
    axes = range(given.ndim) if axis is None else [normalize_axis_index(a, given.ndim) for a in np.atleast_1d(axis)]
    if not set(trim.lower()) <= {"f", "b"}:
        raise ValueError(f"trim_zeros: trim is made of 'f' and 'b', got {trim!r}")
    key: list[Any] = [slice(None)] * given.ndim
    nonzero = np.argwhere(given)
    for a in axes:
        n = given.shape[a]
        first, last = (int(nonzero[:, a].min()), int(nonzero[:, a].max()) + 1) if len(nonzero) else (n, n)
        last = last if len(nonzero) or "f" in trim.lower() else 0
        key[a] = slice(first if "f" in trim.lower() else 0, last if "b" in trim.lower() else n)
    return getitem(x, key=tuple(key))


@implements(np.compress)
def compress(condition: Any, x: Array, axis: int | None = None) -> Array:
    """The parts along an axis where a condition holds; elements of the flattened array where `axis` is None.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.compress([True, False, True], ad.Tensor([1.0, 2.0, 3.0]))
    Tensor([1., 3.])
    """
    condition = values(condition)
    if condition.ndim != 1:
        raise ValueError(f"compress takes a vector of conditions, got shape {condition.shape}")
    places = np.flatnonzero(condition)
    return _picked(x, places) if axis is None else part_along(x, axis, places)


@implements(np.extract)
def extract(condition: Any, x: Array) -> Array:
    """The elements of an array where a condition holds, flattened.

    Examples
    --------
    >>> import autodiff as ad
    >>> x = ad.Tensor([1.0, 2.0, 3.0])
    >>> ad.extract(x > 1, x)
    Tensor([2., 3.])
    """
    return _picked(x, np.flatnonzero(values(condition)))


@implements(np.take)
def _take(a: Array, indices: Any, axis: int | None = None, *, mode: str = "raise") -> Array:
    index, n = values(indices), np.size(a) if axis is None else np.shape(a)[axis]
    if mode not in ("raise", "wrap", "clip"):
        raise ValueError(f"take: the mode is 'raise', 'wrap' or 'clip', got {mode!r}")
    index = index % n if mode == "wrap" else np.clip(index, 0, n - 1) if mode == "clip" else index
    return take(a, index, axis=axis)


# Diagonals


@implements(np.diag)
def diag(x: Array, k: int = 0) -> Array:
    """A matrix with a vector on its diagonal, or the diagonal of a matrix.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.diag(ad.Tensor([1.0, 2.0]))
    Tensor([[1., 0.],
            [0., 2.]])
    """
    if np.ndim(x) not in (1, 2):
        raise ValueError(f"diag takes a vector or a matrix, got shape {np.shape(x)}")
    if np.ndim(x) == 2:
        return np.diagonal(x, k)
    n = np.size(x) + abs(k)
    i = np.arange(np.size(x))
    return scatter(x, key=(i + max(-k, 0), i + max(k, 0)), shape=(n, n))


@implements(np.diagflat)
def diagflat(x: Array, k: int = 0) -> Array:
    """A matrix with all elements of an array on its diagonal."""
    return diag(ravel(x), k)


# Turns, and axes


@implements(np.fliplr)
def fliplr(x: Array) -> Array:
    """In reversed order along the second axis."""
    return flip(x, axis=1)


@implements(np.flipud)
def flipud(x: Array) -> Array:
    """In reversed order along the first axis."""
    return flip(x, axis=0)


@implements(np.rot90)
def rot90(x: Array, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Array:
    """Turned by so many right angles, from the first of two axes to the second.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.rot90(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([[2., 4.],
            [1., 3.]])
    """
    first, second = (normalize_axis_index(a, np.ndim(x)) for a in axes)
    if first == second:
        raise ValueError(f"rot90 needs two axes, got {axes} for shape {np.shape(x)}")
    if k % 4 == 0:
        return getitem(x, key=())
    if k % 4 == 2:
        return flip(x, axis=(first, second))
    return (
        swapaxes(flip(x, axis=second), first, second) if k % 4 == 1 else flip(swapaxes(x, first, second), axis=second)
    )


@implements(np.rollaxis)
def _rollaxis(a: Array, axis: int, start: int = 0) -> Array:
    ndim = np.ndim(a)
    axis = normalize_axis_index(axis, ndim)
    start = normalize_axis_index(start + ndim if start < 0 else start, ndim + 1)
    start -= axis < start
    order = [i for i in range(ndim) if i != axis]
    order.insert(start, axis)
    return permute_dims(a, axes=tuple(order))


# Stacks and splits


def _for_each(function: Any) -> Any:
    """NumPy's form for several arrays at once."""

    def each(*arrays: Array) -> Any:
        results = tuple(function(x) for x in arrays)
        return results[0] if len(results) == 1 else results

    return each


def _with_dtype(function: Any) -> Any:
    """NumPy's form, with the dtype of the result."""

    def with_dtype(arrays: Any, *args: Any, dtype: Any = None, casting: Any = "same_kind", **kwargs: Any) -> Array:
        y = function(arrays, *args, **kwargs)
        if dtype is None:
            return y
        if not np.can_cast(y.dtype, dtype, casting):
            raise TypeError(f"{function.__name__}: {y.dtype} does not become {np.dtype(dtype)}, casting={casting!r}")
        return astype(y, dtype=np.dtype(dtype))

    return with_dtype


implements(np.concatenate)(_with_dtype(concat))
implements(np.stack)(_with_dtype(stack))
implements(np.hstack)(_with_dtype(hstack))
implements(np.vstack)(_with_dtype(vstack))


@implements(np.atleast_3d)
def atleast_3d(*arrays: Array) -> Any:
    """With three axes at least, as images have them: a vector lies along the second.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.atleast_3d(ad.Tensor([1.0, 2.0])).shape
    (1, 2, 1)
    """
    return _for_each(lambda x: atleast_2d(x) if np.ndim(x) > 2 else reshape(x, (*np.shape(atleast_2d(x)), 1)))(*arrays)


implements(np.atleast_1d)(_for_each(atleast_1d))
implements(np.atleast_2d)(_for_each(atleast_2d))


@implements(np.dstack)
def dstack(arrays: Any) -> Array:
    """Arrays behind each other: along the third axis."""
    return concat([atleast_3d(x) for x in arrays], axis=2)


@implements(np.hsplit)
def hsplit(x: Array, indices_or_sections: Any) -> list[Array]:
    """Parts side by side: along the second axis, the first if there is only one."""
    return _split(x, indices_or_sections, 1 if np.ndim(x) > 1 else 0, 1)


@implements(np.vsplit)
def vsplit(x: Array, indices_or_sections: Any) -> list[Array]:
    """Parts above each other: along the first axis."""
    return _split(x, indices_or_sections, 0, 2)


@implements(np.dsplit)
def dsplit(x: Array, indices_or_sections: Any) -> list[Array]:
    """Parts behind each other: along the third axis."""
    return _split(x, indices_or_sections, 2, 3)


def _split(x: Array, indices_or_sections: Any, axis: int, needed: int) -> list[Array]:
    if np.ndim(x) < needed:
        raise ValueError(f"this split needs an array with {needed} axes at least, got shape {np.shape(x)}")
    return split(x, indices_or_sections, axis)


@implements(np.block)
def block(arrays: Any) -> Array:
    """An array of nested lists of blocks: the innermost lists lie along the last axis, the outer ones before it.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.block([[ad.eye(2), ad.zeros((2, 1))], [ad.ones((1, 3))]])
    Tensor([[1., 0., 0.],
            [0., 1., 0.],
            [1., 1., 1.]])
    """
    depth, ndim = _nesting(arrays)
    ndim = max(depth, ndim)
    return _block(arrays, depth, ndim)


def _nesting(arrays: Any) -> tuple[int, int]:
    """How deep the lists are nested, and how many axes their arrays have at most."""
    if not isinstance(arrays, list):
        return 0, np.ndim(arrays)
    if not arrays:
        raise ValueError("block: an empty list has no shape")
    found = [_nesting(part) for part in arrays]
    if len({depth for depth, _ in found}) > 1:
        raise ValueError(f"block: lists are nested to unequal depths, {[depth for depth, _ in found]}")
    return found[0][0] + 1, max(ndim for _, ndim in found)


def _block(arrays: Any, depth: int, ndim: int) -> Array:
    if depth:
        return concat([_block(part, depth - 1, ndim) for part in arrays], axis=-depth)
    return reshape(arrays, (1,) * (ndim - np.ndim(arrays)) + np.shape(arrays))
