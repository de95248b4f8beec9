"""Derivatives without the chain rule: an oracle that knows its own error.

Everything here looks at one curve at a time, :math:`t \\mapsto f(x + t v)`, a function of one number whose values are
real vectors, and asks for its slope at 0.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
#: A function of one number, real or imaginary, whose values are vectors.
Curve = Callable[[Any], Array]

#: The first and largest step, as a part of the distance over which the curve is expected to change.
LARGEST = 0.1
#: By how much each step is smaller than the one before.
RATIO = 2.5
#: So many steps, and so many more where these do not tell the slope to a part of `_FINE`.
_ROWS = 8
_MORE_ROWS = 6
_FINE = 1e-7
_COLUMNS = 7
#: A kink that lies nearer than the smallest step is looked for this much closer.
_CLOSER = 1e-5
_IMAGINARY = 1e-100

#: How many times its error an estimate may be off.
SAFETY = 10.0


def dense(rng: np.random.Generator, shape: Any) -> Array:
    """Numbers of size one, no two alike: a direction that no mistake is orthogonal to."""
    return rng.uniform(0.3, 1.0, shape) * rng.choice([-1.0, 1.0], shape)


@dataclass(frozen=True)
class Slope:
    """The slopes of a vector's elements, each within `error` of the interval from `low` to `high`.

    The interval is one number but where the element has a kink: there it has the slopes from both sides as its ends.
    """

    low: Array
    high: Array
    error: Array
    #: What the complex step gave: exact to rounding, if the curve is an analytic function; None where it can't be had.
    exact: Array | None = None
    #: Whether the numbers are those of complex steps that were borne out.
    certain: bool = False

    @property
    def value(self) -> Array:
        """One number for each element."""
        return np.where(self.low == self.high, self.low, (self.low + self.high) / 2)

    @property
    def kinks(self) -> Array:
        """Which elements have a kink."""
        return self.low != self.high

    def along(self, weights: Array) -> Slope:
        """The slope of a weighted sum over the last axis; what has no weight does not count, whatever it is."""
        used = weights != 0
        low, high, error = self.low[..., used], self.high[..., used], self.error[..., used]
        weights = weights[used]
        ends = weights * low, weights * high
        rounding = np.finfo(np.float64).eps * np.sum(np.abs(ends[0]) + np.abs(ends[1]), axis=-1)
        error = np.sum(np.abs(weights) * error, axis=-1) + rounding
        low, high = np.minimum(*ends).sum(axis=-1), np.maximum(*ends).sum(axis=-1)
        return Slope(np.atleast_1d(low), np.atleast_1d(high), np.atleast_1d(error), certain=self.certain)

    def distance(self, claimed: Array) -> Array:
        """How far off a claim is, above all error."""
        with np.errstate(invalid="ignore"):
            off = np.maximum(np.maximum(self.low - claimed, claimed - self.high), 0.0)
        return np.where(np.isnan(claimed), np.inf, off)

    def joined(self, other: Slope, where: Array) -> Slope:
        """What two measurements say together, their errors at least what they differ by; elsewhere, the other one."""
        if self.certain:
            return self
        apart = np.maximum(np.abs(self.low - other.low), np.abs(self.high - other.high))
        error = np.maximum(np.maximum(self.error, other.error), apart)
        return Slope(
            np.where(where, self.low, other.low),
            np.where(where, self.high, other.high),
            np.where(where, error, other.error),
        )


def slope(curve: Curve, *, noise: Array | None = None, ratio: float = RATIO, analytic: bool = True) -> Slope:
    r"""The slope of a curve at 0 by extrapolated differences, from both sides where they differ.

    Differences :math:`(f(h) - f(-h)) / 2h` over a wide range of steps h, extrapolated to step 0; each element keeps the
    estimate whose spread among its neighbours and whose share of rounding are least.  Slopes from the left and from the
    right are estimated likewise: where they differ by more than their errors, the element has a kink.

    Parameters
    ----------
    curve : callable
        Of one number; 1 is about the distance over which it changes by its own size.
    noise : array, optional
        How far its values are off; left out, a rounding error.
    ratio : float
        Of two successive steps.
    analytic : bool
        Whether to try the complex step, too.

    Notes
    -----
    Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", Advances in Engineering Software 4 (1982); Squire and
    Trapp, "Using complex variables to estimate derivatives of real functions", SIAM Review 40 (1998).

    Examples
    --------
    >>> import numpy as np
    >>> found = slope(lambda t: np.array([np.exp(t), np.abs(t), 1e-12 * t]))
    >>> bool(abs(found.value[0] - 1) <= found.error[0] < 1e-9), found.low[1], found.high[1]
    (True, np.float64(-1.0), np.float64(1.0))
    >>> bool(abs(found.value[2] - 1e-12) <= found.error[2] < 1e-22)
    True
    """
    with np.errstate(all="ignore"):
        found, apart = _both_sides(curve, LARGEST, ratio, noise)
        if np.any(apart):
            closer, still = _both_sides(curve, LARGEST * _CLOSER, ratio, noise)
            clean = apart & ~still & (closer.error <= 1e-3 * np.maximum(np.abs(closer.value), np.abs(found.value)))
            found = Slope(*(np.where(clean, getattr(closer, n), getattr(found, n)) for n in ("low", "high", "error")))
        return replace(found, exact=_complex_step(curve)) if analytic else found


def _both_sides(curve: Curve, largest: float, ratio: float, noise: Array | None) -> tuple[Slope, Array]:
    """The slope, and which elements have different ones to the left and to the right."""
    steps = largest / ratio ** np.arange(_ROWS + _MORE_ROWS)
    middle = curve(0.0)
    sides = [(curve(h), curve(-h)) for h in steps[:_ROWS]]
    found, apart = _extrapolated_to(steps, middle, sides, ratio, noise)
    size = np.abs(found.value) + np.max(np.abs(found.value), initial=0.0)
    if np.any(apart) or not np.all(found.error <= _FINE * size):
        sides += [(curve(h), curve(-h)) for h in steps[_ROWS:]]
        found, apart = _extrapolated_to(steps, middle, sides, ratio, noise)
    return found, apart


def _extrapolated_to(
    steps: Array, middle: Array, sides: list[tuple[Array, Array]], ratio: float, noise: Array | None
) -> tuple[Slope, Array]:
    """The slope by values to the right and to the left, at some of the steps, and where the two sides differ."""
    above, below = (np.array(side) for side in zip(*sides, strict=True))
    rounding = np.finfo(np.float64).eps * np.fmax(np.abs(middle), np.fmax(np.abs(above), np.abs(below)))
    noise = rounding if noise is None else np.maximum(rounding, noise)
    h = steps[: len(sides), None]
    both, error = _extrapolated((above - below) / (2 * h), noise / h, ratio, 2)
    right, right_error = _extrapolated((above - middle) / h, 2 * noise / h, ratio, 1)
    left, left_error = _extrapolated((middle - below) / h, 2 * noise / h, ratio, 1)
    apart = np.abs(right - left) > SAFETY * (right_error + left_error) + 1e-6 * np.maximum(np.abs(right), np.abs(left))
    one = np.where(np.isfinite(right_error), right, left)  # at the edge of where it is defined there is one side
    one_error = np.where(np.isfinite(right_error), right_error, left_error)
    edge = ~np.isfinite(error)
    low = np.where(apart, np.minimum(left, right), np.where(edge, one, both))
    high = np.where(apart, np.maximum(left, right), np.where(edge, one, both))
    error = np.where(apart, np.maximum(left_error, right_error), np.where(edge, one_error, error))
    return Slope(low, high, error), apart


def _extrapolated(rows: Array, noise: Array, ratio: float, power: int) -> tuple[Array, Array]:
    """Neville's tableau over ever smaller steps; each element keeps its best estimate."""
    best, error = rows[-1], np.full(rows.shape[1], np.inf)
    elements = np.arange(rows.shape[1])
    table = rows
    for j in range(1, _COLUMNS):
        factor = ratio ** (power * j)
        finer, coarser = table[1:], table[:-1]
        table = (factor * finer - coarser) / (factor - 1)
        spread = np.maximum(np.abs(table - finer), np.abs(table - coarser)) + noise[j:]
        spread = np.where(np.isnan(spread), np.inf, spread)
        place = np.argmin(spread, axis=0), elements
        found = table[place]
        finer_steps = np.arange(len(table))[:, None] > place[0]
        moves = np.abs(table - found) - SAFETY * noise[j:]  # of what finer steps say, beyond what roundings explain
        off = np.maximum(spread[place], np.nanmax(np.where(finer_steps, moves, 0.0), axis=0, initial=0.0))
        better = off < error
        best, error = np.where(better, found, best), np.where(better, off, error)
    jumps = np.abs(np.diff(rows, axis=0))
    settled = np.maximum(SAFETY * (noise[-1] + noise[-2]), 1e-2 * np.abs(rows[-1]))
    restless = (jumps[-1] > settled) & (2 * jumps[-1] >= np.nanmax(jumps, axis=0, initial=0.0))
    error = np.where(restless, np.inf, error)  # the finest steps say something new: what happens is nearer still
    return best, error + 2 * np.finfo(np.float64).eps * np.abs(best)


