"""The numerical oracle: its error estimates hold, at any scale, at kinks, on edges and in noise."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodiff.testing.numerical import SAFETY, directional_derivative, noise_of, slope, with_complex_steps

#: Functions of one number with their derivatives, and between which bounds.
KNOWN = {
    "exp": (np.exp, np.exp, -20.0, 20.0),
    "sin": (np.sin, np.cos, -30.0, 30.0),
    "log": (np.log, lambda x: 1 / x, 1e-6, 1e6),
    "cube": (lambda x: x**3, lambda x: 3 * x**2, -1e4, 1e4),
    "tanh": (np.tanh, lambda x: 1 / np.cosh(x) ** 2, -10.0, 10.0),
    "sqrt": (np.sqrt, lambda x: 0.5 / np.sqrt(x), 1e-8, 1e8),
    "root of the square": (lambda x: np.sqrt(1 + x * x), lambda x: x / np.sqrt(1 + x * x), -1e3, 1e3),
    "fast": (lambda x: np.sin(200 * x), lambda x: 200 * np.cos(200 * x), -3.0, 3.0),
    "a pole": (lambda x: 1 / (x - 1), lambda x: -1 / (x - 1) ** 2, 1.001, 3.0),
    "constant": (lambda x: 0 * x + 5, lambda x: 0.0, -5.0, 5.0),
    "on top of much": (lambda x: 1e6 + np.sin(x), np.cos, -3.0, 3.0),
    "of single precision": (
        lambda x: x if np.iscomplexobj(x) else np.float64(np.exp(np.float32(x))), np.exp, -3.0, 3.0),
}  # fmt: skip


def curve_of(f, x):
    """As it is moved in a check: in proportion to where it is."""
    return lambda t: np.atleast_1d(f(x + t * (x or 1.0)))


@pytest.mark.parametrize("name", [name for name in KNOWN if name != "of single precision"])
@given(data=st.data())
def test_the_error_is_what_it_is_said_to_be(name, data):
    f, derivative, low, high = KNOWN[name]
    x = data.draw(st.floats(low, high, allow_subnormal=False))
    with np.errstate(all="ignore"):
        found = slope(curve_of(f, x))
        (exactly,) = with_complex_steps([found])
    right = derivative(x) * (x or 1.0)
    for estimate in (found, exactly):
        assert abs(estimate.value[0] - right) <= SAFETY * estimate.error[0] + 1e-14 * abs(right) + 1e-300


@pytest.mark.parametrize("name", ["exp", "sin", "log", "cube", "tanh", "sqrt", "a pole"])
def test_smooth_functions_are_told_well(name):
    f, _, low, high = KNOWN[name]
    errors = []
    for x in np.linspace(low, high, 24)[1:-1]:
        found = slope(curve_of(f, x), analytic=False)
        errors.append(found.error[0] / max(abs(found.value[0]), abs(f(x))))
    assert np.median(errors) < 1e-10


@given(st.floats(-3, 3))
def test_a_complex_step_is_taken_only_if_it_is_borne_out(x):
    def absolute(t):  # a function of complex numbers, too, but another one
        return np.atleast_1d(np.abs(x + t))

    (found,) = with_complex_steps([slope(absolute)])
    assert found.low[0] - SAFETY * found.error[0] <= np.sign(x) <= found.high[0] + SAFETY * found.error[0]


@given(st.floats(0.1, 5), st.floats(0.1, 5), st.sampled_from([0.0, 1e-14, 1e-10, 1e-7, 1e-4, 1e-2]))
def test_slopes_from_both_sides_of_a_kink(left, right, distance):
    found = slope(lambda t: np.array([np.where(t + distance < 0, left, right) * (t + distance)]), analytic=False)
    slack = SAFETY * found.error[0] + 1e-3 * abs(right - left)
    if distance <= 1e-14:
        assert found.low[0] - slack <= min(left, right)
        assert max(left, right) <= found.high[0] + slack
    assert found.low[0] - slack <= right <= found.high[0] + slack


def test_an_edge_has_one_side():
    found = slope(lambda t: np.array([np.where(t < 0, np.nan, 1.0) * (1 + 3 * t)]), analytic=False)
    assert abs(found.value[0] - 3) <= SAFETY * found.error[0] < 1e-8


@pytest.mark.parametrize("f", [lambda t: np.floor(1 + t), lambda t: np.cbrt(t), lambda t: np.sqrt(np.abs(t))])
def test_what_has_no_slope_has_a_large_error(f):
    found = slope(lambda t: np.atleast_1d(f(t)), analytic=False)
    assert found.error[0] > 1e-2 * abs(found.value[0])


@given(st.integers(-12, -2), st.integers(0, 1000))
def test_noise_is_measured(exponent, seed):
    rng = np.random.default_rng(seed)
    sigma = 10.0**exponent
    found = noise_of(lambda t: np.sin(1 + t) + sigma * rng.normal(size=200), 1e-6)
    assert 0.5 * sigma < np.median(found) < 3 * sigma


@given(st.sampled_from(["exp", "sin", "tanh", "of single precision"]), st.floats(0.1, 3))
def test_noise_that_is_known_is_in_the_error(name, x):
    f, derivative, *_ = KNOWN[name]
    curve = curve_of(f, x)
    found = slope(curve, noise=noise_of(curve, 1e-6), analytic=False)
    assert abs(found.value[0] - x * derivative(x)) <= SAFETY * found.error[0] + 1e-14


@given(st.floats(-2, 2), st.floats(-2, 2))
def test_directional_derivatives_of_several_arguments(a, b):
    found, error = directional_derivative(lambda x, y: np.stack([x * y, np.exp(x) + 1j * y]), [a, b], [1.0, 2.0])
    right = np.array([b + 2 * a, math.exp(a) + 2j])
    assert np.all(np.abs(found - right) <= 10 * error + 1e-13)
