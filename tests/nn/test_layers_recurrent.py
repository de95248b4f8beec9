"""Recurrent layers are their steps, one by one; two layers and two directions are two layers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
import nn
from autodiff.testing import check_grads

KINDS = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}
seeds = st.integers(0, 2**32 - 1)
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def one_by_one(layer, x):
    """All hidden states, in NumPy, of samples x (T, N, in)."""
    w, u, a, b = (p.data for p in layer.parameters())
    h = c = np.zeros((x.shape[1], layer.hidden_size))
    found = []
    for step in x:
        inner, outer = step @ w.T + a, h @ u.T + b
        if isinstance(layer, nn.RNN):
            h = np.tanh(inner + outer)
        elif isinstance(layer, nn.LSTM):
            i, f, g, o = np.split(inner + outer, 4, axis=1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        else:
            (xr, xz, xn), (hr, hz, hn) = np.split(inner, 3, axis=1), np.split(outer, 3, axis=1)
            z = sigmoid(xz + hz)
            h = (1 - z) * np.tanh(xn + sigmoid(xr + hr) * hn) + z * h
        found.append(h)
    return np.stack(found)


@every_kind
@given(seed=seeds, steps=st.integers(1, 4), samples=st.integers(0, 3))
def test_a_layer_is_its_steps(kind, seed, steps, samples):
    layer = kind(2, 3, dtype=np.float64, rng=seed)
    x = normal(seed, steps, samples, 2)
    y, last = layer(x)
    np.testing.assert_allclose(y.data, one_by_one(layer, x), atol=1e-12)
    h = last[0] if kind is nn.LSTM else last
    np.testing.assert_array_equal(h.data, y.data[-1:])


@every_kind
def test_batches_samples_and_both_orders_of_axes(kind):
    x = normal(0, 4, 3, 2)
    layer, first = (kind(2, 3, batch_first=b, dtype=np.float64, rng=0) for b in (False, True))
    y, _ = layer(x)
    np.testing.assert_array_equal(first(x.swapaxes(0, 1))[0].data.swapaxes(0, 1), y.data)
    np.testing.assert_allclose(layer(x[:, 1])[0].data, y.data[:, 1], atol=1e-12)


@every_kind
def test_two_directions_are_two_layers(kind):
    both = kind(2, 3, bidirectional=True, dtype=np.float64, rng=0)
    state = both.state_dict()
    there, back = kind(2, 3, dtype=np.float64), kind(2, 3, dtype=np.float64)
    there.load_state_dict({k: v for k, v in state.items() if "reverse" not in k})
    back.load_state_dict({k.removesuffix("_reverse"): v for k, v in state.items() if "reverse" in k})
    x = normal(0, 5, 3, 2)
    y, last = both(x)
    forward, backward = there(x)[0].data, back(x[::-1])[0].data[::-1]
    np.testing.assert_allclose(y.data, np.concatenate([forward, backward], axis=-1))
    h = last[0] if kind is nn.LSTM else last
    np.testing.assert_allclose(h.data, np.stack([forward[-1], backward[0]]))


@every_kind
def test_two_layers_are_one_after_the_other_and_a_sequence_may_be_cut(kind):
    deep = kind(2, 3, 2, dtype=np.float64, rng=0)
    state = deep.state_dict()
    parts = [kind(width, 3, dtype=np.float64) for width in (2, 3)]
    for i, part in enumerate(parts):
        part.load_state_dict({k.replace(f"_l{i}", "_l0"): v for k, v in state.items() if f"_l{i}" in k})
    x = normal(0, 5, 3, 2)
    y, _ = deep(x)
    np.testing.assert_allclose(y.data, parts[1](parts[0](x)[0])[0].data)
    first, between = deep(x[:2])
    rest, _ = deep(x[2:], between)
    np.testing.assert_allclose(np.concatenate([first.data, rest.data]), y.data)


def test_a_projection_makes_the_hidden_state_short():
    layer = nn.LSTM(2, 5, 2, bidirectional=True, proj_size=3, rng=0)
    y, (h, c) = layer(ad.zeros((4, 1, 2), dtype=np.float32))
    assert (y.shape, h.shape, c.shape) == ((4, 1, 6), (4, 1, 3), (4, 1, 5))


def test_dropout_is_between_layers_in_training():
    layer = nn.GRU(2, 30, 2, dropout=1.0, rng=0)
    x = ad.ones((3, 1, 2), dtype=np.float32)
    dropped = layer(x)[0].data
    alone = nn.GRU(30, 30)
    alone.load_state_dict({k.replace("_l1", "_l0"): v for k, v in layer.state_dict().items() if "_l1" in k})
    np.testing.assert_allclose(dropped, alone(ad.zeros((3, 1, 30), dtype=np.float32))[0].data, rtol=1e-6)
    assert (layer.eval()(x)[0].data != dropped).any()
    with pytest.warns(UserWarning, match=r"dropout=0.5 is between layers"):
        nn.GRU(2, 3, dropout=0.5)


@every_kind
def test_gradients_to_second_order(kind):
    layer = kind(2, 2, dtype=np.float64, rng=0)
    parameters = {name: p.data for name, p in layer.named_parameters()}
    check_grads(lambda x, p: nn.functional_call(layer, p, x)[0], normal(0, 3, 1, 2), parameters)


def test_few_operations_are_recorded_for_a_step():
    layer = nn.LSTM(3, 4, rng=0)
    counts = [len(ad.graph(layer(ad.ones((n, 2, 3), dtype=np.float32))[0]).nodes) for n in (10, 20)]
    assert (counts[1] - counts[0]) / 10 <= 5
