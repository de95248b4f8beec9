"""A summary counts what the definitions of the layers say, and leaves the model as it was."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
import nn


class Net(nn.Module):
    """Modules in a dict, one used twice, one never, and a product of its own."""

    def __init__(self):
        self.parts = {"a": nn.Linear(4, 4, rng=0), "unused": nn.Linear(2, 2)}
        self.head = nn.Sequential(nn.BatchNorm1d(4), nn.Dropout(0.5, rng=0), nn.Linear(4, 2))
        self.tied = self.parts["a"]
        self.mix = nn.Parameter(np.ones((2, 3), np.float32))

    def forward(self, x):
        y = self.tied(ad.relu(self.parts["a"](x)))
        return {"out": self.head(y) @ self.mix, "rest": (y, 1)}


def test_every_module_is_there_with_what_it_gave_and_cost():
    found = Net().summary(np.ones((5, 4), np.float32))
    rows = {row.name: row for row in found.rows}
    assert list(rows) == ["", "parts.a", "parts.unused", "head", "head.0", "head.1", "head.2"]
    assert rows[""].output == "out (5, 3), rest (5, 4), int"
    assert rows["parts.unused"].output == "not called"
    assert rows["head.1"].output == "(5, 4)"
    assert [row.multiply_adds for row in found.rows] == [5 * 2 * 3, 2 * 5 * 4 * 4, 0, 0, 0, 0, 5 * 4 * 2]
    assert [row.parameters for row in found.rows] == [6, 20, 6, 0, 8, 0, 10]
    assert (found.parameters, found.multiply_adds) == (50, 230)
    assert rows["head.1"].memory == 0
    assert rows["parts.a"].memory == 2 * 5 * 4 * 4
    assert found.memory >= sum(row.memory for row in found.rows)
    lines = str(found).splitlines()
    assert lines[3].startswith("  parts.a: Linear")
    assert lines[6].startswith("    0: BatchNorm1d")


@given(
    n=st.integers(1, 3),
    groups=st.integers(1, 2),
    kernel=st.integers(1, 3),
    stride=st.integers(1, 2),
    size=st.integers(3, 6),
)
def test_convolutions(n, groups, kernel, stride, size):
    out = (size - kernel) // stride + 1
    layer = nn.Conv2d(4, 6, kernel, stride=stride, groups=groups)
    found = layer.summary(np.ones((n, 4, size, size), np.float32))
    assert found.multiply_adds == n * 6 * out * out * (4 // groups) * kernel * kernel
    layer = nn.ConvTranspose2d(6, 4, kernel, stride=stride, groups=groups)
    found = layer.summary(np.ones((n, 6, size, size), np.float32))
    assert found.multiply_adds == n * 6 * size * size * (4 // groups) * kernel * kernel


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: ad.einsum("ij,kj->ik", x, x), 5 * 5 * 4),
        (lambda x: ad.einsum("ij->ji", x), 0),
        (lambda x: ad.matmul(x, ad.ones((3, 4, 2))), 3 * 5 * 4 * 2),
        (lambda x: x @ ad.ones(4), 5 * 4),
        (lambda x: x * x, 0),
    ],
)
def test_products(function, expected):
    class One(nn.Module):
        def forward(self, x):
            return function(x)

    assert One().summary(np.ones((5, 4))).multiply_adds == expected


def test_frozen_and_whole_numbers_are_followed_too():
    model = nn.Sequential(nn.Embedding(10, 4), nn.Linear(4, 2)).requires_grad_(False)
    found = model.summary(np.array([1, 2, 3]))
    assert found.multiply_adds == 3 * 4 * 2
    assert not any(p.requires_grad for p in model.parameters())


def test_the_model_is_as_it_was():
    model = Net()
    model.head[0].eval()
    before = {name: value.copy() for name, value in model.state_dict().items()}
    drawn = model.head[1].rng.bit_generator.state
    with ad.no_grad():
        model.summary(np.ones((5, 4), np.float32))
    with pytest.raises(ValueError, match="Linear"):
        model.summary(np.ones((5, 3), np.float32))
    assert not any("forward" in vars(module) for module in model.modules())
    assert [module.training for module in model.modules()] == [True, True, True, True, False, True, True]
    assert model.head[1].rng.bit_generator.state == drawn
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_memory_is_counted_once():
    model = nn.Sequential(nn.Flatten(), nn.Linear(8, 4, dtype=np.float64), nn.Tanh())
    found = nn.summary(model, np.ones((3, 2, 4)))
    assert [row.memory for row in found.rows] == [0, 0, 3 * 4 * 8, 3 * 4 * 8]
    assert found.held == (8 * 4 + 4) * 8
