"""Networks are explained as the textbooks do, and the story of a weight adds up."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autodiff as ad
import nn
from autodiff import Tensor

widths = st.lists(st.integers(1, 4), min_size=3, max_size=5)


def network(sizes, activation=nn.Sigmoid):
    layers = []
    for i, (n, m) in enumerate(pairwise(sizes)):
        layers += [nn.Linear(n, m, rng=i, dtype=np.float64), activation()]
    return nn.Sequential(*layers)


def cost(model, sizes, seed=0):
    """The quadratic cost for one sample, as in Nielsen's book."""
    rng = np.random.default_rng(seed)
    x, y = Tensor(rng.normal(size=sizes[0]), name="x"), Tensor(rng.uniform(size=sizes[-1]), name="y")
    return ad.sum((model(x) - y) ** 2) / 2


def laws(explanation):
    """The equations for any layer."""
    steps = [step for step in explanation.steps if "equations of backpropagation" in step.title]
    return [f"{e.left} = {e.forms[0]}" for e in steps[-1].equations]


@settings(max_examples=12)
@given(widths, st.sampled_from([nn.Sigmoid, nn.Tanh, nn.ReLU]))
def test_the_four_equations_of_backpropagation(sizes, activation):
    explanation = ad.explain(cost(network(sizes, activation), sizes))
    assert [step.title for step in explanation.steps if step.phase == "summary"][1] == (
        "The four equations of backpropagation"
    )
    assert laws(explanation) == [
        r"\delta^L = \nabla_a C \odot \sigma'(z^L)",
        r"\delta^l = ((W^{l+1})^{\top} \, \delta^{l+1}) \odot \sigma'(z^l)",
        r"\frac{\partial C}{\partial b_j^l} = \delta_j^l",
        r"\frac{\partial C}{\partial w_{jk}^l} = \delta_j^l \, a_k^{l-1}",
    ]


def test_layers_that_differ_have_no_common_law():
    model = nn.Sequential(
        nn.Linear(3, 4, rng=0),
        nn.Tanh(),
        nn.Linear(4, 4, rng=1, bias=False),
        nn.Tanh(),
        nn.Linear(4, 2, rng=2),
        nn.Tanh(),
    )
    x = Tensor(np.ones(3, np.float32), name="x")
    titles = [step.title for step in ad.explain(ad.sum(model(x) * ad.sum(model[0](x)))).steps]
    assert "The equations of backpropagation" in titles
    assert "The four equations of backpropagation" not in titles


def test_the_textbook_network():
    model = nn.Sequential(nn.Linear(3, 4, rng=0), nn.ReLU(), nn.Linear(4, 1, rng=1), nn.Sigmoid())
    x = Tensor(np.array([0.5, -1.0, 2.0], np.float32), name="x")
    loss = nn.functional.binary_cross_entropy(model(x), np.array([1.0], np.float32))
    explanation = ad.explain(loss)
    forward = [step.equations[0].left for step in explanation.steps if step.phase == "forward"]
    assert forward == ["z^{(1)}", "a^{(1)}", "z^{(2)}", "a^{(2)}", "v_1", "C"]
    first = next(step for step in explanation.steps if step.phase == "forward")
    assert first.parts[0] == "The rule of affine: $y = W x + b$."
    assert first.equations[0].forms[0] == "W^{(1)} x + b^{(1)}"
    assert first.equations[1].forms == (r"\sum_k w_{jk}^{(1)} \, x_k + b_j^{(1)}",)
    worked = {e.left: e.forms[0] for e in explanation.steps[-1].equations}
    assert worked[r"\delta^{(2)}"] == "a^{(2)} - y"  # sigmoid and cross-entropy were made for each other
    given = explanation.steps[0].equations
    assert r"w_{43}^{(1)}" in given[1].forms[0]
    assert given[1].value is model[0].weight.data or np.array_equal(given[1].value, model[0].weight.data)


# The story of one weight


@settings(max_examples=12)
@given(widths, st.data())
def test_the_paths_of_a_weight_add_up_to_its_gradient(sizes, data):
    model = network(sizes, nn.Tanh)
    layer = data.draw(st.integers(0, len(sizes) - 2))
    j, k = data.draw(st.integers(0, sizes[layer + 1] - 1)), data.draw(st.integers(0, sizes[layer] - 1))
    loss = cost(model, sizes)
    step = ad.explain(loss, element=(f"{2 * layer}.weight", (j, k))).steps[-1]
    loss.backward()
    wanted = model[2 * layer].weight.grad.data[j, k]
    through = np.prod(sizes[layer + 2 :], dtype=int)  # one path through each neuron of each later layer
    assert step.phase == "paths"
    assert f"w_{{{j + 1}{k + 1}}}" in step.title
    paths = [e for e in step.equations if e.left.count(r"\frac") > 1]
    assert len(paths) == min(through, 24)
    if through <= 24:
        assert sum(float(e.value) for e in paths) == pytest.approx(wanted, rel=1e-9, abs=1e-15)
    assert float(step.equations[-1].value) == pytest.approx(wanted, rel=1e-9)
    sizes_of_products = [abs(float(e.value)) for e in paths]
    assert sizes_of_products == sorted(sizes_of_products, reverse=True)


def test_the_paths_through_many_elements_go_through_whole_values():
    rng = np.random.default_rng(0)
    w = Tensor(rng.normal(size=(40, 40)), requires_grad=True, name="w")
    y = ad.tanh(w @ w)
    loss = ad.sum(ad.softmax(y @ w, axis=1) * rng.normal(size=(40, 40)))
    step = ad.explain(loss, element=("w", (3, 5))).steps[-1]
    loss.backward()
    paths = [e for e in step.equations if e.left.count(r"\frac") > 1]
    assert len(paths) == 3
    assert all(len(e.forms) == 1 and e.forms[0] for e in paths)
    assert sum(float(e.value) for e in paths) == pytest.approx(w.grad.data[3, 5], rel=1e-9)


def test_a_dead_unit_has_a_path_that_carries_nothing():
    model = nn.Sequential(nn.Linear(1, 1, rng=0), nn.ReLU())
    model[0].weight.data[...] = 1
    model[0].bias.data[...] = -5
    step = ad.explain(ad.sum(model(np.ones(1, np.float32)) * 3.0), element=("0.weight", (0, 0))).steps[-1]
    assert [float(e.value) for e in step.equations] == [0.0]


def test_elements_that_are_not_there():
    model = network([2, 3, 1])
    loss = cost(model, [2, 3, 1])
    with pytest.raises(ValueError, match=r"no tensor '1\.weight' .*there are 0\.bias, 0\.weight, 2\.bias, 2\.weight"):
        ad.explain(loss, element=("1.weight", (0, 0)))
    with pytest.raises(ValueError, match="2 tensors 'weight'"):
        ad.explain(loss, element=("weight", (0, 0)))
    with pytest.raises(IndexError, match=r"index \(3, 0\) is not in '0\.weight', of shape \(3, 2\)"):
        ad.explain(loss, element=("0.weight", (3, 0)))
    with pytest.raises(ValueError, match="a pair such as"):
        ad.explain(loss, element="0.weight")
    with pytest.raises(ValueError, match="single number"):
        ad.explain(network([2, 3, 2])(np.ones(2)), element=("0.weight", (0, 0)))


def test_a_tensor_itself_names_its_element():
    w = Tensor([[1.0, 2.0]], requires_grad=True)
    step = ad.explain(ad.sum(w * w), element=(w, (0, 1))).steps[-1]
    assert float(step.equations[-1].value) == 4.0
