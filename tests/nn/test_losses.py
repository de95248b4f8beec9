"""Losses are their formulas; equivalent losses are equal; the mean is PyTorch's."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
import nn
from nn import functional

reductions = st.sampled_from(["mean", "sum", "none"])
dtypes = st.sampled_from([np.float32, np.float64])
seeds = st.integers(0, 2**32 - 1)
shapes = st.lists(st.integers(1, 4), max_size=3).map(tuple)
#: shapes of logits, and the axis of their classes
logit_shapes = st.sampled_from([(3,), (1,), (4, 3), (1, 5), (4, 3, 2), (2, 3, 2, 2)])


def reduced(losses, reduction):
    return {"mean": np.mean, "sum": np.sum, "none": np.asarray}[reduction](losses)


def close(y, expected, dtype=np.float64):
    assert y.dtype == dtype
    tolerance = 1e-10 if dtype == np.float64 else 2e-5
    np.testing.assert_allclose(y.data, expected, rtol=tolerance, atol=tolerance)


def gradient(loss, x):
    x = ad.tensor(x, requires_grad=True)
    loss(x).sum().backward()
    return x.grad.data


# Losses of numbers


@pytest.mark.parametrize(
    ("module", "formula"),
    [
        (nn.MSELoss, lambda x, t: (x - t) ** 2),
        (nn.L1Loss, lambda x, t: abs(x - t)),
        (nn.HuberLoss, lambda x, t: np.where(abs(x - t) <= 1, (x - t) ** 2 / 2, abs(x - t) - 0.5)),
        (
            lambda reduction: nn.HuberLoss(reduction, 0.3),
            lambda x, t: np.where(abs(x - t) <= 0.3, (x - t) ** 2 / 2, 0.3 * (abs(x - t) - 0.15)),
        ),
    ],
    ids=["mse", "l1", "huber", "huber 0.3"],
)
@given(shape=shapes, reduction=reductions, dtype=dtypes, seed=seeds)
def test_losses_of_numbers(module, formula, shape, reduction, dtype, seed):
    x, t = np.random.default_rng(seed).normal(size=(2, *shape)).astype(dtype)
    expected = reduced(formula(x, t), reduction)
    for target in (t, ad.tensor(t), t.tolist(), t.astype(np.float64)):
        close(module(reduction=reduction)(ad.tensor(x), target), expected, dtype)


@given(shape=shapes, reduction=reductions, dtype=dtypes, seed=seeds, weighted=st.booleans(), positive=st.booleans())
def test_binary_cross_entropy(shape, reduction, dtype, seed, weighted, positive):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape).astype(dtype)
    t = rng.random(shape).astype(dtype)
    w = rng.random(shape) if weighted else None
    c = rng.random(shape[-1:]) + 0.5 if positive else None
    p = 1 / (1 + np.exp(-x.astype(np.float64)))
    losses = -((1 if c is None else c) * t * np.log(p) + (1 - t) * np.log(1 - p)) * (1 if w is None else w)
    loss = nn.BCEWithLogitsLoss(w, reduction, pos_weight=c)
    close(loss(ad.tensor(x), t), reduced(losses, reduction), dtype)
    if not positive:
        close(nn.BCELoss(w, reduction)(ad.sigmoid(ad.tensor(x)), t), reduced(losses, reduction), dtype)


def test_binary_cross_entropy_is_finite_everywhere():
    p = ad.tensor([0.0, 1.0, 0.0, 1.0], dtype=np.float32, requires_grad=True)
    loss = nn.BCELoss(reduction="none")(p, [0, 1, 1, 0])
    np.testing.assert_array_equal(loss.data, [0, 0, 100, 100])
    loss.sum().backward()
    assert np.isfinite(p.grad.data).all()
    x = ad.tensor([-1e4, 1e4], dtype=np.float32, requires_grad=True)
    loss = nn.BCEWithLogitsLoss(reduction="none")(x, [1, 0])
    np.testing.assert_array_equal(loss.data, [1e4, 1e4])
    loss.sum().backward()
    np.testing.assert_array_equal(x.grad.data, [-1, 1])


# Losses of classes


def one_by_one(x, labels, weight, ignored, smoothing):
    """The losses, and the weights of the mean, in plain Python, sample by sample."""
    axis = 0 if x.ndim == 1 else 1
    rows = np.moveaxis(x, axis, -1).astype(np.float64)
    classes = rows.shape[-1]
    losses, weights = np.zeros(rows.shape[:-1]), np.zeros(rows.shape[:-1])
    for i in np.ndindex(losses.shape):
        row, k = rows[i], int(labels[i])
        if k == ignored:
            continue
        logs = [row[c] - max(row) - math.log(sum(math.exp(z - max(row)) for z in row)) for c in range(classes)]
        w = [1.0] * classes if weight is None else weight
        target = [smoothing / classes + (1 - smoothing) * (c == k) for c in range(classes)]
        losses[i] = -sum(w[c] * target[c] * logs[c] for c in range(classes))
        weights[i] = w[k]
    return losses, weights


@given(
    shape=logit_shapes,
    reduction=reductions,
    dtype=dtypes,
    seed=seeds,
    weighted=st.booleans(),
    ignore=st.sampled_from([-100, -1, 0, 1]),
    smoothing=st.sampled_from([0.0, 0.1, 1.0]),
)
def test_cross_entropy_of_labels(shape, reduction, dtype, seed, weighted, ignore, smoothing):
    rng = np.random.default_rng(seed)
    x = (3 * rng.normal(size=shape)).astype(dtype)
    axis = 0 if len(shape) == 1 else 1
    classes = shape[axis]
    labels = rng.integers(0, classes, shape[:axis] + shape[axis + 1 :])
    if ignore < 0:
        labels = np.where(rng.random(labels.shape) < 0.3, ignore, labels)
    weight = rng.random(classes) + 0.1 if weighted else None
    losses, weights = one_by_one(x, labels, weight, ignore, smoothing)
    loss = nn.CrossEntropyLoss(weight, ignore, reduction, smoothing)
    if reduction == "mean" and not weights.any():
        with pytest.raises(ValueError, match="all ignored"):
            loss(ad.tensor(x), labels)
        return
    expected = losses.sum() / weights.sum() if reduction == "mean" else reduced(losses, reduction)
    for target in (labels, ad.tensor(labels), labels.tolist(), labels.astype(np.int8)):
        close(loss(ad.tensor(x), target), expected, dtype)
    if smoothing == 0:
        close(nn.NLLLoss(weight, ignore, reduction)(ad.log_softmax(ad.tensor(x), axis), labels), expected, dtype)


@given(shape=logit_shapes, reduction=reductions, dtype=dtypes, seed=seeds, weighted=st.booleans())
def test_cross_entropy_of_probabilities(shape, reduction, dtype, seed, weighted):
    rng = np.random.default_rng(seed)
    axis = 0 if len(shape) == 1 else 1
    x = rng.normal(size=shape).astype(dtype)
    t = rng.random(shape)
    t = t / t.sum(axis=axis, keepdims=True)
    weight = rng.random(shape[axis]) if weighted else None
    w = np.ones(shape[axis]) if weight is None else weight
    logs = x - np.log(np.exp(x.astype(np.float64)).sum(axis=axis, keepdims=True))
    losses = -(np.moveaxis(logs * t, axis, -1) * w).sum(axis=-1)
    loss = nn.CrossEntropyLoss(weight, reduction=reduction)
    for target in (t, ad.tensor(t)):
        close(loss(ad.tensor(x), target), reduced(losses, reduction), dtype)


#: equivalent expressions of logits x (4, 3), labels k and weights w
EQUIVALENT = [
    (
        "labels are probabilities",
        lambda x, k, w: functional.cross_entropy(x, k, w, reduction="none"),
        lambda x, k, w: functional.cross_entropy(x, np.eye(3)[k], w, reduction="none"),
    ),
    (
        "smoothed labels are probabilities",
        lambda x, k, w: functional.cross_entropy(x, k, label_smoothing=0.3),
        lambda x, k, w: functional.cross_entropy(x, 0.7 * np.eye(3)[k] + 0.1),
    ),
    (
        "smoothing of probabilities",
        lambda x, k, w: functional.cross_entropy(x, np.eye(3)[k], w, label_smoothing=0.3),
        lambda x, k, w: functional.cross_entropy(x, 0.7 * np.eye(3)[k] + 0.1, w),
    ),
    (
        "what is ignored is not there",
        lambda x, k, w: functional.cross_entropy(x, np.where([1, 0, 1, 1], k, -100), w, label_smoothing=0.1),
        lambda x, k, w: functional.cross_entropy(x[[0, 2, 3]], k[[0, 2, 3]], w, label_smoothing=0.1),
    ),
    (
        "a shift of the logits changes nothing",
        lambda x, k, w: functional.cross_entropy(x, k, w),
        lambda x, k, w: functional.cross_entropy(x + 100.0, k, w),
    ),
    (
        "log-likelihood of log-softmax",
        lambda x, k, w: functional.cross_entropy(x, k, w),
        lambda x, k, w: functional.nll_loss(functional.log_softmax(x, 1), k, w),
    ),
    (
        "one scale of all weights changes nothing",
        lambda x, k, w: functional.cross_entropy(x, k, w),
        lambda x, k, w: functional.cross_entropy(x, k, 5 * w),
    ),
    (
        "two classes are one logit",
        lambda x, k, w: functional.cross_entropy(x[:, :2], (k > 0).astype(int)),
        lambda x, k, w: functional.binary_cross_entropy_with_logits(x[:, 1] - x[:, 0], k > 0),
    ),
    (
        "a logit is the sigmoid's probability",
        lambda x, k, w: functional.binary_cross_entropy_with_logits(x, np.eye(3)[k]),
        lambda x, k, w: functional.binary_cross_entropy(ad.sigmoid(x), np.eye(3)[k]),
    ),
    (
        "positive answers counted twice",
        lambda x, k, w: functional.binary_cross_entropy_with_logits(x[:, 0], np.ones(4), pos_weight=2.0),
        lambda x, k, w: 2 * functional.binary_cross_entropy_with_logits(x[:, 0], np.ones(4)),
    ),
    (
        "Huber's with a large delta",
        lambda x, k, w: functional.huber_loss(x, np.eye(3)[k], delta=100.0),
        lambda x, k, w: functional.mse_loss(x, np.eye(3)[k]) / 2,
    ),
    (
        "a mean is a sum, divided",
        lambda x, k, w: functional.l1_loss(x, np.eye(3)[k]) * 12,
        lambda x, k, w: functional.l1_loss(x, np.eye(3)[k], "sum"),
    ),
    (
        "pixels are samples",
        lambda x, k, w: functional.cross_entropy(ad.reshape(x.T, (1, 3, 2, 2)), k.reshape(1, 2, 2), w),
        lambda x, k, w: functional.cross_entropy(x, k, w),
    ),
]


@pytest.mark.parametrize(("left", "right"), [row[1:] for row in EQUIVALENT], ids=[row[0] for row in EQUIVALENT])
@given(seed=seeds)
def test_equivalent_losses_and_their_gradients_are_equal(left, right, seed):
    rng = np.random.default_rng(seed)
    x, k, w = 2 * rng.normal(size=(4, 3)), rng.integers(0, 3, 4), rng.random(3) + 0.1
    np.testing.assert_allclose(left(ad.tensor(x), k, w).data, right(ad.tensor(x), k, w).data, rtol=1e-9)
    one, other = (gradient(lambda x, side=side: side(x, k, w), x) for side in (left, right))
    np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-9)


def test_the_gradient_of_cross_entropy_is_softmax_minus_target():
    x = np.random.default_rng(0).normal(size=(4, 3))
    k = np.array([0, 2, 1, 1])
    e = np.exp(x)
    expected = (e / e.sum(axis=1, keepdims=True) - np.eye(3)[k]) / 4
    np.testing.assert_allclose(gradient(lambda x: functional.cross_entropy(x, k), x), expected, rtol=1e-9)


def test_classes_that_are_impossible_cost_nothing_where_they_are_not_right():
    x = ad.tensor([[0.0, -np.inf, 0.0], [-np.inf, 0.0, 0.0]], requires_grad=True)
    loss = functional.cross_entropy(x, [0, 1])
    assert loss.item() == pytest.approx(math.log(2))
    ignored = functional.cross_entropy(x, [-100, 1])
    assert ignored.item() == pytest.approx(math.log(2))
    ignored.backward()
    assert np.isfinite(x.grad.data[0]).all()


# Targets


def test_a_target_that_requires_a_gradient_gets_one():
    x, t = ad.tensor([1.0, 2.0], requires_grad=True), ad.tensor([0.0, 5.0], requires_grad=True)
    nn.MSELoss(reduction="sum")(x, t).backward()
    np.testing.assert_array_equal(t.grad.data, [-2, 6])
    p = ad.tensor([[0.25, 0.75]], requires_grad=True)
    functional.cross_entropy(ad.tensor([[1.0, 1.0]]), p).backward()
    np.testing.assert_allclose(p.grad.data, [[math.log(2)] * 2])


def test_targets_and_weights_are_not_written():
    t, w, k = np.array([[0.2, 0.8]]), np.array([1.0, 2.0]), np.array([-100])
    x = ad.tensor([[0.3, 0.4]])
    functional.cross_entropy(x, t, w, label_smoothing=0.1)
    functional.cross_entropy(x, k, w, reduction="sum")
    functional.binary_cross_entropy(x, t, w)
    assert t.tolist() == [[0.2, 0.8]]
    assert w.tolist() == [1, 2]
    assert k.tolist() == [-100]


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "huber_loss", "binary_cross_entropy_with_logits"])
def test_a_prediction_that_is_nan_is_not_the_targets_fault(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert math.isnan(getattr(functional, name)(ad.tensor([np.nan, 0.0]), [0.0, 1.0]).item())


def test_an_empty_batch_has_a_sum():
    x = ad.zeros((0, 3))
    assert nn.MSELoss(reduction="sum")(x, np.zeros((0, 3))).item() == 0
    assert nn.CrossEntropyLoss(reduction="sum")(x, []).item() == 0
    assert nn.CrossEntropyLoss(reduction="none")(x, np.zeros(0, int)).shape == (0,)
    assert nn.BCELoss(reduction="none")(x, np.zeros((0, 3))).shape == (0, 3)


def test_a_loss_is_recorded_in_its_own_scope():
    x = ad.ones(2, requires_grad=True)
    assert ad.graph(nn.MSELoss()(x, [0, 0])).nodes[-1].scope == ("MSELoss",)
    assert repr(nn.CrossEntropyLoss()) == "CrossEntropyLoss()"
