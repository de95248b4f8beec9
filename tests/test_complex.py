"""Complex numbers: every row keeps every law on them too, or refuses them."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autodiff as ad
from autodiff import Tensor
from autodiff.op import table
from autodiff.testing.laws import COMPLEX_LAWS, differentiable, takes
from autodiff.testing.strategies import op_calls

#: Rows whose complex results are determined up to phases alone, on which no gradient may depend: see test_linalg.py.
UP_TO_PHASES = {"eig", "eigh", "svd"}

cases = [
    pytest.param(op, law, id=f"{name}-{law.__name__}")
    for name, op in sorted(table.items())
    for law in COMPLEX_LAWS
    if op.differentiable and name not in UP_TO_PHASES
]


def is_complex(x):
    return np.asarray(x).dtype.kind == "c"


@pytest.mark.parametrize(("op", "law"), cases)
def test_law(op, law):
    reached = Counter()

    @settings(max_examples=12)
    @given(st.data())
    def check(data):
        args, params = data.draw(op_calls(op, complex_too=True))
        if any(map(is_complex, args)) and takes(op, args, params):
            reached["conclusive"] += law(op, args, params)
            reached["due"] += len(differentiable(op, args))

    check()
    assert reached["conclusive"] >= 0.9 * reached["due"], f"{op.name}: {reached} - too much was inconclusive"


# What takes complex numbers, and what refuses them

TAKE = """
    abs acos acosh add affine asin asinh atan atanh concat conj cos cosh cumprod cumsum divide dot einsum exp expm1 imag
    log log1p log2 log10 logsumexp matmul mean multiply negative norm outer power prod real reciprocal reshape sigmoid
    sign sin sinc sinh softmax sqrt square std subtract sum tan tanh trace var vdot vecdot where
""".split()  # noqa: SIM905
REFUSE = """
    atan2 beta betaln cbrt ceil celu copysign degrees digamma elu entr erf erfc erfinv fabs floor hardsigmoid hardswish
    hardtanh heaviside huber hypot i0 i1e leaky_relu lgamma log_sigmoid logaddexp logit mish ndtr radians rel_entr relu
    relu6 remainder selu softplus softsign trunc xlog1py xlogy
