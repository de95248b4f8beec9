"""Gradients are clipped together or one by one; parameters become a vector and come back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
import nn


def parameters(seed):
    rng = np.random.default_rng(seed)
    found = [nn.Parameter(rng.normal(size=shape)) for shape in ((3, 4), (), (5,))]
    for p in found:
        p.grad = ad.tensor(3 * rng.normal(size=p.shape))
    return [*found, nn.Parameter([1.0])]


def together(found):
    return np.concatenate([p.grad.data.ravel() for p in found if p.grad is not None])


@given(seed=st.integers(0, 99), p=st.sampled_from([1.0, 2.0, 3.0, np.inf]), m=st.sampled_from([0.1, 1.0, 1e4]))
def test_gradients_that_are_too_long_are_shortened(seed, p, m):
    found = parameters(seed)
    before = together(found)
    norm = nn.utils.clip_grad_norm_(found, m, p)
    assert norm.item() == pytest.approx(np.linalg.norm(before, p))
    after = together(found)
    assert np.linalg.norm(after, p) <= m * (1 + 1e-9)
    if norm.item() < m:
        np.testing.assert_array_equal(after, before)
    else:
        np.testing.assert_allclose(after * norm.item(), before * m, rtol=1e-4)
    assert found[-1].grad is None


def test_gradients_that_are_not_finite():
    found = parameters(0)
    found[0].grad.data = np.full((3, 4), np.inf)
    with pytest.raises(RuntimeError, match="norm of 3 gradients is inf"):
        nn.utils.clip_grad_norm_(found, 1.0, error_if_nonfinite=True)
    assert nn.utils.clip_grad_norm_(nn.Parameter([1.0]), 1.0).item() == 0


@given(seed=st.integers(0, 99), v=st.sampled_from([0.0, 0.5, 100.0]))
def test_numbers_that_are_too_large_are_cut_off(seed, v):
    found = parameters(seed)
    before = together(found)
    nn.utils.clip_grad_value_(found, v)
    np.testing.assert_array_equal(together(found), np.clip(before, -v, v))


def test_a_vector_of_parameters_is_differentiated_and_goes_back():
    layer = nn.Linear(3, 2, dtype=np.float64, rng=0)
    vector = nn.utils.parameters_to_vector(layer.parameters())
    (vector**2).sum().backward()
    np.testing.assert_allclose(layer.weight.grad.data, 2 * layer.weight.data)
    other = nn.Linear(3, 2, dtype=np.float64)
    nn.utils.vector_to_parameters(vector, other.parameters())
    np.testing.assert_array_equal(other.weight.data, layer.weight.data)
    np.testing.assert_array_equal(other.bias.data, layer.bias.data)
