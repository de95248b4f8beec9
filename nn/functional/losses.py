"""Losses: predictions (`input`) are differentiated, targets are Tensors, arrays or lists.

Their `reduction` is ``"mean"``, ``"sum"`` or ``"none"``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autodiff as ad
from nn import checks
from nn.functional.distances import pairwise_distance

# Numbers


def _reduced(name: str, loss: Any, target: Any, reduction: str) -> ad.Tensor:
    """The losses of the elements made one number; a NaN there is the target's fault or the prediction's."""
    if reduction == "mean":
        if not loss.size:
            raise ValueError(f"{name}: an empty batch has no mean (the prediction has shape {loss.shape})")
        loss = ad.mean(loss)
    elif checks.reduction(reduction) == "sum":
        loss = ad.sum(loss)
    if target is not None and (reduction == "none" or math.isnan(loss.item())):
        checks.numbers(name, target)
    return loss


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> ad.Tensor:
    r"""Squared error: :math:`(x - t)^2`, element by element, then reduced.

    Parameters
    ----------
    input : Tensor
        The prediction x.
    target : array_like
        t, of the same shape; it is brought to the prediction's dtype.
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If shapes differ, the target has NaN, or the mean of an empty batch is asked for.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.mse_loss(ad.tensor([1.0, 2.0]), [0.0, 0.0]).item()
    2.5
    """
    x = checks.floats("mse_loss", input)
    t = checks.like("mse_loss", x, target)
    return _reduced("mse_loss", ad.square(x - t), t, reduction)


def l1_loss(input: Any, target: Any, reduction: str = "mean") -> ad.Tensor:
    r"""Absolute error: :math:`|x - t|`, element by element, then reduced; as :func:`mse_loss`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.l1_loss(ad.tensor([1.0, -2.0]), [0.0, 0.0]).item()
    1.5
    """
    x = checks.floats("l1_loss", input)
    t = checks.like("l1_loss", x, target)
    return _reduced("l1_loss", ad.abs(x - t), t, reduction)


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> ad.Tensor:
    r"""Huber's loss: :math:`\tfrac12 d^2` where :math:`|d| \le \delta`, else :math:`\delta (|d| - \tfrac12 \delta)`.

    Where :math:`d = x - t`; as :func:`mse_loss`.  Huber, "Robust estimation of a location parameter" (1964).

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.huber_loss(ad.tensor([0.5, 2.0]), [0.0, 0.0], reduction="none")
    Tensor([0.125, 1.5  ])
    """
    checks.positive("huber_loss", "delta", delta)
    x = checks.floats("huber_loss", input)
    t = checks.like("huber_loss", x, target)
    return _reduced("huber_loss", ad.huber(x - t, delta), t, reduction)


def smooth_l1_loss(input: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> ad.Tensor:
    r"""Huber's, divided: :math:`d^2 / 2 \beta` where :math:`|d| < \beta`, else :math:`|d| - \tfrac12 \beta`.

    Where :math:`d = x - t`; as :func:`mse_loss`.  With :math:`\beta = 0` it is :func:`l1_loss`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.smooth_l1_loss(ad.tensor([0.5, 2.0]), [0.0, 0.0], "none", beta=2.0)
    Tensor([0.0625, 1.    ])
    """
    if checks.at_least_0("smooth_l1_loss", "beta", beta) == 0:
        return l1_loss(input, target, reduction)
    x = checks.floats("smooth_l1_loss", input)
    t = checks.like("smooth_l1_loss", x, target)
    return _reduced("smooth_l1_loss", ad.huber(x - t, beta) / beta, t, reduction)


def poisson_nll_loss(
    input: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> ad.Tensor:
    r"""Of the logarithm of a rate: :math:`e^x - t x`, which is :math:`-\log P(t)` of a Poisson distribution.

    Parameters
    ----------
    input : Tensor
        x.
    target : array_like
        The numbers t that were counted, of the same shape.
    log_input : bool
        If not, x is the rate itself: :math:`x - t \log(x + \varepsilon)`.
    full : bool
        Whether to add :math:`\log t!`, by Stirling's formula :math:`t \log t - t + \tfrac12 \log(2 \pi t)` for t > 1.
    eps : float
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If shapes differ, the target has NaN, or the mean of an empty batch is asked for.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.poisson_nll_loss(ad.tensor([0.0, 0.0]), [0.0, 3.0], reduction="none")
    Tensor([1., 1.])
    """
    x = checks.floats("poisson_nll_loss", input)
    t = checks.like("poisson_nll_loss", x, target)
    loss = ad.exp(x) - t * x if log_input else x - t * ad.log(x + eps)
    if full:
        n = ad.maximum(t, 1)
        loss = loss + ad.where(ad.greater(t, 1), n * ad.log(n) - n + 0.5 * ad.log(2 * math.pi * n), 0.0)
    return _reduced("poisson_nll_loss", loss, t, reduction)


def gaussian_nll_loss(
    input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> ad.Tensor:
    r"""Of a mean and a variance: :math:`\tfrac12 (\log v + (x - t)^2 / v)`, of a normal distribution.

    Parameters
    ----------
    input : Tensor
        The mean x.
    target : array_like
        t, of the same shape.
    var : array_like
        The variance v, of the same shape, or with a last axis of length 1, or none.
    full : bool
        Whether to add :math:`\tfrac12 \log 2 \pi`.
    eps : float
        The least variance: one that is below counts as that, and its gradient is that of this.
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If shapes do not fit, a variance is negative, the target has NaN, or the mean of an empty batch is asked for.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.gaussian_nll_loss(ad.tensor([1.0, 3.0]), [0.0, 0.0], [1.0, 1.0], reduction="none")
    Tensor([0.5, 4.5])
    """
    name = "gaussian_nll_loss"
    checks.positive(name, "eps", eps)
    x = checks.floats(name, input)
    t = checks.like(name, x, target)
    v = ad.astype(ad.asarray(var), x.dtype)
    if v.shape not in ((), x.shape, (*x.shape[:-1], 1)):
        if v.shape != x.shape[:-1]:
            raise ValueError(f"{name}: the prediction has shape {x.shape}, the variance {v.shape}")
        v = ad.expand_dims(v, -1)
    if (v.data < 0).any():
        raise ValueError(f"{name}: a variance is at least 0, got {v.data.min()}")
    v = v + np.maximum(eps - v.data, 0)
    loss = 0.5 * (ad.log(v) + ad.square(x - t) / v)
    return _reduced(name, loss + 0.5 * math.log(2 * math.pi) if full else loss, t, reduction)


def kl_div(input: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> ad.Tensor:
    r"""Divergence of distributions: :math:`t (\log t - x)`, where x is the logarithm of a probability.

    Parameters
    ----------
    input : Tensor
        x.
    target : array_like
        The probabilities t, or (`log_target`) their logarithms, of the same shape.
    reduction : {"mean", "sum", "none", "batchmean"}
        Kullback and Leibler's divergence is the sum; ``"batchmean"`` divides it by the length of the first axis, and
        ``"mean"`` by the number of all elements.
    log_target : bool

    Raises
    ------
    ValueError
        If shapes differ, the target has NaN, or the mean of an empty batch is asked for.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.kl_div(ad.log(ad.tensor([[0.5, 0.5]])), [[1.0, 0.0]], "batchmean")
    Tensor(0.6931471805599453)
    """
    x = checks.floats("kl_div", input)
    t = checks.like("kl_div", x, target)
    loss = ad.exp(t) * (t - x) if log_target else ad.xlogy(t, t) - t * x
    if reduction != "batchmean":
        return _reduced("kl_div", loss, t, reduction)
    if not x.ndim or not x.shape[0]:
        raise ValueError(f"kl_div: an empty batch has no mean (the prediction has shape {x.shape})")
    return _reduced("kl_div", loss, t, "sum") / x.shape[0]


# Classes


def binary_cross_entropy(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> ad.Tensor:
    r"""Of probabilities p: :math:`-w (t \log p + (1 - t) \log(1 - p))`, element by element, then reduced.

    The logarithms are cut off at -100, as PyTorch's are.

    Parameters
    ----------
    input : Tensor
        The probabilities p.
    target : array_like
        t, from 0 to 1, of the same shape.
    weight : array_like, optional
        w, which broadcasts against the rest.
    reduction : {"mean", "sum", "none"}
        The mean is over the number of elements, whatever their weights.

    Raises
    ------
    ValueError
        If shapes differ, probabilities or targets are not from 0 to 1, or the mean of an empty batch is asked for.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.binary_cross_entropy(ad.tensor([0.5, 0.25]), [1, 0], reduction="none")
    Tensor([0.69314718, 0.28768207])
    """
    name = "binary_cross_entropy"
    x = checks.floats(name, input)
    t = checks.like(name, x, target)
    checks.probabilities(name, "the target", t)
    checks.probabilities(name, "the prediction", x)
    loss = ad.binary_cross_entropy(x, t)
    if weight is not None:
        loss = loss * checks.weights(name, "weight", weight, x)
    return _reduced(name, loss, t, reduction)


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> ad.Tensor:
    r"""Of logits x: :math:`-w (p_c \, t \log \sigma(x) + (1 - t) \log(1 - \sigma(x)))`, without overflow.

    Parameters
    ----------
    input : Tensor
        The logits x.
    target : array_like
        t, from 0 to 1, of the same shape.
    weight, pos_weight : array_like, optional
        w, and the weight :math:`p_c` of positive answers; they broadcast against the rest.
    reduction : {"mean", "sum", "none"}
        The mean is over the number of elements, whatever their weights.

    Raises
    ------
    ValueError
        If shapes differ, targets are not from 0 to 1, or the mean of an empty batch is asked for.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.binary_cross_entropy_with_logits(ad.tensor([0.0, 1000.0]), [1, 1], reduction="none")
    Tensor([0.69314718, 0.        ])
    """
    name = "binary_cross_entropy_with_logits"
    x = checks.floats(name, input)
    t = checks.like(name, x, target)
    checks.probabilities(name, "the target", t)
    if pos_weight is None:
        loss = ad.binary_cross_entropy_with_logits(x, t)
    else:
        positive = checks.weights(name, "pos_weight", pos_weight, x)
        loss = (1 - t) * x + (1 + (positive - 1) * t) * ad.softplus(-x)
    if weight is not None:
        loss = loss * checks.weights(name, "weight", weight, x)
    return _reduced(name, loss, t, reduction)


def nll_loss(
    input: Any, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean"
) -> ad.Tensor:
    r"""Negative log-likelihood: :math:`-w_k \, x_k`, where k is the right class, then reduced.

    Parameters
    ----------
    input : Tensor
        Logarithms of probabilities, of shape (C,), (N, C) or (N, C, d1, …).
    target : array_like of ints
        The right classes, from 0 to C - 1, of the same shape without C.
    weight : array_like, optional
        w, a number for each class.
    ignore_index : int
        A label that does not count.
    reduction : {"mean", "sum", "none"}
        The mean is over the sum of the weights of the right classes.

    Raises
    ------
    ValueError
        If shapes do not fit, a label is not one of the classes, or nothing is there to take the mean of.
    TypeError
        If labels are not integers.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.nll_loss(ad.tensor([[-1.0, -2.0], [-3.0, -4.0]]), [0, 1]).item()
    2.5
    """
    x = checks.floats("nll_loss", input)
    axis = checks.class_axis("nll_loss", x)
    labels, counted = checks.labels("nll_loss", x, axis, target, ignore_index)
    w = None if weight is None else checks.class_weights("nll_loss", weight, x.shape[axis], x.dtype)
    return _class_loss("nll_loss", x, axis, labels, counted, w, reduction)


def _picked(x: ad.Tensor, axis: int, labels: Any) -> ad.Tensor:
    """The numbers at the right classes."""
    if x.ndim == 1:
        return x[int(labels)]
    if x.ndim == 2:
        return x[np.arange(len(labels)), labels]
    return ad.squeeze(ad.take_along_axis(x, np.expand_dims(labels, axis), axis), axis)


def _class_loss(
    name: str, x: ad.Tensor, axis: int, labels: Any, counted: Any, weight: Any, reduction: str, smoothing: float = 0.0
) -> ad.Tensor:
    """The loss of logarithms of probabilities at the right classes; a part (`smoothing`) is spread over all classes."""
    loss = -_picked(x, axis, labels)
    total: Any = labels.size
    spread: Any = None
    if smoothing:
        column = () if weight is None else (weight.reshape((-1,) + (1,) * (x.ndim - axis - 1)),)
        spread = ad.sum(ad.multiply(x, *column) if column else x, axis=axis) * (-smoothing / x.shape[axis])
    if weight is not None:
        weights = weight[labels]
        loss = loss * weights
        total = np.sum(weights if counted is None else weights * counted)
    elif counted is not None:
        total = int(np.count_nonzero(counted))
    if smoothing:
        loss = loss * (1 - smoothing) + spread
    if counted is not None:
        loss = ad.where(counted, loss, 0)
    if checks.reduction(reduction) == "none":
        return loss
    if reduction == "sum":
        return ad.sum(loss)
    if not total > 0:
        what = "an empty batch" if not labels.size else "a batch whose labels are all ignored or of weight 0"
        raise ValueError(f"{name}: {what} has no mean (the prediction has shape {x.shape})")
    return ad.mean(loss) if weight is None and counted is None else ad.sum(loss) / total


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> ad.Tensor:
    r"""Of logits x and class probabilities t: :math:`-\sum_c w_c \, t_c \log \operatorname{softmax}(x)_c`, reduced.

    A class label k stands for :math:`t_k = 1` and all others 0.

    Parameters
    ----------
    input : Tensor
        Logits, of shape (C,), (N, C) or (N, C, d1, …).
    target : array_like
        Either the right classes, integers from 0 to C - 1, of the same shape without C; or probabilities, of the same
        shape.
    weight : array_like, optional
        w, a number for each class.
    ignore_index : int
        A label that does not count.
    reduction : {"mean", "sum", "none"}
        The mean is over the sum of the weights of the right classes; for probabilities, over the number of samples.
    label_smoothing : float
        From 0 to 1: how much of the target is replaced by equal probabilities for all classes.

    Raises
    ------
    ValueError
        If shapes do not fit, a label is not one of the classes, a probability is not from 0 to 1, or nothing is there
        to take the mean of.
    TypeError
        If labels are not integers, or probabilities are.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> x = ad.tensor([[0.0, 0.0], [0.0, 1000.0]])
    >>> nn.functional.cross_entropy(x, [0, 0], reduction="none")
    Tensor([6.93147181e-01, 1.00000000e+03])
    >>> nn.functional.cross_entropy(x, [[0.5, 0.5], [0.5, 0.5]], reduction="none")
    Tensor([  0.69314718, 500.        ])
    """
    name = "cross_entropy"
    checks.fraction(name, "label_smoothing", label_smoothing)
    x = checks.floats(name, input)
    axis = checks.class_axis(name, x)
    classes = x.shape[axis]
    w = None if weight is None else checks.class_weights(name, weight, classes, x.dtype)
    if np.shape(target) != x.shape:
        labels, counted = checks.labels(name, x, axis, target, ignore_index)
        logs = ad.log_softmax(x, axis=axis)
        return _class_loss(name, logs, axis, labels, counted, w, reduction, label_smoothing)
    t = checks.distribution(name, x, target)
    if ignore_index >= 0:
        raise ValueError(f"cross_entropy: ignore_index={ignore_index} is for class labels, the target is probabilities")
    if label_smoothing:
        t = t * (1 - label_smoothing) + label_smoothing / classes
    if w is not None:
        t = t * w.reshape((-1,) + (1,) * (x.ndim - axis - 1))
    loss = -ad.sum(ad.log_softmax(x, axis=axis) * t, axis=axis)
    return _reduced(name, loss, t, reduction)


# Pairs and triples


def _pair(name: str, input1: Any, input2: Any) -> tuple[ad.Tensor, ad.Tensor]:
    """Two inputs of the same shape."""
    a, b = checks.floats(name, input1), checks.floats(name, input2)
    if a.shape != b.shape:
        raise ValueError(f"{name}: the inputs have the same shape, got {a.shape} and {b.shape}")
    return a, b


def _signs(name: str, loss_shape: tuple[int, ...], dtype: Any, target: Any) -> Any:
    """A target of 1 and -1, of the shape of the losses."""
    t = np.asarray(target.data if isinstance(target, ad.Tensor) else target)
    if t.shape != loss_shape:
        raise ValueError(f"{name}: the target has a sign for each of the losses of shape {loss_shape}, got {t.shape}")
    checks.signs(name, t)
    return t.astype(dtype)


def cosine_embedding_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: str = "mean"
) -> ad.Tensor:
    r"""Of the cosine c of the angle of two: :math:`1 - c` for t = 1, :math:`\max(0, c - m)` for t = -1.

    Parameters
    ----------
    input1, input2 : Tensor
        x1 and x2, of shape (D,) or (N, D).
    target : array_like
        t, of shape () or (N,).
    margin : float
        m, from -1 to 1.
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If shapes do not fit, a target is neither 1 nor -1, or the mean of an empty batch is asked for.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> x, y = ad.tensor([[3.0, 4.0], [3.0, 4.0]]), ad.tensor([[4.0, 3.0], [4.0, 3.0]])
    >>> nn.functional.cosine_embedding_loss(x, y, [1, -1], reduction="none")
    Tensor([0.04, 0.96])
    """
    name = "cosine_embedding_loss"
    a, b = _pair(name, input1, input2)
    if a.ndim not in (1, 2):
        raise ValueError(f"{name}: the inputs have shape (D,) or (N, D), got {a.shape}")
    t = _signs(name, a.shape[:-1], a.dtype, target)
    squares = (ad.sum(ad.square(x), axis=-1) + _LEAST for x in (a, b))
    cosine = ad.sum(a * b, axis=-1) / ad.sqrt(ad.multiply(*squares))
    return _reduced(name, ad.where(t == 1, 1 - cosine, ad.relu(cosine - margin)), t, reduction)


#: What PyTorch adds to the squares of lengths that it divides by.
_LEAST = 1e-12


def hinge_embedding_loss(input: Any, target: Any, margin: float = 1.0, reduction: str = "mean") -> ad.Tensor:
    r"""Of a distance: :math:`x` for t = 1, :math:`\max(0, m - x)` for t = -1; m is the margin.

    Parameters
    ----------
    input : Tensor
        x.
    target : array_like
        t, of the same shape.
    margin : float
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If shapes differ, a target is neither 1 nor -1, or the mean of an empty batch is asked for.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.hinge_embedding_loss(ad.tensor([0.25, 0.25]), [1, -1], reduction="none")
    Tensor([0.25, 0.75])
    """
    x = checks.floats("hinge_embedding_loss", input)
    t = _signs("hinge_embedding_loss", x.shape, x.dtype, target)
    return _reduced("hinge_embedding_loss", ad.where(t == 1, x, ad.relu(margin - x)), t, reduction)


def margin_ranking_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: str = "mean"
) -> ad.Tensor:
    r"""Of two that should be in order: :math:`\max(0, -t (x_1 - x_2) + m)`; m is the margin.

    Parameters
    ----------
    input1, input2 : Tensor
        x1 and x2, of the same shape.
    target : array_like
        t, of the same shape: 1 if x1 should be the greater, -1 if x2.
    margin : float
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If shapes differ, a target is neither 1 nor -1, or the mean of an empty batch is asked for.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.margin_ranking_loss(ad.tensor([1.0, 1.0]), ad.tensor([3.0, 3.0]), [1, -1], reduction="none")
    Tensor([2., 0.])
    """
    a, b = _pair("margin_ranking_loss", input1, input2)
    t = _signs("margin_ranking_loss", a.shape, a.dtype, target)
    return _reduced("margin_ranking_loss", ad.relu(margin - t * (a - b)), t, reduction)


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> ad.Tensor:
    r"""Of one, its like and its unlike: :math:`\max(0, d(a, x) - d(a, y) + m)`, with distances along the last axis.

    Parameters
    ----------
    anchor, positive, negative : Tensor
        a, x and y, of shape (D,) or (N, D).
    margin : float
        m.
    p, eps : float
        See :func:`pairwise_distance`.
    swap : bool
        Whether :math:`d(x, y)` counts where it is less than :math:`d(a, y)` (Balntas et al. 2016).
    reduction : {"mean", "sum", "none"}

    Raises
    ------
    ValueError
        If shapes differ, or the mean of an empty batch is asked for.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> a, x, y = ad.tensor([[0.0]]), ad.tensor([[2.0]]), ad.tensor([[1.5]])
    >>> nn.functional.triplet_margin_loss(a, x, y, eps=0.0).item()
    1.5
    """
    name = "triplet_margin_loss"
    a, x = _pair(name, anchor, positive)
    a, y = _pair(name, anchor, negative)
    if a.ndim not in (1, 2):
        raise ValueError(f"{name}: the inputs have shape (D,) or (N, D), got {a.shape}")
    near, far = pairwise_distance(a, x, p, eps), pairwise_distance(a, y, p, eps)
    if swap:
        far = ad.minimum(far, pairwise_distance(x, y, p, eps))
    return _reduced(name, ad.relu(near - far + margin), None, reduction)
