"""Convolution and pooling: by their definition, by what they have to do with one another, and as PyTorch has them."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autodiff as ad
from autodiff import Tensor
from autodiff.testing.numerical import directional_derivative

CONV = {1: ad.conv1d, 2: ad.conv2d}
CONV_TRANSPOSE = {1: ad.conv_transpose1d, 2: ad.conv_transpose2d}
MAX_POOL = {1: ad.max_pool1d, 2: ad.max_pool2d}
AVG_POOL = {1: ad.avg_pool1d, 2: ad.avg_pool2d}
ADAPTIVE = {1: ad.adaptive_avg_pool1d, 2: ad.adaptive_avg_pool2d}
dims_ = st.sampled_from([1, 2])


def numbers(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def levels(*shape, seed=0):
    """Numbers of which many are equal."""
    return np.random.default_rng([seed, *shape]).integers(0, 3, shape).astype(float)


def close(ours, theirs, tolerance=1e-12):
    ours, theirs = (x.data if isinstance(x, Tensor) else np.asarray(x) for x in (ours, theirs))
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


def gradients(function, *arrays):
    """The result, and the gradient of all its elements, each with another weight, for every array."""
    leaves = [Tensor(x, requires_grad=True) for x in arrays]
    y = function(*leaves)
    (y * numbers(*y.shape, seed=7)).sum().backward()
    return y, [leaf.grad for leaf in leaves]


def derivatives_agree(function, *arrays):
    """Forward mode is what differences say, reverse mode its transpose; and both once more, of the gradient."""
    directions = [numbers(*x.shape, seed=8) for x in arrays]
    y, dy = ad.jvp(function, arrays, directions)
    slope, error = directional_derivative(lambda *xs: function(*xs).data, arrays, directions)
    np.testing.assert_array_less(np.abs(dy - slope), 10 * error + 1e-8)
    g = numbers(*y.shape, seed=9)
    pulled = ad.vjp(function, *arrays)[1](g)
    close(np.sum(g * dy), sum(np.sum(gx * v) for gx, v in zip(pulled, directions, strict=True)), 1e-9)

    def along(*xs):
        return sum(np.sum(gx * v) for gx, v in zip(ad.vjp(function, *xs)[1](g), directions, strict=True))

    _, second = ad.jvp(along, arrays, directions)
    slope, error = directional_derivative(lambda *xs: np.asarray(along(*xs)), arrays, directions)
    assert abs(second - slope) <= 10 * error + 1e-8


@st.composite
def convolutions(draw):
    """An input, a weight, and parameters that fit them."""
    dims = draw(dims_)

    def each(low, high):
        return tuple(draw(st.integers(low, high)) for _ in range(dims))

    groups, inner, outer = (draw(st.integers(1, 3)) for _ in range(3))
    kernel, stride, dilation, padding = each(1, 3), each(1, 3), each(1, 2), each(0, 2)
    more = each(0, 4)
    sizes = tuple(
        max(1, d * (k - 1) + 1 - 2 * p) + m for k, d, p, m in zip(kernel, dilation, padding, more, strict=True)
    )
    x = numbers(draw(st.integers(0, 2)), groups * inner, *sizes)
    weight = numbers(groups * outer, inner, *kernel, seed=1)
    return x, weight, {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}


def by_definition(x, weight, bias, stride, padding, dilation, groups):
    """A loop over the results."""
    dims = len(stride)
    x = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in padding)))
    kernel = weight.shape[2:]
    out = [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(x.shape[2:], kernel, stride, dilation, strict=True)]
    y = np.zeros((len(x), len(weight), *out))
    inner, outer = weight.shape[1], len(weight) // groups
    for place in itertools.product(*map(range, out)):
        met = tuple(slice(p * s, p * s + d * k, d) for p, s, d, k in zip(place, stride, dilation, kernel, strict=True))
        for o in range(len(weight)):
            channels = slice(o // outer * inner, (o // outer + 1) * inner)
            seen = x[(slice(None), channels, *met)]
            y[(slice(None), o, *place)] = np.sum(seen * weight[o], axis=tuple(range(1, dims + 2))) + bias[o]
    return y


@given(convolutions())
def test_convolution_is_the_sum_that_defines_it(case):
    x, weight, params = case
    bias = numbers(len(weight), seed=2)
    close(CONV[len(params["stride"])](x, weight, bias, **params), by_definition(x, weight, bias, **params))


@given(convolutions())
def test_all_gradients_and_both_modes(case):
    x, weight, params = case
    assume(x.size)
    bias = numbers(len(weight), seed=2)
    derivatives_agree(lambda *a: CONV[len(params["stride"])](*a, **params), x, weight, bias)


@given(convolutions())
def test_the_transpose_is_the_transpose(case):
    """<y, conv x> = <conv_transpose y, x>, whatever length the convolution's input had."""
    x, weight, params = case
    stride, padding, dilation = params["stride"], params["padding"], params["dilation"]
    dims = len(stride)
    y = CONV[dims](x, weight, **params)
    g = numbers(*y.shape, seed=3)
    lengths = zip(x.shape[2:], y.shape[2:], weight.shape[2:], stride, padding, dilation, strict=True)
    missing = tuple(n - ((m - 1) * s + d * (k - 1) + 1 - 2 * p) for n, m, k, s, p, d in lengths)
    assume(all(m < max(s, d) for m, s, d in zip(missing, stride, dilation, strict=True)))
    back = CONV_TRANSPOSE[dims](g, weight, output_padding=missing, **params)
    close(np.sum(g * y.data), np.sum(back.data * x), 1e-10)
    bias = numbers(x.shape[1], seed=4)
    biased = CONV_TRANSPOSE[dims](g, weight, bias, output_padding=missing, **params)
    close(biased, back.data + bias.reshape(-1, *(1,) * dims))


