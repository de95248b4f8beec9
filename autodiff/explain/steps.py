"""The steps of an explanation: what is given, the forward pass, the chain rule, the update."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import numpy as np

from autodiff.contributions import Contribution
from autodiff.drawing.numbers import shape
from autodiff.explain.document import Equation, Step
from autodiff.explain.numerals import figures, matrix, numeral, with_numbers
from autodiff.explain.program import Program
from autodiff.formulas.elements import Element
from autodiff.formulas.latex import assumed, latex
from autodiff.formulas.names import Name
from autodiff.formulas.symbols import Symbol, names_of
from autodiff.formulas.written import call, made
from autodiff.graph import Vertex
from autodiff.op import fit

#: Longer formulas are not repeated with numbers.
_LONG = 400
#: Of more uses, the first and the last are written.
_MANY = 6


def steps(program: Program, learning_rate: float) -> Iterator[Step]:
    """All steps, in the order in which they are computed."""
    yield from _given(program)
    for vertex in program.graph.nodes:
        if vertex.op is not None:
            yield _forward(program, vertex)
    if program.uses:
        yield from _backward(program)
        yield from _update(program, learning_rate)


def valued(value: Any) -> list[str | Equation]:
    """What there is to say of a value beside its formula: the statistics of a large one."""
    said = figures(value)
    return [f"(${_shape(value)}$ elements: {said})"] if said else []


def equation(
    left: str, tree: Any, value: Any, *, conditions: tuple[str, ...] = (), first: str | None = None, sign: str = "="
) -> Equation:
    """A formula, the formula with numbers where they are few, and the number."""
    text = latex(tree) if first is None else first
    forms = [text] if isinstance(tree, Symbol) else []  # a constant is the number itself
    numbers = with_numbers(tree)
    if numbers is not None and len(filled := latex(numbers)) < _LONG:
        forms.append(filled)
    if (result := numeral(value)) is not None:
        forms.append(result)
    return Equation(left, tuple(dict.fromkeys(forms)), tree, value, conditions, sign)


def by_elements(program: Program, left: str, found: Element | None, value: Any) -> list[str | Equation]:
    """The same by elements, where that says more."""
    if found is None or not found.indices or r"\begin" in found.tex:
        return []
    return [Equation(left, (found.tex,), found, value)]


def index_text(index: Iterable[Any]) -> str:
    """Indices, which start at 1 in formulas: 21; or 2,13."""
    numbers = [int(i) + 1 for i in index]
    return ("" if max(numbers) < 10 else ",").join(map(str, numbers))


# What is given


def _given(program: Program) -> Iterator[Step]:
    leaves = [v for v in program.graph.nodes if v.op is None and program.names[v.id] is not None]
    if not leaves:
        return
    parts: list[str | Equation] = []
    for vertex in leaves:
        name = program.names[vertex.id]
        assert name is not None
        kind = "a parameter" if vertex.requires_grad else "data"
        forms = [_labelled(name, vertex.value)] if vertex.requires_grad and np.ndim(vertex.value) else []
        numbers = numeral(vertex.value)
        parts.append(f"${name.tex}$, {kind}: {shape(vertex.value)}.")
        if numbers is not None:
            parts.append(Equation(name.tex, (*forms, numbers), program.symbols[vertex.id], vertex.value))
        parts += valued(vertex.value)
    yield Step("given", "What is given", tuple(parts), tuple(v.id for v in leaves))


def _labelled(name: Name, value: Any) -> str:
    """The elements by their labels: w_jk goes to neuron j from neuron k."""
    shape = np.shape(value)
    if len(shape) > 2 or not np.size(value):
        return name.tex

    def label(place: Any) -> str:
        return name.element(index_text(np.unravel_index(int(place), shape)))

    return matrix(np.arange(np.size(value)).reshape(shape), label)


# Forwards


def _forward(program: Program, vertex: Vertex) -> Step:
    assert vertex.op is not None
    tex = program.tex(vertex.id)
    tree = program.formula(vertex.id)
    parts: list[str | Equation] = [
        f"The rule of {vertex.op.name}: $y = {_rule(program, vertex)}$.",
        _shapes(program, vertex),
    ]
    parts.append(equation(tex, tree, vertex.value, first=made(program.graph, vertex, program.names)))
    found = program.element(tree)
    name = program.names[vertex.id]
    assert name is not None
    if found is not None:
        parts += by_elements(program, name.element("".join(found.indices)), found, vertex.value)
    parts += valued(vertex.value)
    where = f", in {' / '.join(vertex.scope)}" if vertex.scope else ""
    return Step("forward", f"${tex}$ by {vertex.op.name}{where}", tuple(parts), (vertex.id,))


def _rule(program: Program, vertex: Vertex) -> str:
    """The operation in general, of arguments called as the operation calls them."""
    assert vertex.op is not None
    values = program.values(vertex.id)
    return call(vertex.op, names_of(vertex.op, len(values)), values, vertex.value, vertex.params)


def _shapes(program: Program, vertex: Vertex) -> str:
    given = [
        f"${program.tex(i)}$ ({shape(program.vertex(i).value)})"
        for i in dict.fromkeys(vertex.inputs)
        if program.names[i] is not None
    ]
    made = f"${program.tex(vertex.id)}$ ({shape(vertex.value)})"
    return f"Shapes: {', '.join(given)}; the result is {made}." if given else f"Shape: {made}."


def _shape(value: Any) -> str:
    return r" \times ".join(map(str, np.shape(value)))


# Backwards


def _backward(program: Program) -> Iterator[Step]:
    output = program.tex(program.output)
    start = Equation(program.gradient_tex(program.output), ("1",), program.gradient(program.output), 1.0)
    words = f"The chain rule starts at the end: ${output}$ changes with itself one to one."
    yield Step("backward", f"The gradient of ${output}$", (words, start), (program.output,))
    arrived: dict[int, list[tuple[str, Contribution]]] = {}
    for end, uses in groupby(program.uses, key=lambda use: use.end):
        vertex = program.vertex(end)
        assert vertex.op is not None
        parts: list[str | Equation] = _incoming(program, end)
        touched = [end]
        for use in uses:
            parts += _use(program, use)
            arrived.setdefault(use.start, []).append((_left(program, use), use))
            if len(arrived[use.start]) == len(program.uses_of[use.start]) > 1:
                parts += _accumulated(program, arrived[use.start])
            touched.append(use.start)
        title = f"Back through {vertex.op.name}, which made ${program.tex(end)}$"
        yield Step("backward", title, tuple(parts), tuple(dict.fromkeys(touched)))


def _incoming(program: Program, end: int) -> list[str | Equation]:
    gradient = program.gradients[end]
    if isinstance(gradient, tuple):
        return ["A gradient comes in for each result that was used."]
    text = numeral(gradient)
    if text is None:
        return [f"The gradient that comes in: ${program.gradient_tex(end)}$.", *valued(gradient)]
    return [
        "The gradient that comes in:",
        Equation(program.gradient_tex(end), (text,), program.gradient(end), gradient),
    ]


def _left(program: Program, use: Contribution) -> str:
    """What the contribution of one use is called."""
    whole = program.gradient_tex(use.start)
    uses = program.uses_of[use.start]
    if len(uses) == 1:
        return whole
    through = program.tex(use.end)
    if _is_one_of_several(program, use):
        through += rf",\, {use.argument + 1}"
    return rf"\left. {whole} \right|_{{{through}}}"


def _use(program: Program, use: Contribution) -> list[str | Equation]:
    """What one use of a value adds to its gradient."""
    start, end = program.names[use.start], program.names[use.end]
    parts: list[str | Equation] = []
    assert end is not None
    if start is None:
        return parts
    pulled = program.pulled(use)
    if isinstance(pulled.tree, tuple):
        return [f"It is the gradient of one of the results of ${start.tex}$."]
    conditions = tuple(assumed(assumption) for assumption in pulled.assumptions)
    left = _left(program, use)
    local = program.local(use)
    value = program.vertex(use.start).value
    tree = pulled.tree
    if local is not None:
        slope = _slope(program, use)
        number = local.tree.value if isinstance(local.tree, Symbol) else local.tree
        parts.append("The local derivative, element by element:" if np.ndim(use.given) else "The local derivative:")
        parts.append(equation(slope, local.tree, number, conditions=conditions))
        conditions = ()
        if isinstance(local.tree, Symbol):  # a constant needs no name
            factor: Any = Symbol(slope, number)
            tree = program.gradient(use.end) * (np.conj(factor) if np.iscomplexobj(number) else factor)
        if latex(tree) == left:
            return parts
        parts.append("times the gradient that came in, by the chain rule:")
    else:
        parts.append(f"Its product with the transposed Jacobian, for ${start.tex}$:")
    if np.shape(use.pulled) != np.shape(use.value):
        parts.append(equation(rf"\left( {left} \right)_{{\text{{each}}}}", tree, use.pulled, conditions=conditions))
        parts.append(
            f"${start.tex}$, {shape(value)}, was broadcast to {shape(use.pulled)}: what its copies receive is added up."
        )
        conditions = ()
    elif np.iscomplexobj(use.pulled) and not np.iscomplexobj(use.value):
        parts.append(f"${start.tex}$ is real, and so is its gradient:")
    tree = _fitted(tree, value)
    parts.append(equation(left, tree, use.value, conditions=conditions))
    found = program.element(_fitted(pulled.tree, value)) if program.vertex(use.start).requires_grad else None
    if found is not None and len(program.uses_of[use.start]) == 1:
        parts += by_elements(program, program.gradient_tex(use.start, "".join(found.indices)), found, use.value)
    parts += valued(use.value)
    return parts


def _slope(program: Program, use: Contribution) -> str:
    """What a local derivative is called; the number of the argument tells two uses in one operation apart."""
    start, end = program.names[use.start], program.names[use.end]
    assert start is not None
    assert end is not None
    slope = rf"\frac{{\partial {end.tex}}}{{\partial {start.tex}}}"
    return rf"\left. {slope} \right|_{{{use.argument + 1}}}" if _is_one_of_several(program, use) else slope


def _is_one_of_several(program: Program, use: Contribution) -> bool:
    """Whether an operation uses a value as several of its arguments."""
    return program.vertex(use.end).inputs.count(use.start) > 1


def _fitted(tree: Any, value: Any) -> Any:
    """The formula, summed where a broadcast is undone."""
    return fit(tree if isinstance(tree, Symbol) else np.asarray(tree), np.asarray(value))


def _accumulated(program: Program, arrived: list[tuple[str, Contribution]]) -> list[str | Equation]:
    """The sum of what all uses add."""
    start = arrived[0][1].start
    value = program.gradients[start]
    if isinstance(value, tuple) or program.names[start] is None:
        return []
    words = f"${program.tex(start)}$ was used {len(arrived)} times: its gradient is the sum of what the uses add."
    whole = program.gradient_tex(start)
    if len(arrived) > _MANY:
        terms = rf"{arrived[0][0]} + \cdots + {arrived[-1][0]}"
        result = numeral(value)
        return [words, Equation(whole, (terms, result) if result else (terms,), None, value), *valued(value)]
    total: Any = Symbol(arrived[0][0], arrived[0][1].value)
    for left, use in arrived[1:]:
        total = total + Symbol(left, use.value)
    return [words, equation(whole, total, value), *valued(value)]


# The update


def _update(program: Program, learning_rate: float) -> Iterator[Step]:
    wanted = [v for v in program.graph.nodes if v.op is None and program.gradients[v.id] is not None]
    if not wanted:
        return
    parts: list[str | Equation] = [
        f"Against its gradient, ${program.tex(program.output)}$ falls fastest. "
        f"With the learning rate $\\eta = {learning_rate:g}$:"
    ]
    for vertex in wanted:
        rate = np.asarray(learning_rate, dtype=np.asarray(vertex.value).dtype)[()]
        after = vertex.value - rate * program.gradients[vertex.id]
        tree = program.symbols[vertex.id] - Symbol(r"\eta", rate) * program.gradient(vertex.id)
        parts.append(equation(program.tex(vertex.id), tree, after, sign=r"\leftarrow"))
        parts += valued(after)
    yield Step("update", "One step of gradient descent", tuple(parts), tuple(v.id for v in wanted))
