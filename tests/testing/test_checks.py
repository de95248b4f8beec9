"""The checker of gradients: right, wrong, and what cannot be told; what it says of a mistake."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
from autodiff.testing import GradientError, InconclusiveWarning, check_grads, check_jvp, check_vjp
from autodiff.testing.programs import Program

RNG = np.random.default_rng(3)
x, p = RNG.normal(size=6), RNG.uniform(0.5, 2.0, 6)
X, W, b = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 3)), RNG.normal(size=3)
PLACES = np.array([0, 0, 2, 1, 1])


def scattered(g, x):
    out = np.zeros_like(x)
    np.add.at(out, PLACES, g)
    return out


def overwritten(g, x):
    out = np.zeros_like(x)
    out[PLACES] = g
    return out


def verdict(f, vjp, *args):
    return check_vjp(f, vjp, *args, raises=False).verdict


# Verdicts


@given(st.integers(-30, 30), st.sampled_from([np.float64, np.float32]))
def test_tiny_and_huge_gradients_count_like_others(exponent, dtype):
    at = (np.array([1.0, -2.0, 3.0]) * 10.0 ** (exponent / 3)).astype(dtype)
    right = check_vjp(lambda x: x**3, lambda g, x: (3 * g * x**2).astype(x.dtype), at)
    assert right.verdict == "right"
    for factor in (10, 1.01, 0.0, -1):
        assert verdict(lambda x: x**3, lambda g, x, c=factor: (c * 3 * g * x**2).astype(x.dtype), at) == "wrong"


@given(st.sampled_from([0.0, 1e-3, 1e-6, 1e-9, 1e-12]), st.sampled_from([-1, 1]))
def test_at_and_near_a_kink(distance, side):
    at = np.array([side * distance, 1.0, -1.0])
    assert verdict(lambda x: np.maximum(x, 0), lambda g, x: g * (x > 0), at) == "right"
    assert verdict(lambda x: np.maximum(x, 0), lambda g, x: g * (x < 0), at) == "wrong"
    assert verdict(np.abs, lambda g, x: g * np.where(x == 0, 2.0, np.sign(x)), np.array([0.0])) == "wrong"


def test_a_kink_of_a_program_is_a_reason_not_a_mistake():
    report = check_grads(lambda x: ad.relu(x) - ad.relu(-x), np.array([0.0, 1.0]), raises=False)
    assert report.verdict == "inconclusive"
    assert "relu" in str(report)


@pytest.mark.parametrize(
    ("f", "vjp", "at"),
    [
        (lambda x: np.linalg.solve(x, b), lambda g, x: -np.outer(np.linalg.solve(x.T, g), np.linalg.solve(x, b)),
         np.array([[1.0, 1.0, 1.0], [1.0, 1.0 + 1e-7, 1.0], [1.0, 2.0, 3.0]])),
        (np.var, lambda g, x: g * 2 * (x - x.mean()) / x.size, x + 1e6),
        (lambda x: np.log(np.sum(np.exp(x - 700.0))) + 700.0,
         lambda g, x: g * np.exp(x - 700.0) / np.sum(np.exp(x - 700.0)), np.array([700.0, 0.0, 699.0])),
        (lambda x: np.sin(x), lambda g, x: g * np.cos(x), np.array([1e4, 1e8, 1e-8, 0.0])),
        (lambda x: np.log(x), lambda g, x: g / x, np.array([1e-12, 1e12])),
        (lambda x: np.sum(x), lambda g, x: g * np.ones_like(x), np.zeros((0, 3))),
        (lambda x: np.tanh(x), lambda g, x: g * (1 - np.tanh(x) ** 2), RNG.normal(size=(200, 100))),
        (lambda x: x @ np.ones(3), lambda g, x: np.outer(g, np.ones(3)), np.float32(X)),
    ],
    ids=["ill-conditioned", "cancelling", "spread", "scales", "logarithm", "empty", "large", "float32"],
)  # fmt: skip
def test_no_false_alarm(f, vjp, at):
    assert verdict(f, lambda g, x: np.asarray(vjp(g, x), x.dtype), at) != "wrong"
    if at.size:
        assert verdict(f, lambda g, x: np.asarray(-vjp(g, x), x.dtype), at) == "wrong"


def test_values_of_less_precision_than_they_show():
    def rough(x):
        return np.sin(x.astype(np.float32)).astype(np.float64)

    assert verdict(rough, lambda g, x: g * np.cos(x), x) != "wrong"
    assert verdict(rough, lambda g, x: 2 * g * np.cos(x), x) == "wrong"


UNTELLABLE = {
    "not finite": (np.log, lambda g, x: g / x, np.array([-1.0])),
    "not finite, or jumps": (np.sqrt, lambda g, x: g * 0.5 / np.sqrt(x), np.array([0.0])),
    "noisy": (lambda x: 1e16 + x, lambda g, x: g, np.array([1.0])),
    "something else each time": (lambda x: x * RNG.normal(), lambda g, x: g, np.array([1.0])),
}


@pytest.mark.parametrize(("reason", "case"), UNTELLABLE.items(), ids=UNTELLABLE.keys())
def test_what_cannot_be_told_is_said(reason, case):
    with np.errstate(all="ignore"), pytest.warns(InconclusiveWarning, match=reason):
        assert check_vjp(*case).verdict == "inconclusive"


# Diagnoses

MISTAKES = {
    "the sign": (np.sin, lambda g, x: -g * np.cos(x), (x,)),
    "constant factor: it is 2 times": (np.sin, lambda g, x: 2 * g * np.cos(x), (x,)),
    "3.14159 (π)": (np.exp, lambda g, x: np.pi * g * np.exp(x), (x,)),
    "6 (the number of elements of the argument)": (np.mean, lambda g, x: g * np.ones_like(x), (x,)),
    "(1 / the length of axis 0 of the result)": (np.add, lambda g, m, b: (g, g.mean(0)), (X, b)),
    "np.transpose(…, (1, 0)) of it is right": (np.matmul, lambda g, m, w: (g @ w.T, g.T @ m), (X, W)),
    "it is right with argument 1 transposed": (lambda *a: np.matmul(*a), lambda g, m, w: (g @ w, m.T @ g), (X, W)),
    "missing sum over the broadcast axis 0 of the result: then": (np.add, lambda g, m, b: (g, g), (X, b)),
    "missing sum over the broadcast axis 0 of the result: only the first": (
        np.add, lambda g, m, b: (g, g[0].copy()), (X, b)),
    "repeated indices are overwritten": (lambda x: x[PLACES], overwritten, (x,)),
    "wrong only where the input is negative, zero there": (
        lambda x: np.where(x > 0, x, 0.1 * x), lambda g, x: g * (x > 0), (x,)),
    "wrong only where the input is negative, -1 times": (
        lambda x: np.where(x > 0, x, 0.1 * x), lambda g, x: g * np.where(x > 0, 1, -0.1), (x,)),
    "order of arguments: this is the gradient of argument 1": (
        lambda a, b: a / b, lambda g, a, b: (-g * a / b**2, g / b), (x, p)),
    "off by one along axis 0": (np.exp, lambda g, x: np.roll(g * np.exp(x), 1), (x,)),
    "reversed along axis 0": (np.exp, lambda g, x: (g * np.exp(x))[::-1].copy(), (x,)),
    "NaN where the derivative is finite, where the input is negative": (
        np.exp, lambda g, x: g * np.where(x < 0, np.nan, np.exp(x)), (x,)),
    "it is x times the right one": (np.exp, lambda g, x: g * x * np.exp(x), (x,)),
    "lost precision": (np.exp, lambda g, x: (g * np.exp(np.float32(x))).astype(float), (x,)),
    "no gradient arrives": (np.exp, lambda g, x: 0 * x, (x,)),
    "a constant is added: 1": (np.exp, lambda g, x: g * np.exp(x) + 1, (x,)),
    "not linear in g": (np.exp, lambda g, x: g * g * np.exp(x), (x,)),
    "wrong only at the first place along axis 0": (
        np.cumsum, lambda g, x: np.concatenate([[0], np.cumsum(g[::-1])[::-1][1:]]), (x,)),
    "wrong in 1 of": (
        np.exp, lambda g, m: g * np.exp(m) * np.where(m[57, 31] == m, 1.5, 1), (RNG.normal(size=(90, 70)),)),
    "None was given": (np.multiply, lambda g, a, b: (g * b, None), (x, p)),
    "float64 for an argument of float32": (np.negative, lambda g, x: np.float64(-g), (np.float32(x),)),
    "not conjugated": (np.square, lambda g, z: g * 2 * z, (X[0] + 1j * X[1],)),
    "complex conjugated": (lambda z: np.real(z * z), lambda g, z: g * 2 * z, (X[0] + 1j * X[1],)),
    "changed its input": (np.negative, lambda g, x: np.negative(g, out=x), (x.copy(),)),
    "changed the gradient": (np.negative, lambda g, x: np.negative(g, out=g), (x,)),
    "two different answers": (np.negative, lambda g, x: -g * (1 + 1e-9 * RNG.normal()), (x,)),
    "shares memory": (lambda a, b: a + b, lambda g, a, b: (h := 1.0 * g, h), (x, p)),
}  # fmt: skip


@pytest.mark.parametrize(("told", "case"), MISTAKES.items(), ids=MISTAKES.keys())
def test_a_mistake_is_diagnosed(told, case):
    f, vjp, args = case
    with pytest.raises(GradientError) as caught:
        check_vjp(f, vjp, *args)
    assert told in str(caught.value).replace(" (X)", "").replace(" (W)", "")


def test_a_wrong_element_is_named_with_its_numbers():
    def gradient(g, m):
        found = g * np.exp(m)
        found[2, 1] *= 3
        return found

    (mistake,) = check_vjp(np.exp, gradient, X, raises=False).mistakes
    assert mistake.element == (2, 1)
    assert mistake.claimed == pytest.approx(3 * mistake.found)
    assert mistake.error < 1e-9


def test_a_reproducer_runs():
    with pytest.raises(GradientError) as caught:
        check_vjp(np.sin, np.cos, np.array([[0.5, -1.25]]))
    names = {}
    with pytest.raises(GradientError) as again:
        exec(caught.value.report.reproducer(), names)
    assert str(again.value).splitlines()[1:4] == str(caught.value).splitlines()[1:4]


def test_long_arguments_are_reproduced_from_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    at = RNG.normal(size=(40, 40))
    report = check_vjp(np.sin, np.sin, at, raises=False)
    names = {"np": np}
    exec(next(line for line in report.reproducer().splitlines() if line.startswith("x0")), names)
    np.testing.assert_array_equal(names["x0"], at)


# Callables of any kind


def test_trees_integers_and_several_results():
    def f(p, places):
        return {"sum": p["w"] + p["b"], "picked": p["w"][places]}

    def gradient(g, p, places):
        return {"w": g["sum"] + np.bincount(places, g["picked"], len(p["w"])), "b": np.sum(g["sum"])}, None

    assert check_vjp(f, gradient, {"w": x, "b": np.array(2.0)}, PLACES).verdict == "right"
    wrong = check_vjp(f, lambda g, p, i: ({"w": g["sum"], "b": np.sum(g["sum"])}, None), {"w": x, "b": 2.0}, PLACES,
                      raises=False)  # fmt: skip
    assert "argument 0 (p)['w']" in str(wrong)


def test_products_with_the_jacobian():
    assert check_jvp(np.matmul, lambda v, a, b: v[0] @ b + a @ v[1], X, W).verdict == "right"
    assert check_jvp(np.matmul, lambda v, a, b: v[0] @ b, X, W, raises=False).verdict == "wrong"
    assert "forward mode" in str(check_jvp(np.sin, lambda v, x: v * np.sin(x), x, raises=False))
    assert check_jvp(np.sin, lambda v, x: np.float64(1.0), x, raises=False).verdict == "wrong"


def test_a_gradient_may_be_handed_on():
    assert check_vjp(np.add, lambda g, a, b: (g, g), x, p).verdict == "right"


def test_nothing_to_differentiate():
    with pytest.raises(TypeError, match="no argument has floating-point"):
        check_vjp(np.negative, lambda g, x: -g, 3)
    with pytest.raises(TypeError, match="no floating-point numbers"):
        check_grads(lambda x: x > 0, x)
    with pytest.raises(ValueError, match="sideways"):
        check_grads(ad.exp, x, modes=("sideways",))


# Functions of Tensors


def planted(pull=lambda y, x: 1 - y * y, **more):
    return ad.elementwise(np.tanh, pull, name="planted", **more)


def test_programs_in_both_modes_to_any_order():
    def f(x, w):
        return {"a": ad.softmax(w @ x), "b": ad.sum(ad.tanh(x) ** 3)}

    for modes in (("reverse",), ("forward",), ("reverse", "forward")):
        assert check_grads(f, b, W, order=3, modes=modes).verdict == "right"


def test_other_tensors_may_take_part():
    weight = ad.Tensor(W, requires_grad=True, name="weight")
    assert check_grads(lambda x: ad.tanh(weight @ x), b).verdict == "right"


def test_a_wrong_second_order_is_found():
    stopped = planted(lambda y, x: 1 - ad.stop_gradient(y) * y)
    assert check_grads(stopped, x, order=1).verdict == "right"
    with pytest.raises(GradientError, match="order 2"):
        check_grads(stopped, x)


def test_a_wrong_push_is_found():
    bad = ad.primitive(
        lambda x: np.sum(x * x), lambda g, y, x: 2 * g * x, push=lambda dxs, y, x: np.sum(dxs[0] * x), name="bad"
    )
    with pytest.raises(GradientError, match=r"forward mode(.|\n)*0.5 \(1/2\)"):
        check_grads(bad, x)
    assert check_grads(bad, x, modes=("reverse",)).verdict == "right"


def test_the_wrong_operation_of_a_program_is_named_and_drawn():
    bad = planted(lambda y, x: 1 - y)
    with pytest.raises(GradientError) as caught:
        check_grads(lambda x: ad.sum(ad.exp(bad(2 * x)) @ W), b)
    text = str(caught.value)
    assert text.count("  planted · ") == 1
    assert "exp" not in text
    assert "planted" in caught.value.report.draw().source
    with pytest.raises(ValueError, match="no graph"):
        check_vjp(np.sin, np.sin, x, raises=False).draw()


def test_memory_that_is_shared_is_found():
    kept = np.ones(6)
    bad = ad.linear(lambda x: 1.0 * x, lambda g, y, x: kept.__setitem__(slice(None), g) or kept, name="bad")
    assert check_grads(bad, x, raises=False).verdict == "wrong"


def test_accumulation_that_is_dropped_is_found(monkeypatch):
    real = ad.Tensor.backward

    def last_only(self, *args, **kwargs):
        for vertex in ad.graph(self).nodes:
            if vertex.op is None and vertex.node is not None:
                vertex.node.grad = None
        real(self, *args, **kwargs)

    monkeypatch.setattr(ad.Tensor, "backward", last_only)
    with pytest.raises(GradientError, match="do not add up"):
        check_grads(lambda x: ad.exp(x), x)


def test_complex_arguments():
    z = X[0] + 1j * X[1]
    assert check_grads(lambda z: ad.sum(ad.abs(ad.exp(z) * z) ** 2), z).verdict == "right"
    assert check_grads(lambda z: ad.linalg.inv(z), W + 1j * W.T).verdict == "right"


def test_half_precision_is_told_as_far_as_it_goes():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InconclusiveWarning)
        assert check_grads(ad.tanh, np.float16(x)).verdict != "wrong"
        assert check_grads(planted(lambda y, x: 1 + y * y), np.float16(x), raises=False).verdict == "wrong"


def test_a_failing_program_is_reproduced_as_a_function():
    program = Program.of(ad.sum(ad.tanh(leaf := ad.Tensor(p, requires_grad=True)) * leaf), leaf[0] * 2.0)
    report = check_grads(program, *program.args)
    names = {}
    exec(report.reproducer(), names)
    np.testing.assert_array_equal(names["program"](ad.Tensor(p))[0].data, program(p)[0])
