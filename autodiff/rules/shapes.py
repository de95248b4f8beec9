"""Shapes: the same elements in another arrangement.  Every one is linear, so its adjoint is all there is to say."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autodiff.op import Array, implements, linear
from autodiff.rules.indexing import along, part_along

Shape = int | tuple[int, ...]


def axes_of(axis: Shape | None, ndim: int) -> tuple[int, ...]:
    """The axes that are meant, counted from the front; all, if none are named."""
    return tuple(range(ndim)) if axis is None else normalize_axis_tuple(axis, ndim)


def _reshape(x: Array, shape: Shape, order: str = "C", *, copy: bool | None = None) -> Array:
    r"""The same elements, in the same order, in another shape; one length may be -1.

    Memory is shared where it can be (`copy`: always copied, or never).

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.reshape(ad.Tensor([1.0, 2.0, 3.0, 4.0]), (2, -1))
    Tensor([[1., 2.],
            [3., 4.]])
    """
    if order != "C":
        raise TypeError(f"reshape keeps the order of rows ('C'), got order={order!r}")
    return np.reshape(x, shape) if copy is None else np.reshape(x, shape, copy=copy)


def _permute_dims(x: Array, axes: tuple[int, ...] | None = None) -> Array:
    r"""Axes in another order, :math:`y_{i_{a_1} i_{a_2} \dots} = x_{i_1 i_2 \dots}`; reversed if none is given.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.permute_dims(ad.Tensor([[1.0, 2.0]]), (1, 0)).shape
    (2, 1)
    """
    return np.transpose(x, axes)


def _inverse(axes: tuple[int, ...] | None) -> tuple[int, ...] | None:
    return None if axes is None else tuple(int(i) for i in np.argsort([a % len(axes) for a in axes]))


def _expand_dims(x: Array, axis: Shape) -> Array:
    """New axes of length 1 at the given places.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.expand_dims(ad.Tensor([1.0, 2.0]), 0).shape
    (1, 2)
    """
    return np.expand_dims(x, axis)


def _squeeze(x: Array, axis: Shape | None = None) -> Array:
    """Without the given axes, which have length 1 (None: without any such axis).

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.squeeze(ad.Tensor([[1.0, 2.0]]), 0).shape
    (2,)
    """
    return np.squeeze(x, axis)


def _flip(x: Array, axis: Shape | None = None) -> Array:
    r"""In reversed order along the axes: :math:`y_i = x_{n-1-i}`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.flip(ad.Tensor([1.0, 2.0, 3.0]))
    Tensor([3., 2., 1.])
    """
    return np.flip(x, axis)


def _roll(x: Array, shift: Shape, axis: Shape | None = None) -> Array:
    r"""Moved along the axes, what falls off coming in at the other end: :math:`y_i = x_{(i - s) \bmod n}`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.roll(ad.Tensor([1.0, 2.0, 3.0]), 1)
    Tensor([3., 1., 2.])
    """
    return np.roll(x, shift, axis)


def _broadcast_to(x: Array, shape: Shape) -> Array:
    """Repeated along axes of length 1 and new leading axes, without a copy.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.broadcast_to(ad.Tensor([1.0, 2.0]), (2, 2))
    Tensor([[1., 2.],
            [1., 2.]])
    """
    if x.ndim == 0 and isinstance(shape, tuple):  # the gradient of every loss passes here: without NumPy's checks
        return np.ndarray(shape, x.dtype, x[()], 0, (0,) * len(shape))
    return np.broadcast_to(x, shape)


def _pad_zeros(x: Array, widths: tuple[tuple[int, int], ...]) -> Array:
    return np.pad(x, widths)


def _inner(g: Array, x: Array, widths: tuple[tuple[int, int], ...]) -> Array:
    return g[tuple(slice(before, before + n) for (before, _), n in zip(widths, x.shape, strict=True))]


def _calls(**params: Any) -> Any:
    """The calls of an operation on one array; a parameter is a function of the source of choices and the array."""

    def calls(d: Any) -> Any:
        x = d.array(min_dims=1)
        return (x,), {name: choose(d, x) for name, choose in params.items()}

    return calls


reshape = linear(
    _reshape,
    lambda g, y, x, **_: np.reshape(g, x.shape),
    name="reshape",
    tex=r"\operatorname{reshape} #1",
    domain=_calls(
        shape=lambda d, x: d.choice([x.size, x.shape[::-1], (*x.shape, 1), (x.shape[0], x.size // (x.shape[0] or 1))])
    ),
)
permute_dims = linear(
    _permute_dims,
    lambda g, y, x, axes: np.transpose(g, _inverse(axes)),
    name="permute_dims",
    tex=r"\operatorname{permute} #1",
    domain=_calls(axes=lambda d, x: d.choice([None, d.permutation(x.ndim)])),
)
expand_dims = linear(
    _expand_dims,
    lambda g, y, x, axis: np.reshape(g, x.shape),
    name="expand_dims",
    tex="#1",
    domain=_calls(axis=lambda d, x: d.integer(-x.ndim - 1, x.ndim)),
)
squeeze = linear(
    _squeeze,
    lambda g, y, x, axis: np.reshape(g, x.shape),
    name="squeeze",
    tex="#1",
    domain=_calls(axis=lambda d, x: None),
)
flip = linear(
    _flip,
    lambda g, y, x, axis: np.flip(g, axis),
    name="flip",
    tex=r"\operatorname{flip} #1",
    domain=_calls(axis=lambda d, x: d.axes(x.ndim)),
)
roll = linear(
    _roll,
    lambda g, y, x, shift, axis: np.roll(g, -np.asarray(shift), axis),
    name="roll",
    tex=r"\operatorname{roll} #1",
    domain=_calls(shift=lambda d, x: d.integer(-4, 4), axis=lambda d, x: d.choice([None, d.axis(x.ndim)])),
)
broadcast_to = linear(
    _broadcast_to,
    lambda g, y, x, shape: g,
    name="broadcast_to",
    tex="#1",
    domain=_calls(shape=lambda d, x: (d.integer(0, 3), *(d.integer(0, 3) if n == 1 else n for n in x.shape))),
)
pad_zeros = linear(
    _pad_zeros,
    lambda g, y, x, widths: _inner(g, x, widths),
    name="pad_zeros",
    tex=r"\operatorname{pad} #1",
    domain=_calls(widths=lambda d, x: tuple((d.integer(0, 2), d.integer(0, 2)) for _ in x.shape)),
)


def _concat(*xs: Array, axis: int = 0) -> Array:
    return np.concatenate(xs, axis=axis)


def _concat_part(i: int, g: Array, y: Array, *xs: Array, axis: int) -> Array:
    start = sum(x.shape[axis] for x in xs[:i])
    return g[along(g, axis, slice(start, start + xs[i].shape[axis]))]


def _stack(*xs: Array, axis: int = 0) -> Array:
    return np.stack(xs, axis=axis)


concatenated = linear(
    _concat,
    _concat_part,
    every=True,
    jointly=True,
    name="concatenated",
    tex=r"[#1, \dots]",
    domain=lambda d: (d.arrays_alike_but(axis := 0), {"axis": axis}),
)
stacked = linear(
    _stack,
    lambda i, g, y, *xs, axis: g[along(g, axis, i)],
    every=True,
    jointly=True,
    name="stacked",
    tex=r"[#1, \dots]",
    domain=lambda d: (d.arrays_alike_but(None), {"axis": d.choice([0, -1])}),
)


# Functions of these


def concat(arrays: Any, axis: int | None = 0) -> Array:
    """Arrays one after the other along an axis; flattened first where `axis` is None.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.concat([ad.Tensor([1.0]), ad.Tensor([2.0, 3.0])])
    Tensor([1., 2., 3.])
    """
    if axis is None:
        return concatenated(*(reshape(x, -1) for x in arrays), axis=0)
    return concatenated(*arrays, axis=axis)


def stack(arrays: Any, axis: int = 0) -> Array:
    """Arrays of one shape, along a new axis.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.stack([ad.Tensor(1.0), ad.Tensor(2.0)])
    Tensor([1., 2.])
    """
    return stacked(*arrays, axis=axis)


def _all(g: Array, y: Array) -> list[Array]:
    """The gradients of several results, zeros for those that nobody used."""
    return [np.zeros_like(b) if a is None else a for a, b in zip(g, y, strict=True)]


def _split_calls(d: Any) -> Any:
    x = d.array(min_dims=1)
    axis = d.axis(x.ndim)
    cuts = sorted(d.integer(0, x.shape[axis]) for _ in range(2))
    return (x,), {"indices_or_sections": tuple(cuts), "axis": axis}


def _split(x: Array, indices_or_sections: tuple[int, ...], axis: int) -> tuple[Array, ...]:
    cuts = pairwise((0, *indices_or_sections, x.shape[axis]))
    return tuple(x[along(x, axis, slice(a, b))] for a, b in cuts)


unstacked = linear(
    lambda x, axis: tuple(np.moveaxis(x, axis, 0)),
    lambda g, y, x, axis: np.stack(_all(g, y), axis),
    name="unstack",
    domain=lambda d: ((x := d.array(min_dims=1, min_side=1),), {"axis": d.axis(x.ndim)}),
)
divided = linear(
    _split,
    lambda g, y, x, indices_or_sections, axis: np.concatenate(_all(g, y), axis),
    name="split",
    domain=_split_calls,
)


@implements(np.unstack) if hasattr(np, "unstack") else lambda f: f
def unstack(x: Array, axis: int = 0) -> tuple[Array, ...]:
    """The parts along an axis, the axis gone: the inverse of `stack`."""
    return unstacked(x, axis=axis) if np.shape(x)[axis] else ()


def hstack(arrays: Any) -> Array:
    """Arrays side by side: along the second axis, the first if they have only one."""
    arrays = [atleast_1d(x) for x in arrays]
    return concat(arrays, axis=0 if np.ndim(arrays[0]) == 1 else 1)


def vstack(arrays: Any) -> Array:
    """Arrays above each other: along the first axis, vectors being rows."""
    return concat([atleast_2d(x) for x in arrays], axis=0)


@implements(np.column_stack)
def column_stack(arrays: Any) -> Array:
    """Vectors as the columns of a matrix."""
    return concat([expand_dims(x, 1) if np.ndim(x) == 1 else x for x in arrays], axis=1)


def atleast_1d(x: Array) -> Array:
    """With one axis at least."""
    return reshape(x, (1,)) if np.ndim(x) == 0 else x


def atleast_2d(x: Array) -> Array:
    """With two axes at least, new ones leading."""
    return x if np.ndim(x) >= 2 else reshape(x, (1, -1))


@implements(np.array_split)
def array_split(x: Array, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    """Parts along an axis: so many of nearly equal length, or cut before the given indices.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.array_split(ad.Tensor([1.0, 2.0, 3.0]), 2)
    [Tensor([1., 2.]), Tensor([3.])]
    """
    parts = np.array_split(np.arange(np.shape(x)[axis]), indices_or_sections)
    return split(x, list(np.cumsum([len(part) for part in parts])[:-1]), axis)


@implements(np.split)
def split(x: Array, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    """Parts along an axis: so many of equal length, or cut before the given indices.

    Raises
    ------
    ValueError
        If the parts asked for are not of equal length.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.split(ad.Tensor([1.0, 2.0, 3.0, 4.0]), 2)
    [Tensor([1., 2.]), Tensor([3., 4.])]
    """
    n = np.shape(x)[axis]
    if isinstance(indices_or_sections, (int, np.integer)):
        sections = int(indices_or_sections)
        if sections < 1 or n % sections:
            raise ValueError(f"split: an axis of length {n} does not divide into {sections} equal parts")
        cuts = [k * (n // sections) for k in range(1, sections)]
    else:
        cuts = [slice(int(i)).indices(n)[1] for i in indices_or_sections]
    if cuts != sorted(cuts):  # parts that overlap, or leave something out
        return [part_along(x, axis, slice(a, b)) for a, b in pairwise((0, *cuts, n))]
    return list(divided.on(x, indices_or_sections=tuple(cuts), axis=axis))


@implements(np.tile)
def tile(x: Array, repetitions: Shape) -> Array:
    """The whole array, repeated so many times along each axis.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.tile(ad.Tensor([1.0, 2.0]), 2)
    Tensor([1., 2., 1., 2.])
    """
    times = tuple(int(n) for n in np.atleast_1d(repetitions))
    shape = np.shape(x)
    dims = max(len(times), len(shape))
    times = (1,) * (dims - len(times)) + times
    shape = (1,) * (dims - len(shape)) + shape
    apart = reshape(x, tuple(n for pair in zip((1,) * dims, shape, strict=True) for n in pair))
    repeated = broadcast_to(apart, tuple(n for pair in zip(times, shape, strict=True) for n in pair))
    return reshape(repeated, tuple(t * n for t, n in zip(times, shape, strict=True)))


@implements(np.repeat)
def repeat(x: Array, repeats: Any, axis: int | None = None) -> Array:
    """Each element so many times; of the flattened array where `axis` is None.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.repeat(ad.Tensor([1.0, 2.0]), 2)
    Tensor([1., 1., 2., 2.])
    """
    if axis is None:
        x, axis = reshape(x, -1), 0
    index = np.repeat(np.arange(np.shape(x)[axis]), repeats)
    return part_along(x, axis, index)


@implements(np.swapaxes)
def swapaxes(x: Array, axis1: int, axis2: int) -> Array:
    """With two axes exchanged."""
    axes = list(range(np.ndim(x)))
    axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
    return permute_dims(x, tuple(axes))


@implements(np.matrix_transpose)
def matrix_transpose(x: Array) -> Array:
    r"""Each matrix transposed: :math:`y_{\dots ij} = x_{\dots ji}`."""
    if np.ndim(x) < 2:
        raise ValueError(f"matrix_transpose needs two axes at least, got shape {np.shape(x)}")
    return swapaxes(x, -1, -2)


@implements(np.moveaxis)
def moveaxis(x: Array, source: Any, destination: Any) -> Array:
    """With some axes moved to other places, the rest in their order."""
    ndim = np.ndim(x)
    moved = dict(zip(normalize_axis_tuple(destination, ndim), normalize_axis_tuple(source, ndim), strict=True))
    rest = iter(a for a in range(ndim) if a not in moved.values())
    return permute_dims(x, tuple(moved[a] if a in moved else next(rest) for a in range(ndim)))


@implements(np.ravel)
def ravel(x: Array, order: str = "C") -> Array:
    """All elements in one axis."""
    return reshape(x, -1, order=order)


@implements(np.broadcast_arrays)
def broadcast_arrays(*arrays: Array) -> tuple[Array, ...]:
    """All arrays in the one shape that broadcasting gives them."""
    shape = np.broadcast_shapes(*(np.shape(x) for x in arrays))
    return tuple(broadcast_to(x, shape) for x in arrays)


def broadcast_shapes(*shapes: Shape) -> tuple[int, ...]:
    """The one shape that broadcasting gives to all of these.

    Raises
    ------
    ValueError
        If there is none.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.broadcast_shapes((2, 1), (3,))
    (2, 3)
    """
    return np.broadcast_shapes(*shapes)


@implements(np.meshgrid)
def meshgrid(
    *arrays: Array, indexing: Literal["xy", "ij"] = "xy", sparse: bool = False, copy: bool = True
) -> tuple[Array, ...]:
    r"""The coordinates of all points of a grid, an array for each axis: :math:`y_{k, i_1 i_2 \dots} = x_{k, i_k}`.

    Parameters
    ----------
    *arrays : array
        The coordinates along each axis.
    indexing : {"xy", "ij"}
        Whether the first two axes change places (``"xy"``, as in pictures) or not.
    sparse : bool
        Leave the other axes at length 1.
    copy : bool
        Not to share memory.

    Examples
    --------
    >>> import autodiff as ad
    >>> x, y = ad.meshgrid(ad.Tensor([1.0, 2.0]), ad.Tensor([5.0, 6.0, 7.0]), indexing="ij")
    >>> x
    Tensor([[1., 1., 1.],
            [2., 2., 2.]])
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: indexing is 'xy' or 'ij', got {indexing!r}")
    n = len(arrays)
    places = [1, 0, *range(2, n)] if indexing == "xy" and n > 1 else range(n)
    lines = [reshape(x, (1,) * a + (-1,) + (1,) * (n - a - 1)) for x, a in zip(arrays, places, strict=True)]
    points = lines if sparse else broadcast_arrays(*lines)
    return tuple(x.copy() if copy else x for x in points)


@implements(np.shape)
def _shape(x: Array) -> tuple[int, ...]:
    return x.shape


@implements(np.ndim)
def _ndim(x: Array) -> int:
    return x.ndim


@implements(np.size)
def _size(x: Array, axis: int | None = None) -> int:
    return x.size if axis is None else x.shape[axis]
