"""This run's numbers in formulas: small arrays in full, of large ones the corners and statistics."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from autodiff.drawing.numbers import statistics
from autodiff.formulas.symbols import Symbol, Written, leaves, replaced
from autodiff.formulas.templates import ATOM, PRODUCT, SUM

#: Up to so many rows and columns are written one by one.
_SIDE = 6
#: Up to so many matrices are written side by side.
_MATRICES = 4
#: Of a longer axis, so many elements at its beginning.
_BEGINNING = 3
#: A formula is written with numbers if it has no more than so many.
_FEW = 40


def number(x: Any) -> str:
    r"""A number with four significant digits.

    Examples
    --------
    >>> [number(x) for x in (0.25, -1.0, 1 / 3, 2.5e-7, 3 - 1j, True)]
    ['0.25', '-1', '0.3333', '2.5 \\cdot 10^{-7}', '3 - 1 i', '1']
    """
    if np.iscomplexobj(x):
        return f"{number(x.real)} {'-' if x.imag < 0 else '+'} {number(abs(x.imag))} i"
    x = float(x)
    if not np.isfinite(x):
        return r"\text{NaN}" if np.isnan(x) else r"\infty" if x > 0 else r"-\infty"
    mantissa, exponential, exponent = f"{x + 0.0:.4g}".partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponential else mantissa


def numeral(value: Any) -> str | None:
    r"""A value in LaTeX: a number, a column, a matrix, several matrices; of large ones the corners.

    None for what has too many matrices, or is not made of numbers.

    Examples
    --------
    >>> numeral(np.array([1.0, -0.5])), numeral(2.0)
    ('\\begin{bmatrix} 1 \\\\ -0.5 \\end{bmatrix}', '2')
    """
    if isinstance(value, tuple):
        return None
    array = np.asarray(value)
    if array.dtype.kind not in "biufc" or not array.size or prod(array.shape[:-2]) > _MATRICES:
        return None
    if not array.ndim:
        return number(array[()])
    matrices = [matrix(part, number) for part in (array.reshape(-1, *array.shape[-2:]) if array.ndim > 2 else [array])]
    several = r",\, ".join(matrices)
    return matrices[0] if len(matrices) == 1 else f"({several})"


def matrix(array: Any, written: Callable[[Any], str]) -> str:
    """A column or a matrix of something, in LaTeX; the corners, where it is large."""
    rows = array[:, None] if array.ndim == 1 else array
    down, across = _shown(rows.shape[0]), _shown(rows.shape[1])
    lines = []
    for i in down:
        if i is None:
            lines.append(" & ".join(r"\ddots" if j is None else r"\vdots" for j in across))
        else:
            lines.append(" & ".join(r"\cdots" if j is None else written(rows[i, j]) for j in across))
    body = r" \\ ".join(lines)
    return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"


def _shown(n: int) -> list[int | None]:
    return list(range(n)) if n <= _SIDE else [*range(_BEGINNING), None, n - 1]


def is_small(value: Any) -> bool:
    """Whether all elements are written."""
    return numeral(value) is not None and all(n <= _SIDE for n in np.shape(value)[-2:])


def figures(value: Any) -> str | None:
    """Of a large array the statistics, as a sentence; None for a small one."""
    array = np.asarray(value) if not isinstance(value, tuple) else None
    if array is None or is_small(array) or not array.size or array.dtype.kind not in "biufc":
        return None
    return ", ".join(f"{name.strip()} {figure}" for name, figure in statistics(array))


def with_numbers(tree: Any) -> Any:
    """A formula with numbers in place of its names; None where they are many, or where there is none."""
    names = leaves(tree)
    values = [name.value for name in names]
    if not names or not all(map(is_small, values)) or sum(map(np.size, values)) > _FEW:
        return None
    return replaced(tree, {name: _written(name.value) for name in names})


def _written(value: Any) -> Symbol:
    text = numeral(value)
    assert text is not None
    return Written(text, value, SUM if text.startswith("-") else PRODUCT if r"\cdot" in text[:20] else ATOM)
