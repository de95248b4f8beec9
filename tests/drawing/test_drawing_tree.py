"""A graph as text: every value once, every use of it, nothing that breaks a line; large graphs in few lines."""

import numpy as np
import pytest
from hypothesis import given

import autodiff as ad
from autodiff.testing.strategies import programs


@given(programs())
def test_every_use_is_a_line(program):
    graph = program.graph()
    lines = str(graph).splitlines()
    tops = len(lines) - len(graph.edges)
    assert 1 <= tops <= len(set(graph.outputs))
    assert tops == len([line for line in lines if line[0] not in "│├└← "])
    for vertex in graph.nodes:
        if vertex.op is not None:
            assert any(vertex.op.name in line for line in lines)


@given(programs())
def test_what_is_used_again_is_described_once(program):
    graph = program.graph()
    uses = np.bincount([start for start, _ in graph.edges], minlength=len(graph.nodes))
    words = [word for line in str(graph).splitlines() for word in line.split() if word.startswith("#")]
    assert all(words.count(f"#{i}") >= n for i, n in enumerate(uses) if n > 1)


def test_a_tree():
    x, w = ad.Tensor([1.0, 2.0], name="x"), ad.Tensor([[0.0, 1.0], [2.0, 3.0]], requires_grad=True, name="w")
    loss = ad.mean(ad.relu(w @ x - 1.0) * x)
    loss.name = "loss"
    assert str(ad.graph(loss)).splitlines() == [
        "loss = mean · scalar · 7.5",
        "← × multiply · 2 · 1 14",
        "├─ relu · 2 · 1 7",
        "│  ← − subtract · 2 · 1 7",
        "│  ├─ @ matmul · 2 · 2 8",
        "│  │  ├─ w · parameter · 2 × 2 · 0 1 2 3",
        "│  │  └─ x · data · 2 · 1 2 #1",
        "│  └─ 1",
        "└─ x #1",
    ]


def test_many_numbers_are_a_range_and_a_histogram():
    assert str(ad.graph(ad.Tensor(np.r_[np.zeros(8), 1.0], name="x"))) == f"x · data · 9 · 0 … 1 █{' ' * 14}▁"


@pytest.mark.parametrize("name", ["a\nb", "\x1b[31m", "← #0", ""])
def test_a_name_is_only_a_name(name):
    x = ad.Tensor(2.0, requires_grad=True, name=name)
    lines = str(ad.graph(x * 3.0)).splitlines()
    assert len(lines) == 3
    assert all(line.isprintable() for line in lines)


def test_numbers_that_are_not_finite_are_counted():
    x = ad.Tensor(np.r_[np.arange(5.0), np.nan, np.inf], name="x")
    assert str(ad.graph(x)).endswith(" 1 nan 1 inf")
    assert str(ad.graph(ad.Tensor(np.full(9, np.nan), name="x"))) == "x · data · 9 · 9 nan"


def test_a_long_program_is_a_short_text():
    h = ad.Tensor(1.0, requires_grad=True, name="h")
    for _ in range(20_000):
        h = ad.tanh(h * 0.5)
    assert str(ad.graph(h)).splitlines() == [
        "▸ step 20000 · 3 values",
        "← ▸ 2–19999 of 20000 × (multiply, tanh) · 59,994 values",
        "← tanh · scalar · 0.4621",
        "← × multiply · scalar · 0.5",
        "├─ h · parameter · scalar · 1",
        "└─ 0.5",
    ]