def test_with_dilation_the_result_may_be_longer():
    assert ad.conv_transpose1d(np.ones((6, 3)), taps, dilation=2, output_padding=1).shape == (4, 8)


image, filters = numbers(2, 4, 7, 6), numbers(6, 4, 3, 2, seed=1)
signal, taps = numbers(2, 4, 9), numbers(6, 4, 3, seed=1)
spread = np.zeros((6, 4, 5, 3))
spread[:, :, ::2, ::2] = filters
ties = levels(2, 3, 6, 6)

#: the same in two ways; gradients are compared, too
EQUIVALENT = {
    "one axis is two axes, one of them of length 1": (
        lambda: gradients(lambda x, w: ad.conv1d(x, w, stride=2, padding=1), signal, taps),
        lambda: gradients(
            lambda x, w: ad.conv2d(x[:, :, None], w[:, :, None], stride=(1, 2), padding=(0, 1))[:, :, 0], signal, taps
        ),
    ),
    "without N is N = 1": (
        lambda: gradients(lambda x, w, b: ad.conv2d(x, w, b), image[0], filters, numbers(6)),
        lambda: gradients(lambda x, w, b: ad.conv2d(x[None], w, b)[0], image[0], filters, numbers(6)),
    ),
    "a stride leaves out": (
        lambda: gradients(lambda x, w: ad.conv2d(x, w, stride=(2, 3)), image, filters),
        lambda: gradients(lambda x, w: ad.conv2d(x, w)[:, :, ::2, ::3], image, filters),
    ),
    "dilation is zeros in the kernel": (
        lambda: gradients(lambda x: ad.conv2d(x, filters, dilation=2), image),
        lambda: gradients(lambda x: ad.conv2d(x, spread), image),
    ),
    "padding is zeros round the input": (
        lambda: gradients(lambda x, w: ad.conv2d(x, w, padding=((1, 2), (0, 3))), image, filters),
        lambda: gradients(lambda x, w: ad.conv2d(ad.pad(x, ((0, 0), (0, 0), (1, 2), (0, 3))), w), image, filters),
    ),
    "valid is no padding": (
        lambda: gradients(lambda x, w: ad.conv2d(x, w, padding="valid"), image, filters),
        lambda: gradients(lambda x, w: ad.conv2d(x, w), image, filters),
    ),
    "same adds the odd zero after": (
        lambda: gradients(lambda x, w: ad.conv2d(x, w, padding="same"), image, filters),
        lambda: gradients(lambda x, w: ad.conv2d(x, w, padding=((1, 1), (0, 1))), image, filters),
    ),
    "groups are convolutions side by side": (
        lambda: gradients(lambda x, w: ad.conv2d(x, w, groups=2), image, filters[:, :2]),
        lambda: gradients(
            lambda x, w: ad.concat([ad.conv2d(x[:, :2], w[:3]), ad.conv2d(x[:, 2:], w[3:])], axis=1),
            image,
            filters[:, :2],
        ),
    ),
    "a kernel of one is a product of matrices": (
        lambda: gradients(lambda x, w: ad.conv2d(x, w), image, filters[:, :, :1, :1]),
        lambda: gradients(lambda x, w: ad.einsum("nchw,ocij->nohw", x, w), image, filters[:, :, :1, :1]),
    ),
    "the greatest of all is max": (
        lambda: gradients(lambda x: ad.max_pool2d(x, 6)[..., 0, 0], ties),
        lambda: gradients(lambda x: ad.max(x, axis=(2, 3)), ties),
    ),
    "max of shifted copies": (
        lambda: gradients(lambda x: ad.max_pool1d(x, 2, stride=1), signal),
        lambda: gradients(lambda x: ad.maximum(x[..., :-1], x[..., 1:]), signal),
    ),
    "windows of maxima are maxima of windows": (
        lambda: gradients(lambda x: ad.max_pool2d(x, (2, 3), 1), image),
        lambda: gradients(lambda x: ad.max_pool2d(ad.max_pool2d(x, (2, 1), 1), (1, 3), 1), image),
    ),
    "windows without a stride do not overlap": (
        lambda: gradients(lambda x: ad.max_pool2d(x, (2, 3)), ties),
        lambda: gradients(
            lambda x: ad.max(ad.reshape(x, (2, 3, 3, 2, 2, 3)), axis=(3, 5)),
            ties,
        ),
    ),
    "dilated windows see every other element": (
        lambda: gradients(lambda x: ad.max_pool1d(x, 2, dilation=2), signal),
        lambda: gradients(lambda x: ad.maximum(x[..., :-2:2], x[..., 2::2]), signal),
    ),
    "means are convolutions with one number": (
        lambda: gradients(lambda x: ad.avg_pool2d(x, 3, 2, padding=1), image),
        lambda: gradients(lambda x: ad.conv2d(x, np.full((4, 1, 3, 3), 1 / 9), stride=2, padding=1, groups=4), image),
    ),
    "the mean of all is mean": (
        lambda: gradients(lambda x: ad.adaptive_avg_pool2d(x, 1), image),
        lambda: gradients(lambda x: ad.mean(x, axis=(2, 3), keepdims=True), image),
    ),
    "adaptive means of equal windows": (
        lambda: gradients(lambda x: ad.adaptive_avg_pool2d(x, (None, 3)), image),
        lambda: gradients(lambda x: ad.avg_pool2d(x, (1, 2)), image),
    ),
    "complex numbers are two real ones": (
        lambda: [ad.conv2d(image + 2j * image, filters - 1j * filters)],
        lambda: [ad.conv2d(image, filters) * (1 + 2j) * (1 - 1j)],
    ),
}


