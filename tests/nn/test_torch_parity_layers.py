"""Layers with PyTorch's own weights give PyTorch's results and gradients; skipped where it is not installed."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import autodiff as ad
import nn

torch = pytest.importorskip("torch")

from torch_alike import alike, compare, dtypes, pair, seeds, tensor  # noqa: E402

small = st.integers(1, 3)
flags = st.booleans()


def normal(seed, shape, dtype):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def sizes(draw, dims, low, high):
    """A number for all axes, or one for each."""
    return draw(st.one_of(st.integers(low, high), st.tuples(*[st.integers(low, high)] * dims)))


def each(value, dims):
    return value if isinstance(value, tuple) else (value,) * dims


# Products with weights


@given(lead=st.sampled_from([(), (4,), (2, 3)]), m=small, n=small, k=small, bias=flags, dtype=dtypes, seed=seeds)
def test_bilinear(lead, m, n, k, bias, dtype, seed):
    ours, theirs = pair(lambda lib, how: lib.Bilinear(m, n, k, bias, **how), dtype)
    assert repr(ours) == repr(theirs)
    alike(ours, theirs, [normal(seed, (*lead, m), dtype), normal(seed + 1, (*lead, n), dtype)], seed)


@given(
    shape=st.sampled_from([(), (4,), (2, 3)]),
    padding=st.sampled_from([None, 0, -1]),
    max_norm=st.sampled_from([None, 1.0]),
    norm_type=st.sampled_from([2.0, 1.0, 3.0]),
    by_frequency=flags,
    dtype=dtypes,
    seed=seeds,
)
def test_embedding(shape, padding, max_norm, norm_type, by_frequency, dtype, seed):
    def make(lib, how):
        return lib.Embedding(5, 3, padding, max_norm, norm_type, by_frequency, **how)

    ours, theirs = pair(make, dtype)
    assert repr(ours) == repr(theirs)
    k = np.random.default_rng(seed).integers(0, 5, shape)
    alike(ours, theirs, [k], seed)
    compare("weight", ours.weight, theirs.weight)


# Convolutions


@pytest.mark.parametrize("dims", [1, 2])
@given(data=st.data(), groups=st.integers(1, 2), bias=flags, batched=flags, dtype=dtypes, seed=seeds)
def test_convolutions(dims, data, groups, bias, batched, dtype, seed):
    draw = data.draw
    inner, outer = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    kernel, stride, dilation = sizes(draw, dims, 1, 3), sizes(draw, dims, 1, 3), sizes(draw, dims, 1, 2)
    padding = draw(st.sampled_from(["same", "valid", None]))
    if padding is None:
        padding = sizes(draw, dims, 0, 2)
    if padding == "same":
        stride = 1
    mode = draw(st.sampled_from(["zeros", "reflect", "replicate", "circular"]))
    shape = tuple(draw(st.integers(5, 7)) for _ in range(dims))

    def make(lib, how):
        layer = getattr(lib, f"Conv{dims}d")
        return layer(inner, outer, kernel, stride, padding, dilation, groups, bias, mode, **how)

    ours, theirs = pair(make, dtype)
    assert repr(ours) == repr(theirs)
    alike(ours, theirs, [normal(seed, (*([2] if batched else []), inner, *shape), dtype)], seed)


@pytest.mark.parametrize("dims", [1, 2])
@given(data=st.data(), groups=st.integers(1, 2), bias=flags, batched=flags, dtype=dtypes, seed=seeds)
def test_transposed_convolutions(dims, data, groups, bias, batched, dtype, seed):
    draw = data.draw
    inner, outer = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    kernel, stride, dilation = (sizes(draw, dims, 1, 3) for _ in range(3))
    padding = sizes(draw, dims, 0, 2)
    settings = tuple(each(s, dims) for s in (kernel, stride, dilation, padding))
    shape = tuple(draw(st.integers(2, 4)) for _ in range(dims))
    more = tuple(draw(st.integers(0, max(s, d) - 1)) for s, d in zip(settings[1], settings[2], strict=True))
    lengths = [(n - 1) * s - 2 * p + d * (k - 1) + 1 for n, k, s, d, p in zip(shape, *settings, strict=True)]
    assume(min(lengths) > 0)

    def make(lib, how):
        layer = getattr(lib, f"ConvTranspose{dims}d")
        return layer(inner, outer, kernel, stride, padding, more, groups, bias, dilation, **how)

    ours, theirs = pair(make, dtype)
    assert repr(ours) == repr(theirs)
    x = normal(seed, (*([2] if batched else []), inner, *shape), dtype)
    alike(ours, theirs, [x], seed)
    wanted = [n + draw(st.integers(0, s - 1)) for n, s in zip(lengths, settings[1], strict=True)]
    alike(ours, theirs, [x], seed, lambda f, xs, constant: f(xs[0], output_size=wanted))


# Pooling


@pytest.mark.parametrize("dims", [1, 2])
@pytest.mark.parametrize("name", ["MaxPool", "AvgPool"])
@given(data=st.data(), batched=flags, ceil=flags, dtype=dtypes, seed=seeds)
def test_pooling(name, dims, data, batched, ceil, dtype, seed):
    draw = data.draw
    kernel = sizes(draw, dims, 1, 3)
    stride = draw(st.one_of(st.none(), st.builds(lambda: sizes(draw, dims, 1, 3))))
    padding = draw(st.integers(0, min(each(kernel, dims)) // 2))
    how = {"ceil_mode": ceil}
    if name == "MaxPool":
        how["dilation"] = sizes(draw, dims, 1, 2)
    else:
        how["count_include_pad"] = draw(flags)
        if dims == 2 and not ceil:
            how["divisor_override"] = draw(st.sampled_from([None, 1, 7]))
    shape = tuple(draw(st.integers(5, 8)) for _ in range(dims))
    ours, theirs = (getattr(lib, f"{name}{dims}d")(kernel, stride, padding, **how) for lib in (nn, torch.nn))
    assert repr(ours) == repr(theirs)
    alike(ours, theirs, [normal(seed, (*([2] if batched else []), 2, *shape), dtype)], seed)


@pytest.mark.parametrize("dims", [1, 2])
@given(data=st.data(), batched=flags, dtype=dtypes, seed=seeds)
def test_adaptive_pooling(dims, data, batched, dtype, seed):
    shape = tuple(data.draw(st.integers(1, 7)) for _ in range(dims))
    wanted = data.draw(st.integers(1, 9))
    if dims == 2:
        wanted = data.draw(st.sampled_from([wanted, (wanted, 2), (None, wanted)]))
    ours, theirs = (getattr(lib, f"AdaptiveAvgPool{dims}d")(wanted) for lib in (nn, torch.nn))
    assert repr(ours) == repr(theirs)
    alike(ours, theirs, [normal(seed, (*([2] if batched else []), 2, *shape), dtype)], seed)


# Normalisation


@given(
    shape=st.sampled_from([(8, 2), (6, 3, 4), (5, 1, 7), (4, 2, 3, 5)]),
    momentum=st.sampled_from([0.1, 0.7, None, 0.0, 1.0]),
    affine=flags,
    bias=flags,
    track=flags,
    eps=st.sampled_from([1e-5, 1e-2]),
    dtype=dtypes,
    seed=seeds,
)
def test_batch_norm_for_some_steps_and_then_in_evaluation(shape, momentum, affine, bias, track, eps, dtype, seed):
    name = "BatchNorm2d" if len(shape) == 4 else "BatchNorm1d"

    def make(lib, how):
        return getattr(lib, name)(shape[1], eps, momentum, affine, track, bias=bias, **how)

    ours, theirs = pair(make, dtype)
    assert repr(ours) == repr(theirs)
    for step in range(3):
        alike(ours, theirs, [2 + normal(seed + step, shape, dtype)], seed, size=5)
    alike(ours.eval(), theirs.eval(), [normal(seed, shape, dtype)], seed, size=5)
    if affine:
        ours.reset_parameters()
        theirs.reset_parameters()
        for key, value in theirs.state_dict().items():
            np.testing.assert_array_equal(ours.state_dict()[key], value.numpy())


@given(
    lead=st.sampled_from([(), (3,), (2, 3)]),
    last=st.sampled_from([(6,), (2, 4)]),
    eps=st.sampled_from([1e-5, 1e-2]),
    affine=flags,
    bias=flags,
    dtype=dtypes,
    seed=seeds,
)
def test_layer_and_rms_norm(lead, last, eps, affine, bias, dtype, seed):
    for make in (
        lambda lib, how: lib.LayerNorm(last, eps, affine, bias, **how),
        lambda lib, how: lib.RMSNorm(last, None if eps == 1e-5 else eps, affine, **how),
    ):
        ours, theirs = pair(make, dtype)
        assert repr(ours) == repr(theirs)
        alike(ours, theirs, [1 + normal(seed, (*lead, *last), dtype)], seed, size=5)


@given(
    groups=small,
    per=st.integers(4, 5),
    rest=st.sampled_from([(), (3,), (2, 3)]),
    affine=flags,
    bias=flags,
    dtype=dtypes,
    seed=seeds,
)
def test_group_norm(groups, per, rest, affine, bias, dtype, seed):
    ours, theirs = pair(lambda lib, how: lib.GroupNorm(groups, groups * per, affine=affine, bias=bias, **how), dtype)
    assert repr(ours) == repr(theirs)
    alike(ours, theirs, [1 + normal(seed, (3, groups * per, *rest), dtype)], seed, size=5)


# Shapes, noise


MODES = {1: ["nearest", "nearest-exact", "linear"], 2: ["nearest", "nearest-exact", "bilinear", "bicubic"]}
MODES[3] = ["nearest", "nearest-exact", "trilinear"]


@pytest.mark.parametrize("dims", [1, 2, 3])
@given(data=st.data(), dtype=dtypes, seed=seeds)
def test_upsample(dims, data, dtype, seed):
    draw = data.draw
    shape = tuple(draw(st.integers(1, 5)) for _ in range(dims))
    mode = draw(st.sampled_from(MODES[dims]))
    how = {"mode": mode, "align_corners": None if mode.startswith("nearest") else draw(st.sampled_from([None, True]))}
    if draw(flags):
        how["size"] = sizes(draw, dims, 1, 9)
    else:
        factors = [draw(st.sampled_from([1, 1.3, 2, 2.5, 3])) for _ in range(dims)]
        how["scale_factor"] = draw(st.sampled_from([factors[0], tuple(factors)]))
        how["recompute_scale_factor"] = draw(st.sampled_from([None, True]))
        if mode == "nearest" and not how["recompute_scale_factor"]:
            # PyTorch takes either the scale that is given or that of the lengths, if that is 1 or 2: kernel by kernel
            pairs = zip(shape, each(how["scale_factor"], dims), strict=True)
            assume(all(int(n * s) / n == s or int(n * s) / n not in (1, 2) for n, s in pairs))
    ours, theirs = nn.Upsample(**how), torch.nn.Upsample(**how)
    assert repr(ours) == repr(theirs)
    alike(ours, theirs, [normal(seed, (2, 2, *shape), dtype)], seed)


@given(shape=st.sampled_from([(2, 12), (12, 2), (3, 12, 2)]), sizes=st.sampled_from([(3, 4), (2, 3, 2), (-1, 6)]))
def test_unflatten(shape, sizes):
    for dim in (shape.index(12), shape.index(12) - len(shape)):
        ours, theirs = nn.Unflatten(dim, sizes), torch.nn.Unflatten(dim, sizes)
        assert repr(ours) == repr(theirs)
        alike(ours, theirs, [normal(0, shape, np.float64)], 0)


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
@given(widths=st.lists(st.integers(0, 2), min_size=4, max_size=4))
def test_pad(mode, widths):
    functions = (nn.functional.pad, torch.nn.functional.pad)
    one, other = (lambda x, pad=pad: pad(x, widths, mode) for pad in functions)
    alike(one, other, [normal(0, (2, 2, 3, 4), np.float64)], 0)


@pytest.mark.parametrize("name", ["Dropout", "Dropout2d"])
def test_dropout_looks_and_is_the_same_at_rest(name):
    ours, theirs = getattr(nn, name)(0.3), getattr(torch.nn, name)(0.3)
    assert repr(ours) == repr(theirs)
    alike(ours.eval(), theirs.eval(), [normal(0, (2, 3, 4), np.float32)], 0)
    for zeroed in (nn.Dropout(1.0)(ad.ones(3)).data, torch.nn.Dropout(1.0)(torch.ones(3)).numpy()):
        assert not zeroed.any()


# Recurrent layers


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
@settings(max_examples=25)
@given(
    data=st.data(),
    inner=small,
    hidden=st.integers(2, 4),
    layers=st.integers(1, 2),
    steps=st.integers(1, 4),
    samples=st.sampled_from([None, 1, 3]),
    bias=flags,
    batch_first=flags,
    both=flags,
    given_state=flags,
    dtype=dtypes,
    seed=seeds,
)
def test_recurrent_layers(
    name, data, inner, hidden, layers, steps, samples, bias, batch_first, both, given_state, dtype, seed
):
    more = {"bias": bias, "batch_first": batch_first, "bidirectional": both, "num_layers": layers}
    width = hidden
    if name == "RNN":
        more["nonlinearity"] = data.draw(st.sampled_from(["tanh", "relu"]))
    elif name == "LSTM":
        more["proj_size"] = data.draw(st.integers(0, 1))
        width = more["proj_size"] or hidden
    ours, theirs = pair(lambda lib, how: getattr(lib, name)(inner, hidden, **more, **how), dtype)
    assert repr(ours) == repr(theirs)
    lead = (steps,) if samples is None else (samples, steps) if batch_first else (steps, samples)
    arrays = [normal(seed, (*lead, inner), dtype)]
    if given_state:
        shape = (layers * (1 + both), *(() if samples is None else (samples,)))
        arrays += [normal(seed + 1, (*shape, w), dtype) for w in ((width, hidden) if name == "LSTM" else (width,))]

    def call(f, xs, constant):
        return f(xs[0], (tuple(xs[1:]) if name == "LSTM" else xs[1]) if given_state else None)

    alike(ours, theirs, arrays, seed, call)


# Attention


def masks(draw, rng, shape, dtype, kinds=("none", "bool", "float")):
    """None, booleans or numbers; some key is always seen."""
    kind = draw(st.sampled_from(kinds))
    if kind == "none":
        return None
    hidden = rng.random(shape) < 0.4
    hidden[..., 0] = False
    if kind == "bool":
        return hidden
    return np.where(hidden, -np.inf, rng.normal(size=shape)).astype(dtype)


@given(data=st.data(), causal=flags, scale=st.sampled_from([None, 0.3]), dtype=dtypes, seed=seeds)
def test_scaled_dot_product_attention(data, causal, scale, dtype, seed):
    rng = np.random.default_rng(seed)
    lead = data.draw(st.sampled_from([(), (2,), (2, 3)]))
    arrays = [normal(seed + i, (*lead, n, d), dtype) for i, (n, d) in enumerate([(3, 4), (5, 4), (5, 2)])]
    mask = None if causal else masks(data.draw, rng, data.draw(st.sampled_from([(3, 5), (*lead, 3, 5)])), dtype)
    if mask is not None and mask.dtype == bool:
        mask = ~mask
    alike(
        nn.functional.scaled_dot_product_attention,
        torch.nn.functional.scaled_dot_product_attention,
        arrays,
        seed,
        lambda f, xs, constant: f(*xs, attn_mask=constant(mask), is_causal=causal, scale=scale),
    )


@settings(max_examples=60)
@given(data=st.data(), dtype=dtypes, seed=seeds)
@pytest.mark.filterwarnings("ignore:Support for mismatched")
def test_multihead_attention(data, dtype, seed):
    draw, rng = data.draw, np.random.default_rng(seed)
    heads, per = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    e, n, queries, keys = heads * per, draw(st.sampled_from([None, 1, 3])), draw(small), draw(st.integers(1, 4))
    self_attention = draw(flags)
    kdim, vdim = (
        (None, None) if self_attention else (draw(st.sampled_from([None, 2])), draw(st.sampled_from([None, 5])))
    )
    how = {"bias": draw(flags), "add_bias_kv": draw(flags), "add_zero_attn": draw(flags), "batch_first": draw(flags)}
    how |= {"kdim": kdim, "vdim": vdim}
    ours, theirs = pair(lambda lib, dtypes: lib.MultiheadAttention(e, heads, **how, **dtypes), dtype)
    if self_attention:
        keys = queries
    lead = {
        name: (length,) if n is None else (n, length) if how["batch_first"] else (length, n)
        for name, length in (("q", queries), ("k", keys))
    }
    arrays = [normal(seed, (*lead["q"], e), dtype)]
    if not self_attention:
        arrays += [normal(seed + i, (*lead["k"], d), dtype) for i, d in ((1, kdim or e), (2, vdim or e))]
    call_how = {"need_weights": draw(flags), "average_attn_weights": draw(flags)}
    padding = masks(draw, rng, (keys,) if n is None else (n, keys), dtype)
    shape = draw(st.sampled_from([(queries, keys), ((n or 1) * heads, queries, keys)]))
    mask = masks(
        draw, rng, shape, dtype, ("none", "bool", "float") if padding is None else ("none", padding.dtype.name)
    )

    def call(f, xs, constant):
        if self_attention:
            xs = xs * 3
        return f(*xs, key_padding_mask=constant(padding), attn_mask=constant(mask), **call_how)

    alike(ours, theirs, arrays, seed, call, size=1.0)


@settings(max_examples=40)
@given(
    data=st.data(),
    norm_first=flags,
    batch_first=flags,
    bias=flags,
    activation=st.sampled_from(["relu", "gelu"]),
    causal=flags,
    training=flags,
    dtype=dtypes,
    seed=seeds,
)
@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
def test_transformer_encoders(data, norm_first, batch_first, bias, activation, causal, training, dtype, seed):
    draw, rng = data.draw, np.random.default_rng(seed)
    n, steps = draw(st.sampled_from([None, 2])), draw(st.integers(1, 4))
    one_layer = draw(flags)

    def make(lib, how):
        layer = lib.TransformerEncoderLayer(
            6, 2, 5, 0.0, activation, 1e-5, batch_first, norm_first=norm_first, bias=bias, **how
        )
        if one_layer:
            return layer
        return lib.TransformerEncoder(layer, 2, lib.LayerNorm(6, **how), enable_nested_tensor=False)

    ours, theirs = pair(make, dtype)
    ours.train(training)
    theirs.train(training)
    lead = (steps,) if n is None else (n, steps) if batch_first else (steps, n)
    padding = masks(draw, rng, lead if n is None else (n, steps), dtype)
    mask = np.triu(np.full((steps, steps), -np.inf, dtype), 1) if causal else None
    if mask is not None and padding is not None and padding.dtype == bool:
        mask = np.isneginf(mask)
    name = "src_mask" if one_layer else "mask"

    def call(f, xs, constant):
        masks = {name: constant(mask), "src_key_padding_mask": constant(padding)}
        return f(xs[0], **masks, is_causal=causal)

    alike(ours, theirs, [normal(seed, (*lead, 6), dtype)], seed, call, size=1.0)


# How they start

START = {
    "Linear": lambda m, how: m.Linear(40, 60, **how),
    "Bilinear": lambda m, how: m.Bilinear(10, 20, 30, **how),
    "Embedding": lambda m, how: m.Embedding(60, 40, padding_idx=2, **how),
    "Conv1d": lambda m, how: m.Conv1d(20, 40, 5, groups=4, **how),
    "Conv2d": lambda m, how: m.Conv2d(10, 40, (3, 2), **how),
    "ConvTranspose1d": lambda m, how: m.ConvTranspose1d(20, 40, 5, groups=4, **how),
    "ConvTranspose2d": lambda m, how: m.ConvTranspose2d(10, 40, 3, **how),
    "BatchNorm2d": lambda m, how: m.BatchNorm2d(4, **how),
    "LayerNorm": lambda m, how: m.LayerNorm((2, 3), **how),
    "RMSNorm": lambda m, how: m.RMSNorm((2, 3), **how),
    "GroupNorm": lambda m, how: m.GroupNorm(2, 4, **how),
    "PReLU": lambda m, how: m.PReLU(3, **how),
    "RNN": lambda m, how: m.RNN(20, 30, 2, **how),
    "LSTM": lambda m, how: m.LSTM(20, 30, bidirectional=True, proj_size=10, **how),
    "GRU": lambda m, how: m.GRU(20, 30, **how),
    "MultiheadAttention": lambda m, how: m.MultiheadAttention(40, 4, add_bias_kv=True, **how),
    "MultiheadAttention, three": lambda m, how: m.MultiheadAttention(40, 4, kdim=20, vdim=30, **how),
    "TransformerEncoderLayer": lambda m, how: m.TransformerEncoderLayer(20, 4, 50, **how),
}


@pytest.mark.parametrize("make", START.values(), ids=START.keys())
def test_layers_start_from_the_same_distributions(make):
    torch.manual_seed(0)
    ours, theirs = make(nn, {"rng": 0} if "rng" in nn_arguments(make) else {}), make(torch.nn, {})
    for (name, p), (other, q) in zip(ours.state_dict().items(), theirs.state_dict().items(), strict=True):
        q = q.numpy()
        assert (name, p.shape, p.dtype) == (other, q.shape, q.dtype)
        if q.size < 2 or (q == q.flat[0]).all():
            np.testing.assert_array_equal(p, q)
            continue
        error = 6 * q.std() / np.sqrt(q.size)
        assert abs(p.mean() - q.mean()) < error, name
        assert p.std() == pytest.approx(q.std(), rel=6 / np.sqrt(q.size)), name
        if "bias_k" not in name and "bias_v" not in name and not isinstance(ours, nn.Embedding):
            assert abs(p).max() == pytest.approx(abs(q).max(), rel=20 / q.size), name


def nn_arguments(make):
    """What a layer of ours takes: where it draws, a generator."""
    import inspect

    return inspect.signature(type(make(nn, {})).__init__).parameters


def test_reprs_of_the_rest():
    for make in (lambda m: m.Embedding(3, 2), lambda m: m.PReLU(2), lambda m: m.Flatten()):
        assert repr(make(nn)) == repr(make(torch.nn))
    assert tensor(np.ones(1)).dtype == torch.float64
