"""The workloads as a user of this library writes them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import autodiff as ad
import nn
from benchmarks.workloads import Array

Step = Callable[[], Any]


def scalar(layers: list[tuple[Array, Array]], x: Array, y: Array, alpha: float, rate: Callable[[int], float]) -> Step:
    def number(value: float) -> ad.Tensor:
        return ad.Tensor(value, requires_grad=True)

    net = [[([number(w) for w in row], number(b)) for row, b in zip(*layer, strict=True)] for layer in layers]
    parameters = [p for layer in net for weights, bias in layer for p in (*weights, bias)]
    steps = count()

    def model(values: list[ad.Tensor]) -> ad.Tensor:
        for layer in net:
            values = [sum((w * v for w, v in zip(weights, values, strict=True)), bias) for weights, bias in layer]
            if layer is not net[-1]:
                values = [v.relu() for v in values]
        return values[0]

    def step() -> ad.Tensor:
        scores = [model([ad.Tensor(v) for v in row]) for row in x]
        losses = [(1 + -yi * score).relu() for yi, score in zip(y, scores, strict=True)]
        loss = sum(losses) * (1.0 / len(losses)) + alpha * sum(p * p for p in parameters)
        for p in parameters:
            p.zero_grad()
        loss.backward()
        learning_rate = rate(next(steps))
        for p in parameters:
            p.data -= learning_rate * p.grad.data
        return loss

    return step


def scalar_as_matrices(
    layers: list[tuple[Array, Array]], x: Array, y: Array, alpha: float, rate: Callable[[int], float]
) -> Step:
    model = _network(layers, nn.ReLU, dtype="float64")
    parameters = list(model.parameters())
    inputs, labels = ad.Tensor(x), ad.Tensor(y.reshape(-1, 1))
    optimizer = nn.optim.SGD(parameters, lr=1.0)
    steps = count()

    def step() -> ad.Tensor:
        loss = ad.relu(1 - labels * model(inputs)).mean() + alpha * sum((p * p).sum() for p in parameters)
        optimizer.zero_grad()
        loss.backward()
        optimizer.param_groups[0]["lr"] = rate(next(steps))
        optimizer.step()
        return loss

    return step


def _network(layers: list[tuple[Array, Array]], activation: type[nn.Module], dtype: str = "float32") -> nn.Sequential:
    """Linear layers with an activation between them."""
    modules: list[nn.Module] = []
    for weight, bias in layers:
        linear = nn.Linear(*weight.shape[::-1], dtype=dtype)
        linear.load_state_dict({"weight": weight, "bias": bias})
        modules += [linear, activation()]
    return nn.Sequential(*modules[:-1])


def _training(
    model: nn.Module, criterion: nn.Module, x: Array, y: Array, rate: float, optimizer: Any = nn.optim.SGD
) -> Step:
    inputs, targets = ad.Tensor(x), ad.Tensor(y)
    update = optimizer(model.parameters(), lr=rate)

    def step() -> ad.Tensor:
        update.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        update.step()
        return loss

    return step


def tiny(layers: list[tuple[Array, Array]], x: Array, y: Array, rate: float) -> Step:
    return _training(nn.Sequential(*_network(layers, nn.ReLU), nn.Sigmoid()), nn.BCELoss(), x, y, rate)


def nielsen(layers: list[tuple[Array, Array]], x: Array, y: Array, rate: float) -> Step:
    return _training(nn.Sequential(*_network(layers, nn.Sigmoid), nn.Sigmoid()), nn.MSELoss(), x, y, rate)


def mlp(layers: list[tuple[Array, Array]], x: Array, y: Array, rate: float) -> Step:
    return _training(_network(layers, nn.ReLU), nn.CrossEntropyLoss(), x, y, rate)


wide = mlp


def adam(layers: list[tuple[Array, Array]], x: Array, y: Array, rate: float) -> Step:
    return _training(_network(layers, nn.ReLU), nn.CrossEntropyLoss(), x, y, rate, nn.optim.Adam)


def chain(x: Array) -> Step:
    value_and_grad = ad.value_and_grad(lambda x: ad.sum(ad.tanh(x) * ad.sigmoid(x) + ad.exp(-x * x)))
    return lambda: value_and_grad(x)


def deep(h: float, depth: int, scale: float, shift: float) -> Step:
    start = ad.Tensor(h, requires_grad=True)

    def step() -> tuple[ad.Tensor, ad.Tensor]:
        h = start
        for _ in range(depth):
            h = h * scale + shift
        start.zero_grad()
        h.backward()
        return h, start.grad

    return step


def lenet(
    filters: list[tuple[Array, Array]],
    padding: tuple[int, ...],
    layers: list[tuple[Array, Array]],
    x: Array,
    y: Array,
    rate: float,
) -> Step:
    modules: list[nn.Module] = []
    for (weight, bias), pad in zip(filters, padding, strict=True):
        conv = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2], padding=pad)
        conv.load_state_dict({"weight": weight, "bias": bias})
        modules += [conv, nn.ReLU(), nn.MaxPool2d(2)]
    model = nn.Sequential(*modules, nn.Flatten(), *_network(layers, nn.ReLU))
    return _training(model, nn.CrossEntropyLoss(), x, y, rate, nn.optim.Adam)


def attention(block: dict[str, tuple[Array, Array]], heads: int, x: Array, y: Array, rate: float) -> Step:
    p = {name: tuple(map(nn.Parameter, arrays)) for name, arrays in block.items()}
    optimizer = nn.optim.SGD([q for pair in p.values() for q in pair], lr=rate)
    inputs, targets = ad.Tensor(x), ad.Tensor(y)
    samples, tokens, channels = x.shape

    def attended(x: ad.Tensor) -> ad.Tensor:
        qkv = ad.reshape(ad.affine(x, *p["qkv"]), (samples, tokens, 3, heads, channels // heads))
        q, k, v = ad.permute_dims(qkv, (2, 0, 3, 1, 4))
        weights = ad.softmax(q / (channels // heads) ** 0.5 @ k.mT)
        return ad.affine(ad.reshape(ad.swapaxes(weights @ v, 1, 2), (samples, tokens, channels)), *p["out"])

    def model(x: ad.Tensor) -> ad.Tensor:
        x = ad.layer_norm(x + attended(x), channels, *p["norm1"])
        return ad.layer_norm(x + ad.affine(ad.relu(ad.affine(x, *p["up"])), *p["down"]), channels, *p["norm2"])

    def step() -> ad.Tensor:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(inputs), targets)
        loss.backward()
        optimizer.step()
        return loss

    return step


class _Block(nn.Module):
    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.out = nn.Linear(channels, channels)
        self.norm2 = nn.LayerNorm(channels)
        self.up = nn.Linear(channels, 4 * channels)
        self.down = nn.Linear(4 * channels, channels)

    def attend(self, x: ad.Tensor) -> ad.Tensor:
        n, tokens, channels = x.shape
        qkv = ad.reshape(self.qkv(x), (n, tokens, 3, self.heads, channels // self.heads))
        q, k, v = ad.unstack(ad.permute_dims(qkv, (2, 0, 3, 1, 4)))
        y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(ad.reshape(ad.swapaxes(y, 1, 2), (n, tokens, channels)))

    def forward(self, x: ad.Tensor) -> ad.Tensor:
        x = x + self.attend(self.norm1(x))
        return x + self.down(nn.functional.gelu(self.up(self.norm2(x)), approximate="tanh"))


class _GPT(nn.Module):
    def __init__(self, vocabulary: int, tokens: int, channels: int, heads: int, blocks: int) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, channels)
        self.places = nn.Embedding(tokens, channels)
        self.blocks = nn.Sequential(*(_Block(channels, heads) for _ in range(blocks)))
        self.norm = nn.LayerNorm(channels)
        self.head = nn.Linear(channels, vocabulary)

    def forward(self, x: ad.Tensor) -> ad.Tensor:
        h = self.tokens(x) + self.places(ad.arange(x.shape[1]))
        return ad.reshape(self.head(self.norm(self.blocks(h))), (-1, self.head.out_features))


def gpt(state: dict[str, Array], heads: int, x: Array, y: Array, rate: float) -> Step:
    vocabulary, (tokens, channels) = len(state["head.weight"]), state["places.weight"].shape
    model = _GPT(vocabulary, tokens, channels, heads, blocks=2)
    model.load_state_dict(state)
    return _training(model, nn.CrossEntropyLoss(), x, y.reshape(-1), rate, nn.optim.Adam)


def hess(x: Array) -> Step:
    def rosenbrock(x: ad.Tensor) -> ad.Tensor:
        return ad.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    hessian = ad.hessian(rosenbrock)

    def step() -> tuple[float, Array]:
        h = hessian(x)
        return h[0, 0], h

    return step
