"""The workloads as a user of PyTorch writes them: eager, `torch.nn` and `torch.optim`."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import count
from typing import Any

import torch
from torch import nn

from benchmarks.workloads import Array

Step = Callable[[], Any]

torch.set_num_threads(int(os.environ["BENCHMARK_THREADS"]))
torch.set_num_interop_threads(1)


def scalar(layers: list[tuple[Array, Array]], x: Array, y: Array, alpha: float, rate: Callable[[int], float]) -> Step:
    def number(value: float) -> torch.Tensor:
        return torch.tensor(value, dtype=torch.float64, requires_grad=True)

    net = [[([number(w) for w in row], number(b)) for row, b in zip(*layer, strict=True)] for layer in layers]
    parameters = [p for layer in net for weights, bias in layer for p in (*weights, bias)]
    optimizer = torch.optim.SGD(parameters, lr=1.0)
    steps = count()

    def model(values: list[torch.Tensor]) -> torch.Tensor:
        for layer in net:
            values = [sum((w * v for w, v in zip(weights, values, strict=True)), bias) for weights, bias in layer]
            if layer is not net[-1]:
                values = [v.relu() for v in values]
        return values[0]

    def step() -> torch.Tensor:
        scores = [model([torch.tensor(v, dtype=torch.float64) for v in row]) for row in x.tolist()]
        losses = [(1 + -yi * score).relu() for yi, score in zip(y.tolist(), scores, strict=True)]
        loss = sum(losses) * (1.0 / len(losses)) + alpha * sum(p * p for p in parameters)
        optimizer.zero_grad()
        loss.backward()
        optimizer.param_groups[0]["lr"] = rate(next(steps))
        optimizer.step()
        return loss

    return step


def scalar_as_matrices(
    layers: list[tuple[Array, Array]], x: Array, y: Array, alpha: float, rate: Callable[[int], float]
) -> Step:
    model = _network(layers, nn.ReLU)
    parameters = list(model.parameters())
    inputs, labels = torch.tensor(x), torch.tensor(y.reshape(-1, 1))
    optimizer = torch.optim.SGD(parameters, lr=1.0)
    steps = count()

    def step() -> torch.Tensor:
        loss = torch.relu(1 - labels * model(inputs)).mean() + alpha * sum((p * p).sum() for p in parameters)
        optimizer.zero_grad()
        loss.backward()
        optimizer.param_groups[0]["lr"] = rate(next(steps))
        optimizer.step()
        return loss

    return step


def _network(layers: list[tuple[Array, Array]], activation: type[nn.Module]) -> nn.Sequential:
    """Linear layers with an activation between them."""
    modules: list[nn.Module] = []
    for weight, bias in layers:
        state = {"weight": torch.tensor(weight), "bias": torch.tensor(bias)}
        linear = nn.Linear(*weight.shape[::-1], dtype=state["weight"].dtype)
        linear.load_state_dict(state)
        modules += [linear, activation()]
    return nn.Sequential(*modules[:-1])


def _training(
    model: nn.Module, criterion: nn.Module, x: Array, y: Array, rate: float, optimizer: Any = torch.optim.SGD
) -> Step:
    inputs, targets = torch.tensor(x), torch.tensor(y)
    update = optimizer(model.parameters(), lr=rate)

    def step() -> torch.Tensor:
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
    return _training(_network(layers, nn.ReLU), nn.CrossEntropyLoss(), x, y, rate, torch.optim.Adam)


def chain(x: Array) -> Step:
    inputs = torch.tensor(x, requires_grad=True)

    def step() -> tuple[torch.Tensor, torch.Tensor]:
        y = torch.sum(torch.tanh(inputs) * torch.sigmoid(inputs) + torch.exp(-inputs * inputs))
        inputs.grad = None
        y.backward()
        return y, inputs.grad

    return step


def deep(h: float, depth: int, scale: float, shift: float) -> Step:
    start = torch.tensor(h, dtype=torch.float64, requires_grad=True)

    def step() -> tuple[torch.Tensor, torch.Tensor]:
        h = start
        for _ in range(depth):
            h = h * scale + shift
        start.grad = None
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
        conv.load_state_dict({"weight": torch.tensor(weight), "bias": torch.tensor(bias)})
        modules += [conv, nn.ReLU(), nn.MaxPool2d(2)]
    model = nn.Sequential(*modules, nn.Flatten(), *_network(layers, nn.ReLU))
    return _training(model, nn.CrossEntropyLoss(), x, y, rate, torch.optim.Adam)


def attention(block: dict[str, tuple[Array, Array]], heads: int, x: Array, y: Array, rate: float) -> Step:
    channels = x.shape[-1]
    model = nn.TransformerEncoderLayer(channels, heads, len(block["up"][0]), dropout=0.0, batch_first=True)
    names = {"self_attn.out_proj": "out", "linear1": "up", "linear2": "down", "norm1": "norm1", "norm2": "norm2"}
    state = {
        f"{name}.{kind}": block[ours][i] for name, ours in names.items() for i, kind in enumerate(("weight", "bias"))
    }
    state |= {"self_attn.in_proj_weight": block["qkv"][0], "self_attn.in_proj_bias": block["qkv"][1]}
    model.load_state_dict({name: torch.tensor(array) for name, array in state.items()})
    return _training(model, nn.MSELoss(), x, y, rate)


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

    def attend(self, x: torch.Tensor) -> torch.Tensor:
        n, tokens, channels = x.shape
        qkv = self.qkv(x).view(n, tokens, 3, self.heads, channels // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind()
        y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(y.transpose(1, 2).reshape(n, tokens, channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
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

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.tokens(x) + self.places(torch.arange(x.shape[1]))
        return self.head(self.norm(self.blocks(h))).flatten(0, 1)


def gpt(state: dict[str, Array], heads: int, x: Array, y: Array, rate: float) -> Step:
    vocabulary, (tokens, channels) = len(state["head.weight"]), state["places.weight"].shape
    model = _GPT(vocabulary, tokens, channels, heads, blocks=2)
    model.load_state_dict({name: torch.tensor(array) for name, array in state.items()})
    return _training(model, nn.CrossEntropyLoss(), x, y.reshape(-1), rate, torch.optim.Adam)


def hess(x: Array) -> Step:
    def rosenbrock(x: torch.Tensor) -> torch.Tensor:
        return torch.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    inputs = torch.tensor(x)

    def step() -> tuple[torch.Tensor, torch.Tensor]:
        h = torch.autograd.functional.hessian(rosenbrock, inputs)
        return h[0, 0], h

    return step
