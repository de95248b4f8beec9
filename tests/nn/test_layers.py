"""Layers compute what their formulas say, and start as PyTorch's do."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autodiff as ad
import nn

sizes = st.integers(1, 5)


@given(
    st.sampled_from([(), (4,), (2, 3), (0,)]), sizes, sizes, st.booleans(), st.sampled_from([np.float32, np.float64])
)
def test_linear(lead, m, n, bias, dtype):
    layer = nn.Linear(n, m, bias, dtype=dtype, rng=0)
    x = np.random.default_rng(1).normal(size=(*lead, n)).astype(dtype)
    y = layer(x)
    expected = np.einsum("...j,kj->...k", x, layer.weight.data) + (layer.bias.data if bias else 0)
    np.testing.assert_allclose(y.data, expected, rtol=1e-4, atol=1e-6)
    assert y.dtype == dtype
    assert (layer.bias is None) == (not bias)


def test_linear_is_the_textbooks():
    layer = nn.Linear(2, 1)
    layer.load_state_dict({"weight": np.array([[2.0, 3.0]]), "bias": np.array([0.5])})
    x = ad.tensor([[1.0, 10.0]], requires_grad=True)
    y = layer(x)
    y.backward()
    assert y.item() == 32.5
    np.testing.assert_array_equal(layer.weight.grad.data, [[1, 10]])
    np.testing.assert_array_equal(layer.bias.grad.data, [1])
    np.testing.assert_array_equal(x.grad.data, [[2, 3]])


@given(st.integers(1, 400), st.integers(1, 50))
def test_linear_starts_within_its_bounds(n, m):
    layer = nn.Linear(n, m, rng=0)
    bound = 1 / math.sqrt(n) * (1 + 1e-6)
    for p in layer.parameters():
        assert p.dtype == np.float32
        assert abs(p.data).max() <= bound
    if n * m > 2000:
        assert abs(layer.weight.data.std() * math.sqrt(3 * n) - 1) < 0.1


def test_a_seed_gives_the_same_numbers_in_every_dtype():
    a, b, c = (nn.Linear(3, 2, rng=5, dtype=d) for d in (np.float32, np.float32, np.float64))
    np.testing.assert_array_equal(a.weight.data, b.weight.data)
    np.testing.assert_array_equal(a.weight.data, c.weight.data.astype(np.float32))
    rng = np.random.default_rng(5)
    first, second = nn.Linear(3, 2, rng=rng), nn.Linear(3, 2, rng=rng)
    np.testing.assert_array_equal(first.weight.data, a.weight.data)
    assert (first.weight.data != second.weight.data).any()
    nn.manual_seed(5)
    np.testing.assert_array_equal(nn.Linear(3, 2).weight.data, a.weight.data)


@given(st.sampled_from([(), (4,), (2, 3)]), sizes, sizes, sizes, st.booleans())
def test_bilinear(lead, m, n, k, bias):
    layer = nn.Bilinear(m, n, k, bias, dtype=np.float64, rng=0)
    x, y = (np.random.default_rng(1).normal(size=(*lead, width)) for width in (m, n))
    expected = np.einsum("...i,kij,...j->...k", x, layer.weight.data, y) + (layer.bias.data if bias else 0)
    np.testing.assert_allclose(layer(x, y).data, expected)


# Rows of a table


@given(st.sampled_from([(), (7,), (2, 3), (0,)]), st.integers(0, 9))
def test_an_embedding_is_a_product_with_one_hot_rows(shape, seed):
    layer = nn.Embedding(5, 3, dtype=np.float64, rng=seed)
    k = np.random.default_rng(seed).integers(0, 5, shape)
    hot = np.eye(5)[k]
    y = layer(k)
    np.testing.assert_array_equal(y.data, hot @ layer.weight.data)
    g = np.random.default_rng(seed).normal(size=y.shape)
    y.backward(g)
    np.testing.assert_allclose(layer.weight.grad.data, hot.reshape(-1, 5).T @ g.reshape(-1, 3), atol=1e-12)


def test_padding_has_no_gradient_and_each_row_may_count_once():
    layer = nn.Embedding(4, 2, padding_idx=-1, scale_grad_by_freq=True, rng=0)
    assert layer.padding_idx == 3
    assert not layer.weight.data[3].any()
    layer([[0, 0, 0], [1, 3, 3]]).sum().backward()
    np.testing.assert_allclose(layer.weight.grad.data, [[1, 1], [1, 1], [0, 0], [0, 0]], rtol=1e-6)


def test_long_rows_are_shortened_when_they_are_asked_for():
    layer = nn.Embedding.from_pretrained(np.array([[3.0, 4.0], [0.3, 0.4], [6.0, 8.0]]), max_norm=1.0)
    assert not layer.weight.requires_grad
    np.testing.assert_allclose(layer([1, 0]).data, [[0.3, 0.4], [0.6, 0.8]], rtol=1e-6)
    np.testing.assert_allclose(layer.weight.data, [[0.6, 0.8], [0.3, 0.4], [6, 8]], rtol=1e-6)


def test_no_inputs():
    assert nn.Linear(0, 2)(ad.zeros((3, 0))).data.tolist() == [[0, 0]] * 3


@given(st.floats(0, 1), st.integers(0, 9), st.sampled_from([np.float32, np.float64]))
def test_dropout_drops_or_scales_and_its_gradient_does_the_same(p, seed, dtype):
    x = ad.full((50,), 3.0, dtype=dtype, requires_grad=True)
    y = nn.Dropout(p, rng=seed)(x)
    assert y.dtype == dtype
    kept = y.data != 0
    if p < 1:
        np.testing.assert_allclose(y.data[kept], 3 / (1 - p), rtol=1e-6)
    else:
        assert not kept.any()
    if p == 0:
        assert kept.all()
    y.sum().backward()
    np.testing.assert_allclose(x.grad.data * 3, y.data, rtol=1e-6)


def test_dropout_keeps_the_mean_draws_anew_and_rests_in_evaluation():
    layer = nn.Dropout(0.3, rng=0)
    x = ad.ones(20000)
    first, second = layer(x).data, layer(x).data
    assert abs(first.mean() - 1) < 0.02
    assert (first != second).any()
    np.testing.assert_array_equal(layer.eval()(x).data, x.data)
    np.testing.assert_array_equal(nn.functional.dropout(x, 0.3, training=False).data, x.data)


@given(hnp.array_shapes(min_dims=1, max_dims=4), st.data())
def test_flatten(shape, data):
    start = data.draw(st.integers(0, len(shape) - 1))
    end = data.draw(st.integers(start, len(shape) - 1))
    x = np.arange(math.prod(shape)).reshape(shape)
    expected = x.reshape(*shape[:start], -1, *shape[end + 1 :])
    for a, b in ((start, end), (start - len(shape), end - len(shape))):
        np.testing.assert_array_equal(nn.Flatten(a, b)(x).data, expected)


def test_dropout2d_drops_whole_channels():
    y = nn.Dropout2d(0.4, rng=0)(ad.ones((50, 40, 2, 3))).data
    assert (y == y[:, :, :1, :1]).all()
    kept = y[:, :, 0, 0]
    assert set(np.unique(kept)) == {0, 1 / 0.6}
    assert abs(kept.mean() - 1) < 0.1
    np.testing.assert_array_equal(nn.Dropout2d().eval()(y).data, y)


@given(hnp.array_shapes(min_dims=1, max_dims=4), st.data())
def test_unflatten_undoes_flatten(shape, data):
    start = data.draw(st.integers(0, len(shape) - 1))
    end = data.draw(st.integers(start, len(shape) - 1))
    x = np.arange(math.prod(shape)).reshape(shape)
    flat = nn.Flatten(start, end)(x)
    parts = list(shape[start : end + 1])
    np.testing.assert_array_equal(nn.Unflatten(start, parts)(flat).data, x)
    parts[data.draw(st.integers(0, len(parts) - 1))] = -1
    np.testing.assert_array_equal(nn.Unflatten(start - flat.ndim, parts)(flat).data, x)


def test_flatten_of_nothing():
    assert nn.Flatten()(ad.zeros((0, 3, 4))).shape == (0, 12)
    assert nn.functional.flatten(ad.tensor(1.0)).shape == (1,)


def test_identity():
    x = object()
    assert nn.Identity(1, two=2)(x) is x


@pytest.mark.parametrize("layer", [nn.Dropout(0.5, rng=0), nn.Linear(2, 2, rng=0)], ids=["Dropout", "Linear"])
def test_no_graph_is_recorded_where_none_is_wanted(layer):
    with ad.no_grad():
        assert not layer(ad.ones((1, 2), requires_grad=True)).requires_grad
