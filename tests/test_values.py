"""Values of every operation, against NumPy's function of that name or a formula in extended precision."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
from autodiff.op import table
from autodiff.testing.strategies import op_calls

erf = np.vectorize(math.erf, otypes=[float])
erfc = np.vectorize(math.erfc, otypes=[float])


gamma = np.vectorize(math.gamma, otypes=[float])
lgamma = np.vectorize(math.lgamma, otypes=[float])


def long(x):
    return np.asarray(x, dtype=np.longdouble)


def hypergeometric(x, above, below, terms=1000):
    """The generalised hypergeometric series in x."""
    total = term = np.ones_like(long(x))
    for k in range(terms):
        numerator, denominator = (math.prod(p + k for p in ps) for ps in (above, below))
        term = term * x * numerator / (denominator * (k + 1))
        total = total + term
    return total


def bessel_i(x, n):
    return (long(x) / 2) ** n / math.factorial(n) * hypergeometric(long(x) ** 2 / 4, [], [n + 1])


def polygamma(x, n, terms=2000):
    """The sum over 1 / (x + k)^(n+1), its tail by the integral between midpoints and a correction."""
    x, s = long(x), n + 1
    m = x + terms - 0.5
    head = sum((x + k) ** -s for k in range(terms))
    tail = (-np.log(m) if s == 1 else m ** (1 - s) / (s - 1)) - s / (24 * m ** (s + 1))
    return (-1) ** s * math.factorial(n) * (head + tail)


def inverse(function):
    """The inverse of an increasing function between -10 and 10, by bisection."""

    def inverted(y):
        low, high = np.full(np.shape(y), -10.0), np.full(np.shape(y), 10.0)
        for _ in range(70):
            middle = (low + high) / 2
            below = function(middle) < y
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return middle

    return inverted


def sigmoid(x):
    return 1 / (1 + np.exp(-long(x)))


def softplus(x):
    return np.log1p(np.exp(long(x)))


def hermitian(x):
    return (x + x.mT) / 2


def spaced(x, axis):
    """The axes of a reduction as a tuple."""
    return tuple(range(x.ndim)) if axis is None else axis


def huber(x, delta):
    return np.array([0.5 * v * v if abs(v) <= delta else delta * (abs(v) - 0.5 * delta) for v in x.ravel()]).reshape(
        x.shape
    )


#: Rows that NumPy has no function for: the same in another way.
REFERENCES = {
    "affine": lambda x, w, b: np.einsum("...n,mn->...m", x, w) + b,
    "astype": lambda x, dtype: np.array(x, dtype=dtype),
    "beta": lambda a, b: gamma(a) * gamma(b) / gamma(a + b),
    "betainc": lambda x, a, b: x**a * hypergeometric(x, [a, 1 - b], [a + 1]) * gamma(a + b) / (a * gamma(a) * gamma(b)),
    "betaln": lambda a, b: lgamma(a) + lgamma(b) - lgamma(a + b),
    "binary_cross_entropy": lambda p, t: -np.log(long(p)) * t - np.log(1 - long(p)) * (1 - t),
    "binary_cross_entropy_with_logits": lambda x, t: -np.log(sigmoid(x)) * t - np.log(1 - sigmoid(x)) * (1 - t),
    "bitwise_invert": lambda x: -x - 1,
    "celu": lambda x, alpha: np.maximum(0, long(x)) + np.minimum(0, alpha * (np.exp(long(x) / alpha) - 1)),
    "cholesky": lambda a: np.linalg.cholesky(hermitian(a)),
    "clip": lambda x, low, high: np.minimum(np.maximum(x, low), high),
    "concatenated": lambda *xs, axis: np.concatenate(xs, axis),
    "convolution": lambda x, w, **laid: _trilinear("ngcq,gock,qkp->ngop", x=x, w=w, **laid),
    "convolution_weight": lambda x, y, **laid: _trilinear("ngcq,ngop,qkp->gock", x=x, y=y, **laid),
    "det": np.linalg.det,
    "digamma": lambda x: polygamma(x, 0),
    "eig": np.linalg.eig,
    "eigh": lambda a, **_: np.linalg.eigh(hermitian(a)),
    "einsum_explicit": lambda *xs, terms, result: np.einsum(",".join(terms) + "->" + result, *xs),
    "elu": lambda x, alpha: np.where(x > 0, long(x), alpha * (np.exp(long(x)) - 1)),
    "entr": lambda x: -long(x) * np.log(long(x)),
    "erf": erf,
    "erfc": erfc,
    "erfcx": lambda x: np.exp(long(x) ** 2) * erfc(x),
    "erfinv": inverse(erf),
    "fft": np.fft.fft,
    "frames": lambda a: (lambda u, s, w: (u, w, np.linalg.det(u) * np.linalg.det(w), s.shape[-1]))(*np.linalg.svd(a)),
    "full_convolution": np.convolve,
    "gammainc": lambda x, a: x**a * np.exp(-x) * hypergeometric(x, [1.0], [a + 1]) / gamma(a + 1),
    "gammaincc": lambda x, a: 1 - x**a * np.exp(-x) * hypergeometric(x, [1.0], [a + 1]) / gamma(a + 1),
    "gelu_erf": lambda x: x * 0.5 * erfc(-x / math.sqrt(2)),
    "gelu_tanh": lambda x: x / (1 + np.exp(-2 * math.sqrt(2 / math.pi) * (long(x) + 0.044715 * long(x) ** 3))),
    "getitem": lambda x, key: x[key],
    "hardsigmoid": lambda x: np.minimum(np.maximum(x + 3, 0), 6) / 6,
    "hardswish": lambda x: x * np.minimum(np.maximum(x + 3, 0), 6) / 6,
    "hardtanh": lambda x, min_val, max_val: np.minimum(np.maximum(x, min_val), max_val),
    "huber": huber,
    "ifft": np.fft.ifft,
    "inv": np.linalg.inv,
    "irfft": np.fft.irfft,
    "is_hermitian": lambda a: np.allclose(a, a.mT, rtol=0, atol=1e-13),
    "iv": lambda x, n: bessel_i(x, n),
    "ive": lambda x, n: bessel_i(x, n) * np.exp(-np.abs(long(x))),
    "index_put": lambda x, value, key: _assigned(x, value, key),
    "leaky_relu": lambda x, negative_slope: np.maximum(x, 0) + negative_slope * np.minimum(x, 0),
    "lgamma": lgamma,
    "log_ndtr": lambda x: np.log(0.5 * erfc(-x / math.sqrt(2))),
    "log_sigmoid": lambda x: np.log(sigmoid(x)),
    "log_softmax": lambda x, axis: long(x) - np.log(np.sum(np.exp(long(x)), axis=axis, keepdims=True)),
    "logit": lambda x: np.log(long(x)) - np.log(1 - long(x)),
    "logsumexp": lambda x, axis, keepdims: np.log(np.sum(np.exp(long(x)), axis=axis, keepdims=keepdims)),
    "mantissa": lambda x: np.frexp(x)[0],
    "matrix_rank": lambda a, **_: np.linalg.matrix_rank(a),
    "mish": lambda x: x * np.tanh(softplus(x)),
    "ndtri": inverse(lambda x: 0.5 * erfc(-x / math.sqrt(2))),
    "norm2": lambda x, axis, keepdims: np.sqrt(np.sum(long(x) ** 2, axis=axis, keepdims=keepdims)),
    "order_statistics": lambda x, places: np.sort(x)[..., list(places)],
    "overlap": lambda y, **laid: _trilinear("knp,qkp->nq", windows=y, **laid),
    "pad_zeros": lambda x, widths: np.pad(x, widths),
    "partitioned": lambda x, kth, axis: np.take_along_axis(x, np.argpartition(x, kth, axis), axis),
    "pinv": lambda a, **_: np.linalg.pinv(a),
    "polygamma": lambda x, n: polygamma(x, n),
    "qr": lambda a, mode: np.linalg.qr(a, mode),
    "rel_entr": lambda x, y: x * (np.log(long(x)) - np.log(long(y))),
    "relu": lambda x: x * (x > 0),
    "rfft": np.fft.rfft,
    "running_prod": np.cumprod,
    "running_sum": np.cumsum,
    "scatter": lambda g, key, shape: _scattered(g, key, shape),
    "sigmoid": sigmoid,
    "silu": lambda x: x * sigmoid(x),
    "slogdet": np.linalg.slogdet,
    "softmax": lambda x, axis: np.exp(long(x)) / np.sum(np.exp(long(x)), axis=axis, keepdims=True),
    "softplus": softplus,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "solve": np.linalg.solve,
    "sorted_along": lambda x, axis, descending: -np.sort(-x, axis) if descending else np.sort(x, axis),
    "spherical_jn": lambda x, n: (
        long(x) ** n / math.prod(range(1, 2 * n + 2, 2)) * hypergeometric(-(long(x) ** 2) / 4, [], [n + 1.5])
    ),
    "stacked": lambda *xs, axis: np.stack(xs, axis),
    "stop_gradient": lambda x: x,
    "svd": lambda a, **_: np.linalg.svd(a, full_matrices=False),
    "standardize": lambda x, axis, eps: (
        (x - np.mean(long(x), axis, keepdims=True)) / np.sqrt(np.var(long(x), axis, keepdims=True) + eps)
    ),
    "transposed_convolution": lambda y, w, **laid: _trilinear("ngop,gock,qkp->ngcq", y=y, w=w, **laid),
    "windows": lambda x, **laid: _trilinear("nq,qkp->knp", signal=x, **laid),
    "within": lambda x, limit: x,
    "xlog1py": lambda x, y: x * np.log(1 + long(y)),
    "xlogy": lambda x, y: x * np.log(long(y)),
}


def _assigned(x, value, key):
    y = x.copy()
    y[key] = value
    return y


def _scattered(g, key, shape):
    places = np.arange(math.prod(shape)).reshape(shape)[key]
    y = np.zeros(math.prod(shape))
    for place, value in zip(np.ravel(places), np.ravel(g), strict=True):
        y[place] += value
    return y.reshape(shape)


def _trilinear(terms, *, stride, before, dilation, groups=1, sizes=(), kernel=(), out=(), **arrays):
    """A convolution by its definition: the sum over all places q, k and p with p s + k d - b = q on every axis."""
    dims = len(stride)
    lengths = {"q": sizes, "k": kernel, "p": out}
    axes = {"x": "q", "signal": "q", "w": "k", "y": "p", "windows": "p"}
    lengths.update({axes[name]: array.shape[-dims:] for name, array in arrays.items()})
    meet = np.ones((1, 1, 1))
    for n, k, m, s, b, d in zip(*lengths.values(), stride, before, dilation, strict=True):
        q, i, p = np.ogrid[:n, :k, :m]
        meet = np.kron(meet, p * s + i * d - b == q)
    factors = []
    for name, array in arrays.items():
        *lead, channels = array.shape[:-dims]
        if name == "w":
            lead = [groups, lead[0] // groups]
        elif name in "xy":
            lead, channels = [*lead, groups], channels // groups
        factors.append(array.reshape(*lead, channels, math.prod(array.shape[-dims:])))
    y = np.einsum(terms, *factors, meet)
    last = lengths[terms[-1]]
    if "g" not in terms:
        return y.reshape(*y.shape[:-1], *last)
    a, b, c, _ = y.shape
    return y.reshape(*((a * b, c) if terms[-1] == "k" else (a, b * c)), *last)


@pytest.mark.parametrize("name", sorted(table))
@given(data=st.data())
def test_values(name, data):
    op = table[name]
    args, params = data.draw(op_calls(op))
    ours = op(*args, **params)
    reference = REFERENCES.get(name) or getattr(np, name)
    with np.errstate(all="ignore"):
        theirs = reference(*args, **{k: v for k, v in params.items() if v is not None or name in REFERENCES})
    if isinstance(ours, tuple):
        assert all(np.array_equal(a.data, b) for a, b in zip(ours, theirs, strict=True))
        return
    assert ours.shape == np.shape(theirs)
    exact = name not in REFERENCES
    tolerance = 0.0 if exact and name not in ("mean", "einsum") else 1e-13
    np.testing.assert_allclose(
        ours.data.astype(np.longdouble if ours.dtype.kind == "f" else ours.dtype),
        theirs,
        rtol=tolerance,
        atol=tolerance,
    )


@given(st.floats(-30, 30))
def test_error_function_to_the_last_digits(x):
    assert ad.erf(x).item() == pytest.approx(math.erf(x), rel=4e-16, abs=0)
    assert ad.erfc(x).item() == pytest.approx(math.erfc(x), rel=1e-13, abs=0)


def test_log_softmax_does_not_round_at_the_size_of_its_argument():
    x = ad.Tensor(np.array([1e4, 1e4 - 1], np.float32))
    np.testing.assert_allclose(ad.log_softmax(x).data, [-0.31326168, -1.3132617], rtol=1e-6)


@pytest.mark.parametrize("function", [ad.sum, ad.mean, ad.max, ad.logsumexp, ad.norm, ad.ravel, ad.exp, ad.relu])
def test_plain_numbers_and_lists_will_do(function):
    assert isinstance(function(2.0), ad.Tensor)
    assert isinstance(function([1.0, 2.0]), ad.Tensor)


# Stable at any size: no overflow, no NaN, no warning, in float32 at +-10,000

NEURAL = [
    *("relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "softplus", "sigmoid"),
    *("log_sigmoid", "hardtanh", "hardsigmoid", "hardswish", "softsign", "tanh"),
]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", [*NEURAL, "gelu_tanh"])
def test_activations_are_stable_in_single_precision(name):
    function = (lambda x: ad.gelu(x, "tanh")) if name == "gelu_tanh" else getattr(ad, name)
    points = np.array([-1e4, -1e3, -90, -20, -3, -1e-3, 0, 1e-3, 3, 20, 90, 1e3, 1e4])
    results = []
    for dtype in (np.float32, np.float64):
        x = ad.Tensor(points.astype(dtype), requires_grad=True)
        y = function(x)
        y.sum().backward()
        assert y.dtype == x.grad.dtype == dtype
        assert np.all(np.isfinite(y.data))
        assert np.all(np.isfinite(x.grad.data))
        results.append((y.data, x.grad.data))
    for single, double in zip(*results, strict=True):
        np.testing.assert_allclose(single, double, rtol=2e-5, atol=1e-6)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
def test_softmax_family_is_stable_in_single_precision(name):
    x = ad.Tensor(np.array([[1e4, -1e4, 0.0], [1e4, 1e4, 1e4], [-1e4, -1e4, -1e4]], np.float32), requires_grad=True)
    y = getattr(ad, name)(x, axis=1)
    assert np.all(np.isfinite(y.data))
    (y * y).sum().backward()
    assert np.all(np.isfinite(x.grad.data))
    assert x.grad.dtype == np.float32


@pytest.mark.filterwarnings("error")
def test_losses_are_stable_in_single_precision():
    x = ad.Tensor(np.array([1e4, -1e4, 0.0], np.float32), requires_grad=True)
    ad.binary_cross_entropy_with_logits(x, np.float32([0, 1, 1])).sum().backward()
    np.testing.assert_allclose(x.grad.data, [1, -1, -0.5])
    p = ad.Tensor(np.array([0.0, 1.0, 0.5], np.float32), requires_grad=True)
    loss = ad.binary_cross_entropy(p, np.float32([1, 1, 1]))
    loss.sum().backward()
    np.testing.assert_allclose(loss.data, [100, 0, math.log(2)], atol=1e-6)
    assert np.all(np.isfinite(p.grad.data))
