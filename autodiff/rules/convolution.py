r"""Convolution, over any number of spatial axes: the same code for one and for two.

What is called convolution here is, as everywhere in the field, a correlation.  It is one trilinear form,

.. math:: T(x, w, y) = \sum_{n, o, p} y_{n o p} \sum_{c, k} w_{o c k} \; x_{n, c, p s + k d - b}

with stride s, dilation d and b zeros before the first element.  Leaving out one of the three arrays gives the row for
it: `convolution` (without y), `transposed_convolution` (without x), `convolution_weight` (without w).  So the adjoints
of each are the other two, and there is nothing else to derive.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.op import Array, Op, implements, linear
from autodiff.rules.arithmetic import add, conj
from autodiff.rules.shapes import flip, reshape
from autodiff.rules.windows import Ints, blank, gather, integers, put_back, shape_of_input, some_windows

Padding = int | str | Sequence[int] | Sequence[Sequence[int]]


# Each of the three is a product of matrices for each group of channels, with all places of all samples side by side.
# In memory samples are the last axis, for long runs of neighbours; results stay so, and what is computed from them.


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
    make = blank(x.shape[2:-1], kernel, out, stride, before, dilation)
    columns = make((*x.shape[:2], *kernel, *out, x.shape[-1]), x.dtype)
    gather(_spread(columns, len(out)), np.moveaxis(x, -1, 2), stride, before, dilation)
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
    put_back(np.moveaxis(x, -1, 2), _spread(columns, len(out)), stride, before, dilation)
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
        sizes, kernel, out, laid = some_windows(d)
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


def _pairs(name: str, padding: Padding, dims: int) -> list[Ints]:
    """How many zeros before and after, for each axis."""
    if isinstance(padding, (tuple, list)) and any(isinstance(p, (tuple, list)) for p in padding):
        if len(padding) != dims:
            raise ValueError(f"{name}: padding is a pair for each of {dims} axes, got {padding!r}")
        return [integers(name, "padding", pair, 2, 0) for pair in padding]
    return [(p, p) for p in integers(name, "padding", padding, dims, 0)]


def _checked(
    name: str, dims: int, x: Array, weight: Array, bias: Array, groups: Any, transposed: bool
) -> tuple[Ints, Ints, int]:
    """The shapes of input and weight, and the number of groups, if they fit; the bias has to fit, too."""
    shape, weights = shape_of_input(name, x, dims), np.shape(weight)
    if len(weights) != dims + 2 or not all(weights):
        order = "(C, out / groups, *kernel)" if transposed else "(out, C / groups, *kernel)"
        raise ValueError(f"{name}: the weight has the axes {order}, {dims} of the kernel, got shape {weights}")
    (groups,) = integers(name, "groups", groups, 1, 1)
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
    stride, dilation = integers(name, "stride", stride, dims, 1), integers(name, "dilation", dilation, dims, 1)
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
    stride, dilation = integers(name, "stride", stride, dims, 1), integers(name, "dilation", dilation, dims, 1)
    more = integers(name, "output_padding", output_padding, dims, 0)
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


# Of two sequences, as NumPy has it: a row of its own, since all windows of a long one would not fit into memory


def _full_convolution(a: Array, v: Array) -> Array:
    return np.convolve(a, v)


def _full_convolution_part(g: Array, other: Array) -> Array:
    """The sum over the other's elements, each moved back to where it came from."""
    n = other.shape[0]
    return full_convolution.on(g, np.flip(other))[n - 1 : g.shape[0]]


full_convolution = linear(
    _full_convolution,
    lambda g, y, a, v: _full_convolution_part(g, v),
    lambda g, y, a, v: _full_convolution_part(g, a),
    name="full_convolution",
    tex="#1 * #2",
    domain=lambda d: ((d.array(shape=(d.integer(1, 5),)), d.array(shape=(d.integer(1, 5),))), {}),
)


def _central(y: Array, long: int, short: int, mode: str, start: int) -> Array:
    """The part of a full convolution that a mode asks for; `start` is where "same" begins."""
    if mode not in ("full", "same", "valid"):
        raise ValueError(f"the mode of a convolution is 'full', 'same' or 'valid', got {mode!r}")
    if mode == "full":
        return y
    return y[start : start + long] if mode == "same" else y[short - 1 : long]


def _vector(x: Array, what: str) -> Array:
    x = reshape(x, (1,)) if np.ndim(x) == 0 else x
    if np.ndim(x) != 1 or np.size(x) == 0:
        raise ValueError(f"{what} takes vectors that are not empty, got shape {np.shape(x)}")
    return x


@implements(np.convolve)
def convolve(a: Array, v: Array, mode: str = "full") -> Array:
    r"""Convolution of two sequences: :math:`y_k = \sum_i a_i v_{k-i}`.

    Parameters
    ----------
    a, v : array
        Of one axis each.
    mode : {"full", "same", "valid"}
        Every overlap, as many from the middle as the longer has elements, or whole overlaps only.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.convolve(ad.Tensor([1.0, 2.0, 3.0]), ad.Tensor([0.0, 1.0, 0.5]))
    Tensor([0. , 1. , 2.5, 4. , 1.5])
    """
    a, v = _vector(a, "convolve"), _vector(v, "convolve")
    long, short = max(np.size(a), np.size(v)), min(np.size(a), np.size(v))
    return _central(full_convolution(a, v), long, short, mode, (short - 1) // 2)


@implements(np.correlate)
def correlate(a: Array, v: Array, mode: str = "valid") -> Array:
    r"""Correlation of two sequences: :math:`y_k = \sum_i a_{i+k} \bar v_i`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.correlate(ad.Tensor([1.0, 2.0, 3.0]), ad.Tensor([0.0, 1.0, 0.5]), "same")
    Tensor([2. , 3.5, 3. ])
    """
    a, v = _vector(a, "correlate"), _vector(v, "correlate")
    long, short = max(np.size(a), np.size(v)), min(np.size(a), np.size(v))
    start = short // 2 if np.size(v) > np.size(a) else (short - 1) // 2
    return _central(full_convolution(a, conj(flip(v))), long, short, mode, start)
