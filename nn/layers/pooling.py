"""Pooling: the greatest or the mean of each window."""

from __future__ import annotations

from typing import Any, ClassVar

import autodiff as ad
from nn import checks, functional
from nn.module import Module

Size = int | tuple[int, ...]


class _Pool(Module):
    """Windows, and how they lie."""

    _dims: ClassVar[int]

    def __init__(self, kernel_size: Size, stride: Size | None, padding: Size, ceil_mode: bool) -> None:
        layer, dims = type(self).__name__, self._dims
        checks.each(layer, "kernel_size", kernel_size, dims, 1)
        checks.each(layer, "padding", padding, dims, 0)
        if stride is not None:
            checks.each(layer, "stride", stride, dims, 1)
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode


class _MaxPool(_Pool):
    """The greatest of each window."""

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        dilation: Size = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode)
        checks.each(type(self).__name__, "dilation", dilation, self._dims, 1)
        if return_indices:
            raise ValueError(f"{type(self).__name__}: return_indices=True is not possible")
        self.dilation = dilation
        self.return_indices = return_indices

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    r"""The greatest in each window of one axis: :math:`y_{n c p} = \max_k x_{n, c, p s + k d - a}`.

    All is as for :class:`MaxPool2d`, with one axis in place of two.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.MaxPool1d(2)(ad.tensor([[1.0, 3.0, 2.0, 0.0]]))
    Tensor([[3., 2.]])
    """

    _dims = 1

    def forward(self, input: Any) -> ad.Tensor:
        return ad.max_pool1d(input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)


class MaxPool2d(_MaxPool):
    r"""The greatest in each window of two axes: :math:`y_{n c p} = \max_k x_{n, c, p s + k d - a}`.

    Where x has shape (N, C, H, W) or (C, H, W), and y the same with H' and W'.  Elements of a window that tie share the
    gradient (PyTorch gives all to the first): see :func:`autodiff.max_pool2d`.

    Parameters
    ----------
    kernel_size : int or tuple of ints
        The window's height and width.
    stride : int or tuple of ints, optional
        From one window to the next; the window's size if left out.
    padding : int or tuple of ints
        How far windows may reach beyond the ends, where nothing is; at most half of the window.
    dilation : int or tuple of ints
        From one element of a window to the next.
    return_indices : bool
        PyTorch's; not possible here.
    ceil_mode : bool
        Whether a last window that begins inside, and ends beyond, counts.

    Raises
    ------
    ValueError
        If a number is too small or large, indices are asked for, or it is called with what does not fit.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.MaxPool2d(2)(ad.reshape(ad.arange(16.0), (1, 4, 4)))
    Tensor([[[ 5.,  7.],
             [13., 15.]]])
    """

    _dims = 2

    def forward(self, input: Any) -> ad.Tensor:
        return ad.max_pool2d(input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode)


class AvgPool1d(_Pool):
    r"""The mean of each window of one axis: :math:`y_{n c p} = \frac1m \sum_k x_{n, c, p s + k - a}`.

    All is as for :class:`AvgPool2d`, with one axis in place of two.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.AvgPool1d(2)(ad.tensor([[1.0, 3.0, 2.0, 0.0]]))
    Tensor([[2., 1.]])
    """

    _dims = 1

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode)
        self.kernel_size, self.stride, self.padding = (
            checks.each("AvgPool1d", name, getattr(self, name), 1, 0) for name in ("kernel_size", "stride", "padding")
        )
        self.count_include_pad = count_include_pad

    def forward(self, input: Any) -> ad.Tensor:
        return ad.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(_Pool):
    r"""The mean of each window of two axes: :math:`y_{n c p} = \frac1m \sum_k x_{n, c, p s + k - a}`.

    Where x has shape (N, C, H, W) or (C, H, W), and y the same with H' and W'.

    Parameters
    ----------
    kernel_size, stride, padding, ceil_mode
        As for :class:`MaxPool2d`; beyond the ends are zeros.
    count_include_pad : bool
        Whether these zeros count in m, the number of a window's elements.
    divisor_override : int, optional
        m, whatever that number; not with `ceil_mode`.

    Raises
    ------
    ValueError
        If a number is too small or large, or it is called with what does not fit.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.AvgPool2d(2)(ad.reshape(ad.arange(16.0), (1, 4, 4)))
    Tensor([[[ 2.5,  4.5],
             [10.5, 12.5]]])
    """

    _dims = 2

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__(kernel_size, stride, padding, ceil_mode)
        if divisor_override is not None:
            checks.count("AvgPool2d", "divisor_override", divisor_override)
            if ceil_mode:
                raise ValueError("AvgPool2d: divisor_override and ceil_mode are not possible together")
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Any) -> ad.Tensor:
        return functional.avg_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _AdaptivePool(Module):
    def __init__(self, output_size: Any) -> None:
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptivePool):
    """The means of so many windows of one axis, which cover it evenly: as :class:`AdaptiveAvgPool2d`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.AdaptiveAvgPool1d(2)(ad.tensor([[1.0, 3.0, 2.0, 0.0]]))
    Tensor([[2., 1.]])
    """

    def forward(self, input: Any) -> ad.Tensor:
        return ad.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_AdaptivePool):
    r"""The means of so many windows of two axes, which cover them evenly.

    Of n elements, window i of m has those from :math:`\lfloor i n / m \rfloor` to before :math:`\lceil (i + 1) n / m
    \rceil`; the input has shape (N, C, H, W) or (C, H, W).

    Parameters
    ----------
    output_size : int or tuple of ints or None
        How many windows, for each axis; None stands for as many as elements.

    Raises
    ------
    ValueError
        If it is called with what does not fit, or a number is not positive.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.AdaptiveAvgPool2d(1)(ad.reshape(ad.arange(16.0), (1, 4, 4)))
    Tensor([[[7.5]]])
    """

    def forward(self, input: Any) -> ad.Tensor:
        return ad.adaptive_avg_pool2d(input, self.output_size)
