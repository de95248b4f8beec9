"""Derivatives without the chain rule: an oracle that knows its own error."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_SHRINK = 1.6
_ROWS = 10


def directional_derivative(
    function: Callable[..., Any], xs: Sequence[Any], directions: Sequence[Any], *, step: float = 1e-3
) -> tuple[Array, Array]:
    r"""The derivative :math:`\lim_{h \to 0} (f(x + h v) - f(x - h v)) / 2h`, and an estimate of its error.

    Central differences, extrapolated to step 0.  Where the function takes complex numbers and its complex step
    :math:`\operatorname{Im} f(x + i h v) / h` lies within the error of those, the complex step is returned: it has no
    cancellation, and is exact to rounding.

    Parameters
    ----------
    function : callable
        Of arrays, returning an array of real numbers.
    xs, directions : sequence of arrays
        Where, and in which direction.
    step : float
        The first, largest step; values are expected to be of order one.

    Returns
    -------
    derivative, error : arrays of the shape of the result

    Notes
    -----
    Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", Advances in Engineering Software 4 (1982); Squire and
    Trapp, "Using complex variables to estimate derivatives of real functions", SIAM Review 40 (1998).

    Examples
    --------
    >>> import numpy as np
    >>> slope, error = directional_derivative(np.sin, [0.0], [1.0])
    >>> bool(abs(slope - 1.0) <= error)
    True
    """
    slope, error = _extrapolated(function, xs, directions, step)
    exact = _complex_step(function, xs, directions)
    if exact is None:
        return slope, error
    agrees = np.abs(exact - slope) <= 10 * error
    return np.where(agrees, exact, slope), np.where(agrees, 1e-15 * np.abs(exact), error)


def _at(function: Callable[..., Any], xs: Sequence[Any], directions: Sequence[Any], h: complex) -> Array:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)  # a function that takes real numbers alone
        return np.asarray(function(*(x + h * v for x, v in zip(xs, directions, strict=True))))


def _extrapolated(
    function: Callable[..., Any], xs: Sequence[Any], directions: Sequence[Any], step: float
) -> tuple[Array, Array]:
    """Ridders' method: a Neville tableau over ever smaller steps; each element keeps its best estimate."""
    best = error = np.asarray(np.nan)
    row: list[Array] = []
    for k in range(_ROWS):
        h = step / _SHRINK**k
        above, below = _at(function, xs, directions, h), _at(function, xs, directions, -h)
        new = [(above - below) / (2 * h)]
        rounding = 1e-16 * np.maximum(np.abs(above), np.abs(below)) / h
        for j, previous in enumerate(row):
            factor = _SHRINK ** (2 * (j + 1))
            new.append((factor * new[j] - previous) / (factor - 1))
            spread = np.maximum(np.abs(new[j + 1] - new[j]), np.abs(new[j + 1] - previous)) + rounding
            better = ~(spread >= error)
            best, error = np.where(better, new[j + 1], best), np.where(better, spread, error)
        row = new
    return best, error


def _complex_step(function: Callable[..., Any], xs: Sequence[Any], directions: Sequence[Any]) -> Array | None:
    h = 1e-30
    try:
        result = _at(function, xs, directions, 1j * h)
    except (TypeError, ValueError, np.exceptions.ComplexWarning):
        return None
    return np.imag(result) / h if result.dtype.kind == "c" else None
