r"""Special functions: the error function and the normal distribution, and logarithms that know where 0 times one is 0.

Where values come from, here and in the files beside this one (`gamma.py`, `bessel.py`): a function has **one**
implementation, whatever else is installed, so that a number never depends on it.  Those that losses and statistics live
on are NumPy code, computed in double precision and given out in the precision of the argument: rational approximations
(Cody, Wichura), Stirling's and Euler-Maclaurin's series with recurrences, power and asymptotic series.  They agree with
SciPy to the accuracy that each one states.  The rare ones whose algorithms are long, the incomplete gamma and beta
functions, are SciPy's, imported when first used: ``pip install 'autodiff-nn[scipy]'``.  Derivatives need no SciPy, and
every family here is closed under differentiation, so that derivatives are exact to any order.

All are functions of real numbers, and say so of complex ones.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.op import Array, elementwise


def in_double(complex_too: bool = False) -> Callable[[Callable[..., Array]], Callable[..., Array]]:
    """Compute in double precision, without warnings, and give the result in the precision of the arguments."""

    def decorate(function: Callable[..., Array]) -> Callable[..., Array]:
        @functools.wraps(function)
        def forward(*xs: Array, **params: Any) -> Array:
            dtype = np.result_type(*xs)
            if dtype.kind == "c" and not complex_too:
                raise TypeError(f"{function.__name__.strip('_')} takes real numbers, got dtype {dtype}")
            wide = np.complex128 if dtype.kind == "c" else np.float64
            with np.errstate(all="ignore"):
                y = function(*(np.asarray(x, wide) for x in xs), **params)
            return y.astype(dtype if dtype.kind in "fc" else wide)[()]

        return forward

    return decorate


# The error function
#
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
_SQRT_HALF = math.sqrt(0.5)
_SQRT_PI = math.sqrt(math.pi)
_TWO_OVER_SQRT_PI = 2 / _SQRT_PI


def _ratio(x: Array, coefficients: tuple[list[float], list[float]]) -> Array:
    return np.polyval(coefficients[0], x) / np.polyval(coefficients[1], x)


def _erf_near(x: Array) -> Array:
    """erf for |x| <= 0.46875."""
    return x * _ratio(x * x, _NEAR)


def _erfcx_beyond(z: Array) -> Array:
    """e^(z^2) erfc(z) for z > 0.46875."""

    def far(z: Array) -> Array:
        w = 1 / np.square(z)
        return (1 / _SQRT_PI - w * _ratio(w, _FAR)) / z

    return np.piecewise(z, [z <= 4], [lambda z: _ratio(z, _MIDDLE), far])


def _gaussian(z: Array, sign: int) -> Array:
    """e^(z^2), or e^(-z^2); the exponent is split so that the square's rounding does not count."""
    head = np.trunc(z * 16) / 16
    return np.exp(sign * head * head) * np.exp(sign * (z - head) * (z + head))


def _erfc_beyond(z: Array) -> Array:
    z = np.minimum(z, 30.0)  # beyond 27 all is 0 (NaN stays)
    return _gaussian(z, -1) * _erfcx_beyond(z)


def _pieces(x: Array, near: Any, above: Any, below: Any) -> Array:
    """A function by its pieces: for |x| <= 0.46875, above, and below."""
    return np.piecewise(x, [np.abs(x) <= 0.46875, x < -0.46875], [near, below, above])


@in_double()
def _erf(x: Array) -> Array:
    return _pieces(x, _erf_near, lambda x: 1 - _erfc_beyond(x), lambda x: _erfc_beyond(-x) - 1)


@in_double()
def _erfc(x: Array) -> Array:
    return _pieces(x, lambda x: 1 - _erf_near(x), _erfc_beyond, lambda x: 2 - _erfc_beyond(-x))


@in_double()
def _erfcx(x: Array) -> Array:
    return _pieces(
        x,
        lambda x: np.exp(x * x) * (1 - _erf_near(x)),
        _erfcx_beyond,
        lambda x: 2 * _gaussian(np.maximum(x, -30.0), 1) - _erfcx_beyond(-x),
    )


