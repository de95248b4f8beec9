"""What the interactive page knows: a graph, its backward pass and its groups as plain data that JSON can hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import attrgetter
from typing import Any

import numpy as np

from autodiff.contributions import Contributions
from autodiff.drawing import cards, numbers
from autodiff.drawing.outline import Outline
from autodiff.drawing.page.formulas import Formulas
from autodiff.graph import Graph, Vertex
from autodiff.op import Parts


def data(
    graph: Graph, outline: Outline, closed: frozenset[int], seeds: Mapping[int, Any], found: Contributions | None
) -> dict[str, Any]:
    """Everything that the page shows, as nested dicts and lists of strings and integers.

    Numbers stand in one list, `figures`, and are referred to by their places in it: most contributions are a gradient
    that is there already.

    Parameters
    ----------
    graph : Graph
    outline : Outline
        The groups.
    closed : frozenset of int
        Which of them are closed at first, by their numbers.
    seeds : mapping
        The incoming gradient of each output.
    found : Contributions or None
        The backward pass from these seeds; None where there is none to be shown.

    Examples
    --------
    >>> import autodiff as ad
    >>> from autodiff.contributions import contributions
    >>> from autodiff.drawing.outline import outline
    >>> graph = ad.graph(ad.Tensor(3.0, requires_grad=True, name="x") ** 2.0)
    >>> known = data(graph, outline(graph), frozenset(), {2: 1.0}, contributions(graph))
    >>> [vertex["title"] for vertex in known["vertices"]], known["figures"][known["vertices"][0]["gradient"]]["exact"]
    (['x', 'constant', 'power'], ['6.0'])
    >>> [(step["phase"], step["vertex"]) for step in known["steps"]]
    [('forward', 2), ('backward', None), ('backward', 2)]
    """
    figures, formulas = _Figures(), Formulas(graph)
    gradients = found.gradients if found is not None else (None,) * len(graph.nodes)
    vertices = [
        _vertex(vertex) | {
            "output": vertex.id in graph.outputs,
            "group": home,
            "value": figures.place(vertex.value),
            "gradient": figures.place(gradient),
            "formula": formulas.place(vertex),
        }
        for vertex, home, gradient in zip(graph.nodes, outline.home, gradients, strict=True)
    ]
    return {
        "vertices": vertices,
        "groups": [
            {"label": group.label, "parent": group.parent, "count": group.count, "closed": group.number in closed}
            for group in outline.groups
        ],
        "steps": [*_forward(graph), *(() if found is None else _backward(seeds, found, figures))],
        "figures": figures.known,
        "formulas": formulas.known,
    }


def _vertex(vertex: Vertex) -> dict[str, Any]:
    """What is known of a value without its numbers."""
    what, op = cards.kind(vertex), vertex.op
    return {
        "kind": what,
        "name": vertex.name,
        "title": vertex.name or (what if op is None else op.name),
        "op": None if op is None else op.name,
        "sign": None if op is None else cards.sign(op),
        "params": cards.parameters(vertex),
        "scope": list(vertex.scope),
        "inputs": list(vertex.inputs),
        "arguments": list(cards.ports(vertex)),
    }


def _forward(graph: Graph) -> Iterator[dict[str, Any]]:
    """One step for each operation, in the order in which they were computed."""
    for vertex in graph.nodes:
        if vertex.op is not None:
            yield {"phase": "forward", "vertex": vertex.id, "gradients": [], "uses": []}


def _backward(seeds: Mapping[int, Any], found: Contributions, figures: _Figures) -> Iterator[dict[str, Any]]:
    """The seeds, then one step for each operation, the latest first: what it adds, and what the sums so far are."""
    totals = {i: np.asarray(seed)[()] for i, seed in seeds.items() if found.gradients[i] is not None}
    arrived = [[i, figures.place(seed)] for i, seed in totals.items()]
    yield {"phase": "backward", "vertex": None, "gradients": arrived, "uses": []}
    for end, uses in groupby(found.uses, attrgetter("end")):
        added = []
        for use in uses:
            totals[use.start] = totals[use.start] + use.value if use.start in totals else use.value
            added.append(
                {
                    "start": use.start,
                    "argument": use.argument,
                    "pulled": figures.place(use.pulled),
                    "value": figures.place(use.value),
                    "total": figures.place(totals[use.start]),
                }
            )
        sums = {use["start"]: use["total"] for use in added}
        yield {"phase": "backward", "vertex": end, "gradients": [list(pair) for pair in sums.items()], "uses": added}


class _Figures:
    """Numbers, each kept once: how they are shown, and, where they are few, exactly what they are."""

    def __init__(self) -> None:
        self.known: list[dict[str, Any]] = []
        self._places: dict[Any, int] = {}

    def place(self, value: Any) -> int | None:
        """Where a value stands in the list; None for None."""
        if value is None:
            return None
        if isinstance(value, Parts):
            places = [self.place(part) for part in value]
            return self._keep(tuple(places), {"parts": places})
        array = np.asarray(value)
        (rows,) = numbers.lines(value)
        exact = [str(x) for x in array.ravel()] if array.size <= numbers.SMALL else []
        shape, dtype = numbers.shape(array), str(array.dtype)
        figure = {"shape": shape, "dtype": dtype, "rows": rows, "exact": exact}
        return self._keep((shape, dtype, *rows, *exact), figure)

    def _keep(self, key: Any, figure: dict[str, Any]) -> int:
        place = self._places.setdefault(key, len(self.known))
        if place == len(self.known):
            self.known.append(figure)
        return place
