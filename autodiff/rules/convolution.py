r"""Convolution and pooling, over any number of spatial axes: the same code for one and for two.

What is called convolution here is, as everywhere in the field, a correlation.  It is one trilinear form,

.. math:: T(x, w, y) = \sum_{n, o, p} y_{n o p} \sum_{c, k} w_{o c k} \; x_{n, c, p s + k d - b}

with stride s, dilation d and b zeros before the first element.  Leaving out one of the three arrays gives the row for
it: `convolution` (without y), `transposed_convolution` (without x), `convolution_weight` (without w).  So the adjoints
of each are the other two, and there is nothing else to derive.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np

from autodiff.op import Array, Op, linear
from autodiff.rules.arithmetic import add
from autodiff.rules.indexing import where
from autodiff.rules.linear_algebra import matmul
from autodiff.rules.reductions import max as greatest
from autodiff.rules.reductions import sum as add_up
from autodiff.rules.shapes import moveaxis, reshape

Ints = tuple[int, ...]
Padding = int | str | Sequence[int] | Sequence[Sequence[int]]

# Windows: what each element of a kernel meets


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


def _blank(sizes: Ints, kernel: Ints, out: Ints, stride: Ints, before: Ints, dilation: Ints) -> Any:
    """What makes an array to be filled with windows: with zeros, if some of them reach beyond the ends."""
    reach = ((m - 1) * s + (k - 1) * d - b for k, m, s, b, d in zip(kernel, out, stride, before, dilation, strict=True))
    return np.zeros if any(before) or any(last >= n for last, n in zip(reach, sizes, strict=True)) else np.empty


def _gather(y: Array, x: Array, stride: Ints, before: Ints, dilation: Ints) -> Array:
    """Fill `y` with the windows of `x`; a kernel's axes come first, then those of `x`, the last of other length."""
    dims = len(stride)
    for k, places, met in _steps(x.shape[-dims:], y.shape[:dims], y.shape[-dims:], stride, before, dilation):
        y[(*k, ..., *places)] = x[(..., *met)]
    return y


def _scatter(x: Array, y: Array, stride: Ints, before: Ints, dilation: Ints) -> Array:
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
    make = _blank(x.shape[-len(out) :], kernel, out, stride, before, dilation)
    y = _laid_as(x, make, (*x.shape[: -len(out)], *out), first=kernel)
    _gather(y, x, stride, before, dilation)
    return np.reshape(y, (math.prod(kernel), *y.shape[len(kernel) :]))


def _overlap(y: Array, sizes: Ints, kernel: Ints, stride: Ints, before: Ints, dilation: Ints) -> Array:
    """Windows put back where they were taken from, and added up where they overlap: the transpose of `windows`."""
    x = _laid_as(y[0], np.zeros, (*y.shape[1 : -len(sizes)], *sizes))
    return _scatter(x, np.reshape(y, (*kernel, *y.shape[1:])), stride, before, dilation)


def _some_windows(d: Any) -> tuple[Ints, Ints, Ints, dict[str, Any]]:
    """The lengths of an array, a kernel and the result, and how the one is laid on the other."""
    dims = d.integer(1, 2)
    sizes = tuple(d.integer(1, 4) for _ in range(dims))
    kernel, stride, dilation = (tuple(d.integer(1, 2) for _ in range(dims)) for _ in range(3))
    before, out = tuple(d.integer(0, 1) for _ in range(dims)), tuple(d.integer(1, n) for n in sizes)
    return sizes, kernel, out, {"stride": stride, "before": before, "dilation": dilation}


def _windows_calls(d: Any) -> Any:
    sizes, kernel, out, laid = _some_windows(d)
    return (d.array(shape=(2, *sizes)),), {"kernel": kernel, "out": out, **laid}


def _overlap_calls(d: Any) -> Any:
    sizes, kernel, out, laid = _some_windows(d)
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

# Convolution: a product of matrices for each group of channels, with all places of all samples side by side.  In memory
# samples are the last axis, for long runs of neighbours; results stay so, and what is computed from them.


