r"""The gamma function's family: its logarithm, that one's derivatives of every order, the beta function.

Values are good to about :math:`10^{-14}` of themselves, near the zeros of `digamma` and of `lgamma` at negative numbers
of 1.  The incomplete gamma and beta functions are SciPy's (see `special.py`) and are differentiated with respect to
their upper limit; their other arguments are parameters, and a Tensor there that requires a gradient is an error.
"""

from __future__ import annotations

import functools
import math
import operator
from importlib import import_module
from typing import Any

import numpy as np

from autodiff.op import Array, Op, elementwise
from autodiff.rules.special import in_double, xlog1py, xlogy

_BERNOULLI = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330]
_HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)
_STIRLING_FROM = 8.0


# The zeta function of Hurwitz, and the derivatives of log gamma that it is


def _powers_from(s: int, z: Array) -> Array:
    """The sum of (z + k)^-s over k >= 0 for large z, by Euler and Maclaurin; for s = 1 without its infinite part."""
    w = 1 / z
    total = (-np.log(z) if s == 1 else z ** (1 - s) / (s - 1)) + 0.5 * z**-s
    rising = s * w ** (s + 1)
    for k, bernoulli in enumerate(_BERNOULLI, start=1):
        total = total + bernoulli / math.factorial(2 * k) * rising
        rising = rising * ((s + 2 * k - 1) * (s + 2 * k)) * (w * w)
    return total


def _zeta(s: int, x: Array) -> Array:
    r""":math:`\sum_{k \ge 0} (x + k)^{-s}` for x > 0: the first terms as they are."""
    large = 10 + s
    total = np.zeros_like(x)
    z = x
    for _ in range(large):
        few = z < large
        if not np.any(few):
            break
        total = total + np.where(few, np.where(few, z, 1) ** -s, 0)
        z = np.where(few, z + 1, z)
    return total + _powers_from(s, z)


def _sine_and_cotangent(x: Array) -> tuple[Array, Array]:
    """|sin(pi x)| and cot(pi x), exact about the zeros."""
    angle = np.pi * (x - np.rint(x))
    return np.abs(np.sin(angle)), 1 / np.tan(angle)


def _cotangent_slope(n: int) -> Any:
    """The n-th derivative of the cotangent as a polynomial in it: P_0 = c, and P_(n+1) = -(1 + c^2) P_n'."""
    p = np.poly1d([1, 0])
    for _ in range(n):
        p = np.poly1d([-1, 0, -1]) * p.deriv()
    return p


@in_double()
def _polygamma(x: Array, n: int = 0) -> Array:
    sign = 1 if n % 2 else -1
    reflected = x < 0
    y = sign * math.factorial(n) * _zeta(n + 1, np.where(reflected, 1 - x, x))
    if not np.any(reflected):
        return y
    slope = np.pi ** (n + 1) * _cotangent_slope(n)(_sine_and_cotangent(x)[1])
    pole = np.inf if n % 2 else np.nan
    return np.where(reflected, np.where(x == np.rint(x), pole, -sign * y - slope), y)


_EULER_GAMMA = 0.57721566490153286061


@functools.cache
def _about_two() -> list[float]:
    """lgamma(2 + e) / e about e = 0, highest power first: the coefficients are (-1)^k (zeta(k) - 1) / k."""
    return [*((-1) ** k * float(_zeta(k, np.float64(2))) / k for k in range(28, 1, -1)), 1 - _EULER_GAMMA]


def _lgamma_near(x: Array) -> Array:
    """log gamma for 0 <= x <= 8.5: from the series about 2, by steps of 1."""
    k = np.rint(x)
    e = x - k
    factor = np.ones_like(x)
    for j in range(2, 8):
        factor = np.where(k > j, factor * (j + e), factor)
    value = e * np.polyval(_about_two(), e) + np.log(factor)
    value = np.where(k < 2, value - np.log1p(e), value)
    return np.where(k < 1, value - np.log(e), value)


