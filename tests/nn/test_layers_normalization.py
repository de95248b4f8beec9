"""Normalisation takes means and variances out, and remembers those of batches."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
import nn
from autodiff.testing import check_grads

seeds = st.integers(0, 2**32 - 1)
shapes = st.sampled_from([(8, 2), (6, 3, 4), (4, 2, 3, 5)])


def normal(seed, *shape):
    return 3 + 2 * np.random.default_rng(seed).normal(size=shape)


def batch_norm(shape, **how):
    return (nn.BatchNorm2d if len(shape) == 4 else nn.BatchNorm1d)(shape[1], dtype=np.float64, **how)


@given(shape=shapes, seed=seeds)
def test_a_batch_gets_mean_0_and_variance_1(shape, seed):
    layer = batch_norm(shape, eps=0.0)
    axes = (0, *range(2, len(shape)))
    x = normal(seed, *shape)
    y = layer(x).data
    np.testing.assert_allclose(y.mean(axis=axes), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=axes), 1)
    np.testing.assert_allclose(layer(7 + 5 * x).data, y, atol=1e-9)


@given(shape=shapes, seed=seeds, momentum=st.sampled_from([0.1, 0.7, None]))
def test_batches_are_remembered(shape, seed, momentum):
    layer = batch_norm(shape, momentum=momentum)
    axes = (0, *range(2, len(shape)))
    batches = [normal(seed + i, *shape) for i in range(3)]
    mean, var = np.zeros(shape[1]), np.ones(shape[1])
    for i, x in enumerate(batches):
        layer(x)
        m = 1 / (i + 1) if momentum is None else momentum
        mean, var = (1 - m) * mean + m * x.mean(axis=axes), (1 - m) * var + m * x.var(axis=axes, ddof=1)
    np.testing.assert_allclose(layer.running_mean.data, mean)
    np.testing.assert_allclose(layer.running_var.data, var)
    assert layer.num_batches_tracked.item() == 3
    before = layer.state_dict()
    y = layer.eval()(batches[0])
    column = (-1, *(1,) * (len(shape) - 2))
    np.testing.assert_allclose(
        y.data, (batches[0] - mean.reshape(column)) / np.sqrt(var.reshape(column) + 1e-5), atol=1e-12
    )
    for name, value in layer.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
    layer.reset_running_stats()
    assert not layer.running_mean.data.any()


def test_without_running_means_a_batch_is_taken_at_rest_too():
    layer = nn.BatchNorm1d(2, track_running_stats=False, affine=False)
    assert list(layer.state_dict()) == []
    x = normal(0, 5, 2).astype(np.float32)
    np.testing.assert_array_equal(layer.eval()(x).data, layer.train()(x).data)


def test_no_graph_is_kept_by_running_means():
    layer = nn.BatchNorm1d(2)
    x = ad.tensor(normal(0, 5, 2), requires_grad=True)
    assert layer(x).requires_grad
    assert not layer.running_mean.requires_grad
    layer(x)
    layer(x).sum().backward()


@given(seed=seeds)
def test_one_group_is_a_layer_norm_and_one_channel_a_group_is_by_itself(seed):
    x = normal(seed, 2, 4, 3, 5)
    group, layer = nn.GroupNorm(1, 4, dtype=np.float64), nn.LayerNorm((4, 3, 5), dtype=np.float64)
    np.testing.assert_allclose(group(x).data, layer(x).data, atol=1e-12)
    y = nn.GroupNorm(4, 4, eps=0.0, dtype=np.float64)(x).data
    np.testing.assert_allclose(y.mean(axis=(2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=(2, 3)), 1)


@given(seed=seeds)
def test_rms_norm_is_layer_norm_of_what_has_no_mean(seed):
    x = normal(seed, 3, 8)
    x = x - x.mean(axis=1, keepdims=True)
    one, other = nn.RMSNorm(8, 1e-5, dtype=np.float64), nn.LayerNorm(8, dtype=np.float64)
    np.testing.assert_allclose(one(x).data, other(x).data, atol=1e-12)
    np.testing.assert_allclose(nn.RMSNorm(8, dtype=np.float64)(1e3 * x).data, nn.RMSNorm(8, 0.0)(x).data, rtol=1e-6)


@pytest.mark.parametrize(
    "layer",
    [
        nn.BatchNorm1d(3, dtype=np.float64),
        nn.BatchNorm1d(3, dtype=np.float64).eval(),
        nn.LayerNorm(3, dtype=np.float64),
        nn.GroupNorm(1, 3, dtype=np.float64),
        nn.RMSNorm(3, dtype=np.float64),
    ],
    ids=repr,
)
def test_gradients_to_second_order(layer):
    parameters = {name: p.data for name, p in layer.named_parameters()}
    check_grads(lambda x, p: ad.tanh(nn.functional_call(layer, p, x)), normal(0, 4, 3), parameters)


# Buffers


class Counter(nn.Module):
    def __init__(self):
        self.scale = nn.Parameter(1.0)
        self.register_buffer("seen", 0)
        self.register_buffer("hidden", np.zeros(2), persistent=False)
        self.register_buffer("absent", None)
        self.inner = nn.BatchNorm1d(2)


def test_buffers_are_found_and_belong_to_the_state_but_are_not_learned():
    model = Counter()
    inner = ["inner.running_mean", "inner.running_var", "inner.num_batches_tracked"]
    assert [name for name, _ in model.named_buffers()] == ["seen", "hidden", *inner]
    assert [name for name, _ in model.named_buffers("m", recurse=False)] == ["m.seen", "m.hidden"]
    assert len(list(model.buffers())) == 5
    assert list(model.state_dict()) == ["scale", "seen", "inner.weight", "inner.bias", *inner]
    assert [name for name, _ in model.named_parameters()] == ["scale", "inner.weight", "inner.bias"]
    model.absent = ad.ones(1)
    assert "absent" in model.state_dict()


def test_buffers_are_saved_and_loaded():
    model, other = Counter(), Counter()
    model.inner(normal(0, 5, 2).astype(np.float32))
    assert other.load_state_dict(model.state_dict()) == ([], [])
    np.testing.assert_array_equal(other.inner.running_mean.data, model.inner.running_mean.data)
    assert other.inner.num_batches_tracked.item() == 1
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert list(twin.state_dict()) == list(model.state_dict())
        twin.inner(np.ones((2, 2), np.float32))
        assert model.inner.num_batches_tracked.item() == 1


def test_a_cast_reaches_parameters_gradients_and_buffers_of_numbers():
    model = Counter()
    model.inner(normal(0, 5, 2).astype(np.float32)).sum().backward()
    weight = model.inner.weight
    assert model.double() is model
    assert model.inner.weight is weight
    assert {p.dtype.name for p in model.parameters()} == {"float64"}
    assert weight.grad.dtype == np.float64
    assert weight.name == "weight"
    assert model.inner.running_mean.dtype == np.float64
    assert model.seen.dtype == model.inner.num_batches_tracked.dtype == np.int64
    assert model.inner(normal(0, 5, 2)).dtype == np.float64
    assert model.half().scale.dtype == np.float16
    assert model.float().scale.dtype == np.float32
    with pytest.raises(TypeError, match="floating-point numbers, got int64"):
        model.to(int)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: m.register_buffer("a.b", 1), KeyError, "no dot, got 'a.b'"),
        (lambda m: m.register_buffer("", 1), KeyError, "not empty"),
        (lambda m: m.register_buffer("scale", 1), KeyError, "has an attribute 'scale' already"),
        (lambda m: m.register_buffer("b", m.scale), TypeError, "requires no gradient, got one for 'b'"),
        (lambda m: setattr(m, "seen", 3), TypeError, r"Counter.seen is a buffer.*got int.*seen.data"),
    ],
)
def test_what_is_no_buffer(call, error, message):
    with pytest.raises(error, match=message):
        call(Counter())
