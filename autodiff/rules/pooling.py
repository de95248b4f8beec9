r"""Pooling: the greatest or the mean of each window, along one spatial axis or two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.op import Array
from autodiff.rules.indexing import where
from autodiff.rules.products import matmul
from autodiff.rules.reductions import max as greatest
from autodiff.rules.reductions import sum as add_up
from autodiff.rules.shapes import moveaxis
from autodiff.rules.windows import Ints, integers, shape_of_input, windows


def _pool(
    name: str, dims: int, x: Array, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> tuple[Array, Ints, dict[str, Ints]]:
    """The windows to be pooled, numbered in the first axis; the lengths of the axes they are from; how they lie."""
    shape = shape_of_input(name, x, dims)
    kernel = integers(name, "kernel_size", kernel, dims, 1)
    stride = kernel if stride is None else integers(name, "stride", stride, dims, 1)
    before, dilation = integers(name, "padding", padding, dims, 0), integers(name, "dilation", dilation, dims, 1)
    spans = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
    if any(2 * b > span for b, span in zip(before, spans, strict=True)):
        raise ValueError(f"{name}: padding is at most half of what the kernel spans, {spans}, got {padding!r}")
    out = []
    for n, span, s, b in zip(shape[-dims:], spans, stride, before, strict=True):
        steps, rest = divmod(n + 2 * b - span, s)
        steps += bool(ceil_mode and rest and (steps + 1) * s < n + b)
        if steps < 0:
            raise ValueError(
                f"{name}: the kernel spans {spans}, which is more than the padded input (shape {shape}, "
                f"padding {padding!r})"
            )
        out.append(steps + 1)
    laid = {"kernel": kernel, "out": tuple(out), "stride": stride, "before": before, "dilation": dilation}
    return windows(x, **laid), shape[-dims:], laid


def _inside(name: str, sizes: Ints, laid: dict[str, Ints]) -> Array:
    """Which elements of the windows lie within axes of such lengths; some of each window must."""
    inside = windows.forward(np.ones(sizes, bool), **laid)
    if not inside.any(axis=0).all():
        raise ValueError(f"{name}: a window with {laid} meets no element of axes of lengths {sizes}")
    return inside


def _max_pool(
    name: str, dims: int, x: Array, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Array:
    seen, sizes, laid = _pool(name, dims, x, kernel, stride, padding, dilation, ceil_mode)
    kind = seen.dtype.kind
    if kind not in "iuf":
        raise TypeError(f"{name}: only real numbers have a greatest, got dtype {seen.dtype}")
    inside = _inside(name, sizes, laid)
    if not inside.all():
        lowest = -np.inf if kind == "f" else np.iinfo(seen.dtype).min
        seen = where(np.expand_dims(inside, tuple(range(1, seen.ndim - dims))), seen, lowest)
    return greatest(seen, axis=0)


def _avg_pool(
    name: str, dims: int, x: Array, kernel: Any, stride: Any, padding: Any, ceil_mode: bool, count_include_pad: bool
) -> Array:
    seen, sizes, laid = _pool(name, dims, x, kernel, stride, padding, 1, ceil_mode)
    if count_include_pad:
        sizes = tuple(n + 2 * b for n, b in zip(sizes, laid["before"], strict=True))
        laid = {**laid, "before": (0,) * dims}
    counts = np.sum(_inside(name, sizes, laid), axis=0)
    most = counts.max(initial=1)
    total = add_up(seen, axis=0)
    return total / (int(most) if np.all(counts == most) else counts.astype(total.dtype))


def max_pool1d(
    input: Array,
    kernel_size: int | Ints,
    stride: int | Ints | None = None,
    padding: int | Ints = 0,
    dilation: int | Ints = 1,
    ceil_mode: bool = False,
) -> Array:
    r"""The greatest in each window of one axis: :math:`y_{n c p} = \max_k x_{n, c, p s + k d - a}`.

    All is as for :func:`max_pool2d`, with one axis in place of two.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.max_pool1d(ad.Tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    Tensor([[3., 2.]])
    """
    return _max_pool("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d(
    input: Array,
    kernel_size: int | Ints,
    stride: int | Ints | None = None,
    padding: int | Ints = 0,
    dilation: int | Ints = 1,
    ceil_mode: bool = False,
) -> Array:
    r"""The greatest in each window of two axes: :math:`y_{n c p} = \max_k x_{n, c, p s + k d - a}`.

    Parameters
    ----------
    input : array
        Of shape (N, C, H, W), or (C, H, W) for one sample.
    kernel_size : int or tuple of ints
        The window's height and width.
    stride : int or tuple of ints, optional
        From one window to the next; the window's size if left out.
    padding : int or tuple of ints
        How far windows may reach beyond the ends, where nothing is; at most half of the window.
    dilation : int or tuple of ints
        From one element of a window to the next.
    ceil_mode : bool
        Whether a last window that begins inside, and ends beyond, counts.

    Raises
    ------
    ValueError
        If shapes do not fit, the window is larger than the padded input, or a number is too small or large.
    TypeError
        If numbers are complex.

    Notes
    -----
    Elements of a window that tie share the gradient, as those of `max` do, which pooling is for each window: the
    subgradient of least norm, whatever the order of the elements.  PyTorch gives all to the first of them.  Pooling
    what a ReLU gave, where most ties are, leads to no difference: what ties at 0 passes nothing on.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.max_pool2d(ad.reshape(ad.arange(16.0), (1, 4, 4)), 2)
    Tensor([[[ 5.,  7.],
             [13., 15.]]])
    """
    return _max_pool("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode)


def avg_pool1d(
    input: Array,
    kernel_size: int | Ints,
    stride: int | Ints | None = None,
    padding: int | Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    r"""The mean of each window of one axis: :math:`y_{n c p} = \frac1m \sum_k x_{n, c, p s + k - a}`.

    All is as for :func:`avg_pool2d`, with one axis in place of two.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.avg_pool1d(ad.Tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    Tensor([[2., 1.]])
    """
    return _avg_pool("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


def avg_pool2d(
    input: Array,
    kernel_size: int | Ints,
    stride: int | Ints | None = None,
    padding: int | Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    r"""The mean of each window of two axes: :math:`y_{n c p} = \frac1m \sum_k x_{n, c, p s + k - a}`.

    Parameters
    ----------
    input, kernel_size, stride, padding, ceil_mode
        As for :func:`max_pool2d`; beyond the ends are zeros.
    count_include_pad : bool
        Whether these zeros count in m, the number of a window's elements.

    Raises
    ------
    ValueError
        As for :func:`max_pool2d`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.avg_pool2d(ad.reshape(ad.arange(16.0), (1, 4, 4)), 2)
    Tensor([[[ 2.5,  4.5],
             [10.5, 12.5]]])
    """
    return _avg_pool("avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


def _adaptive(name: str, dims: int, x: Array, output_size: Any) -> Array:
    """A product along each axis with the matrix of weights that takes its means."""
    shape = shape_of_input(name, x, dims)
    given = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,) * dims
    if len(given) != dims:
        raise ValueError(f"{name}: output_size is an integer for each of {dims} axes, got {output_size!r}")
    dtype = getattr(x, "dtype", np.dtype(np.float64))
    for axis, (n, m) in enumerate(zip(shape[-dims:], given, strict=True), len(shape) - dims):
        (m,) = (n,) if m is None else integers(name, "output_size", m, 1, 1)
        if not n:
            raise ValueError(f"{name}: an axis without elements has no means (the input has shape {shape})")
        starts, ends, places = np.arange(m) * n // m, -(-np.arange(1, m + 1) * n // m), np.arange(n)[:, None]
        means = ((places >= starts) & (places < ends)) / (ends - starts)
        x = moveaxis(matmul(moveaxis(x, axis, -1), means.astype(dtype if dtype.kind in "fc" else np.float64)), -1, axis)
    return x


def adaptive_avg_pool1d(input: Array, output_size: int | Ints) -> Array:
    """The means of so many windows of one axis, which cover it evenly: as :func:`adaptive_avg_pool2d`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.adaptive_avg_pool1d(ad.Tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    Tensor([[2., 1.]])
    """
    return _adaptive("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input: Array, output_size: int | Sequence[int | None] | None) -> Array:
    r"""The means of so many windows of two axes, which cover them evenly.

    Of n elements, window i of m has those from :math:`\lfloor i n / m \rfloor` to before :math:`\lceil (i + 1) n / m
    \rceil`.

    Parameters
    ----------
    input : array
        Of shape (N, C, H, W), or (C, H, W) for one sample.
    output_size : int or tuple of ints or None
        How many windows, for each axis; None stands for as many as elements.

    Raises
    ------
    ValueError
        If shapes do not fit, or a number is not positive.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.adaptive_avg_pool2d(ad.reshape(ad.arange(16.0), (1, 4, 4)), 1)
    Tensor([[[7.5]]])
    """
    return _adaptive("adaptive_avg_pool2d", 2, input, output_size)