@pytest.mark.parametrize("ways", EQUIVALENT.values(), ids=EQUIVALENT.keys())
def test_equivalent(ways):
    (y, *rest), (z, *others) = (way() for way in ways)
    close(y, z)
    for ours, theirs in zip(itertools.chain(*rest), itertools.chain(*others), strict=True):
        close(ours, theirs)


@pytest.mark.parametrize("padding", [0, 1])
def test_means_of_ones_are_one(padding):
    ones = np.ones((1, 1, 5, 5))
    close(ad.avg_pool2d(ones, 2, padding=padding, ceil_mode=True, count_include_pad=False), np.ones((1, 1, 3, 3)))


def test_nothing_beyond_the_ends_is_the_greatest():
    close(ad.max_pool2d(-np.ones((1, 1, 3, 3)), 3, 1, padding=1), -np.ones((1, 1, 3, 3)))
    assert ad.max_pool1d(np.array([[-5, -3]]), 2, padding=1).tolist() == [[-5, -3]]
    grad = ad.grad(lambda x: ad.sum(ad.max_pool1d(x, 2, padding=1)))(np.array([[-5.0, -3.0, 0.0]]))
    assert grad.tolist() == [[1, 0, 1]]


def test_elements_that_tie_share():
    grad = ad.grad(lambda x: ad.sum(ad.max_pool2d(x, 2)))(np.array([[[1.0, 1.0], [0.0, 1.0]]]))
    close(grad, [[[1 / 3, 1 / 3], [0, 1 / 3]]])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex64])
def test_dtypes_are_kept(dtype):
    x, w, b = (Tensor(a.astype(dtype), requires_grad=True) for a in (image, filters, numbers(6)))
    y = ad.avg_pool2d(ad.conv2d(x, w, b, padding=1), 3, padding=1, count_include_pad=False)
    y = ad.adaptive_avg_pool2d(y if y.dtype.kind == "c" else ad.max_pool2d(y, 2, padding=1), 2)
    assert y.dtype == dtype
    y.backward(np.ones(y.shape))
    assert x.grad.dtype == w.grad.dtype == b.grad.dtype == dtype


