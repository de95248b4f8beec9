"""Derivatives at singular points: one convention, a subgradient that is finite where one exists."""

import warnings

import numpy as np
import pytest

import autodiff as ad
from autodiff import Tensor

inf = np.inf

#: function, argument, its gradient there
AT_SINGULAR_POINTS = [
    ("abs at 0", ad.abs, 0.0, 0.0),
    ("sign at 0", ad.sign, 0.0, 0.0),
    ("relu at 0", ad.relu, 0.0, 0.0),
    ("leaky_relu at 0", ad.leaky_relu, 0.0, 0.01),
    ("norm at 0", ad.norm, [0.0, 0.0], [0.0, 0.0]),
    (
        "norm, row by row, one of them 0",
        lambda x: ad.norm(x, axis=1).sum(),
        [[0.0, 0.0], [3.0, 4.0]],
        [[0, 0], [0.6, 0.8]],
    ),
    ("std of equals", ad.std, [2.0, 2.0], [0.0, 0.0]),
    ("hypot at 0", lambda x: ad.hypot(x, 0.0), 0.0, 0.0),
    ("atan2 at 0", lambda x: ad.atan2(x, 0.0), 0.0, 0.0),
    ("max of ties", ad.max, [3.0, 1.0, 3.0], [0.5, 0.0, 0.5]),
    ("min of ties", ad.min, [1.0, 1.0, 3.0], [0.5, 0.5, 0.0]),
    ("maximum of equals", lambda x: ad.maximum(x, 2.0), 2.0, 0.5),
    ("minimum of equals", lambda x: ad.minimum(x, 2.0), 2.0, 0.5),
    ("clip at its bound", lambda x: ad.clip(x, 0.0, 1.0), 1.0, 1.0),
    ("x^0 at 0", lambda x: x**0, 0.0, 0.0),
    ("x^0.0 at 0", lambda x: x**0.0, 0.0, 0.0),
    ("x^1 at 0", lambda x: x**1, 0.0, 1.0),
    ("x^2 at 0", lambda x: x**2, 0.0, 0.0),
    ("x^p at 0, p an array", lambda x: (x ** np.array([0.0, 1.0, 2.0])).sum(), 0.0, 1.0),
    ("negative base, integer power", lambda x: x**3, -2.0, 12.0),
    ("negative base, power as an array", lambda x: x ** np.array(3.0), -2.0, 12.0),
    ("0^p for p > 0", lambda p: ad.power(0.0, p), 2.0, 0.0),
    ("0^p for p = 0", lambda p: ad.power(0.0, p), 0.0, 0.0),
    ("prod with a zero", ad.prod, [2.0, 0.0, 5.0], [0.0, 10.0, 0.0]),
    ("prod with two zeros", ad.prod, [0.0, 0.0, 5.0], [0.0, 0.0, 0.0]),
    ("cumprod with a zero", lambda x: ad.cumprod(x).sum(), [2.0, 0.0, 5.0], [1.0, 12.0, 0.0]),
    ("floor at an integer", ad.floor, 2.0, 0.0),
    ("round at a half", ad.round, 2.5, 0.0),
    ("sqrt at 0", ad.sqrt, 0.0, inf),
    ("log at 0", ad.log, 0.0, inf),
    ("sqrt at 0, not used", lambda x: 0.0 * ad.sqrt(x), 0.0, 0.0),
    ("logsumexp of -infinities", ad.logsumexp, [-inf, -inf], [0.0, 0.0]),
    ("sum of nothing", ad.sum, [], []),
    ("x log x at 0", lambda x: x * ad.log(x), 0.0, -inf),
    ("xlogy(x, x) at 0", lambda x: ad.xlogy(x, x), 0.0, 0.0),
    ("a zero wins over an infinity: sqrt(x^2) at 0", lambda x: ad.sqrt(x * x), 0.0, 0.0),
]


@pytest.mark.parametrize(
    ("f", "x", "expected"), [c[1:] for c in AT_SINGULAR_POINTS], ids=[c[0] for c in AT_SINGULAR_POINTS]
)
def test_singular_points(f, x, expected):
    with np.errstate(all="ignore"):
        gradient = ad.grad(f)(np.array(x, dtype=float))
        _, slope = ad.jvp(f, (np.array(x, dtype=float),), (np.ones(np.shape(x)),))
    np.testing.assert_allclose(gradient, expected, rtol=1e-14)
    np.testing.assert_allclose(np.sum(slope), np.sum(expected), rtol=1e-14)


