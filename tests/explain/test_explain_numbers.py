"""Every printed formula is true: evaluated, it is the engine's number; and every step is there."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autodiff as ad
from autodiff import Tensor
from autodiff.explain.document import Equation
from autodiff.explain.numerals import numeral
from autodiff.formulas.elements import Element
from autodiff.formulas.mathml import markup
from autodiff.formulas.names import names
from autodiff.formulas.plain import plain
from autodiff.formulas.symbols import Symbol, evaluated
from autodiff.op import table
from autodiff.testing.strategies import op_calls, programs
from autodiff.trees import leaves


def close(found, value):
    """Whether two numbers are the same but for rounding."""
    value = np.asarray(value)
    size = np.max(np.abs(value), initial=1.0, where=np.isfinite(value)) if value.dtype.kind in "fc" else 1.0
    tolerance = 1e-9 if value.dtype.itemsize > 4 or value.dtype.kind not in "fc" else 1e-4
    return np.allclose(found, value, rtol=tolerance, atol=tolerance * size, equal_nan=True)


def hold(equation):
    """Check an equation: its formula is the number that the engine has; and it can be written in every way."""
    tree, value = equation.tree, equation.value
    if isinstance(tree, Element):
        shape = np.shape(value)
        for index in product(*map(range, shape)):
            assert close(tree.at(dict(zip(tree.indices, index, strict=True))), np.asarray(value)[index]), equation
    elif isinstance(tree, Symbol) and isinstance(value, tuple):
        assert all(map(close, evaluated(tree, {}), value)), equation
    elif isinstance(tree, Symbol):
        assert np.shape(tree.value) == np.shape(value), equation
        assert all(map(close, np.atleast_1d(evaluated(tree, {})), np.atleast_1d(value))), equation
    for tex in (equation.left, *equation.forms):
        assert plain(tex)
        assert markup(tex).startswith("<math")


def all_hold(explanation):
    """Check every equation of an explanation, and count those that have a formula."""
    found = [equation for step in explanation.steps for equation in step.equations]
    with np.errstate(all="ignore"):
        for equation in found:
            hold(equation)
    return sum(equation.tree is not None for equation in found)


def weighted(outputs):
    """One number that depends on every element of all outputs."""
    total = 0.0
    for y in outputs:
        y = ad.real(y) + ad.imag(y) if np.iscomplexobj(y.data) else y
        weights = 1 + np.arange(y.size).reshape(y.shape) * 0.618 % 1
        total = total + ad.sum(y * weights.astype(y.dtype))
    return total


@pytest.mark.parametrize("op", [op for op in table.values() if op.differentiable], ids=lambda op: op.name)
@settings(max_examples=3)
@given(data=st.data())
def test_of_every_operation(op, data):
    args, params = data.draw(op_calls(op))
    xs = [
        Tensor(x, requires_grad=True, name=f"x{i}") if np.asarray(x).dtype.kind in "fc" else x
        for i, x in enumerate(args)
    ]
    result = op(*xs, **params)
    outputs = [y for y in (result if isinstance(result, tuple) else (result,)) if isinstance(y, Tensor)]
    if not any(y.requires_grad and y.size for y in outputs):
        return
    explanation = ad.explain(weighted([y for y in outputs if y.requires_grad and y.size]))
    assert all_hold(explanation)
    assert str(explanation)
    assert any(step.phase == "backward" and op.name in step.title for step in explanation.steps) or not any(
        x.grad is not None for x in xs if isinstance(x, Tensor)
    )


@settings(max_examples=25)
@given(programs())
def test_of_every_program(program):
    xs = [Tensor(x, requires_grad=True, name=name) for x, name in zip(program.args, program.names, strict=True)]
    outputs = leaves(program(*xs))
    cost = weighted([y for y in outputs if isinstance(y, Tensor) and y.requires_grad])
    explanation = ad.explain(cost)
    assert all_hold(explanation)
    graph = ad.graph(cost)
    told = [step.vertices[0] for step in explanation.steps if step.phase == "forward"]
    assert told == [vertex.id for vertex in graph.nodes if vertex.op is not None]
    assert all(x.grad is None for x in xs)
    for form in (explanation.text(), explanation.markdown(), explanation.latex()):
        assert form


@settings(max_examples=25)
@given(programs())
def test_the_gradients_of_the_summary_are_those_of_backward(program):
    xs = [Tensor(x, requires_grad=True, name=name) for x, name in zip(program.args, program.names, strict=True)]
    cost = weighted([y for y in leaves(program(*xs)) if isinstance(y, Tensor) and y.requires_grad])
    explanation = ad.explain(cost)
    cost.backward()
    found = {e.left: e.value for step in explanation.steps for e in step.equations if step.phase != "update"}
    shown = {vertex.id: vertex.node for vertex in ad.graph(cost).nodes if vertex.op is None}
    for node in shown.values():
        if node is not None and node.grad is not None:
            wanted = [value for left, value in found.items() if rf"\partial {_name(cost, node)}}}" in left]
            assert any(np.shape(v) == node.shape and close(v, node.grad.data) for v in wanted if v is not None)


def _name(cost, node):
    graph = ad.graph(cost)
    (i,) = [vertex.id for vertex in graph.nodes if vertex.node is node]
    return names(graph)[i].tex


def test_the_update_is_that_of_sgd():
    w = Tensor([1.0, -2.0, 0.5], requires_grad=True, name="w")
    explanation = ad.explain(ad.sum(ad.exp(w)), learning_rate=0.25)
    (step,) = [step for step in explanation.steps if step.phase == "update"]
    np.testing.assert_allclose(step.equations[0].value, w.data - 0.25 * np.exp(w.data))
    assert step.equations[0].sign == r"\leftarrow"
    assert step.equations[0].forms[-1] == numeral(step.equations[0].value)


@given(st.lists(st.floats(-1e12, 1e12).filter(lambda x: x == 0 or abs(x) > 1e-12), min_size=1, max_size=6))
def test_numerals_are_the_numbers_to_four_digits(numbers):
    text = numeral(np.array(numbers))
    cells = text.removeprefix(r"\begin{bmatrix} ").removesuffix(r" \end{bmatrix}").split(r" \\ ")
    for cell, x in zip(cells, numbers, strict=True):
        mantissa, _, exponent = cell.partition(r" \cdot 10^{")
        read = float(mantissa) * 10.0 ** int(exponent.rstrip("}") or 0)
        assert read == pytest.approx(x, rel=6e-4)


def test_broadcasts_and_several_uses_are_added_up_in_words_and_numbers():
    b = Tensor([1.0, 2.0], requires_grad=True, name="b")
    x = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    explanation = ad.explain(ad.sum(x * b) + ad.sum(b * b))
    text = explanation.text()
    assert "b, 2, was broadcast to 3 × 2: what its copies receive is added up." in text
    assert "b was used 3 times: its gradient is the sum of what the uses add." in text
    final = [e for s in explanation.steps for e in s.equations if e.left == r"\frac{\partial f}{\partial b}"]
    np.testing.assert_allclose(final[-1].value, x.sum(0) + 2 * b.data)


def test_a_value_of_hundreds_of_uses_and_a_chain_of_hundreds_of_steps():
    x = Tensor(1.0, requires_grad=True, name="x")
    h = x
    for _ in range(600):
        h = h * 0.999 + x
    explanation = ad.explain(h)
    assert "x was used 601 times" in str(explanation)
    h.backward()
    final = [e for s in explanation.steps for e in s.equations if e.left == r"\frac{\partial f}{\partial x}"]
    assert float(final[-1].value) == pytest.approx(float(x.grad.data))
    assert final[-1].forms[0].count(r"\cdots") == 1


def test_an_equation_that_is_wrong_is_found():
    x = Symbol("x", np.float64(2.0))
    with pytest.raises(AssertionError):
        hold(Equation("y", ("x^2",), x * x, np.float64(5.0)))
