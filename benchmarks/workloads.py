"""What is timed: each workload in words, its numbers, and the ratios that we want to hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
#: What a rival is given to work with: arrays and plain numbers, the same for all.
Numbers = dict[str, Any]


@dataclass(frozen=True)
class Workload:
    """One job that every library can do in its own way."""

    name: str
    #: What is done in one step.
    words: str
    #: The names of the numbers that a step returns, which must agree.
    figures: tuple[str, ...]
    #: The numbers to start from; None where there are none.
    numbers: Callable[[np.random.Generator], Numbers] | None
    #: After how many steps the figures are compared.
    steps: int = 20
    #: At least so many times faster than another, as a ratio of medians.
    goals: dict[str, float] = field(default_factory=dict)


def layers(rng: np.random.Generator, *sizes: int) -> list[tuple[Array, Array]]:
    """A weight (out, in) and a bias (out,) for each layer, uniform within 1 / sqrt(in)."""

    def uniform(bound: float, *shape: int) -> Array:
        return rng.uniform(-bound, bound, shape).astype(np.float32)

    return [(uniform(n**-0.5, m, n), uniform(n**-0.5, m)) for n, m in pairwise(sizes)]


def moons(rng: np.random.Generator, samples: int, noise: float) -> tuple[Array, Array]:
    """Two interleaved half circles with some noise, and -1 or 1 for which of them a point lies on."""
    upper, lower = np.linspace(0, np.pi, samples // 2), np.linspace(0, np.pi, samples - samples // 2)
    points = np.concatenate(
        [np.stack([np.cos(upper), np.sin(upper)], 1), np.stack([1 - np.cos(lower), 0.5 - np.sin(lower)], 1)]
    )
    labels = np.repeat([-1, 1], [len(upper), len(lower)])
    return points + rng.normal(0, noise, points.shape), labels


def _scalar(rng: np.random.Generator) -> Numbers:
    sizes = (2, 16, 16, 1)
    points, labels = moons(rng, 100, 0.1)
    net = [(rng.uniform(-1, 1, (m, n)), np.zeros(m)) for n, m in pairwise(sizes)]
    return {"layers": net, "x": points, "y": labels, "alpha": 1e-4, "rate": lambda k: 1.0 - 0.9 * min(k, 100) / 100}


def _tiny(rng: np.random.Generator) -> Numbers:
    x = rng.normal(size=(1, 3)).astype(np.float32)
    return {"layers": layers(rng, 3, 4, 1), "x": x, "y": np.ones((1, 1), np.float32), "rate": 0.01}


def _nielsen(rng: np.random.Generator) -> Numbers:
    x = rng.random((10, 784), dtype=np.float32)
    y = np.eye(10, dtype=np.float32)[rng.integers(0, 10, 10)]
    return {"layers": layers(rng, 784, 30, 10), "x": x, "y": y, "rate": 0.1}


def _classes(batch: int, *sizes: int, rate: float = 0.01) -> Callable[[np.random.Generator], Numbers]:
    def numbers(rng: np.random.Generator) -> Numbers:
        x = rng.random((batch, sizes[0]), dtype=np.float32)
        return {"layers": layers(rng, *sizes), "x": x, "y": rng.integers(0, sizes[-1], batch), "rate": rate}

    return numbers


def _chain(rng: np.random.Generator) -> Numbers:
    return {"x": rng.normal(size=1_000_000).astype(np.float32)}


def _lenet(rng: np.random.Generator) -> Numbers:
    def kernels(outer: int, inner: int, side: int) -> tuple[Array, Array]:
        weight, bias = layers(rng, inner * side * side, outer)[0]
        return weight.reshape(outer, inner, side, side), bias

    return {
        "filters": [kernels(6, 1, 5), kernels(16, 6, 5)],
        "padding": (2, 0),
        "layers": layers(rng, 400, 120, 84, 10),
        "x": rng.random((32, 1, 28, 28), dtype=np.float32),
        "y": rng.integers(0, 10, 32),
        "rate": 0.001,
    }


def _attention(rng: np.random.Generator) -> Numbers:
    samples, tokens, channels, heads = 8, 64, 64, 4
    shapes = {"qkv": (channels, 3 * channels), "out": (channels, channels)}
    shapes |= {"up": (channels, 4 * channels), "down": (4 * channels, channels)}
    block = {name: layers(rng, *sizes)[0] for name, sizes in shapes.items()}
    block |= {name: (np.ones(channels, np.float32), np.zeros(channels, np.float32)) for name in ("norm1", "norm2")}
    x, y = rng.normal(size=(2, samples, tokens, channels)).astype(np.float32)
    return {"block": block, "heads": heads, "x": x, "y": y, "rate": 0.01}


def _gpt(rng: np.random.Generator) -> Numbers:
    samples, tokens, channels, heads, blocks, vocabulary = 8, 64, 64, 4, 2, 65
    state = {}
    for name, rows in (("tokens", vocabulary), ("places", tokens)):
        state[f"{name}.weight"] = rng.normal(0, 0.02, (rows, channels)).astype(np.float32)
    maps = {"qkv": (channels, 3 * channels), "out": (channels, channels)}
    maps |= {"up": (channels, 4 * channels), "down": (4 * channels, channels)}
    affine = {f"blocks.{i}.{name}": layers(rng, *sizes)[0] for i in range(blocks) for name, sizes in maps.items()}
    affine["head"] = layers(rng, channels, vocabulary)[0]
    norms = [*(f"blocks.{i}.norm{j}" for i in range(blocks) for j in (1, 2)), "norm"]
    affine |= {name: (np.ones(channels, np.float32), np.zeros(channels, np.float32)) for name in norms}
    state |= {f"{name}.{kind}": a for name, pair in affine.items() for kind, a in zip(_KINDS, pair, strict=True)}
    text = rng.integers(0, vocabulary, (samples, tokens + 1))
    return {"state": state, "heads": heads, "x": text[:, :-1], "y": text[:, 1:], "rate": 0.001}


_KINDS = ("weight", "bias")


def _hess(rng: np.random.Generator) -> Numbers:
    return {"x": rng.normal(size=100)}


def _deep(_: np.random.Generator) -> Numbers:
    return {"h": 0.5, "depth": 10_000, "scale": 0.999, "shift": 0.001}


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload(
            "scalar",
            "micrograd's demo, one step: two moons (100 samples), an MLP 2-16-16-1 with ReLU built from scalars one by "
            "one, max-margin loss and L2 regularisation, gradient descent; float64",
            ("loss",),
            _scalar,
            steps=2,
            goals={"micrograd": 4.0},
        ),
        Workload(
            "tiny",
            "one sample through 3-4-1, ReLU, sigmoid, binary cross-entropy, one SGD step; float32",
            ("loss",),
            _tiny,
            goals={"torch": 2.5, "mygrad": 2.5, "autograd": 6.0},
        ),
        Workload(
            "nielsen",
            "a batch of 10 through 784-30-10, sigmoids, mean squared error, one SGD step; float32",
            ("loss",),
            _nielsen,
            goals={"torch": 1.0, "mygrad": 1.0},
        ),
        Workload(
            "mlp",
            "a batch of 64 through 784-128-10, ReLU, cross-entropy, one SGD step; float32",
            ("loss",),
            _classes(64, 784, 128, 10),
            goals={"torch": 1.0},
        ),
        Workload(
            "adam",
            "a batch of 64 through 784-128-10, ReLU, cross-entropy, one step of Adam; float32",
            ("loss",),
            _classes(64, 784, 128, 10, rate=0.001),
            goals={"torch": 1.0},
        ),
        Workload(
            "wide",
            "a batch of 256 through 1024-1024-1024-10, ReLU, cross-entropy, one SGD step; float32",
            ("loss",),
            _classes(256, 1024, 1024, 1024, 10),
            steps=5,
        ),
        Workload(
            "chain",
            "value and gradient of sum(tanh(x) * sigmoid(x) + exp(-x * x)) for a million numbers; float32",
            ("value", "sum of the gradient"),
            _chain,
            steps=2,
            goals={"mygrad": 1.0, "autograd": 1.0},
        ),
        Workload(
            "deep",
            "10,000 times h = h * 0.999 + 0.001 on one number, and the derivative; float64",
            ("value", "derivative"),
            _deep,
            steps=2,
            goals={"torch": 5.0},
        ),
        Workload(
            "lenet",
            "LeNet-5: a batch of 32 images of 28x28, padded by 2, through 6 and 16 channels of 5x5, ReLU and max-pool "
            "2 after each, then 400-120-84-10, ReLU, cross-entropy, one step of Adam; float32",
            ("loss",),
            _lenet,
            goals={"torch": 1 / 1.5},
        ),
        Workload(
            "attention",
            "a batch of 8 sequences of 64 tokens through a transformer block (64 channels, 4 heads, feed-forward 256, "
            "ReLU, layer norms), mean squared error, one SGD step; float32",
            ("loss",),
            _attention,
            goals={"torch": 1 / 1.5},
        ),
        Workload(
            "gpt",
            "a small GPT: a batch of 8 texts of 64 characters through embeddings, 2 blocks (64 channels, 4 heads, "
            "causal attention, GELU by tanh, layer norms first), layer norm, cross-entropy, one step of Adam; float32",
            ("loss",),
            _gpt,
            goals={"torch": 1 / 1.5},
        ),
        Workload(
            "hess",
            "the Hessian of Rosenbrock's function of 100 numbers; float64",
            ("first element", "sum of the elements"),
            _hess,
            steps=2,
            goals={"torch": 10.0, "autograd": 10.0},
        ),
        Workload("import", "time to import, each time in a fresh process", (), None),
    )
}


def numbers(workload: Workload) -> Numbers:
    """The numbers that a workload starts from: the same in every process."""
    assert workload.numbers is not None
    return workload.numbers(np.random.default_rng(1337))
