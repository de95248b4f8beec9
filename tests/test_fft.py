"""`numpy.fft`, all of it: values, gradients against the matrix of the transform, and how the functions relate."""

import inspect
import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autodiff as ad
from autodiff import Tensor

NORMS = [None, "backward", "ortho", "forward"]
TRANSFORMS = [name for name in ad.fft.__all__ if "freq" not in name and "shift" not in name]
ONE_AXIS = [name for name in TRANSFORMS if name[-1] not in "n2"]
REAL_INPUT = {"rfft", "rfftn", "rfft2", "ihfft"}


def numbers(shape, *, real, seed=0):
    x = np.random.default_rng(seed).normal(size=(2, *shape))
    return x[0] if real else x[0] + 1j * x[1]


def argument(name, shape, *, real=False):
    return numbers(shape, real=real or name in REAL_INPUT)


def test_the_namespace_is_numpys():
    missing = {name for name in vars(np.fft) if not name.startswith("_")} - set(ad.fft.__all__) - {"test", "helper"}
    assert not missing
    for name in TRANSFORMS:
        theirs = [p for p in inspect.signature(getattr(np.fft, name)).parameters if p != "out"]
        assert list(inspect.signature(getattr(ad.fft, name)).parameters) == theirs


# Values


@pytest.mark.parametrize("name", ONE_AXIS)
@given(data=st.data())
def test_values_along_one_axis(name, data):
    shape = data.draw(hnp.array_shapes(max_dims=3, min_side=2, max_side=5))
    a = argument(name, shape, real=data.draw(st.booleans()))
    n, axis = data.draw(st.none() | st.integers(1, 7)), data.draw(st.integers(-len(shape), len(shape) - 1))
    params = {"n": n, "axis": axis, "norm": data.draw(st.sampled_from(NORMS))}
    theirs = getattr(np.fft, name)(a, **params)
    for ours in (getattr(ad.fft, name)(Tensor(a), **params), getattr(np.fft, name)(Tensor(a), **params)):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours.data, theirs, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", [name for name in TRANSFORMS if name not in ONE_AXIS])
@given(data=st.data())
def test_values_along_several_axes(name, data):
    shape = data.draw(hnp.array_shapes(min_dims=2, max_dims=3, min_side=2, max_side=4))
    a = argument(name, shape, real=data.draw(st.booleans()))
    ndim = len(shape)
    count = 2 if name[-1] == "2" else data.draw(st.integers(1, ndim))
    axes = data.draw(st.lists(st.integers(-ndim, ndim - 1), min_size=count, max_size=count))
    params = {"s": data.draw(st.none() | st.lists(st.integers(1, 5), min_size=count, max_size=count)), "axes": axes}
    if params["s"] and name != "irfft2" and name != "irfftn":
        params["s"][0] = -1
    if name == "irfftn" or name == "irfft2":
        assume(params["s"] is None or params["s"][-1] > 0)
    if data.draw(st.booleans()) and params["s"] is None:
        del params["axes"]
    theirs = getattr(np.fft, name)(a, norm=(norm := data.draw(st.sampled_from(NORMS))), **params)
    for ours in (
        getattr(ad.fft, name)(Tensor(a), norm=norm, **params),
        getattr(np.fft, name)(Tensor(a), norm=norm, **params),
    ):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours.data, theirs, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_single_precision_is_kept(name):
    a = argument(name, (4, 5))
    a = Tensor(a.astype(np.float32 if a.dtype.kind == "f" else np.complex64), requires_grad=True)
    y = getattr(ad.fft, name)(a)
    assert y.dtype == getattr(np.fft, name)(a.data).dtype
    y.backward(np.ones(y.shape))
    assert a.grad.dtype == a.dtype


@pytest.mark.parametrize("name", ["fftn", "ifftn"])
def test_no_axes_is_the_identity(name):
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = getattr(ad.fft, name)(x, axes=())
    y.sum().backward()
    assert y.tolist() == [1, 2]
    assert x.grad.tolist() == [1, 1]


def test_the_standard_takes_the_last_axes_for_lengths_alone():
    a = numbers((2, 3, 4), real=True)
    np.testing.assert_allclose(ad.fft.fftn(a, (2, 2)).data, np.fft.fftn(a, (2, 2), axes=(1, 2)), atol=1e-13)
    np.testing.assert_allclose(ad.fft.rfftn(a, (2, 5)).data, np.fft.rfftn(a, (2, 5), axes=(1, 2)), atol=1e-13)
    np.testing.assert_allclose(ad.fft.irfftn(a, (2, 5)).data, np.fft.irfftn(a, (2, 5), axes=(1, 2)), atol=1e-13)


@pytest.mark.parametrize(("n", "d"), [(1, 1.0), (4, 0.5), (5, 0.1), (7, 3.0)])
def test_frequencies(n, d):
    assert np.array_equal(ad.fft.fftfreq(n, d).data, np.fft.fftfreq(n, d))
    assert np.array_equal(ad.fft.rfftfreq(n, d=d).data, np.fft.rfftfreq(n, d))
    assert ad.fft.fftfreq(n, dtype=np.float32).dtype == ad.fft.rfftfreq(n, dtype=np.float32).dtype == np.float32
    slope = ad.jvp(lambda d: ad.fft.fftfreq(n, d), (d,), (1.0,))[1]
    np.testing.assert_allclose(slope, -np.fft.fftfreq(n, d) / d)