def test_integers():
    assert ad.conv1d([[1, 2, 3]], [[[1, 1]]]).tolist() == [[3, 5]]
    assert ad.avg_pool1d([[1, 2, 3]], 2, 1).tolist() == [[1.5, 2.5]]


def test_the_hessian_of_a_small_network():
    x = numbers(2, 1, 5, 5)
    derivatives_agree(
        lambda w, v: ad.sum(ad.tanh(ad.max_pool2d(ad.conv2d(ad.square(ad.conv2d(x, w)), v, padding=1), 2))),
        numbers(2, 1, 2, 2, seed=1),
        numbers(1, 2, 3, 3, seed=2),
    )


x3 = np.ones((3, 8, 8))
#: bad input, and what the error says
RAISES = {
    "axes": (lambda: ad.conv2d(np.ones((8, 8)), filters), r"conv2d: .*\(N, C, H, W\).*\(8, 8\)"),
    "axes of one": (lambda: ad.conv1d(image, taps), r"\(N, C, L\).*\(2, 4, 7, 6\)"),
    "axes of a weight": (lambda: ad.conv2d(x3, taps), r"\(out, C / groups, \*kernel\).*\(6, 4, 3\)"),
    "channels": (lambda: ad.conv2d(x3, filters), r"\(6, 4, 3, 2\).*takes 4 channels.*\(3, 8, 8\) has 3"),
    "groups": (lambda: ad.conv2d(image, filters, groups=4), r"\(6, 4, 3, 2\) does not divide into groups=4"),
    "no groups": (lambda: ad.conv2d(image, filters, groups=0), "groups is at least 1"),
    "bias": (lambda: ad.conv2d(image, filters, np.ones(3)), r"6 channels, got shape \(3,\)"),
    "kernel": (lambda: ad.conv2d(image, np.ones((1, 4, 9, 1))), r"spans \(9, 1\).*\(7, 6\)"),
    "dilated kernel": (lambda: ad.conv2d(image, filters, dilation=9), r"spans \(19, 10\)"),
    "negative padding": (lambda: ad.conv2d(image, filters, padding=-1), "padding is at least 0, got -1"),
    "a word": (lambda: ad.conv2d(image, filters, padding="full"), "'same', 'valid'.*'full'"),
    "same with a stride": (lambda: ad.conv2d(image, filters, padding="same", stride=2), r"stride=\(2, 2\)"),
    "stride": (lambda: ad.conv2d(image, filters, stride=0), "stride is at least 1"),
    "fractions": (lambda: ad.conv2d(image, filters, stride=1.5), "integer.*1.5"),
    "too many": (lambda: ad.conv2d(image, filters, stride=(1, 1, 1)), r"2 of them.*\(1, 1, 1\)"),
    "pairs": (lambda: ad.conv2d(image, filters, padding=((1, 1),)), "a pair for each of 2 axes"),
    "transposed channels": (lambda: ad.conv_transpose2d(image, filters), r"takes 6 channels.*\(2, 4, 7, 6\) has 4"),
    "output padding": (
        lambda: ad.conv_transpose1d(np.ones((6, 3)), taps, stride=2, output_padding=2),
        "output_padding is less than",
    ),
    "nothing left": (lambda: ad.conv_transpose1d(np.ones((6, 1)), taps, padding=2), r"axes \(-1,\)"),
    "window": (lambda: ad.max_pool2d(x3, 9), r"spans \(9, 9\).*\(3, 8, 8\)"),
    "no window": (lambda: ad.max_pool2d(x3, 0), "kernel_size is at least 1"),
    "pool padding": (lambda: ad.max_pool2d(x3, 3, padding=2), "at most half"),
    "window beyond": (lambda: ad.max_pool1d(np.ones((1, 1)), 2, padding=1, dilation=2), "no element"),
    "means": (lambda: ad.adaptive_avg_pool2d(x3, 0), "output_size is at least 1"),
    "sizes": (lambda: ad.adaptive_avg_pool2d(x3, (1, 1, 1)), "each of 2 axes"),
}


