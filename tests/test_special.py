"""Special functions: values against closed forms and SciPy, derivatives of any order, and what happens at the edges."""

import builtins
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
from autodiff import Tensor
from autodiff.op import table
from autodiff.rules.gamma import _scipy

EULER = 0.57721566490153286061
APERY = 1.2020569031595942854
CATALAN = 0.91596559417721901505
inf, nan, pi = math.inf, math.nan, math.pi


def value(f, *args):
    return f(*args).item()


def derivative(f, order):
    for _ in range(order):
        f = ad.grad(f)
    return f


# Values that are known exactly

KNOWN = {
    "lgamma(1)": (lambda: value(ad.lgamma, 1.0), 0),
    "lgamma(2)": (lambda: value(ad.lgamma, 2.0), 0),
    "lgamma(1/2)": (lambda: value(ad.lgamma, 0.5), math.log(pi) / 2),
    "lgamma(-1/2)": (lambda: value(ad.lgamma, -0.5), math.log(2 * math.sqrt(pi))),
    "lgamma(1 + tiny)": (lambda: value(ad.lgamma, 1 + 2**-40), -EULER * 2**-40 + pi**2 / 12 * 2**-80),
    "lgamma(2 - tiny)": (lambda: value(ad.lgamma, 2 - 2**-40), -(1 - EULER) * 2**-40 + (pi**2 / 12 - 0.5) * 2**-80),
    "lgamma(1e10)": (lambda: value(ad.lgamma, 1e10), math.lgamma(1e10)),
    "lgamma(101)": (lambda: value(ad.lgamma, 101), math.log(math.factorial(100))),
    "digamma(1)": (lambda: value(ad.digamma, 1.0), -EULER),
    "digamma(1/2)": (lambda: value(ad.digamma, 0.5), -EULER - 2 * math.log(2)),
    "digamma(1/4)": (lambda: value(ad.digamma, 0.25), -EULER - pi / 2 - 3 * math.log(2)),
    "digamma(-1/2)": (lambda: value(ad.digamma, -0.5), 2 - EULER - 2 * math.log(2)),
    "digamma(10)": (lambda: value(ad.digamma, 10.0), math.fsum(1 / k for k in range(1, 10)) - EULER),
    "polygamma(0, 1)": (lambda: value(ad.polygamma, 0, 1.0), -EULER),
    "polygamma(1, 1)": (lambda: value(ad.polygamma, 1, 1.0), pi**2 / 6),
    "polygamma(1, 1/4)": (lambda: value(ad.polygamma, 1, 0.25), pi**2 + 8 * CATALAN),
    "polygamma(1, -1/2)": (lambda: value(ad.polygamma, 1, -0.5), pi**2 / 2 + 4),
    "polygamma(2, 1)": (lambda: value(ad.polygamma, 2, 1.0), -2 * APERY),
    "polygamma(2, -1/2)": (lambda: value(ad.polygamma, 2, -0.5), -14 * APERY + 16),
    "polygamma(3, 1/2)": (lambda: value(ad.polygamma, 3, 0.5), pi**4),
    "beta(1/2, 1/2)": (lambda: value(ad.beta, 0.5, 0.5), pi),
    "beta(3, 4)": (lambda: value(ad.beta, 3.0, 4.0), 1 / 60),
    "beta(-1/2, 2)": (lambda: value(ad.beta, -0.5, 2.0), -4),
    "betaln(1e8, 2)": (lambda: value(ad.betaln, 1e8, 2.0), -math.log(1e8) - math.log(1e8 + 1)),
    "betaln(1, 1e15)": (lambda: value(ad.betaln, 1.0, 1e15), -math.log(1e15)),
    "erfcx(0)": (lambda: value(ad.erfcx, 0.0), 1),
    "erfcx(1e8)": (lambda: value(ad.erfcx, 1e8), 1e-8 / math.sqrt(pi)),
    "erfinv(erf(1/2))": (lambda: value(ad.erfinv, math.erf(0.5)), 0.5),
    "erfinv(erf(2))": (lambda: value(ad.erfinv, math.erf(2.0)), 2.0),
    "erfinv(tiny)": (lambda: value(ad.erfinv, 1e-200), 1e-200 * math.sqrt(pi) / 2),
    "ndtr(0)": (lambda: value(ad.ndtr, 0.0), 0.5),
    "ndtr(-30)": (lambda: value(ad.ndtr, -30.0), 0.5 * math.erfc(30 * math.sqrt(0.5))),
    "ndtri(1/2)": (lambda: value(ad.ndtri, 0.5), 0),
    "ndtri(ndtr(-9))": (lambda: value(ad.ndtri, 0.5 * math.erfc(9 / math.sqrt(2))), -9),
    "log_ndtr(0)": (lambda: value(ad.log_ndtr, 0.0), -math.log(2)),
    "log_ndtr(9)": (lambda: value(ad.log_ndtr, 9.0), -0.5 * math.erfc(9 / math.sqrt(2))),
    "log_ndtr(-1e6)": (lambda: value(ad.log_ndtr, -1e6), -5e11 - math.log(1e6 * math.sqrt(2 * pi))),
    "logit(1/2)": (lambda: value(ad.logit, 0.5), 0),
    "logit(1/2 + tiny)": (lambda: value(ad.logit, 0.5 + 2**-40), 4 * 2**-40),
    "logit(tiny)": (lambda: value(ad.logit, 1e-300), math.log(1e-300)),
    "logit(expit)": (lambda: value(ad.logit, value(ad.expit, -3.0)), -3),
    "entr(1/e)": (lambda: value(ad.entr, math.exp(-1)), math.exp(-1)),
    "rel_entr far apart": (lambda: value(ad.rel_entr, 1e-300, 1e300), -600e-300 * math.log(10)),
    "i0e(0)": (lambda: value(ad.i0e, 0.0), 1),
    "i1(0)": (lambda: value(ad.i1, 0.0), 0),
    "i0e far out": (lambda: value(ad.i0e, 1e20), 1 / math.sqrt(2e20 * pi)),
    "sinc(1/2)": (lambda: value(ad.sinc, 0.5), 2 / pi),
}


