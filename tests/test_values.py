"""Values of every operation, against NumPy's function of that name or a formula in extended precision."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
from autodiff.op import table
from autodiff.testing.strategies import op_calls

erf = np.vectorize(math.erf, otypes=[float])
erfc = np.vectorize(math.erfc, otypes=[float])


def long(x):
    return np.asarray(x, dtype=np.longdouble)


def sigmoid(x):
    return 1 / (1 + np.exp(-long(x)))


def softplus(x):
    return np.log1p(np.exp(long(x)))


def spaced(x, axis):
    """The axes of a reduction as a tuple."""
    return tuple(range(x.ndim)) if axis is None else axis


def huber(x, delta):
    return np.array([0.5 * v * v if abs(v) <= delta else delta * (abs(v) - 0.5 * delta) for v in x.ravel()]).reshape(
        x.shape
    )


#: Rows that NumPy has no function for: the same in another way.
REFERENCES = {
    "affine": lambda x, w, b: np.einsum("...n,mn->...m", x, w) + b,
    "astype": lambda x, dtype: np.array(x, dtype=dtype),
    "binary_cross_entropy": lambda p, t: -np.log(long(p)) * t - np.log(1 - long(p)) * (1 - t),
    "binary_cross_entropy_with_logits": lambda x, t: -np.log(sigmoid(x)) * t - np.log(1 - sigmoid(x)) * (1 - t),
    "bitwise_invert": lambda x: -x - 1,
    "celu": lambda x, alpha: np.maximum(0, long(x)) + np.minimum(0, alpha * (np.exp(long(x) / alpha) - 1)),
    "clip": lambda x, low, high: np.minimum(np.maximum(x, low), high),
    "concatenated": lambda *xs, axis: np.concatenate(xs, axis),
    "einsum_explicit": lambda *xs, terms, result: np.einsum(",".join(terms) + "->" + result, *xs),
    "elu": lambda x, alpha: np.where(x > 0, long(x), alpha * (np.exp(long(x)) - 1)),
    "erf": erf,
    "erfc": erfc,
    "gelu_erf": lambda x: x * 0.5 * erfc(-x / math.sqrt(2)),
    "gelu_tanh": lambda x: x / (1 + np.exp(-2 * math.sqrt(2 / math.pi) * (long(x) + 0.044715 * long(x) ** 3))),
    "getitem": lambda x, key: x[key],
    "hardsigmoid": lambda x: np.minimum(np.maximum(x + 3, 0), 6) / 6,
    "hardswish": lambda x: x * np.minimum(np.maximum(x + 3, 0), 6) / 6,
    "hardtanh": lambda x, min_val, max_val: np.minimum(np.maximum(x, min_val), max_val),
    "huber": huber,
    "leaky_relu": lambda x, negative_slope: np.maximum(x, 0) + negative_slope * np.minimum(x, 0),
    "log_sigmoid": lambda x: np.log(sigmoid(x)),
    "log_softmax": lambda x, axis: long(x) - np.log(np.sum(np.exp(long(x)), axis=axis, keepdims=True)),
    "logsumexp": lambda x, axis, keepdims: np.log(np.sum(np.exp(long(x)), axis=axis, keepdims=keepdims)),
    "mish": lambda x: x * np.tanh(softplus(x)),
    "norm2": lambda x, axis, keepdims: np.sqrt(np.sum(long(x) ** 2, axis=axis, keepdims=keepdims)),
    "pad_zeros": lambda x, widths: np.pad(x, widths),
    "relu": lambda x: x * (x > 0),
    "running_prod": np.cumprod,
    "running_sum": np.cumsum,
    "scatter": lambda g, key, shape: _scattered(g, key, shape),
    "sigmoid": sigmoid,
    "silu": lambda x: x * sigmoid(x),
    "softmax": lambda x, axis: np.exp(long(x)) / np.sum(np.exp(long(x)), axis=axis, keepdims=True),
    "softplus": softplus,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "stacked": lambda *xs, axis: np.stack(xs, axis),
}


def _scattered(g, key, shape):
    places = np.arange(math.prod(shape)).reshape(shape)[key]
    y = np.zeros(math.prod(shape))
    for place, value in zip(np.ravel(places), np.ravel(g), strict=True):
        y[place] += value
    return y.reshape(shape)


@pytest.mark.parametrize("name", sorted(table))
@given(data=st.data())
def test_values(name, data):
    op = table[name]
    args, params = data.draw(op_calls(op))
    ours = op(*args, **params)
    reference = REFERENCES.get(name) or getattr(np, name)
    with np.errstate(all="ignore"):
        theirs = reference(*args, **{k: v for k, v in params.items() if v is not None or name in REFERENCES})
    if isinstance(ours, tuple):
        assert all(np.array_equal(a.data, b) for a, b in zip(ours, theirs, strict=True))
        return
    assert ours.shape == np.shape(theirs)
    exact = name not in REFERENCES
    tolerance = 0.0 if exact and name not in ("mean", "einsum") else 1e-13
    np.testing.assert_allclose(
        ours.data.astype(np.longdouble if ours.dtype.kind == "f" else ours.dtype),
        theirs,
        rtol=tolerance,
        atol=tolerance,
    )


@given(st.floats(-30, 30))
def test_error_function_to_the_last_digits(x):
    assert ad.erf(x).item() == pytest.approx(math.erf(x), rel=4e-16, abs=0)
    assert ad.erfc(x).item() == pytest.approx(math.erfc(x), rel=1e-13, abs=0)


def test_log_softmax_does_not_round_at_the_size_of_its_argument():
    x = ad.Tensor(np.array([1e4, 1e4 - 1], np.float32))
    np.testing.assert_allclose(ad.log_softmax(x).data, [-0.31326168, -1.3132617], rtol=1e-6)


@pytest.mark.parametrize("function", [ad.sum, ad.mean, ad.max, ad.logsumexp, ad.norm, ad.ravel, ad.exp, ad.relu])
def test_plain_numbers_and_lists_will_do(function):
    assert isinstance(function(2.0), ad.Tensor)
    assert isinstance(function([1.0, 2.0]), ad.Tensor)


# Stable at any size: no overflow, no NaN, no warning, in float32 at +-10,000

NEURAL = [
    *("relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "softplus", "sigmoid"),
    *("log_sigmoid", "hardtanh", "hardsigmoid", "hardswish", "softsign", "tanh"),
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", [*NEURAL, "gelu_tanh"])
def test_activations_are_stable_in_single_precision(name):
    function = (lambda x: ad.gelu(x, "tanh")) if name == "gelu_tanh" else getattr(ad, name)
    points = np.array([-1e4, -1e3, -90, -20, -3, -1e-3, 0, 1e-3, 3, 20, 90, 1e3, 1e4])
    results = []
    for dtype in (np.float32, np.float64):
        x = ad.Tensor(points.astype(dtype), requires_grad=True)
        y = function(x)
        y.sum().backward()
        assert y.dtype == x.grad.dtype == dtype
        assert np.all(np.isfinite(y.data))
        assert np.all(np.isfinite(x.grad.data))
        results.append((y.data, x.grad.data))
    for single, double in zip(*results, strict=True):
        np.testing.assert_allclose(single, double, rtol=2e-5, atol=1e-6)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
def test_softmax_family_is_stable_in_single_precision(name):
    x = ad.Tensor(np.array([[1e4, -1e4, 0.0], [1e4, 1e4, 1e4], [-1e4, -1e4, -1e4]], np.float32), requires_grad=True)
    y = getattr(ad, name)(x, axis=1)
    assert np.all(np.isfinite(y.data))
    (y * y).sum().backward()
    assert np.all(np.isfinite(x.grad.data))
    assert x.grad.dtype == np.float32


@pytest.mark.filterwarnings("error")
def test_losses_are_stable_in_single_precision():
    x = ad.Tensor(np.array([1e4, -1e4, 0.0], np.float32), requires_grad=True)
    ad.binary_cross_entropy_with_logits(x, np.float32([0, 1, 1])).sum().backward()
    np.testing.assert_allclose(x.grad.data, [1, -1, -0.5])
    p = ad.Tensor(np.array([0.0, 1.0, 0.5], np.float32), requires_grad=True)
    loss = ad.binary_cross_entropy(p, np.float32([1, 1, 1]))
    loss.sum().backward()
    np.testing.assert_allclose(loss.data, [100, 0, math.log(2)], atol=1e-6)
    assert np.all(np.isfinite(p.grad.data))
