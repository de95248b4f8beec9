"""What micrograd can do: scalars, one by one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import count

from micrograd.engine import Value
from micrograd.nn import MLP

from benchmarks.workloads import Array

LEFT_OUT = {"tiny": "it has neither exponential nor logarithm"}
NOTES = {"deep": "its backward() recurses, so Python's limit on recursion is raised"}


def scalar(
    layers: list[tuple[Array, Array]], x: Array, y: Array, alpha: float, rate: Callable[[int], float]
) -> Callable[[], float]:
    model = MLP(x.shape[1], [len(bias) for _, bias in layers])
    for layer, (weight, bias) in zip(model.layers, layers, strict=True):
        for neuron, row, b in zip(layer.neurons, weight.tolist(), bias.tolist(), strict=True):
            for w, value in zip(neuron.w, row, strict=True):
                w.data = value
            neuron.b.data = b
    steps = count()

    def step() -> float:
        inputs = [list(map(Value, row)) for row in x]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * score).relu() for yi, score in zip(y, scores, strict=True)]
        loss = sum(losses) * (1.0 / len(losses)) + alpha * sum(p * p for p in model.parameters())
        model.zero_grad()
        loss.backward()
        learning_rate = rate(next(steps))
        for p in model.parameters():
            p.data -= learning_rate * p.grad
        return float(loss.data)

    return step


def deep(h: float, depth: int, scale: float, shift: float) -> Callable[[], tuple[float, float]]:
    sys.setrecursionlimit(10 * depth)

    def step() -> tuple[float, float]:
        start = Value(h)
        end = start
        for _ in range(depth):
            end = end * scale + shift
        end.backward()
        return end.data, start.grad

    return step