@pytest.mark.parametrize(("ours", "exact"), KNOWN.values(), ids=KNOWN.keys())
def test_known_values(ours, exact):
    assert ours() == pytest.approx(exact, rel=3e-14, abs=0)


@given(st.floats(0.01, 150))
def test_recurrences(x):
    assert value(ad.lgamma, x + 1) == pytest.approx(value(ad.lgamma, x) + math.log(x), rel=1e-13, abs=1e-14)
    assert value(ad.digamma, x + 1) == pytest.approx(value(ad.digamma, x) + 1 / x, rel=1e-13, abs=1e-14)
    for n in (1, 2, 5):
        step = (-1) ** n * math.factorial(n) / x ** (n + 1)
        scale = abs(value(ad.polygamma, n, x))
        assert value(ad.polygamma, n, x + 1) == pytest.approx(value(ad.polygamma, n, x) + step, abs=1e-13 * scale)


@given(st.floats(-30, 30).filter(lambda x: abs(x - round(x)) > 1e-3))
def test_lgamma_is_that_of_the_c_library(x):
    assert value(ad.lgamma, x) == pytest.approx(math.lgamma(x), rel=1e-13, abs=1e-13)


@given(st.floats(-5, 5))
def test_inverse_functions(x):
    assert value(ad.erfinv, math.erf(x)) == pytest.approx(x, abs=1e-15 * math.exp(x * x))
    assert value(ad.ndtri, value(ad.ndtr, x)) == pytest.approx(x, abs=1e-15 * math.exp(x * x / 2))
    assert value(ad.logit, value(ad.expit, x)) == pytest.approx(x, abs=1e-13)


@given(st.floats(-20, 20))
def test_the_bessel_functions_equation(x):
    """x^2 y'' + x y' - x^2 y = 0 for I_0, with derivatives by the rules."""
    y, y1, y2 = (derivative(ad.i0, n)(x) for n in range(3))
    assert x * x * y2 + x * y1 == pytest.approx(x * x * np.asarray(y), rel=1e-12, abs=1e-300)


# Against SciPy, where it is installed: on a wide range, in both precisions

BROAD = np.concatenate(
    [np.linspace(-30.25, 30.25, 400), 10.0 ** np.linspace(-12, 3, 61), -(10.0 ** np.linspace(-8, 2, 31))]
)
UNIT = np.concatenate([np.linspace(0.001, 0.999, 400), 10.0 ** np.linspace(-30, -3, 50)])
PAIRS = np.meshgrid(10.0 ** np.linspace(-3, 2, 17), 10.0 ** np.linspace(-3, 2, 17))
AGAINST_SCIPY = {
    "beta": (PAIRS, 1e-12),
    "betaln": (PAIRS, 1e-12),
    "digamma": ([BROAD], 1e-12),
    "entr": ([BROAD], 1e-15),
    "erfcx": ([BROAD[BROAD > -26]], 1e-13),
    "erfinv": ([np.concatenate([UNIT, -UNIT])], 1e-14),
    "expit": ([BROAD], 1e-14),
    "gammaln": ([BROAD], 1e-13),
    "i0": ([BROAD], 1e-14),
    "i0e": ([BROAD], 1e-14),
    "i1": ([BROAD], 1e-14),
    "i1e": ([BROAD], 1e-14),
    "log_ndtr": ([BROAD], 1e-13),
    "logit": ([UNIT], 1e-14),
    "ndtr": ([BROAD], 1e-13),
    "ndtri": ([UNIT], 1e-14),
    "rel_entr": (PAIRS, 1e-13),
    "xlog1py": (PAIRS, 1e-15),
    "xlogy": (PAIRS, 1e-15),
}


