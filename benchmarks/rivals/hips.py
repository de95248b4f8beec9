"""The workloads as a user of HIPS autograd writes them: NumPy code and `value_and_grad`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import autograd.numpy as np
from autograd import value_and_grad
from autograd.scipy.special import expit, logsumexp

from benchmarks.workloads import Array

Step = Callable[[], Any]
Parameters = list[tuple[Array, Array]]


LEFT_OUT = {"scalar": "a step of it, scalar by scalar, takes 5 seconds"}


def scalar_as_matrices(
    layers: list[tuple[Array, Array]], x: Array, y: Array, alpha: float, rate: Callable[[int], float]
) -> Step:
    labels = y.reshape(-1, 1)

    def loss(parameters: Parameters) -> Any:
        penalty = sum(np.sum(p * p) for layer in parameters for p in layer)
        return np.mean(_relu(1 - labels * _network(_relu, parameters, x))) + alpha * penalty

    steps = count()
    return _training(loss, layers, lambda: rate(next(steps)))


def _relu(x: Any) -> Any:
    return np.maximum(x, 0.0)


def _network(activation: Callable[[Any], Any], parameters: Parameters, x: Any) -> Any:
    """Linear layers with an activation between them."""
    *hidden, (weight, bias) = parameters
    for w, b in hidden:
        x = activation(np.dot(x, w.T) + b)
    return np.dot(x, weight.T) + bias


def _training(loss: Callable[[Parameters], Any], layers: list[tuple[Array, Array]], rate: Callable[[], float]) -> Step:
    parameters = [(weight.copy(), bias.copy()) for weight, bias in layers]
    gradient = value_and_grad(loss)

    def step() -> Any:
        nonlocal parameters
        value, gradients = gradient(parameters)
        learning_rate = rate()
        parameters = [
            (w - learning_rate * dw, b - learning_rate * db)
            for (w, b), (dw, db) in zip(parameters, gradients, strict=True)
        ]
        return value

    return step


def tiny(layers: list[tuple[Array, Array]], x: Array, y: Array, rate: float) -> Step:
    def loss(parameters: Parameters) -> Any:
        p = expit(_network(_relu, parameters, x))
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    return _training(loss, layers, lambda: rate)


def nielsen(layers: list[tuple[Array, Array]], x: Array, y: Array, rate: float) -> Step:
    return _training(lambda parameters: np.mean((expit(_network(expit, parameters, x)) - y) ** 2), layers, lambda: rate)


def mlp(layers: list[tuple[Array, Array]], x: Array, y: Array, rate: float) -> Step:
    rows = np.arange(len(y))

    def loss(parameters: Parameters) -> Any:
        scores = _network(_relu, parameters, x)
        return np.mean(logsumexp(scores, axis=1) - scores[rows, y])

    return _training(loss, layers, lambda: rate)


wide = mlp


def chain(x: Array) -> Step:
    gradient = value_and_grad(lambda x: np.sum(np.tanh(x) * expit(x) + np.exp(-x * x)))
    return lambda: gradient(x)


def deep(h: float, depth: int, scale: float, shift: float) -> Step:
    def f(h: Any) -> Any:
        for _ in range(depth):
            h = h * scale + shift
        return h

    gradient = value_and_grad(f)
    return lambda: gradient(h)
