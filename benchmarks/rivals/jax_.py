"""The workloads as a user of JAX writes them: pure functions, the whole step compiled."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.workloads import Array

Step = Callable[[], Any]
Parameters = list[tuple[jax.Array, jax.Array]]

LEFT_OUT = {"scalar": "traced scalar by scalar, the step has about 70,000 operations and takes minutes to compile"}
NOTES = {"deep": "a compiled lax.scan, as its users would: the loop in Python takes minutes to compile"}


def scalar_as_matrices(
    layers: list[tuple[Array, Array]], x: Array, y: Array, alpha: float, rate: Callable[[int], float]
) -> Step:
    jax.config.update("jax_enable_x64", True)
    labels = y.reshape(-1, 1)

    def loss(parameters: Parameters, x: jax.Array, y: jax.Array) -> jax.Array:
        penalty = sum(jnp.sum(p * p) for p in jax.tree.leaves(parameters))
        return jnp.mean(jax.nn.relu(1 - y * _network(jax.nn.relu, parameters, x))) + alpha * penalty

    steps = count()
    return _training(loss, layers, x, labels, lambda: rate(next(steps)))


def _network(activation: Callable[[jax.Array], jax.Array], parameters: Parameters, x: jax.Array) -> jax.Array:
    """Linear layers with an activation between them."""
    *hidden, (weight, bias) = parameters
    for w, b in hidden:
        x = activation(x @ w.T + b)
    return x @ weight.T + bias


def _training(loss: Callable[..., jax.Array], arrays: Any, x: Array, y: Array, rate: Callable[[], float]) -> Step:
    parameters = jax.tree.map(jnp.asarray, arrays)
    inputs, targets = jnp.asarray(x), jnp.asarray(y)

    @partial(jax.jit, donate_argnums=0)
    def update(parameters: Any, x: jax.Array, y: jax.Array, rate: float) -> tuple[Any, jax.Array]:
        value, gradients = jax.value_and_grad(loss)(parameters, x, y)
        return jax.tree.map(lambda p, g: p - rate * g, parameters, gradients), value

    def step() -> jax.Array:
        nonlocal parameters
        parameters, value = update(parameters, inputs, targets, rate())
        return value

    return step


def _adam(loss: Callable[..., jax.Array], arrays: Any, x: Array, y: Array, rate: float) -> Step:
    """With the corrections for the first steps in double precision; those of JAX's example are in single."""
    parameters = jax.tree.map(jnp.asarray, arrays)
    means, squares = jax.tree.map(jnp.zeros_like, parameters), jax.tree.map(jnp.zeros_like, parameters)
    inputs, targets = jnp.asarray(x), jnp.asarray(y)
    steps = count(1)

    @partial(jax.jit, donate_argnums=(0, 1, 2))
    def update(parameters: Any, means: Any, squares: Any, x: jax.Array, y: jax.Array, a: float, b: float) -> Any:
        value, gradients = jax.value_and_grad(loss)(parameters, x, y)
        means = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, means, gradients)
        squares = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, squares, gradients)
        parameters = jax.tree.map(
            lambda p, m, v: p - rate * (m / a) / (jnp.sqrt(v / b) + 1e-8), parameters, means, squares
        )
        return parameters, means, squares, value

    def step() -> jax.Array:
        nonlocal parameters, means, squares
        i = next(steps)
        parameters, means, squares, value = update(
            parameters, means, squares, inputs, targets, 1 - 0.9**i, 1 - 0.999**i
        )
        return value

    return step


def tiny(layers: list[tuple[Array, Array]], x: Array, y: Array, rate: float) -> Step:
    def loss(parameters: Parameters, x: jax.Array, y: jax.Array) -> jax.Array:
        p = jax.nn.sigmoid(_network(jax.nn.relu, parameters, x))
        return -jnp.mean(y * jnp.log(p) + (1 - y) * jnp.log1p(-p))

    return _training(loss, layers, x, y, lambda: rate)


def nielsen(layers: list[tuple[Array, Array]], x: Array, y: Array, rate: float) -> Step:
    def loss(parameters: Parameters, x: jax.Array, y: jax.Array) -> jax.Array:
        return jnp.mean((jax.nn.sigmoid(_network(jax.nn.sigmoid, parameters, x)) - y) ** 2)

    return _training(loss, layers, x, y, lambda: rate)


def _cross_entropy(scores: jax.Array, y: jax.Array) -> jax.Array:
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(scores), y[:, None], axis=1))


def _classifying(parameters: Parameters, x: jax.Array, y: jax.Array) -> jax.Array:
    return _cross_entropy(_network(jax.nn.relu, parameters, x), y)


