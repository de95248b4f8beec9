"""Choices: between arrays element by element, by conditions or numbers; and functions applied part by part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autodiff.op import Array, implements
from autodiff.rules.arithmetic import imag, positive, real, values
from autodiff.rules.indexing import chosen as where
from autodiff.rules.indexing import getitem, scatter, take_along_axis
from autodiff.rules.shapes import broadcast_to, expand_dims, moveaxis, reshape, squeeze, stack


@implements(np.select)
def select(condlist: Any, choicelist: Any, default: Array = 0) -> Array:
    """Of each element the choice whose condition is the first to hold; the default where none does.

    Examples
    --------
    >>> import autodiff as ad
    >>> x = ad.Tensor([-2.0, 0.5, 3.0])
    >>> ad.select([x < 0, x < 1], [-x, x * x], 9.0)
    Tensor([2.  , 0.25, 9.  ])
    """
    if len(condlist) != len(choicelist) or not condlist:
        raise ValueError(f"select needs a choice for each condition, got {len(choicelist)} for {len(condlist)}")
    conditions = [values(c) for c in condlist]
    if any(c.dtype != np.bool for c in conditions):
        raise TypeError(f"select takes booleans as conditions, got {[str(c.dtype) for c in conditions]}")
    shape = np.broadcast_shapes(*map(np.shape, (*conditions, *choicelist, default)))
    dtype = np.result_type(*(x if type(x) in (int, float, complex) else values(x) for x in (*choicelist, default)))
    y = broadcast_to(default, shape)
    for condition, choice in zip(reversed(conditions), reversed(choicelist), strict=True):
        y = where(condition, choice, y)
    return y if y.dtype == dtype else y.astype(dtype)


@implements(np.choose)
def choose(a: Any, choices: Any, *, mode: str = "raise") -> Array:
    r"""Of each element the choice of its number: :math:`y_i = c_{a_i,\,i}`.

    Parameters
    ----------
    a : array of ints
    choices : sequence of arrays
        All are broadcast, with `a`.
    mode : {"raise", "wrap", "clip"}
        What becomes of a number that there is no choice for.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.choose([0, 1, 0], [ad.Tensor([1.0, 2.0, 3.0]), -1.0])
    Tensor([ 1., -1.,  3.])
    """
    numbers, n = values(a), len(choices)
    if mode == "raise" and not np.all((numbers >= 0) & (numbers < n)):
        raise ValueError(f"choose: numbers from {numbers.min()} to {numbers.max()} for {n} choices")
    numbers = numbers % n if mode == "wrap" else np.clip(numbers, 0, n - 1)
    shape = np.broadcast_shapes(numbers.shape, *map(np.shape, choices))
    stacked = stack([broadcast_to(choice, shape) for choice in choices])
    return squeeze(take_along_axis(stacked, np.broadcast_to(numbers, shape)[None], 0), axis=0)


@implements(np.piecewise)
def piecewise(x: Array, condlist: Any, funclist: Any, *args: Any, **kwargs: Any) -> Array:
    """Functions, or numbers, each for the elements where its condition is the last to hold; one more is for the rest.

    Examples
    --------
    >>> import autodiff as ad
    >>> x = ad.Tensor([-4.0, 9.0])
    >>> ad.piecewise(x, [x >= 0], [ad.sqrt, 0.0])
    Tensor([0., 3.])
    """
    x = positive(x)
    if not isinstance(condlist, (list, tuple)) or np.ndim(condlist[0]) == 0 != np.ndim(x):
        condlist = [condlist]
    conditions = [np.broadcast_to(values(c).astype(bool), np.shape(x)) for c in condlist]
    if len(funclist) == len(conditions) + 1:
        conditions.append(~np.logical_or.reduce(conditions))
    elif len(funclist) != len(conditions):
        raise ValueError(f"piecewise: {len(funclist)} functions for {len(conditions)} conditions")
    y = where(np.zeros(np.shape(x), bool), x, np.zeros((), values(x).dtype))  # of x, whichever conditions hold
    last = np.zeros(np.shape(x), int)
    for k, condition in enumerate(conditions):
        last = np.where(condition, k + 1, last)
    for k, function in enumerate(funclist):
        mask = last == k + 1
        if callable(function):
            if mask.any():
                part = function(getitem(x, key=mask), *args, **kwargs)
                y = y + scatter(broadcast_to(part, (int(mask.sum()),)), key=mask, shape=mask.shape).astype(y.dtype)
        else:
            y = where(mask, function, y)
    return positive(y)


@implements(np.nan_to_num)
def nan_to_num(x: Array, copy: bool = True, nan: Array = 0.0, posinf: Array = None, neginf: Array = None) -> Array:
    """With numbers in the place of NaN and infinities, which get no gradient.

    Parameters
    ----------
    x : array
    copy : bool
        Has to be True.
    nan, posinf, neginf : number, optional
        0 and the greatest and smallest numbers of the dtype, unless given.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.nan_to_num(ad.Tensor([1.0, float("nan"), float("inf")]), posinf=9.0)
    Tensor([1., 0., 9.])
    """
    if not copy:
        raise TypeError("nan_to_num with copy=False would lose the graph: use its result")
    dtype = values(x).dtype
    if dtype.kind == "c":
        return nan_to_num(real(x), True, nan, posinf, neginf) + 1j * nan_to_num(imag(x), True, nan, posinf, neginf)
    if dtype.kind != "f":
        return positive(x)
    given, bounds = values(x), np.finfo(dtype)
    y = where(np.isnan(given), nan, x)
    y = where(np.isposinf(given), float(bounds.max) if posinf is None else posinf, y)
    return where(np.isneginf(given), float(bounds.min) if neginf is None else neginf, y)


@implements(np.apply_along_axis)
def apply_along_axis(function: Callable[..., Array], axis: int, x: Array, *args: Any, **kwargs: Any) -> Array:
    """A function of vectors, applied to each one that lies along an axis; its results take their place.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.apply_along_axis(ad.sum, 1, ad.Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([3., 7.])
    """
    shape = np.shape(x)
    axis = normalize_axis_index(axis, len(shape))
    rest = shape[:axis] + shape[axis + 1 :]
    if 0 in rest:
        raise ValueError(f"apply_along_axis needs a vector at least, got shape {shape}")
    rows = reshape(moveaxis(x, axis, -1), (-1, shape[axis]))
    results = stack([function(row, *args, **kwargs) for row in rows])
    inner = np.shape(results)[1:]
    y = reshape(results, (*rest, *inner))
    return moveaxis(y, range(len(rest), len(rest) + len(inner)), range(axis, axis + len(inner)))


@implements(np.apply_over_axes)
def apply_over_axes(function: Callable[[Array, int], Array], x: Array, axes: Any) -> Array:
    """A function of an array and an axis, applied over several axes in turn; axes that it removes are put back.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.apply_over_axes(ad.sum, ad.Tensor([[1.0, 2.0], [3.0, 4.0]]), [0, 1])
    Tensor([[10.]])
    """
    for axis in np.atleast_1d(axes):
        axis = normalize_axis_index(int(axis), np.ndim(x))
        y = function(x, axis)
        y = y if np.ndim(y) == np.ndim(x) else expand_dims(y, axis)
        if np.ndim(y) != np.ndim(x):
            raise ValueError(f"apply_over_axes: the function made shape {np.shape(y)} of {np.shape(x)}")
        x = y
    return x