@given(shape=hnp.array_shapes(max_dims=3, max_side=5), data=st.data())
def test_shifts(shape, data):
    x = numbers(shape, real=True)
    axes = data.draw(st.none() | st.integers(-len(shape), len(shape) - 1) | st.just(tuple(range(len(shape)))))
    for name in ("fftshift", "ifftshift"):
        theirs = getattr(np.fft, name)(x, axes)
        assert np.array_equal(getattr(ad.fft, name)(x, axes).data, theirs)
        assert np.array_equal(getattr(np.fft, name)(Tensor(x), axes=axes).data, theirs)
    assert np.array_equal(ad.fft.ifftshift(ad.fft.fftshift(x, axes), axes).data, x)


# Gradients: the transform as a matrix of real numbers, made column by column by NumPy


def matrix(function, shape, *, real):
    """The real matrix of a map that is linear over the real numbers, complex ones being pairs."""
    columns = []
    for unit in itertools.chain(np.eye(int(np.prod(shape))), [] if real else 1j * np.eye(int(np.prod(shape)))):
        y = function(unit.reshape(shape))
        columns.append(np.concatenate([np.ravel(y.real), np.ravel(y.imag)]))
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("length", [None, 1, 2, 3, 4, 6, 7])
@pytest.mark.parametrize("shape", [(2, 4), (2, 5), (3, 2)])
@pytest.mark.parametrize("real", [True, False])
def test_gradients_are_the_transposed_matrix(name, norm, length, shape, real):
    if not real and name in REAL_INPUT:
        return
    size = {"n": length} if name in ONE_AXIS else {"s": length and (2, length)}
    x = numbers(shape, real=real)

    def plain(a):
        return getattr(np.fft, name)(a, norm=norm, **size, **({} if name in ONE_AXIS else {"axes": (0, 1)}))

    y, pull = ad.vjp(lambda a: getattr(ad.fft, name)(a, norm=norm, **size), x)
    g = numbers(y.shape, real=y.dtype.kind == "f", seed=1)
    pulled = matrix(plain, shape, real=real).T @ np.concatenate([np.ravel(g.real), np.ravel(g.imag)])
    ours = np.ravel(pull(g)[0])
    np.testing.assert_allclose(ours if real else np.concatenate([ours.real, ours.imag]), pulled, atol=1e-12)


def test_imaginary_parts_that_irfft_ignores_have_no_gradient():
    for n in (4, 5):
        x = numbers((3,), real=False)
        gradient = ad.grad(lambda a, n=n: ad.sum(ad.fft.irfft(a, n) ** 3))(x)
        assert gradient.imag[0] == 0
        assert (gradient.imag[-1] == 0) == (n == 4)


def test_through_a_spectrum_and_back_the_gradient_is_what_it_was():
    x = numbers((6,), real=True)
    for there, back in [("fft", "ifft"), ("rfft", "irfft"), ("ihfft", "hfft"), ("fftn", "ifftn"), ("rfftn", "irfftn")]:
        for norm in NORMS:

            def loss(x, there=there, back=back, norm=norm):
                middle = getattr(ad.fft, there)(x, norm=norm)
                return ad.sum(ad.real(getattr(ad.fft, back)(middle, norm=norm)) ** 3)

            np.testing.assert_allclose(ad.grad(loss)(x), 3 * x**2)
            np.testing.assert_allclose(ad.hessian(loss)(x), np.diag(6 * x), atol=1e-13)


def test_parseval():
    x = numbers((3, 4), real=True)
    for name in ("fft2", "ifft2", "fftn"):
        energy = ad.grad(lambda x, name=name: ad.sum(ad.abs(getattr(ad.fft, name)(x, norm="ortho")) ** 2))
        np.testing.assert_allclose(energy(x), 2 * x)


def test_convolution_theorem():
    x, w = numbers((7,), real=True), numbers((7,), real=True, seed=3)

    def by_spectrum(x, w):
        return ad.fft.irfft(ad.fft.rfft(x, 13) * ad.fft.rfft(w, 13), 13)

    cotangent = numbers((13,), real=True, seed=4)
    y, pull = ad.vjp(by_spectrum, x, w)
    np.testing.assert_allclose(y, np.convolve(x, w), atol=1e-13)
    gx, gw = pull(cotangent)
    np.testing.assert_allclose(gx, np.correlate(cotangent, w, "valid"), atol=1e-13)
    np.testing.assert_allclose(gw, np.correlate(cotangent, x, "valid"), atol=1e-13)


# What raises


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: ad.fft.fft(np.ones(3), 0), ValueError, "0"),
        (lambda: ad.fft.fft(np.ones(3), axis=1), ValueError, "axis"),
        (lambda: ad.fft.fft(np.ones(3), norm="half"), ValueError, "half"),
        (lambda: ad.fft.hfft(np.ones(3), norm="half"), ValueError, "half"),
        (lambda: ad.fft.fftn(np.ones((3, 3)), (2,), (0, 1)), ValueError, r"2 axes.*1 lengths"),
        (lambda: ad.fft.fftn(np.ones((3, 3)), axes=(2,)), ValueError, "axis 2"),
        (lambda: ad.fft.rfftn(np.ones((3, 3)), axes=()), ValueError, "one axis at least"),
        (lambda: ad.fft.rfft(1j * np.ones(3)), TypeError, "rfft"),
        (lambda: ad.fft.irfft(np.ones(1)), ValueError, "0"),
        (lambda: ad.fft.fftfreq(3, device="gpu"), ValueError, "gpu"),
        (lambda: np.fft.fft(Tensor([1.0, 2.0]), out=np.zeros(2, complex)), TypeError, "out"),
    ],
)
def test_bad_input(call, error, match):
    with pytest.raises(error, match=match):
        call()
