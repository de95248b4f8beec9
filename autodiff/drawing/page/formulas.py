"""The formulas of a graph's values, and what they are called in them."""

from __future__ import annotations

from collections.abc import Mapping

from autodiff.contributions import Contribution
from autodiff.formulas.generic import generic
from autodiff.formulas.latex import latex
from autodiff.formulas.mathml import Tree, mathml
from autodiff.formulas.names import Name, names
from autodiff.formulas.plain import plain
from autodiff.formulas.symbols import Symbol, derivative
from autodiff.formulas.written import call
from autodiff.graph import Graph, Node, Vertex
from autodiff.op import Elementwise, Parts

#: In formulas arguments are characters that nobody else uses, from this one on, and so are the result and its gradient;
#: the page puts their names there.  So the calls of one operation share one formula.
_FIRST, _RESULT, _GRADIENT = 0xE000, chr(0xE8FE), chr(0xE8FF)


class Formulas:
    """The formulas and the names of a graph's values as MathML, each kept once; `named` is LaTeX for some of them."""

    def __init__(self, graph: Graph, named: Mapping[Node, str] | None = None) -> None:
        self.known: list[Tree] = []
        self._graph = graph
        self._names = names(graph, named)
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
        """Where stands how a value is computed; None for what no operation made, or nobody knows of what any more."""
        if vertex.op is None or not vertex.inputs:
            return None
        values = [self._graph.nodes[i].value for i in vertex.inputs]
        tex = call(vertex.op, self._arguments(vertex), values, vertex.value, vertex.params)
        return self._place(tex, mathml(tex))

    def contribution(self, use: Contribution) -> int | None:
        """Where stands what a use adds to a gradient; None where several results are taken apart."""
        vertex = self._graph.nodes[use.end]
        values = [self._graph.nodes[i].value for i in vertex.inputs]
        if any(isinstance(value, Parts) for value in (vertex.value, *values)):
            return None
        assert vertex.op is not None
        arguments = zip(self._arguments(vertex), values, strict=True)
        xs = tuple(value if name is None else Symbol(name, value) for name, value in arguments)
        y, g = Symbol(_RESULT, vertex.value), Symbol(_GRADIENT, use.given)
        found = derivative(vertex.op, use.argument, g, y, xs, vertex.params)
        assert found is not None
        tree = generic(found).tree
        tex = latex(g * tree if isinstance(vertex.op, Elementwise) else tree)
        return self._place(tex, mathml(tex))

    def _arguments(self, vertex: Vertex) -> list[str | None]:
        """What stands for each argument; None for a number, which is written as it is."""
        return [None if self._names[i] is None else chr(_FIRST + vertex.inputs.index(i)) for i in vertex.inputs]

    def _place(self, tex: str, tree: Tree) -> int:
        place = self._places.setdefault(tex, len(self.known))
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
