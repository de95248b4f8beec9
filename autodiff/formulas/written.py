"""A call of an operation as a formula of what its arguments are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from autodiff.formulas.figures import escaped
from autodiff.formulas.latex import latex
from autodiff.formulas.names import Name
from autodiff.formulas.symbols import Symbol
from autodiff.graph import Graph, Vertex
from autodiff.op import Op


def call(
    op: Op,
    names: Sequence[str | None],
    values: Sequence[Any],
    result: Any,
    params: Mapping[str, Any],
    sizes: Mapping[int, str] | None = None,
) -> str:
    r"""An operation applied to named arguments, in LaTeX; nothing is computed.

    Parameters
    ----------
    op : Op
    names : sequence of str or None
        LaTeX for each argument; None writes the argument as the number that it is.
    values, result, params
        What the call was given, and what it gave.
    sizes : mapping, optional
        Letters for numbers that are lengths of axes.

    Examples
    --------
    >>> from autodiff.op import table
    >>> call(table["multiply"], ["x", None], [3.0, 2.0], 6.0, {}), call(table["exp"], ["x + 1"], [1.0], 2.7, {})
    ('2 x', 'e^{x + 1}')
    """
    xs = tuple(v if name is None else Symbol(name, v) for name, v in zip(names, values, strict=True))
    text = latex(Symbol("", result, op, xs, params), sizes)
    if text in names:  # a change of shape or type, which is not written inside of a formula
        return rf"\operatorname{{{escaped(op.name)}}}({text})"
    return text


def made(graph: Graph, vertex: Vertex, names: Sequence[Name | None]) -> str:
    """How a value of a graph is computed from others, in LaTeX, by their names.

    Examples
    --------
    >>> import autodiff as ad
    >>> from autodiff.formulas.names import names
    >>> graph = ad.graph(ad.Tensor(3.0, requires_grad=True, name="x") * 2.0)
    >>> made(graph, graph.nodes[2], names(graph))
    '2 x'
    """
    assert vertex.op is not None
    called = [None if (name := names[i]) is None else name.tex for i in vertex.inputs]
    values = [graph.nodes[i].value for i in vertex.inputs]
    return call(vertex.op, called, values, vertex.value, vertex.params)
