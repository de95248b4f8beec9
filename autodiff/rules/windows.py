r"""Windows: what each element of a kernel meets as it is laid on an array; for convolution and pooling alike."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from autodiff.op import Array, Op, linear

Ints = tuple[int, ...]


def _steps(
    sizes: Ints, kernel: Ints, out: Ints, stride: Ints, before: Ints, dilation: Ints
) -> Iterator[tuple[Ints, tuple[slice, ...], tuple[slice, ...]]]:
    """For each element of a kernel: where it is, the places in the result that it counts for, what it meets there."""

    def along(size: int, k: int, m: int, s: int, b: int, d: int) -> list[tuple[int, slice, slice]]:
        steps = []
        for i in range(k):
            first = i * d - b
            low, high = max(0, -(first // s)), min(m, (size - 1 - first) // s + 1)
            if low < high:
                steps.append((i, slice(low, high), slice(low * s + first, (high - 1) * s + first + 1, s)))
        return steps

    for parts in product(*map(along, sizes, kernel, out, stride, before, dilation)):
        at, places, met = zip(*parts, strict=True)
        yield at, places, met


def blank(sizes: Ints, kernel: Ints, out: Ints, stride: Ints, before: Ints, dilation: Ints) -> Any:
    """What makes an array to be filled with windows: with zeros, if some of them reach beyond the ends."""
    reach = ((m - 1) * s + (k - 1) * d - b for k, m, s, b, d in zip(kernel, out, stride, before, dilation, strict=True))
    return np.zeros if any(before) or any(last >= n for last, n in zip(reach, sizes, strict=True)) else np.empty


def gather(y: Array, x: Array, stride: Ints, before: Ints, dilation: Ints) -> Array:
    """Fill `y` with the windows of `x`; a kernel's axes come first, then those of `x`, the last of other length."""
    dims = len(stride)
    for k, places, met in _steps(x.shape[-dims:], y.shape[:dims], y.shape[-dims:], stride, before, dilation):
        y[(*k, ..., *places)] = x[(..., *met)]
    return y


def put_back(x: Array, y: Array, stride: Ints, before: Ints, dilation: Ints) -> Array:
    """The transpose: add windows `y` to zeros `x`, each where it was taken from."""
    dims = len(stride)
    for k, places, met in _steps(x.shape[-dims:], y.shape[:dims], y.shape[-dims:], stride, before, dilation):
        x[(..., *met)] += y[(*k, ..., *places)]
    return x


def _laid_as(x: Array, make: Any, shape: Ints, first: Ints = ()) -> Array:
    """A new array with as many axes as `x`, in the same order in memory, behind a few more."""
    order = sorted(range(x.ndim), key=lambda a: -abs(x.strides[a]))
    y = make((*first, *(shape[a] for a in order)), x.dtype)
    return np.moveaxis(y, range(len(first), y.ndim), [len(first) + a for a in order])


def _windows(x: Array, kernel: Ints, out: Ints, stride: Ints, before: Ints, dilation: Ints) -> Array:
    r"""All windows, their elements numbered in the first axis: :math:`y_{k \dots p} = x_{\dots, p s + k d - b}`."""
    make = blank(x.shape[-len(out) :], kernel, out, stride, before, dilation)
    y = _laid_as(x, make, (*x.shape[: -len(out)], *out), first=kernel)
    gather(y, x, stride, before, dilation)
    return np.reshape(y, (math.prod(kernel), *y.shape[len(kernel) :]))


def _overlap(y: Array, sizes: Ints, kernel: Ints, stride: Ints, before: Ints, dilation: Ints) -> Array:
    """Windows put back where they were taken from, and added up where they overlap: the transpose of `windows`."""
    x = _laid_as(y[0], np.zeros, (*y.shape[1 : -len(sizes)], *sizes))
    return put_back(x, np.reshape(y, (*kernel, *y.shape[1:])), stride, before, dilation)


def some_windows(d: Any) -> tuple[Ints, Ints, Ints, dict[str, Any]]:
    """The lengths of an array, a kernel and the result, and how the one is laid on the other."""
    dims = d.integer(1, 2)
    sizes = tuple(d.integer(1, 4) for _ in range(dims))
    kernel, stride, dilation = (tuple(d.integer(1, 2) for _ in range(dims)) for _ in range(3))
    before, out = tuple(d.integer(0, 1) for _ in range(dims)), tuple(d.integer(1, n) for n in sizes)
    return sizes, kernel, out, {"stride": stride, "before": before, "dilation": dilation}


def _windows_calls(d: Any) -> Any:
    sizes, kernel, out, laid = some_windows(d)
    return (d.array(shape=(2, *sizes)),), {"kernel": kernel, "out": out, **laid}


def _overlap_calls(d: Any) -> Any:
    sizes, kernel, out, laid = some_windows(d)
    return (d.array(shape=(math.prod(kernel), 2, *out)),), {"sizes": sizes, "kernel": kernel, **laid}


windows: Op = linear(
    _windows,
    lambda g, y, x, kernel, out, **laid: overlap.on(g, sizes=x.shape[-len(kernel) :], kernel=kernel, **laid),
    name="windows",
    domain=_windows_calls,
)


overlap: Op = linear(
    _overlap,
    lambda g, x, y, sizes, kernel, **laid: windows.on(g, kernel=kernel, out=y.shape[-len(sizes) :], **laid),
    name="overlap",
    domain=_overlap_calls,
)


# How their users say it: a number for all axes, or one for each


def integers(name: str, what: str, value: Any, dims: int, least: int) -> Ints:
    """An integer for each axis, of one for all of them or one for each."""
    given = tuple(value) if isinstance(value, (tuple, list)) else (value,) * dims
    if len(given) != dims or not all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in given):
        each = "" if dims == 1 else f", or {dims} of them"
        raise ValueError(f"{name}: {what} is an integer{each}, got {value!r}")
    if any(n < least for n in given):
        raise ValueError(f"{name}: {what} is at least {least}, got {value!r}")
    return tuple(int(n) for n in given)


def shape_of_input(name: str, x: Array, dims: int) -> Ints:
    """The shape of an input: an axis for samples, or none; one for channels; and so many more."""
    shape: Ints = np.shape(x)
    if len(shape) not in (dims + 1, dims + 2):
        letters = "C, L" if dims == 1 else "C, H, W"
        raise ValueError(f"{name}: the input has the axes (N, {letters}) or ({letters}), got shape {shape}")
    return shape
