"""Normalisation: means and variances taken out, over batches, samples or groups of channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

import autodiff as ad
from nn import checks, functional, init
from nn.module import Module, Parameter


class _BatchNorm(Module):
    """The same for all shapes."""

    #: How many axes an input may have.
    _ndims: ClassVar[tuple[int, ...]]
    running_mean: ad.Tensor | None
    running_var: ad.Tensor | None
    num_batches_tracked: ad.Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        bias: bool = True,
        dtype: Any = np.float32,
    ) -> None:
        layer = type(self).__name__
        n = self.num_features = checks.count(layer, "num_features", num_features)
        self.eps = checks.at_least_0(layer, "eps", eps)
        self.momentum = momentum if momentum is None else checks.fraction(layer, "momentum", momentum)
        self.affine = affine
        self.track_running_stats = track_running_stats
        self.weight = Parameter(np.ones(n, dtype)) if affine else None
        self.bias = Parameter(np.zeros(n, dtype)) if affine and bias else None
        self.register_buffer("running_mean", np.zeros(n, dtype) if track_running_stats else None)
        self.register_buffer("running_var", np.ones(n, dtype) if track_running_stats else None)
        self.register_buffer("num_batches_tracked", 0 if track_running_stats else None)

    def reset_running_stats(self) -> None:
        """Forget the batches that were seen."""
        for name, value in (("running_mean", 0), ("running_var", 1), ("num_batches_tracked", 0)):
            if (buffer := getattr(self, name)) is not None:
                buffer.data = np.full_like(buffer.data, value)

    def reset_parameters(self) -> None:
        """Start anew: w = 1, b = 0, and no batch was seen."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Any) -> ad.Tensor:
        x = checks.floats(type(self).__name__, input)
        checks.channels(repr(self), x, self.num_features, self._ndims)
        momentum = self.momentum
        if self.training and self.num_batches_tracked is not None:
            seen = self.num_batches_tracked.data + 1
            self.num_batches_tracked.data = seen
            momentum = 1 / float(seen) if momentum is None else momentum
        return functional.batch_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or self.running_mean is None,
            0.0 if momentum is None else momentum,
            self.eps,
        )

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    r"""Each channel of mean 0 and variance 1 over the batch: :math:`w_c (x - \mu_c) / \sqrt{v_c + \varepsilon} + b_c`.

    All is as for :class:`BatchNorm2d`, with x and y of shape (N, C) or (N, C, L).

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> layer = nn.BatchNorm1d(1, eps=0.0, dtype=float)
    >>> layer(ad.tensor([[1.0], [3.0]])).data
    array([[-1.],
           [ 1.]])
    >>> layer.running_mean
    Tensor([0.2])
    """

    _ndims = (2, 3)


class BatchNorm2d(_BatchNorm):
    r"""Each channel of mean 0 and variance 1 over the batch: :math:`w_c (x - \mu_c) / \sqrt{v_c + \varepsilon} + b_c`.

    Where x and y have shape (N, C, H, W).  In training :math:`\mu_c` and :math:`v_c` are the channel's mean and
    variance, and the running ones are moved towards them; in evaluation mode they are the running ones.  w starts as 1
    and b as 0.  Ioffe and Szegedy, "Batch normalization" (2015).

    Parameters
    ----------
    num_features : int
        C.
    eps : float
    momentum : float, optional
        By which part of the way the running means are moved; with None, they are means over all batches.
    affine : bool
        Whether there is a w.
    track_running_stats : bool
        Whether there are running means; if not, those of the batch are taken in evaluation mode, too.
    bias : bool
        Whether there is a b, too.
    dtype : dtype
        Of the parameters and the running means.

    Attributes
    ----------
    running_mean, running_var, num_batches_tracked : Tensor or None
        Buffers; the variance is the unbiased one.

    Raises
    ------
    ValueError
        If it is called with another shape, or in training with one number for a channel.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> layer = nn.BatchNorm2d(3)
    >>> layer(ad.ones((2, 3, 4, 4))).shape
    (2, 3, 4, 4)
    >>> list(layer.state_dict())
    ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked']
    """

    _ndims = (4,)


def _last(layer: str, shape: int | Sequence[int]) -> tuple[int, ...]:
    """The lengths of the last axes."""
    given = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    if not given:
        raise ValueError(f"{layer}: normalized_shape is the lengths of some last axes, got ()")
    return tuple(checks.count(layer, "normalized_shape", n) for n in given)


