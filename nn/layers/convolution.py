"""Convolutions, and their transposes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

import autodiff as ad
from nn import checks, functional, init
from nn.module import Module, Parameter
from nn.random import Rng, generator

Size = int | tuple[int, ...]


class _Convolution(Module):
    """What a convolution and its transpose have in common: settings, parameters, initial values."""

    _dims: ClassVar[int]
    _transposed: ClassVar[bool] = False

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size,
        padding: Any,
        output_padding: Size,
        dilation: Size,
        groups: int,
        bias: bool,
        padding_mode: str,
        dtype: Any,
        rng: Rng,
    ) -> None:
        layer, dims = type(self).__name__, self._dims
        self.in_channels = checks.count(layer, "in_channels", in_channels)
        self.out_channels = checks.count(layer, "out_channels", out_channels)
        self.kernel_size = checks.each(layer, "kernel_size", kernel_size, dims, 1)
        self.stride = checks.each(layer, "stride", stride, dims, 1)
        self.padding: Any = (
            checks.one_of(layer, "padding", padding, ("same", "valid"))
            if isinstance(padding, str)
            else checks.each(layer, "padding", padding, dims, 0)
        )
        if self.padding == "same" and any(s != 1 for s in self.stride):
            raise ValueError(f"{layer}: padding='same' keeps the shape with stride 1 only, got stride={stride}")
        self.output_padding = checks.each(layer, "output_padding", output_padding, dims, 0)
        self.dilation = checks.each(layer, "dilation", dilation, dims, 1)
        self.groups = checks.groups(layer, "groups", self.in_channels, groups)
        checks.groups(layer, "groups", self.out_channels, groups)
        modes = ("zeros",) if self._transposed else ("zeros", "reflect", "replicate", "circular")
        self.padding_mode = checks.one_of(layer, "padding_mode", padding_mode, modes)
        outer, inner = self.out_channels, self.in_channels
        if self._transposed:
            outer, inner = inner, outer
        self.weight = Parameter(np.zeros((outer, inner // self.groups, *self.kernel_size), dtype))
        self.bias = Parameter(np.zeros(self.out_channels, dtype)) if bias else None
        self.reset_parameters(rng=rng)

    def reset_parameters(self, *, rng: Rng = None) -> None:
        """Draw the initial values anew."""
        rng = generator(rng)
        init.kaiming_uniform_(self.weight, a=math.sqrt(5), rng=rng)
        if self.bias is not None:
            bound = 1 / math.sqrt(math.prod(self.weight.shape[1:]))
            init.uniform_(self.bias, -bound, bound, rng=rng)

    def extra_repr(self) -> str:
        shown = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        usual = {
            "padding": (0,) * self._dims,
            "dilation": (1,) * self._dims,
            "output_padding": (0,) * self._dims,
            "groups": 1,
        }
        for name, value in usual.items():
            if (own := getattr(self, name)) != value:
                shown += f", {name}={own}"
        if self.bias is None:
            shown += ", bias=False"
        return shown if self.padding_mode == "zeros" else f"{shown}, padding_mode={self.padding_mode}"


class _Conv(_Convolution):
    """A convolution."""

    _function: ClassVar[Callable[..., ad.Tensor]]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        *,
        dtype: Any = np.float32,
        rng: Rng = None,
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, 0, dilation, groups, bias, padding_mode, dtype, rng
        )

    def _ends(self) -> list[int]:
        """How many to add at both ends of each axis, the last axis first."""
        if self.padding == "valid":
            return [0] * 2 * self._dims
        if self.padding == "same":
            spans = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
            return [end for span in reversed(spans) for end in (span // 2, span - span // 2)]
        return [p for p in reversed(self.padding) for _ in range(2)]

    def forward(self, input: Any) -> ad.Tensor:
        padding = self.padding
        if self.padding_mode != "zeros":
            input, padding = functional.pad(input, self._ends(), self.padding_mode), 0
        return type(self)._function(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(_Conv):
    r"""Convolution along one axis: :math:`y_{n o p} = b_o + \sum_{c k} w_{o c k} \, x_{n, c, p s + k d - a}`.

    All is as for :class:`Conv2d`, with one axis in place of two: x has shape (N, C, L) or (C, L), w (out, in / groups,
    kernel) and y (N, out, L').

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.Conv1d(3, 4, 5, padding=2)(ad.zeros((2, 3, 7))).shape
    (2, 4, 7)
    """

    _dims = 1
    _function = staticmethod(ad.conv1d)


class Conv2d(_Conv):
    r"""Convolution along two axes: :math:`y_{n o p} = b_o + \sum_{c k} w_{o c k} \, x_{n, c, p s + k d - a}`.

    Where x has shape (N, C, H, W) or (C, H, W), w (out, in / groups, kernel height, kernel width), b (out,) and y
    (N, out, H', W'); s is the stride, d the dilation, a the padding.  w and b start from :math:`U(-1/\sqrt m,
    1/\sqrt m)`, where m is the number of an output's weights, as PyTorch's do.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size : int or tuple of ints
    stride : int or tuple of ints
        From one result to the next.
    padding : int, tuple of ints, "valid" or "same"
        How many elements to add at both ends of an axis; ``"same"`` adds as many as keep the shape.
    dilation : int or tuple of ints
        From one element of the kernel to the next.
    groups : int
        Into how many groups the channels are divided, each with results of its own.
    bias : bool
        Whether there is a b.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
        What is added: see :func:`nn.functional.pad`.
    dtype : dtype
        Of the parameters.
    rng : Generator or int, optional
        Where the initial values come from.

    Raises
    ------
    ValueError
        If a number is too small, groups do not divide the channels, or it is called with what does not fit.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> layer = nn.Conv2d(3, 8, 3, stride=2, padding=1)
    >>> layer(ad.zeros((2, 3, 8, 6))).shape
    (2, 8, 4, 3)
    >>> layer.weight.shape
    (8, 3, 3, 3)
    """

    _dims = 2
    _function = staticmethod(ad.conv2d)


class _ConvTranspose(_Convolution):
    """The transpose of a convolution."""

    _function: ClassVar[Callable[..., ad.Tensor]]
    _transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        padding_mode: str = "zeros",
        *,
        dtype: Any = np.float32,
        rng: Rng = None,
    ) -> None:
        if isinstance(padding, str):
            raise TypeError(f"{type(self).__name__}: padding is a whole number, got {padding!r}")
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            output_padding,
            dilation,
            groups,
            bias,
            padding_mode,
            dtype,
            rng,
        )

    def forward(self, input: Any, output_size: Sequence[int] | None = None) -> ad.Tensor:
        more = self.output_padding if output_size is None else self._more(np.shape(input), output_size)
        return type(self)._function(
            input, self.weight, self.bias, self.stride, self.padding, more, self.groups, self.dilation
        )

    def _more(self, shape: tuple[int, ...], output_size: Sequence[int]) -> tuple[int, ...]:
        """By how much the axes exceed the shortest ones that are possible, to have the lengths that are wanted."""
        wanted = tuple(output_size)[-self._dims :]
        settings = zip(shape[-self._dims :], self.kernel_size, self.stride, self.padding, self.dilation, strict=True)
        least = tuple((n - 1) * s - 2 * p + d * (k - 1) + 1 for n, k, s, p, d in settings)
        more = tuple(m - n for m, n in zip(wanted, least, strict=True))
        if any(not 0 <= m < s for m, s in zip(more, self.stride, strict=True)):
            most = tuple(n + s - 1 for n, s in zip(least, self.stride, strict=True))
            raise ValueError(
                f"{self!r}: an input of shape {shape} leads to axes from {least} to {most}, "
                f"output_size is {output_size}"
            )
        return more


class ConvTranspose1d(_ConvTranspose):
    r"""The transpose of :class:`Conv1d`, and a bias: :math:`y_{n o q} = b_o + \sum w_{c o k} \, x_{n c p}`.

    All is as for :class:`ConvTranspose2d`, with one axis in place of two: x has shape (N, C, L) or (C, L), w (in,
    out / groups, kernel) and y (N, out, L').

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.ConvTranspose1d(3, 4, 2, stride=2)(ad.zeros((2, 3, 7))).shape
    (2, 4, 14)
    """

    _dims = 1
    _function = staticmethod(ad.conv_transpose1d)


class ConvTranspose2d(_ConvTranspose):
    r"""The transpose of :class:`Conv2d`, and a bias: :math:`y_{n o q} = b_o + \sum w_{c o k} \, x_{n c p}`.

    The sum is over all c, k and p with :math:`p s + k d - a = q`.  Where x has shape (N, C, H, W) or (C, H, W), w (in,
    out / groups, kernel height, kernel width), b (out,) and y (N, out, H', W').  w and b start from :math:`U(-1/\sqrt
    m, 1/\sqrt m)`, where m is the number of elements of :math:`w_c`, as PyTorch's do.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, padding, dilation, groups
        Those of the convolution whose transpose it is; the padding is not a word.
    output_padding : int or tuple of ints
        With a stride, inputs of several lengths lead to results of one: by how much the length is to exceed the least.
        Calling the layer with ``output_size=`` says it for one call, by the lengths of the last axes.
    bias : bool
        Whether there is a b.
    padding_mode : "zeros"
        There is no other.
    dtype : dtype
        Of the parameters.
    rng : Generator or int, optional
        Where the initial values come from.

    Raises
    ------
    ValueError
        If a number is too small or large, groups do not divide the channels, or it is called with what does not fit.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> layer = nn.ConvTranspose2d(8, 3, 3, stride=2, padding=1)
    >>> layer(ad.zeros((2, 8, 4, 3))).shape
    (2, 3, 7, 5)
    >>> layer(ad.zeros((2, 8, 4, 3)), output_size=(8, 6)).shape
    (2, 3, 8, 6)
    """

    _dims = 2
    _function = staticmethod(ad.conv_transpose2d)