def mlp(layers: list[tuple[Array, Array]], x: Array, y: Array, rate: float) -> Step:
    return _training(_classifying, layers, x, y, lambda: rate)


wide = mlp


def adam(layers: list[tuple[Array, Array]], x: Array, y: Array, rate: float) -> Step:
    return _adam(_classifying, layers, x, y, rate)


def chain(x: Array) -> Step:
    inputs = jnp.asarray(x)

    @jax.jit
    @jax.value_and_grad
    def value_and_grad(x: jax.Array) -> jax.Array:
        return jnp.sum(jnp.tanh(x) * jax.nn.sigmoid(x) + jnp.exp(-x * x))

    return lambda: value_and_grad(inputs)


def deep(h: float, depth: int, scale: float, shift: float) -> Step:
    jax.config.update("jax_enable_x64", True)
    start = jnp.asarray(h)

    @jax.jit
    @jax.value_and_grad
    def value_and_grad(h: jax.Array) -> jax.Array:
        return jax.lax.scan(lambda h, _: (h * scale + shift, None), h, length=depth)[0]

    return lambda: value_and_grad(start)


def lenet(
    filters: list[tuple[Array, Array]],
    padding: tuple[int, ...],
    layers: list[tuple[Array, Array]],
    x: Array,
    y: Array,
    rate: float,
) -> Step:
    def loss(parameters: tuple[Parameters, Parameters], x: jax.Array, y: jax.Array) -> jax.Array:
        filters, layers = parameters
        for (weight, bias), pad in zip(filters, padding, strict=True):
            x = jax.lax.conv_general_dilated(x, weight, (1, 1), [(pad, pad)] * 2)
            x = jax.nn.relu(x + bias[:, None, None])
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
        return _cross_entropy(_network(jax.nn.relu, layers, x.reshape(len(x), -1)), y)

    return _adam(loss, (filters, layers), x, y, rate)


def _linear(x: jax.Array, weight: jax.Array, bias: jax.Array) -> jax.Array:
    return x @ weight.T + bias


def _normalised(x: jax.Array, scale: jax.Array, shift: jax.Array) -> jax.Array:
    return jax.nn.standardize(x, epsilon=1e-5) * scale + shift


def attention(block: dict[str, tuple[Array, Array]], heads: int, x: Array, y: Array, rate: float) -> Step:
    samples, tokens, channels = x.shape

    def loss(p: dict[str, tuple[jax.Array, jax.Array]], x: jax.Array, y: jax.Array) -> jax.Array:
        q, k, v = jnp.moveaxis(_linear(x, *p["qkv"]).reshape(samples, tokens, 3, heads, channels // heads), 2, 0)
        attended = jax.nn.dot_product_attention(q, k, v).reshape(samples, tokens, channels)
        x = _normalised(x + _linear(attended, *p["out"]), *p["norm1"])
        x = _normalised(x + _linear(jax.nn.relu(_linear(x, *p["up"])), *p["down"]), *p["norm2"])
        return jnp.mean((x - y) ** 2)

    return _training(loss, block, x, y, lambda: rate)


def gpt(state: dict[str, Array], heads: int, x: Array, y: Array, rate: float) -> Step:
    samples, tokens = x.shape
    channels = state["places.weight"].shape[1]

    def loss(p: dict[str, jax.Array], x: jax.Array, y: jax.Array) -> jax.Array:
        def layer(name: str) -> tuple[jax.Array, jax.Array]:
            return p[f"{name}.weight"], p[f"{name}.bias"]

        h = p["tokens.weight"][x] + p["places.weight"]
        for block in ("blocks.0", "blocks.1"):
            qkv = _linear(_normalised(h, *layer(f"{block}.norm1")), *layer(f"{block}.qkv"))
            q, k, v = jnp.moveaxis(qkv.reshape(samples, tokens, 3, heads, channels // heads), 2, 0)
            attended = jax.nn.dot_product_attention(q, k, v, is_causal=True).reshape(h.shape)
            h = h + _linear(attended, *layer(f"{block}.out"))
            up = _linear(_normalised(h, *layer(f"{block}.norm2")), *layer(f"{block}.up"))
            h = h + _linear(jax.nn.gelu(up), *layer(f"{block}.down"))
        scores = _linear(_normalised(h, *layer("norm")), *layer("head"))
        return _cross_entropy(scores.reshape(len(y), -1), y)

    return _adam(loss, state, x, y.reshape(-1), rate)


def hess(x: Array) -> Step:
    jax.config.update("jax_enable_x64", True)
    inputs = jnp.asarray(x)

    @jax.jit
    @jax.hessian
    def hessian(x: jax.Array) -> jax.Array:
        return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    def step() -> tuple[float, Array]:
        h = np.asarray(hessian(inputs))
        return h[0, 0], h

    return step