class LayerNorm(Module):
    r"""Each sample of mean 0 and variance 1: :math:`w \odot (x - \mu) / \sqrt{v + \varepsilon} + b`.

    Where :math:`\mu` and v are the mean and variance over the last axes, of the shape of w and b.  w starts as 1 and b
    as 0.  Ba, Kiros and Hinton, "Layer normalization" (2016).

    Parameters
    ----------
    normalized_shape : int or sequence of ints
        The lengths of the last axes.
    eps : float
    elementwise_affine : bool
        Whether there is a w.
    bias : bool
        Whether there is a b, too.
    dtype : dtype
        Of the parameters.

    Raises
    ------
    ValueError
        If what it is called with has other last axes.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.LayerNorm(2, eps=0.0, dtype=float)(ad.tensor([[1.0, 3.0], [0.0, 4.0]])).data
    array([[-1.,  1.],
           [-1.,  1.]])
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: Any = np.float32,
    ) -> None:
        self.normalized_shape = _last("LayerNorm", normalized_shape)
        self.eps = checks.at_least_0("LayerNorm", "eps", eps)
        self.elementwise_affine = elementwise_affine
        self.weight = Parameter(np.ones(self.normalized_shape, dtype)) if elementwise_affine else None
        self.bias = Parameter(np.zeros(self.normalized_shape, dtype)) if elementwise_affine and bias else None

    def reset_parameters(self) -> None:
        """Start anew: w = 1, b = 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Any) -> ad.Tensor:
        return ad.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    r"""Each sample of mean square 1, then scaled: :math:`w \odot x / \sqrt{\overline{x^2} + \varepsilon}`.

    Where the mean is over the last axes, of the shape of w, which starts as 1.  Zhang and Sennrich, "Root mean square
    layer normalization" (2019).

    Parameters
    ----------
    normalized_shape : int or sequence of ints
        The lengths of the last axes.
    eps : float, optional
        Left out, the dtype's: the distance from 1 to the next number.
    elementwise_affine : bool
        Whether there is a w.
    dtype : dtype
        Of the parameters.

    Raises
    ------
    ValueError
        If what it is called with has other last axes.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.RMSNorm(2, eps=0.0, dtype=float)(ad.tensor([[1.0, 7.0]])).data
    array([[0.2, 1.4]])
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        *,
        dtype: Any = np.float32,
    ) -> None:
        self.normalized_shape = _last("RMSNorm", normalized_shape)
        self.eps = eps if eps is None else checks.at_least_0("RMSNorm", "eps", eps)
        self.elementwise_affine = elementwise_affine
        self.weight = Parameter(np.ones(self.normalized_shape, dtype)) if elementwise_affine else None

    def reset_parameters(self) -> None:
        """Start anew: w = 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input: Any) -> ad.Tensor:
        return functional.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    r"""Each group of channels of mean 0 and variance 1: :math:`w_c (x - \mu) / \sqrt{v + \varepsilon} + b_c`.

    Where x and y have shape (N, C, …), and :math:`\mu` and v are the mean and variance of a group in one sample.  w
    starts as 1 and b as 0.  Wu and He, "Group normalization" (2018).

    Parameters
    ----------
    num_groups, num_channels : int
        Into how many groups the C channels are divided.
    eps : float
    affine : bool
        Whether there is a w.
    bias : bool
        Whether there is a b, too.
    dtype : dtype
        Of the parameters.

    Raises
    ------
    ValueError
        If the groups do not divide the channels, or it is called with other channels.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.GroupNorm(2, 4, eps=0.0, dtype=float)(ad.tensor([[1.0, 3.0, 0.0, 4.0]])).data
    array([[-1.,  1., -1.,  1.]])
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        *,
        bias: bool = True,
        dtype: Any = np.float32,
    ) -> None:
        self.num_channels = checks.count("GroupNorm", "num_channels", num_channels)
        self.num_groups = checks.groups("GroupNorm", "num_groups", self.num_channels, num_groups)
        self.eps = checks.at_least_0("GroupNorm", "eps", eps)
        self.affine = affine
        self.weight = Parameter(np.ones(self.num_channels, dtype)) if affine else None
        self.bias = Parameter(np.zeros(self.num_channels, dtype)) if affine and bias else None

    def reset_parameters(self) -> None:
        """Start anew: w = 1, b = 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Any) -> ad.Tensor:
        shape = np.shape(input)
        if len(shape) < 2 or shape[1] != self.num_channels:
            raise ValueError(f"{self!r} takes shape (N, {self.num_channels}, ...), got {shape}")
        return functional.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )
