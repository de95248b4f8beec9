"""Initial values have the distributions that they should."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
import nn
from nn import init

BIG = (200, 150)

#: a function, its bounds, its mean and its standard deviation for weights of shape (200, 150)
DISTRIBUTIONS = [
    ("uniform", lambda t, rng: init.uniform_(t, -1, 3, rng=rng), (-1, 3), 1, 4 / math.sqrt(12)),
    ("normal", lambda t, rng: init.normal_(t, 2, 0.5, rng=rng), None, 2, 0.5),
    ("trunc_normal", lambda t, rng: init.trunc_normal_(t, rng=rng), (-2, 2), 0, 0.8796),
    ("trunc_normal, one side", lambda t, rng: init.trunc_normal_(t, a=0, b=50, rng=rng), (0, 50), 0.7979, 0.6028),
    ("trunc_normal, far out", lambda t, rng: init.trunc_normal_(t, a=4, b=5, rng=rng), (4, 5), 4.2168, 0.1957),
    ("xavier_uniform", lambda t, rng: init.xavier_uniform_(t, 2, rng=rng), None, 0, 2 * math.sqrt(2 / 350)),
    ("xavier_normal", lambda t, rng: init.xavier_normal_(t, rng=rng), None, 0, math.sqrt(2 / 350)),
    ("kaiming_uniform", lambda t, rng: init.kaiming_uniform_(t, rng=rng), None, 0, math.sqrt(2 / 150)),
    (
        "kaiming_uniform, fan_out",
        lambda t, rng: init.kaiming_uniform_(t, 1, "fan_out", rng=rng),
        (-math.sqrt(3 / 200), math.sqrt(3 / 200)),
        0,
        math.sqrt(1 / 200),
    ),
    (
        "kaiming_normal",
        lambda t, rng: init.kaiming_normal_(t, nonlinearity="tanh", rng=rng),
        None,
        0,
        5 / 3 / math.sqrt(150),
    ),
    ("orthogonal", lambda t, rng: init.orthogonal_(t, rng=rng), None, 0, 1 / math.sqrt(200)),
]


@pytest.mark.parametrize(
    ("draw", "bounds", "mean", "std"), [r[1:] for r in DISTRIBUTIONS], ids=[r[0] for r in DISTRIBUTIONS]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_distributions(draw, bounds, mean, std, dtype):
    tensor = nn.Parameter(np.zeros(BIG, dtype))
    assert draw(tensor, 0) is tensor
    values = tensor.data
    assert values.dtype == dtype
    assert abs(values.mean() - mean) < 5 * std / math.sqrt(values.size)
    assert abs(values.std() / std - 1) < 0.03
    if bounds:
        assert values.min() >= bounds[0] - 1e-6
        assert values.max() <= bounds[1] + 1e-6
    assert tensor.requires_grad
    same, other = draw(ad.zeros(BIG), 0).data, draw(ad.zeros(BIG), 1).data
    np.testing.assert_allclose(same, values, rtol=1e-6)
    assert (same != other).any()


@given(st.integers(1, 6), st.lists(st.integers(1, 4), min_size=1, max_size=3), st.floats(0.1, 3))
def test_orthogonal(rows, rest, gain):
    q = init.orthogonal_(ad.zeros((rows, *rest)), gain, rng=0).data.reshape(rows, -1)
    product = q @ q.T if rows <= q.shape[1] else q.T @ q
    np.testing.assert_allclose(product, gain**2 * np.eye(len(product)), atol=1e-9)


def test_a_kernel_counts_in_the_fans():
    small, big = (init.kaiming_uniform_(ad.zeros((50, 40, *k)), rng=0).data for k in ((), (3, 2)))
    assert big.max() / small.max() == pytest.approx(math.sqrt(1 / 6), rel=0.01)


@given(st.integers(0, 4), st.integers(0, 4))
def test_constants(n, m):
    for function, expected in [
        (init.zeros_, np.zeros((n, m))),
        (init.ones_, np.ones((n, m))),
        (lambda t: init.constant_(t, 0.3), np.full((n, m), 0.3)),
        (init.eye_, np.eye(n, m)),
    ]:
        tensor = ad.full((n, m), np.nan)
        assert function(tensor) is tensor
        np.testing.assert_array_equal(tensor.data, expected)


@pytest.mark.parametrize(
    ("args", "gain"),
    [
        (("linear",), 1),
        (("conv2d",), 1),
        (("sigmoid",), 1),
        (("tanh",), 5 / 3),
        (("relu",), math.sqrt(2)),
        (("leaky_relu",), math.sqrt(2 / 1.0001)),
        (("leaky_relu", 0.2), math.sqrt(2 / 1.04)),
        (("selu",), 0.75),
    ],
)
def test_gains(args, gain):
    assert init.calculate_gain(*args) == pytest.approx(gain, rel=1e-15)


def test_a_written_parameter_is_noticed():
    p = nn.Parameter([1.0, 2.0])
    y = (p * p).sum()
    init.zeros_(p)
    with pytest.raises(RuntimeError, match="written"):
        y.backward()


@pytest.mark.parametrize(
    "name", ["xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_", "orthogonal_"]
)
def test_weights_without_elements_stay(name):
    assert getattr(init, name)(ad.zeros((0, 3))).shape == (0, 3)
    assert getattr(init, name)(ad.zeros((3, 0))).shape == (3, 0)
