"""Columns and cards at their places: a chain as a scene."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from nn.diagram.chain import Array, Chain, Dense
from nn.diagram.columns import Card, Column, Neuron, columns, weight
from nn.diagram.lanes import labels
from nn.diagram.scene import Box, Circle, Item, Line, Scene, Text, formula, words

_RADIUS = 28.0
#: The heights of a line of text, of the headings above everything, and of what explains the picture below it.
_ROW, _HEADING, _FOOT = 19.0, 62.0, 74.0
_MARGIN = 20.0
#: Room beside texts: readers' fonts may be wider than those that are measured here.
_ROOM = 10.0
#: The way of a wire, which has no weight.
_WIRE = 64.0
#: How thick the line of the largest weight of a layer is, and that of 0.
_THICKEST, _THINNEST = 4.0, 0.6
#: Half the sides of an activation's curve.
_CURVE = (15.0, 8.0)


@dataclass(frozen=True)
class _Grid:
    """The rows that neurons stand in.

    Attributes
    ----------
    pitch : float
        From one row to the next.
    height : float
        Of all rows.
    shift : float
        From the middle of a row to that of a neuron, which has more below it than above it, or less.
    """

    pitch: float
    height: float
    shift: float

    def rows(self, n: int) -> list[float]:
        """Where the middles of n neurons are, one above the other."""
        top = _HEADING + (self.height - n * self.pitch) / 2 + self.shift
        return [top + (i + 0.5) * self.pitch for i in range(n)]

    def middles(self, column: Column) -> list[float]:
        """Where the neurons of a column that are shown are; what is elided has a row, too."""
        rows = self.rows(len(column.neurons) + bool(column.elided))
        return [*rows[:-2], rows[-1]] if column.elided else rows


def scene(chain: Chain, title: str, most: int, digits: int) -> Scene:
    """The picture of a chain, with at most so many neurons in a column, and so many digits of numbers."""
    parts = columns(chain, most, digits)
    grid = _grid(parts)
    x = 0.0
    lines: list[Item] = []
    items = list(_drawn(parts[0], x, grid, tall=False))
    for i, (before, part) in enumerate(pairwise(parts)):
        if isinstance(before, Column) and isinstance(part, Column) and part.layer is not None:
            length, weights, texts = _weights(before, part, part.layer, x + _RADIUS, grid, digits)
            lines += weights
            items += texts
            x += 2 * _RADIUS + length
        else:
            start = x + _edge(before)
            x = start + _WIRE + _edge(part)
            lines += _wires(before, part, start, start + _WIRE, grid)
        items += _drawn(part, x, grid, tall=bool(_only(parts[: i + 3])))
    foot = list(_foot(x / 2, _HEADING + grid.height)) if any(column.layer for column in _only(parts)) else []
    left, right = _sides([*items, *foot])
    height = _HEADING + grid.height + (_FOOT if foot else _MARGIN)
    return Scene(left - _MARGIN, right - left + 2 * _MARGIN, height, (*lines, *items, *foot), title)


def _only(parts: Sequence[Column | Card]) -> list[Column]:
    return [part for part in parts if isinstance(part, Column)]


def _grid(parts: Sequence[Column | Card]) -> _Grid:
    neurons = [neuron for column in _only(parts) for neuron in column.neurons]
    above = _ROW * max((bool(neuron.above) for neuron in neurons), default=0)
    below = _ROW * max((len(neuron.below) for neuron in neurons), default=0)
    pitch = 2 * _RADIUS + above + below + 1.5 * _ROW
    rows = max((len(column.neurons) + bool(column.elided) for column in _only(parts)), default=0)
    lines = max((len(part.lines) for part in parts if isinstance(part, Card)), default=0)
    return _Grid(pitch, max(rows * pitch, _ROW * (lines + 3)), (above - below) / 2)


def _edge(part: Column | Card) -> float:
    """From the middle of a column or card to where its wires begin."""
    return _RADIUS if isinstance(part, Column) else _half(part)


def _half(part: Column | Card) -> float:
    """Half the width of what lines to a column have to keep clear of, or of a card."""
    if isinstance(part, Card):
        texts = _card_texts(part, 0.0, 0.0)
    else:
        texts = [formula("ink", 0.0, 0.0, row) for neuron in part.neurons for row in (neuron.above, *neuron.below)]
    return max([_RADIUS, *(text.width / 2 for text in texts)]) + _ROOM


def _sides(items: Sequence[Item]) -> tuple[float, float]:
    """How far the picture reaches to the left and to the right."""
    wide = [item for item in items if not isinstance(item, Line)]
    halves = [item.radius if isinstance(item, Circle) else item.width / 2 for item in wide]
    return (
        min(item.x - half for item, half in zip(wide, halves, strict=True)),
        max(item.x + half for item, half in zip(wide, halves, strict=True)),
    )


# Lines between two parts


def _weights(
    before: Column, column: Column, layer: Dense, start: float, grid: _Grid, digits: int
) -> tuple[float, list[Item], list[Item]]:
    """How long the lines of weights are, the lines, and their labels."""
    ends, values, texts = [], [], []
    for to, down in zip(column.neurons, grid.middles(column), strict=True):
        for source, up in zip(before.neurons, grid.middles(before), strict=True):
            parts, title = weight(layer, column.number, to.index, source.index, digits)
            ends.append((up, down))
            values.append(layer.weight[to.index, source.index])
            texts.append(formula("ink", 0.0, 0.0, parts, title=title))
    width = max((text.width for text in texts), default=0.0) + _ROOM
    length, places = labels(ends, width, _ROW, _half(before) - _RADIUS, _half(column) - _RADIUS)
    largest = _largest(layer.weight)
    lines: list[Item] = []
    items: list[Item] = []
    for value, text, (up, down), (along, y) in zip(values, texts, ends, places, strict=True):
        lines.append(_weight_line(value, largest, ((start, up), (start + length, down)), text.title))
        items.append(Box("halo", start + along, y, text.width + 4.0, _ROW - 3.0))
        items.append(replace(text, x=start + along, y=y))
    return length, lines, items


def _largest(weights: Array) -> float:
    """The size of the largest finite weight; 1 where there is none but 0."""
    sizes = np.abs(weights[np.isfinite(weights)])
    return float(sizes.max(initial=0.0)) or 1.0


def _weight_line(value: float, largest: float, points: tuple[tuple[float, float], ...], title: str) -> Line:
    role = "positive" if value > 0 else "negative" if value < 0 else "zero"
    share = min(abs(float(value)) / largest, 1.0) if np.isfinite(value) else 1.0
    return Line(role, points, _THINNEST + (_THICKEST - _THINNEST) * share, title)


def _wires(before: Column | Card, part: Column | Card, start: float, end: float, grid: _Grid) -> list[Item]:
    """Lines without weights: one for each neuron, or one from card to card."""
    column = next(iter(_only((before, part))), None)
    heights = [_HEADING + grid.height / 2] if column is None else grid.middles(column)
    return [Line("wire", ((start, y), (end, y))) for y in heights]


# What stands at a place


def _drawn(part: Column | Card, x: float, grid: _Grid, *, tall: bool) -> Iterator[Item]:
    """A part; a card that has columns beside it or before it may be `tall`, as they are."""
    if isinstance(part, Card):
        y = _HEADING + grid.height / 2
        yield Box("card", x, y, 2 * _half(part), grid.height if tall else _ROW * (len(part.lines) + 3))
        yield from _card_texts(part, x, y)
        return
    for row, (text, font) in enumerate(zip(part.heading, ("strong", "words"), strict=True)):
        if text:
            yield words("ink" if font == "strong" else "quiet", x, 18.0 + row * _ROW, text, font=font)
    for neuron, y in zip(part.neurons, grid.middles(part), strict=True):
        yield from _neuron(neuron, part, x, y)
    if part.elided:
        y = grid.rows(len(part.neurons) + 1)[-2]
        yield from (Circle("dot", x, y + step, 2.5) for step in (-24.0, -12.0, 0.0))
        yield words("quiet", x, y + 18.0, f"{part.elided:,} more")


def _card_texts(card: Card, x: float, y: float) -> list[Text]:
    top = y - len(card.lines) * _ROW / 2
    heading = words("ink", x, top, card.heading, font="strong")
    return [heading, *(words("quiet", x, top + (i + 1) * _ROW, line) for i, line in enumerate(card.lines))]


def _neuron(neuron: Neuron, column: Column, x: float, y: float) -> Iterator[Item]:
    yield Circle(column.role, x, y, _RADIUS, neuron.title)
    layer = column.layer
    if layer is None or layer.activation is None:
        yield formula("ink", x, y, neuron.name, 16.0)
    else:
        yield formula("ink", x, y - 9.0, neuron.name, 16.0)
        if layer.curve is not None:
            yield Line("curve", _curve(layer.curve, x, y + 12.0), 1.5)
        else:
            yield words("quiet", x, y + 11.0, layer.activation.lower(), 9.0)
    if neuron.above:
        yield formula("ink", x, y - _RADIUS - _ROW / 2, neuron.above)
    for i, row in enumerate(neuron.below):
        yield formula("ink", x, y + _RADIUS + (i + 0.6) * _ROW, row)


def _curve(values: Array, x: float, y: float) -> tuple[tuple[float, float], ...]:
    """An activation's curve around (x, y)."""
    across, up = _CURVE
    low, high = float(values.min()), float(values.max())
    heights = 2 * (values - low) / (high - low) - 1 if high > low else np.zeros_like(values)
    steps = np.linspace(-across, across, len(values))
    return tuple((x + float(step), y - up * float(height)) for step, height in zip(steps, heights, strict=True))


def _foot(x: float, y: float) -> Iterator[Item]:
    """What a neuron computes, and what the lines mean."""
    z, a, b, w = (("z", "j", "(l)"), ("a", "j", "(l)"), ("b", "j", "(l)"), ("w", "jk", "(l)"))
    total = [z, " = ", ("Σ", "k", ""), " ", w, " ", ("a", "k", "(l−1)"), " + ", b]
    yield formula("ink", x, y + 22.0, [*total, " and ", a, " = ", ("f", "", ""), "( ", z, " )"], 14.0)
    for role, sign, start in (("positive", "w > 0", x - 190.0), ("negative", "w < 0", x - 90.0)):
        yield Line(role, ((start, y + 52.0), (start + 36.0, y + 52.0)), 3.0)
        yield words("quiet", start + 62.0, y + 52.0, sign)
    yield words("quiet", x + 135.0, y + 52.0, "the thicker, the larger |w| in its layer")
