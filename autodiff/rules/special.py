"""Special functions that NumPy lacks."""

from __future__ import annotations

import math

import numpy as np

from autodiff.op import Array, elementwise

# W. J. Cody, "Rational Chebyshev approximations for the error function", Mathematics of Computation 23 (1969), pages
# 631 to 637: numerators and denominators, highest power first, for |x| <= 0.46875, for |x| <= 4, and for 1/x^2 beyond.
_NEAR = (
    [
        1.85777706184603153e-1,
        3.16112374387056560e0,
        1.13864154151050156e2,
        3.77485237685302021e2,
        3.20937758913846947e3,
    ],
    [1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3],
)
_MIDDLE = (
    [2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0, 6.61191906371416295e1,
     2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3, 1.23033935479799725e3],
    [1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
     3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3],
)  # fmt: skip
_FAR = (
    [1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
     1.60837851487422766e-2, 6.58749161529837803e-4],
    [1.0, 2.56852019228982242e0, 1.87295284992346725e0, 5.27905102951428412e-1, 6.05183413124413191e-2,
     2.33520497626869185e-3],
)  # fmt: skip
_TWO_OVER_SQRT_PI = 2 / math.sqrt(math.pi)


def _ratio(x: Array, coefficients: tuple[list[float], list[float]]) -> Array:
    return np.polyval(coefficients[0], x) / np.polyval(coefficients[1], x)


def _erfc_beyond(z: Array) -> Array:
    """erfc for z > 0.46875; e^(-z^2) is split so that the square's rounding does not count."""
    scaled = np.empty_like(z)
    middle = z <= 4
    scaled[middle] = _ratio(z[middle], _MIDDLE)
    far = z[~middle]
    w = 1 / np.square(far)
    scaled[~middle] = (1 / math.sqrt(math.pi) - w * _ratio(w, _FAR)) / far
    head = np.trunc(z * 16) / 16
    return np.exp(-head * head) * np.exp(-(z - head) * (z + head)) * scaled


def _error_function(x: Array, complement: bool) -> Array:
    x = np.asarray(x)
    if x.dtype.kind == "c":
        raise TypeError(f"the error function takes real numbers, got dtype {x.dtype}")
    wide = np.minimum(np.abs(x), 30.0).astype(np.float64)  # beyond 27 all is 0 or 1 (NaN stays)
    flat, size = np.ravel(np.sign(x)), np.ravel(wide)
    y = np.empty_like(size)
    near = ~(size > 0.46875)
    z = size[near]
    small = flat[near] * z * _ratio(z * z, _NEAR)
    y[near] = 1 - small if complement else small
    tail = _erfc_beyond(size[~near])
    if complement:
        y[~near] = np.where(flat[~near] > 0, tail, 2 - tail)
    else:
        y[~near] = flat[~near] * (1 - tail)
    return y.reshape(x.shape).astype(x.dtype if x.dtype.kind == "f" else np.float64)[()]


erf = elementwise(
    lambda x: _error_function(x, complement=False),
    lambda y, x: _TWO_OVER_SQRT_PI * np.exp(-x * x),
    name="erf",
    tex=r"\operatorname{erf}(#1)",
)
erfc = elementwise(
    lambda x: _error_function(x, complement=True),
    lambda y, x: -_TWO_OVER_SQRT_PI * np.exp(-x * x),
    name="erfc",
    tex=r"\operatorname{erfc}(#1)",
)
