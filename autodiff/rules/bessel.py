r"""Bessel functions of integer order: the modified ones of the von Mises distribution, and the sampling function.

Each family is closed under differentiation without ever dividing by x,

.. math:: I_n' = \tfrac12 (I_{n-1} + I_{n+1}), \qquad j_n' = \frac{n j_{n-1} - (n + 1) j_{n+1}}{2n + 1},

so that derivatives at 0 are exact to any order; :math:`\operatorname{sinc} x = j_0(\pi x)`.  Abramowitz and Stegun,
"Handbook of Mathematical Functions", 9.6.26 and 10.1.20.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.op import Array, Op, elementwise
from autodiff.rules.special import in_double

# Modified Bessel functions of the first kind


def _power_series(z: Array, n: int, terms: int) -> Array:
    """I_n(z) e^-z: all terms have one sign."""
    term = np.exp(-z) * (0.5 * z) ** n / math.factorial(n)
    total = term
    for k in range(1, terms):
        term = term * (0.25 * z * z / (k * (n + k)))
        total = total + term
    return total


def _asymptotic_series(z: Array, n: int) -> Array:
    """I_n(z) e^-z for large z (Abramowitz and Stegun, 9.7.1)."""
    term = 1 / np.sqrt(2 * np.pi * z)
    total = term
    for k in range(1, 32):
        term = term * (((2 * k - 1) ** 2 - 4 * n * n) / (8 * k * z))
        total = total + term
    return total


def _scaled(x: Array, n: int) -> Array:
    n = abs(n)
    large = max(20, n * n)
    z = np.abs(x)
    y = np.piecewise(
        z,
        [z < large],
        [lambda z: _power_series(z, n, 3 * large // 2 + 20), lambda z: _asymptotic_series(z, n)],
    )
    return np.sign(x) * y if n % 2 else y


@in_double()
def _ive(x: Array, n: int = 0) -> Array:
    return _scaled(x, n)


@in_double()
def _iv(x: Array, n: int = 0) -> Array:
    half = np.exp(0.5 * np.abs(x))  # twice, since the whole may overflow where the product does not
    return half * _scaled(x, n) * half


def _orders(d: Any) -> Any:
    return (d.array(),), {"n": d.integer(0, 3)}


iv: Op = elementwise(
    _iv, lambda y, x, n: 0.5 * (iv.on(x, n=n - 1) + iv.on(x, n=n + 1)), name="iv", tex="I_n(#1)", domain=_orders
)
ive: Op = elementwise(
    _ive,
    lambda y, x, n: 0.5 * (ive.on(x, n=n - 1) + ive.on(x, n=n + 1)) - np.sign(x) * y,
    name="ive",
    tex=r"e^{-\lvert #1 \rvert} I_n(#1)",
    domain=_orders,
    kinks=lambda x, n: x,
)
i0 = elementwise(np.i0, lambda y, x: iv.on(x, n=1), name="i0", tex="I_0(#1)")


def i0e(x: Array) -> Array:
    r"""Scaled modified Bessel function of order 0: :math:`e^{-|x|} I_0(x)`; its derivative at 0 is 0 by convention.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.i0e(ad.Tensor([0.0, 1000.0]))
    Tensor([1.        , 0.01261724])
    """
    return ive(x, n=0)


def i1(x: Array) -> Array:
    r"""Modified Bessel function of order 1: :math:`I_1(x) = I_0'(x)`."""
    return iv(x, n=1)


def i1e(x: Array) -> Array:
    r"""Scaled modified Bessel function of order 1: :math:`e^{-|x|} I_1(x)`."""
    return ive(x, n=1)


# Spherical Bessel functions


def _spherical_series(z: Array, n: int) -> Array:
    """j_n(z) by its power series, for |z| < n + 1."""
    term = z**n / math.prod(range(1, 2 * n + 2, 2))
    total = term
    for k in range(1, 20 + n):
        term = term * (-0.5 * z * z / (k * (2 * n + 2 * k + 1)))
        total = total + term
    return total


def _spherical_upward(z: Array, n: int) -> Array:
    """j_n(z) from j_0 and j_1 by recurrence, which is stable for |z| > n."""
    before, here = np.cos(z) / z, np.sin(z) / z
    for m in range(n):
        before, here = here, (2 * m + 1) / z * here - before
    return here


@in_double(complex_too=True)
def _spherical_jn(x: Array, n: int = 0) -> Array:
    return np.piecewise(
        x,
        [np.abs(x) < n + 1],
        [lambda z: _spherical_series(z, n), lambda z: _spherical_upward(z, n)],
    )


spherical_jn: Op = elementwise(
    _spherical_jn,
    lambda y, x, n: (
        (n * spherical_jn.on(x, n=n - 1) if n else 0) / (2 * n + 1)
        - (n + 1) / (2 * n + 1) * spherical_jn.on(x, n=n + 1)
    ),
    name="spherical_jn",
    tex="j_n(#1)",
    domain=_orders,
)
sinc = elementwise(
    np.sinc,
    lambda y, x: -np.pi * spherical_jn.on(np.pi * x, n=1),
    name="sinc",
    tex=r"\operatorname{sinc}(#1)",
)
