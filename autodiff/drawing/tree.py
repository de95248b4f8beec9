"""A graph as a tree of text, for a terminal: what was asked for on top, below it what it was computed from."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np

from autodiff.drawing import numbers
from autodiff.drawing.cards import counted, kind, one_line, parameters, ports, sign, title
from autodiff.drawing.outline import Edge, Group, Outline, closed, outline, seen
from autodiff.graph import Graph, Vertex

#: So many lines are read at once.
_LINES = 60
#: Of a value with more elements, the range and the histogram are shown.
_FEW = 4


def tree(graph: Graph) -> str:
    """A graph as a tree; what is used again is written once, with a number, and referred to by it.

    A value that is computed from one other alone stands right above it, with an arrow.  Of a large graph only some
    groups are opened, as in a picture.

    Examples
    --------
    >>> import autodiff as ad
    >>> x = ad.Tensor([1.0, 2.0], requires_grad=True, name="x")
    >>> print(ad.graph(ad.exp(ad.sum(x * x) + 1.0)))
    exp · scalar · 403.4
    ← + add · scalar · 6
    ├─ ∑ sum · scalar · 5
    │  ← × multiply · 2 · 1 4
    │  ├─ x · parameter · 2 · 1 2 #0
    │  └─ x #0
    └─ 1
    """
    divided = outline(graph)
    view = seen(graph, divided, closed(divided, _LINES))
    entering: dict[int, list[Edge]] = defaultdict(list)
    for edge in view.edges:
        entering[edge.end].append(edge)
    uses = Counter(edge.start for edge in view.edges)
    lines: list[str] = []
    written: set[int] = set()
    roots = list(dict.fromkeys(view.place[i] for i in graph.outputs))
    waiting = [(place, "", "", "") for place in reversed(roots)]
    while waiting:
        place, head, body, after = waiting.pop()
        box = view.boxes[place]
        reference = f" #{box if isinstance(box, int) else box.first}" if uses[place] > 1 else ""
        if place in written:
            if place not in roots or head:
                lines.append(f"{head}{_called(graph, divided, box)}{reference}{after}")
            continue
        written.add(place)
        lines.append(f"{head}{_described(graph, divided, box)}{reference}{after}")
        below = entering[place]
        for edge in reversed(below):
            last = edge is below[-1]
            sign, rest = ("← ", "") if len(below) == 1 else ("└─ ", "   ") if last else ("├─ ", "│  ")
            times = f" ({edge.count} uses)" if edge.count > 1 else ""
            waiting.append((edge.start, f"{body}{sign}{_argument(graph, box, edge)}", body + rest, times))
    return "\n".join(lines)


def _argument(graph: Graph, box: int | Group, edge: Edge) -> str:
    """Which argument an input is, if it has a name."""
    if not isinstance(box, int) or edge.argument is None:
        return ""
    names = ports(graph.nodes[box])
    if not names or names[0].isdecimal():
        return ""
    name = names[edge.argument]
    return "" if name == graph.nodes[graph.nodes[box].inputs[edge.argument]].name else f"{name}: "


def _called(graph: Graph, divided: Outline, box: int | Group) -> str:
    """What a box is called."""
    if not isinstance(box, int):
        return f"▸ {one_line(title(divided, box))}"
    vertex = graph.nodes[box]
    name = one_line(vertex.name or "")
    if vertex.op is None:
        return name or kind(vertex)
    return f"{name} = {vertex.op.name}" if name else f"{sign(vertex.op)} {vertex.op.name}".strip()


def _described(graph: Graph, divided: Outline, box: int | Group) -> str:
    """All that is said of a box in a line."""
    if not isinstance(box, int):
        return f"{_called(graph, divided, box)} · {counted(box.size, 'value')}"
    vertex = graph.nodes[box]
    if vertex.op is None and vertex.node is None and np.ndim(vertex.value) == 0:
        return _value(vertex)
    said = [_called(graph, divided, box), kind(vertex) if vertex.op is None and vertex.name else "", parameters(vertex)]
    return " · ".join(part for part in [*said, numbers.shape(vertex.value), _value(vertex)] if part)


def _value(vertex: Vertex) -> str:
    """A value in few characters: its elements, or its range and a histogram."""
    if isinstance(vertex.value, tuple):
        return ""
    size = np.size(vertex.value)
    if size <= _FEW:
        return " ".join(" ".join(numbers.lines(vertex.value)[0]).split())
    array = np.asarray(vertex.value)
    figures = {name.strip(): figure for name, figure in numbers.statistics(array)}
    said = (
        f"{figures.pop('min')} … {figures.pop('max')} {numbers.bars(numbers.histogram(array))}"
        if "min" in figures
        else ""
    )
    bad = [f"{figures[name]} {name}" for name in ("nan", "inf") if name in figures]
    return " ".join([said, *bad]).strip()
