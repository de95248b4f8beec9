"""Padding, in all of NumPy's modes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.op import Array, implements
from autodiff.rules.arithmetic import astype, in_precision_of, round, values
from autodiff.rules.indexing import chosen, part_along
from autodiff.rules.products import matmul
from autodiff.rules.quantiles import median
from autodiff.rules.reductions import max, mean, min
from autodiff.rules.shapes import broadcast_to, concat, flip, moveaxis, pad_zeros

#: The modes in which what is added are elements, and those in which it is what a function makes of them.
_INDEXED = ("edge", "reflect", "symmetric", "wrap")
_STATISTICS: dict[str, Callable[..., Array]] = {"maximum": max, "mean": mean, "median": median, "minimum": min}


@implements(np.pad)
def pad(
    x: Array,
    pad_width: Any,
    mode: str = "constant",
    *,
    constant_values: Any = 0.0,
    end_values: Any = 0.0,
    reflect_type: str = "even",
    stat_length: Any = None,
) -> Array:
    """Wider at both ends of each axis: by constants, by elements repeated or reflected, or by what is made of them.

    Parameters
    ----------
    x : array
    pad_width : int, pair, a pair for each axis, or a dict of those by axis
        How many elements to add before and after.
    mode : str
        ``"constant"``, ``"edge"``, ``"reflect"``, ``"symmetric"``, ``"wrap"``, ``"linear_ramp"``, ``"maximum"``,
        ``"mean"``, ``"median"`` or ``"minimum"``.
    constant_values, end_values : number, pair, or a pair for each axis
        What to add, for ``"constant"``; where to end, for ``"linear_ramp"``.
    reflect_type : {"even", "odd"}
        For ``"reflect"`` and ``"symmetric"``: in a mirror, or through the end.
    stat_length : int, pair, or a pair for each axis
        How many elements at each end the last four modes look at; all, unless given.

    Raises
    ------
    TypeError
        For another mode.
    ValueError
        If an axis of length 0 is to be padded with its own elements.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.pad(ad.Tensor([1.0, 2.0]), 1)
    Tensor([0., 1., 2., 0.])
    >>> ad.pad(ad.Tensor([1.0, 2.0]), (2, 1), "linear_ramp")
    Tensor([0. , 0.5, 1. , 2. , 0. ])
    """
    ndim = np.ndim(x)
    if isinstance(pad_width, dict):
        pad_width = [_pair(pad_width.get(a, pad_width.get(a - ndim, 0)), 0, 1) for a in range(ndim)]
    widths = tuple((int(before), int(after)) for before, after in np.broadcast_to(pad_width, (ndim, 2)))
    if mode == "constant" and _is_number(constant_values):
        padded = pad_zeros(x, widths=widths)
        if isinstance(constant_values, (int, float)) and constant_values == 0:
            return padded
        return chosen(np.pad(np.ones(np.shape(x), dtype=bool), widths), padded, in_precision_of(x, constant_values))
    if mode not in ("constant", "linear_ramp", *_INDEXED, *_STATISTICS):
        modes = ", ".join(("constant", "linear_ramp", *_INDEXED, *_STATISTICS))
        raise TypeError(f"pad has no rule for mode={mode!r}; it has {modes}")
    for axis, width in enumerate(widths):
        n = np.shape(x)[axis]
        if n == 0 and any(width) and mode != "constant":
            raise ValueError(f"pad: mode={mode!r} has no elements to pad axis {axis} of shape {np.shape(x)} with")
        if mode in _INDEXED:
            x = _from_elements(x, axis, width, mode, reflect_type)
            continue
        if mode == "constant":
            before, after = _pair(constant_values, axis, ndim)
            ends = in_precision_of(x, before), in_precision_of(x, after)
        elif mode == "linear_ramp":
            ends = _ramps(x, axis, width, _pair(end_values, axis, ndim))
        else:
            lengths = [n if k is None else np.minimum(k, n) for k in _pair(stat_length, axis, ndim)]
            ends = _statistics(x, axis, lengths, _STATISTICS[mode])
        shapes = [(*np.shape(x)[:axis], w, *np.shape(x)[axis + 1 :]) for w in width]
        x = concat([broadcast_to(ends[0], shapes[0]), x, broadcast_to(ends[1], shapes[1])], axis)
    return x


def _is_number(given: Any) -> bool:
    return not isinstance(given, (list, tuple)) and np.ndim(given) == 0


def _pair(given: Any, axis: int, ndim: int) -> tuple[Any, Any]:
    """What is to be done before and behind an axis: given once, as a pair, or as a pair for each axis."""
    if _is_number(given):
        return given, given
    if _is_number(given[0]):
        if len(given) > 2:
            raise ValueError(f"pad takes a number, a pair, or a pair for each of {ndim} axes, got {given!r}")
        return given[0], given[-1]
    if len(given) not in (1, ndim):
        raise ValueError(f"pad: {len(given)} pairs for {ndim} axes")
    pair = given[axis if len(given) > 1 else 0]
    return pair[0], pair[-1]


def _from_elements(x: Array, axis: int, width: tuple[int, int], mode: Any, reflect_type: Any) -> Array:
    """Elements at other places; reflected through an end, sums of several."""
    n = np.shape(x)[axis]
    if mode in ("reflect", "symmetric") and reflect_type == "odd":
        sums = np.pad(np.eye(n, dtype=values(x).dtype), ((0, 0), width), mode=mode, reflect_type="odd")
        return moveaxis(matmul(moveaxis(x, axis, -1), sums), -1, axis)
    return part_along(x, axis, np.pad(np.arange(n), width, mode=mode))


def _ramps(x: Array, axis: int, width: tuple[int, int], ends: tuple[Array, Array]) -> tuple[Array, Array]:
    """Straight lines from the values at the far ends to those at the edges."""
    dtype = values(x).dtype
    edges = [part_along(x, axis, i) for i in (0, -1)]
    before, after = (
        np.linspace(end, edge, w, endpoint=False, dtype=dtype, axis=axis)
        for end, edge, w in zip(ends, edges, width, strict=True)
    )
    return before, flip(after, axis=axis)


def _statistics(x: Array, axis: int, lengths: list[Any], function: Callable[..., Array]) -> tuple[Array, Array]:
    """What a function makes of so many elements at either end; of whole numbers, a whole number."""
    n, dtype = np.shape(x)[axis], values(x).dtype
    parts = [part_along(x, axis, part) for part in (slice(0, lengths[0]), slice(n - lengths[1], n))]
    before, after = (function(part, axis=axis, keepdims=True) for part in parts)
    if dtype.kind in "iu":
        before, after = (astype(round(y), dtype=dtype) for y in (before, after))
    return before, after
