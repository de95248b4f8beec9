"""The same programs in PyTorch and in JAX: values and gradients, to nine digits."""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import autodiff as ad
from autodiff.op import table
from autodiff.testing.strategies import programs
from autodiff.trees import leaves

#: Rows whose name, or whose NumPy name, is the same function in both.
# fmt: off
SAME = [
    "add", "subtract", "multiply", "divide", "negative", "positive", "reciprocal", "square", "sqrt", "exp", "exp2",
    "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh",
    "tanh", "asinh", "acosh", "atanh", "logaddexp", "logaddexp2", "hypot", "sinc", "maximum", "minimum", "fmax",
    "fmin", "abs", "sign", "matmul", "where", "i0",
]
# fmt: on


def axes(x, axis):
    """The axes of a reduction as a tuple."""
    return tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)


def places(x, key):
    """An index of any kind as integers into the flattened array."""
    return np.array(np.arange(math.prod(x.shape)).reshape(tuple(x.shape))[key], order="C")


def letters(terms, result):
    return ",".join(terms) + "->" + result


def common(xp, flat):
    """Rows that are written alike with the functions of both."""

    def total(x, axis, keepdims):
        return xp.sum(x, axes(x, axis), keepdims=keepdims) if axes(x, axis) else x

    return {name: getattr(xp, name) for name in SAME} | {
        "getitem": lambda x, key: flat(x)[places(x, key)],
        "sum": total,
        "mean": lambda x, axis, keepdims: total(x, axis, keepdims) / math.prod(x.shape[a] for a in axes(x, axis)),
        "norm2": lambda x, axis, keepdims: xp.sqrt(total(x * x, axis, keepdims)),
        "max": lambda x, axis, keepdims: xp.amax(x, axes(x, axis), keepdims=keepdims) if axes(x, axis) else x,
        "min": lambda x, axis, keepdims: xp.amin(x, axes(x, axis), keepdims=keepdims) if axes(x, axis) else x,
        "power": xp.pow,
        "reshape": lambda x, shape: xp.reshape(x, shape if isinstance(shape, tuple) else (shape,)),
        "broadcast_to": lambda x, shape: xp.broadcast_to(x, shape),
        "flip": lambda x, axis: xp.flip(x, axes(x, axis)),
        "expand_dims": lambda x, axis: xp.reshape(x, np.expand_dims(np.empty(tuple(x.shape)), axis).shape),
        "squeeze": lambda x, axis: xp.reshape(x, np.squeeze(np.empty(tuple(x.shape)), axis).shape),
        "permute_dims": lambda x, axes: xp.permute_dims(x, tuple(range(x.ndim))[::-1] if axes is None else axes),
        "roll": lambda x, shift, axis: xp.roll(x, shift, axis),
        "concatenated": lambda *xs, axis: xp.concatenate(xs, axis),
        "stacked": lambda *xs, axis: xp.stack(xs, axis),
        "running_sum": lambda x, axis: xp.cumsum(x, axis),
        "running_prod": lambda x, axis: xp.cumprod(x, axis),
        "tril": lambda x, k: xp.tril(x, k),
        "triu": lambda x, k: xp.triu(x, k),
        "inv": xp.linalg.inv,
        "einsum_explicit": lambda *xs, terms, result: xp.einsum(letters(terms, result), *xs),
        "affine": lambda x, w, b: x @ w.T + b,
        "huber": lambda x, delta: xp.where(xp.abs(x) <= delta, 0.5 * x * x, delta * (xp.abs(x) - 0.5 * delta)),
        "xlogy": lambda x, y: x * xp.log(y),
    }


def torch_rows():
    torch = pytest.importorskip("torch")
    functions = torch.nn.functional
    rows = common(torch, lambda x: x.reshape(-1))
    rows |= {
        "permute_dims": lambda x, axes: x.permute(tuple(range(x.ndim))[::-1] if axes is None else axes),
        "logsumexp": lambda x, axis, keepdims: (
            torch.logsumexp(x, axes(x, axis), keepdim=keepdims) if axes(x, axis) else x
        ),
        "softmax": lambda x, axis: torch.softmax(x, axis),
        "log_softmax": lambda x, axis: torch.log_softmax(x, axis),
        "sigmoid": torch.sigmoid,
        "log_sigmoid": functions.logsigmoid,
        "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),
        "silu": functions.silu,
        "mish": functions.mish,
        "relu": torch.relu,
        "elu": lambda x, alpha: functions.elu(x, alpha),
        "celu": lambda x, alpha: functions.celu(x, alpha),
        "leaky_relu": functions.leaky_relu,
        "hardtanh": functions.hardtanh,
        "softsign": functions.softsign,
        "gelu_erf": functions.gelu,
        "gelu_tanh": lambda x: functions.gelu(x, approximate="tanh"),
        "erf": torch.erf,
        "erfc": torch.erfc,
        "lgamma": torch.lgamma,
        "digamma": torch.digamma,
        "logit": torch.logit,
        "solve": torch.linalg.solve,
        "slogdet": lambda a, **_: torch.linalg.slogdet(a),
    }
    return torch, rows


