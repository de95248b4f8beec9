"""Where the labels of lines go, so that none lies on another.

The gap between two columns is parted into lanes as wide as a label.  A label stands on its line in the middle of a
lane, so labels in different lanes cannot meet, and in one lane they keep a distance.  With a lane for every line there
is such a place for all of them.  Of the places left a label takes the one where it hides the fewest other lines, and
of the numbers of lanes that suffice, that one of the least few is taken that hides the fewest in all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import count, islice
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
#: How many numbers of lanes that suffice are tried.
_TRIED = 3


def labels(
    ends: Sequence[tuple[float, float]], width: float, height: float, before: float, after: float
) -> tuple[float, list[tuple[float, float]]]:
    """How long the gap is that straight lines cross, and the middle of each line's label.

    Parameters
    ----------
    ends : sequence of pairs
        How far down each line starts and ends.
    width, height : float
        Of a label, with its margins.
    before, after : float
        How far the lines reach beyond the lanes.

    Examples
    --------
    >>> labels([(0.0, 0.0), (0.0, 60.0)], 80.0, 20.0, 0.0, 0.0)
    (160.0, [(120.0, 0.0), (40.0, 15.0)])
    """
    drawn = np.array(ends).reshape(-1, 2)
    fewest = max(1, math.ceil(math.sqrt(len(drawn))))
    plans = (plan for n in count(fewest) if (plan := _placed(drawn, n, width, height, before, after)) is not None)
    _, length, places = min(islice(plans, _TRIED), key=lambda plan: plan[:2])
    return length, places


def _placed(
    ends: Array, n: int, width: float, height: float, before: float, after: float
) -> tuple[int, float, list[tuple[float, float]]] | None:
    """How many lines are hidden with n lanes, how long the gap is, and the middles; None if a label has no place."""
    starts, stops = ends.T[:, :, None]
    length = before + n * width + after
    across = before + (np.arange(n) + 0.5) * width
    down = starts + (stops - starts) * across / length
    hidden = _hidden(down, (stops - starts) / length, width, height)
    chosen = _chosen(down, hidden, height)
    if chosen is None:
        return None
    places = [(float(across[lane]), float(down[i, lane])) for i, lane in enumerate(chosen)]
    return int(sum(hidden[i, lane] for i, lane in enumerate(chosen))), length, places


def _hidden(down: Array, slopes: Array, width: float, height: float) -> Array:
    """How many other lines run through the label of each line, in each lane."""
    apart = np.abs(down[:, None] - down[None])
    reach = height / 2 + np.abs(slopes[None]) * width / 2
    return (apart < reach).sum(axis=1) - 1


def _chosen(down: Array, hidden: Array, height: float) -> list[int] | None:
    """A lane for each label, line by line; None if one finds no place."""
    chosen: list[int] = []
    for i, row in enumerate(down):
        clear = np.full(len(row), np.inf)
        for other, lane in enumerate(chosen):
            clear[lane] = min(clear[lane], abs(row[lane] - down[other, lane]))
        free = np.flatnonzero(clear >= height)
        if not free.size:
            return None
        chosen.append(int(min(free, key=lambda lane: (hidden[i, lane], -clear[lane]))))
    return chosen
