"""Numbers as lines of text: small arrays in full, in aligned rows; large ones as statistics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

#: Up to so many elements are shown one by one.
SMALL = 12
#: A row that is all there is goes on in the next line after so many elements.
_ACROSS = 6


def lines(value: Any) -> list[str]:
    """The elements of a value in aligned rows, or its statistics where they are many.

    Examples
    --------
    >>> import numpy as np
    >>> print(*lines(np.array([[0.25, 0.0], [-12.5, 3.0]])), sep="\\n")
      0.25  0
    -12.50  3.00
    >>> print(*lines(np.arange(101.0)), sep="\\n")
    min  0
    mean 50
    max  100
    norm 581.7
    """
    if isinstance(value, float):  # a float64 is one, too; the most frequent value by far in graphs of scalars
        return ["".join(_aligned([float(value)]))]
    if value is None:
        return ["None"]
    array = np.asarray(value)
    if array.dtype.kind not in "biufc":
        array = array.astype(np.float64)
    if not array.size:
        return ["empty"]
    return _rows(array) if array.size <= SMALL else statistics(array)


def statistics(array: Any) -> list[str]:
    r"""Minimum, mean, maximum and the norm :math:`\sqrt{\sum_i \lvert x_i \rvert^2}` of the finite elements.

    Complex elements enter with their absolute values; elements that are not finite are counted.

    Examples
    --------
    >>> import numpy as np
    >>> statistics(np.array([1.0, 2.0, 2.0, np.nan]))
    ['min  1', 'mean 1.667', 'max  2', 'norm 3', 'not finite: 1 of 4']
    """
    wide = np.abs(array) if array.dtype.kind == "c" else array
    wide = wide.astype(np.float64).ravel()
    finite = wide[np.isfinite(wide)]
    found = []
    if finite.size:
        largest = float(np.abs(finite).max())
        norm = largest * math.sqrt(float(np.square(finite / largest).sum())) if largest else 0.0
        mean = float((finite / finite.size).sum())
        figures = {"min": float(finite.min()), "mean": mean, "max": float(finite.max()), "norm": norm}
        sign = " " if any(figure < 0 for figure in figures.values()) else ""
        found = [f"{name:<4} {figure + 0.0:{sign}.4g}" for name, figure in figures.items()]
    if finite.size < wide.size:
        found.append(f"not finite: {wide.size - finite.size} of {wide.size}")
    return found


def shape(value: Any) -> str:
    """A shape as it is spoken: ``4 × 3``, ``5``, ``scalar``."""
    return " × ".join(map(str, np.shape(value))) or "scalar"


def _rows(array: Any) -> list[str]:
    """One line for each row of the last axis, an empty line between matrices."""
    cells = _aligned(array.ravel().tolist())
    across = array.shape[-1] if array.ndim else 1
    if across == len(cells) <= _ACROSS:
        return ["  ".join(cell.strip() for cell in cells)]
    if across == len(cells):
        across = _ACROSS
    rows = ["  ".join(cells[i : i + across]).rstrip() for i in range(0, len(cells), across)]
    if array.ndim < 3:
        return rows
    down = array.shape[-2]
    return [line for i in range(0, len(rows), down) for line in ("", *rows[i : i + down])][1:]


def _aligned(numbers: Sequence[Any]) -> list[str]:
    """Numbers as texts of one width, decimal point under decimal point, with about four significant digits."""
    if isinstance(numbers[0], float):
        texts = _decimals(numbers)
    elif isinstance(numbers[0], complex):
        texts = [f"{number:.3g}" for number in numbers]
    else:
        texts = [str(number) if abs(number) < 10**9 else f"{number:.3e}" for number in numbers]
    if len(texts) == 1:
        return texts
    width = max(map(len, texts))
    return [text.rjust(width) for text in texts]


def _decimals(numbers: Sequence[float]) -> list[str]:
    """Floating-point numbers with the same number of decimals; an exact zero, infinity or NaN has none."""
    sizes = [abs(x) for x in numbers if x and math.isfinite(x)]
    if not sizes:
        return [f"{x + 0.0:g}" for x in numbers]
    top, bottom = (math.floor(math.log10(f(sizes))) for f in (max, min))
    decimals = max(3 - top, 1 - bottom, 0)
    if top < 6 and all(size == int(size) for size in sizes):
        decimals = 0
    if top >= 6 or decimals > 6:
        spec = ".3e" if len(numbers) == 1 else ".2e"
        return [f"{x:{spec}}" if x and math.isfinite(x) else f"{x + 0.0:g}" for x in numbers]
    texts = {x: f"{x:.{decimals}f}" for x in numbers if x and math.isfinite(x)}
    while decimals and all(text.endswith("0") for text in texts.values()):
        texts = {x: text[:-1] for x, text in texts.items()}
        decimals -= 1
    if not decimals:
        texts = {x: text.rstrip(".") for x, text in texts.items()}
    space = " " * (decimals + 1 if decimals and len(numbers) > 1 else 0)
    return [texts[x] if x in texts else f"{x + 0.0:g}{space}" for x in numbers]
