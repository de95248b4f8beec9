"""Numbers and arrays of numbers in LaTeX."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from math import log, pi, sqrt
from typing import Any

import numpy as np

from autodiff.formulas.templates import ATOM, POWER, PREFIX, PRODUCT, RELATION, SUM

_EPSILON = float(np.finfo(np.float64).eps)
_CONSTANTS = {
    sqrt(_EPSILON): r"\sqrt{\varepsilon}",
    pi: r"\pi",
    log(2.0): r"\ln 2",
    log(10.0): r"\ln 10",
    180 / pi: r"\frac{180}{\pi}",
    pi / 180: r"\frac{\pi}{180}",
    sqrt(pi): r"\sqrt{\pi}",
    sqrt(2.0): r"\sqrt{2}",
    sqrt(0.5): r"\frac{1}{\sqrt{2}}",
    2 / sqrt(pi): r"\frac{2}{\sqrt{\pi}}",
    sqrt(pi) / 2: r"\frac{\sqrt{\pi}}{2}",
    sqrt(2 / pi): r"\sqrt{\frac{2}{\pi}}",
    sqrt(2 * pi): r"\sqrt{2 \pi}",
    1 / sqrt(2 * pi): r"\frac{1}{\sqrt{2 \pi}}",
    0.5 * log(2 * pi): r"\frac{\ln 2 \pi}{2}",
}


def figure(x: float, precision: float = 1e-15) -> tuple[str, int]:
    """A number as it is written, and how tightly that holds together.

    Examples
    --------
    >>> [figure(x)[0] for x in (2.0, -0.5, 1e-12, 0.044715, float("inf"))]
    ['2', '-\\\\frac{1}{2}', '10^{-12}', '0.044715', '\\\\infty']
    """
    if x != x:
        return r"\mathrm{NaN}", ATOM
    if x < 0:
        return f"-{figure(-x, precision)[0]}", SUM
    if x == np.inf:
        return r"\infty", ATOM
    if x == int(x) and x < 1e6:
        return str(int(x)), ATOM
    if (times := x / _EPSILON) < 1000 and times == int(times):
        return (r"\varepsilon", ATOM) if times == 1 else (rf"{int(times)} \varepsilon", PRODUCT)
    for value, text in _CONSTANTS.items():
        if abs(x - value) <= precision * value:
            return text, PREFIX if text.startswith(r"\ln") else POWER if text.startswith(r"\frac") else ATOM
    fraction = Fraction(x).limit_denominator(12)
    if fraction and fraction.denominator > 1 and abs(float(fraction) - x) <= precision * x:
        return rf"\frac{{{fraction.numerator}}}{{{fraction.denominator}}}", POWER
    digits = f"{x:.6g}"
    mantissa, exponential, exponent = digits.partition("e")
    if not exponential:
        return digits, ATOM
    power = f"10^{{{int(exponent)}}}"
    return (power, POWER) if mantissa == "1" else (rf"{mantissa} \cdot {power}", PRODUCT)


def constant(x: Any, sizes: Mapping[int, str], truth: bool = False) -> tuple[str, int]:
    """A number, or an array of numbers."""
    if x is None:
        return r"\cdot", ATOM
    array = np.asarray(x)
    if array.dtype.kind not in "biufc":
        return rf"\text{{{escaped(str(x))}}}", ATOM
    if is_one_number(array):
        return _scalar(array.flat[0], sizes)
    if array.ndim >= 2 and (parts := _by_triangle(array)) is not None:
        return _in_triangles(parts, truth)
    if array.ndim == 1 and np.array_equal(array, np.arange(array.size)):
        return "i", ATOM
    if array.dtype == bool:
        return r"\text{mask}", ATOM
    shown = ", ".join(_scalar(v, sizes)[0] for v in array.flat[:6])
    return f"({shown}" + (r", \dots)" if array.size > 6 else ")"), ATOM


def is_one_number(array: Any) -> bool:
    return bool(array.size and (np.all(array == array.flat[0]) or (array.dtype.kind == "f" and np.isnan(array).all())))


def _scalar(v: Any, sizes: Mapping[int, str]) -> tuple[str, int]:
    if np.iscomplexobj(v) and v.imag:
        imaginary = {1.0: "i", -1.0: "-i"}.get(v.imag) or f"{figure(v.imag)[0]} i"
        return (
            (imaginary, PRODUCT if v.imag > 0 else SUM) if v.real == 0 else (f"{figure(v.real)[0]} + {imaginary}", SUM)
        )
    number = float(v.real)
    if number in sizes:
        return sizes[int(number)], ATOM
    return figure(number, 1e-7 if v.dtype.kind in "fc" and v.dtype.itemsize <= 4 else 1e-15)


def _by_triangle(array: Any) -> tuple[Any, Any, Any] | None:
    """The one number below, on and above the diagonal; None if there is more than one."""
    i, j = np.indices(array.shape[-2:])
    parts = [array[..., where] for where in (i > j, i == j, i < j)]
    if array.shape[-1] < 2 or any(part.size == 0 or np.any(part != part.flat[0]) for part in parts):
        return None
    below, on, above = (part.flat[0] for part in parts)
    return below, on, above


def _in_triangles(parts: tuple[Any, Any, Any], truth: bool) -> tuple[str, int]:
    """A matrix that is one number below, on and above its diagonal."""
    signs: dict[tuple[float, ...], str]
    signs = {(0, 1, 0): "=", (1, 1, 0): r"\ge", (0, 1, 1): r"\le", (1, 0, 0): ">", (0, 0, 1): "<", (1, 0, 1): r"\ne"}
    numbers = tuple(float(p) for p in parts)
    if numbers in signs:
        if truth:
            return f"i {signs[numbers]} j", RELATION
        return ("I", ATOM) if numbers == (0, 1, 0) else (f"[i {signs[numbers]} j]", ATOM)
    rows = (f"{figure(n)[0]} & i {sign} j" for n, sign in zip(numbers, (">", "=", "<"), strict=True))
    return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}", RELATION


def escaped(text: str) -> str:
    return re.sub(r"([_#%&${}])", r"\\\1", text)
