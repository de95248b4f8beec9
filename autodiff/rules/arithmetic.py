"""Arithmetic, powers, comparisons, rounding: elementwise, with NumPy's broadcasting and promotion."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autodiff.op import Array, elementwise, implements, linear, primitive

# The domain of a value that may be anything but zero, where only one sign is worth a test.
POSITIVE = (0.1, 5.0)
ANY = (-5.0, 5.0)


def floating(x: Array) -> Array:
    """The same in floating point: integers have neither infinities nor, often, signs."""
    dtype = getattr(x, "dtype", None)
    return x if dtype is None or dtype.kind in "fc" else x.astype(np.float64)


stop_gradient = primitive(
    lambda x: x, name="stop_gradient", tex=r"\operatorname{sg}(#1)", domain=lambda d: ((d.array(),), {})
)


def as_array(x: Array) -> Array:
    """An array or a Tensor as it is; numbers and sequences as an array."""
    return x if hasattr(x, "dtype") else np.asarray(x)


def values(x: Array) -> Array:
    """A plain array of the numbers: what decides between branches, and where things lie, has no derivative."""
    return np.asarray(stop_gradient(x))


def ordered(x: Array) -> Array:
    """The same, which has to be real: complex numbers are neither large nor small."""
    if type(x) is complex or (hasattr(x, "dtype") and x.dtype.kind == "c"):
        raise TypeError(f"expected real numbers, which have an order, got {getattr(x, 'dtype', x)}")
    return x


# Sums and products

add = elementwise(operator.add, 1, 1, name="add", tex="#1 + #2")
subtract = elementwise(operator.sub, 1, -1, name="subtract", tex="#1 - #2")
multiply = elementwise(operator.mul, lambda y, a, b: b, lambda y, a, b: a, name="multiply", tex=r"#1 \odot #2")
divide = elementwise(
    operator.truediv,
    lambda y, a, b: 1 / b,
    lambda y, a, b: -(a / b) / b,
    name="divide",
    tex=r"\frac{#1}{#2}",
    domain=(ANY, POSITIVE),
)
negative = elementwise(operator.neg, -1, name="negative", tex="-#1")
positive = elementwise(np.positive, 1, tex="+#1")
reciprocal = elementwise(np.reciprocal, lambda y, x: -y * y, tex=r"\frac{1}{#1}", domain=(POSITIVE,))
square = elementwise(np.square, lambda y, x: 2 * x, tex="#1^2")


def as_tensor(x: Array) -> Array:
    """A Tensor of the numbers: also of an array, a sequence, a number; booleans as 0 and 1."""
    return add(x, 0)


# Powers and roots


def _power_of_base(y: Array, x: Array, p: Array) -> Array:
    """p x^(p-1), and 0 for x^0 even at x = 0."""
    if isinstance(p, (int, float)):
        return p * x ** (p - 1) if p else np.zeros_like(x)
    return p * np.where((x == 0) & (p == 0), 1, x) ** (floating(p) - 1)


def _power_of_exponent(y: Array, x: Array, p: Array) -> Array:
    """x^p log x, and its limit 0 at x = 0."""
    return y * np.log(np.where(x == 0, 1, x).astype(y.dtype))  # complex where y is, also of a negative real base


power = elementwise(
    operator.pow, _power_of_base, _power_of_exponent, name="power", tex="#1^{#2}", domain=(POSITIVE, ANY)
)
float_power = elementwise(np.float_power, _power_of_base, _power_of_exponent, tex="#1^{#2}", domain=(POSITIVE, ANY))
sqrt = elementwise(np.sqrt, lambda y, x: 0.5 / np.sqrt(x), tex=r"\sqrt{#1}", domain=(POSITIVE,))
cbrt = elementwise(np.cbrt, lambda y, x: 1 / (3 * y * y), tex=r"\sqrt[3]{#1}", kinks=lambda x: x)
hypot = elementwise(
    np.hypot,
    lambda y, a, b: a / np.where(y == 0, 1, y),
    lambda y, a, b: b / np.where(y == 0, 1, y),
    tex=r"\sqrt{#1^2 + #2^2}",
    kinks=lambda a, b: np.hypot(a, b),
)

# Signs, extremes, rounding

abs = elementwise(np.abs, lambda y, x: np.conj(np.sign(x)), name="abs", tex=r"\lvert #1 \rvert", kinks=lambda x: x)
fabs = elementwise(np.fabs, lambda y, x: np.sign(x), tex=r"\lvert #1 \rvert", kinks=lambda x: x)


def _turned(v: Array, x: Array, y: Array) -> Array:
    r"""How y = x/|x| turns as x moves by v, :math:`i y \operatorname{Im}(\bar y v) / |x|`; real ones do not."""
    if x.dtype.kind != "c":
        return np.zeros_like(v)
    size = np.abs(x)
    return 1j * y * np.imag(np.conj(y) * v) / np.where(size == 0, 1, size)


sign = primitive(
    np.sign,
    lambda g, y, x: np.conj(_turned(np.conj(g), x, y)),
    push=lambda dxs, y, x: _turned(dxs[0], x, y),
    name="sign",
    tex=r"\operatorname{sign}(#1)",
    domain=lambda d: ((d.array(),), {}),
    kinks=lambda x: x,
)
copysign = elementwise(
    np.copysign,
    lambda y, a, b: np.copysign(1, a) * np.copysign(1, b),
    0,
    tex=r"\operatorname{copysign}(#1, #2)",
    kinks=lambda a, b: a * b,
)
nextafter = elementwise(np.nextafter, 1, 0, kinks=lambda a, b: a - b)
heaviside = elementwise(np.heaviside, 0, None, tex=r"H(#1)", kinks=lambda a, b: a)


def _share(wins: Array, ties: Array, y: Array) -> Array:
    """1 where an argument wins, 1/2 where two tie."""
    return wins.astype(y.dtype) + 0.5 * ties.astype(y.dtype)


maximum = elementwise(
    np.maximum,
    lambda y, a, b: _share(a > b, a == b, y),
    lambda y, a, b: _share(b > a, a == b, y),
    tex=r"\max(#1, #2)",
    kinks=lambda a, b: a - b,
)
minimum = elementwise(
    np.minimum,
    lambda y, a, b: _share(a < b, a == b, y),
    lambda y, a, b: _share(b < a, a == b, y),
    tex=r"\min(#1, #2)",
    kinks=lambda a, b: a - b,
)
fmax = elementwise(
    np.fmax,
    lambda y, a, b: _share((a > b) | np.isnan(b), a == b, y),
    lambda y, a, b: _share((b > a) | np.isnan(a), a == b, y),
    tex=r"\max(#1, #2)",
    kinks=lambda a, b: a - b,
    skips=True,
)
fmin = elementwise(
    np.fmin,
    lambda y, a, b: _share((a < b) | np.isnan(b), a == b, y),
    lambda y, a, b: _share((b < a) | np.isnan(a), a == b, y),
    tex=r"\min(#1, #2)",
    kinks=lambda a, b: a - b,
    skips=True,
)
_clip = elementwise(
    lambda x, low, high: np.clip(x, low, high),
    lambda y, x, low, high: y == x,
    lambda y, x, low, high: (x < low) if high is None else (x < low) & (low <= high),
    lambda y, x, low, high: (x if low is None else np.maximum(x, low)) > high,
    name="clip",
    tex=r"\operatorname{clip}(#1, #2, #3)",
    domain=(ANY, (-5.0, 0.0), (0.0, 5.0)),
    kinks=lambda x, low, high: (x - low) * (x - high) * (low - high),
)


def clip(x: Array, min: Array = None, max: Array = None) -> Array:
    r"""Keep values within bounds: :math:`y_i = \min(\max(x_i, \text{min}), \text{max})`.

    The derivative with respect to `x` is 1 from `min` to `max`, both ends included, and 0 outside.

    Parameters
    ----------
    x : array
    min, max : array or None
        Bounds, broadcast against `x`; None leaves that side open.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.clip(ad.Tensor([-2.0, 0.5, 3.0]), 0.0, 1.0)
    Tensor([0. , 0.5, 1. ])
    """
    return _clip(x, min, max)


@implements(np.clip)
def _numpy_clip(a: Array, a_min: Array = None, a_max: Array = None, *, min: Array = None, max: Array = None) -> Array:
    return clip(a, a_min if min is None else min, a_max if max is None else max)


_ROUNDING: dict[str, Any] = {"kinks": lambda x: x - np.rint(x)}
floor = elementwise(np.floor, 0, tex=r"\lfloor #1 \rfloor", **_ROUNDING)
ceil = elementwise(np.ceil, 0, tex=r"\lceil #1 \rceil", **_ROUNDING)
trunc = elementwise(np.trunc, 0, **_ROUNDING)
rint = elementwise(np.rint, 0, kinks=lambda x: x - np.floor(x) - 0.5)


def _round(x: Array, decimals: int = 0) -> Array:
    """To the nearest number of so many decimals, halves to even; the derivative is zero.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.round(ad.Tensor([0.5, 1.5, 2.25]), 1)
    Tensor([0.5, 1.5, 2.2])
    """
    return np.round(x, decimals)


round = elementwise(
    _round,
    0,
    name="round",
    domain=lambda d: ((d.array(),), {"decimals": d.integer(0, 1)}),
    kinks=lambda x, decimals: x * 10.0**decimals - np.floor(x * 10.0**decimals) - 0.5,
)

_QUOTIENT: dict[str, Any] = {"domain": (ANY, POSITIVE), "kinks": lambda a, b: a / b - np.rint(a / b)}
floor_divide = elementwise(operator.floordiv, 0, 0, name="floor_divide", tex=r"\lfloor #1 / #2 \rfloor", **_QUOTIENT)
remainder = elementwise(
    operator.mod, 1, lambda y, a, b: -np.floor_divide(a, b), name="remainder", tex=r"#1 \bmod #2", **_QUOTIENT
)
fmod = elementwise(np.fmod, 1, lambda y, a, b: -np.rint((a - y) / b), tex=r"\operatorname{fmod}(#1, #2)", **_QUOTIENT)

# Complex parts, and angles in other units

conj = linear(
    np.conj, lambda g, y, x: np.conj(g), name="conj", tex=r"\overline{#1}", domain=lambda d: ((d.array(),), {})
)
real = elementwise(np.real, 1, tex=r"\operatorname{Re} #1")
imag = elementwise(np.imag, lambda y, x: -1j, tex=r"\operatorname{Im} #1")
degrees = elementwise(np.degrees, lambda y, x: 180 / np.pi, tex=r"\tfrac{180}{\pi} #1")
radians = elementwise(np.radians, lambda y, x: np.pi / 180, tex=r"\tfrac{\pi}{180} #1")
implements(np.rad2deg)(degrees)
implements(np.deg2rad)(radians)


@implements(np.real_if_close)
def real_if_close(x: Array, tol: float = 100) -> Array:
    """The real part where every imaginary part is below `tol` units in the last place; else `x` as it is.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.real_if_close(ad.Tensor([1.0 + 1e-20j, 2.0]))
    Tensor([1., 2.])
    """
    return positive(x) if np.iscomplexobj(np.real_if_close(values(x), tol)) else real(x)


@implements(np.divmod)
def divmod(a: Array, b: Array) -> tuple[Array, Array]:
    r"""Quotient and remainder: :math:`\lfloor a / b \rfloor` and :math:`a \bmod b`."""
    return floor_divide(a, b), remainder(a, b)


@implements(np.modf)
def modf(x: Array) -> tuple[Array, Array]:
    """Fractional and integral parts, both with the sign of `x`."""
    whole = trunc(x)
    return subtract(x, whole), whole


@implements(np.ldexp)
def ldexp(x: Array, exponent: Array) -> Array:
    r"""Times a power of two: :math:`x \cdot 2^n`; no derivative with respect to n."""
    return multiply(x, np.ldexp(np.ones((), np.result_type(x, np.float16)), exponent))


mantissa = elementwise(
    lambda x: np.frexp(x)[0],
    lambda y, x: np.where((x != 0) & np.isfinite(x), y / np.where(x == 0, 1, x), 1),
    name="mantissa",
    tex=r"#1 / 2^{\lfloor \log_2 \lvert #1 \rvert \rfloor + 1}",
    domain=((1.05, 1.95),),
)


@implements(np.frexp)
def frexp(x: Array) -> tuple[Array, Array]:
    r"""Mantissa and exponent of two: :math:`x = m \, 2^n` with :math:`\tfrac12 \le |m| < 1`; the exponent is plain.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.frexp(ad.Tensor(6.0))
    (Tensor(0.75), Tensor(3, dtype=int32))
    """
    return mantissa(x), stop_gradient(np.frexp(values(x))[1])


spacing = elementwise(np.spacing, 0, domain=((1.05, 1.95),))
implements(np.fix)(trunc)
implements(np.around)(round)


# Comparisons and tests: no derivative, a plain result

equal = elementwise(operator.eq, name="equal", tex="#1 = #2")
not_equal = elementwise(operator.ne, name="not_equal", tex=r"#1 \ne #2")
less = elementwise(operator.lt, name="less", tex="#1 < #2")
less_equal = elementwise(operator.le, name="less_equal", tex=r"#1 \le #2")
greater = elementwise(operator.gt, name="greater", tex="#1 > #2")
greater_equal = elementwise(operator.ge, name="greater_equal", tex=r"#1 \ge #2")
logical_and = elementwise(np.logical_and, tex=r"#1 \land #2")
logical_or = elementwise(np.logical_or, tex=r"#1 \lor #2")
logical_xor = elementwise(np.logical_xor, tex=r"#1 \oplus #2")
logical_not = elementwise(np.logical_not, tex=r"\lnot #1")
isfinite = elementwise(np.isfinite)
isinf = elementwise(np.isinf)
isnan = elementwise(np.isnan)
signbit = elementwise(np.signbit)
_BITS: dict[str, Any] = {"domain": lambda d: ((d.integers(shape := d.shape()), d.integers(shape)), {})}
bitwise_and = elementwise(operator.and_, name="bitwise_and", tex=r"#1 \mathbin{\&} #2", **_BITS)
bitwise_or = elementwise(operator.or_, name="bitwise_or", tex=r"#1 \mid #2", **_BITS)
bitwise_xor = elementwise(operator.xor, name="bitwise_xor", tex=r"#1 \oplus #2", **_BITS)
bitwise_invert = elementwise(
    operator.invert, name="bitwise_invert", tex=r"\lnot #1", domain=lambda d: ((d.integers(d.shape()),), {})
)
bitwise_left_shift = elementwise(operator.lshift, name="bitwise_left_shift", tex=r"#1 \ll #2", **_BITS)
bitwise_right_shift = elementwise(operator.rshift, name="bitwise_right_shift", tex=r"#1 \gg #2", **_BITS)
gcd = elementwise(np.gcd, **_BITS)
lcm = elementwise(np.lcm, **_BITS)
bitwise_count = elementwise(np.bitwise_count, domain=lambda d: ((d.integers(d.shape()),), {}))

# Types


def _astype(x: Array, dtype: Any = None) -> Array:
    if x.dtype.kind == "c" and np.dtype(dtype).kind not in "cb":
        raise TypeError(f"astype from {x.dtype} to {np.dtype(dtype)} would lose the imaginary part: use autodiff.real")
    return x.astype(dtype)


astype = linear(
    _astype,
    lambda g, y, x, dtype: g,
    name="astype",
    tex="#1",
    domain=lambda d: ((d.array(),), {"dtype": np.dtype(np.float64)}),
)


def cast(x: Array, dtype: Any) -> Array:
    """With another dtype, where one is given."""
    return x if dtype is None else astype(x, dtype=np.dtype(dtype))


def in_precision_of(x: Array, y: Array) -> Array:
    """`y` with the dtype of `x`, unless it would lose a fraction or an imaginary part by that."""
    dtype, given = values(x).dtype, values(y).dtype
    return y if given == dtype or not np.can_cast(given, dtype, "same_kind") else astype(y, dtype=dtype)
