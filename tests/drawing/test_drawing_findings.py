"""Gradients without `backward`; marks: where NaN comes from, idle units, gradients that vanish or explode."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autodiff as ad
from autodiff.drawing.findings import findings
from autodiff.testing.strategies import programs


def marks(*outputs):
    """The texts of the marks, by vertex."""
    return {i: [mark.text for mark in said] for i, said in findings(ad.graph(*outputs)).marks.items()}


@given(programs())
def test_gradients_of_leaves_are_what_backward_gives(program):
    output = sum(ad.sum(ad.real(y) if y.dtype.kind == "c" else y) for y in program.recorded())
    graph = ad.graph(output)
    found = findings(graph)
    if output.requires_grad:
        output.backward()
    for vertex in graph.nodes:
        if vertex.op is None and vertex.node is not None and vertex.requires_grad and vertex.node.grad is not None:
            np.testing.assert_array_equal(found.gradients[vertex.id], vertex.node.grad.numpy())
            assert found.norms[vertex.id] == pytest.approx(
                np.linalg.norm(np.ravel(vertex.node.grad.numpy())), nan_ok=True
            )


def test_where_there_is_no_single_number_gradients_are_those_that_backward_left():
    x = ad.Tensor([1.0, 2.0], requires_grad=True)
    y = x * 3.0
    assert findings(ad.graph(y)).gradients == (None,) * 3
    y.backward([1.0, 1.0])
    np.testing.assert_array_equal(findings(ad.graph(y)).gradients[0], [3.0, 3.0])


def test_gradients_of_a_graph_that_is_gone_are_those_that_backward_left():
    x = ad.Tensor(2.0, requires_grad=True)
    y = ad.sum(ad.stack([x, x]))
    y.retain_grad()
    y.backward(retain_graph=False)
    assert [float(g) for g in findings(ad.graph(y)).gradients] == [1.0]
    assert [float(g) for g in findings(ad.graph(x)).gradients] == [2.0]


BINARY = [ad.subtract, ad.multiply, ad.divide]


def finite(value):
    return np.isfinite(value).all()


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=10),
    hnp.arrays(float, 3, elements=st.sampled_from([-1.0, 0.0, 1.0, 800.0])),
)
def test_what_is_not_finite_is_marked_where_it_is_made(steps, start):
    made = [ad.Tensor(start, requires_grad=True), ad.Tensor([1.0, 0.0, -1.0])]
    with np.errstate(all="ignore"):
        for which, i, j in steps:
            a, b = made[-1 - i % len(made)], made[-1 - j % len(made)]
            made.append([ad.log, ad.exp, ad.sqrt][which](a) if which < 3 else BINARY[which - 3](a, b))
        graph = ad.graph(made[-1])
        said = {i for i, found in findings(graph).marks.items() if any("is made" in mark.text for mark in found)}
    for vertex in [vertex for vertex in graph.nodes if vertex.op is not None]:
        clean = all(finite(graph.nodes[i].value) for i in vertex.inputs)
        if clean:
            assert (vertex.id in said) == (not finite(vertex.value))
        elif any(np.isnan(graph.nodes[i].value).any() for i in vertex.inputs):
            assert vertex.id not in said


def test_a_derivative_that_is_not_finite_is_marked():
    x = ad.Tensor(0.0, requires_grad=True)
    assert marks(ad.sqrt(x)) == {1: ["its derivative makes an infinity"]}
    assert marks(ad.Tensor(np.nan)) == {0: ["NaN is given"]}


@given(hnp.arrays(float, hnp.array_shapes(min_dims=2, max_dims=3), elements=st.sampled_from([-1.0, 0.5, 2.0])))
def test_units_that_are_inactive_for_every_sample_are_counted(x):
    dead = int((x <= 0).all(axis=0).sum())
    expected = [f"{dead} of {x[0].size} units inactive for all {len(x)} samples"] if dead and len(x) > 1 else []
    assert marks(ad.relu(ad.Tensor(x, requires_grad=True))).get(1, []) == expected
    assert not marks(ad.leaky_relu(ad.Tensor(x, requires_grad=True)))
    assert not marks(ad.sin(ad.Tensor(x, requires_grad=True)))


@pytest.mark.parametrize(("factor", "word"), [(0.09, "vanishes: 6e-06 of"), (11.0, "explodes: 2e+05 times")])
def test_gradients_that_vanish_or_explode_are_marked_once_where_they_do(factor, word):
    h = ad.Tensor(1.0, requires_grad=True)
    for _ in range(20):
        h = h * factor
    ((i, (text,)),) = marks(h).items()
    assert text == f"gradient {word} what it was"
    gradient = float(findings(ad.graph(h)).gradients[i])
    assert gradient == pytest.approx(factor ** round(np.log(gradient) / np.log(factor)))
    assert max(gradient, 1 / gradient) > 1e5 > max(gradient, 1 / gradient) / max(factor, 1 / factor)


def test_one_way_that_vanishes_beside_one_that_does_not_is_no_mark():
    x = ad.Tensor(1.0, requires_grad=True)
    assert marks(x * 1e-9 + x) == {}
