"""NumPy's methods of binary ufuncs: ``reduce``, ``accumulate``, ``reduceat``, ``outer``."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autodiff.op import Array, Op, numpy_functions
from autodiff.rules import reductions, running
from autodiff.rules.arithmetic import stop_gradient, values
from autodiff.rules.indexing import along, getitem, lying_along, part_along, scatter, take_along_axis
from autodiff.rules.reductions import Axis
from autodiff.rules.shapes import axes_of, moveaxis, reshape, stack, unstack

#: What the method of a ufunc means on Tensors, where it is more than a fold.
_REDUCTIONS: dict[np.ufunc, Callable[..., Array]] = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
    np.fmax: np.nanmax,
    np.fmin: np.nanmin,
    np.logical_and: np.all,
    np.logical_or: np.any,
    np.logaddexp: reductions.logsumexp,
}
_RUNNING: dict[np.ufunc, Callable[..., Array]] = {np.add: running.cumsum, np.multiply: running.cumprod}
_EXTREMES = (np.maximum, np.minimum)


def ufunc_method(ufunc: np.ufunc, method: str, row: Any) -> Callable[..., Array] | None:
    """What the method of an elementwise ufunc means on Tensors; None if nothing.

    Parameters
    ----------
    ufunc : numpy.ufunc
    method : {"reduce", "accumulate", "reduceat", "outer"}
    row : Op
        The ufunc's row in the table.
    """
    if not isinstance(row, Op) or ufunc.nin != 2 or ufunc.nout != 1 or ufunc.signature is not None:
        return None
    if not row.differentiable:
        return functools.partial(_plain, getattr(ufunc, method))
    meanings: dict[str, Callable[..., Array]] = {
        "reduce": _reduce,
        "accumulate": _accumulate,
        "reduceat": _reduceat,
        "outer": _outer,
    }
    return functools.partial(meanings[method], ufunc, row)


def _plain(function: Callable[..., Array], *arrays: Any, **params: Any) -> Array:
    """What has no derivative as NumPy computes it."""
    return stop_gradient(function(*map(values, arrays), **params))


def _without_defaults(ufunc: np.ufunc, method: str, dtype: Any, given: dict[str, Any]) -> None:
    if dtype is not None or given:
        names = [*(["dtype"] if dtype is not None else []), *given]
        raise TypeError(f"numpy.{ufunc.__name__}.{method} has no rule for {', '.join(names)}")


def _reduce(
    ufunc: np.ufunc, row: Op, x: Array, axis: Axis = 0, dtype: Any = None, *, keepdims: bool = False, **given: Any
) -> Array:
    """The fold x_1 o x_2 o … along an axis, from the left."""
    if ufunc in _REDUCTIONS:
        if dtype is not None:
            given["dtype"] = dtype
        meant = _REDUCTIONS[ufunc]  # ours at once: NumPy's own would come back here, of a plain array with where=t
        return numpy_functions.get(meant, meant)(x, axis=axis, keepdims=keepdims, **given)
    _without_defaults(ufunc, "reduce", dtype, given)
    ndim = np.ndim(x)
    axes = axes_of(axis, ndim)
    if len(axes) > 1:
        raise ValueError(f"numpy.{ufunc.__name__}.reduce depends on the order: it takes one axis, got {axis}")
    if np.size(x) == 0:
        return stop_gradient(ufunc.reduce(values(x), axis=axis, keepdims=keepdims))
    for a in axes:
        x = functools.reduce(row, unstack(x, a))
        x = np.expand_dims(x, a) if keepdims else x
    return x


def _accumulate(ufunc: np.ufunc, row: Op, x: Array, axis: int = 0, dtype: Any = None) -> Array:
    """The folds of the first, the first two, the first three, … along an axis."""
    _without_defaults(ufunc, "accumulate", dtype, {})
    axis = normalize_axis_index(axis, np.ndim(x))
    if ufunc in _RUNNING:
        return _RUNNING[ufunc](x, axis=axis)
    if np.size(x) == 0:
        return stop_gradient(ufunc.accumulate(values(x), axis=axis))
    if ufunc in _EXTREMES:
        given = values(x)
        running = ufunc.accumulate(given, axis=axis)
        before, after = running[along(x, axis, slice(-1))], given[along(x, axis, slice(1, None))]
        if not np.any((before == after) | np.isnan(after)):  # no ties: every result is one element
            n = lying_along(np.arange(given.shape[axis]), axis, given.ndim)
            return take_along_axis(x, np.maximum.accumulate(np.where(given == running, n, 0), axis=axis), axis)
    return stack(list(itertools.accumulate(unstack(x, axis), row)), axis=axis)


def _reduceat(ufunc: np.ufunc, row: Op, x: Array, indices: Any, axis: int = 0, dtype: Any = None) -> Array:
    """The folds of the slices that begin at the given indices; of one element, where the next index is not greater."""
    _without_defaults(ufunc, "reduceat", dtype, {})
    axis = normalize_axis_index(axis, np.ndim(x))
    n = np.shape(x)[axis]
    starts = values(indices)
    if starts.ndim != 1 or np.any((starts < 0) | (starts >= n)):
        raise IndexError(f"numpy.{ufunc.__name__}.reduceat needs a vector of indices below {n}, got {indices}")
    stops = np.maximum(np.append(starts[1:], n), starts + 1)
    if ufunc is not np.add:
        parts = [part_along(x, axis, slice(a, b)) for a, b in zip(starts, stops, strict=True)]
        return stack([_reduce(ufunc, row, part, axis) for part in parts], axis=axis)
    rows = moveaxis(x, axis, 0)
    lengths = stops - starts
    group = np.repeat(np.arange(len(starts)), lengths)
    places = np.arange(len(group)) + np.repeat(starts - (np.cumsum(lengths) - lengths), lengths)
    sums = scatter(getitem(rows, key=places), key=group, shape=(len(starts), *np.shape(rows)[1:]))
    return moveaxis(sums, 0, axis)


def _outer(ufunc: np.ufunc, row: Op, a: Array, b: Array, **given: Any) -> Array:
    """The ufunc of every element of one array with every element of the other."""
    _without_defaults(ufunc, "outer", None, given)
    return row(reshape(a, (*np.shape(a), *(1,) * np.ndim(b))), b)