""".split()  # noqa: SIM905
OF_TWO = {"atan2", "beta", "betaln", "copysign", "heaviside", "hypot", "logaddexp", "rel_entr", "remainder"} | {
    *("xlog1py", "xlogy", "add", "divide", "dot", "matmul", "multiply", "outer", "power", "subtract", "vdot", "vecdot")
}


def arguments(name, z):
    return {
        "affine": (z, z, z[0]),
        "concat": ([z, z],),
        "einsum": ("ij,jk->ik", z, z),
        "reshape": (z, -1),
        "where": (z.data.real > 0, z, z),
        "vdot": (z, z),
    }.get(name, (z, z) if name in OF_TWO else (z,))


@pytest.mark.parametrize("name", TAKE)
def test_takes_complex_numbers(name):
    z = Tensor([[0.3 + 0.4j, 1.0 - 0.2j], [0.1j, -0.5]], requires_grad=True)
    y = getattr(ad, name)(*arguments(name, z))
    ad.sum(ad.abs(y)).backward()
    assert z.grad.dtype == np.complex128
    assert np.all(np.isfinite(z.grad.data))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", REFUSE)
@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_refuses_complex_numbers(name, dtype):
    z = Tensor([[0.5, 0.25]], dtype=dtype, requires_grad=True)
    with pytest.raises(TypeError, match=r"complex|not supported|real"):
        getattr(ad, name)(*arguments(name, z))


@pytest.mark.filterwarnings("error")
def test_imaginary_parts_are_not_lost_unasked():
    z = Tensor([1 + 2j], requires_grad=True)
    with pytest.raises(TypeError, match=r"imaginary.*autodiff\.real"):
        z.astype(np.float32)
    assert z.astype(np.complex64).dtype == np.complex64
    assert z.astype(bool).tolist() == [True]
    with pytest.raises(ValueError, match="one real number"):
        ad.grad(lambda z: z * z)(1 + 2j)


# The convention of the boundary: dL/da + i dL/db

LOSSES = {
    "abs": lambda f, z: f.sum(f.abs(z)),
    "abs2": lambda f, z: f.sum(f.abs(z) ** 2),
    "real": lambda f, z: f.sum(f.real(z * z)),
    "imag": lambda f, z: f.sum(f.imag(z * z * z)),
    "exp": lambda f, z: f.sum(f.real(f.exp(1j * z) * (2 - 1j))),
    "log": lambda f, z: f.sum(f.imag(f.log(z))),
    "conj": lambda f, z: f.sum(f.real(f.conj(z) * f.sin(z))),
    "quotient": lambda f, z: f.sum(f.abs(z / (z + 1j)) ** 3),
    "power": lambda f, z: f.sum(f.real(z**2.5)),
    "sqrt": lambda f, z: f.sum(f.imag(f.sqrt(z)) ** 2),
    "matmul": lambda f, z: f.sum(f.abs(f.matmul(z, f.conj(z)))),
    "norm": lambda f, z: f.linalg.norm(z) if f is not ad else f.norm(z),
    "tanh": lambda f, z: f.sum(f.abs(f.tanh(z))),
    "fft": lambda f, z: f.sum(f.abs(f.fft.fft(z)) ** 3),
    "irfft": lambda f, z: f.sum(f.fft.irfft(z) ** 3),
    "prod": lambda f, z: f.real(f.prod(z)),
    "reciprocal": lambda f, z: f.sum(f.abs(f.reciprocal(z))),
}


def point(shape=(3, 3), seed=0):
    x = np.random.default_rng(seed).normal(size=(2, *shape))
    return x[0] + 1j * x[1]


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())
def test_gradient_is_the_real_slope_and_i_times_the_imaginary_one(loss):
    z, h = point(), 1e-6
    gradient = ad.grad(lambda z: loss(ad, z))(z)
    for k in np.ndindex(z.shape):
        for unit in (1, 1j):
            step = np.zeros_like(z)
            step[k] = h * unit
            slope = (loss(ad, Tensor(z + step)) - loss(ad, Tensor(z - step))).item() / (2 * h)
            ours = gradient[k].real if unit == 1 else gradient[k].imag
            assert ours == pytest.approx(slope, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())
def test_against_torch(loss):
    torch = pytest.importorskip("torch")
    z = point()
    theirs = torch.tensor(z, requires_grad=True)
    loss(torch, theirs).backward()
    np.testing.assert_allclose(ad.grad(lambda z: loss(ad, z))(z), theirs.grad.numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["abs", "sgn", "angle", "exp", "sqrt", "log", "sin", "conj", "tanh", "reciprocal"])
def test_products_with_jacobians_against_torch(name):
    torch = pytest.importorskip("torch")
    ours = {"sgn": ad.sign, "angle": lambda z: ad.imag(ad.log(z))}.get(name) or getattr(ad, name)
    z, v = point(), point(seed=1)
    y = getattr(torch, name)(torch.tensor(z))
    g = point(seed=2) if y.is_complex() else point(seed=2).real
    pulled = torch.func.vjp(getattr(torch, name), torch.tensor(z))[1](torch.tensor(g))[0].resolve_conj().numpy()
    np.testing.assert_allclose(ad.vjp(ours, z)[1](g)[0], pulled, rtol=1e-10, atol=1e-12)
    pushed = torch.func.jvp(getattr(torch, name), (torch.tensor(z),), (torch.tensor(v),))[1].resolve_conj().numpy()
    np.testing.assert_allclose(ad.jvp(ours, (z,), (v,))[1], pushed, rtol=1e-10, atol=1e-12)


@given(st.complex_numbers(min_magnitude=0.1, max_magnitude=5), st.complex_numbers(max_magnitude=5))
def test_holomorphic_functions(z, g):
    for f, slope in [(ad.exp, np.exp(z)), (ad.square, 2 * z), (ad.sin, np.cos(z)), (ad.reciprocal, -1 / z**2)]:
        assert ad.vjp(f, z)[1](g)[0] == pytest.approx(g * np.conj(slope), rel=1e-12, abs=1e-300)
        assert ad.jvp(f, (z,), (g,))[1] == pytest.approx(g * slope, rel=1e-12, abs=1e-300)


def test_steepest_descent_reaches_a_complex_root():
    z = Tensor(0.5 + 0.5j, requires_grad=True)
    for _ in range(300):
        z.zero_grad()
        (ad.abs(z**2 + 1) ** 2).backward()
        z.data = z.data - 0.05 * z.grad.data
    assert z.item() == pytest.approx(1j, abs=1e-6)


@given(st.complex_numbers(max_magnitude=3), st.floats(-3, 3))
def test_real_arguments_have_real_gradients(z, x):
    ours = ad.grad(lambda z, x: ad.real(ad.exp(z * x)), (0, 1))(z, x)
    assert ours[0].dtype == np.complex128
    assert ours[1].dtype == np.float64
    assert ours[1] == pytest.approx((z * np.exp(z * x)).real, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("base", [-2.0, 2.0, -2 + 0j, 0.5 - 1j])
def test_complex_powers(base):
    """d/dp x^p = x^p log x, with the logarithm that NumPy's power takes, also of negative real numbers."""
    p = 0.3 - 0.4j
    y, pull = ad.vjp(ad.power, base, p)
    assert y == pytest.approx(np.power(complex(base), p))
    by_base, by_exponent = pull(1.0)
    slope = p * complex(base) ** (p - 1)
    assert by_base == pytest.approx(slope.real if isinstance(base, float) else np.conj(slope))
    assert by_exponent == pytest.approx(np.conj(y * np.log(complex(base))))


def test_hooks_and_kept_gradients_speak_the_convention():
    z = Tensor(1 + 2j, requires_grad=True)
    w = z * z
    w.retain_grad()
    seen = []
    w.register_hook(seen.append)
    ad.real(w * (3 + 1j)).backward()
    assert seen[0].item() == w.grad.item() == 3 - 1j
    assert z.grad.item() == (3 - 1j) * np.conj(2 * (1 + 2j))


@pytest.mark.parametrize("f", [ad.abs, ad.sign, ad.norm], ids=["abs", "sign", "norm"])
def test_zero_has_gradient_zero(f):
    assert ad.grad(lambda z: ad.sum(ad.real(f(z))))(np.zeros(2, complex)).tolist() == [0, 0]


def test_second_order_of_the_modulus():
    """For |z|: along z nothing, across it 1/|z|."""
    z = 3 + 4j

    def gradient(z):
        return ad.grad(ad.abs)(z)

    assert ad.jvp(gradient, (z,), (z,))[1] == pytest.approx(0, abs=1e-15)
    assert ad.jvp(gradient, (z,), (1j * z,))[1] == pytest.approx(1j * z / abs(z))
    assert ad.jvp(ad.grad(lambda z: ad.abs(z) ** 2), (z,), (1 - 2j,))[1] == pytest.approx(2 * (1 - 2j))