#: Of erfcx' = -(1/sqrt(pi)) (1 - 3/(2 x^2) + 15/(4 x^4) - ...) / x^2 far out: the series, highest power of 1/x^2 first.
_ERFCX_SLOPE = [(-1) ** k * math.prod(range(3, 2 * k + 2, 2)) / 2**k for k in range(12, -1, -1)]


def _erfcx_slope(y: Array, x: Array) -> Array:
    """2 x y - 2/sqrt(pi), and where these cancel the asymptotic series."""
    far = x > 12
    w = 1 / np.square(np.where(far, x, 12))
    series = 0 * w
    for coefficient in _ERFCX_SLOPE:
        series = series * w + coefficient
    return np.where(far, -w * series / _SQRT_PI, 2 * x * y - _TWO_OVER_SQRT_PI)


erf = elementwise(_erf, lambda y, x: _TWO_OVER_SQRT_PI * np.exp(-x * x), name="erf", tex=r"\operatorname{erf}(#1)")
erfc = elementwise(_erfc, lambda y, x: -_TWO_OVER_SQRT_PI * np.exp(-x * x), name="erfc", tex=r"\operatorname{erfc}(#1)")
erfcx = elementwise(_erfcx, _erfcx_slope, name="erfcx", tex=r"e^{#1^2} \operatorname{erfc}(#1)")

# The normal distribution
#
# M. J. Wichura, "Algorithm AS 241: The percentage points of the normal distribution", Applied Statistics 37 (1988),
# pages 477 to 484: numerators and denominators, highest power first.
_CENTRE = (
    [2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
     1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0],
    [5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
     5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0],
)  # fmt: skip
_TAIL = (
    [7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0,
     3.64784832476320460504e0, 5.76949722146069140550e0, 4.63033784615654529590e0, 1.42343711074968357734e0],
    [1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
     6.89767334985100004550e-1, 1.67638483018380384940e0, 2.05319162663775882187e0, 1.0],
)  # fmt: skip
_FAR_TAIL = (
    [2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
     2.96560571828504891230e-1, 1.78482653991729133580e0, 5.46378491116411436990e0, 6.65790464350110377720e0],
    [2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
     1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0],
)  # fmt: skip
_SQRT_TWO_PI = math.sqrt(2 * math.pi)


def _normal_quantile(q: Array, tail: Array) -> Array:
    """Where the distribution function is 1/2 + q; `tail` is what is left to the nearer end, 1/2 - |q|."""
    r = np.sqrt(-np.log(tail))
    outer: Array = np.where(r <= 5, _ratio(r - 1.6, _TAIL), _ratio(r - 5, _FAR_TAIL))
    outer = np.copysign(np.where(tail == 0, np.inf, outer), q)
    return np.where(np.abs(q) <= 0.425, q * _ratio(0.180625 - q * q, _CENTRE), outer)


@in_double()
def _erfinv(x: Array) -> Array:
    return _SQRT_HALF * _normal_quantile(0.5 * x, 0.5 * (1 - np.abs(x)))


@in_double()
def _ndtri(x: Array) -> Array:
    return _normal_quantile(x - 0.5, np.minimum(x, 1 - x))


@in_double()
def _log_ndtr(x: Array) -> Array:
    return np.piecewise(
        x,
        [x < -1, x > 1],
        [
            lambda x: np.log(0.5 * _erfcx_beyond(-_SQRT_HALF * x)) - 0.5 * x * x,
            lambda x: np.log1p(-0.5 * _erfc_beyond(_SQRT_HALF * x)),
            lambda x: np.log(0.5 * _erfc(-_SQRT_HALF * x)),
        ],
    )


def _inverse_mills_ratio(y: Array, x: Array) -> Array:
    r""":math:`\varphi(x) / \Phi(x)`: on the left without underflow, on the right without overflow."""
    below, above = np.where(x > 0, 0, x), np.where(x > 0, x, 0)
    left, right = 1 / erfcx.on(-_SQRT_HALF * below), np.exp(-0.5 * above * above) / erfc.on(-_SQRT_HALF * above)
    return math.sqrt(2 / math.pi) * np.where(x > 0, right, left)


