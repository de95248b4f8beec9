"""The workloads as a user of HIPS autograd writes them: NumPy code and `value_and_grad`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import autograd.numpy as np
from autograd import hessian, value_and_grad
from autograd.misc import flatten
from autograd.scipy.signal import convolve
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


def _training(loss: Callable[[Parameters], Any], layers: Parameters, rate: Callable[[], float]) -> Step:
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


def _adam(loss: Callable[[Any], Any], start: Any, rate: float) -> Step:
    """As `autograd.misc.optimizers.adam`, which takes all its steps in one call."""
    x, unflatten = flatten(start)
    m, v = np.zeros_like(x), np.zeros_like(x)
    steps = count(1)
    gradient = value_and_grad(loss)

    def step() -> Any:
        nonlocal x, m, v
        value, gradients = gradient(unflatten(x))
        g, _ = flatten(gradients)
        i = next(steps)
        m = 0.1 * g + 0.9 * m
        v = 0.001 * g**2 + 0.999 * v
        x = x - rate * (m / (1 - 0.9**i)) / (np.sqrt(v / (1 - 0.999**i)) + 1e-8)
        return value

    return step


def tiny(layers: list[tuple[Array, Array]], x: Array, y: Array, rate: float) -> Step:
    def loss(parameters: Parameters) -> Any:
        p = expit(_network(_relu, parameters, x))
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    return _training(loss, layers, lambda: rate)


def nielsen(layers: list[tuple[Array, Array]], x: Array, y: Array, rate: float) -> Step:
    return _training(lambda parameters: np.mean((expit(_network(expit, parameters, x)) - y) ** 2), layers, lambda: rate)


def _cross_entropy(scores: Any, y: Array) -> Any:
    return np.mean(logsumexp(scores, axis=1) - scores[np.arange(len(y)), y])


def mlp(layers: list[tuple[Array, Array]], x: Array, y: Array, rate: float) -> Step:
    return _training(lambda parameters: _cross_entropy(_network(_relu, parameters, x), y), layers, lambda: rate)


wide = mlp


def adam(layers: list[tuple[Array, Array]], x: Array, y: Array, rate: float) -> Step:
    return _adam(lambda parameters: _cross_entropy(_network(_relu, parameters, x), y), layers, rate)


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


def lenet(
    filters: list[tuple[Array, Array]],
    padding: tuple[int, ...],
    layers: list[tuple[Array, Array]],
    x: Array,
    y: Array,
    rate: float,
) -> Step:
    def loss(parameters: Parameters) -> Any:
        h = x
        for (weight, bias), pad in zip(parameters[: len(filters)], padding, strict=True):
            h = np.pad(h, [(0, 0), (0, 0), (pad, pad), (pad, pad)], mode="constant")
            turned = weight[:, :, ::-1, ::-1]
            h = _relu(
                convolve(h, turned, axes=([2, 3], [2, 3]), dot_axes=([1], [1]), mode="valid") + bias[:, None, None]
            )
            n, channels, height, width = h.shape
            h = np.max(np.max(h.reshape(n, channels, height // 2, 2, width // 2, 2), axis=5), axis=3)
        return _cross_entropy(_network(_relu, parameters[len(filters) :], h.reshape(len(x), -1)), y)

    return _adam(loss, [*filters, *layers], rate)


def _linear(x: Any, weight: Any, bias: Any) -> Any:
    return np.dot(x, weight.T) + bias


def _normalised(x: Any, scale: Any, shift: Any) -> Any:
    deviation = x - np.mean(x, axis=-1, keepdims=True)
    return deviation / np.sqrt(np.mean(deviation**2, axis=-1, keepdims=True) + 1e-5) * scale + shift


def attention(block: dict[str, tuple[Array, Array]], heads: int, x: Array, y: Array, rate: float) -> Step:
    samples, tokens, channels = x.shape

    def loss(parameters: Parameters) -> Any:
        p = dict(zip(block, parameters, strict=True))
        qkv = _linear(x, *p["qkv"]).reshape(samples, tokens, 3, heads, channels // heads)
        q, k, v = np.transpose(qkv, (2, 0, 3, 1, 4))
        scores = np.matmul(q, np.swapaxes(k, -1, -2)) / (channels // heads) ** 0.5
        weights = np.exp(scores - logsumexp(scores, axis=-1, keepdims=True))
        attended = np.swapaxes(np.matmul(weights, v), 1, 2).reshape(samples, tokens, channels)
        h = _normalised(x + _linear(attended, *p["out"]), *p["norm1"])
        h = _normalised(h + _linear(_relu(_linear(h, *p["up"])), *p["down"]), *p["norm2"])
        return np.mean((h - y) ** 2)

    return _training(loss, list(block.values()), lambda: rate)


def gpt(state: dict[str, Array], heads: int, x: Array, y: Array, rate: float) -> Step:
    samples, tokens = x.shape
    channels = state["places.weight"].shape[1]
    hidden = np.triu(np.full((tokens, tokens), -np.inf, np.float32), 1)

    def gelu(x: Any) -> Any:
        return 0.5 * x * (1 + np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3)))

    def loss(p: dict[str, Array]) -> Any:
        def layer(name: str) -> tuple[Any, Any]:
            return p[f"{name}.weight"], p[f"{name}.bias"]

        h = p["tokens.weight"][x] + p["places.weight"]
        for block in ("blocks.0", "blocks.1"):
            qkv = _linear(_normalised(h, *layer(f"{block}.norm1")), *layer(f"{block}.qkv"))
            qkv = qkv.reshape(samples, tokens, 3, heads, channels // heads)
            q, k, v = np.transpose(qkv, (2, 0, 3, 1, 4))
            scores = np.matmul(q, np.swapaxes(k, -1, -2)) / (channels // heads) ** 0.5 + hidden
            weights = np.exp(scores - logsumexp(scores, axis=-1, keepdims=True))
            attended = np.swapaxes(np.matmul(weights, v), 1, 2).reshape(h.shape)
            h = h + _linear(attended, *layer(f"{block}.out"))
            up = _linear(_normalised(h, *layer(f"{block}.norm2")), *layer(f"{block}.up"))
            h = h + _linear(gelu(up), *layer(f"{block}.down"))
        scores = _linear(_normalised(h, *layer("norm")), *layer("head"))
        return _cross_entropy(scores.reshape(y.size, -1), y.reshape(-1))

    return _adam(loss, state, rate)


def hess(x: Array) -> Step:
    second = hessian(lambda x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2))

    def step() -> tuple[float, Array]:
        h = second(x)
        return h[0, 0], h

    return step
