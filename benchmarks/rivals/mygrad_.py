"""The workloads for MyGrad: Tensors and `mygrad.nnet`, without memory guarding, which is its faster way."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import mygrad as mg
import numpy as np
from mygrad.nnet.activations import relu, sigmoid, softmax
from mygrad.nnet.layers import conv_nd, max_pool
from mygrad.nnet.losses import softmax_crossentropy

from benchmarks.workloads import Array

Step = Callable[[], Any]

LEFT_OUT = {"hess": "it has no second derivatives"}

mg.turn_memory_guarding_off()


def scalar(layers: list[tuple[Array, Array]], x: Array, y: Array, alpha: float, rate: Callable[[int], float]) -> Step:
    net = [[([mg.tensor(w) for w in row], mg.tensor(b)) for row, b in zip(*layer, strict=True)] for layer in layers]
    parameters = [p for layer in net for weights, bias in layer for p in (*weights, bias)]
    steps = count()

    def model(values: list[Any]) -> Any:
        for layer in net:
            values = [sum((w * v for w, v in zip(weights, values, strict=True)), bias) for weights, bias in layer]
            if layer is not net[-1]:
                values = [relu(v) for v in values]
        return values[0]

    def step() -> float:
        scores = [model(row) for row in x.tolist()]
        losses = [relu(1 + -yi * score) for yi, score in zip(y.tolist(), scores, strict=True)]
        loss = sum(losses) * (1.0 / len(losses)) + alpha * sum(p * p for p in parameters)
        loss.backward()
        _descend(parameters, rate(next(steps)))
        return float(loss)

    return step


def scalar_as_matrices(
    layers: list[tuple[Array, Array]], x: Array, y: Array, alpha: float, rate: Callable[[int], float]
) -> Step:
    labels = y.reshape(-1, 1)
    steps = count()

    def loss(parameters: list[mg.Tensor]) -> mg.Tensor:
        penalty = sum(mg.sum(p * p) for p in parameters)
        return mg.mean(relu(1 - labels * _network(relu, parameters, x))) + alpha * penalty

    return _training(loss, layers, lambda: rate(next(steps)))


def _descend(parameters: list[mg.Tensor], rate: float) -> None:
    for p in parameters:
        p.data -= rate * p.grad


def _network(activation: Callable[[Any], Any], parameters: list[mg.Tensor], x: Any) -> Any:
    """Linear layers with an activation between them."""
    *hidden, weight, bias = parameters
    for w, b in zip(hidden[::2], hidden[1::2], strict=True):
        x = activation(x @ w.T + b)
    return x @ weight.T + bias


def _training(
    loss: Callable[[list[mg.Tensor]], mg.Tensor], layers: list[tuple[Array, Array]], rate: Callable[[], float]
) -> Step:
    parameters = [mg.tensor(array) for layer in layers for array in layer]

    def step() -> float:
        value = loss(parameters)
        value.backward()
        _descend(parameters, rate())
        return float(value)

    return step


def _adam(loss: Callable[[list[mg.Tensor]], mg.Tensor], arrays: list[Array], rate: float) -> Step:
    parameters = [mg.tensor(array) for array in arrays]
    means = [np.zeros_like(array) for array in arrays]
    squares = [np.zeros_like(array) for array in arrays]
    steps = count(1)

    def step() -> float:
        value = loss(parameters)
        value.backward()
        i = next(steps)
        for p, m, v in zip(parameters, means, squares, strict=True):
            m += 0.1 * (p.grad - m)
            v += 0.001 * (p.grad**2 - v)
            p.data -= rate * (m / (1 - 0.9**i)) / (np.sqrt(v / (1 - 0.999**i)) + 1e-8)
        return float(value)

    return step


def tiny(layers: list[tuple[Array, Array]], x: Array, y: Array, rate: float) -> Step:
    def loss(parameters: list[mg.Tensor]) -> mg.Tensor:
        p = sigmoid(_network(relu, parameters, x))
        return -mg.mean(y * mg.log(p) + (1 - y) * mg.log(1 - p))

    return _training(loss, layers, lambda: rate)


def nielsen(layers: list[tuple[Array, Array]], x: Array, y: Array, rate: float) -> Step:
    return _training(
        lambda parameters: mg.mean((sigmoid(_network(sigmoid, parameters, x)) - y) ** 2), layers, lambda: rate
    )


def mlp(layers: list[tuple[Array, Array]], x: Array, y: Array, rate: float) -> Step:
    return _training(lambda parameters: softmax_crossentropy(_network(relu, parameters, x), y), layers, lambda: rate)


wide = mlp


def adam(layers: list[tuple[Array, Array]], x: Array, y: Array, rate: float) -> Step:
    arrays = [array for layer in layers for array in layer]
    return _adam(lambda parameters: softmax_crossentropy(_network(relu, parameters, x), y), arrays, rate)


def chain(x: Array) -> Step:
    inputs = mg.tensor(x)

    def step() -> tuple[float, Array]:
        y = mg.sum(mg.tanh(inputs) * sigmoid(inputs) + mg.exp(-inputs * inputs))
        y.backward()
        return float(y), inputs.grad

    return step


def deep(h: float, depth: int, scale: float, shift: float) -> Step:
    start = mg.tensor(h)

    def step() -> tuple[float, Array]:
        h = start
        for _ in range(depth):
            h = h * scale + shift
        h.backward()
        return float(h), start.grad

    return step


def lenet(
    filters: list[tuple[Array, Array]],
    padding: tuple[int, ...],
    layers: list[tuple[Array, Array]],
    x: Array,
    y: Array,
    rate: float,
) -> Step:
    cut = 2 * len(filters)

    def loss(parameters: list[mg.Tensor]) -> mg.Tensor:
        h = x
        for weight, bias, pad in zip(parameters[:cut:2], parameters[1:cut:2], padding, strict=True):
            h = max_pool(relu(conv_nd(h, weight, stride=1, padding=pad) + bias.reshape(-1, 1, 1)), (2, 2), 2)
        return softmax_crossentropy(_network(relu, parameters[cut:], h.reshape(len(x), -1)), y)

    return _adam(loss, [array for layer in (*filters, *layers) for array in layer], rate)


def _normalised(x: mg.Tensor, scale: mg.Tensor, shift: mg.Tensor) -> mg.Tensor:
    deviation = x - mg.mean(x, axis=-1, keepdims=True)
    return deviation / mg.sqrt(mg.mean(deviation**2, axis=-1, keepdims=True) + np.float32(1e-5)) * scale + shift


def attention(block: dict[str, tuple[Array, Array]], heads: int, x: Array, y: Array, rate: float) -> Step:
    samples, tokens, channels = x.shape

    def loss(parameters: list[mg.Tensor]) -> mg.Tensor:
        p = dict(zip(block, zip(parameters[::2], parameters[1::2], strict=True), strict=True))

        def linear(x: Any, name: str) -> mg.Tensor:
            weight, bias = p[name]
            return x @ weight.T + bias

        qkv = linear(x, "qkv").reshape(samples, tokens, 3, heads, channels // heads).transpose(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        weights = softmax(q @ mg.swapaxes(k, -1, -2) * np.float32((channels // heads) ** -0.5), axis=-1)
        attended = mg.swapaxes(weights @ v, 1, 2).reshape(samples, tokens, channels)
        h = _normalised(x + linear(attended, "out"), *p["norm1"])
        h = _normalised(h + linear(relu(linear(h, "up")), "down"), *p["norm2"])
        return mg.mean((h - y) ** 2)

    return _training(loss, list(block.values()), lambda: rate)


def gpt(state: dict[str, Array], heads: int, x: Array, y: Array, rate: float) -> Step:
    samples, tokens = x.shape
    channels = state["places.weight"].shape[1]
    hidden = np.triu(np.full((tokens, tokens), -np.inf, np.float32), 1)

    def gelu(x: mg.Tensor) -> mg.Tensor:
        inner = np.float32((2 / np.pi) ** 0.5) * (x + np.float32(0.044715) * x**3)
        return np.float32(0.5) * x * (1 + mg.tanh(inner))

    def loss(parameters: list[mg.Tensor]) -> mg.Tensor:
        p = dict(zip(state, parameters, strict=True))

        def normalised(x: mg.Tensor, name: str) -> mg.Tensor:
            return _normalised(x, p[f"{name}.weight"], p[f"{name}.bias"])

        def linear(x: mg.Tensor, name: str) -> mg.Tensor:
            return x @ p[f"{name}.weight"].T + p[f"{name}.bias"]

        h = p["tokens.weight"][x] + p["places.weight"]
        for block in ("blocks.0", "blocks.1"):
            qkv = linear(normalised(h, f"{block}.norm1"), f"{block}.qkv")
            qkv = qkv.reshape(samples, tokens, 3, heads, channels // heads).transpose(2, 0, 3, 1, 4)
            q, k, v = qkv[0], qkv[1], qkv[2]
            scores = q @ mg.swapaxes(k, -1, -2) * np.float32((channels // heads) ** -0.5) + hidden
            attended = mg.swapaxes(softmax(scores, axis=-1) @ v, 1, 2).reshape(*h.shape)
            h = h + linear(attended, f"{block}.out")
            h = h + linear(gelu(linear(normalised(h, f"{block}.norm2"), f"{block}.up")), f"{block}.down")
        scores = linear(normalised(h, "norm"), "head")
        return softmax_crossentropy(scores.reshape(y.size, -1), y.reshape(-1))

    return _adam(loss, list(state.values()), rate)
