"""Transforms compose: forward over reverse, reverse over forward, reverse over reverse, to any order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
from autodiff import Tensor

points = st.floats(-2, 2)


def f(x):
    return ad.sin(x) * ad.exp(x / 2) + x**3


#: derivatives of f, in closed form
CLOSED = [
    lambda x: np.sin(x) * np.exp(x / 2) + x**3,
    lambda x: (np.cos(x) + np.sin(x) / 2) * np.exp(x / 2) + 3 * x**2,
    lambda x: (np.cos(x) - 3 / 4 * np.sin(x)) * np.exp(x / 2) + 6 * x,
    lambda x: (-np.cos(x) / 4 - 11 / 8 * np.sin(x)) * np.exp(x / 2) + 6,
]


def reverse(g):
    return ad.grad(g)


def forward(g):
    return lambda x: ad.jvp(g, (x,), (np.float64(1.0),))[1]


@pytest.mark.parametrize("a", [reverse, forward])
@pytest.mark.parametrize("b", [reverse, forward])
@pytest.mark.parametrize("c", [reverse, forward])
@given(x=points)
def test_any_mix_to_third_order(a, b, c, x):
    assert a(f)(x) == pytest.approx(CLOSED[1](x), rel=1e-12, abs=1e-12)
    assert b(a(f))(x) == pytest.approx(CLOSED[2](x), rel=1e-12, abs=1e-12)
    assert c(b(a(f)))(x) == pytest.approx(CLOSED[3](x), rel=1e-12, abs=1e-11)


@pytest.mark.parametrize("outer", [reverse, forward])
@pytest.mark.parametrize("inner", [reverse, forward])
def test_inner_and_outer_derivatives_are_not_confused(outer, inner):
    """d/dx [x * d/dy (x + y)] = 1, and d/dx [x * d/dy (x * y)] = 2 x."""
    assert outer(lambda x: x * inner(lambda y: x + y)(Tensor(1.0)))(5.0) == 1.0
    assert outer(lambda x: x * inner(lambda y: x * y)(Tensor(1.0)))(5.0) == 10.0
    assert outer(lambda x: inner(lambda y: x * y)(2.0))(3.0) == 1.0


def rosenbrock(x):
    return ad.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def test_hessian_hvp_and_jacobian_agree():
    x, v = np.linspace(-1, 2, 5), np.cos(np.arange(5.0))
    h = ad.hessian(rosenbrock)(x)
    np.testing.assert_allclose(h, h.T)
    np.testing.assert_allclose(ad.hvp(rosenbrock, (x,), (v,)), h @ v)
    for mode in ("forward", "reverse", None):
        np.testing.assert_allclose(ad.jacobian(ad.grad(rosenbrock), mode=mode)(x), h)
    scipy_optimize = pytest.importorskip("scipy.optimize")
    np.testing.assert_allclose(h, scipy_optimize.rosen_hess(x))


def test_jacobian_of_matrices():
    a = np.arange(6.0).reshape(2, 3)
    for mode in ("forward", "reverse"):
        j = ad.jacobian(lambda x: x.T @ x, mode=mode)(a)
        assert j.shape == (3, 3, 2, 3)
        np.testing.assert_allclose(np.einsum("ijkl,kl", j, a), 2 * a.T @ a)
    assert ad.jacobian(lambda x: x[:0])(np.ones(3)).shape == (0, 3)


def test_nested_arguments_and_aux():
    tree = {"w": np.array([1.0, 2.0]), "rest": [3.0, (np.float32(4.0),)]}

    def loss(t, scale):
        return (t["w"] * t["rest"][0]).sum() * t["rest"][1][0] * scale, "aux"

    (value, aux), (gradient, by_scale) = ad.value_and_grad(loss, (0, 1), has_aux=True)(tree, 2.0)
    assert (value, aux, by_scale) == (72.0, "aux", 36.0)
    assert np.array_equal(gradient["w"], [24, 24])
    assert gradient["rest"] == [24.0, (18.0,)]
    assert gradient["rest"][1][0].dtype == np.float32
    assert ad.grad(loss, has_aux=True)(tree, 2.0)[1] == "aux"


def test_kinds_in_kinds_out():
    assert type(ad.grad(ad.sum)(np.ones(2))) is np.ndarray
    assert isinstance(ad.grad(ad.sum)(Tensor(np.ones(2))), Tensor)
    w = Tensor(3.0, requires_grad=True)
    g = ad.grad(lambda x: w * x)(2.0)
    g.backward()
    assert (g.item(), w.grad.item()) == (3.0, 1.0)
    with ad.no_grad():
        assert not isinstance(ad.grad(lambda x: w * x)(2.0), Tensor)


def test_an_argument_that_does_not_matter():
    assert ad.grad(lambda x, y: x * 2, argnums=(0, 1))(1.0, 5.0) == (2.0, 0.0)
    assert ad.grad(lambda x: 3.0)(1.0) == 0.0
    assert ad.jvp(lambda x: 3.0, (1.0,), (1.0,)) == (3.0, 0.0)


def test_vjp_can_be_pulled_again_and_of_several_results():
    (y, z), pull = ad.vjp(lambda a, b: (a * b, a + b), 2.0, 3.0)
    assert (y, z) == (6.0, 5.0)
    assert pull((1.0, 0.0)) == (3.0, 2.0)
    assert pull((0.0, 1.0)) == (1.0, 1.0)


def test_gradients_through_tensors_that_are_being_recorded():
    x = Tensor(2.0, requires_grad=True)
    ad.grad(lambda t: t**3)(x * x).backward()  # 3 x^4
    assert x.grad.item() == 96.0


# Operations of one's own


def test_forward_mode_by_transposing_adds_up_over_arguments():
    product = ad.primitive(
        lambda a, b: a * b, lambda g, y, a, b: g * b, lambda g, y, a, b: g * a, name="product without a push"
    )
    several = ad.primitive(
        lambda a, b: (a * b, a + b),
        lambda g, y, a, b: (0 if g[0] is None else g[0] * b) + (0 if g[1] is None else g[1]),
        lambda g, y, a, b: (0 if g[0] is None else g[0] * a) + (0 if g[1] is None else g[1]),
        name="product and sum",
    )
    a, b, da, db = 2.0, 3.0, 5.0, 7.0
    assert ad.jvp(product, (a, b), (da, db))[1] == da * b + a * db
    assert ad.jvp(several, (a, b), (da, db))[1] == (da * b + a * db, da + db)
    assert ad.jvp(lambda a, b: several(a, b)[1], (a, b), (da, db))[1] == da + db


def test_own_operations_have_every_mode():
    cube = ad.elementwise(lambda x: x * x * x, lambda y, x: 3 * x * x, name="cube")
    softsum = ad.primitive(
        lambda x, t=1.0: t * np.log(np.sum(np.exp(x / t))), lambda g, y, x, t: g * np.exp((x - y) / t), name="softsum"
    )
    x = np.array([0.1, 0.7, -0.4])
    np.testing.assert_allclose(ad.jacobian(cube)(x), np.diag(3 * x * x))
    np.testing.assert_allclose(ad.hessian(lambda x: ad.sum(cube(x)))(x), np.diag(6 * x))
    p = np.exp(x / 2) / np.exp(x / 2).sum()
    np.testing.assert_allclose(ad.grad(softsum)(x, 2.0), p)
    np.testing.assert_allclose(ad.jvp(lambda x: softsum(x, t=2.0), (x,), (x,))[1], p @ x)
    np.testing.assert_allclose(ad.hessian(lambda x: softsum(x, t=2.0))(x), (np.diag(p) - np.outer(p, p)) / 2)
    assert repr(softsum) == "<primitive operation softsum>"
    with pytest.raises(TypeError, match="softsum"):
        softsum(x, s=1.0)
