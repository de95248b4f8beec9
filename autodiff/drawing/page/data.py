"""What the interactive page knows: a graph, its backward pass and its groups as plain data that JSON can hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any

import numpy as np

from autodiff.contributions import ones
from autodiff.drawing import cards, numbers
from autodiff.drawing.findings import Findings
from autodiff.drawing.outline import Outline
from autodiff.drawing.page.formulas import Formulas
from autodiff.graph import Graph, Node, Vertex
from autodiff.op import Parts


def data(
    graph: Graph,
    found: Findings,
    outline: Outline,
    closed: frozenset[int],
    seeds: Mapping[int, Any] | None = None,
    named: Mapping[Node, str] | None = None,
) -> dict[str, Any]:
    """Everything that the page shows, as nested dicts and lists of strings and integers.

    Numbers stand in one list, `figures`, and are referred to by their places in it: most contributions are a gradient
    that is there already.

    Parameters
    ----------
    graph : Graph
    found : Findings
        The gradients, and what each use adds to them.
    outline : Outline
        The groups.
    closed : frozenset of int
        Which of them are closed at first, by their numbers.
    seeds : mapping, optional
        The incoming gradient of outputs, by their vertices; left out, 1.
    named : mapping, optional
        LaTeX for some of the graph's tensors.

    Examples
    --------
    >>> import autodiff as ad
    >>> from autodiff.drawing.findings import findings
    >>> from autodiff.drawing.outline import outline
    >>> graph = ad.graph(ad.Tensor(3.0, requires_grad=True, name="x") ** 2.0)
    >>> known = data(graph, findings(graph), outline(graph), frozenset())
    >>> [vertex["title"] for vertex in known["vertices"]], known["figures"][known["vertices"][0]["gradient"]]["exact"]
    (['x', 'constant', 'power'], ['6.0'])
    >>> [(step["phase"], step["vertex"]) for step in known["steps"]]
    [('forward', 2), ('backward', None), ('backward', 2)]
    """
    figures, formulas = _Figures(), Formulas(graph, named)
    vertices = [
        _vertex(vertex)
        | {
            "output": vertex.id in graph.outputs,
            "group": home,
            "value": figures.place(vertex.value),
            "gradient": figures.place(gradient),
            "marks": [mark.text for mark in found.marks.get(vertex.id, ())],
            "letter": formulas.name(vertex),
            "symbol": formulas.symbol(vertex),
            "formula": formulas.formula(vertex),
        }
        for vertex, home, gradient in zip(graph.nodes, outline.home, found.gradients, strict=True)
    ]
    groups = [
        {
            "label": cards.title(outline, group),
            "kind": group.kind,
            "parent": group.parent,
            "count": group.count,
            "closed": group.number in closed,
        }
        for group in outline.groups
    ]
    return {
        "vertices": vertices,
        "groups": groups,
        "steps": [*_forward(graph), *_backward(graph, found, seeds, figures, formulas)],
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


def _backward(
    graph: Graph, found: Findings, seeds: Mapping[int, Any] | None, figures: _Figures, formulas: Formulas
) -> Iterator[dict[str, Any]]:
    """The seeds, then one step for each operation, the latest first: what it adds, and what the sums so far are."""
    if not found.uses:
        return
    given = ones(graph, graph.outputs) if seeds is None else seeds
    totals = {i: np.asarray(seed)[()] for i, seed in given.items() if found.gradients[i] is not None}
    arrived = [[i, figures.place(seed)] for i, seed in totals.items()]
    yield {"phase": "backward", "vertex": None, "gradients": arrived, "uses": []}
    for end, uses in groupby(found.uses.values(), attrgetter("end")):
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
                    "formula": formulas.contribution(use),
                }
            )
        sums = {use["start"]: use["total"] for use in added}
        yield {"phase": "backward", "vertex": end, "gradients": [list(pair) for pair in sums.items()], "uses": added}


class _Figures:
    """Numbers, each kept once: how they are shown, and, where they are few, exactly what they are."""

    def __init__(self) -> None:
        self.known: list[dict[str, Any]] = []
        self._places: dict[Any, int] = {}
        self._seen: dict[int, tuple[Any, int]] = {}  # by identity: most gradients are one contribution, passed on

    def place(self, value: Any) -> int | None:
        """Where a value stands in the list; None for None."""
        if value is None:
            return None
        if id(value) not in self._seen:
            self._seen[id(value)] = value, self._put(value)
        return self._seen[id(value)][1]

    def _put(self, value: Any) -> int:
        if isinstance(value, Parts):
            places = [self.place(part) for part in value]
            return self._keep(tuple(places), {"parts": places})
        array = np.asarray(value)
        (rows,) = numbers.lines(value)
        exact = [str(x) for x in array.ravel()] if array.size <= numbers.SMALL else []
        shape, dtype = numbers.shape(array), array.dtype
        return self._keep(
            (shape, dtype, *rows, *exact), {"shape": shape, "dtype": _called(dtype), "rows": rows, "exact": exact}
        )

    def _keep(self, key: Any, figure: dict[str, Any]) -> int:
        place = self._places.setdefault(key, len(self.known))
        if place == len(self.known):
            self.known.append(figure)
        return place


_called = cache(str)  # NumPy takes its time to say what a type is called
