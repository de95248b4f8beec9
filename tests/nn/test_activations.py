"""Activations as modules are the functions of autodiff, with PyTorch's arguments."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autodiff as ad
import nn
from nn import functional

#: a module, the same by its formula in NumPy, its repr
FORMULAS = [
    (nn.ReLU(), lambda x: np.maximum(x, 0), "ReLU()"),
    (nn.ReLU(inplace=True), lambda x: np.maximum(x, 0), "ReLU(inplace=True)"),
    (nn.ReLU6(), lambda x: np.clip(x, 0, 6), "ReLU6()"),
    (nn.LeakyReLU(), lambda x: np.where(x > 0, x, 0.01 * x), "LeakyReLU(negative_slope=0.01)"),
    (nn.LeakyReLU(0.3), lambda x: np.where(x > 0, x, 0.3 * x), "LeakyReLU(negative_slope=0.3)"),
    (nn.ELU(0.5), lambda x: np.where(x > 0, x, 0.5 * (np.exp(x) - 1)), "ELU(alpha=0.5)"),
    (nn.CELU(2.0), lambda x: np.where(x > 0, x, 2 * (np.exp(x / 2) - 1)), "CELU(alpha=2.0)"),
    (nn.SELU(), lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x)), "SELU()"),
    (
        nn.GELU("tanh"),
        lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
        "GELU(approximate='tanh')",
    ),
    (nn.SiLU(), lambda x: x / (1 + np.exp(-x)), "SiLU()"),
    (nn.Mish(), lambda x: x * np.tanh(np.log1p(np.exp(x))), "Mish()"),
    (nn.Softplus(), lambda x: np.log1p(np.exp(x)), "Softplus(beta=1.0, threshold=20.0)"),
    (
        nn.Softplus(2.0, 3.0),
        lambda x: np.where(2 * x > 3, x, np.log1p(np.exp(2 * x)) / 2),
        "Softplus(beta=2.0, threshold=3.0)",
    ),
    (nn.Sigmoid(), lambda x: 1 / (1 + np.exp(-x)), "Sigmoid()"),
    (nn.LogSigmoid(), lambda x: -np.log1p(np.exp(-x)), "LogSigmoid()"),
    (nn.Hardtanh(-2.0, 0.5), lambda x: np.clip(x, -2, 0.5), "Hardtanh(min_val=-2.0, max_val=0.5)"),
    (nn.Hardsigmoid(), lambda x: np.clip(x / 6 + 0.5, 0, 1), "Hardsigmoid()"),
    (nn.Hardswish(), lambda x: x * np.clip(x / 6 + 0.5, 0, 1), "Hardswish()"),
    (nn.Softsign(), lambda x: x / (1 + abs(x)), "Softsign()"),
    (nn.Tanh(), np.tanh, "Tanh()"),
    (nn.Tanhshrink(), lambda x: x - np.tanh(x), "Tanhshrink()"),
    (nn.Hardshrink(), lambda x: np.where(abs(x) > 0.5, x, 0), "Hardshrink(0.5)"),
    (nn.Softshrink(2.0), lambda x: np.sign(x) * np.maximum(abs(x) - 2, 0), "Softshrink(2.0)"),
    (nn.Threshold(1.0, -2.0), lambda x: np.where(x > 1, x, -2), "Threshold(threshold=1.0, value=-2.0)"),
    (nn.RReLU(0.1, 0.5).eval(), lambda x: np.where(x > 0, x, 0.3 * x), "RReLU(lower=0.1, upper=0.5)"),
    (nn.PReLU(init=0.5, dtype=np.float16), lambda x: np.where(x > 0, x, 0.5 * x), "PReLU(num_parameters=1)"),
]


@pytest.mark.parametrize(("module", "formula", "text"), FORMULAS, ids=[repr(row[0]) for row in FORMULAS])
@given(x=hnp.arrays(np.float64, hnp.array_shapes(min_dims=0, max_dims=3), elements=st.floats(-9, 9)))
def test_an_activation_is_its_formula(module, formula, text, x):
    y = module(ad.tensor(x))
    np.testing.assert_allclose(y.data, formula(x), rtol=1e-9, atol=1e-12)
    assert repr(module) == text
    assert module(ad.tensor(x, dtype=np.float32)).dtype == np.float32


@pytest.mark.parametrize("module", [row[0] for row in FORMULAS], ids=repr)
def test_an_activation_neither_overflows_nor_warns_nor_writes(module):
    x = ad.tensor([-1e4, 0.0, 1e4], dtype=np.float32, requires_grad=True)
    with np.errstate(all="raise", under="ignore"):
        y = module(x)
    y.sum().backward()
    assert np.isfinite(y.data).all()
    assert np.isfinite(x.grad.data).all()
    np.testing.assert_array_equal(x.data, np.array([-1e4, 0, 1e4], np.float32))


def test_every_activation_is_tested():
    from nn import activations

    classes = {c for c in vars(activations).values() if isinstance(c, type) and c.__module__ == activations.__name__}
    tested = {type(row[0]) for row in FORMULAS} | {nn.Softmax, nn.LogSoftmax, nn.Softmin, nn.Softmax2d, nn.GLU}
    assert {c.__name__ for c in classes} - {c.__name__ for c in tested} == {"_Activation"}


@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=1, max_dims=3), elements=st.floats(-50, 50)), st.data())
def test_softmax(x, data):
    dim = data.draw(st.integers(-x.ndim, x.ndim - 1))
    y = nn.Softmax(dim)(x).data
    np.testing.assert_allclose(y.sum(axis=dim), 1)
    np.testing.assert_allclose(y, np.exp(x) / np.exp(x).sum(axis=dim, keepdims=True), rtol=1e-9)
    np.testing.assert_allclose(np.exp(nn.LogSoftmax(dim)(x).data), y, rtol=1e-9)
    np.testing.assert_array_equal(nn.Softmin(dim)(-x).data, y)
    if x.ndim == 3:
        np.testing.assert_array_equal(nn.Softmax2d()(x).data, nn.Softmax(0)(x).data)
    if x.ndim < 3:
        np.testing.assert_array_equal(nn.Softmax()(x).data, nn.Softmax(x.ndim - 1)(x).data)


@pytest.mark.parametrize(
    "name",
    [
        *("relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "sigmoid", "hardtanh"),
        *("hardsigmoid", "hardswish", "softsign", "tanh"),
    ],
)
def test_what_is_the_same_in_autodiff_is_the_same_object(name):
    assert getattr(functional, name) is getattr(ad, name)
    assert functional.logsigmoid is ad.log_sigmoid


def test_gelu_is_the_normal_distribution():
    from statistics import NormalDist

    x = np.linspace(-6, 6, 25)
    expected = [t * NormalDist().cdf(t) for t in x]
    np.testing.assert_allclose(nn.GELU()(x).data, expected, rtol=1e-9, atol=1e-15)
    assert repr(nn.GELU()) == "GELU(approximate='none')"


@given(hnp.arrays(np.float64, (2, 4, 3), elements=st.floats(-9, 9)))
def test_a_gate_that_is_open_lets_the_other_half_pass(x):
    x[:, 2:] = 0
    np.testing.assert_allclose(nn.GLU(1)(x).data, x[:, :2] / 2)
    x[:, 2:] = 100
    np.testing.assert_allclose(nn.GLU(1)(x).data, x[:, :2])


def test_a_slope_is_learned_for_each_channel():
    layer = nn.PReLU(2, init=0.5, dtype=np.float64)
    x = np.array([[[-1.0, 2.0], [-3.0, -4.0]]])
    y = layer(x)
    np.testing.assert_array_equal(y.data, [[[-0.5, 2], [-1.5, -2]]])
    y.sum().backward()
    np.testing.assert_array_equal(layer.weight.grad.data, [-1, -7])
    layer.weight.data = np.zeros(2)
    layer.reset_parameters()
    np.testing.assert_array_equal(layer.weight.data, [0.5, 0.5])


def test_a_random_slope_is_drawn_anew_in_training_and_its_mean_is_taken_at_rest():
    layer = nn.RReLU(0.2, 0.6, rng=0)
    x = -np.ones(20000)
    first, second = layer(x).data, layer(x).data
    assert (first != second).any()
    assert first.min() > -0.6
    assert first.max() < -0.2
    assert abs(first.mean() + 0.4) < 0.01
    np.testing.assert_array_equal(layer.eval()(x).data, np.full(20000, -0.4))
    np.testing.assert_array_equal(layer.train()(-x).data, -x)