def jax_rows():
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    special, nn = jax.scipy.special, jax.nn
    rows = common(jax.numpy, jax.numpy.ravel)
    rows |= {
        "logsumexp": lambda x, axis, keepdims: special.logsumexp(x, axes(x, axis), keepdims=keepdims),
        "softmax": lambda x, axis: nn.softmax(x, axis),
        "log_softmax": lambda x, axis: nn.log_softmax(x, axis),
        "sigmoid": nn.sigmoid,
        "log_sigmoid": nn.log_sigmoid,
        "softplus": nn.softplus,
        "silu": nn.silu,
        "mish": nn.mish,
        "relu": nn.relu,
        "elu": lambda x, alpha: nn.elu(x, alpha),
        "celu": lambda x, alpha: nn.celu(x, alpha),
        "leaky_relu": lambda x, negative_slope: nn.leaky_relu(x, negative_slope),
        "softsign": nn.soft_sign,
        "gelu_erf": lambda x: nn.gelu(x, approximate=False),
        "gelu_tanh": lambda x: nn.gelu(x, approximate=True),
        "erf": special.erf,
        "erfc": special.erfc,
        "logit": special.logit,
        "entr": special.entr,
        "det": lambda x: jax.numpy.linalg.det(x),
    }
    return jax, rows


def chosen(rows):
    """The rows that are translated, in the order of the table: the strategy takes the first ones for simple."""
    return [op for name, op in table.items() if name in rows]


def elsewhere(program, args, rows, convert):
    """The outputs of a program, computed by other functions."""
    values = [*args, *(convert(np.asarray(c)) for c in program.constants)]
    for step in program.steps:
        xs = [values[i] for i in step.inputs]
        given = {name: value for name, value in step.params.items() if name not in ("dtype", "order", "copy")}
        values.append(xs[0][given["index"]] if step.op.name == "part" else rows[step.op.name](*xs, **given))
    return [values[i] for i in program.outputs]


def compare(program, theirs, their_gradients, gs):
    ours, pull = ad.vjp(program, *program.args)
    gradients = pull(gs if len(gs) > 1 else gs[0])
    for a, b in zip((*leaves(ours), *gradients), (*theirs, *their_gradients), strict=True):
        b = np.asarray(b)
        assert np.shape(a) == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9 * (1 + np.max(np.abs(b), initial=0)))


def seeds(program):
    rng = np.random.default_rng(0)
    return tuple(np.asarray(rng.uniform(0.3, 1.0, np.shape(y))) for y in leaves(program(*program.args)))


def test_torch_computes_the_same():
    torch, rows = torch_rows()
    assert len(chosen(rows)) > 80
    used = set()

    @settings(max_examples=200)
    @given(programs(chosen(rows)))
    def check(program):
        used.update(step.op.name for step in program.steps)
        args = [torch.tensor(x, requires_grad=True) for x in program.args]
        outputs, gs = elsewhere(program, args, rows, torch.tensor), seeds(program)
        total = sum((y * torch.tensor(g)).sum() for y, g in zip(outputs, gs, strict=True))
        gradients = torch.autograd.grad(total, args, allow_unused=True, materialize_grads=True)
        compare(program, [y.detach() for y in outputs], gradients, gs)

    check()
    assert len(used) > 40


def test_jax_computes_the_same():
    jax, rows = jax_rows()
    assert len(chosen(rows)) > 70
    used = set()

    @settings(max_examples=12, suppress_health_check=list(HealthCheck))
    @given(programs(chosen(rows), max_steps=6))
    def check(program):
        used.update(step.op.name for step in program.steps)
        outputs, pull = jax.vjp(lambda *xs: elsewhere(program, xs, rows, jax.numpy.asarray), *program.args)
        gs = seeds(program)
        compare(program, outputs, pull([jax.numpy.asarray(g, y.dtype) for g, y in zip(gs, outputs, strict=True)]), gs)

    check()
    assert len(used) > 5
