"""Calculus on samples: differences, slopes, integrals, interpolation, convolution."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from autodiff.op import Array, implements, linear
from autodiff.rules.arithmetic import add, astype, conj, multiply, not_equal, power, subtract, values
from autodiff.rules.indexing import along, getitem, select
from autodiff.rules.shapes import broadcast_to, concat, flip, moveaxis, ravel, reshape


def _part(x: Array, axis: int, start: int | None, stop: int | None) -> Array:
    return getitem(x, key=along(x, axis, slice(start, stop)))


def _along(v: Array, axis: int, ndim: int) -> Array:
    """A vector that lies along one axis of many."""
    return reshape(v, (-1,) + (1,) * (ndim - axis - 1))


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
        return add(x, 0)
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
    return concat([ravel(part) for part in parts if part is not None])


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
            a, b = (_along(part, axis, ndim) for part in (h[:-1], h[1:]))
            inside = [-b / (a * (a + b)) * below + (b - a) / (a * b) * here + a / (b * (a + b)) * above]
    if edge_order == 1:
        first, last = spacings(0)[0], h if even else h[-1]
        return concat([(parts[1] - parts[0]) / first, *inside, (parts[3] - parts[2]) / last], axis)
    a, b = spacings(0)
    third = _part(f, axis, 2, 3)
    start = -(2 * a + b) / (a * (a + b)) * parts[0] + (a + b) / (a * b) * parts[1] - a / (b * (a + b)) * third
    a, b = spacings(-2) if not even else (h, h)
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
    axes = tuple(range(len(shape))) if axis is None else normalize_axis_tuple(axis, len(shape))
    if edge_order not in (1, 2):
        raise ValueError(f"gradient: edge_order is 1 or 2, got {edge_order}")
    if len(varargs) not in (0, 1, len(axes)) or (len(varargs) == 1 != len(axes) and np.ndim(varargs[0])):
        raise TypeError(
            f"gradient takes a distance, or one or coordinates for each of {len(axes)} axes, got {len(varargs)}"
        )
    steps = list(varargs or (1.0,)) * (len(axes) if len(varargs) < 2 else 1)
    f = f if values(f).dtype.kind in "fc" else astype(f, dtype=np.float64)
    slopes = []
    for a, step in zip(axes, steps, strict=True):
        if np.ndim(step) > 1 or (np.ndim(step) == 1 and np.shape(step) != (shape[a],)):
            raise ValueError(f"gradient: coordinates of shape {np.shape(step)} for axis {a} of shape {shape}")
        slopes.append(_slope(f, step if np.ndim(step) == 0 else diff(step), a, edge_order))
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
    y = add(y, 0)
    axis = normalize_axis_index(axis, np.ndim(y))
    if x is not None:
        dx = diff(x) if np.ndim(x) == 1 else diff(x, axis=axis)
        dx = _along(dx, axis, np.ndim(y)) if np.ndim(x) == 1 else dx
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
    count = np.reshape(np.arange(num), (-1,) + (1,) * np.ndim(span))
    count = count.astype(np.result_type(values(span).dtype, np.float16))
    line = count * (span / max(steps, 1)) + start
    line = moveaxis(select(count == steps, stop, line) if endpoint and steps else line, 0, axis)
    line = line if dtype is None else astype(line, dtype=np.dtype(dtype))
    return (line, span / steps if steps else np.nan * span) if retstep else line


@implements(np.logspace)
def _logspace(
    start: Array,
    stop: Array,
    num: int = 50,
    endpoint: bool = True,
    base: Array = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Array:
    powers = power(base, linspace(start, stop, num, endpoint, axis=axis))
    return powers if dtype is None else astype(powers, dtype=np.dtype(dtype))


@implements(np.geomspace)
def _geomspace(
    start: Array, stop: Array, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Array:
    shape = np.broadcast_shapes(np.shape(start), np.shape(stop))
    first, ratio = broadcast_to(start, shape), broadcast_to(stop / start, shape)
    powers = multiply(first, power(ratio, _along(linspace(0.0, 1.0, num, endpoint), 0, len(shape) + 1)))
    powers = moveaxis(powers, 0, axis)
    return powers if dtype is None else astype(powers, dtype=np.dtype(dtype))


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
    xp, fp = add(xp, 0), add(fp, 0)
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
    rise = (fp[j] - fp[i]) / select(values(width) == 0, 1.0, width)
    y = fp[i] + rise * (x - xp[i])
    y = select(at < points[0], fp[0] if left is None else left, y)
    y = select(at == points[-1], fp[-1], y)
    return select(at > points[-1], fp[-1] if right is None else right, y)


# Convolution


def _convolve(a: Array, v: Array) -> Array:
    return np.convolve(a, v)


def _convolve_part(g: Array, other: Array) -> Array:
    """The sum over the other's elements, each moved back to where it came from."""
    n = other.shape[0]
    return full_convolution.on(g, np.flip(other))[n - 1 : g.shape[0]]


full_convolution = linear(
    _convolve,
    lambda g, y, a, v: _convolve_part(g, v),
    lambda g, y, a, v: _convolve_part(g, a),
    name="full_convolution",
    tex="#1 * #2",
    domain=lambda d: ((d.array(shape=(d.integer(1, 5),)), d.array(shape=(d.integer(1, 5),))), {}),
)


def _central(y: Array, long: int, short: int, mode: str, start: int) -> Array:
    """The part of a full convolution that a mode asks for; `start` is where "same" begins."""
    if mode not in ("full", "same", "valid"):
        raise ValueError(f"the mode of a convolution is 'full', 'same' or 'valid', got {mode!r}")
    if mode == "full":
        return y
    return y[start : start + long] if mode == "same" else y[short - 1 : long]


def _vector(x: Array, what: str) -> Array:
    x = reshape(x, (1,)) if np.ndim(x) == 0 else x
    if np.ndim(x) != 1 or np.size(x) == 0:
        raise ValueError(f"{what} takes vectors that are not empty, got shape {np.shape(x)}")
    return x


@implements(np.convolve)
def convolve(a: Array, v: Array, mode: str = "full") -> Array:
    r"""Convolution of two sequences: :math:`y_k = \sum_i a_i v_{k-i}`.

    Parameters
    ----------
    a, v : array
        Of one axis each.
    mode : {"full", "same", "valid"}
        Every overlap, as many from the middle as the longer has elements, or whole overlaps only.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.convolve(ad.Tensor([1.0, 2.0, 3.0]), ad.Tensor([0.0, 1.0, 0.5]))
    Tensor([0. , 1. , 2.5, 4. , 1.5])
    """
    a, v = _vector(a, "convolve"), _vector(v, "convolve")
    long, short = max(np.size(a), np.size(v)), min(np.size(a), np.size(v))
    return _central(full_convolution(a, v), long, short, mode, (short - 1) // 2)


@implements(np.correlate)
def correlate(a: Array, v: Array, mode: str = "valid") -> Array:
    r"""Correlation of two sequences: :math:`y_k = \sum_i a_{i+k} \bar v_i`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.correlate(ad.Tensor([1.0, 2.0, 3.0]), ad.Tensor([0.0, 1.0, 0.5]), "same")
    Tensor([2. , 3.5, 3. ])
    """
    a, v = _vector(a, "correlate"), _vector(v, "correlate")
    long, short = max(np.size(a), np.size(v)), min(np.size(a), np.size(v))
    start = short // 2 if np.size(v) > np.size(a) else (short - 1) // 2
    return _central(full_convolution(a, conj(flip(v))), long, short, mode, start)
