"""Pooling, where PyTorch gives it more arguments than `autodiff`."""

from __future__ import annotations

from typing import Any

import autodiff as ad
from nn import checks


def avg_pool2d(
    input: Any,
    kernel_size: int | tuple[int, ...],
    stride: int | tuple[int, ...] | None = None,
    padding: int | tuple[int, ...] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> ad.Tensor:
    r"""The mean of each window of two axes: :math:`y_{n c p} = \frac1m \sum_k x_{n, c, p s + k - a}`.

    All is as for :func:`autodiff.avg_pool2d`; `divisor_override` is m, whatever the number of a window's elements.

    Raises
    ------
    ValueError
        If shapes do not fit, a number is too small or too large, or `divisor_override` is given with `ceil_mode`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.avg_pool2d(ad.ones((1, 2, 4)), 2, divisor_override=1)
    Tensor([[[4., 4.]]])
    """
    if divisor_override is None:
        return ad.avg_pool2d(input, kernel_size, stride, padding, ceil_mode, count_include_pad)
    if ceil_mode:
        raise ValueError("avg_pool2d: divisor_override and ceil_mode are not possible together")
    height, width = checks.each("avg_pool2d", "kernel_size", kernel_size, 2, 1)
    m = checks.count("avg_pool2d", "divisor_override", divisor_override)
    return ad.avg_pool2d(input, kernel_size, stride, padding) * (height * width / m)
