"""Convolutions, pooling and images made larger are what their formulas say, and equivalent layers are equal."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
import nn
from autodiff.testing import check_grads
from nn import functional

seeds = st.integers(0, 2**32 - 1)


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


@pytest.mark.parametrize("mode", MODES)
@given(
    stride=st.integers(1, 3),
    dilation=st.integers(1, 2),
    padding=st.integers(0, 2),
    groups=st.integers(1, 2),
    seed=seeds,
)
def test_a_convolution_is_a_sum_of_shifted_products(mode, stride, dilation, padding, groups, seed):
    layer = nn.Conv2d(4, 2, (2, 3), stride, padding, dilation, groups, padding_mode=mode, dtype=np.float64, rng=seed)
    x = normal(seed, 2, 4, 6, 7)
    wide = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)], mode=MODES[mode])
    height, width = (
        (n - d * (k - 1) - 1) // stride + 1 for n, d, k in zip(wide.shape[2:], [dilation] * 2, (2, 3), strict=True)
    )
    y = np.zeros((2, 2, height, width)) + layer.bias.data[:, None, None]
    for out in range(2):
        inputs = range(4) if groups == 1 else range(2 * out, 2 * out + 2)
        for c, channel in enumerate(inputs):
            for i in range(2):
                for j in range(3):
                    seen = wide[:, channel, i * dilation :: stride, j * dilation :: stride][:, :height, :width]
                    y[:, out] += layer.weight.data[out, c, i, j] * seen
    np.testing.assert_allclose(layer(x).data, y, atol=1e-12)
    np.testing.assert_allclose(layer(x[0]).data, y[0], atol=1e-12)


@given(kernel=st.integers(1, 4), dilation=st.integers(1, 3), mode=st.sampled_from(list(MODES)), seed=seeds)
def test_same_keeps_the_shape(kernel, dilation, mode, seed):
    x = normal(seed, 2, 1, 11)
    layer = nn.Conv1d(1, 1, kernel, padding="same", dilation=dilation, padding_mode=mode, dtype=np.float64, rng=0)
    assert layer(x).shape == x.shape


@given(stride=st.integers(1, 3), padding=st.integers(0, 1), groups=st.integers(1, 2), seed=seeds)
def test_a_transposed_convolution_is_the_transpose(stride, padding, groups, seed):
    how = {"stride": stride, "padding": padding, "groups": groups, "bias": False, "dtype": np.float64, "rng": seed}
    there, back = nn.Conv2d(2, 4, 3, **how), nn.ConvTranspose2d(4, 2, 3, **how)
    back.load_state_dict(there.state_dict())
    x = normal(seed, 2, 2, 7, 8)
    y = there(x)
    g = normal(seed + 1, *y.shape)
    z = back(g, output_size=x.shape[2:])
    assert z.shape == x.shape
    np.testing.assert_allclose((y.data * g).sum(), (x * z.data).sum())


def test_a_kernel_of_one_is_a_linear_layer():
    convolution, linear = nn.Conv1d(3, 4, 1, rng=0), nn.Linear(3, 4)
    linear.load_state_dict({"weight": convolution.weight.data[..., 0], "bias": convolution.bias.data})
    x = normal(0, 2, 3, 5).astype(np.float32)
    np.testing.assert_allclose(convolution(x).data, linear(x.swapaxes(1, 2)).data.swapaxes(1, 2), rtol=1e-5)


def test_pooling():
    x = normal(0, 2, 3, 6, 4)
    blocks = x.reshape(2, 3, 3, 2, 2, 2)
    np.testing.assert_array_equal(nn.MaxPool2d(2)(x).data, blocks.max(axis=(3, 5)))
    np.testing.assert_allclose(nn.AvgPool2d(2)(x).data, blocks.mean(axis=(3, 5)))
    np.testing.assert_allclose(nn.AvgPool2d(2, divisor_override=1)(x).data, blocks.sum(axis=(3, 5)))
    np.testing.assert_allclose(nn.AdaptiveAvgPool2d((3, 2))(x).data, blocks.mean(axis=(3, 5)))
    np.testing.assert_allclose(nn.AdaptiveAvgPool2d(1)(x).data, x.mean(axis=(2, 3), keepdims=True))
    np.testing.assert_array_equal(nn.MaxPool1d(2)(x[:, :, 0]).data, x[:, :, 0].reshape(2, 3, 2, 2).max(axis=3))
    np.testing.assert_allclose(nn.AvgPool1d(2)(x[:, :, 0]).data, x[:, :, 0].reshape(2, 3, 2, 2).mean(axis=3))


@given(factor=st.integers(1, 4), n=st.integers(1, 5), m=st.integers(1, 5))
def test_nearest_repeats(factor, n, m):
    x = normal(0, 1, 2, n, m)
    for mode in ("nearest", "nearest-exact"):
        y = nn.Upsample(scale_factor=factor, mode=mode)(x)
        np.testing.assert_array_equal(y.data, x.repeat(factor, axis=2).repeat(factor, axis=3))


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("align", [False, True])
def test_smooth_images_stay_what_they_are(mode, align):
    constant = functional.interpolate(np.full((1, 1, 4, 5), 3.0), (7, 9), mode=mode, align_corners=align)
    np.testing.assert_allclose(constant.data, 3)
    x = normal(0, 1, 2, 4, 5)
    np.testing.assert_allclose(functional.interpolate(x, (4, 5), mode=mode, align_corners=align).data, x, atol=1e-12)


@given(n=st.integers(2, 6), m=st.integers(2, 9))
def test_a_line_between_aligned_corners_stays_a_line(n, m):
    y = functional.interpolate(np.linspace(0, 1, n)[None, None], m, mode="linear", align_corners=True)
    np.testing.assert_allclose(y.data[0, 0], np.linspace(0, 1, m), atol=1e-12)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(2, 3, 2, padding=1, dtype=np.float64, rng=0),
        nn.Conv2d(2, 2, 2, groups=2, padding=1, padding_mode="reflect", dtype=np.float64, rng=0),
        nn.ConvTranspose2d(2, 3, 2, stride=2, dtype=np.float64, rng=0),
        nn.MaxPool2d(2),
        nn.AvgPool2d(2, padding=1, count_include_pad=False),
        nn.Upsample(scale_factor=2, mode="bicubic"),
    ],
    ids=repr,
)
def test_gradients_to_second_order(layer):
    parameters = {name: p.data for name, p in layer.named_parameters()}
    check_grads(lambda x, p: ad.tanh(nn.functional_call(layer, p, x)), normal(0, 1, 2, 4, 4), parameters)