def _stirling(x: Array) -> Array:
    """What log gamma has beyond (x - 1/2) log x - x + log(2 pi)/2, for x >= 8."""
    w = 1 / (x * x)
    terms = [b / (2 * k * (2 * k - 1)) for k, b in enumerate(_BERNOULLI, start=1)]
    return np.polyval(terms[::-1], w) / x


def _log_of_gamma(x: Array) -> Array:
    size = np.where(x < 0, 1 - x, x)
    y = np.piecewise(
        size,
        [size < _STIRLING_FROM],
        [_lgamma_near, lambda x: (x - 0.5) * (np.log(x) - 1) + (_HALF_LOG_TWO_PI - 0.5) + _stirling(x)],
    )
    if np.any(x < 0):
        y = np.where(x < 0, math.log(math.pi) - np.log(_sine_and_cotangent(x)[0]) - y, y)
    return np.where(np.isinf(x), np.inf, y)


@in_double()
def _lgamma(x: Array) -> Array:
    return _log_of_gamma(x)


lgamma = elementwise(
    _lgamma, lambda y, x: digamma.on(x), name="lgamma", tex=r"\log \lvert \Gamma(#1) \rvert", domain=((0.1, 5.0),)
)
digamma: Op = elementwise(
    lambda x: _polygamma(x, n=0),
    lambda y, x: _polygamma_row.on(x, n=1),
    name="digamma",
    tex=r"\psi(#1)",
    domain=((0.1, 5.0),),
)
_polygamma_row: Op = elementwise(
    _polygamma,
    lambda y, x, n: _polygamma_row.on(x, n=n + 1),
    name="polygamma",
    tex=r"\psi^{(n)}(#1)",
    domain=lambda d: ((d.array(low=0.5),), {"n": d.integer(0, 4)}),
)
gammaln = lgamma


def polygamma(n: int, x: Array) -> Array:
    r"""The derivatives of log gamma: :math:`\psi^{(n)}(x) = \frac{d^{n+1}}{dx^{n+1}} \log \Gamma(x)`.

    Parameters
    ----------
    n : int
        The order, from 0 (`digamma`).
    x : array
        At its poles, the integers up to 0, infinity where both sides agree on it, else NaN.

    Raises
    ------
    TypeError, ValueError
        If `n` is not an integer, or negative, or so large that n! is no floating-point number.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.polygamma(1, ad.Tensor(1.0))
    Tensor(1.6449340668482264)
    """
    n = operator.index(n)
    if not 0 <= n <= 150:
        raise ValueError(f"polygamma: the order is from 0 to 150, got {n}")
    return digamma(x) if n == 0 else _polygamma_row(x, n=n)


# Beta


@in_double()
def _betaln(a: Array, b: Array) -> Array:
    plain = np.where((a == 0) | (b == 0), np.inf, _log_of_gamma(a) + _log_of_gamma(b) - _log_of_gamma(a + b))
    small, large = np.minimum(a, b), np.maximum(a, b)
    far = (large >= _STIRLING_FROM) & (small > 0)
    if not np.any(far):
        return plain
    large, low = np.where(far, large, _STIRLING_FROM), np.where(far, small, 1)
    fall = _stirling(large) - _stirling(low + large)  # log gamma(large) - log gamma(low + large), term by term
    fall = fall - (low + large - 0.5) * np.log1p(low / large) - low * (np.log(large) - 1)
    return np.where(far, _log_of_gamma(low) + fall, plain)


def _sign_of_gamma(x: Array) -> Array:
    return np.where((x < 0) & (np.floor(x) % 2 == 1), -1.0, 1.0)


@in_double()
def _beta(a: Array, b: Array) -> Array:
    return _sign_of_gamma(a) * _sign_of_gamma(b) * _sign_of_gamma(a + b) * np.exp(_betaln(a, b))


def _betaln_slope(a: Array, b: Array) -> Array:
    return digamma.on(a) - digamma.on(a + b)


