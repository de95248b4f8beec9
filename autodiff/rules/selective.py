"""Reductions of some of the elements: NumPy's ``where=`` and ``initial=``, and its functions that leave NaN out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.op import Array, implements
from autodiff.rules import reductions
from autodiff.rules.arithmetic import (
    cast,
    floating,
    fmax,
    fmin,
    isnan,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    values,
)
from autodiff.rules.indexing import chosen
from autodiff.rules.reductions import Axis, mean_square, root_mean_square
from autodiff.rules.running import cumprod, cumsum


def _only(x: Array, where: Array, neutral: float) -> Array:
    """The array with what is left out replaced by what changes no result."""
    if where is True:
        return x
    mask = values(where)
    if mask.dtype != np.bool:
        raise TypeError(f"where= takes booleans, got {mask.dtype}")
    return chosen(mask, x, neutral)


def _count(x: Array, where: Array, axis: Axis, keepdims: bool = False) -> Array:
    """How many elements take part in each result."""
    return np.sum(np.broadcast_to(values(where), np.shape(x)), axis=axis, keepdims=keepdims)


@implements(np.sum)
def _sum(
    a: Array, axis: Axis = None, dtype: Any = None, *, keepdims: bool = False, initial: Array = 0, where: Array = True
) -> Array:
    total = reductions.sum(_only(a, where, 0), axis=axis, dtype=dtype, keepdims=keepdims)
    return total if isinstance(initial, int) and initial == 0 else total + initial


@implements(np.prod)
def _prod(
    a: Array, axis: Axis = None, dtype: Any = None, *, keepdims: bool = False, initial: Array = 1, where: Array = True
) -> Array:
    product = reductions.prod(_only(a, where, 1), axis=axis, dtype=dtype, keepdims=keepdims)
    return product if isinstance(initial, int) and initial == 1 else product * initial


def _extreme(a: Array, axis: Axis, keepdims: bool, initial: Array, where: Array, row: Any, against: Any) -> Array:
    if initial is None:
        if where is not True:
            raise ValueError(f"{row.name} with where= needs initial=, the result where nothing is selected")
        return row(a, axis=axis, keepdims=keepdims)
    if 0 in np.shape(a):
        return reductions.sum(a, axis=axis, keepdims=keepdims) + initial
    return against(row(_only(a, where, initial), axis=axis, keepdims=keepdims), initial)


@implements(np.max, np.amax)
def _max(a: Array, axis: Axis = None, *, keepdims: bool = False, initial: Array = None, where: Array = True) -> Array:
    return _extreme(a, axis, keepdims, initial, where, reductions.max, maximum)


@implements(np.min, np.amin)
def _min(a: Array, axis: Axis = None, *, keepdims: bool = False, initial: Array = None, where: Array = True) -> Array:
    return _extreme(a, axis, keepdims, initial, where, reductions.min, minimum)


@implements(np.mean)
def _mean(a: Array, axis: Axis = None, dtype: Any = None, *, keepdims: bool = False, where: Array = True) -> Array:
    if where is True:
        return reductions.mean(a, axis=axis, dtype=dtype, keepdims=keepdims)
    total = reductions.sum(_only(a, where, 0), axis=axis, dtype=dtype, keepdims=keepdims)
    return total / _counts(total, _count(a, where, axis, keepdims))


def _counts(like: Array, counts: Array) -> Array:
    """Counts as divisors, which leave a result in its own precision."""
    return counts.astype(floating(values(like)).dtype)


def _deviation(
    a: Array, axis: Axis, dtype: Any, ddof: float, keepdims: bool, where: Array, mean: Array | None
) -> tuple[Array, Array]:
    """How far the selected elements lie from their mean, 0 for the others; and the degrees of freedom."""
    a = cast(a, dtype)
    if where is True and mean is None:
        return reductions.deviation(a, axis, ddof)
    centred = _only(a - (_mean(a, axis, keepdims=True, where=where) if mean is None else mean), where, 0)
    freedom = np.maximum(_count(a, where, axis, keepdims) - ddof, 0)
    return centred, np.real(_counts(centred, freedom))


def _spread(measure: Any) -> Any:
    """A variance or a deviation, as NumPy calls them, by the measure that is taken of what `_deviation` gives."""

    def spread(
        a: Array,
        axis: Axis = None,
        dtype: Any = None,
        *,
        ddof: float = 0,
        keepdims: bool = False,
        where: Array = True,
        mean: Array | None = None,
        correction: float | None = None,
    ) -> Array:
        ddof = ddof if correction is None else correction
        return measure(*_deviation(a, axis, dtype, ddof, keepdims, where, mean), axis, keepdims)

    return spread


_var = implements(np.var)(_spread(mean_square))
_std = implements(np.std)(_spread(root_mean_square))


@implements(np.cumsum)
def _cumsum(a: Array, axis: int | None = None, dtype: Any = None) -> Array:
    return cumsum(cast(a, dtype), axis)


@implements(np.cumprod)
def _cumprod(a: Array, axis: int | None = None, dtype: Any = None) -> Array:
    return cumprod(cast(a, dtype), axis)


@implements(np.all)
def _all(a: Array, axis: Axis = None, *, keepdims: bool = False, where: Array = True) -> Array:
    return reductions.all(a if where is True else logical_or(a, logical_not(where)), axis=axis, keepdims=keepdims)


@implements(np.any)
def _any(a: Array, axis: Axis = None, *, keepdims: bool = False, where: Array = True) -> Array:
    return reductions.any(a if where is True else logical_and(a, where), axis=axis, keepdims=keepdims)


# Without NaN


def _numbers(x: Array, where: Array = True) -> Array:
    """Which elements are numbers, and selected."""
    return np.logical_and(~np.isnan(values(x)), values(where))


@implements(np.nansum)
def nansum(
    x: Array, axis: Axis = None, dtype: Any = None, *, keepdims: bool = False, initial: Array = 0, where: Array = True
) -> Array:
    r"""Sum of what is not NaN; what is gets no gradient.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.grad(lambda x: ad.nansum(x * x))(ad.Tensor([1.0, float("nan"), 3.0]))
    Tensor([2., 0., 6.])
    """
    return _sum(x, axis, dtype, keepdims=keepdims, initial=initial, where=_numbers(x, where))


@implements(np.nanprod)
def nanprod(
    x: Array, axis: Axis = None, dtype: Any = None, *, keepdims: bool = False, initial: Array = 1, where: Array = True
) -> Array:
    """Product of what is not NaN; what is gets no gradient.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.grad(ad.nanprod)(ad.Tensor([2.0, float("nan"), 3.0]))
    Tensor([3., 0., 2.])
    """
    return _prod(x, axis, dtype, keepdims=keepdims, initial=initial, where=_numbers(x, where))


@implements(np.nanmean)
def nanmean(x: Array, axis: Axis = None, dtype: Any = None, *, keepdims: bool = False, where: Array = True) -> Array:
    """Mean of what is not NaN; what is gets no gradient.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.grad(ad.nanmean)(ad.Tensor([2.0, float("nan"), 3.0]))
    Tensor([0.5, 0. , 0.5])
    """
    return _mean(x, axis, dtype, keepdims=keepdims, where=_numbers(x, where))


def _of_numbers(
    spread: Any, x: Array, axis: Axis, dtype: Any, ddof: float, keepdims: bool, where: Array, mean: Array | None
) -> Array:
    """A variance or deviation of the numbers alone; NaN where no degree of freedom is left."""
    numbers = _numbers(x, where)
    y = spread(x, axis, dtype, ddof=ddof, keepdims=keepdims, where=numbers, mean=mean)
    return chosen(_count(x, numbers, axis, keepdims) > ddof, y, math.nan)


@implements(np.nanvar)
def nanvar(
    x: Array,
    axis: Axis = None,
    dtype: Any = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
    where: Array = True,
    mean: Array | None = None,
    correction: float | None = None,
) -> Array:
    """Variance of what is not NaN; what is gets no gradient.

    NaN where no degree of freedom is left.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.nanvar(ad.Tensor([2.0, float("nan"), 4.0]))
    Tensor(1.0)
    """
    return _of_numbers(_var, x, axis, dtype, ddof if correction is None else correction, keepdims, where, mean)


@implements(np.nanstd)
def nanstd(
    x: Array,
    axis: Axis = None,
    dtype: Any = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
    where: Array = True,
    mean: Array | None = None,
    correction: float | None = None,
) -> Array:
    """Standard deviation of what is not NaN; what is gets no gradient.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.nanstd(ad.Tensor([2.0, float("nan"), 4.0]))
    Tensor(1.0)
    """
    return _of_numbers(_std, x, axis, dtype, ddof if correction is None else correction, keepdims, where, mean)


@implements(np.nanmax)
def _nanmax(
    a: Array, axis: Axis = None, *, keepdims: bool = False, initial: Array = None, where: Array = True
) -> Array:
    return _extreme(a, axis, keepdims, initial, where, reductions.nanmax, fmax)


@implements(np.nanmin)
def _nanmin(
    a: Array, axis: Axis = None, *, keepdims: bool = False, initial: Array = None, where: Array = True
) -> Array:
    return _extreme(a, axis, keepdims, initial, where, reductions.nanmin, fmin)


@implements(np.nancumsum)
def nancumsum(x: Array, axis: int | None = None, dtype: Any = None) -> Array:
    """Running sum that passes NaN over.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.nancumsum(ad.Tensor([1.0, float("nan"), 3.0]))
    Tensor([1., 1., 4.])
    """
    return _cumsum(chosen(isnan(x), 0, x), axis, dtype)


@implements(np.nancumprod)
def nancumprod(x: Array, axis: int | None = None, dtype: Any = None) -> Array:
    """Running product that passes NaN over.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.nancumprod(ad.Tensor([2.0, float("nan"), 3.0]))
    Tensor([2., 2., 6.])
    """
    return _cumprod(chosen(isnan(x), 1, x), axis, dtype)
