"""The formulas of a graph's values, and what they are called in them."""

from __future__ import annotations

from autodiff.formulas.mathml import Tree, mathml
from autodiff.formulas.names import Name, names
from autodiff.formulas.plain import plain
from autodiff.formulas.written import call
from autodiff.graph import Graph, Vertex

#: In formulas arguments are characters that nobody else uses, from this one on; the page puts their names there.  So
#: the calls of one operation share one formula.
_FIRST = 0xE000


class Formulas:
    """The formulas and the names of a graph's values as MathML, each kept once."""

    def __init__(self, graph: Graph) -> None:
        self.known: list[Tree] = []
        self._graph = graph
        self._names = names(graph)
        self._places: dict[str, int] = {}

    def name(self, vertex: Vertex) -> str:
        """What a value is called in formulas, as plain text; "" for a number."""
        name = self._names[vertex.id]
        return "" if name is None else plain(name.tex)

    def symbol(self, vertex: Vertex) -> int | None:
        """Where the same stands in the list; None for a number."""
        name = self._names[vertex.id]
        return None if name is None else self._place(name.tex, _symbol(name))

    def formula(self, vertex: Vertex) -> int | None:
        """Where stands how a value is computed; None for what no operation made."""
        if vertex.op is None:
            return None
        arguments = [None if self._names[i] is None else chr(_FIRST + vertex.inputs.index(i)) for i in vertex.inputs]
        values = [self._graph.nodes[i].value for i in vertex.inputs]
        latex = call(vertex.op, arguments, values, vertex.value, vertex.params)
        return self._place(latex, mathml(latex))

    def _place(self, latex: str, tree: Tree) -> int:
        place = self._places.setdefault(latex, len(self.known))
        if place == len(self.known):
            self.known.append(tree)
        return place


def _symbol(name: Name) -> Tree:
    """A name, put together of its parts: few of them are new."""
    parts = [mathml(name.letter)]
    if name.below:
        parts.append(mathml(name.below))
    if name.layer:
        fixed = {"stretchy": "false"}
        parts.append(["mrow", {}, [["mo", fixed, "("], ["mn", {}, name.layer], ["mo", fixed, ")"]]])
    tag = f"m{'sub' if name.below else ''}{'sup' if name.layer else ''}"
    return [tag, {}, parts] if len(parts) > 1 else parts[0]
