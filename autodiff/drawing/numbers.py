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


def lines(*values: Any) -> list[list[str]]:
    """The lines of each value: its elements, or its statistics where they are many.

    Columns are as wide in one value as in the others, so that a gradient stands under its value.

    Examples
    --------
    >>> import numpy as np
    >>> for block in lines(np.array([[0.25, 0.0], [-12.5, 3.0]]), np.array([[0.0, 0.0], [2.0, 0.12]])):
    ...     print(*block, sep="\\n")
      0.25  0
    -12.50  3.00
      0     0
      2.00  0.12
    >>> print(*lines(np.arange(101.0))[0], sep="\\n")
    min       0
    mean     50
    max     100
    norm  581.7
    """
    grids = [_grid(value) for value in values]
    widths = [0] * _ACROSS
    for grid in grids:
        for row in grid:
            for column, cell in enumerate(row):
                widths[column] = max(widths[column], len(cell))
    return [["  ".join(map(str.rjust, row, widths)).rstrip() for row in grid] for grid in grids]


def statistics(array: Any) -> list[list[str]]:
    r"""Minimum, mean, maximum and norm :math:`\sqrt{\sum_i \lvert x_i \rvert^2}` of the finite elements.

    Elements that are not finite are counted; complex ones enter with their absolute values.

    Examples
    --------
    >>> import numpy as np
    >>> statistics(np.array([1.0, 2.0, 2.0, np.nan]))
    [['min ', '1'], ['mean', '1.667'], ['max ', '2'], ['norm', '3'], ['nan ', '1']]
    """
    with np.errstate(all="ignore"):
        wide = (np.abs(array) if array.dtype.kind == "c" else array).astype(np.float64).ravel()
    finite = wide[np.isfinite(wide)]
    found: dict[str, float] = {}
    if finite.size:
        largest = float(np.abs(finite).max())
        norm = largest * math.sqrt(float(np.square(finite / largest).sum())) if largest else 0.0
        mean = float((finite / finite.size).sum())
        found = {"min": float(finite.min()), "mean": mean, "max": float(finite.max()), "norm": norm}
    counts = {"nan": int(np.isnan(wide).sum()), "inf": int(np.isinf(wide).sum())}
    found |= {name: count for name, count in counts.items() if count}
    return [[f"{name:<4}", f"{figure + 0.0:.4g}"] for name, figure in found.items()]


def histogram(array: Any, bins: int = 16) -> list[float]:
    """How many finite elements lie in each of some intervals of equal length, relative to the fullest one.

    Examples
    --------
    >>> import numpy as np
    >>> histogram(np.array([0.0, 1.0, 1.5, 2.0, 2.0, np.inf]), bins=2)
    [0.25, 1.0]
    """
    with np.errstate(all="ignore"):
        wide = (np.abs(array) if array.dtype.kind == "c" else array).astype(np.float64).ravel()
        finite = wide[np.isfinite(wide)]
        if not finite.size:
            return []
        low, high = float(finite.min()), float(finite.max())
        if not math.isfinite(high - low):  # the difference of the largest floats is infinite
            finite, low, high = finite / 4, low / 4, high / 4
        place = (finite - low) / (high - low) * bins if high > low else np.zeros(finite.size)
    counts = np.bincount(np.minimum(place.astype(int), bins - 1), minlength=bins)
    return (counts / counts.max()).tolist()


def bars(heights: Sequence[float]) -> str:
    """Heights between 0 and 1 as characters.

    Examples
    --------
    >>> bars([0.0, 0.1, 0.5, 1.0])
    ' ▁▄█'
    """
    return "".join(" ▁▂▃▄▅▆▇█"[math.ceil(8 * height)] for height in heights)


def shape(value: Any) -> str:
    """A shape as it is spoken: ``4 × 3``, ``5``, ``scalar``; of several results ``2 and 4 × 3``, ``3 of 4``.

    Examples
    --------
    >>> import numpy as np
    >>> shape(1.0), shape((np.ones(2), np.ones((4, 3)))), shape((np.ones(4),) * 3)
    ('scalar', '2 and 4 × 3', '3 of 4')
    """
    if isinstance(value, tuple):
        several = [shape(part) for part in value]
        return f"{len(several)} of {several[0]}" if len(several) > 1 == len(set(several)) else " and ".join(several)
    return " × ".join(map(str, np.shape(value))) or "scalar"


def _grid(value: Any) -> list[list[str]]:
    """Rows of cells: one row for each row of the last axis, an empty one between matrices."""
    if isinstance(value, float):  # a float64 is one, too; the most frequent value by far in graphs of scalars
        return [_texts([float(value)])]
    if value is None:
        return [["None"]]
    array = np.asarray(value)
    if array.dtype.kind not in "biuc":  # any other size of float; or an integer that only Python can hold
        array = array.astype(np.float64)
    if not array.size:
        return [["empty"]]
    if array.size > SMALL:
        return statistics(array)
    texts = _texts(array.ravel().tolist())
    across = min(array.shape[-1], _ACROSS) if array.ndim else 1
    rows = [texts[i : i + across] for i in range(0, len(texts), across)]
    for column in range(across):
        cells = [row[column] for row in rows if column < len(row)]
        blank = min(len(cell) - len(cell.rstrip()) for cell in cells)
        for row in rows[: len(cells)]:
            row[column] = row[column][: len(row[column]) - blank]
    down = array.shape[-2] if array.ndim > 2 and array.shape[-1] == across else len(rows)
    return [row for i in range(0, len(rows), down) for row in ([], *rows[i : i + down])][1:]


def _texts(numbers: Sequence[Any]) -> list[str]:
    """Numbers with about four significant digits, such that right-aligned their decimal points agree."""
    if isinstance(numbers[0], float):
        return _decimals(numbers)
    if isinstance(numbers[0], complex):
        return [f"{number:.3g}" for number in numbers]
    return [str(number) if abs(number) < 10**9 else f"{number:.3e}" for number in numbers]


def _decimals(numbers: Sequence[float]) -> list[str]:
    """Floating-point numbers with the same number of decimals; an exact zero has none, and stands before the point."""
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
    texts[0.0] = f"0{' ' * (decimals + 1)}" if decimals and len(numbers) > 1 else "0"
    return [texts.get(x, f"{x:g}") for x in numbers]
