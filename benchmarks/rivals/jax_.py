"""The workloads as a user of JAX writes them: pure functions, the whole step compiled."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import jax
import jax.numpy as jnp

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


def _training(
    loss: Callable[..., jax.Array], layers: list[tuple[Array, Array]], x: Array, y: Array, rate: Callable[[], float]
) -> Step:
    parameters = [(jnp.asarray(weight), jnp.asarray(bias)) for weight, bias in layers]
    inputs, targets = jnp.asarray(x), jnp.asarray(y)

    @partial(jax.jit, donate_argnums=0)
    def update(parameters: Parameters, x: jax.Array, y: jax.Array, rate: float) -> tuple[Parameters, jax.Array]:
        value, gradients = jax.value_and_grad(loss)(parameters, x, y)
        return jax.tree.map(lambda p, g: p - rate * g, parameters, gradients), value

    def step() -> jax.Array:
        nonlocal parameters
        parameters, value = update(parameters, inputs, targets, rate())
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


def mlp(layers: list[tuple[Array, Array]], x: Array, y: Array, rate: float) -> Step:
    def loss(parameters: Parameters, x: jax.Array, y: jax.Array) -> jax.Array:
        logarithms = jax.nn.log_softmax(_network(jax.nn.relu, parameters, x))
        return -jnp.mean(jnp.take_along_axis(logarithms, y[:, None], axis=1))

    return _training(loss, layers, x, y, lambda: rate)


wide = mlp


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
