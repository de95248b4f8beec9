r"""What becomes of the chain rule when its steps are put together: the equations of backpropagation, derived.

The gradient of every value is put together in symbols, use by use; where a value is a layer's z, its gradient gets the
name :math:`\delta`, and everything before is written with that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import numpy as np

from autodiff.explain.document import Equation, Step
from autodiff.explain.program import Program
from autodiff.explain.steps import equation
from autodiff.formulas.latex import assumed, latex
from autodiff.formulas.names import Name
from autodiff.formulas.symbols import Assumption, Symbol, leaves, replaced
from autodiff.formulas.templates import starts_with_function
from autodiff.op import Elementwise, Parts, fit

#: A longer formula is not put into the next one, nor is the sum over more uses: they get a name.
_LONG, _MANY = 150, 6


def summary(program: Program) -> Iterator[Step]:
    """The final expressions for the gradients of a program; of a network by its errors, layer by layer."""
    found = _Composed(program, by_layers=True)
    layered = bool(found.errors)
    if layered:
        yield _errors(program, found)
        yield from _in_general(program, found)
    worked = _Composed(program, by_layers=False) if layered else found
    written = {left: latex(tree) for left, tree, _ in found.written()} if layered else {}
    parts: list[str | Equation] = []
    for left, tree, i in worked.written():
        if written.get(left) != latex(tree):
            parts.append(_worked(program, worked, left, tree, i))
    if parts:
        words = "The same, with the derivatives worked out:" if layered else "The steps put together:"
        yield Step("summary", "The gradients of this program", (words, *parts))


def _worked(program: Program, found: _Composed, left: str, tree: Any, i: int) -> Equation:
    conditions = tuple(dict.fromkeys(assumed(a) for a in found.assumptions.get(i, ())))
    return equation(left, tree, program.gradients[i], conditions=conditions)


def _errors(program: Program, found: _Composed) -> Step:
    cost = program.tex(program.output)
    parts: list[str | Equation] = [
        rf"The error of a layer is $\delta = \frac{{\partial {cost}}}{{\partial z}}$: "
        "it comes back from the layer after it, and gives the gradients of the layer's parameters."
    ]
    for left, tree, i in found.written():
        parts.append(equation(left, tree, program.gradients[i]))
        if program.vertex(i).op is None and (by_element := program.element(tree)) is not None and by_element.indices:
            index = "".join(by_element.indices)
            parts.append(Equation(program.gradient_tex(i, index), (by_element.tex,), by_element, program.gradients[i]))
    return Step("summary", "The equations of backpropagation", tuple(parts), tuple(found.errors))


class _Composed:
    r"""The gradients of a program in symbols, put together.

    Parameters
    ----------
    program : Program
    by_layers : bool
        Write derivatives of activations as :math:`\sigma'(z)`, and that of the cost as :math:`\nabla_a C`; else as what
        they are.

    Attributes
    ----------
    equations : list of (vertex, formula)
        Of the gradients that have a name, in the order of the backward pass: each is written with those before it.
    errors : dict
        The name of the error of each vertex that is the z of a layer.
    slopes : dict
        Of each symbol for the derivative of an activation, the vertex that it is taken at.
    named : dict
        Of each symbol for a gradient that has a name, its vertex.
    """

    def __init__(self, program: Program, by_layers: bool) -> None:
        self.program = program
        self.equations: list[tuple[int, Any]] = []
        self.errors = {
            v.id: Name(r"\delta", layer=name.layer)
            for v, name in zip(program.graph.nodes, program.names, strict=True)
            if name is not None and name.letter == "z" and v.op is not None and program.gradients[v.id] is not None
        }
        self.slopes: dict[Symbol, int] = {}
        self.named: dict[Symbol, int] = {}
        self.assumptions: dict[int, list[Assumption]] = {}
        self._by_layers = by_layers
        self._gradients: dict[int, Any] = {program.output: program.gradient(program.output)}
        self.end = self._end()
        self._compose()

    def written(self) -> Iterator[tuple[str, Any, int]]:
        """The name of each gradient, its formula and its vertex."""
        for i, tree in self.equations:
            yield self._left(i), tree, i

    def _end(self) -> int | None:
        """The activation of the last layer, from which the cost is computed."""
        last = max(self.errors, default=None)
        if last is None:
            return None
        uses = self.program.uses_of.get(last, [])
        (only,) = uses if len(uses) == 1 else (None,)
        is_activation = only is not None and self._activation(only.end, last) is not None
        return only.end if only is not None and is_activation and only.end != self.program.output else None

    def _activation(self, end: int, start: int) -> str | None:
        r"""The name of the function that makes one value of another, element by element: :math:`\sigma`."""
        vertex = self.program.vertex(end)
        if not isinstance(vertex.op, Elementwise) or vertex.inputs != (start,) or start not in self.errors:
            return None
        match = re.fullmatch(r"(.*?)(?:\(#1\)|\s#1)", vertex.op.tex)
        if match is None:
            return None
        name = match[1]
        known = name.startswith(r"\operatorname{") or starts_with_function(name) or re.fullmatch(r"\\?[A-Za-z]+", name)
        return name if known else None

    def _compose(self) -> None:
        for end, uses in groupby(self.program.uses, key=lambda use: use.end):
            g = self._whole(end)
            for use in uses:
                if isinstance(use.pulled, Parts) or len(self.program.uses_of[use.start]) > _MANY:
                    continue  # the gradient is named as it is
                pulled = self._abstract(use, g)
                if pulled is None:
                    found = self.program.pulled(use, g)
                    pulled = found.tree
                    self.assumptions.setdefault(use.start, []).extend(found.assumptions)
                value = np.asarray(self.program.vertex(use.start).value)
                term = fit(pulled if isinstance(pulled, Symbol) else np.asarray(pulled), value)
                known = self._gradients.get(use.start)
                self._gradients[use.start] = term if known is None else known + term
        for vertex in self.program.graph.nodes:
            if vertex.op is None and vertex.id in self._gradients and vertex.id != self.program.output:
                self.equations.append((vertex.id, self._gradients[vertex.id]))

    def _whole(self, i: int) -> Any:
        """The gradient of a value whose uses are all done: its formula, or the name that it gets."""
        if isinstance(self.program.gradients[i], Parts) or i not in self._gradients:
            return self.program.gradient(i)
        tree = self._gradients[i]
        landmark = i in self.errors or (self._by_layers and i == self.end)
        if i == self.program.output or not (landmark or (isinstance(tree, Symbol) and len(latex(tree)) > _LONG)):
            return tree
        self.equations.append((i, tree))
        symbol = Symbol(self._left(i), self.program.gradients[i])
        self.named[symbol] = i
        if i in self.errors:
            self.program.named[symbol] = self.errors[i].element
        elif i != self.end:
            self.program.named[symbol] = lambda index: self.program.gradient_tex(i, index)
        return symbol

    def _left(self, i: int) -> str:
        if i in self.errors:
            return self.errors[i].tex
        if self._by_layers and i == self.end:
            return rf"\nabla_{{{self.program.tex(i)}}} {self.program.tex(self.program.output)}"
        return self.program.gradient_tex(i)

    def _abstract(self, use: Any, g: Any) -> Any:
        """The gradient times the derivative of an activation, by the name of the function."""
        function = self._activation(use.end, use.start) if self._by_layers else None
        if function is None or np.iscomplexobj(use.given):
            return None
        local = self.program.local(use)
        assert local is not None
        value = local.tree.value if isinstance(local.tree, Symbol) else local.tree
        slope = Symbol(rf"{function}'({self.program.tex(use.start)})", value)
        self.slopes[slope] = use.start
        return g * slope


# In general


def _in_general(program: Program, found: _Composed) -> Iterator[Step]:
    """The same for any layer l, if the equations of all layers are the same but for the number."""
    layers = {int(name.layer): i for i, name in found.errors.items() if name.layer}
    if len(layers) < 2 or sorted(layers) != list(range(1, len(layers) + 1)):
        return
    trees = dict(found.equations)
    if found.end is None or not set(layers.values()) <= trees.keys():
        return
    depth, cost = len(layers), program.tex(program.output)
    laws: dict[str, set[tuple[str, str]]] = {}
    for layer, i in layers.items():
        kind = "last" if layer == depth else "hidden"
        shown = _General(program, found, layer, "L" if layer == depth else "l")
        laws.setdefault(kind, set()).add((shown.name(Name(r"\delta", layer=str(layer))), shown.tex(trees[i])))
    for i, tree in found.equations:
        name = program.names[i]
        if program.vertex(i).op is None and name is not None and name.layer:
            shown = _General(program, found, int(name.layer), "l")
            by_element = program.element(shown.renamed(tree))
            if by_element is None:
                return
            left = rf"\frac{{\partial {cost}}}{{\partial {shown.name(name, ''.join(by_element.indices))}}}"
            laws.setdefault(name.letter, set()).add((left, by_element.tex))
    if any(len(forms) != 1 for forms in laws.values()):
        return
    words = (
        r"The equations of all layers are alike. With $\sigma$ for the activation of each layer, "
        rf"$a^{{0}}$ for the input and $L = {depth}$ for the last layer:"
    )
    ordered = sorted(laws, key=lambda kind: _ORDER.get(kind, len(_ORDER)))
    parts = [Equation(left, (right,)) for kind in ordered for left, right in laws[kind]]
    yield Step(
        "summary", f"The {_COUNTS.get(len(parts), str(len(parts)))} equations of backpropagation", (words, *parts)
    )


_ORDER = {"last": 0, "hidden": 1, "b": 2, "W": 3}
_COUNTS = {2: "two", 3: "three", 4: "four", 5: "five"}


class _General:
    """Formulas of one layer as those of any."""

    def __init__(self, program: Program, found: _Composed, layer: int, letter: str) -> None:
        self._layer = layer
        self._letter = letter
        self._program = program
        self._found = found
        self._new: dict[Symbol, Symbol] = {}

    def name(self, name: Name, index: str = "") -> str:
        """A name with the number of its layer counted from this one's: :math:`a^{l-1}`, as in Nielsen's book."""
        away = int(name.layer) - self._layer
        above = self._letter + (f"{away:+d}" if away else "")
        plain = Name(name.letter, name.below)
        text = plain.element(index) if index else plain.tex
        return f"{text}^{above}" if len(above) == 1 else f"{text}^{{{above}}}"

    def tex(self, tree: Any) -> str:
        return latex(self.renamed(tree))

    def renamed(self, tree: Any) -> Any:
        return replaced(tree, {symbol: self._general(symbol) for symbol in leaves(tree)})

    def _general(self, symbol: Symbol) -> Symbol:
        if symbol not in self._new:
            self._new[symbol] = self._made(symbol)
        return self._new[symbol]

    def _made(self, symbol: Symbol) -> Symbol:
        if symbol in self._found.slopes:
            name = self._program.names[self._found.slopes[symbol]]
            assert name is not None
            return Symbol(rf"\sigma'({self.name(name)})", symbol.value)
        vertex = self._found.named.get(symbol)
        if vertex is not None and vertex == self._found.end:
            return Symbol(rf"\nabla_a {self._program.tex(self._program.output)}", symbol.value)
        found = self._program.called.get(symbol) if vertex is None else self._found.errors.get(vertex)
        if found is not None and not found.layer and self._layer == 1 and self._feeds_the_first(symbol):
            found = Name("a", layer="0")
        if found is None or not found.layer:
            return symbol
        called = found
        new = Symbol(self.name(called), symbol.value)
        self._program.named[new] = lambda index: self.name(called, index)
        return new

    def _feeds_the_first(self, symbol: Symbol) -> bool:
        first = min(self._found.errors)
        return any(self._program.symbols[i] is symbol for i in self._program.vertex(first).inputs)