_TWO_POSITIVE = ((0.2, 5.0), (0.2, 5.0))
betaln = elementwise(
    _betaln,
    lambda y, a, b: _betaln_slope(a, b),
    lambda y, a, b: _betaln_slope(b, a),
    name="betaln",
    tex=r"\log \lvert B(#1, #2) \rvert",
    domain=_TWO_POSITIVE,
)
beta = elementwise(
    _beta,
    lambda y, a, b: y * _betaln_slope(a, b),
    lambda y, a, b: y * _betaln_slope(b, a),
    name="beta",
    tex=r"B(#1, #2)",
    domain=_TWO_POSITIVE,
)

# Incomplete gamma and beta functions


@functools.cache
def _scipy(name: str) -> Any:
    """A function of `scipy.special`."""
    try:
        special = import_module("scipy.special")
    except ImportError:
        raise ImportError(f"{name} takes its values from SciPy: pip install 'autodiff-nn[scipy]'") from None
    return getattr(special, name)


@in_double()
def _gammainc(x: Array, a: Array = None) -> Array:
    return _scipy("gammainc")(a, x)


@in_double()
def _gammaincc(x: Array, a: Array = None) -> Array:
    return _scipy("gammaincc")(a, x)


@in_double()
def _betainc(x: Array, a: Array = None, b: Array = None) -> Array:
    return _scipy("betainc")(a, b, x)


def _gamma_density(x: Array, a: Array) -> Array:
    return np.exp(xlogy.on(a - 1, x) - x - lgamma.forward(a))


def _beta_density(x: Array, a: Array, b: Array) -> Array:
    return np.exp(xlogy.on(a - 1, x) + xlog1py.on(b - 1, -x) - betaln.forward(a, b))


def _incomplete(*names: str, high: float) -> Any:
    """The calls of an incomplete function with these parameters."""

    def calls(d: Any) -> Any:
        d.needs("scipy")
        return (d.array(low=0.05, high=high),), {name: 0.5 * d.integer(1, 8) for name in names}

    return calls


_gammainc_row = elementwise(
    _gammainc, lambda y, x, a: _gamma_density(x, a), name="gammainc", tex=r"P(a, #1)", domain=_incomplete("a", high=5.0)
)
_gammaincc_row = elementwise(
    _gammaincc,
    lambda y, x, a: -_gamma_density(x, a),
    name="gammaincc",
    tex=r"Q(a, #1)",
    domain=_incomplete("a", high=5.0),
)
_betainc_row = elementwise(
    _betainc,
    lambda y, x, a, b: _beta_density(x, a, b),
    name="betainc",
    tex=r"I_{#1}(a, b)",
    domain=_incomplete("a", "b", high=0.95),
)


def gammainc(a: Array, x: Array) -> Array:
    r"""Lower incomplete gamma function: :math:`P(a, x) = \frac{1}{\Gamma(a)} \int_0^x t^{a-1} e^{-t} \, dt`.

    Parameters
    ----------
    a : array
        A parameter: no derivative with respect to it is known.
    x : array

    Raises
    ------
    TypeError
        If `a` requires a gradient.
    ImportError
        If SciPy is not installed.
    """
    return _gammainc_row(x, a=a)


def gammaincc(a: Array, x: Array) -> Array:
    r"""Upper incomplete gamma function: :math:`Q(a, x) = 1 - P(a, x)`; see `gammainc`."""
    return _gammaincc_row(x, a=a)


def betainc(a: Array, b: Array, x: Array) -> Array:
    r"""Incomplete beta function: :math:`I_x(a, b) = \frac{1}{B(a, b)} \int_0^x t^{a-1} (1 - t)^{b-1} \, dt`.

    Parameters
    ----------
    a, b : array
        Parameters: no derivative with respect to them is known.
    x : array
        From 0 to 1.

    Raises
    ------
    TypeError
        If `a` or `b` requires a gradient.
    ImportError
        If SciPy is not installed.
    """
    return _betainc_row(x, a=a, b=b)
