"""Operations as MathML, written by the rules of the project's formulas and by latex2mathml."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.graph import Graph, Vertex

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

#: An element of MathML: its tag, its attributes, and its text or its children.
Tree = list[Any]

#: Arguments are written as characters that nobody else uses; the page puts their names there.  So no name is ever read
#: as LaTeX, and the calls of one operation share one formula.
_FIRST = 0xE000
_ENTITY = re.compile(r"&#x[0-9A-F]+;")


class Formulas:
    """The formulas of a graph's operations, each kept once."""

    def __init__(self, graph: Graph) -> None:
        self.known: list[Tree] = []
        self._graph = graph
        self._places: dict[str, int] = {}

    def place(self, vertex: Vertex) -> int | None:
        """Where the formula of a value stands in the list; None for what no operation made."""
        if vertex.op is None:
            return None
        from autodiff.formulas.written import call

        inputs = [self._graph.nodes[i] for i in vertex.inputs]
        names = [
            None if x.node is None and np.ndim(x.value) == 0 else chr(_FIRST + vertex.inputs.index(x.id))
            for x in inputs
        ]
        latex = call(vertex.op, names, [x.value for x in inputs], vertex.value, vertex.params)
        place = self._places.setdefault(latex, len(self.known))
        if place == len(self.known):
            self.known.append(mathml(latex))
        return place


@lru_cache(maxsize=4096)
def mathml(latex: str) -> Tree:
    """LaTeX as a tree of MathML elements, of plain lists: the page makes elements of them, and never reads markup.

    Examples
    --------
    >>> mathml("x < 2")
    ['math', {'display': 'inline'}, [['mrow', {}, [['mi', {}, 'x'], ['mo', {}, '<'], ['mn', {}, '2']]]]]
    """
    from latex2mathml.converter import convert_to_element

    return _tree(convert_to_element(latex))


def _tree(element: Element) -> Tree:
    text = element.text or ""
    content: Any = [_tree(child) for child in element] or (html.unescape(text) if _ENTITY.fullmatch(text) else text)
    return [element.tag, {key: value for key, value in element.items() if key != "xmlns"}, content]