@pytest.mark.parametrize("f", [lambda x: x / ad.abs(x), lambda x: x / ad.norm(x)], ids=["x / |x|", "x / norm(x)"])
def test_what_is_no_number_has_no_finite_derivative(f):
    with np.errstate(all="ignore"):
        assert np.isnan(f(Tensor(0.0)))
        assert not np.isfinite(ad.grad(f)(0.0))
        assert not np.isfinite(ad.jvp(f, (0.0,), (1.0,))[1])


#: what is not taken contributes nothing, whatever its own derivative is: function, argument, gradient
MASKED = [
    ("sqrt", lambda x: ad.where(x > 0, ad.sqrt(x), 0.0), [-1.0, 0.0, 4.0], [0, 0, 0.25]),
    ("log", lambda x: ad.where(x > 0, ad.log(x), 0.0), [-1.0, 0.0, 4.0], [0, 0, 0.25]),
    ("division", lambda x: ad.where(x != 0, ad.sin(x) / x, 1.0), [0.0, 2.0], [0, np.cos(2) / 2 - np.sin(2) / 4]),
    ("power", lambda x: ad.where(x > 0, x**0.5, 0.0), [-1.0, 0.0, 4.0], [0, 0, 0.25]),
    ("asin", lambda x: ad.where(ad.abs(x) < 1, ad.asin(x), 0.0), [0.0, 1.0, 2.0], [1, 0, 0]),
    ("overflow", lambda x: ad.where(x < 100, ad.exp(x), 0.0), [0.0, 1000.0], [1, 0]),
    ("sqrt of a sum", lambda x: ad.where(x.sum() > 100, ad.sqrt(x - x).sum(), x.sum()), [1.0, 2.0], [1, 1]),
]


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(("f", "x", "expected"), [c[1:] for c in MASKED], ids=[c[0] for c in MASKED])
def test_masked_where(f, x, expected, create_graph):
    t = Tensor(x, requires_grad=True)
    with np.errstate(all="ignore"):
        f(t).sum().backward(create_graph=create_graph)
        _, pushed = ad.jvp(lambda x: f(x).sum(), (t.data,), (np.ones(len(x)),))
    np.testing.assert_allclose(t.grad.data, expected, atol=1e-14)
    np.testing.assert_allclose(pushed, np.sum(expected), atol=1e-14)


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_masked_nan_that_cannot_be_solved_is_diagnosed(create_graph):
    x = Tensor([-1.0, 4.0], requires_grad=True)
    with np.errstate(all="ignore"):
        y = ad.where(x > 0, ad.softmax(ad.log(x)), 0.0).sum()
    with pytest.warns(RuntimeWarning, match=r"softmax\(\) is NaN.*mask the argument"):
        y.backward(create_graph=create_graph)


def test_second_derivative_through_a_mask():
    with np.errstate(all="ignore"):
        h = ad.grad(ad.grad(lambda x: ad.where(x > 0, ad.sqrt(x), 0.0)))
        assert h(0.0) == 0.0
        assert h(4.0) == pytest.approx(-1 / 32)


def test_a_mask_leaves_the_derivative_of_a_zero_that_counts():
    """Of L = sum(w sqrt(p)) at w = 0: dL/dp is 0, even at p = 0, but it moves with w where sqrt has a slope."""
    p, w = np.array([0.0, 4.0]), np.array([0.0, 0.0])

    def slope(w):
        return ad.grad(lambda p: ad.sum(w * ad.sqrt(p)))(Tensor(p))

    assert np.array_equal(slope(Tensor(w)).data, [0, 0])
    assert np.array_equal(ad.grad(lambda w: slope(w)[1])(w), [0, 0.25])
    assert np.array_equal(ad.jvp(lambda w: slope(w)[1], (w,), (np.ones(2),))[1], 0.25)


def test_backward_neither_warns_nor_raises_on_infinities():
    x = Tensor([inf, -inf, 1.0], requires_grad=True)
    with np.errstate(all="ignore"):
        y = (x * x - x).sum()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y.backward()
    assert x.grad.data[2] == 1.0


def test_a_users_error_state_survives():
    with np.errstate(invalid="raise", divide="warn"):
        before = np.geterr()
        Tensor(2.0, requires_grad=True).log().backward()
        assert np.geterr() == before