@pytest.mark.parametrize("name", AGAINST_SCIPY)
def test_values_are_scipys(name):
    special = pytest.importorskip("scipy.special")
    args, tolerance = AGAINST_SCIPY[name]
    ours, theirs = getattr(ad, name), getattr(special, name)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(ours(*args).data, theirs(*args), rtol=tolerance, atol=1e-15)
        single = [np.float32(x) for x in args]
        y = ours(*single)
        assert y.dtype == np.float32
        np.testing.assert_allclose(y.data, np.float32(theirs(*map(np.float64, single))), rtol=1e-5, atol=1e-30)


@pytest.mark.parametrize("n", [1, 2, 3, 8, 30])
def test_polygamma_is_scipys(n):
    special = pytest.importorskip("scipy.special")
    x = np.concatenate([np.linspace(0.01, 60, 200), 10.0 ** np.linspace(-3, 4, 30)])
    np.testing.assert_allclose(ad.polygamma(n, x).data, special.polygamma(n, x), rtol=1e-13)


@pytest.mark.parametrize("name", ["gammainc", "gammaincc", "betainc"])
def test_incomplete_functions_are_scipys_with_densities_for_derivatives(name):
    special = pytest.importorskip("scipy.special")
    stats = pytest.importorskip("scipy.stats")
    x = np.linspace(0.05, 0.95, 7)
    a = np.array([[0.5], [1.0], [4.5]])
    params = (a, 2.5) if name == "betainc" else (a,)
    np.testing.assert_array_equal(getattr(ad, name)(*params, x).data, getattr(special, name)(*params, x))
    density = stats.beta.pdf(x, a, 2.5) if name == "betainc" else stats.gamma.pdf(x, a)
    ours = ad.grad(lambda x: ad.sum(getattr(ad, name)(*params, x)))(np.broadcast_to(x, (3, 7)).copy())
    np.testing.assert_allclose(ours, -density if name == "gammaincc" else density, rtol=1e-12)
    with pytest.raises(TypeError, match=r"not differentiated with respect to a.*detach"):
        getattr(ad, name)(Tensor(a, requires_grad=True), *params[1:], x)


