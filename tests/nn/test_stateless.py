"""Modules as functions of their parameters."""

import numpy as np
import pytest

import autodiff as ad
import nn

x = np.random.default_rng(1).normal(size=(5, 3))


def network():
    return nn.Sequential(nn.Linear(3, 4, rng=0, dtype=np.float64), nn.Tanh(), nn.Linear(4, 1, rng=1, dtype=np.float64))


def values(model):
    return {name: p.data for name, p in model.named_parameters()}


def test_gradients_are_those_of_backward_and_nothing_is_left_behind():
    model = network()
    before = dict(model.named_parameters())
    gradients = ad.grad(lambda p: ad.sum(nn.functional_call(model, p, x) ** 2))(values(model))
    assert all(p.grad is None for p in model.parameters())
    ad.sum(model(x) ** 2).backward()
    assert list(gradients) == list(before)
    for name, p in model.named_parameters():
        assert p is before[name]
        np.testing.assert_allclose(gradients[name], p.grad.data, rtol=1e-12)


def test_hessian_vector_product_of_a_module():
    model = network()
    v = {name: np.ones(p.shape) for name, p in model.named_parameters()}

    def cost(parameters):
        return ad.sum(nn.functional_call(model, parameters, x) ** 2)

    product = ad.hvp(cost, (values(model),), (v,))
    whole = ad.hessian(cost)(values(model))
    for name in v:
        rows = sum(np.tensordot(whole[name][other], v[other], axes=np.ndim(v[other])) for other in v)
        np.testing.assert_allclose(product[name], rows, rtol=1e-10, atol=1e-12)


def test_a_shared_parameter_is_replaced_everywhere_and_lists_too():
    class Twice(nn.Module):
        def __init__(self):
            self.w = nn.Parameter(np.array(2.0))
            self.also = [self.w, {"again": self.w}]
            self.calls = 0

        def forward(self, x):
            self.calls += 1
            return self.w * self.also[0] * self.also[1]["again"] * x

    model = Twice()
    assert nn.functional_call(model, {"w": 3.0}, 1.0).item() == 27.0
    assert model(1.0).item() == 8.0
    assert model.calls == 2


def test_errors_leave_the_module_as_it_was():
    model = network()
    before = values(model)
    with pytest.raises(KeyError, match=r"no parameter \['1.weight'\]"):
        nn.functional_call(model, {"1.weight": x}, x)
    with pytest.raises(ValueError, match=r"'0.bias' has shape \(4,\), got \(5,\)"):
        nn.functional_call(model, {"0.bias": np.ones(5)}, x)
    with pytest.raises(ValueError, match="takes shape"):
        nn.functional_call(model, before, np.ones((5, 7)))
    assert all(p.data is before[name] for name, p in model.named_parameters())
