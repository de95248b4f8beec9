"""A graph as a program for Graphviz: cards, edges in argument order, scopes as clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from autodiff.drawing.cards import COLOURS, card, kind, ports, text
from autodiff.graph import Graph, Vertex

if TYPE_CHECKING:
    from graphviz import Digraph

_Scope = tuple[str, ...]

_EDGE = "#7F7F7F"
#: Clusters by their depth.
_SHADES = ("#F5F5F5", "#EBEBEB", "#E1E1E1", "#D7D7D7")
#: Edges that reach further, all together, are drawn as straight lines, in an order that is not polished: Graphviz would
#: take minutes for a parameter that every one of a hundred steps uses.
_FAR = 5000


def source(graph: Graph, *, values: bool = True, gradients: bool = True, direction: str = "LR") -> str:
    """DOT for a graph; the same graph gives the same text.

    Parameters
    ----------
    graph : Graph
    values, gradients : bool
        Whether the cards hold the numbers, and the gradients that are known.
    direction : {"LR", "TB"}
        From left to right or from top to bottom.

    Examples
    --------
    >>> import autodiff as ad
    >>> x = ad.Tensor(3.0, requires_grad=True, name="x")
    >>> [line.strip() for line in source(ad.graph(x * x)).splitlines() if "->" in line]
    ['n0:e -> n1:0:w', 'n0:e -> n1:1:w']
    """
    across = direction == "LR"
    clusters: dict[_Scope, Digraph] = {(): _page(direction, rough=_reach(graph) > _FAR)}
    dtype = np.asarray(graph.nodes[graph.outputs[0]].value).dtype
    outputs = set(graph.outputs)
    for vertex, scope in zip(graph.nodes, _places(graph), strict=True):
        if scope not in clusters:
            for depth in range(1, len(scope) + 1):
                clusters.setdefault(scope[:depth], _cluster(len(clusters), scope[:depth]))
        output = vertex.id in outputs
        label = card(vertex, output=output, dtype=dtype, values=values, gradients=gradients, across=across)
        clusters[scope].node(f"n{vertex.id}", label, _attributes=_look(vertex, output))
    page = clusters.pop(())
    siblings = reversed(clusters) if across else clusters  # Graphviz turns the page for LR: what is first comes lowest
    for scope in sorted(siblings, key=len, reverse=True):
        (clusters[scope[:-1]] if len(scope) > 1 else page).subgraph(clusters[scope])
    out, into = ("e", "w") if across else ("s", "n")
    for vertex in graph.nodes:
        several = ports(vertex)
        for i, start in enumerate(vertex.inputs):
            page.edge(f"n{start}:{out}", f"n{vertex.id}:{i}:{into}" if several else f"n{vertex.id}:{into}")
    return str(page.source)


def _page(direction: str, rough: bool) -> Digraph:
    from graphviz import Digraph

    page = Digraph(
        "computation",
        graph_attr={
            "rankdir": direction,
            "bgcolor": "transparent",
            "fontname": "Helvetica",
            "fontsize": "11",
            "labeljust": "l",
            "nodesep": "0.2",
            "ranksep": "0.4",
            "pad": "0.1",
        },
        node_attr={
            "shape": "box",
            "style": "rounded,filled",
            "margin": "0",
            "width": "0",
            "height": "0",
            "fontname": "Helvetica",
            "fontsize": "11",
        },
        edge_attr={"color": _EDGE, "arrowsize": "0.6"},
    )
    if rough:
        page.attr(splines="line", nslimit="0.1", nslimit1="0.1", mclimit="0.1")
    return page


def _cluster(number: int, scope: _Scope) -> Digraph:
    from graphviz import Digraph

    shade = _SHADES[min(len(scope), len(_SHADES)) - 1]
    return Digraph(
        f"cluster_{number}",
        graph_attr={"label": f"<{text(scope[-1])}>", "style": "rounded,filled", "fillcolor": shade, "color": "#C4C4C4"},
    )


def _look(vertex: Vertex, output: bool) -> dict[str, str]:
    what = kind(vertex)
    fill, line = COLOURS["output" if output and what == "result" else what]
    look = {"fillcolor": fill, "color": line}
    if output:
        look["penwidth"] = "2"
    if what == "constant":
        look |= {"style": "rounded,filled,dashed", "margin": "0.05,0.03"}
    return look


def _places(graph: Graph) -> list[_Scope]:
    """The scope that each value is drawn in: a result where it was made, a leaf around all its uses.

    Data that have a name come from outside of all scopes: a network does not own its input.
    """
    places: list[_Scope | None] = [
        vertex.scope if vertex.op is not None else () if vertex.name and kind(vertex) == "data" else None
        for vertex in graph.nodes
    ]
    for vertex in graph.nodes:
        for i in vertex.inputs:
            if graph.nodes[i].op is None:
                known = places[i]
                places[i] = vertex.scope if known is None else _common(known, vertex.scope)
    return [place or () for place in places]


def _reach(graph: Graph) -> int:
    """How many layers all edges together reach over, if each value stands in the layer after its latest input."""
    layers = [0] * len(graph.nodes)
    first: dict[int, int] = {}  # the layer of a leaf's first use
    for vertex in graph.nodes:
        layers[vertex.id] = 1 + max((layers[i] for i in vertex.inputs), default=0)
        for i in vertex.inputs:
            if graph.nodes[i].op is None:
                first[i] = min(first.get(i, layers[vertex.id]), layers[vertex.id])
    starts = [first.get(i, layer + 1) - 1 for i, layer in enumerate(layers)]
    return sum(layers[vertex.id] - starts[i] for vertex in graph.nodes for i in vertex.inputs)


def _common(a: _Scope, b: _Scope) -> _Scope:
    """The innermost scope around both."""
    if a == b:
        return a
    depth = 0
    while depth < min(len(a), len(b)) and a[depth] == b[depth]:
        depth += 1
    return a[:depth]
