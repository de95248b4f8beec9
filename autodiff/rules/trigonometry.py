"""Trigonometric and hyperbolic functions, and their inverses."""

from __future__ import annotations

import numpy as np

from autodiff.op import Array, elementwise, implements
from autodiff.rules.arithmetic import degrees, imag, real, values

_UNIT = ((-0.95, 0.95),)

sin = elementwise(np.sin, lambda y, x: np.cos(x), tex=r"\sin #1")
cos = elementwise(np.cos, lambda y, x: -np.sin(x), tex=r"\cos #1")
tan = elementwise(np.tan, lambda y, x: 1 + y * y, tex=r"\tan #1", domain=((-1.4, 1.4),))
asin = elementwise(np.arcsin, lambda y, x: 1 / np.sqrt((1 - x) * (1 + x)), name="asin", tex=r"\arcsin #1", domain=_UNIT)
acos = elementwise(
    np.arccos, lambda y, x: -1 / np.sqrt((1 - x) * (1 + x)), name="acos", tex=r"\arccos #1", domain=_UNIT
)
atan = elementwise(np.arctan, lambda y, x: 1 / (1 + x * x), name="atan", tex=r"\arctan #1")


def _squared_radius(a: Array, b: Array) -> Array:
    """a^2 + b^2, and 1 at the origin, where the angle has no derivative and 0 is its convention."""
    r2 = a * a + b * b
    return np.where(r2 == 0, 1, r2)


atan2 = elementwise(
    np.arctan2,
    lambda y, a, b: b / _squared_radius(a, b),
    lambda y, a, b: -a / _squared_radius(a, b),
    name="atan2",
    tex=r"\operatorname{atan2}(#1, #2)",
    domain=((-5.0, 5.0), (0.1, 5.0)),
)

sinh = elementwise(np.sinh, lambda y, x: np.cosh(x), tex=r"\sinh #1")
cosh = elementwise(np.cosh, lambda y, x: np.sinh(x), tex=r"\cosh #1")
tanh = elementwise(np.tanh, lambda y, x: 1 - y * y, tex=r"\tanh #1")
asinh = elementwise(np.arcsinh, lambda y, x: 1 / np.sqrt(1 + x * x), name="asinh", tex=r"\operatorname{arsinh} #1")
acosh = elementwise(
    np.arccosh,
    lambda y, x: 1 / (np.sqrt(x - 1) * np.sqrt(x + 1)),
    name="acosh",
    tex=r"\operatorname{arcosh} #1",
    domain=((1.1, 5.0),),
)
atanh = elementwise(
    np.arctanh, lambda y, x: 1 / ((1 - x) * (1 + x)), name="atanh", tex=r"\operatorname{artanh} #1", domain=_UNIT
)


@implements(np.angle)
def angle(z: Array, deg: bool = False) -> Array:
    r"""The angle of a complex number: :math:`\operatorname{atan2}(\operatorname{Im} z, \operatorname{Re} z)`.

    Parameters
    ----------
    z : array
    deg : bool
        In degrees, not radians.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.angle(ad.Tensor(1.0 + 1.0j), deg=True)
    Tensor(45.0)
    """
    parts = (imag(z), real(z)) if values(z).dtype.kind == "c" else (np.zeros_like(values(z)), z)
    return degrees(atan2(*parts)) if deg else atan2(*parts)
