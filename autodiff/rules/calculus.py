"""Calculus on samples: differences, slopes, integrals, interpolation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autodiff.op import Array, implements
from autodiff.rules.arithmetic import (
    add,
    as_array,
    as_tensor,
    cast,
    floating,
    in_precision_of,
    multiply,
    not_equal,
    power,
    subtract,
    values,
)
from autodiff.rules.indexing import chosen, lying_along, part_along
from autodiff.rules.shapes import axes_of, broadcast_to, concat, moveaxis, ravel


def _part(x: Array, axis: int, start: int | None, stop: int | None) -> Array:
    return part_along(x, axis, slice(start, stop))


# Differences


@implements(np.diff)
def diff(x: Array, n: int = 1, axis: int = -1, prepend: Array = None, append: Array = None) -> Array:
    r"""Differences of neighbours: :math:`y_i = x_{i+1} - x_i`, so many times over.

    Parameters
    ----------
    x : array
    n : int
        How many times.
    axis : int
    prepend, append : array, optional
        What to put before and after `x` first; a number stands for one element.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.diff(ad.Tensor([1.0, 4.0, 9.0]))
    Tensor([3., 5.])
    """
    if n < 0:
        raise ValueError(f"diff: the order is 0 at least, got n={n}")
    if np.ndim(x) == 0:
        raise ValueError("diff needs one axis at least, got a number")
    if n == 0:
        return as_tensor(x)
    axis = normalize_axis_index(axis, np.ndim(x))
    shape = np.shape(x)
    one = (*shape[:axis], 1, *shape[axis + 1 :])
    ends = [None if end is None else broadcast_to(end, one) if np.ndim(end) == 0 else end for end in (prepend, append)]
    if ends != [None, None]:
        x = concat([part for part in (ends[0], x, ends[1]) if part is not None], axis)
    step = not_equal if values(x).dtype == np.bool else subtract
    for _ in range(n):
        x = step(_part(x, axis, 1, None), _part(x, axis, None, -1))
    return x


@implements(np.ediff1d)
def ediff1d(x: Array, to_end: Array = None, to_begin: Array = None) -> Array:
    """Differences of neighbours in the flattened array, with something before and after.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.ediff1d(ad.Tensor([1.0, 4.0, 9.0]), to_begin=0.0)
    Tensor([0., 3., 5.])
    """
    flat = ravel(x)
    parts = [to_begin, subtract(flat[1:], flat[:-1]), to_end]
    return concat([in_precision_of(flat, ravel(part)) for part in parts if part is not None])


def _slope(f: Array, h: Array, axis: int, edge_order: int) -> Array:
    """The derivative along an axis by second-order differences inside; `h` is one spacing, or all of them."""
    n, ndim = np.shape(f)[axis], np.ndim(f)
    if n < edge_order + 1:
        raise ValueError(
            f"gradient needs {edge_order + 1} elements at least along axis {axis}, got shape {np.shape(f)}"
        )
    even = np.ndim(h) == 0
    parts = [_part(f, axis, i, i + 1) for i in (0, 1, -2)] + [_part(f, axis, -1, None)]

    def spacings(at: int) -> tuple[Array, Array]:
        """The one at a place, and the next."""
        return (h, h) if even else (h[at], h[at + 1])

    inside = []
    if n > 2:
        below, here, above = _part(f, axis, None, -2), _part(f, axis, 1, -1), _part(f, axis, 2, None)
        if even:
            inside = [(above - below) / (2 * h)]
        else:
            a, b = (lying_along(part, axis, ndim) for part in (h[:-1], h[1:]))
            inside = [-b / (a * (a + b)) * below + (b - a) / (a * b) * here + a / (b * (a + b)) * above]
    if edge_order == 1:
        first, last = (h, h) if even else (h[0], h[-1])
        return concat([(parts[1] - parts[0]) / first, *inside, (parts[3] - parts[2]) / last], axis)
    a, b = spacings(0)
    third = _part(f, axis, 2, 3)
    start = -(2 * a + b) / (a * (a + b)) * parts[0] + (a + b) / (a * b) * parts[1] - a / (b * (a + b)) * third
    a, b = spacings(-2)
    third = _part(f, axis, n - 3, n - 2)
    end = b / (a * (a + b)) * third - (a + b) / (a * b) * parts[2] + (2 * b + a) / (b * (a + b)) * parts[3]
    return concat([start, *inside, end], axis)


@implements(np.gradient)
def gradient(f: Array, *varargs: Array, axis: Any = None, edge_order: int = 1) -> Any:
    r"""Slopes of sampled values, :math:`y_i \approx f'(x_i)`, by central differences inside and one-sided at the ends.

    Not the gradient of a program: that is :func:`autodiff.grad`.

    Parameters
    ----------
    f : array
    *varargs : number or array
        Nothing (samples lie 1 apart), one distance for all axes, or for each axis a distance or its coordinates; they
        are differentiated too.
    axis : int or tuple of ints, optional
        Along which axes; all by default.
    edge_order : {1, 2}
        The order of the differences at the ends.

    Returns
    -------
    array, or tuple of arrays if there are several axes

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.gradient(ad.Tensor([1.0, 4.0, 9.0]), 2.0)
    Tensor([1.5, 2. , 2.5])
    """
    shape = np.shape(f)
    axes = axes_of(axis, len(shape))
    if edge_order not in (1, 2):
        raise ValueError(f"gradient: edge_order is 1 or 2, got {edge_order}")
    if len(varargs) not in (0, 1, len(axes)) or (len(varargs) == 1 != len(axes) and np.ndim(varargs[0])):
        raise TypeError(
            f"gradient takes a distance, or one or coordinates for each of {len(axes)} axes, got {len(varargs)}"
        )
    steps = list(varargs or (1.0,)) * (len(axes) if len(varargs) < 2 else 1)
    f = floating(as_array(f))
    slopes = []
    for a, step in zip(axes, steps, strict=True):
        if np.ndim(step) > 1 or (np.ndim(step) == 1 and np.shape(step) != (shape[a],)):
            raise ValueError(f"gradient: coordinates of shape {np.shape(step)} for axis {a} of shape {shape}")
        h = step if np.ndim(step) == 0 else diff(floating(step))
        slopes.append(in_precision_of(f, _slope(f, h, a, edge_order)))
    return slopes[0] if len(axes) == 1 else tuple(slopes)


@implements(np.trapezoid)
def trapezoid(y: Array, x: Array = None, dx: Array = 1.0, axis: int = -1) -> Array:
    r"""Integral by the trapezoidal rule: :math:`\sum_i \tfrac12 (y_i + y_{i+1}) (x_{i+1} - x_i)`.

    Parameters
    ----------
    y : array
    x : array, optional
        Where `y` was sampled; of its shape, or of one axis.
    dx : number
        The distance of samples, where no `x` is given.
    axis : int

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.trapezoid(ad.Tensor([1.0, 2.0, 3.0]), dx=2.0)
    Tensor(8.0)
    """
    y = as_tensor(y)
    axis = normalize_axis_index(axis, np.ndim(y))
    if x is not None:
        dx = diff(x) if np.ndim(x) == 1 else diff(x, axis=axis)
        dx = lying_along(dx, axis, np.ndim(y)) if np.ndim(x) == 1 else dx
    return np.sum(dx * (_part(y, axis, 1, None) + _part(y, axis, None, -1)) / 2, axis=axis)


@implements(np.unwrap)
def unwrap(x: Array, discont: float | None = None, axis: int = -1, *, period: float = 2 * math.pi) -> Array:
    """Angles without jumps: whole periods are added where neighbours differ by more than half of one.

    What is added has no derivative.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.unwrap(ad.Tensor([0.0, 3.0, 1.0]), period=4.0)
    Tensor([ 0., -1., -3.])
    """
    given: Any = values(x)
    return add(x, np.unwrap(given, discont, axis, period=period) - given)


# Samples between two ends


@implements(np.linspace)
def linspace(
    start: Array,
    stop: Array,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    r"""Straight lines from one end to the other, :math:`y_i = a + \tfrac{i}{n - 1} (b - a)`: linear in both.

    NumPy's form; the standard's is :func:`autodiff.linspace`.
    """
    span = subtract(stop, start)
    steps = num - 1 if endpoint else num
    count = lying_along(np.arange(num), 0, np.ndim(span) + 1)
    count = count.astype(np.result_type(values(span).dtype, np.float16))
    line = count * (span / max(steps, 1)) + start
    line = moveaxis(chosen(count == steps, stop, line) if endpoint and steps else line, 0, axis)
    line = cast(line, dtype)
    return (line, span / steps if steps else np.nan * span) if retstep else line


@implements(np.logspace)
def logspace(
    start: Array,
    stop: Array,
    num: int = 50,
    endpoint: bool = True,
    base: Array = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Array:
    r"""Powers with exponents equally far apart: :math:`y_i = b^{a + t_i (c - a)}`, differentiated in all three.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.logspace(ad.Tensor(0.0), 2.0, 3)
    Tensor([  1.,  10., 100.])
    """
    powers = power(base, linspace(start, stop, num, endpoint, axis=axis))
    return cast(powers, dtype)


@implements(np.geomspace)
def geomspace(
    start: Array, stop: Array, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Array:
    r"""So many numbers of which each is the one before times the same: :math:`y_i = a \, (b / a)^{t_i}`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.geomspace(ad.Tensor(1.0), 4.0, 3)
    Tensor([1., 2., 4.])
    """
    shape = np.broadcast_shapes(np.shape(start), np.shape(stop))
    first, ratio = broadcast_to(start, shape), broadcast_to(stop / start, shape)
    powers = multiply(first, power(ratio, lying_along(linspace(0.0, 1.0, num, endpoint), 0, len(shape) + 1)))
    powers = moveaxis(powers, 0, axis)
    return cast(powers, dtype)


@implements(np.interp)
def interp(
    x: Array, xp: Array, fp: Array, left: Array = None, right: Array = None, period: float | None = None
) -> Array:
    r"""Straight lines between given points: :math:`f_i + (x - x_i) \frac{f_{i+1} - f_i}{x_{i+1} - x_i}`.

    Parameters
    ----------
    x : array
        Where to evaluate.
    xp, fp : array
        The points, `xp` ascending; both are differentiated, as is `x`.
    left, right : number, optional
        What to give before the first and behind the last point; their values by default.
    period : number, optional
        The period of the function, whose points may then come in any order.

    Notes
    -----
    At a point, where the slope jumps, the derivative with respect to `x` is that on the right.

    Examples
    --------
    >>> import autodiff as ad
    >>> x, xp, fp = ad.Tensor(1.5), ad.Tensor([1.0, 2.0, 3.0]), ad.Tensor([10.0, 20.0, 0.0])
    >>> ad.interp(x, xp, fp)
    Tensor(15.0)
    >>> ad.grad(ad.interp, argnums=2)(x, xp, fp)
    Tensor([0.5, 0.5, 0. ])
    """
    xp, fp = floating(as_tensor(xp)), floating(as_tensor(fp))
    if np.ndim(xp) != 1 or np.shape(xp) != np.shape(fp) or np.size(xp) == 0:
        raise ValueError(f"interp needs points of one axis and equal number, got {np.shape(xp)} and {np.shape(fp)}")
    if period is not None:
        if period == 0:
            raise ValueError("interp: the period is not 0")
        period = abs(period)
        left = right = None
        x, xp = x % period, xp % period
        order = np.argsort(values(xp), kind="stable")
        xp, fp = xp[order], fp[order]
        xp, fp = concat([xp[-1:] - period, xp, xp[:1] + period]), concat([fp[-1:], fp, fp[:1]])
    at, points = values(x), values(xp)
    last = len(points) - 1
    i = np.clip(np.searchsorted(points, at, "right") - 1, 0, max(last - 1, 0))
    j = np.minimum(i + 1, last)
    width = xp[j] - xp[i]
    rise = (fp[j] - fp[i]) / chosen(values(width) == 0, 1.0, width)
    y = fp[i] + rise * (x - xp[i])
    y = chosen(at < points[0], fp[0] if left is None else left, y)
    y = chosen(at == points[-1], fp[-1], y)
    return chosen(at > points[-1], fp[-1] if right is None else right, y)