def _complex_step(curve: Curve) -> Array | None:
    r""":math:`\operatorname{Im} f(i h) / h`: no cancellation, if the curve is an analytic function."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)  # a function that takes real numbers alone
        try:
            result = curve(1j * _IMAGINARY)
        except Exception:  # whatever a function of real numbers does with complex ones
            return None
    return np.imag(result) / _IMAGINARY if result.dtype.kind == "c" else None


def stacked(slopes: Sequence[Slope]) -> Slope:
    """Slopes in several directions as one, these along the first axis."""
    low, high, error = (np.array([getattr(found, name) for found in slopes]) for name in ("low", "high", "error"))
    return Slope(low, high, error, certain=all(found.certain for found in slopes))


def with_complex_steps(slopes: Sequence[Slope]) -> list[Slope]:
    """The slopes of one function in several directions, by complex steps if these are right wherever that can be told.

    A function like `abs` takes complex numbers and gives them another meaning: one disagreement, and all are left out.
    """
    agreed = False
    for found in slopes:
        if found.exact is None:
            return list(slopes)
        tellable = found.error <= 1e-3 * np.abs(found.value)
        off = found.distance(found.exact)
        if np.any((off > SAFETY * found.error) & (tellable | (off > 1e3 * found.error))):
            return list(slopes)
        agreed = agreed or bool(np.any(tellable & ~found.kinks))
    return [_exactly(found) for found in slopes] if agreed else list(slopes)


def _exactly(found: Slope) -> Slope:
    exact = found.exact
    assert exact is not None
    eps = np.finfo(np.float64).eps
    step = _IMAGINARY**1.5  # what the step itself, squared, and numbers that are no longer normal may come to
    error = SAFETY * eps * np.abs(exact) + eps * np.max(np.abs(exact), initial=0.0) + step
    better = (error < found.error) & ~found.kinks
    low, high = (np.where(better, exact, end) for end in (found.low, found.high))
    return Slope(low, high, np.where(better, error, found.error), certain=bool(np.all(better)))


def noise_of(curve: Curve, width: float) -> Array:
    """How far the values of a curve are off, by how irregular they are over points `width` apart.

    Moré and Wild, "Estimating computational noise", SIAM Journal on Scientific Computing 33 (2011).
    """
    with np.errstate(all="ignore"):
        table = np.array([curve(width * k) for k in range(-3, 5)])
    noise = np.finfo(np.float64).eps * np.max(np.abs(table), axis=0)
    scale = 1.0
    for k in range(1, 6):
        table = np.diff(table, axis=0)
        scale *= k / (2 * (2 * k - 1))  # (k!)^2 / (2k)!
        if k >= 3:
            noise = np.maximum(noise, np.sqrt(scale * np.mean(table**2, axis=0)))
    return np.where(np.isfinite(noise), noise, np.inf)


def directional_derivative(
    function: Callable[..., Any], xs: Sequence[Any], directions: Sequence[Any], *, step: float = 1e-2
) -> tuple[Array, Array]:
    r"""The derivative :math:`\lim_{h \to 0} (f(x + h v) - f(x - h v)) / 2h`, and an estimate of its error.

    Parameters
    ----------
    function : callable
        Of arrays, returning an array.
    xs, directions : sequence of arrays
        Where, and in which direction.
    step : float
        The first, largest step: over it the function should change by less than its own size.

    Returns
    -------
    derivative, error : arrays of the shape of the result

    Examples
    --------
    >>> import numpy as np
    >>> derivative, error = directional_derivative(np.sin, [0.0], [1.0])
    >>> bool(abs(derivative - 1.0) <= error)
    True
    """
    shape = np.shape(function(*xs))
    scale = step / LARGEST

    def values(t: Any) -> Array:
        moved = (x + t * scale * v for x, v in zip(xs, directions, strict=True))
        return np.asarray(function(*moved)).reshape(-1)

    def parts(t: Any) -> Array:
        found = values(t)
        return np.concatenate([found.real, found.imag]) if np.isrealobj(t) else found

    found = slope(parts, analytic=not np.iscomplexobj(values(0.0)))
    if found.exact is not None:
        found = replace(found, exact=np.concatenate([found.exact, np.zeros_like(found.exact)]))
    (found,) = with_complex_steps([found])
    value, error = (np.split(a / scale, 2) for a in (found.value, found.error))
    if np.any(value[1]):
        return (value[0] + 1j * value[1]).reshape(shape), np.hypot(*error).reshape(shape)
    return value[0].reshape(shape), error[0].reshape(shape)
