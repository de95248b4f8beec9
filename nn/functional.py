"""The same as functions: layers without parameters of their own, activations, losses.

Losses take predictions (`input`) that are differentiated, and targets: Tensors, arrays or lists.  Their `reduction` is
``"mean"``, ``"sum"`` or ``"none"``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autodiff as ad
from autodiff import (
    celu,
    elu,
    gelu,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softsign,
    tanh,
)
from autodiff import log_sigmoid as logsigmoid
from nn import checks
from nn.random import Rng, generator

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "celu",
    "cross_entropy",
    "dropout",
    "elu",
    "flatten",
    "gelu",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "huber_loss",
    "l1_loss",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsigmoid",
    "mish",
    "mse_loss",
    "nll_loss",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "tanh",
]

# Layers


def linear(input: Any, weight: Any, bias: Any = None) -> ad.Tensor:
    r"""An affine map: :math:`y = x W^\top + b`, with W of shape (out, in).

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.linear(ad.tensor([1.0, 2.0]), ad.tensor([[3.0, 4.0]]), ad.tensor([0.5]))
    Tensor([11.5])
    """
    if bias is None:
        return ad.matmul(input, ad.matrix_transpose(weight))
    return ad.affine(input, weight, bias)


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, *, rng: Rng = None) -> ad.Tensor:
    r"""Numbers dropped at random: :math:`y_i = m_i x_i / (1 - p)`, with :math:`m_i` 0 with probability p, else 1.

    Nothing happens if not `training`.  `inplace` is PyTorch's and changes nothing here.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.dropout(ad.ones(4), rng=0)
    Tensor([2., 0., 0., 0.])
    """
    checks.fraction("dropout", "p", p)
    x = input if isinstance(input, ad.Tensor) else ad.asarray(input)
    if not training or p == 0:
        return x
    kept = generator(rng).random(x.shape) >= p
    return x * (kept * checks.floats("dropout", x).dtype.type(1 / (1 - p) if p < 1 else 0))


def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> ad.Tensor:
    """Axes made one: those from `start_dim` to `end_dim`, both included.

    Raises
    ------
    ValueError
        If there are no such axes.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.flatten(ad.zeros((2, 3, 4, 5)), 1, 2).shape
    (2, 12, 5)
    """
    shape = np.shape(input) or (1,)
    ndim = len(shape)
    if not (-ndim <= start_dim < ndim and -ndim <= end_dim < ndim and start_dim % ndim <= end_dim % ndim):
        raise ValueError(f"flatten: no axes from {start_dim} to {end_dim} in shape {np.shape(input)}")
    first, last = start_dim % ndim, end_dim % ndim
    size = math.prod(shape[first : last + 1])
    return ad.reshape(input, (*shape[:first], size, *shape[last + 1 :]))


# Activations that PyTorch gives other arguments


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> ad.Tensor:
    r"""Smooth rectifier: :math:`\frac{1}{\beta} \log(1 + e^{\beta x})`, and x where :math:`\beta x >` `threshold`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.softplus(ad.tensor([0.0, 100.0]))
    Tensor([  0.69314718, 100.        ])
    """
    scaled = input if beta == 1 else ad.multiply(input, beta)
    smooth = ad.softplus(scaled)
    return ad.where(ad.greater(scaled, threshold), input, smooth if beta == 1 else smooth / beta)


def _axis(name: str, x: Any, dim: int | None) -> int:
    """The axis for a softmax; where none is named, the only one, or the second of two."""
    if dim is not None:
        return dim
    if np.ndim(x) not in (1, 2):
        raise ValueError(f"{name}: say along which axis of shape {np.shape(x)}, with dim=")
    return -1


def softmax(input: Any, dim: int | None = None) -> ad.Tensor:
    r"""Positive and of sum 1: :math:`y_i = e^{x_i} / \sum_j e^{x_j}` along an axis.

    `dim` may be left out for one axis, and for two, of which the second is meant.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.softmax(ad.tensor([[0.0, 0.0], [0.0, 1000.0]]))
    Tensor([[0.5, 0.5],
            [0. , 1. ]])
    """
    return ad.softmax(input, axis=_axis("softmax", input, dim))


def log_softmax(input: Any, dim: int | None = None) -> ad.Tensor:
    r"""Logarithm of the softmax: :math:`y_i = x_i - \log \sum_j e^{x_j}` along an axis, as for :func:`softmax`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.log_softmax(ad.tensor([0.0, 1000.0]))
    Tensor([-1000.,     0.])
    """
    return ad.log_softmax(input, axis=_axis("log_softmax", input, dim))


# Losses


def _reduced(name: str, loss: Any, target: Any, reduction: str) -> ad.Tensor:
    """The losses of the elements made one number; a NaN there is the target's fault or the prediction's."""
    if reduction == "mean":
        if not loss.size:
            raise ValueError(f"{name}: an empty batch has no mean (the prediction has shape {loss.shape})")
        loss = ad.mean(loss)
    elif checks.reduction(reduction) == "sum":
        loss = ad.sum(loss)
    if reduction == "none" or math.isnan(loss.item()):
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