erfinv = elementwise(
    _erfinv,
    lambda y, x: 0.5 * _SQRT_PI * np.exp(y * y),
    name="erfinv",
    tex=r"\operatorname{erf}^{-1}(#1)",
    domain=((-0.95, 0.95),),
)
ndtri = elementwise(
    _ndtri,
    lambda y, x: _SQRT_TWO_PI * np.exp(0.5 * y * y),
    name="ndtri",
    tex=r"\Phi^{-1}(#1)",
    domain=((0.05, 0.95),),
)
log_ndtr = elementwise(
    _log_ndtr,
    _inverse_mills_ratio,
    name="log_ndtr",
    tex=r"\log \Phi(#1)",
)


def ndtr(x: Array) -> Array:
    r"""The normal distribution function: :math:`\Phi(x) = \tfrac12 \operatorname{erfc}(-x / \sqrt 2)`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.ndtr(ad.Tensor([0.0, 1.0]))
    Tensor([0.5       , 0.84134475])
    """
    return 0.5 * erfc(-_SQRT_HALF * x)


# Logarithms: 0 times the logarithm of 0 is 0, and so are the derivatives there


def _product_with(logarithm: Callable[[Array], Array]) -> Callable[..., Array]:
    @in_double()
    def product(x: Array, y: Array) -> Array:
        return np.where((x == 0) & ~np.isnan(y), 0.0, x * logarithm(y))

    return product


def _idle(x: Array, y: Array, edge: float) -> Array:
    """Where a factor 0 stands before a logarithm that is infinite or has no value."""
    return (x == 0) & (y <= edge)


def _slopes_with(logarithm: Callable[[Array], Array], edge: float) -> tuple[Callable[..., Array], Callable[..., Array]]:
    """The partial derivatives log y and x / y; 0 where the factor is idle."""

    def of_factor(value: Array, x: Array, y: Array) -> Array:
        idle = _idle(x, y, edge)
        return np.where(idle, 0, logarithm(np.where(idle, edge + 1, y)))

    def of_number(value: Array, x: Array, y: Array) -> Array:
        idle = _idle(x, y, edge)
        return np.where(idle, 0, x / (np.where(idle, edge + 1, y) - edge))

    return of_factor, of_number


_LOGARITHM_OF: dict[str, Any] = {"domain": ((-5.0, 5.0), (0.1, 5.0))}
xlogy = elementwise(_product_with(np.log), *_slopes_with(np.log, 0.0), name="xlogy", tex=r"#1 \log #2", **_LOGARITHM_OF)
xlog1py = elementwise(
    _product_with(np.log1p), *_slopes_with(np.log1p, -1.0), name="xlog1py", tex=r"#1 \log(1 + #2)", **_LOGARITHM_OF
)


@in_double()
def _logit(x: Array) -> Array:
    middle = np.abs(x - 0.5) < 0.25
    return np.where(middle, 2 * np.arctanh(2 * x - 1), np.log(x) - np.log1p(-x))


@in_double()
def _entr(x: Array) -> Array:
    return np.where(x < 0, -np.inf, -x * np.log(np.where(x == 0, 1, x)))


@in_double()
def _rel_entr(x: Array, y: Array) -> Array:
    ratio = x / y
    usual = (ratio > 1e-300) & (ratio < 1e300)
    value = x * np.where(usual, np.log(ratio), np.log(x) - np.log(y))
    outside = ((x < 0) | (y < 0)) & ~np.isnan(x + y)
    return np.where((x == 0) & (y >= 0), 0.0, np.where(outside, np.inf, value))


def _inside(x: Array, y: Array) -> Array:
    return (x > 0) & (y > 0)


logit = elementwise(
    _logit, lambda y, x: 1 / (x * (1 - x)), name="logit", tex=r"\log \frac{#1}{1 - #1}", domain=((0.05, 0.95),)
)
entr = elementwise(
    _entr,
    lambda y, x: np.where(x > 0, -1 - np.log(np.where(x > 0, x, 1)), 0),
    name="entr",
    tex=r"-#1 \log #1",
    domain=((0.1, 5.0),),
)
rel_entr = elementwise(
    _rel_entr,
    lambda v, x, y: np.where(_inside(x, y), 1 + np.log(np.where(_inside(x, y), x / y, 1)), 0),
    lambda v, x, y: np.where(_inside(x, y), -x / np.where(_inside(x, y), y, 1), 0),
    name="rel_entr",
    tex=r"#1 \log \frac{#1}{#2}",
    domain=((0.1, 5.0), (0.1, 5.0)),
)