@pytest.mark.parametrize(("call", "says"), RAISES.values(), ids=RAISES.keys())
def test_bad_input(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_complex_numbers_have_no_greatest():
    with pytest.raises(TypeError, match="complex"):
        ad.max_pool1d(np.ones((1, 4), complex), 2)


# As others have it


def test_scipy_agrees():
    scipy_signal = pytest.importorskip("scipy.signal")
    x, w = numbers(6, 5), numbers(3, 2, seed=1)
    close(ad.conv2d(x[None], w[None, None])[0], scipy_signal.correlate2d(x, w, "valid"))
    close(ad.conv_transpose2d(x[None], w[None, None])[0], scipy_signal.convolve2d(x, w, "full"))


def as_torch_has_it(ours, theirs, *arrays):
    """Values and gradients are those of PyTorch."""
    torch = pytest.importorskip("torch")
    y, grads = gradients(ours, *arrays)
    leaves = [torch.tensor(x, requires_grad=True) for x in arrays]
    z = theirs(*leaves)
    close(y, z.detach().numpy())
    (z * torch.tensor(numbers(*z.shape, seed=7))).sum().backward()
    for g, leaf in zip(grads, leaves, strict=True):
        close(g, leaf.grad.numpy(), 1e-10)


@given(convolutions())
def test_torch_agrees_on_convolution(case):
    functional = pytest.importorskip("torch.nn.functional")
    x, weight, params = case
    name = f"conv{len(params['stride'])}d"
    bias = numbers(len(weight), seed=2)
    as_torch_has_it(
        lambda *a: getattr(ad, name)(*a, **params), lambda *a: getattr(functional, name)(*a, **params), x, weight, bias
    )


@given(convolutions(), st.data())
def test_torch_agrees_on_transposed_convolution(case, data):
    functional = pytest.importorskip("torch.nn.functional")
    x, weight, params = case
    dims = len(params["stride"])
    name = f"conv_transpose{dims}d"
    more = tuple(
        data.draw(st.integers(0, max(s, d) - 1)) for s, d in zip(params["stride"], params["dilation"], strict=True)
    )
    params = {**params, "output_padding": more}
    y = numbers(2, len(weight), *(n + 3 for n in x.shape[2:]), seed=5)
    bias = numbers(weight.shape[1] * params["groups"], seed=2)
    as_torch_has_it(
        lambda *a: getattr(ad, name)(*a, **params), lambda *a: getattr(functional, name)(*a, **params), y, weight, bias
    )


@given(dims_, st.integers(1, 4), st.integers(1, 4), st.integers(0, 2), st.integers(1, 2), st.booleans(), st.booleans())
def test_torch_agrees_on_pooling(dims, kernel, stride, padding, dilation, ceil_mode, include):
    functional = pytest.importorskip("torch.nn.functional")
    assume(2 * padding <= kernel)
    sizes = (9, 8)[:dims]
    x = numbers(2, 3, *sizes)
    for which, params in {
        "max": {"dilation": dilation, "ceil_mode": ceil_mode},
        "avg": {"ceil_mode": ceil_mode, "count_include_pad": include},
    }.items():
        name = f"{which}_pool{dims}d"
        params = {"kernel_size": kernel, "stride": stride, "padding": padding, **params}
        as_torch_has_it(
            lambda x, name=name, params=params: getattr(ad, name)(x, **params),
            lambda x, name=name, params=params: getattr(functional, name)(x, **params),
            x,
        )


@given(dims_, st.lists(st.integers(1, 9), min_size=2, max_size=2))
def test_torch_agrees_on_adaptive_pooling(dims, sizes):
    functional = pytest.importorskip("torch.nn.functional")
    name, sizes = f"adaptive_avg_pool{dims}d", tuple(sizes[:dims])
    x = numbers(2, 3, *(7, 5)[:dims])
    as_torch_has_it(lambda x: getattr(ad, name)(x, sizes), lambda x: getattr(functional, name)(x, sizes), x)


def test_torch_agrees_on_pooling_after_relu():
    """Where its first-comes rule and ours, that ties share, lead to the same: ties at 0 pass nothing on."""
    torch = pytest.importorskip("torch")
    x = levels(2, 3, 6, 6) + 0.1 * numbers(2, 3, 6, 6) - 1.5
    as_torch_has_it(
        lambda x: ad.max_pool2d(ad.relu(x), 2), lambda x: torch.nn.functional.max_pool2d(torch.relu(x), 2), x
    )


@given(st.integers(1, 3), st.booleans(), st.sampled_from([1e-5, 0.1]))
def test_torch_agrees_on_layer_norm(axes, scaled, eps):
    functional = pytest.importorskip("torch.nn.functional")
    x = numbers(2, 3, 4)
    shape = x.shape[3 - axes :]
    arrays = [x, numbers(*shape, seed=1), numbers(*shape, seed=2)] if scaled else [x]
    as_torch_has_it(
        lambda x, *p: ad.layer_norm(x, shape, *p, eps=eps),
        lambda x, *p: functional.layer_norm(x, shape, *p, eps=eps),
        *arrays,
    )
    assert math.isclose(ad.std(ad.layer_norm(x, shape, eps=0.0)).item(), 1)
