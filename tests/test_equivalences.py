"""Different ways to write the same thing have the same values and the same gradients."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autodiff as ad

# What is drawn for an expression: x, y any numbers, p, q positive ones, u in the unit interval; X, Y 3 by 3; B a batch.
SHAPES = {"x": (4,), "y": (4,), "p": (4,), "q": (4,), "u": (4,), "X": (3, 3), "Y": (3, 3), "B": (2, 3, 3)}
RANGES = {"p": (0.2, 3.0), "q": (0.2, 3.0), "u": (-0.9, 0.9)}

EQUAL = [
    # arithmetic
    ("x + y", "y + x"),
    ("x - y", "-(y - x)"),
    ("x * (y + 1)", "x * y + x"),
    ("x / p", "x * ad.reciprocal(p)"),
    ("2 / p", "2 * p**-1"),
    ("1 - x", "-x + 1"),
    ("x**2", "x * x"),
    ("x**3", "x * ad.square(x)"),
    ("p**0.5", "ad.sqrt(p)"),
    ("p**q", "ad.exp(q * ad.log(p))"),
    ("2.0**x", "ad.exp2(x)"),
    ("ad.float_power(p, q)", "p**q"),
    ("ad.cbrt(p)", "p ** (1 / 3)"),
    ("ad.hypot(p, q)", "ad.sqrt(p * p + q * q)"),
    ("ad.abs(x)", "ad.maximum(x, -x)"),
    ("ad.fabs(x)", "ad.sign(x) * x"),
    ("ad.minimum(x, y)", "-ad.maximum(-x, -y)"),
    ("ad.fmax(x, y)", "ad.maximum(x, y)"),
    ("ad.fmin(x, y)", "ad.minimum(x, y)"),
    ("ad.clip(x, -1.0, 1.0)", "ad.minimum(ad.maximum(x, -1.0), 1.0)"),
    ("ad.clip(x, min=0.0)", "ad.relu(x)"),
    ("ad.clip(x, max=0.0)", "-ad.relu(-x)"),
    ("ad.copysign(p, x)", "p * ad.sign(x)"),
    ("x % q", "x - ad.floor_divide(x, q) * q"),
    ("ad.fmod(x, q)", "x - ad.trunc(x / q) * q"),
    ("ad.degrees(ad.radians(x))", "x"),
    ("ad.real(x)", "ad.conj(x)"),
    ("x.astype(np.float64)", "+x"),
    # exponentials, trigonometry
    ("ad.exp(ad.log(p))", "p"),
    ("ad.expm1(x)", "ad.exp(x) - 1"),
    ("ad.log1p(p)", "ad.log(1 + p)"),
    ("ad.log2(p)", "ad.log(p) / math.log(2)"),
    ("ad.log10(p)", "ad.log(p) / math.log(10)"),
    ("ad.logaddexp(x, y)", "ad.log(ad.exp(x) + ad.exp(y))"),
    ("ad.logaddexp2(x, y)", "ad.log2(2**x + 2**y)"),
    ("ad.sin(x) ** 2", "1 - ad.cos(x) ** 2"),
    ("ad.tan(u)", "ad.sin(u) / ad.cos(u)"),
    ("ad.asin(u) + ad.acos(u)", "0 * u + math.pi / 2"),
    ("ad.atan(p)", "ad.asin(p / ad.sqrt(1 + p * p))"),
    ("ad.atan2(p, q)", "ad.atan(p / q)"),
    ("ad.sinh(x)", "(ad.exp(x) - ad.exp(-x)) / 2"),
    ("ad.cosh(x)", "(ad.exp(x) + ad.exp(-x)) / 2"),
    ("ad.tanh(x)", "ad.sinh(x) / ad.cosh(x)"),
    ("ad.asinh(x)", "ad.log(x + ad.sqrt(x * x + 1))"),
    ("ad.acosh(1 + p)", "ad.log(1 + p + ad.sqrt(p * (p + 2)))"),
    ("ad.atanh(u)", "0.5 * ad.log((1 + u) / (1 - u))"),
    ("ad.erf(x)", "1 - ad.erfc(x)"),
    # reductions
    ("ad.sum(X)", "ad.sum(ad.sum(X, axis=0))"),
    ("ad.sum(X, axis=(0, 1))", "X.sum()"),
    ("ad.sum(X, axis=-1, keepdims=True)", "X @ np.ones((3, 1))"),
    ("ad.mean(B, axis=(0, 2))", "ad.sum(B, axis=(0, 2)) / 6"),
    ("ad.prod(p)", "ad.exp(ad.sum(ad.log(p)))"),
    ("ad.prod(x)", "x[0] * x[1] * x[2] * x[3]"),
    ("ad.max(X, axis=1)", "ad.stack([ad.max(row) for row in X])"),
    ("ad.min(x)", "-ad.max(-x)"),
    ("ad.var(x)", "ad.mean(x * x) - ad.mean(x) ** 2"),
    ("ad.var(X, axis=0, correction=1)", "ad.var(X, axis=0) * 3 / 2"),
    ("ad.std(p + 4 * np.arange(4))", "ad.sqrt(ad.var(p + 4 * np.arange(4)))"),
    ("ad.cumsum(x)", "np.tril(np.ones((4, 4))) @ x"),
    ("ad.cumprod(p)", "ad.exp(ad.cumsum(ad.log(p)))"),
    ("ad.cumsum(X, axis=1)[:, -1]", "ad.sum(X, axis=1)"),
    ("ad.logsumexp(x)", "ad.log(ad.sum(ad.exp(x)))"),
    ("ad.norm(p)", "ad.sqrt(ad.sum(p * p))"),
    ("ad.norm(x, 1)", "ad.sum(ad.abs(x))"),
    ("ad.norm(x, math.inf)", "ad.max(ad.abs(x))"),
    ("ad.norm(p, 3)", "ad.sum(p**3) ** (1 / 3)"),
    ("np.linalg.norm(X + 5)", "ad.norm(ad.ravel(X + 5))"),
    # shapes
    ("X.T", "ad.permute_dims(X, (1, 0))"),
    ("B.mT", "ad.swapaxes(B, 1, 2)"),
    ("ad.moveaxis(B, 0, 2)", "ad.permute_dims(B, (1, 2, 0))"),
    ("ad.moveaxis(B, (0, 1), (-1, 0))", "ad.permute_dims(B, (1, 2, 0))"),
    ("ad.flip(x)", "x[::-1]"),
    ("ad.flip(X, 1)", "X[:, ::-1]"),
    ("ad.roll(x, 1)", "ad.concat([x[-1:], x[:-1]])"),
    ("ad.roll(X, (1, 2), (0, 1))", "ad.roll(ad.roll(X, 1, 0), 2, 1)"),
    ("ad.expand_dims(x, 1)", "x[:, None]"),
    ("ad.squeeze(x[None, :, None])", "x"),
    ("ad.broadcast_to(x, (2, 4))", "ad.stack([x, x])"),
    ("ad.tile(x, 3)", "ad.concat([x, x, x])"),
    ("ad.tile(X, (2, 1))", "ad.concat([X, X])"),
    ("ad.repeat(x, 2)", "ad.ravel(ad.stack([x, x], axis=1))"),
    ("ad.repeat(X, [1, 0, 2], axis=0)", "X[[0, 2, 2]]"),
    ("ad.concat(ad.split(x, 2))", "x"),
    ("ad.concat(ad.split(X, [1], axis=1), axis=1)", "X"),
    ("ad.concat(ad.split(x, [-1, 99]))", "x"),
    ("ad.concat(ad.split(x, [2, 1]))", "ad.concat([x[:2], x[1:]])"),
    ("ad.stack(ad.unstack(X))", "X"),
    ("ad.concat([X, Y], axis=None)", "ad.concat([X.ravel(), Y.flatten()])"),
    ("ad.hstack([x, y])", "ad.concat([x, y])"),
    ("ad.hstack([X, Y])", "ad.concat([X, Y], axis=1)"),
    ("ad.vstack([x, y])", "ad.stack([x, y])"),
    ("ad.column_stack([x, y])", "ad.stack([x, y], axis=1)"),
    ("ad.pad(x, 1)", "ad.concat([np.zeros(1), x, np.zeros(1)])"),
    ("ad.pad(x, (1, 2), mode='edge')", "x[[0, 0, 1, 2, 3, 3, 3]]"),
    ("ad.pad(X, ((1, 0), (0, 1)), mode='wrap')", "X[[2, 0, 1, 2]][:, [0, 1, 2, 0]]"),
    ("ad.pad(x, 2, mode='reflect')", "x[[2, 1, 0, 1, 2, 3, 2, 1]]"),
    ("ad.broadcast_arrays(x, X[:, :1])[0]", "ad.broadcast_to(x, (3, 4))"),
    # indexing
    ("x[[0, 0, 3]]", "ad.stack([x[0], x[0], x[3]])"),
    ("x[x > 0].sum()", "ad.sum(ad.relu(x))"),
    ("X[np.array([0, 2]), 1]", "ad.stack([X[0, 1], X[2, 1]])"),
    ("X[..., -1]", "X[:, 2]"),
    ("B[:, [1, 1], ::2]", "ad.stack([B[:, 1, ::2], B[:, 1, ::2]], axis=1)"),
    ("ad.take(X, [2, 0], axis=1)", "X[:, [2, 0]]"),
    ("ad.take(X, [4, 4])", "X.ravel()[[4, 4]]"),
    ("ad.take_along_axis(X, np.array([[0, 2]] * 3), 1)", "X[:, [0, 2]]"),
    ("ad.take_along_axis(X, np.argsort(X.data, 0), 0)", "ad.stack([c[np.argsort(c.data)] for c in X.T], axis=1)"),
    ("ad.where(x > 0, x, 0.0)", "ad.relu(x)"),
    ("ad.where(x > y, x, y)", "ad.maximum(x, y)"),
    ("ad.diagonal(X, 1)", "ad.stack([X[0, 1], X[1, 2]])"),
    ("ad.diagonal(B, -1, 1, 2)", "ad.stack([ad.diagonal(m, -1) for m in B])"),
    ("ad.trace(X)", "X[0, 0] + X[1, 1] + X[2, 2]"),
    ("ad.tril(X)", "X * np.tril(np.ones((3, 3)))"),
    ("ad.triu(B, 1)", "B - ad.tril(B)"),
    # products
    ("X @ Y", "ad.einsum('ij,jk->ik', X, Y)"),
    ("X @ Y", "ad.sum(X[:, :, None] * Y[None], axis=1)"),
    ("X @ Y", "ad.tensordot(X, Y, 1)"),
    ("X @ Y", "np.dot(X, Y)"),
    ("B @ X", "ad.stack([m @ X for m in B])"),
    ("X @ B", "ad.einsum('ij,bjk', X, B).swapaxes(0, 0)"),
    ("B @ B", "ad.einsum('...ij,...jk->...ik', B, B)"),
    ("X[0] @ Y", "ad.sum(X[0][:, None] * Y, axis=0)"),
    ("X @ Y[0]", "ad.sum(X * Y[0], axis=1)"),
    ("B @ X[0]", "ad.tensordot(B, X[0], 1)"),
    ("x @ y", "ad.sum(x * y)"),
    ("ad.vecdot(X, Y)", "ad.sum(X * Y, axis=-1)"),
    ("ad.vecdot(X, Y, axis=0)", "ad.einsum('ij,ij->j', X, Y)"),
    ("ad.inner(X, Y)", "X @ Y.T"),
    ("ad.vdot(X, Y)", "ad.sum(X * Y)"),
    ("ad.outer(x, y)", "x[:, None] * y"),
    ("ad.tensordot(X, Y, ((0, 1), (1, 0)))", "ad.trace(X @ Y)"),
    ("ad.tensordot(B, B, ((0, 2), (0, 2)))", "ad.einsum('bij,bkj->ik', B, B)"),
    ("ad.einsum('ii', X)", "ad.trace(X)"),
    ("ad.einsum('ii->i', X)", "ad.diagonal(X)"),
    ("ad.einsum('ij->j', X)", "ad.sum(X, axis=0)"),
    ("ad.einsum('ji', X)", "X.T"),
    ("ad.einsum('i,j->', x, y)", "ad.sum(x) * ad.sum(y)"),
    ("ad.einsum('ij,jk,ki->', X, Y, X)", "ad.trace(X @ Y @ X)"),
    ("ad.affine(X, Y, X[0])", "X @ Y.T + X[0]"),
    ("ad.affine(B, X, Y[0])", "B @ X.T + Y[0]"),
    ("ad.affine(X[0], Y, X[1])", "Y @ X[0] + X[1]"),
    # activations
    ("ad.sigmoid(x)", "0.5 * (1 + ad.tanh(0.5 * x))"),
    ("ad.softplus(x)", "ad.log(1 + ad.exp(x))"),
    ("ad.softplus(x) - ad.softplus(-x)", "x"),
    ("ad.log_sigmoid(x)", "ad.log(ad.sigmoid(x))"),
    ("ad.silu(x)", "x * ad.sigmoid(x)"),
    ("ad.mish(x)", "x * ad.tanh(ad.softplus(x))"),
    ("ad.gelu(x)", "x * 0.5 * (1 + ad.erf(x / math.sqrt(2)))"),
    ("ad.gelu(x, 'tanh')", "0.5 * x * (1 + ad.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))"),
    ("ad.relu(x) - ad.relu(-x)", "x"),
    ("ad.relu6(x)", "ad.clip(x, 0.0, 6.0)"),
    ("ad.leaky_relu(x, 0.3)", "ad.where(x > 0, x, 0.3 * x)"),
    ("ad.elu(x, 2.0)", "ad.where(x > 0, x, 2 * (ad.exp(x) - 1))"),
    ("ad.celu(x, 2.0)", "ad.where(x > 0, x, 2 * (ad.exp(x / 2) - 1))"),
    ("ad.selu(x)", "1.0507009873554805 * ad.elu(x, 1.6732632423543772)"),
    ("ad.hardtanh(x)", "ad.clip(x, -1.0, 1.0)"),
    ("ad.hardsigmoid(x)", "ad.relu6(x + 3) / 6"),
    ("ad.hardswish(x)", "x * ad.hardsigmoid(x)"),
    ("ad.softsign(x)", "x / (1 + ad.abs(x))"),
    ("ad.softmax(X)", "ad.exp(X) / ad.sum(ad.exp(X), axis=-1, keepdims=True)"),
    ("ad.softmax(X, axis=0)", "ad.softmax(X.T).T"),
    ("ad.log_softmax(X)", "ad.log(ad.softmax(X))"),
    ("ad.log_softmax(X, axis=0)", "X - ad.logsumexp(X, axis=0, keepdims=True)"),
    ("ad.binary_cross_entropy(ad.sigmoid(x), 0.3)", "ad.binary_cross_entropy_with_logits(x, 0.3)"),
    ("ad.huber(x, 2.0)", "ad.where(ad.abs(x) < 2, x * x / 2, 2 * ad.abs(x) - 2)"),
    # NumPy's functions
    ("np.sin(x)", "ad.sin(x)"),
    ("np.concatenate([x, y])", "ad.concat([x, y])"),
    ("np.sum(X, axis=0)", "X.sum(axis=0)"),
    ("np.add.reduce(X)", "X.sum(axis=0)"),
    ("np.where(x > 0, x, y)", "ad.where(x > 0, x, y)"),
    ("np.einsum('ij,j', X, X[0])", "X @ X[0]"),
    ("np.ones(4) * x", "x"),
    ("np.float64(2.0) - x", "2 - x"),
    ("np.ones((2, 4)) @ x", "ad.broadcast_to(ad.sum(x), (2,))"),
    ("np.multiply.outer(x, y)", "ad.outer(x, y)"),
    ("np.std(p + 4 * np.arange(4), ddof=1)", "ad.std(p + 4 * np.arange(4), correction=1)"),
]  # fmt: skip


def evaluated(expression, drawn):
    leaves = {name: ad.Tensor(value, requires_grad=True) for name, value in drawn.items()}
    y = eval(expression, {"ad": ad, "np": np, "math": math, **leaves})
    weights = np.cos(np.arange(y.size)).reshape(y.shape)
    y.backward(weights)
    gradients = {name: np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.data for name, leaf in leaves.items()}
    return y.data, gradients


@pytest.mark.parametrize(("left", "right"), EQUAL, ids=[f"{a} = {b}" for a, b in EQUAL])
@given(data=st.data())
def test_equivalent_expressions(left, right, data):
    drawn = {}
    for name, shape in SHAPES.items():
        if name not in left + right:
            continue
        low, high = RANGES.get(name, (-3.0, 3.0))
        levels = data.draw(hnp.arrays(np.int64, shape, elements=st.integers(0, 4000), unique=True), label=name)
        offset = 0.3 + 0.05 * list(SHAPES).index(name)  # off the kinks, and no two alike
        drawn[name] = low + (high - low) * (levels + offset) / 4001
    (y1, g1), (y2, g2) = evaluated(left, drawn), evaluated(right, drawn)
    assert y1.shape == y2.shape
    np.testing.assert_allclose(y1, y2, rtol=1e-10, atol=1e-10)
    for name in drawn:
        np.testing.assert_allclose(g1[name], g2[name], rtol=1e-8, atol=1e-8, err_msg=f"gradient of {name}")
