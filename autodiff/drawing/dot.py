"""A graph as a program for Graphviz: cards, edges in argument order, scopes as clusters, closed groups as boxes."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from autodiff.drawing import numbers
from autodiff.drawing.cards import Cards, Style, counted, kind, ports, text, title
from autodiff.drawing.findings import Findings
from autodiff.drawing.legend import legend
from autodiff.drawing.outline import Edge, Group, Outline, View
from autodiff.graph import Graph, Vertex

if TYPE_CHECKING:
    from graphviz import Digraph

#: Of a contribution with more elements, an edge only says the norm.
_FEW = 3


class Page:
    """A view of a graph, to be written as DOT; the same graph gives the same text.

    Parameters
    ----------
    graph : Graph
    outline : Outline
    view : View
        What is seen of it.
    found : Findings
        What is known of its values.
    style : Style
    """

    def __init__(self, graph: Graph, outline: Outline, view: View, found: Findings, style: Style) -> None:
        self._graph = graph
        self._outline = outline
        self._view = view
        self._found = found
        self._style = style
        self._cards = Cards(graph, found, style)
        self._members: dict[int, list[Vertex]] = defaultdict(list)
        for vertex in graph.nodes:
            if not isinstance(view.boxes[view.place[vertex.id]], int):
                self._members[view.place[vertex.id]].append(vertex)
        #: The frame around each group, its own if it has one; and of each frame how deeply it is nested.
        self._around: dict[int | None, int | None] = {None: None}
        self._depth: dict[int, int] = {}
        self._divide()
        self._norms = [self._norm(place) for place in range(len(view.boxes))]
        shown = [norm for norm in self._norms if norm and math.isfinite(norm)]
        self._range = (min(shown), max(shown)) if shown else (1.0, 1.0)

    def source(self, *, explained: bool = False) -> str:
        """The DOT program.

        Parameters
        ----------
        explained : bool
            Whether a legend stands under the picture.
        """
        page = self._page(explained)
        frames: dict[int | None, Digraph] = {None: page}
        frames |= {number: self._frame(self._outline.groups[number], type(page)) for number in self._depth}
        for place, box in enumerate(self._view.boxes):
            label = (
                self._cards.of_vertex(self._graph.nodes[box]) if isinstance(box, int) else self._of_group(place, box)
            )
            around = self._around[self._outline.home[box] if isinstance(box, int) else box.parent]
            frames[around].node(_identifier(box), label, _attributes=self._look(place, box))
        # Graphviz turns the page for LR: what is first comes lowest
        siblings = list(reversed(self._depth) if self._style.across else self._depth)
        for number in sorted(siblings, key=self._depth.__getitem__, reverse=True):
            frames[self._around[self._outline.groups[number].parent]].subgraph(frames[number])
        for edge in self._view.edges:
            self._draw(edge, page)
        return str(page.source)

    # Boxes

    def _of_group(self, place: int, group: Group) -> str:
        made = [vertex for vertex in self._members[place] if vertex.op is not None]
        parameters = [vertex for vertex in self._members[place] if kind(vertex) == "parameter"]
        facts = [counted(len(made), "operation")] if made else []
        if parameters:
            facts.append(counted(sum(int(np.size(vertex.value)) for vertex in parameters), "parameter"))
        lines = [" · ".join(facts)] if facts else []
        if self._style.gradients and parameters and (norm := self._norms[place]) is not None:
            lines.append(f"norm of their gradient {norm:.3g}")
        marks = [mark for vertex in self._members[place] for mark in self._found.marks.get(vertex.id, ())]
        return self._cards.of_group(title(self._outline, group), lines, marks)

    def _what(self, box: int | Group) -> str:
        """What is shown, by which its colours are told."""
        if not isinstance(box, int):
            return "backward" if box.last in self._style.backward else "group"
        what = kind(self._graph.nodes[box])
        if what != "constant" and box in self._style.backward:
            return "backward"
        return "output" if what == "result" and box in self._graph.outputs else what

    def _look(self, place: int, box: int | Group) -> dict[str, str]:
        theme, what, norm = self._style.theme, self._what(box), self._norms[place]
        fill, line = theme.card(what)
        if self._style.heat and norm is not None:
            fill = theme.heat[self._step(norm)]
        look = {"fillcolor": fill, "color": line}
        if not isinstance(box, int):
            return look | {"peripheries": "2"}
        if box in self._graph.outputs:
            look["penwidth"] = "2"
        if what == "constant":
            look |= {"style": "rounded,filled,dashed", "margin": "0.05,0.03"}
        if any(mark.kind != "inactive" for mark in self._found.marks.get(box, ())):
            look |= {"color": theme.mark, "penwidth": "2.5"}
        return look

    def _norm(self, place: int) -> float | None:
        """The norm of the gradient of a value, or of all parameters in a group."""
        box = self._view.boxes[place]
        if isinstance(box, int):
            return self._found.norms[box]
        norms = [self._found.norms[v.id] for v in self._members[place] if kind(v) == "parameter"]
        known = [norm for norm in norms if norm is not None]
        return math.hypot(*known) if known else None

    def _step(self, norm: float) -> int:
        """Which of the theme's heat colours a gradient has: orders of magnitude in equal steps."""
        low, high = self._range
        if not norm or not low < high:
            return 0
        if not math.isfinite(norm):
            return len(self._style.theme.heat) - 1
        share = (math.log(norm) - math.log(low)) / (math.log(high) - math.log(low))
        return min(int(share * len(self._style.theme.heat)), len(self._style.theme.heat) - 1)

    # Frames

    def _divide(self) -> None:
        """Find the frame around every group: each open one has one, but parts."""
        opened: set[int] = set()
        for box in self._view.boxes:
            number = self._outline.home[box] if isinstance(box, int) else box.parent
            while number is not None and number not in opened:
                opened.add(number)
                number = self._outline.groups[number].parent
        for group in self._outline.groups:
            around = self._around[group.parent]
            framed = group.number in opened and group.kind not in ("part", "leaves")
            self._around[group.number] = group.number if framed else around
            if framed:
                self._depth[group.number] = 1 + (0 if around is None else self._depth[around])

    def _frame(self, group: Group, make: type[Digraph]) -> Digraph:
        """The cluster of an open group."""
        theme = self._style.theme
        shade = theme.frames[min(self._depth[group.number], len(theme.frames)) - 1]
        look = {"style": "rounded,filled", "fillcolor": shade, "color": theme.frame, "labelloc": "t"}
        label = f"<{text(title(self._outline, group))}>"
        return make(f"cluster_{group.number}", graph_attr={"label": label, **look})

    # Edges

    def _draw(self, edge: Edge, page: Digraph) -> None:
        start, end = self._view.boxes[edge.start], self._view.boxes[edge.end]
        out, into = ("e", "w") if self._style.across else ("s", "n")
        port = f"{edge.argument}:" if isinstance(end, int) and ports(self._graph.nodes[end]) else ""
        label = {"label": f" {said} "} if (said := self._said(edge)) else {}
        if edge.count > 1:
            label |= {"penwidth": f"{min(1 + math.log2(edge.count) / 2, 4):.2g}"}
        page.edge(f"{_identifier(start)}:{out}", f"{_identifier(end)}:{port}{into}", _attributes=label)

    def _said(self, edge: Edge) -> str:
        """What stands at an edge: what this use adds to the gradient, or how many uses it is."""
        end = self._view.boxes[edge.end]
        if edge.count > 1:
            return f"{edge.count}×"
        if not self._style.gradients or not isinstance(end, int) or edge.argument is None:
            return ""
        use = self._found.uses.get((end, edge.argument))
        if use is None or isinstance(use.value, tuple) or isinstance(use.pulled, tuple):
            return ""
        if np.size(use.value) > _FEW or (np.ndim(use.value) > 1 and np.size(use.value) > 1):
            added = f"|{np.linalg.norm(np.ravel(use.value)):.3g}|"
        else:
            added = " ".join(" ".join(numbers.lines(use.value)[0]).split())
        if np.size(use.pulled) != np.size(use.value):
            added = f"{added}\\n∑ {numbers.shape(use.pulled)} → {numbers.shape(use.value)}"
        return added

    # The page

    def _page(self, explained: bool) -> Digraph:
        from graphviz import Digraph

        theme = self._style.theme
        look = {"fontname": "Helvetica", "fontcolor": theme.ink}
        under = {"label": legend(self._occurring(), self._style), "labelloc": "b"} if explained else {}
        return Digraph(
            "computation",
            graph_attr={
                "rankdir": "LR" if self._style.across else "TB",
                "bgcolor": theme.page,
                **look,
                "fontsize": "11",
                "labeljust": "l",
                "nodesep": "0.2",
                "ranksep": "0.4",
                "pad": "0.1",
                **under,
            },
            node_attr={
                "shape": "box",
                "style": "rounded,filled",
                "margin": "0",
                "width": "0",
                "height": "0",
                "fontsize": "11",
                **look,
            },
            edge_attr={
                "color": theme.edge,
                "arrowsize": "0.6",
                "fontsize": "8",
                "fontname": "Helvetica",
                "fontcolor": theme.gradient,
            },
        )

    def _occurring(self) -> Sequence[str]:
        """What there is to be explained, in the legend's order."""
        there = set(map(self._what, self._view.boxes))
        there |= {"group"} if any(isinstance(box, Group) for box in self._view.boxes) else set()
        added = [said for edge in self._view.edges if edge.count == 1 and (said := self._said(edge))]
        there |= {"uses"} if any(edge.count > 1 for edge in self._view.edges) else set()
        there |= {"contribution"} if added else set()
        there |= {"norm"} if any("|" in said for said in added) else set()
        there |= {"broadcast"} if any("∑" in said for said in added) else set()
        there |= {"mark"} if self._found.marks else set()
        there |= {"heat"} if self._style.heat and self._range[0] < self._range[1] else set()
        return sorted(there)


def _identifier(box: int | Group) -> str:
    return f"n{box}" if isinstance(box, int) else f"g{box.number}"
