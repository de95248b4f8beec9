"""Jacobians and Hessians: of trees, many rows at once, in every mode, of complex numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
from autodiff import Tensor, transforms

rng = np.random.default_rng(7)
A, x, square = rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=(3, 3))

#: Functions of an array, and their Jacobians in closed form.
CLOSED = {
    "identity": (lambda v: v, np.eye(3)),
    "linear": (lambda v: A @ v, A),
    "a constant": (lambda v: np.ones(2), np.zeros((2, 3))),
    "elementwise": (lambda v: ad.sin(v), np.diag(np.cos(x))),
    "outer": (lambda v: ad.outer(v, v), np.einsum("ik,j->ijk", np.eye(3), x) + np.einsum("i,jk->ijk", x, np.eye(3))),
    "a sum": (lambda v: ad.sum(v * v), 2 * x),
    "broadcast": (lambda v: v + np.zeros((2, 3)), np.broadcast_to(np.eye(3), (2, 3, 3))),
    "one element": (lambda v: v[1], np.array([0.0, 1.0, 0.0])),
    "an empty result": (lambda v: v[:0], np.zeros((0, 3))),
    "an empty result of one by one": (lambda v: ad.roll(v, 1)[:0], np.zeros((0, 3))),
    "repeated indices": (lambda v: v[np.array([0, 0, 2])], np.eye(3)[[0, 0, 2]]),
    "softmax": (
        lambda v: ad.softmax(v),
        np.diag(np.exp(x) / np.exp(x).sum()) - np.outer(np.exp(x), np.exp(x)) / np.exp(x).sum() ** 2,
    ),
    "an operation done one by one": (
        lambda v: ad.roll(v, 1),
        np.roll(np.eye(3), 1, axis=0),
    ),
}


@pytest.mark.parametrize("mode", [None, "reverse", "forward"])
@pytest.mark.parametrize(("f", "expected"), CLOSED.values(), ids=CLOSED.keys())
def test_closed_forms(f, expected, mode):
    found = ad.jacobian(f, mode=mode)(x)
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-15)
    assert found.shape == expected.shape
    found += 1.0  # it is the caller's: writable, and nobody else's memory
    np.testing.assert_allclose(ad.jacobian(f, mode=mode)(Tensor(x)).data, expected, rtol=1e-13, atol=1e-15)


def network(p, v):
    hidden = ad.tanh(p["W"] @ v + p["b"][0])
    return {"hidden": hidden, "out": (ad.sum(hidden**2), hidden[0] * v)}


@given(st.integers(0, 100))
def test_trees_rows_are_gradients_and_columns_are_tangents(seed):
    r = np.random.default_rng(seed)
    p = {"W": r.normal(size=(4, 3)), "b": [r.normal(size=4)]}
    rows = ad.jacobian(network, (0, 1), mode="reverse")(p, x)
    columns = ad.jacobian(network, (0, 1), mode="forward")(p, x)
    for tree in (rows, columns):
        assert set(tree) == {"hidden", "out"}
        assert set(tree["hidden"][0]) == {"W", "b"}
        assert tree["hidden"][0]["W"].shape == (4, 4, 3)
        assert tree["out"][1][0]["b"][0].shape == (3, 4)
        assert tree["out"][0][1].shape == (3,)
    flat = transforms.leaves
    for a, b in zip(flat(rows), flat(columns), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)
    gradient = ad.grad(lambda p: network(p, x)["out"][0])(p)
    np.testing.assert_allclose(rows["out"][0][0]["W"], gradient["W"])


def test_arguments_without_elements():
    for mode in ("reverse", "forward"):
        assert ad.jacobian(lambda v: ad.sum(v) + np.ones(2), mode=mode)(np.ones((0, 3))).shape == (2, 0, 3)
    assert ad.hessian(ad.sum)(np.ones(0)).shape == (0, 0)


@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_an_index_whose_arrays_are_apart(mode):
    """NumPy puts the axis of such arrays first, wherever they stand."""
    a, key = np.arange(12.0).reshape(2, 3, 2), ([0, 1, 1], slice(None), [1, 0, 1])
    expected = np.stack([unit.reshape(2, 3, 2)[key] for unit in np.eye(12)], axis=-1).reshape(3, 3, 2, 3, 2)
    np.testing.assert_array_equal(ad.jacobian(lambda v: v[key] * 1.0, mode=mode)(a), expected)


def test_aux_and_keywords():
    def f(v, *, scale, aux=None):
        return scale * v, "aux"

    j, aux = ad.jacobian(f, has_aux=True)(x, scale=2.0)
    assert aux == "aux"
    np.testing.assert_array_equal(j, 2 * np.eye(3))
    h, aux = ad.hessian(lambda v: (ad.sum(v**3), "more"), has_aux=True)(x)
    assert aux == "more"
    np.testing.assert_allclose(h, np.diag(6 * x))
    assert ad.vjp(lambda v: (v, "aux"), x, has_aux=True)[2] == "aux"
    assert ad.jvp(lambda v: (v, "aux"), (x,), (x,), has_aux=True)[2] == "aux"
    with pytest.raises(TypeError, match=r"has_aux.*pair.*Tensor"):
        ad.jacobian(lambda v: v, has_aux=True)(x)


def test_hessian_of_a_tree_has_a_block_for_every_pair():
    p = {"a": x, "b": 2.0}
    h = ad.hessian(lambda p: ad.sum(p["a"] ** 2) * p["b"] ** 2)(p)
    np.testing.assert_allclose(h["a"]["a"], 2 * np.eye(3) * 4)
    np.testing.assert_allclose(h["a"]["b"], 2 * x * 4)
    np.testing.assert_allclose(h["b"]["a"], 2 * x * 4)
    np.testing.assert_allclose(h["b"]["b"], 2 * (x @ x))


@given(st.integers(1, 40))
def test_how_many_rows_go_at_once_does_not_matter(most):
    expected = ad.jacobian(lambda v: ad.matmul(v, v))(square)
    before, transforms._MOST_AT_ONCE = transforms._MOST_AT_ONCE, most
    try:
        for mode in ("reverse", "forward"):
            np.testing.assert_allclose(ad.jacobian(lambda v: ad.matmul(v, v), mode=mode)(square), expected)
    finally:
        transforms._MOST_AT_ONCE = before


def test_a_jacobian_can_be_differentiated_in_either_mode():
    def f(v):
        return ad.sum(ad.jacobian(lambda u: ad.exp(A @ u))(v) ** 2)

    def g(v):
        return ad.sum((ad.exp(A @ v)[:, None] * A) ** 2)

    np.testing.assert_allclose(ad.grad(f)(x), ad.grad(g)(x), rtol=1e-12)
    np.testing.assert_allclose(ad.jvp(f, (x,), (x,))[1], ad.jvp(g, (x,), (x,))[1], rtol=1e-12)
    np.testing.assert_allclose(ad.hessian(f)(x), ad.hessian(g)(x), rtol=1e-11, atol=1e-11)
    w = Tensor(x, requires_grad=True)
    ad.sum(ad.jacobian(lambda u: u**3 * w)(x)).backward()
    np.testing.assert_allclose(w.grad.data, 3 * x**2)


def test_a_hessian_has_no_more_walks_than_one(monkeypatch):
    walks = []
    walk = transforms.pull_back
    monkeypatch.setattr(transforms, "pull_back", lambda *args, **kwargs: walks.append(1) or walk(*args, **kwargs))
    ad.hessian(lambda v: ad.sum((v[1:] - v[:-1] ** 2) ** 2))(np.ones(100))
    assert len(walks) == 2  # the gradient, and all the rows


def test_complex_numbers():
    z = np.array([1.0 + 2.0j, -0.5j])
    np.testing.assert_allclose(ad.jacobian(lambda v: v * v)(z), np.diag(2 * z))
    np.testing.assert_allclose(ad.jacobian(ad.exp)(z), np.diag(np.exp(z)))
    np.testing.assert_allclose(ad.jacobian(lambda t: ad.exp(1j * t))(x), np.diag(1j * np.exp(1j * x)))
    np.testing.assert_allclose(ad.jacobian(lambda v: ad.real(v * ad.conj(v)))(z), np.diag(2 * z))
    np.testing.assert_allclose(
        ad.jacobian(lambda v: ad.sum(ad.abs(v) ** 2))(z), ad.grad(lambda v: ad.sum(ad.abs(v) ** 2))(z)
    )
    for f in (ad.conj, lambda v: v * ad.abs(v), lambda v: v + 0j * v + ad.real(v)):
        with pytest.raises(TypeError, match="not complex differentiable"):
            ad.jacobian(f)(z)


def test_hvp_of_a_function_is_what_an_optimiser_calls():
    def f(v, power):
        return ad.sum(v**power)

    np.testing.assert_allclose(ad.hvp(f)(x, np.ones(3), 3), 6 * x)


def test_bad_calls():
    with pytest.raises(ValueError, match="'reverse' or 'forward', got 'backward'"):
        ad.jacobian(ad.sin, mode="backward")
    with pytest.raises(TypeError, match="argnums=3"):
        ad.jacobian(ad.sin, 3)(x)
    with pytest.raises(TypeError, match="int64"):
        ad.jacobian(ad.sin)(np.arange(3))
    with pytest.raises(ValueError, match=r"one real number.*dict"):
        ad.grad(lambda v: {"a": v})(1.0)
