"""Losses, distances, activations that learn or draw, and what is done with gradients, as in PyTorch."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
import nn

torch = pytest.importorskip("torch")

from torch_alike import alike, compare, dtypes, pair, reductions, seeds, tensor  # noqa: E402

flags = st.booleans()
shapes = st.sampled_from([(), (1,), (5,), (4, 3), (2, 3, 4)])
vectors = st.sampled_from([(4,), (1, 3), (5, 4)])


def normal(seed, shape, dtype):
    return np.asarray(np.random.default_rng(seed).normal(size=shape)).astype(dtype)


def signs(seed, shape, dtype):
    return np.asarray(np.sign(normal(seed, shape, np.float64))).astype(dtype)


def both(name, **how):
    ours, theirs = getattr(nn, name)(**how), getattr(torch.nn, name)(**how)
    assert repr(ours) == repr(theirs)
    return ours, theirs


def with_constants(*constants):
    """How to call a loss with arrays that are differentiated, and others that are not."""
    return lambda f, xs, constant: f(*xs, *map(constant, constants))


# Losses


@given(shape=shapes, beta=st.sampled_from([0.0, 0.3, 1.0, 2.0]), reduction=reductions, dtype=dtypes, seed=seeds)
def test_smooth_l1(shape, beta, reduction, dtype, seed):
    losses = both("SmoothL1Loss", reduction=reduction, beta=beta)
    alike(*losses, [normal(seed, shape, dtype), normal(seed + 1, shape, dtype)], seed)


@given(shape=shapes, log_input=flags, full=flags, reduction=reductions, dtype=dtypes, seed=seeds)
def test_poisson(shape, log_input, full, reduction, dtype, seed):
    losses = both("PoissonNLLLoss", log_input=log_input, full=full, reduction=reduction)
    x = normal(seed, shape, dtype)
    t = np.asarray(np.random.default_rng(seed).poisson(2, shape)).astype(dtype)
    alike(*losses, [x if log_input else abs(x) + 0.1], seed, with_constants(t), size=1.0)


@given(
    shape=shapes.filter(bool),
    full=flags,
    eps=st.sampled_from([1e-6, 0.5]),
    kind=st.sampled_from(["same", "one", "none"]),
    reduction=reductions,
    dtype=dtypes,
    seed=seeds,
)
def test_gaussian(shape, full, eps, kind, reduction, dtype, seed):
    losses = both("GaussianNLLLoss", full=full, eps=eps, reduction=reduction)
    var = np.asarray(normal(seed + 2, {"same": shape, "one": (*shape[:-1], 1), "none": shape[:-1]}[kind], dtype) ** 2)
    if kind == "none" and len(shape) == 1:
        var = np.broadcast_to(var, shape).copy()
    alike(*losses, [normal(seed, shape, dtype), normal(seed + 1, shape, dtype), var + dtype(0.1)], seed, size=1.0)


@given(
    shape=shapes.filter(bool),
    log_target=flags,
    reduction=st.sampled_from(["mean", "sum", "none", "batchmean"]),
    dtype=dtypes,
    seed=seeds,
)
@pytest.mark.filterwarnings("ignore:reduction")
def test_kl_div(shape, log_target, reduction, dtype, seed):
    losses = both("KLDivLoss", reduction=reduction, log_target=log_target)
    x = normal(seed, shape, dtype)
    t = np.random.default_rng(seed).random(shape).astype(dtype)
    t = np.log(t + dtype(0.1)) if log_target else np.where(t < 0.2, 0, t)
    alike(*losses, [x], seed, with_constants(t), size=1.0)


@given(shape=vectors, margin=st.sampled_from([0.0, 0.3, -0.5]), reduction=reductions, dtype=dtypes, seed=seeds)
def test_cosine_embedding(shape, margin, reduction, dtype, seed):
    losses = both("CosineEmbeddingLoss", margin=margin, reduction=reduction)
    t = signs(seed + 2, shape[:-1], dtype)
    arrays = [normal(seed, shape, dtype), normal(seed + 1, shape, dtype)]
    alike(*losses, arrays, seed, with_constants(t), size=1.0)


@given(shape=shapes, margin=st.sampled_from([1.0, 0.3]), reduction=reductions, dtype=dtypes, seed=seeds)
def test_hinge_embedding(shape, margin, reduction, dtype, seed):
    losses = both("HingeEmbeddingLoss", margin=margin, reduction=reduction)
    alike(*losses, [normal(seed, shape, dtype)], seed, with_constants(signs(seed + 2, shape, dtype)), size=1.0)


@given(shape=shapes, margin=st.sampled_from([0.0, 0.3]), reduction=reductions, dtype=dtypes, seed=seeds)
def test_margin_ranking(shape, margin, reduction, dtype, seed):
    losses = both("MarginRankingLoss", margin=margin, reduction=reduction)
    arrays = [normal(seed, shape, dtype), normal(seed + 1, shape, dtype)]
    alike(*losses, arrays, seed, with_constants(signs(seed + 2, shape, dtype)), size=1.0)


@given(
    shape=vectors,
    margin=st.sampled_from([1.0, 0.3]),
    p=st.sampled_from([2.0, 1.0, 3.0]),
    swap=flags,
    reduction=reductions,
    dtype=dtypes,
    seed=seeds,
)
def test_triplet_margin(shape, margin, p, swap, reduction, dtype, seed):
    losses = both("TripletMarginLoss", margin=margin, p=p, swap=swap, reduction=reduction)
    alike(*losses, [normal(seed + i, shape, dtype) for i in range(3)], seed, size=1.0)


@given(shape=vectors, p=st.sampled_from([1.0, 2.0, 3.0]), keepdim=flags, dtype=dtypes, seed=seeds)
def test_distances(shape, p, keepdim, dtype, seed):
    arrays = [normal(seed, shape, dtype), normal(seed + 1, shape, dtype)]
    functions = nn.functional.pairwise_distance, torch.nn.functional.pairwise_distance
    alike(*functions, arrays, seed, lambda f, xs, constant: f(*xs, p=p, keepdim=keepdim), size=1.0)
    functions = nn.functional.cosine_similarity, torch.nn.functional.cosine_similarity
    alike(*functions, arrays, seed, lambda f, xs, constant: f(*xs, dim=-1), size=1.0)


@pytest.mark.parametrize("name", ["BCELoss", "BCEWithLogitsLoss", "NLLLoss", "CrossEntropyLoss"])
def test_weights_belong_to_the_state(name):
    w = np.array([1.0, 2.0])
    for how in ({}, {"weight": w}, *([{"pos_weight": w}] if name == "BCEWithLogitsLoss" else [])):
        theirs = getattr(torch.nn, name)(**{key: tensor(value) for key, value in how.items()})
        ours = getattr(nn, name)(**how)
        assert list(ours.state_dict()) == list(theirs.state_dict())
        assert ours.load_state_dict(theirs.state_dict()) == ([], [])


# Activations

#: those that no other test has
ACTIVATIONS = [
    lambda m, d: m.Hardshrink(d),
    lambda m, d: m.Softshrink(d),
    lambda m, d: m.Tanhshrink(),
    lambda m, d: m.Threshold(d, -d),
    lambda m, d: m.GLU(dim=-1),
    lambda m, d: m.GLU(dim=0),
    lambda m, d: m.Softmin(dim=-1),
    lambda m, d: m.Softmax2d(),
    lambda m, d: m.RReLU(0.1, 0.1 + d).eval(),
]


@pytest.mark.parametrize("make", ACTIVATIONS, ids=[repr(make(nn, 0.5)) for make in ACTIVATIONS])
@given(shape=st.sampled_from([(2, 4, 2), (4, 3, 2, 6)]), d=st.sampled_from([0.3, 0.5]), dtype=dtypes, seed=seeds)
def test_activations(make, shape, d, dtype, seed):
    ours, theirs = make(nn, d), make(torch.nn, d)
    assert repr(ours) == repr(theirs)
    alike(ours, theirs, [2 * normal(seed, shape, dtype)], seed, size=1.0)


@given(shape=st.sampled_from([(4,), (2, 3), (2, 3, 4)]), several=flags, dtype=dtypes, seed=seeds)
def test_prelu(shape, several, dtype, seed):
    n = shape[1] if several and len(shape) > 1 else 1
    ours, theirs = pair(lambda m, how: m.PReLU(n, **how), dtype)
    assert repr(ours) == repr(theirs)
    alike(ours, theirs, [normal(seed, shape, dtype)], seed)


def test_rrelu_draws_from_the_same_distribution():
    torch.manual_seed(0)
    ours, theirs = nn.RReLU(0.2, 0.6, rng=0)(-ad.ones(20000)).data, torch.nn.RReLU(0.2, 0.6)(-torch.ones(20000)).numpy()
    ranks = [0, 0.1, 0.3, 0.5, 0.7, 0.9, 1]
    np.testing.assert_allclose(np.quantile(ours, ranks), np.quantile(theirs, ranks), atol=0.01)


# Gradients of many parameters


@given(
    norm_type=st.sampled_from([1.0, 2.0, 3.0, float("inf")]),
    max_norm=st.sampled_from([0.0, 0.5, 1.0, 100.0]),
    dtype=dtypes,
    seed=seeds,
)
def test_clipping(norm_type, max_norm, dtype, seed):
    arrays = [normal(seed + i, shape, dtype) for i, shape in enumerate([(3, 4), (), (5,)])]
    ours, theirs = [nn.Parameter(a) for a in arrays], [torch.nn.Parameter(torch.tensor(a)) for a in arrays]
    ours.append(nn.Parameter([1.0]))
    for p, q, a in zip(ours, theirs, arrays, strict=False):
        p.grad, q.grad = ad.tensor(2 * a), torch.tensor(2 * a)
    found = nn.utils.clip_grad_norm_(ours, max_norm, norm_type)
    compare("norm", found, torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type))
    for p, q in zip(ours, theirs, strict=False):
        compare("clipped", p.grad, q.grad)
    nn.utils.clip_grad_value_(ours, 0.1)
    torch.nn.utils.clip_grad_value_(theirs, 0.1)
    for p, q in zip(ours, theirs, strict=False):
        compare("cut off", p.grad, q.grad)


@given(dtype=dtypes, seed=seeds)
def test_vectors_of_parameters(dtype, seed):
    ours, theirs = pair(lambda m, how: m.LSTM(2, 3, **how), dtype)
    vectors = [u.parameters_to_vector(m.parameters()) for u, m in ((nn.utils, ours), (torch.nn.utils, theirs))]
    compare("vector", *vectors)
    values = normal(seed, vectors[0].shape, dtype)
    nn.utils.vector_to_parameters(values, ours.parameters())
    torch.nn.utils.vector_to_parameters(tensor(values), theirs.parameters())
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        compare("parameter", p, q)
