"""A recorded computation in symbols: every value by its name, every use of it by the derivative that the rule gives."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from autodiff.contributions import Contribution, contributions
from autodiff.formulas.elements import Element, Naming, element
from autodiff.formulas.generic import generic, pulled
from autodiff.formulas.names import Name, names
from autodiff.formulas.symbols import Derivative, Symbol, derivative
from autodiff.graph import Graph, Node, Vertex
from autodiff.op import Elementwise, Parts


class Program:
    """A graph, the names of its values and, where it ends in a single number, its backward pass.

    Parameters
    ----------
    graph : Graph
        Of one output.
    given : mapping, optional
        LaTeX for some of its tensors.

    Attributes
    ----------
    names : tuple of Name or None
        None is a number, which is written as it is.
    symbols : tuple
        One for each vertex, with its name and value; a number is there itself.
    called : dict
        The name of each of those symbols.
    named : dict
        How elements of symbols are written.
    uses : tuple of Contribution
        The backward pass; empty where there is none.
    gradients : tuple
        The gradient of each vertex, or None.
    """

    def __init__(self, graph: Graph, given: Mapping[Node, str] | None = None) -> None:
        self.graph = graph
        self.names: tuple[Name | None, ...] = names(graph, given)
        self.symbols: tuple[Any, ...] = tuple(
            vertex.value if name is None else Symbol(name.tex, vertex.value)
            for vertex, name in zip(graph.nodes, self.names, strict=True)
        )
        (self.output,) = graph.outputs
        output = graph.nodes[self.output]
        ends = output.requires_grad and not isinstance(output.value, tuple) and np.size(output.value) == 1
        found = contributions(graph) if ends else None
        self.uses: tuple[Contribution, ...] = () if found is None else found.uses
        self.gradients = (None,) * len(graph.nodes) if found is None else found.gradients
        self.called: dict[Symbol, Name] = {
            symbol: name for symbol, name in zip(self.symbols, self.names, strict=True) if name is not None
        }
        self.named: dict[Symbol, Naming] = {symbol: name.element for symbol, name in self.called.items()}
        self._gradient_symbols: dict[int, Any] = {}

    # Forwards

    def vertex(self, i: int) -> Vertex:
        return self.graph.nodes[i]

    def values(self, i: int) -> list[Any]:
        """The arguments that a value was computed from."""
        return [self.graph.nodes[k].value for k in self.graph.nodes[i].inputs]

    def tex(self, i: int) -> str:
        """What a value is called."""
        name = self.names[i]
        assert name is not None
        return name.tex

    def formula(self, i: int) -> Symbol:
        """How a value is computed from others."""
        vertex = self.vertex(i)
        return Symbol("", vertex.value, vertex.op, tuple(self.symbols[k] for k in vertex.inputs), vertex.params)

    # Backwards

    @cached_property
    def uses_of(self) -> dict[int, list[Contribution]]:
        """What each value's gradient is the sum of, in the order of the backward pass."""
        found: dict[int, list[Contribution]] = {}
        for use in self.uses:
            found.setdefault(use.start, []).append(use)
        return found

    def gradient_tex(self, i: int, index: str = "") -> str:
        r"""What the gradient of a value, or of an element, is called: :math:`\partial C / \partial x`."""
        name, cost = self.names[i], self.tex(self.output)
        return rf"\frac{{\partial {cost}}}{{\partial {name.element(index) if name is not None else '?'}}}"

    def gradient(self, i: int) -> Any:
        """The symbol of the gradient of a value; of several results, several."""
        if i not in self._gradient_symbols:
            value = self.gradients[i]
            if isinstance(value, Parts):
                found: Any = Parts(
                    None if part is None else Symbol(rf"\left( {self.gradient_tex(i)} \right)_{{{k + 1}}}", part)
                    for k, part in enumerate(value)
                )
            elif i == self.output:
                found = np.ones_like(value)
            else:
                found = Symbol(self.gradient_tex(i), value)
                self.named[found] = lambda index: self.gradient_tex(i, index)
            self._gradient_symbols[i] = found
        return self._gradient_symbols[i]

    def result(self, i: int) -> Any:
        """A result as the rules take it: a symbol, or one for each of several results."""
        symbol = self.symbols[i]
        if isinstance(symbol, Symbol) and isinstance(symbol.value, tuple):
            return Parts(Symbol(rf"({symbol.name})_{{{k + 1}}}", part) for k, part in enumerate(symbol.value))
        return symbol

    def local(self, use: Contribution) -> Derivative | None:
        """Of an elementwise operation the partial derivative of its result; None of others."""
        vertex = self.vertex(use.end)
        if not isinstance(vertex.op, Elementwise):
            return None
        found = derivative(vertex.op, use.argument, None, self.result(use.end), self._arguments(vertex), vertex.params)
        assert found is not None
        return generic(found)

    def pulled(self, use: Contribution, gradient: Any = None) -> Derivative:
        """What the rule makes of the incoming gradient, before a broadcast is undone.

        Parameters
        ----------
        use : Contribution
        gradient : Symbol, optional
            What stands for the incoming gradient; left out, its name.
        """
        vertex = self.vertex(use.end)
        assert vertex.op is not None
        g = self.gradient(use.end) if gradient is None else gradient
        found = pulled(vertex.op, use.argument, g, self.result(use.end), self._arguments(vertex), vertex.params)
        assert found is not None
        return found

    def _arguments(self, vertex: Vertex) -> tuple[Any, ...]:
        return tuple(self.result(k) for k in vertex.inputs)

    def element(self, tree: Any) -> Element | None:
        """The typical element of a formula in the program's names."""
        return element(tree, self.named)
