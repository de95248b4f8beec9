"""Reductions, over any axis, axes or all of them."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from autodiff.op import Array, implements, linear, primitive
from autodiff.rules.arithmetic import POSITIVE, astype, floating, power, square
from autodiff.rules.arithmetic import abs as absolute
from autodiff.rules.shapes import axes_of, broadcast_to

Axis = int | tuple[int, ...] | None

# NumPy's reductions without the Python in front of them (Any: their overloads want a literal keepdims).
_add_up: Any = np.add.reduce
_multiply_up: Any = np.multiply.reduce
_greatest: Any = np.maximum.reduce
_smallest: Any = np.minimum.reduce
_greatest_number: Any = np.fmax.reduce
_smallest_number: Any = np.fmin.reduce


def _reduction(distinct: bool = False, **bounds: Any) -> Any:
    """The calls of a reduction: any array, any axes, kept or not."""

    def calls(d: Any) -> Any:
        x = d.array(min_side=1, distinct=distinct, **bounds)
        return (x,), {"axis": d.axes(x.ndim), "keepdims": d.boolean()}

    return calls


def _count(x: Array, axis: Axis) -> int:
    """How many elements are reduced to one."""
    if axis is None:
        return int(x.size)
    return math.prod(x.shape[a] for a in (axis if isinstance(axis, tuple) else (axis,)))


def _kept(v: Array, x: Array, axis: Axis, keepdims: bool) -> Array:
    """A reduced value with its reduced axes put back, as axes of length 1."""
    if keepdims or x.ndim == 0:
        return v
    if axis is None:
        return np.reshape(v, (1,) * x.ndim)
    return np.expand_dims(v, axis)


def _spread(g: Array, x: Array, axis: Axis, keepdims: bool) -> Array:
    """The transpose of a sum: every element gets the whole gradient."""
    return broadcast_to.on(_kept(g, x, axis, keepdims) if axis is not None or keepdims else g, shape=x.shape)


def lined_up(x: Array, axis: Axis) -> tuple[Array, tuple[int, ...]]:
    """The reduced axes as one last axis; and the shape that the result has where they are kept."""
    shape = np.shape(x)
    axes = axes_of(axis, len(shape))
    rest = tuple(n for a, n in enumerate(shape) if a not in axes)
    rows = np.reshape(np.moveaxis(x, axes, range(-len(axes), 0)), (*rest, math.prod(shape[a] for a in axes)))
    return rows, tuple(1 if a in axes else n for a, n in enumerate(shape))


def _sum(x: Array, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Array:
    r"""Sum: :math:`y = \sum_i x_i` over the given axes.

    Parameters
    ----------
    x : array
    axis : int or tuple of ints or None
        None sums over all.
    dtype : dtype, optional
        What to add up in.
    keepdims : bool
        Keep the summed axes, with length 1.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.sum(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0)
    Tensor([4., 6.])
    """
    return _add_up(x, axis=axis, dtype=dtype, keepdims=keepdims)


sum = linear(
    _sum,
    lambda g, y, x, axis, keepdims, **_: _spread(g, x, axis, keepdims),
    name="sum",
    tex=r"\sum #1",
    domain=_reduction(),
)


def _mean(x: Array, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Array:
    r"""Arithmetic mean: :math:`\bar x = \frac{1}{n} \sum_i x_i` over the given axes.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.mean(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]), axis=1)
    Tensor([1.5, 3.5])
    """
    if dtype is None and x.dtype.kind == "f" and x.dtype.itemsize > 2 and x.size:
        return _add_up(x, axis=axis, keepdims=keepdims) / _count(x, axis)
    return np.mean(x, axis=axis, dtype=dtype, keepdims=keepdims)


mean = linear(
    _mean,
    lambda g, y, x, axis, keepdims, **_: _spread(g / _count(x, axis), x, axis, keepdims),
    name="mean",
    tex=r"\operatorname{mean} #1",
    domain=_reduction(),
)


def _winners(x: Array, y: Array, axis: Axis, keepdims: bool) -> Array:
    """1 at the extreme element; where several tie, they share it."""
    winners = (x == _kept(y, x, axis, keepdims)).astype(y.dtype)
    return winners / np.sum(winners, axis=axis, keepdims=True)


def _extreme_pull(g: Array, y: Array, x: Array, axis: Axis, keepdims: bool) -> Array:
    return _winners(x, y, axis, keepdims) * _kept(g, x, axis, keepdims)


def _extreme_push(dxs: list[Array], y: Array, x: Array, axis: Axis, keepdims: bool) -> Array:
    winners = _winners(x, y, axis, keepdims)
    return np.sum(np.where(winners == 0, 0, winners * dxs[0]), axis=axis, keepdims=keepdims)


def _max(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    r"""Greatest element: :math:`y = \max_i x_i`; elements that tie share the gradient.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.grad(ad.max)(ad.Tensor([1.0, 3.0, 3.0]))
    Tensor([0. , 0.5, 0.5])
    """
    return _greatest(x, axis=axis, keepdims=keepdims)


def _min(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    r"""Smallest element: :math:`y = \min_i x_i`; elements that tie share the gradient.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.min(ad.Tensor([[1.0, 3.0], [2.0, 0.0]]), axis=1)
    Tensor([1., 0.])
    """
    return _smallest(x, axis=axis, keepdims=keepdims)


max = primitive(_max, _extreme_pull, push=_extreme_push, name="max", tex=r"\max #1", domain=_reduction(distinct=True))
min = primitive(_min, _extreme_pull, push=_extreme_push, name="min", tex=r"\min #1", domain=_reduction(distinct=True))


def _nanmax(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    r"""Greatest element that is not NaN; elements that tie share the gradient, NaN gets none.

    NaN where all are.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.grad(ad.nanmax)(ad.Tensor([1.0, float("nan"), 3.0]))
    Tensor([0., 0., 1.])
    """
    return _greatest_number(x, axis=axis, keepdims=keepdims)


def _nanmin(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    r"""Smallest element that is not NaN; elements that tie share the gradient, NaN gets none.

    NaN where all are.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.grad(ad.nanmin)(ad.Tensor([1.0, float("nan"), 3.0]))
    Tensor([1., 0., 0.])
    """
    return _smallest_number(x, axis=axis, keepdims=keepdims)


def _numbers(g: Array, y: Array) -> Array:
    """A gradient, and 0 where there was no number to choose."""
    return np.where(np.isnan(y), 0, g)


def _nan_extreme_pull(g: Array, y: Array, x: Array, axis: Axis, keepdims: bool) -> Array:
    return _numbers(_extreme_pull(g, y, x, axis, keepdims), _kept(y, x, axis, keepdims))


_NAN_EXTREME: dict[str, Any] = {
    "push": lambda dxs, y, x, axis, keepdims: _numbers(_extreme_push([_numbers(dxs[0], x)], y, x, axis, keepdims), y),
    "skips": True,
    "domain": _reduction(distinct=True),
}
nanmax = primitive(_nanmax, _nan_extreme_pull, name="nanmax", tex=r"\max #1", **_NAN_EXTREME)
nanmin = primitive(_nanmin, _nan_extreme_pull, name="nanmin", tex=r"\min #1", **_NAN_EXTREME)


def _prod(x: Array, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Array:
    r"""Product: :math:`y = \prod_i x_i` over the given axes; exact derivatives where factors are zero.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.grad(ad.prod)(ad.Tensor([2.0, 0.0, 5.0]))
    Tensor([ 0., 10.,  0.])
    """
    return _multiply_up(x, axis=axis, dtype=dtype, keepdims=keepdims)


def _prod_pull(g: Array, y: Array, x: Array, axis: Axis, keepdims: bool, **_: Any) -> Array:
    """g times the product of all the others; with a zero among them, from products of what lies before and after."""
    g, y = _kept(g, x, axis, keepdims), _kept(y, x, axis, keepdims)
    if np.all((y != 0) & np.isfinite(y)):
        return g * y / x
    rows = lined_up(x, axis)[0]
    one = np.ones_like(rows[..., :1])
    before = np.cumprod(np.concatenate([one, rows[..., :-1]], axis=-1), axis=-1)
    after = np.flip(np.cumprod(np.concatenate([one, np.flip(rows[..., 1:], -1)], axis=-1), axis=-1), -1)
    axes = axes_of(axis, x.ndim)
    others = np.reshape(before * after, (*rows.shape[:-1], *(x.shape[a] for a in axes)))
    return g * np.moveaxis(others, range(-len(axes), 0), axes)


prod = primitive(_prod, _prod_pull, name="prod", tex=r"\prod #1", domain=_reduction(zeros=True))


def _logsumexp(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    r"""Logarithm of a sum of exponentials: :math:`y = \log \sum_i e^{x_i}`, without overflow.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.logsumexp(ad.Tensor([1000.0, 1000.0]))
    Tensor(1000.6931471805599)
    """
    x = floating(x)
    top = _greatest(x, axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0)
    with np.errstate(divide="ignore"):
        y = np.log(_add_up(np.exp(x - top), axis=axis, keepdims=True)) + top
    return y if keepdims else np.squeeze(y, axis=axis)


def _exponential_weights(x: Array, y: Array, axis: Axis, keepdims: bool) -> Array:
    """e^(x - logsumexp(x)), and 0 where all is -infinity."""
    y = _kept(y, x, axis, keepdims)
    return np.exp(x - np.where(y == -np.inf, 0, y))


logsumexp = primitive(
    _logsumexp,
    lambda g, y, x, axis, keepdims: _exponential_weights(x, y, axis, keepdims) * _kept(g, x, axis, keepdims),
    push=lambda dxs, y, x, axis, keepdims: np.sum(
        _exponential_weights(x, y, axis, keepdims) * dxs[0], axis=axis, keepdims=keepdims
    ),
    name="logsumexp",
    tex=r"\log \sum e^{#1}",
    domain=_reduction(),
)


def _norm2(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    return np.sqrt(_add_up(np.square(np.abs(floating(x))), axis=axis, keepdims=keepdims))


def _direction(x: Array, y: Array, axis: Axis, keepdims: bool) -> Array:
    """x / |x|, and 0 where |x| is 0: the subgradient of least norm."""
    length = _kept(y, x, axis, keepdims)
    return np.conj(x) / np.where(length == 0, 1, length)


norm2 = primitive(
    _norm2,
    lambda g, y, x, axis, keepdims: _direction(x, y, axis, keepdims) * _kept(g, x, axis, keepdims),
    push=lambda dxs, y, x, axis, keepdims: np.real(
        np.sum(_direction(x, y, axis, keepdims) * dxs[0], axis=axis, keepdims=keepdims)
    ),
    name="norm2",
    tex=r"\lVert #1 \rVert_2",
    domain=_reduction(low=POSITIVE[0], high=POSITIVE[1]),
)


# Tests and positions: no derivative, a plain result


def _all(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """Whether all elements along the axes are true: :math:`\\bigwedge_i x_i`."""
    return np.all(x, axis=axis, keepdims=keepdims)


def _any(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """Whether any element along the axes is true: :math:`\\bigvee_i x_i`."""
    return np.any(x, axis=axis, keepdims=keepdims)


def _argmax(x: Array, axis: int | None = None, keepdims: bool = False) -> Array:
    """Where the greatest element is, the first of several: :math:`\\arg\\max_i x_i`."""
    return np.argmax(x, axis=axis, keepdims=keepdims)


def _argmin(x: Array, axis: int | None = None, keepdims: bool = False) -> Array:
    """Where the smallest element is, the first of several: :math:`\\arg\\min_i x_i`."""
    return np.argmin(x, axis=axis, keepdims=keepdims)


def _argsort(x: Array, axis: int = -1, *, descending: bool = False, stable: bool = True) -> Array:
    """The indices that would sort: :math:`x_{y_1} \\le x_{y_2} \\le \\dots`."""
    kind: Any = "stable" if stable else None
    if not descending:
        return np.argsort(x, axis=axis, kind=kind)
    return x.shape[axis] - 1 - np.flip(np.argsort(np.flip(x, axis), axis=axis, kind=kind), axis)


def _count_nonzero(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """How many elements are not zero."""
    return np.count_nonzero(x, axis=axis, keepdims=keepdims)


_WHOLE = _reduction()
_ONE_AXIS: Any = lambda d: ((x := d.array(min_dims=1, min_side=1),), {"axis": d.axis(x.ndim)})  # noqa: E731
all = primitive(_all, name="all", domain=_WHOLE)
any = primitive(_any, name="any", domain=_WHOLE)
argmax = primitive(_argmax, name="argmax", tex=r"\arg\max #1", domain=_ONE_AXIS)
argmin = primitive(_argmin, name="argmin", tex=r"\arg\min #1", domain=_ONE_AXIS)
argsort = primitive(_argsort, name="argsort", domain=_ONE_AXIS)
count_nonzero = primitive(_count_nonzero, name="count_nonzero", domain=_WHOLE)

# Functions of these


@implements(np.argsort)
def _numpy_argsort(x: Array, axis: int = -1, kind: str | None = None, *, stable: bool | None = None) -> Array:
    return argsort(x, axis, stable=bool(stable) or kind in ("stable", "mergesort"))


def norm(x: Array, ord: float | None = None, axis: Axis = None, *, keepdims: bool = False) -> Array:
    r"""Norm of a vector: :math:`\lVert x \rVert_p = (\sum_i |x_i|^p)^{1/p}`, by default of all elements with p = 2.

    Parameters
    ----------
    x : array
    ord : float or None
        p; ``inf`` gives the greatest, ``-inf`` the smallest magnitude, 0 the number of nonzeros.  None is 2.
    axis : int or tuple of ints or None
        The axes that hold the vectors; None takes all elements as one.
    keepdims : bool
        Keep the reduced axes, with length 1.

    Notes
    -----
    The gradient at 0 is 0, the subgradient of least norm.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.norm(ad.Tensor([3.0, 4.0]))
    Tensor(5.0)
    """
    if ord is None or ord == 2:
        return norm2(x, axis=axis, keepdims=keepdims)
    if ord == math.inf:
        return max(absolute(x), axis=axis, keepdims=keepdims)
    if ord == -math.inf:
        return min(absolute(x), axis=axis, keepdims=keepdims)
    if ord == 0:
        lengths = absolute(floating(x))
        return astype(sum(lengths != 0, axis=axis, keepdims=keepdims), dtype=lengths.dtype)
    if ord == 1:
        return sum(absolute(x), axis=axis, keepdims=keepdims)
    total = sum(power(absolute(x), float(ord)), axis=axis, keepdims=keepdims)
    return np.where(total > 0, power(np.where(total > 0, total, 1), 1 / float(ord)), 0)


def deviation(x: Array, axis: Axis, correction: float) -> tuple[Array, float]:
    """How far elements lie from their mean; and the degrees of freedom, 0 where the correction exceeds the count."""
    centred = x - mean(x, axis, keepdims=True)
    return centred, builtins.max(_count(centred, axis) - correction, 0.0)


def mean_square(centred: Array, freedom: Any, axis: Axis, keepdims: bool) -> Array:
    """What a variance is made of."""
    squares = square(absolute(centred) if centred.dtype.kind == "c" else centred)
    return sum(squares, axis, keepdims=keepdims) / freedom


def root_mean_square(centred: Array, freedom: Any, axis: Axis, keepdims: bool) -> Array:
    """What a standard deviation is made of."""
    return norm2(centred, axis, keepdims) / freedom**0.5


def var(
    x: Array, axis: Axis = None, *, correction: float = 0.0, ddof: float | None = None, keepdims: bool = False
) -> Array:
    r"""Variance: :math:`\frac{1}{n - c} \sum_i |x_i - \bar x|^2`, with `c` the correction (NumPy's ``ddof``).

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.var(ad.Tensor([1.0, 2.0, 3.0]), correction=1)
    Tensor(1.0)
    """
    return mean_square(*deviation(x, axis, correction if ddof is None else ddof), axis, keepdims)


def std(
    x: Array, axis: Axis = None, *, correction: float = 0.0, ddof: float | None = None, keepdims: bool = False
) -> Array:
    r"""Standard deviation: :math:`\sqrt{\operatorname{var} x} = \lVert x - \bar x \rVert / \sqrt{n - c}`.

    Its gradient where it is 0 is 0, as that of the norm.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.std(ad.Tensor([1.0, 2.0, 3.0]), correction=1)
    Tensor(1.0)
    """
    return root_mean_square(*deviation(x, axis, correction if ddof is None else ddof), axis, keepdims)
