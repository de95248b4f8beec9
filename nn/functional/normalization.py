"""Normalisation: means and variances taken out, over batches, samples or groups of channels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

import autodiff as ad
from nn import checks


def _scaled(y: ad.Tensor, weight: Any, bias: Any) -> ad.Tensor:
    """A number for each channel, on the second axis, times it; and another one added."""
    column = (-1, *(1,) * (y.ndim - 2))
    if weight is not None:
        y = y * (weight if y.ndim == 2 else ad.reshape(weight, column))
    if bias is not None:
        y = y + (bias if y.ndim == 2 else ad.reshape(bias, column))
    return y


def batch_norm(
    input: Any,
    running_mean: ad.Tensor | None = None,
    running_var: ad.Tensor | None = None,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> ad.Tensor:
    r"""Each channel of mean 0 and variance 1 over the batch: :math:`w_c (x - \mu_c) / \sqrt{v_c + \varepsilon} + b_c`.

    In training :math:`\mu_c` and :math:`v_c` are the channel's mean and variance, and the running ones are moved
    towards them; otherwise they are the running ones.

    Parameters
    ----------
    input : array_like
        x, of shape (N, C) or (N, C, …).
    running_mean, running_var : Tensor, optional
        Of shape (C,); in training they are written: :math:`r \leftarrow (1 - m) r + m \mu`, with the unbiased variance.
    weight, bias : array_like, optional
        w and b, of shape (C,).
    training : bool
    momentum : float
        m.
    eps : float

    Raises
    ------
    ValueError
        If shapes do not fit, a channel has one number only in training, or there are no running means otherwise.

    Notes
    -----
    Ioffe and Szegedy, "Batch normalization" (2015).  In an :func:`autodiff.checkpoint` it is computed twice, and moves
    the running means twice, as in PyTorch.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.batch_norm(ad.tensor([[1.0, 5.0], [3.0, 5.0]]), training=True, eps=0.25)
    Tensor([[-0.89442719,  0.        ],
            [ 0.89442719,  0.        ]])
    """
    x = checks.floats("batch_norm", input)
    if x.ndim < 2:
        raise ValueError(f"batch_norm takes shape (N, C) or (N, C, ...), got {x.shape}")
    _, channels, *sizes = x.shape
    given = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    for name, values in given.items():
        if values is not None and np.shape(values) != (channels,):
            raise ValueError(f"batch_norm: {name} has a number for each of {channels} channels, got {np.shape(values)}")
    if not training:
        if running_mean is None or running_var is None:
            raise ValueError("batch_norm: without training, running_mean and running_var are what is taken out")
        column = (channels, *(1,) * len(sizes))
        deviation = np.sqrt(running_var.data + eps).astype(x.dtype, copy=False)
        centred = x - running_mean.data.astype(x.dtype, copy=False).reshape(column)
        return _scaled(centred, 1 / deviation if weight is None else weight / deviation, bias)
    axes = (0, *range(2, x.ndim))
    n = x.shape[0] * math.prod(sizes)
    if n < 2:
        raise ValueError(f"batch_norm: in training a channel has more than one number, got an input of shape {x.shape}")
    if running_mean is not None:
        _move(running_mean, momentum, np.mean(x.data, axis=axes))
    if running_var is not None:
        _move(running_var, momentum, np.var(x.data, axis=axes, ddof=1))
    return _scaled(ad.standardize(x, axis=axes, eps=eps), weight, bias)


def _move(running: ad.Tensor, momentum: float, value: Any) -> None:
    """Towards a value, by a part of the way."""
    running.data = (1 - momentum) * running.data + momentum * value.astype(running.dtype, copy=False)


def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> ad.Tensor:
    r"""Each group of channels of mean 0 and variance 1: :math:`w_c (x - \mu) / \sqrt{v + \varepsilon} + b_c`.

    Where :math:`\mu` and v are the mean and the variance of the group in one sample.

    Parameters
    ----------
    input : array_like
        x, of shape (N, C, …).
    num_groups : int
        Into how many groups the C channels are divided.
    weight, bias : array_like, optional
        w and b, of shape (C,).
    eps : float

    Raises
    ------
    ValueError
        If shapes do not fit.

    Notes
    -----
    Wu and He, "Group normalization" (2018).

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.group_norm(ad.tensor([[1.0, 3.0, 0.0, 4.0]]), 2, eps=0.0)
    Tensor([[-1.,  1., -1.,  1.]])
    """
    x = checks.floats("group_norm", input)
    if x.ndim < 2:
        raise ValueError(f"group_norm takes shape (N, C) or (N, C, ...), got {x.shape}")
    n, channels, *sizes = x.shape
    groups = checks.groups("group_norm", "num_groups", channels, num_groups)
    for name, values in {"weight": weight, "bias": bias}.items():
        if values is not None and np.shape(values) != (channels,):
            raise ValueError(f"group_norm: {name} has a number for each of {channels} channels, got {np.shape(values)}")
    grouped = ad.reshape(x, (n, groups, math.prod(sizes) * (channels // groups)))
    return _scaled(ad.reshape(ad.standardize(grouped, eps=eps), x.shape), weight, bias)


def rms_norm(
    input: Any, normalized_shape: int | Sequence[int], weight: Any = None, eps: float | None = None
) -> ad.Tensor:
    r"""Each sample of mean square 1, then scaled: :math:`w \odot x / \sqrt{\overline{x^2} + \varepsilon}`.

    Parameters
    ----------
    input : array_like
        x.
    normalized_shape : int or sequence of ints
        The lengths of the last axes, over which the mean is taken.
    weight : array_like, optional
        w, of that shape.
    eps : float, optional
        Left out, the dtype's: the distance from 1 to the next number.

    Raises
    ------
    ValueError
        If the input's last axes or the weight do not have that shape.

    Notes
    -----
    Zhang and Sennrich, "Root mean square layer normalization" (2019).

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.rms_norm(ad.tensor([[1.0, 7.0]]), 2, eps=0.0)
    Tensor([[0.2, 1.4]])
    """
    x = checks.floats("rms_norm", input)
    last = (normalized_shape,) if isinstance(normalized_shape, (int, np.integer)) else tuple(normalized_shape)
    if not last or x.shape[-len(last) :] != last:
        raise ValueError(f"rms_norm: an input of shape {x.shape} does not end in normalized_shape={last}")
    if weight is not None and np.shape(weight) != last:
        raise ValueError(f"rms_norm: the weight has normalized_shape={last}, got shape {np.shape(weight)}")
    eps = float(np.finfo(x.dtype).eps) if eps is None else eps
    y = x / ad.sqrt(ad.mean(ad.square(x), axis=tuple(range(-len(last), 0)), keepdims=True) + eps)
    return y if weight is None else y * weight
