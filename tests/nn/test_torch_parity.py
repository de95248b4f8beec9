"""The same weights and arguments give the same numbers as in PyTorch; skipped where it is not installed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autodiff as ad
import nn

torch = pytest.importorskip("torch")

reductions = st.sampled_from(["mean", "sum", "none"])
dtypes = st.sampled_from([np.float32, np.float64])
seeds = st.integers(0, 2**32 - 1)
shapes = st.sampled_from([(), (1,), (5,), (4, 3), (2, 3, 4)])
logit_shapes = st.sampled_from([(3,), (1,), (4, 3), (1, 5), (4, 3, 2), (2, 3, 2, 2)])


def same(ours, theirs, in_float64=1e-10, size=1.0):
    """Equal to 1e-5 in float32, to 1e-10 in float64; rounding is that of numbers of a size."""
    theirs = theirs.detach().numpy()
    assert ours.dtype == theirs.dtype
    tolerance = 1e-5 if theirs.dtype == np.float32 else in_float64
    scale = abs(theirs[np.isfinite(theirs)]).max(initial=0)
    rounding = 4 * size * np.finfo(theirs.dtype).eps
    np.testing.assert_allclose(ours.data, theirs, rtol=tolerance, atol=max(tolerance * scale, rounding))


def agree(ours, theirs, x, seed=0, in_float64=1e-10):
    """Two functions of an array have the same values and the same gradients."""
    a = ad.tensor(x, requires_grad=True)
    b = torch.tensor(x, requires_grad=True)
    y, z = ours(a), theirs(b)
    size = abs(x).max(initial=1.0)
    same(y, z, in_float64, size)
    g = np.random.default_rng(seed).normal(size=y.shape).astype(x.dtype)
    y.backward(g)
    z.backward(torch.tensor(g))
    same(a.grad, b.grad, in_float64, size)


# Layers and activations

#: the same of ours and of PyTorch's
ALIKE = [
    (lambda m, d: m.ReLU(), "ReLU"),
    (lambda m, d: m.ReLU6(), "ReLU6"),
    (lambda m, d: m.LeakyReLU(d(0, 2)), "LeakyReLU"),
    (lambda m, d: m.ELU(d(0.1, 2)), "ELU"),
    (lambda m, d: m.SELU(), "SELU"),
    (lambda m, d: m.CELU(d(0.1, 2)), "CELU"),
    (lambda m, d: m.GELU(), "GELU"),
    (lambda m, d: m.GELU("tanh"), "GELU, tanh"),
    (lambda m, d: m.SiLU(), "SiLU"),
    (lambda m, d: m.Mish(), "Mish"),
    (lambda m, d: m.Softplus(), "Softplus"),
    (lambda m, d: m.Softplus(d(0.1, 3), d(0.1, 10)), "Softplus, beta and threshold"),
    (lambda m, d: m.Sigmoid(), "Sigmoid"),
    (lambda m, d: m.LogSigmoid(), "LogSigmoid"),
    (lambda m, d: m.Hardtanh(), "Hardtanh"),
    (lambda m, d: m.Hardtanh(d(-3, -0.1), d(0.1, 3)), "Hardtanh, bounds"),
    (lambda m, d: m.Hardsigmoid(), "Hardsigmoid"),
    (lambda m, d: m.Hardswish(), "Hardswish"),
    (lambda m, d: m.Softsign(), "Softsign"),
    (lambda m, d: m.Tanh(), "Tanh"),
    (lambda m, d: m.Identity(), "Identity"),
]


@pytest.mark.parametrize("make", [row[0] for row in ALIKE], ids=[row[1] for row in ALIKE])
@given(data=st.data(), shape=shapes, dtype=dtypes, seed=seeds, scale=st.sampled_from([0.1, 3, 30]))
def test_activations(make, data, shape, dtype, seed, scale):
    arguments = []

    def draw(low, high):
        arguments.append(data.draw(st.floats(low, high)))
        return arguments[-1]

    ours = make(nn, draw)
    again = iter(arguments)
    theirs = make(torch.nn, lambda low, high: next(again))
    assert repr(ours) == repr(theirs)
    x = (scale * np.random.default_rng(seed).normal(size=shape)).astype(dtype)
    coarse = isinstance(ours, (nn.CELU, nn.Hardsigmoid))  # PyTorch keeps their constants in float32
    agree(ours, theirs, x, seed, 1e-6 if coarse else 1e-10)


@pytest.mark.parametrize("make", [row[0] for row in ALIKE], ids=[row[1] for row in ALIKE])
def test_activations_at_special_points(make):
    def draw(low, high):
        return (low + high) / 2

    points = np.array([-1e4, -20.0, -3.0, -1.0, -0.0, 0.0, 1.0, 3.0, 6.0, 20.0, 1e4], np.float32)
    agree(make(nn, draw), make(torch.nn, draw), points)


@pytest.mark.parametrize("name", ["Softmax", "LogSoftmax"])
@given(data=st.data(), shape=shapes.filter(bool), dtype=dtypes, seed=seeds)
def test_softmax(name, data, shape, dtype, seed):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    x = (5 * np.random.default_rng(seed).normal(size=shape)).astype(dtype)
    agree(getattr(nn, name)(dim), getattr(torch.nn, name)(dim), x, seed)
    assert repr(getattr(nn, name)(dim)).lower() == repr(getattr(torch.nn, name)(dim)).lower()


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("shape", [(4,), (2, 3)])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_softmax_without_an_axis(name, shape):
    x = np.random.default_rng(0).normal(size=shape)
    agree(getattr(nn.functional, name), getattr(torch.nn.functional, name), x)


@given(
    lead=st.sampled_from([(), (4,), (2, 3)]),
    n=st.integers(1, 5),
    m=st.integers(1, 5),
    bias=st.booleans(),
    dtype=dtypes,
    seed=seeds,
)
def test_linear(lead, n, m, bias, dtype, seed):
    theirs = torch.nn.Linear(n, m, bias, dtype=torch.float32 if dtype == np.float32 else torch.float64)
    ours = nn.Linear(n, m, bias, dtype=dtype)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    agree(ours, theirs, np.random.default_rng(seed).normal(size=(*lead, n)).astype(dtype), seed)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        same(p.grad, q.grad)
    assert repr(ours) == repr(theirs)


@given(shape=st.sampled_from([(2,), (2, 3), (2, 3, 4), (2, 1, 3, 2)]), data=st.data())
def test_flatten(shape, data):
    start = data.draw(st.integers(0, len(shape) - 1))
    end = data.draw(st.integers(start, len(shape) - 1))
    agree(nn.Flatten(start, end), torch.nn.Flatten(start, end), np.random.default_rng(0).normal(size=shape))


def tree(m):
    blocks = m.ModuleList([m.Sequential(m.Linear(4, 4), m.Tanh()) for _ in range(3)])
    heads = m.ModuleDict({"a": m.Linear(4, 1, bias=False), "b": m.Identity()})
    return m.Sequential(blocks, heads, m.Dropout(0.1), m.Flatten(0), m.Sequential())


def test_trees_have_the_same_names_and_look_the_same():
    ours, theirs = tree(nn), tree(torch.nn)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert [k for k, _ in ours.named_modules()] == [k for k, _ in theirs.named_modules()]
    assert [k for k, _ in ours.named_parameters()] == [k for k, _ in theirs.named_parameters()]
    assert ours.load_state_dict(theirs.state_dict()) == ([], [])


@pytest.mark.parametrize("n", [1, 3, 300])
def test_linear_starts_from_the_same_distribution(n):
    ours, theirs = nn.Linear(n, 3000 // n, rng=0), torch.nn.Linear(n, 3000 // n)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        bound = 1 / np.sqrt(n)
        assert abs(p.data).max() <= bound * (1 + 1e-6)
        assert q.abs().max().item() <= bound * (1 + 1e-6)
        assert p.data.std() == pytest.approx(q.std().item(), rel=0.3 if p.size > 30 else 2)


# Losses


@pytest.mark.parametrize("name", ["MSELoss", "L1Loss", "HuberLoss"])
@given(shape=shapes, reduction=reductions, dtype=dtypes, seed=seeds, delta=st.floats(0.1, 3))
def test_losses_of_numbers(name, shape, reduction, dtype, seed, delta):
    how = {"reduction": reduction, **({"delta": delta} if name == "HuberLoss" else {})}
    x, t = np.random.default_rng(seed).normal(size=(2, *shape)).astype(dtype)
    ours, theirs = getattr(nn, name)(**how), getattr(torch.nn, name)(**how)
    agree(lambda x: ours(x, t), lambda x: theirs(x, torch.tensor(t)), np.asarray(x), seed)
    assert repr(ours) == repr(theirs)


def optional(draw, values, dtype):
    """An array for us and a tensor for them; or None for both."""
    if not draw:
        return None, None
    values = values.astype(dtype)
    return values, torch.tensor(values)


@given(shape=shapes, reduction=reductions, dtype=dtypes, seed=seeds, weighted=st.booleans(), hard=st.booleans())
def test_binary_cross_entropy(shape, reduction, dtype, seed, weighted, hard):
    rng = np.random.default_rng(seed)
    p, t = rng.random((2, *shape)).astype(dtype)
    t = np.round(t) if hard else t
    w, w2 = optional(weighted, rng.random(shape), dtype)
    ours, theirs = nn.BCELoss(w, reduction), torch.nn.BCELoss(w2, reduction=reduction)
    agree(lambda x: ours(x, t), lambda x: theirs(x, torch.tensor(t)), np.asarray(p), seed)


def test_binary_cross_entropy_where_probabilities_are_sure():
    p, t = np.array([[0, 1, 0, 1, 1e-30], [0, 1, 1, 0, 1]], np.float32)
    ours, theirs = nn.BCELoss(reduction="none"), torch.nn.BCELoss(reduction="none")
    agree(lambda x: ours(x, t), lambda x: theirs(x, torch.tensor(t)), p)


@given(
    shape=shapes,
    reduction=reductions,
    dtype=dtypes,
    seed=seeds,
    weighted=st.booleans(),
    positive=st.booleans(),
    scale=st.sampled_from([1, 100]),
)
def test_binary_cross_entropy_with_logits(shape, reduction, dtype, seed, weighted, positive, scale):
    rng = np.random.default_rng(seed)
    x, t = (scale * rng.normal(size=shape)).astype(dtype), rng.random(shape).astype(dtype)
    w, w2 = optional(weighted, rng.random(shape), dtype)
    c, c2 = optional(positive, rng.random(shape[-1:]) + 0.5, dtype)
    ours = nn.BCEWithLogitsLoss(w, reduction, c)
    theirs = torch.nn.BCEWithLogitsLoss(w2, reduction=reduction, pos_weight=c2)
    agree(lambda x: ours(x, t), lambda x: theirs(x, torch.tensor(t)), np.asarray(x), seed)


def class_axis(shape):
    return 0 if len(shape) == 1 else 1


@given(
    shape=logit_shapes,
    reduction=reductions,
    dtype=dtypes,
    seed=seeds,
    weighted=st.booleans(),
    ignore=st.sampled_from([-100, -1, 0]),
    smoothing=st.sampled_from([0.0, 0.1, 1.0]),
    scale=st.sampled_from([1, 30]),
)
def test_cross_entropy_of_labels(shape, reduction, dtype, seed, weighted, ignore, smoothing, scale):
    rng = np.random.default_rng(seed)
    axis = class_axis(shape)
    classes = shape[axis]
    x = (scale * rng.normal(size=shape)).astype(dtype)
    k = rng.integers(0, classes, shape[:axis] + shape[axis + 1 :])
    k = np.where(rng.random(k.shape) < 0.3, ignore, k)
    if (k == ignore).all():
        k = np.full_like(k, classes - 1)
    if reduction == "mean" and (k == ignore).all():
        return
    w, w2 = optional(weighted, rng.random(classes) + 0.1, dtype)
    ours = nn.CrossEntropyLoss(w, ignore, reduction, smoothing)
    theirs = torch.nn.CrossEntropyLoss(w2, ignore_index=ignore, reduction=reduction, label_smoothing=smoothing)
    agree(lambda x: ours(x, k), lambda x: theirs(x, torch.tensor(k)), x, seed)
    ours = nn.NLLLoss(w, ignore, reduction)
    theirs = torch.nn.NLLLoss(w2, ignore_index=ignore, reduction=reduction)
    agree(lambda x: ours(x, k), lambda x: theirs(x, torch.tensor(k)), x, seed)


@given(
    shape=logit_shapes,
    reduction=reductions,
    dtype=dtypes,
    seed=seeds,
    weighted=st.booleans(),
    smoothing=st.sampled_from([0.0, 0.1, 1.0]),
)
def test_cross_entropy_of_probabilities(shape, reduction, dtype, seed, weighted, smoothing):
    rng = np.random.default_rng(seed)
    axis = class_axis(shape)
    x, t = (3 * rng.normal(size=shape)).astype(dtype), rng.random(shape).astype(dtype)
    t = t / t.sum(axis=axis, keepdims=True)
    w, w2 = optional(weighted, rng.random(shape[axis]) + 0.1, dtype)
    ours = nn.CrossEntropyLoss(w, reduction=reduction, label_smoothing=smoothing)
    theirs = torch.nn.CrossEntropyLoss(w2, reduction=reduction, label_smoothing=smoothing)
    agree(lambda x: ours(x, t), lambda x: theirs(x, torch.tensor(t)), x, seed)
    agree(lambda t: ours(ad.tensor(x), t), lambda t: theirs(torch.tensor(x), t), t, seed)


# Initial values


@pytest.mark.parametrize("name", ["linear", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"])
def test_gains(name):
    assert nn.init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    assert nn.init.calculate_gain("leaky_relu", 0.3) == torch.nn.init.calculate_gain("leaky_relu", 0.3)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("uniform_", {"a": -1.0, "b": 3.0}),
        ("normal_", {"mean": 1.0, "std": 2.0}),
        ("trunc_normal_", {"std": 0.7, "a": -0.5, "b": 1.0}),
        ("xavier_uniform_", {"gain": 2.0}),
        ("xavier_normal_", {"gain": 2.0}),
        ("kaiming_uniform_", {"a": 0.5, "mode": "fan_out"}),
        ("kaiming_normal_", {"nonlinearity": "relu"}),
        ("orthogonal_", {"gain": 2.0}),
    ],
)
@pytest.mark.parametrize("shape", [(80, 300), (60, 30, 5, 3)])
def test_initial_values_have_the_same_quantiles(name, how, shape):
    ours = getattr(nn.init, name)(ad.zeros(shape), rng=0, **how)
    torch.manual_seed(0)
    theirs = getattr(torch.nn.init, name)(torch.zeros(shape, dtype=torch.float64), **how)
    ranks = [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98]
    ours, theirs = np.quantile(ours.data, ranks), np.quantile(theirs.numpy(), ranks)
    np.testing.assert_allclose(ours, theirs, atol=0.04 * abs(theirs).max())


# Optimizers

SETTINGS = {
    "SGD": st.one_of(
        st.fixed_dictionaries(
            {
                "momentum": st.sampled_from([0.0, 0.5, 0.9]),
                "dampening": st.sampled_from([0.0, 0.3]),
                "weight_decay": st.sampled_from([0.0, 0.01]),
                "maximize": st.booleans(),
            }
        ),
        st.fixed_dictionaries(
            {"momentum": st.floats(0.1, 0.99), "nesterov": st.just(True), "weight_decay": st.sampled_from([0.0, 0.01])}
        ),
    ),
    "Adam": st.fixed_dictionaries(
        {
            "betas": st.tuples(st.sampled_from([0.3, 0.9]), st.sampled_from([0.9, 0.999])),
            "eps": st.sampled_from([1e-8, 1e-3]),
            "weight_decay": st.sampled_from([0.0, 0.01]),
            "amsgrad": st.booleans(),
            "maximize": st.booleans(),
        }
    ),
}


@pytest.mark.parametrize("name", list(SETTINGS))
@settings(max_examples=20)
@given(data=st.data(), dtype=dtypes, seed=seeds, lr=st.sampled_from([0.001, 0.05]))
def test_fifty_steps(name, data, dtype, seed, lr):
    how = {"lr": lr, **data.draw(SETTINGS[name])}
    rng = np.random.default_rng(seed)
    start = [rng.normal(size=s).astype(dtype) for s in ((3, 4), (4,), ())]
    slopes = [rng.normal(size=(50, *a.shape)).astype(dtype) for a in start]
    ours, theirs = [nn.Parameter(a) for a in start], [torch.nn.Parameter(torch.tensor(a)) for a in start]
    one, other = getattr(nn.optim, name)(ours, **how), getattr(torch.optim, name)(theirs, **how)
    for step in range(50):
        for p, q, g in zip(ours, theirs, slopes, strict=True):
            p.grad, q.grad = ad.tensor(g[step]), torch.tensor(g[step])
        one.step()
        other.step()
    for p, q in zip(ours, theirs, strict=True):
        same(p, q)
    a, b = one.state_dict(), other.state_dict()
    assert {k: set(v) for k, v in a["state"].items() if v} == {
        k: {n for n, x in v.items() if x is not None}
        for k, v in b["state"].items()
        if any(x is not None for x in v.values())
    }
    assert a["param_groups"][0].items() <= b["param_groups"][0].items()


@pytest.mark.parametrize("kind", [("SGD", {"lr": 0.1, "momentum": 0.9}), ("Adam", {"lr": 0.01})], ids=lambda k: k[0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_network_is_trained_alike(kind, dtype):
    name, how = kind

    def network(m):
        return m.Sequential(m.Linear(5, 8), m.ReLU(), m.Linear(8, 6), m.Tanh(), m.Linear(6, 3))

    theirs = network(torch.nn).to(torch.float32 if dtype == np.float32 else torch.float64)
    ours = network(nn)
    for layer in ours:
        for key, p in list(layer.named_parameters()):
            setattr(layer, key, nn.Parameter(p.data.astype(dtype)))
    ours.load_state_dict(theirs.state_dict())
    rng = np.random.default_rng(0)
    x, k = rng.normal(size=(20, 5)).astype(dtype), rng.integers(0, 3, 20)
    one, other = (
        getattr(nn.optim, name)(ours.parameters(), **how),
        getattr(torch.optim, name)(theirs.parameters(), **how),
    )
    for _ in range(50):
        one.zero_grad()
        loss = nn.CrossEntropyLoss()(ours(x), k)
        loss.backward()
        one.step()
        other.zero_grad()
        loss2 = torch.nn.CrossEntropyLoss()(theirs(torch.tensor(x)), torch.tensor(k))
        loss2.backward()
        other.step()
    tolerance = 1e-3 if dtype == np.float32 else 1e-9
    assert loss.item() == pytest.approx(loss2.item(), rel=tolerance)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=tolerance, atol=tolerance)