def _samples_last(x: Array, groups: int) -> Array:
    """(N, C, …) as (groups, C / groups, …, N)."""
    n, channels, *sizes = x.shape
    return np.ascontiguousarray(np.moveaxis(np.reshape(x, (n, groups, channels // groups, *sizes)), 0, -1))


def _samples_first(x: Array, n: int, sizes: Ints) -> Array:
    """The other way round, as a view."""
    return np.moveaxis(np.reshape(x, (x.shape[0] * x.shape[1], *sizes, n)), -1, 0)


def _rows(x: Array) -> Array:
    """(groups, a, …) as (groups, a, all others)."""
    return np.reshape(x, (*x.shape[:2], math.prod(x.shape[2:])))


def _matrices(weight: Array, groups: int) -> Array:
    """(out, in / groups, …) as (groups, out / groups, all others)."""
    return np.reshape(weight, (groups, weight.shape[0] // groups, math.prod(weight.shape[1:])))


def _spread(columns: Array, dims: int) -> Array:
    """(groups, C / groups, *kernel, *out, N) as (*kernel, groups, C / groups, N, *out)."""
    kernel, out = range(2, 2 + dims), range(2 + dims, 2 + 2 * dims)
    return np.transpose(columns, (*kernel, 0, 1, columns.ndim - 1, *out))


def _columns(x: Array, kernel: Ints, out: Ints, stride: Ints, before: Ints, dilation: Ints, groups: int) -> Array:
    """What the elements of a kernel meet, as (groups, C / groups * kernel, out * N)."""
    x = _samples_last(x, groups)
    make = _blank(x.shape[2:-1], kernel, out, stride, before, dilation)
    columns = make((*x.shape[:2], *kernel, *out, x.shape[-1]), x.dtype)
    _gather(_spread(columns, len(out)), np.moveaxis(x, -1, 2), stride, before, dilation)
    return np.reshape(columns, (groups, math.prod(columns.shape[1 : 2 + len(out)]), math.prod(out) * x.shape[-1]))


def _convolution(x: Array, weight: Array, out: Ints, stride: Ints, before: Ints, dilation: Ints, groups: int) -> Array:
    """Correlation, :math:`y_{n o p} = \\sum_{c k} w_{o c k} \\, x_{n, c, p s + k d - b}`, with so many results."""
    columns = _columns(x, weight.shape[2:], out, stride, before, dilation, groups)
    return _samples_first(_matrices(weight, groups) @ columns, x.shape[0], out)


def _transposed_convolution(
    y: Array, weight: Array, sizes: Ints, stride: Ints, before: Ints, dilation: Ints, groups: int
) -> Array:
    """The transpose in x, :math:`x_{n c q} = \\sum_{o k p} w_{o c k} \\, y_{n o p}` over p s + k d - b = q."""
    n, inner, kernel, out = y.shape[0], weight.shape[1], weight.shape[2:], y.shape[2:]
    columns = _matrices(weight, groups).mT @ _rows(_samples_last(y, groups))
    columns = np.reshape(columns, (groups, inner, *kernel, *out, n))
    x = np.zeros((groups, inner, *sizes, n), columns.dtype)
    _scatter(np.moveaxis(x, -1, 2), _spread(columns, len(out)), stride, before, dilation)
    return _samples_first(x, n, sizes)


def _convolution_weight(
    x: Array, y: Array, kernel: Ints, stride: Ints, before: Ints, dilation: Ints, groups: int
) -> Array:
    """The transpose in w, :math:`w_{o c k} = \\sum_{n p} y_{n o p} \\, x_{n, c, p s + k d - b}`."""
    columns = _columns(x, kernel, y.shape[2:], stride, before, dilation, groups)
    weight = (columns @ _rows(_samples_last(y, groups)).mT).mT
    return np.reshape(weight, (y.shape[1], x.shape[1] // groups, *kernel))


def _convolution_calls(*which: str) -> Any:
    """The calls of one of the three: two of the arrays x, w, y, and the lengths of the third."""

    def calls(d: Any) -> Any:
        sizes, kernel, out, laid = _some_windows(d)
        groups, n, inner = d.integer(1, 2), d.integer(0, 2), d.integer(1, 2)
        outer = d.integer(1, 2) * groups
        shapes = {"x": (n, inner * groups, *sizes), "w": (outer, inner, *kernel), "y": (n, outer, *out)}
        names = {"x": "sizes", "w": "kernel", "y": "out"}
        rest = {names[name]: shape[2:] for name, shape in shapes.items() if name not in which}
        return tuple(d.array(shape=shapes[name]) for name in which), {**rest, **laid, "groups": groups}

    return calls


convolution: Op = linear(
    _convolution,
    lambda g, y, x, weight, out, **laid: transposed_convolution.on(g, weight, sizes=x.shape[2:], **laid),
    lambda g, y, x, weight, out, **laid: convolution_weight.on(x, g, kernel=weight.shape[2:], **laid),
    name="convolution",
    tex=r"#2 \star #1",
    domain=_convolution_calls("x", "w"),
)
transposed_convolution: Op = linear(
    _transposed_convolution,
    lambda g, x, y, weight, sizes, **laid: convolution.on(g, weight, out=y.shape[2:], **laid),
    lambda g, x, y, weight, sizes, **laid: convolution_weight.on(g, y, kernel=weight.shape[2:], **laid),
    name="transposed_convolution",
    tex=r"#2 \star^{\top} #1",
    domain=_convolution_calls("y", "w"),
)
convolution_weight: Op = linear(
    _convolution_weight,
    lambda g, weight, x, y, kernel, **laid: transposed_convolution.on(y, g, sizes=x.shape[2:], **laid),
    lambda g, weight, x, y, kernel, **laid: convolution.on(x, g, out=y.shape[2:], **laid),
    name="convolution_weight",
    tex=r"#2 \star #1",
    domain=_convolution_calls("x", "y"),
)

# The functions: PyTorch's names, order of arguments and shapes


def _ints(name: str, what: str, value: Any, dims: int, least: int) -> Ints:
    """An integer for each axis, of one for all of them or one for each."""
    given = tuple(value) if isinstance(value, (tuple, list)) else (value,) * dims
    if len(given) != dims or not all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in given):
        each = "" if dims == 1 else f", or {dims} of them"
        raise ValueError(f"{name}: {what} is an integer{each}, got {value!r}")
    if any(n < least for n in given):
        raise ValueError(f"{name}: {what} is at least {least}, got {value!r}")
    return tuple(int(n) for n in given)


def _pairs(name: str, padding: Padding, dims: int) -> list[Ints]:
    """How many zeros before and after, for each axis."""
    if isinstance(padding, (tuple, list)) and any(isinstance(p, (tuple, list)) for p in padding):
        if len(padding) != dims:
            raise ValueError(f"{name}: padding is a pair for each of {dims} axes, got {padding!r}")
        return [_ints(name, "padding", pair, 2, 0) for pair in padding]
    return [(p, p) for p in _ints(name, "padding", padding, dims, 0)]


def _shape(name: str, x: Array, dims: int) -> Ints:
    """The shape of an input: an axis for samples, or none; one for channels; and so many more."""
    shape: Ints = np.shape(x)
    if len(shape) not in (dims + 1, dims + 2):
        letters = "C, L" if dims == 1 else "C, H, W"
        raise ValueError(f"{name}: the input has the axes (N, {letters}) or ({letters}), got shape {shape}")
    return shape


def _checked(
    name: str, dims: int, x: Array, weight: Array, bias: Array, groups: Any, transposed: bool
) -> tuple[Ints, Ints, int]:
    """The shapes of input and weight, and the number of groups, if they fit; the bias has to fit, too."""
    shape, weights = _shape(name, x, dims), np.shape(weight)
    if len(weights) != dims + 2 or not all(weights):
        order = "(C, out / groups, *kernel)" if transposed else "(out, C / groups, *kernel)"
        raise ValueError(f"{name}: the weight has the axes {order}, {dims} of the kernel, got shape {weights}")
    (groups,) = _ints(name, "groups", groups, 1, 1)
    if weights[0] % groups:
        raise ValueError(f"{name}: a weight of shape {weights} does not divide into groups={groups}")
    ends = weights[0], weights[1] * groups
    outer, inner = ends[::-1] if transposed else ends
    if shape[-dims - 1] != inner:
        raise ValueError(
            f"{name}: a weight of shape {weights} with groups={groups} takes {inner} channels, "
            f"an input of shape {shape} has {shape[-dims - 1]}"
        )
    if bias is not None and np.shape(bias) != (outer,):
        raise ValueError(f"{name}: the bias has a number for each of {outer} channels, got shape {np.shape(bias)}")
    return shape, weights, groups


def _applied(row: Op, dims: int, x: Array, weight: Array, bias: Array, **params: Any) -> Array:
    """A row for batches, of one sample where there is no axis for them; and the bias, if there is one."""
    shape = np.shape(x)
    y = row(x if len(shape) == dims + 2 else reshape(x, (1, *shape)), weight, **params)
    if bias is not None:
        y = add(y, reshape(bias, (-1, *(1,) * dims)))
    return y if len(shape) == dims + 2 else reshape(y, y.shape[1:])


def _convolve(
    name: str, dims: int, x: Array, weight: Array, bias: Array, stride: Any, padding: Any, dilation: Any, groups: Any
) -> Array:
    shape, weights, groups = _checked(name, dims, x, weight, bias, groups, transposed=False)
    stride, dilation = _ints(name, "stride", stride, dims, 1), _ints(name, "dilation", dilation, dims, 1)
    spans = tuple(d * (k - 1) + 1 for k, d in zip(weights[2:], dilation, strict=True))
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise ValueError(f"{name}: padding is 'same', 'valid' or integers, got {padding!r}")
        if padding == "same" and any(s != 1 for s in stride):
            raise ValueError(f"{name}: padding='same' keeps the shape with stride 1 only, got stride={stride}")
        pads: list[Ints] = [((span - 1) // 2, span // 2) if padding == "same" else (0, 0) for span in spans]
    else:
        pads = _pairs(name, padding, dims)
    padded = tuple(n + a + b for n, (a, b) in zip(shape[-dims:], pads, strict=True))
    if any(span > n for span, n in zip(spans, padded, strict=True)):
        raise ValueError(
            f"{name}: the kernel spans {spans}, which is more than the padded input's {padded} "
            f"(input {shape}, weight {weights}, dilation {dilation}, padding {padding!r})"
        )
    out = tuple((n - span) // s + 1 for n, span, s in zip(padded, spans, stride, strict=True))
    laid = {"stride": stride, "before": tuple(a for a, _ in pads), "dilation": dilation}
    return _applied(convolution, dims, x, weight, bias, out=out, groups=groups, **laid)


def _convolve_back(
    name: str,
    dims: int,
    x: Array,
    weight: Array,
    bias: Array,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: Any,
    dilation: Any,
) -> Array:
    shape, weights, groups = _checked(name, dims, x, weight, bias, groups, transposed=True)
    stride, dilation = _ints(name, "stride", stride, dims, 1), _ints(name, "dilation", dilation, dims, 1)
    more = _ints(name, "output_padding", output_padding, dims, 0)
    if any(m >= max(s, d) for m, s, d in zip(more, stride, dilation, strict=True)):
        raise ValueError(
            f"{name}: output_padding is less than the stride or the dilation, got {output_padding!r} "
            f"with stride={stride}, dilation={dilation}"
        )
    pads = _pairs(name, padding, dims)
    axes = zip(shape[-dims:], weights[2:], stride, dilation, pads, more, strict=True)
    sizes = tuple((n - 1) * s + d * (k - 1) + 1 - a - b + m for n, k, s, d, (a, b), m in axes)
    if any(n < 1 for n in sizes):
        raise ValueError(
            f"{name}: the result would have the axes {sizes} "
            f"(input {shape}, weight {weights}, stride {stride}, dilation {dilation}, padding {padding!r})"
        )
    laid = {"stride": stride, "before": tuple(a for a, _ in pads), "dilation": dilation}
    return _applied(transposed_convolution, dims, x, weight, bias, sizes=sizes, groups=groups, **laid)


def conv1d(
    input: Array,
    weight: Array,
    bias: Array = None,
    stride: int | Ints = 1,
    padding: Padding = 0,
    dilation: int | Ints = 1,
    groups: int = 1,
) -> Array:
    r"""Convolution along one axis: :math:`y_{n o p} = b_o + \sum_{c k} w_{o c k} \, x_{n, c, p s + k d - a}`.

    All is as for :func:`conv2d`, with one axis in place of two: input (N, C, L) or (C, L), weight (out, C / groups,
    kernel).

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.conv1d(ad.Tensor([[1.0, 2.0, 3.0, 4.0]]), ad.Tensor([[[1.0, -1.0]]]))
    Tensor([[-1., -1., -1.]])
    """
    return _convolve("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Array,
    weight: Array,
    bias: Array = None,
    stride: int | Ints = 1,
    padding: Padding = 0,
    dilation: int | Ints = 1,
    groups: int = 1,
) -> Array:
    r"""Convolution along two axes: :math:`y_{n o p} = b_o + \sum_{c k} w_{o c k} \, x_{n, c, p s + k d - a}`.

    p and k have a part for each axis; s is the stride, d the dilation, a the padding before the first element.  As
    everywhere in the field, the kernel is not turned round: this is a correlation.

    Parameters
    ----------
    input : array
        Of shape (N, C, H, W), or (C, H, W) for one sample.
    weight : array
        Of shape (out, C / groups, kernel height, kernel width).
    bias : array, optional
        Of shape (out,).
    stride, dilation : int or tuple of ints
        How far it is from one result to the next, and from one element of the kernel to the next.
    padding : int, tuple of ints, tuple of pairs, "valid" or "same"
        How many zeros to add at both ends of an axis; a pair says how many before and after.  ``"same"`` adds as many
        as keep the shape, an odd one after; ``"valid"`` adds none.
    groups : int
        Into how many groups the channels are divided, each with results of its own.

    Raises
    ------
    ValueError
        If shapes do not fit, the kernel is larger than the padded input, or a number is too small.

    Notes
    -----
    Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), draws all the parameters.

    Examples
    --------
    >>> import autodiff as ad
    >>> image = ad.reshape(ad.arange(9.0), (1, 3, 3))
    >>> ad.conv2d(image, ad.ones((1, 1, 2, 2)))
    Tensor([[[ 8., 12.],
             [20., 24.]]])
    """
    return _convolve("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input: Array,
    weight: Array,
    bias: Array = None,
    stride: int | Ints = 1,
    padding: int | Sequence[Any] = 0,
    output_padding: int | Ints = 0,
    groups: int = 1,
    dilation: int | Ints = 1,
) -> Array:
    r"""The transpose of :func:`conv1d`, and a bias: as :func:`conv_transpose2d`, with one axis in place of two.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.conv_transpose1d(ad.Tensor([[1.0, 2.0]]), ad.Tensor([[[1.0, 10.0, 100.0]]]), stride=2)
    Tensor([[  1.,  10., 102.,  20., 200.]])
    """
    return _convolve_back("conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Array,
    weight: Array,
    bias: Array = None,
    stride: int | Ints = 1,
    padding: int | Sequence[Any] = 0,
    output_padding: int | Ints = 0,
    groups: int = 1,
    dilation: int | Ints = 1,
) -> Array:
    r"""The transpose of :func:`conv2d`, and a bias: :math:`y_{n o q} = b_o + \sum w_{c o k} \, x_{n c p}`.

    The sum is over all c, k and p with :math:`p s + k d - a = q`.  It leads from the shape of a convolution's result
    back to the shape of its input.

    Parameters
    ----------
    input : array
        Of shape (N, C, H, W), or (C, H, W) for one sample.
    weight : array
        Of shape (C, out / groups, kernel height, kernel width): that of the convolution whose transpose it is.
    bias : array, optional
        Of shape (out,).
    stride, padding, dilation, groups
        Those of that convolution; the padding is not a word.
    output_padding : int or tuple of ints
        With a stride, inputs of several lengths lead to results of one: by how much the length is to exceed the least.

    Raises
    ------
    ValueError
        If shapes do not fit, a number is too small or large, or nothing would be left.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.conv_transpose2d(ad.Tensor([[[1.0, 2.0]]]), ad.ones((1, 1, 2, 2)))
    Tensor([[[1., 3., 2.],
             [1., 3., 2.]]])
    """
    return _convolve_back("conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def _pool(
    name: str, dims: int, x: Array, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> tuple[Array, Ints, dict[str, Ints]]:
    """The windows to be pooled, numbered in the first axis; the lengths of the axes they are from; how they lie."""
    shape = _shape(name, x, dims)
    kernel = _ints(name, "kernel_size", kernel, dims, 1)
    stride = kernel if stride is None else _ints(name, "stride", stride, dims, 1)
    before, dilation = _ints(name, "padding", padding, dims, 0), _ints(name, "dilation", dilation, dims, 1)
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
    inside = _windows(np.ones(sizes, bool), **laid)
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
    shape = _shape(name, x, dims)
    given = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,) * dims
    if len(given) != dims:
        raise ValueError(f"{name}: output_size is an integer for each of {dims} axes, got {output_size!r}")
    dtype = getattr(x, "dtype", np.dtype(np.float64))
    for axis, (n, m) in enumerate(zip(shape[-dims:], given, strict=True), len(shape) - dims):
        (m,) = (n,) if m is None else _ints(name, "output_size", m, 1, 1)
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
