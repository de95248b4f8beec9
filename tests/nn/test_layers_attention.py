"""Attention is a weighted mean, whose weights are what the masks leave."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
import nn
from autodiff.testing import check_grads
from nn import functional

seeds = st.integers(0, 2**32 - 1)


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


attention = functional.scaled_dot_product_attention


@given(seed=seeds)
def test_a_query_that_likes_all_keys_alike_gets_the_mean(seed):
    v = normal(seed, 5, 3)
    y = attention(np.zeros((2, 4)), normal(seed, 5, 4), v)
    np.testing.assert_allclose(y.data, np.tile(v.mean(axis=0), (2, 1)))
    y = attention(normal(seed, 2, 4), np.ones((5, 4)), v)
    np.testing.assert_allclose(y.data, np.tile(v.mean(axis=0), (2, 1)))


@given(seed=seeds)
def test_a_mask_takes_keys_away(seed):
    q, k, v = normal(seed, 2, 4), normal(seed + 1, 5, 4), normal(seed + 2, 5, 3)
    seen = np.array([True, False, True, True, False])
    expected = attention(q, k[seen], v[seen]).data
    for mask in (seen[None], np.where(seen, 0, -np.inf)[None], ad.tensor(seen[None])):
        np.testing.assert_allclose(attention(q, k, v, mask).data, expected)
    causal = attention(q, k, v, is_causal=True).data
    np.testing.assert_allclose(causal[0], v[0])
    np.testing.assert_allclose(causal[1], attention(q[1:], k[:2], v[:2]).data[0])


def test_a_query_that_sees_nothing_gets_0_and_so_do_gradients():
    q, k, v = (ad.tensor(normal(i, 2, 3), requires_grad=True) for i in range(3))
    for mask in ([[True, True], [False, False]], np.array([[0, 0], [-np.inf, -np.inf]])):
        y = attention(q, k, v, mask)
        assert not y.data[1].any()
        q.zero_grad()
        y.sum().backward()
        assert np.isfinite(q.grad.data).all()
        assert not q.grad.data[1].any()


def test_a_mask_of_numbers_is_differentiated():
    mask = ad.tensor(normal(0, 2, 3), requires_grad=True)
    q, k, v = normal(1, 2, 4), normal(2, 3, 4), normal(3, 3, 4)
    check_grads(lambda m: attention(q, k, v, m), mask.data)


@given(seed=seeds, n=st.integers(1, 3), heads=st.sampled_from([1, 2, 4]))
def test_heads_are_attentions_of_their_own(seed, n, heads):
    layer = nn.MultiheadAttention(4, heads, batch_first=True, dtype=np.float64, rng=0)
    q, k, v = normal(seed, n, 2, 4), normal(seed + 1, n, 3, 4), normal(seed + 2, n, 3, 4)
    y, weights = layer(q, k, v, average_attn_weights=False)
    w = np.split(layer.in_proj_weight.data, 3)
    parts = [np.split(x @ u.T, heads, axis=-1) for x, u in zip((q, k, v), w, strict=True)]
    means = [attention(*three).data for three in zip(*parts, strict=True)]
    np.testing.assert_allclose(y.data, layer.out_proj(np.concatenate(means, axis=-1)).data)
    np.testing.assert_allclose(weights.data.sum(axis=-1), 1)
    assert weights.shape == (n, heads, 2, 3)
    averaged = layer(q, k, v)[1]
    np.testing.assert_allclose(averaged.data, weights.data.mean(axis=1))
    assert layer(q, k, v, need_weights=False)[1] is None


@given(seed=seeds)
def test_padding_and_what_comes_later_have_no_influence(seed):
    layer = nn.TransformerEncoder(
        nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True, dtype=np.float64, rng=0), 2
    )
    x = normal(seed, 2, 5, 4)
    other = x.copy()
    other[:, 3:] = normal(seed + 1, 2, 2, 4)
    padding = np.arange(5) >= np.array([[3], [3]])
    one, two = (layer(z, src_key_padding_mask=padding).data for z in (x, other))
    np.testing.assert_allclose(one[:, :3], two[:, :3], atol=1e-12)
    one, two = (layer(z, is_causal=True).data for z in (x, other))
    np.testing.assert_allclose(one[:, :3], two[:, :3], atol=1e-12)
    assert (one[:, 3:] != two[:, 3:]).any()
    order = np.random.default_rng(seed).permutation(5)
    np.testing.assert_allclose(layer(x[:, order]).data, layer(x).data[:, order], atol=1e-12)


def test_layers_of_an_encoder_start_alike_and_draw_apart():
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, dropout=0.5, rng=0), 2)
    one, two = encoder.layers
    for p, q in zip(one.parameters(), two.parameters(), strict=True):
        np.testing.assert_array_equal(p.data, q.data)
        assert p is not q
    x = ad.ones((3, 1, 4), dtype=np.float32)
    assert one.dropout.rng is two.dropout.rng
    assert (one(x).data != two(x).data).any()
    np.testing.assert_array_equal(encoder.eval()(x).data, encoder(x).data)


def test_a_layer_of_its_own_activation_and_norm():
    layer = nn.TransformerEncoderLayer(4, 2, 8, 0.0, activation=ad.tanh, dtype=np.float64, rng=0)
    encoder = nn.TransformerEncoder(layer, 1, nn.LayerNorm(4, eps=0.0, dtype=np.float64))
    y = encoder(normal(0, 3, 2, 4)).data
    np.testing.assert_allclose(y.mean(axis=-1), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=-1), 1)


@pytest.mark.parametrize("norm_first", [False, True])
def test_gradients_to_second_order(norm_first):
    layer = nn.TransformerEncoderLayer(2, 2, 2, 0.0, "gelu", norm_first=norm_first, dtype=np.float64, rng=0)
    parameters = {name: p.data for name, p in layer.named_parameters()}

    def function(x, p):
        return nn.functional_call(layer, p, x, {"is_causal": True})

    check_grads(function, normal(0, 2, 1, 2), parameters, each=2)


def test_dropped_weights_keep_the_mean():
    layer = nn.MultiheadAttention(2, 1, dropout=0.5, dtype=np.float64, rng=0)
    x = np.ones((400, 1, 2))
    weights = layer(x, x, x)[1].data
    assert set(np.unique(weights)) == {0, 2 / 400}
    assert abs(weights.sum(axis=-1).mean() - 1) < 0.02
    assert (layer.eval()(x, x, x)[1].data > 0).all()