def test_without_scipy_the_error_names_the_extra(monkeypatch):
    imported = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("scipy"):
            raise ImportError(name)
        return imported(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setattr("autodiff.rules.gamma.import_module", without)
    _scipy.cache_clear()
    for name, args in [("gammainc", (1.0, 1.0)), ("gammaincc", (1.0, 1.0)), ("betainc", (1.0, 1.0, 0.5))]:
        with pytest.raises(ImportError, match=rf"{name}.*autodiff-nn\[scipy\]"):
            getattr(ad, name)(*args)
    assert value(ad.lgamma, 3.0) == pytest.approx(math.log(2))


# Derivatives

HIGHER = {
    "digamma is lgamma's slope": (ad.lgamma, 1, 2.5, lambda x: ad.digamma(x).item()),
    "lgamma, 2": (ad.lgamma, 2, 1.0, lambda x: pi**2 / 6),
    "lgamma, 3": (ad.lgamma, 3, 1.0, lambda x: -2 * APERY),
    "lgamma, 4": (ad.lgamma, 4, 0.5, lambda x: pi**4),
    "lgamma, 2, negative": (ad.lgamma, 2, -0.5, lambda x: pi**2 / 2 + 4),
    "polygamma": (lambda x: ad.polygamma(1, x), 2, 0.5, lambda x: pi**4),
    "erfinv, 2": (ad.erfinv, 2, 0.0, lambda x: 0),
    "erfinv, 3": (ad.erfinv, 3, 0.0, lambda x: pi**1.5 / 4),
    "ndtri, 2": (ad.ndtri, 2, math.erfc(-1 / math.sqrt(2)) / 2, lambda x: 2 * pi * math.e),
    "log_ndtr, 1": (ad.log_ndtr, 1, 0.0, lambda x: math.sqrt(2 / pi)),
    "log_ndtr, 2": (ad.log_ndtr, 2, 0.0, lambda x: -2 / pi),
    "log_ndtr, 1, far out": (ad.log_ndtr, 1, -1e8, lambda x: 1e8),
    "log_ndtr, 2, far out": (ad.log_ndtr, 2, -1e6, lambda x: -1),
    "erfcx, 1": (ad.erfcx, 1, 1e4, lambda x: -1e-8 / math.sqrt(pi) * (1 - 1.5e-8)),
    "erfcx, 2": (ad.erfcx, 2, 1e4, lambda x: 2e-12 / math.sqrt(pi) * (1 - 3e-8)),
    "logit, 2": (ad.logit, 2, 0.25, lambda x: 1 / (1 - x) ** 2 - 1 / x**2),
    "entr, 2": (ad.entr, 2, 0.25, lambda x: -1 / x),
    "sinc, 1": (ad.sinc, 1, 0.0, lambda x: 0),
    "sinc, 2": (ad.sinc, 2, 0.0, lambda x: -(pi**2) / 3),
    "sinc, 3": (ad.sinc, 3, 0.0, lambda x: 0),
    "sinc, 4": (ad.sinc, 4, 0.0, lambda x: pi**4 / 5),
    "sinc, 6": (ad.sinc, 6, 0.0, lambda x: -(pi**6) / 7),
    "sinc, 2, nearby": (ad.sinc, 2, 1e-5, lambda x: -(pi**2) / 3 + pi**4 * x * x / 10),
    "sinc, 1, at 1": (ad.sinc, 1, 1.0, lambda x: -1),
    "sinc, 2, at 1": (ad.sinc, 2, 1.0, lambda x: 2),
    "i0, 2": (ad.i0, 2, 0.0, lambda x: 0.5),
    "i0, 4": (ad.i0, 4, 0.0, lambda x: 3 / 8),
    "i1, 1": (ad.i1, 1, 0.0, lambda x: 0.5),
    "i1, 3": (ad.i1, 3, 0.0, lambda x: 3 / 8),
    "i0e, 1": (ad.i0e, 1, 0.0, lambda x: 0),
    "i1e, 1": (ad.i1e, 1, 0.0, lambda x: 0.5),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("f", "order", "x", "exact"), HIGHER.values(), ids=HIGHER.keys())
def test_derivatives_of_any_order(f, order, x, exact):
    assert derivative(f, order)(x) == pytest.approx(exact(x), rel=1e-10, abs=1e-15)


def test_the_two_modes_agree_on_third_derivatives():
    for f, x in [
        (ad.lgamma, 0.7),
        (ad.erfcx, 0.3),
        (ad.log_ndtr, -2.0),
        (ad.sinc, 0.4),
        (ad.i0e, 2.0),
        (ad.ndtri, 0.3),
    ]:
        backwards = derivative(f, 3)(x)
        forwards = ad.jvp(lambda x, f=f: ad.jvp(lambda x: ad.jvp(f, (x,), (1.0,))[1], (x,), (1.0,))[1], (x,), (1.0,))[1]
        assert backwards == pytest.approx(forwards, rel=1e-12)


# Edges: the function, its arguments, its value, its gradient

EDGES = [
    (ad.xlogy, (0.0, 0.0), 0, (0, 0)),
    (ad.xlogy, (0.0, 2.0), 0, (math.log(2), 0)),
    (ad.xlogy, (0.0, -1.0), 0, (0, 0)),
    (ad.xlogy, (2.0, 0.0), -inf, (-inf, inf)),
    (ad.xlogy, (0.0, nan), nan, (nan, nan)),
    (ad.xlog1py, (0.0, -1.0), 0, (0, 0)),
    (ad.xlog1py, (2.0, 1e-20), 2e-20, (1e-20, 2)),
    (ad.entr, (0.0,), 0, (0,)),
    (ad.entr, (-1.0,), -inf, (0,)),
    (ad.rel_entr, (0.0, 0.0), 0, (0, 0)),
    (ad.rel_entr, (0.0, 2.0), 0, (0, 0)),
    (ad.rel_entr, (-1.0, 2.0), inf, (0, 0)),
    (ad.rel_entr, (1.0, 0.0), inf, (0, 0)),
    (ad.logit, (0.0,), -inf, (inf,)),
    (ad.logit, (1.0,), inf, (inf,)),
    (ad.logit, (2.0,), nan, (-0.5,)),
    (ad.erfinv, (1.0,), inf, (inf,)),
    (ad.erfinv, (-1.0,), -inf, (inf,)),
    (ad.erfinv, (1.5,), nan, (nan,)),
    (ad.ndtri, (0.0,), -inf, (inf,)),
    (ad.ndtri, (1.0,), inf, (inf,)),
    (ad.erfc, (inf,), 0, (0,)),
    (ad.erfcx, (inf,), 0, (0,)),
    (ad.erfcx, (-inf,), inf, (-inf,)),
    (ad.log_ndtr, (inf,), 0, (0,)),
    (ad.log_ndtr, (-inf,), -inf, (inf,)),
    (ad.lgamma, (0.0,), inf, (-inf,)),
    (ad.lgamma, (-3.0,), inf, (nan,)),
    (ad.lgamma, (inf,), inf, (inf,)),
    (ad.lgamma, (nan,), nan, (nan,)),
    (ad.digamma, (0.0,), -inf, (inf,)),
    (ad.digamma, (-2.0,), nan, (inf,)),
    (ad.digamma, (inf,), inf, (0,)),
    (ad.i0, (0.0,), 1, (0,)),
    (ad.i1e, (-inf,), 0, (0,)),
    (ad.sinc, (0.0,), 1, (0,)),
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("f", "args", "y", "gradient"),
    EDGES,
    ids=[f"{e[0].name}{e[1]}" if hasattr(e[0], "name") else f"{e[0].__name__}{e[1]}" for e in EDGES],
)
def test_edges(f, args, y, gradient):
    xs = [Tensor([x], requires_grad=True) for x in args]
    result = f(*xs)
    assert result.tolist() == pytest.approx([y], nan_ok=True)
    result.backward([1.0])
    assert [x.grad.tolist()[0] for x in xs] == pytest.approx(list(gradient), nan_ok=True)


@pytest.mark.filterwarnings("error")
def test_cross_entropy_of_a_certain_target_stays_finite_to_second_order():
    def loss(x):
        return -ad.sum(ad.xlogy(np.array([1.0, 0.0]), ad.softmax(x)))

    x = np.array([800.0, 0.0])
    assert ad.grad(loss)(x).tolist() == [0, 0]
    assert np.all(np.isfinite(ad.hessian(loss)(x)))
    both = ad.hessian(lambda p: ad.sum(ad.xlogy(p, p)))(np.array([0.0, 0.5]))
    np.testing.assert_allclose(both, [[0, 0], [0, 2]])


def test_what_is_masked_contributes_nothing():
    x = Tensor([-1.0, 0.0, 0.5], requires_grad=True)
    ad.sum(ad.where(x > 0, ad.logit(ad.where(x > 0, x, 0.5)), 0.0)).backward()
    assert x.grad.tolist() == [0, 0, 4]


# Input

SPECIAL = [
    *("beta", "betaln", "digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "i0e", "i1", "i1e", "lgamma"),
    *("log_ndtr", "logit", "ndtr", "ndtri", "rel_entr", "xlog1py", "xlogy"),
]


@pytest.mark.parametrize("name", SPECIAL)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int32, np.bool])
def test_precision_is_kept_and_integers_become_doubles(name, dtype):
    args = [np.ones((2, 3), dtype)] * (2 if name[:2] in ("be", "xl", "re") else 1)
    expected = dtype if np.dtype(dtype).kind == "f" else np.float64
    y = getattr(ad, name)(*args)
    assert y.dtype == expected
    assert y.shape == (2, 3)
    assert getattr(ad, name)(*(np.ones((0, 2), dtype) for _ in args)).shape == (0, 2)


def test_plain_numbers_take_the_precision_of_the_others():
    assert ad.xlogy(2.0, Tensor([1.0], dtype=np.float32)).dtype == np.float32
    assert ad.betaln(Tensor([1.0], dtype=np.float32), 2).dtype == np.float32


@pytest.mark.parametrize(("n", "error"), [(-1, ValueError), (151, ValueError), (1.5, TypeError), ([1, 2], TypeError)])
def test_the_order_of_polygamma_is_a_small_integer(n, error):
    with pytest.raises(error):
        ad.polygamma(n, 1.0)


def test_aliases():
    assert ad.expit is ad.sigmoid
    assert ad.gammaln is ad.lgamma
    assert np.sinc(Tensor(0.5)).item() == np.sinc(0.5)
    assert np.i0(Tensor(0.5)).item() == np.i0(0.5)
    assert table["sinc"] is ad.sinc
