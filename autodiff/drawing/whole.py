"""From tensors to DOT: record, divide, look for what is known, choose what is seen, write."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.contributions import ones
from autodiff.drawing.cards import Style, one_line
from autodiff.drawing.dot import Page
from autodiff.drawing.findings import findings
from autodiff.drawing.outline import Outline, View, closed, outline, seen
from autodiff.drawing.themes import THEMES
from autodiff.formulas.names import names
from autodiff.formulas.plain import plain
from autodiff.formulas.written import made
from autodiff.graph import Graph, Node, graph
from autodiff.op import Parts
from autodiff.recording import enable_grad, name_scope
from autodiff.reverse import outward, pull_back
from autodiff.tensor import wrap

if TYPE_CHECKING:
    from autodiff.drawing.page import Parts as PageParts

#: A graph of so many values is shown whole; of a larger one so many boxes, or, if it is said how deep to look, so many.
_WHOLE, _READABLE, _AT_MOST = 60, 36, 600
#: So many edges for each box, on average, can be told apart, and laid out quickly.
_EDGES = 2.5


class Plan:
    """A graph to be drawn.

    Parameters
    ----------
    outputs : sequence of Tensors
    gradients : bool
        Whether gradients are looked for.
    backward : bool
        Whether it holds the computation of the gradients, too.
    """

    def __init__(self, outputs: Sequence[Node], *, gradients: bool = True, backward: bool = False) -> None:
        self.graph = graph(*outputs)
        self._seeds: dict[int, Any] | None = None
        self._backward: frozenset[int] = frozenset()
        self._titles: dict[int, str] = {}
        if backward:
            self._record_backward(outputs)
        self._found = findings(self.graph, gradients=gradients, seeds=self._seeds)
        self._outline = outline(self.graph)
        self._views: dict[int | None, View] = {}

    def source(
        self,
        *,
        values: bool,
        gradients: bool,
        formulas: bool,
        heat: bool,
        depth: int | None,
        across: bool,
        theme: str,
        explained: bool,
    ) -> str:
        """The picture as DOT; see `autodiff.draw`."""
        view = self._view(depth)
        style = Style(
            values=values,
            gradients=gradients,
            across=across,
            heat=heat,
            theme=THEMES[theme],
            formulas=_formulas(self.graph, view) if formulas else {},
            titles=self._titles,
            backward=self._backward,
        )
        return Page(self.graph, self._outline, view, self._found, style).source(explained=explained)

    def page(self, *, depth: int | None, direction: str, theme: str) -> Callable[[], str]:
        """A function that makes the interactive page; whatever is written until it is called, it shows what is now."""
        from autodiff.drawing.page import page

        called = [one_line(name) for i in self.graph.outputs if (name := self.graph.nodes[i].name)]
        title = f"The graph of {', '.join(called)}" if called else "Graph"
        return partial(page, self._copy(), title=title, direction=direction, theme=theme, **self._known(depth))

    def parts(self, named: Mapping[Node, str] | None = None) -> Callable[[], PageParts]:
        """A function that makes the parts of such a page, for a page of another kind.

        Parameters
        ----------
        named : mapping, optional
            LaTeX for some of the graph's tensors.
        """
        from autodiff.drawing.page import parts

        return partial(parts, self._copy(), named=named, **self._known(None))

    def _view(self, depth: int | None) -> View:
        """What is seen; the picture and the page show the same."""
        if depth not in self._views:
            self._views[depth] = _view(self.graph, self._outline, depth)
        return self._views[depth]

    def _copy(self) -> Graph:
        """The graph with values of its own, which nobody writes."""
        return replace(self.graph, nodes=tuple(replace(v, value=_copied(v.value)) for v in self.graph.nodes))

    def _known(self, depth: int | None) -> dict[str, Any]:
        return {
            "found": self._found,
            "outline": self._outline,
            "closed": _shut(self._outline, self._view(depth)),
            "seeds": self._seeds,
        }

    def _record_backward(self, outputs: Sequence[Node]) -> None:
        """Add the gradients of the outputs' sum with respect to all leaves to the graph, as outputs of their own."""
        shapes = [np.shape(output._value) for output in outputs]
        if any(np.prod(shape, dtype=int) != 1 for shape in shapes):
            raise ValueError(f"draw: backward=True is for single numbers, got shapes {shapes}")
        forward = self.graph
        roots = [output for output in outputs if output._requires_grad]
        # what comes in requires a gradient, too: so all is recorded that is made of it
        incoming = [wrap(np.ones_like(root._value)).requires_grad_() for root in roots]
        with enable_grad(), name_scope("backward"):
            leaves = pull_back(zip(roots, map(outward, incoming), strict=True), record=True)
            made = {leaf: outward(g) for leaf, g in leaves.items()}
        self.graph = graph(*outputs, *made.values())
        last = forward.nodes[-1].id
        self._backward = frozenset(vertex.id for vertex in self.graph.nodes if vertex.id > last)
        self._seeds = ones(self.graph, forward.outputs)
        told = " + ".join(output.name or "output" for output in outputs)
        place = {vertex.node: vertex.id for vertex in self.graph.nodes}
        called: dict[int, list[str]] = defaultdict(list)
        for node, g in [*zip(roots, incoming, strict=True), *made.items()]:
            if g in place:
                called[place[g]].append(f"∂{told}/∂{node.name or ('output' if node in roots else 'parameter')}")
        self._titles = {i: ", ".join(dict.fromkeys(titles)) for i, titles in called.items()}


def _view(graph: Graph, divided: Outline, depth: int | None) -> View:
    """What is seen of a graph: as much as can be read, and of modules no more than down to a depth."""
    deeper = {group.number for group in divided.groups if depth is not None and len(group.path) > depth}
    budget = _AT_MOST if depth is not None else _WHOLE if len(graph.nodes) <= _WHOLE else _READABLE
    view = seen(graph, divided, closed(divided, budget) | deeper)
    while len(view.edges) > _EDGES * len(view.boxes):
        fewer = seen(graph, divided, closed(divided, len(view.boxes) * 3 // 4) | deeper)
        if len(fewer.boxes) == len(view.boxes):
            break
        view = fewer
    return view


def _shut(divided: Outline, view: View) -> frozenset[int]:
    """The numbers of the groups that are closed in a view, and of all groups in them."""
    shut = {box.number for box in view.boxes if not isinstance(box, int)}
    for group in divided.groups:
        if group.parent in shut:
            shut.add(group.number)
    return frozenset(shut)


def _copied(value: Any) -> Any:
    if isinstance(value, Parts):
        return Parts(map(_copied, value))
    return value.copy() if isinstance(value, np.ndarray) else value


def _formulas(graph: Graph, view: View) -> dict[int, str]:
    """What each operation that is seen computes, as a line of text, and what leaves are called in it."""
    called = names(graph)
    found = {}
    for vertex in (graph.nodes[box] for box in view.boxes if isinstance(box, int)):
        own = called[vertex.id]
        if vertex.op is not None:
            right = made(graph, vertex, called)
            # a sign that every font has, and that titles have, too
            found[vertex.id] = plain(f"{own.tex} = {right}" if own is not None else right).replace("⊙", "×")
        elif own is not None and (letter := plain(own.tex)) != vertex.name:
            found[vertex.id] = letter
    return found
