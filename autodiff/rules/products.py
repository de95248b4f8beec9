"""Products of vectors, matrices and tensors, of all kinds but Einstein's."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from autodiff.op import Array, implements, linear, primitive
from autodiff.rules.arithmetic import conj, multiply, subtract
from autodiff.rules.indexing import getitem
from autodiff.rules.shapes import expand_dims, moveaxis, pad_zeros, permute_dims, reshape, roll


def _rows(x: Array) -> Array:
    """All leading axes as one: a batch as the rows of a matrix."""
    return x if x.ndim == 2 else np.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


def _matmul_left(g: Array, y: Array, a: Array, b: Array) -> Array:
    if b.ndim == 1:
        return np.expand_dims(g, -1) * b
    if a.ndim == 1:
        return np.squeeze(np.expand_dims(g, -2) @ b.mT, -2)
    return g @ b.mT


def _matmul_right(g: Array, y: Array, a: Array, b: Array) -> Array:
    if a.ndim == 1:
        return a * g if b.ndim == 1 else np.expand_dims(a, -1) * np.expand_dims(g, -2)
    if b.ndim == 1:
        return np.squeeze(a.mT @ np.expand_dims(g, -1), -1)
    if b.ndim == 2 and a.ndim > 2:  # one matrix for a whole batch: sum over the batch inside the product
        return _rows(a).mT @ _rows(g)
    return a.mT @ g


def _matmul_calls(d: Any) -> Any:
    m, n, p = d.integer(1, 3), d.integer(1, 3), d.integer(1, 3)
    left, right = d.choice(
        [
            ((n,), (n,)),
            ((m, n), (n,)),
            ((n,), (n, p)),
            ((m, n), (n, p)),
            ((2, m, n), (n, p)),
            ((m, n), (2, n, p)),
            ((3, 1, m, n), (2, n, p)),
            ((2, m, n), (n,)),
            ((n,), (2, n, p)),
            ((0, n), (n, p)),
        ]
    )
    return (d.array(shape=left), d.array(shape=right)), {}


matmul = linear(operator.matmul, _matmul_left, _matmul_right, name="matmul", tex=r"#1 \, #2", domain=_matmul_calls)


def _product(a: Array, b: Array) -> Array:
    """a @ b for a matrix b, with all rows of a at once, by the way that costs least before the first product."""
    if a.ndim > 2:
        return np.reshape(_rows(a).dot(b), (*a.shape[:-1], b.shape[-1]))
    return a.dot(b) if a.ndim == 2 else a @ b


def _affine(x: Array, weight: Array, bias: Array) -> Array:
    y = _product(x, weight.mT)
    if type(y) is type(bias) is np.ndarray and bias.dtype == y.dtype and bias.shape == y.shape[-1:]:
        y += bias
        return y
    return y + bias


affine = primitive(
    _affine,
    lambda g, y, x, weight, bias: _product(g, weight),
    lambda g, y, x, weight, bias: _product(_rows(g).mT, _rows(x)),
    lambda g, y, x, weight, bias: g,
    push=lambda dxs, y, x, weight, bias: (
        (0 * y if dxs[0] is None else dxs[0] @ weight.mT)
        + (0 if dxs[1] is None else x @ dxs[1].mT)
        + (0 if dxs[2] is None else dxs[2])
    ),
    name="affine",
    tex="#2 #1 + #3",
    domain=lambda d: (
        (
            d.array(shape=(*d.choice([(), (3,), (2, 1), (0,)]), n := d.integer(1, 3))),
            d.array(shape=(m := d.integer(1, 3), n)),
            d.array(shape=(m,)),
        ),
        {},
    ),
)


# Functions of these


@implements(np.tensordot)
def tensordot(a: Array, b: Array, axes: Any = 2) -> Array:
    r"""Sum of products over pairs of axes: :math:`y_{ij} = \sum_{kl} a_{ikl} b_{klj}` for two.

    Parameters
    ----------
    a, b : array
    axes : int or pair of sequences of ints
        The last so many axes of `a` with the first of `b`, or which axes of `a` with which of `b`.

    Raises
    ------
    ValueError
        If axes that are paired differ in length.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.tensordot(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]), ad.Tensor([1.0, 1.0]), 1)
    Tensor([3., 7.])
    """
    shape_a, shape_b = np.shape(a), np.shape(b)
    if isinstance(axes, (int, np.integer)):
        of_a, of_b = list(range(len(shape_a) - int(axes), len(shape_a))), list(range(int(axes)))
    else:
        of_a, of_b = (
            list(normalize_axis_tuple(x, len(shape))) for x, shape in zip(axes, (shape_a, shape_b), strict=True)
        )
    if [shape_a[i] for i in of_a] != [shape_b[i] for i in of_b]:
        raise ValueError(f"tensordot: axes {of_a} of shape {shape_a} do not match axes {of_b} of shape {shape_b}")
    rest_a = [i for i in range(len(shape_a)) if i not in of_a]
    rest_b = [i for i in range(len(shape_b)) if i not in of_b]
    summed = math.prod(shape_a[i] for i in of_a)
    rows = math.prod(shape_a[i] for i in rest_a)
    columns = math.prod(shape_b[i] for i in rest_b)
    left = reshape(permute_dims(a, (*rest_a, *of_a)), (rows, summed))
    right = reshape(permute_dims(b, (*of_b, *rest_b)), (summed, columns))
    return reshape(matmul(left, right), (*(shape_a[i] for i in rest_a), *(shape_b[i] for i in rest_b)))


@implements(np.dot)
def dot(a: Array, b: Array) -> Array:
    r"""NumPy's dot product: of vectors :math:`\sum_i a_i b_i`, of matrices their product."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return multiply(a, b)
    if np.ndim(b) <= 2:
        return matmul(a, b)
    return tensordot(a, b, axes=((-1,), (-2,)))


@implements(np.vdot)
def vdot(a: Array, b: Array) -> Array:
    r"""Product of two arrays as vectors: :math:`\sum_i \bar a_i b_i`."""
    return matmul(conj(reshape(a, -1)), reshape(b, -1))


@implements(np.inner)
def inner(a: Array, b: Array) -> Array:
    r"""Sum of products over the last axes: :math:`y_{ij} = \sum_k a_{ik} b_{jk}`."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return multiply(a, b)
    return tensordot(a, b, axes=((-1,), (-1,)))


@implements(np.outer)
def outer(a: Array, b: Array) -> Array:
    r"""Every product of two vectors' elements: :math:`y_{ij} = a_i b_j`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.outer(ad.Tensor([1.0, 2.0]), ad.Tensor([3.0, 4.0]))
    Tensor([[3., 4.],
            [6., 8.]])
    """
    return multiply(reshape(a, (-1, 1)), reshape(b, (1, -1)))


@implements(np.vecdot)
def vecdot(a: Array, b: Array, axis: int = -1) -> Array:
    r"""Product of vectors along an axis: :math:`y = \sum_i \bar a_i b_i`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.vecdot(ad.Tensor([1.0, 2.0]), ad.Tensor([3.0, 4.0]))
    Tensor(11.0)
    """
    product = matmul(expand_dims(conj(moveaxis(a, axis, -1)), -2), expand_dims(moveaxis(b, axis, -1), -1))
    return reshape(product, np.shape(product)[:-2])


@implements(np.matvec) if hasattr(np, "matvec") else lambda f: f
def matvec(a: Array, x: Array) -> Array:
    r"""Matrices times vectors: :math:`y_i = \sum_j a_{ij} x_j`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.matvec(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]), ad.Tensor([1.0, 1.0]))
    Tensor([3., 7.])
    """
    product = matmul(a, expand_dims(x, -1))
    return reshape(product, np.shape(product)[:-1])


@implements(np.vecmat) if hasattr(np, "vecmat") else lambda f: f
def vecmat(x: Array, a: Array) -> Array:
    r"""Vectors times matrices: :math:`y_j = \sum_i \bar x_i a_{ij}`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.vecmat(ad.Tensor([1.0, 1.0]), ad.Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([4., 6.])
    """
    product = matmul(expand_dims(conj(x), -2), a)
    return reshape(product, (*np.shape(product)[:-2], np.shape(product)[-1]))


@implements(np.linalg.multi_dot)
def multi_dot(arrays: Sequence[Array]) -> Array:
    r"""Product of several matrices, :math:`A_1 A_2 \cdots A_k`, in the order that takes the fewest multiplications.

    The first and the last may be vectors, a row and a column.

    Raises
    ------
    ValueError
        If there are fewer than two, or their shapes do not match.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.linalg.multi_dot([ad.ones((2, 50)), ad.ones((50, 50)), ad.ones((50,))])
    Tensor([2500., 2500.])
    """
    arrays = list(arrays)
    sizes = [np.shape(x) for x in arrays]
    if len(arrays) < 2:
        raise ValueError(f"multi_dot needs two arrays at least, got {len(arrays)}")
    for i, shape in enumerate(sizes):
        if len(shape) != 2 and not (len(shape) == 1 and i in (0, len(sizes) - 1)):
            raise ValueError(f"multi_dot takes matrices, at its ends vectors, got shapes {sizes}")
    if len(sizes[0]) == 1:
        sizes[0] = (1, *sizes[0])
    if len(sizes[-1]) == 1:
        sizes[-1] = (*sizes[-1], 1)
    if any(a[1] != b[0] for a, b in pairwise(sizes)):
        raise ValueError(f"multi_dot: shapes do not match: {sizes}")
    sides = [sizes[0][0], *(shape[1] for shape in sizes)]

    @cache
    def best(i: int, j: int) -> tuple[int, int]:
        """The multiplications that the product of matrices i to j takes at least, and where it is cut for that."""
        cuts = ((best(i, k)[0] + best(k + 1, j)[0] + sides[i] * sides[k + 1] * sides[j + 1], k) for k in range(i, j))
        return min(cuts, default=(0, i))

    def product(i: int, j: int) -> Array:
        k = best(i, j)[1]
        return arrays[i] if i == j else dot(product(i, k), product(k + 1, j))

    return product(0, len(arrays) - 1)


@implements(np.kron)
def kron(a: Array, b: Array) -> Array:
    r"""Kronecker's product: :math:`y_{(ik)(jl)} = a_{ij} b_{kl}`, blocks of b times the elements of a.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.kron(ad.Tensor([1.0, 10.0]), ad.Tensor([1.0, 2.0]))
    Tensor([ 1.,  2., 10., 20.])
    """
    ndim = max(np.ndim(a), np.ndim(b))
    of_a, of_b = ((1,) * (ndim - np.ndim(x)) + np.shape(x) for x in (a, b))
    outer = reshape(a, tuple(side for n in of_a for side in (n, 1)))
    inner = reshape(b, tuple(side for n in of_b for side in (1, n)))
    return reshape(multiply(outer, inner), tuple(map(math.prod, zip(of_a, of_b, strict=True))))


@implements(np.cross)
def cross(a: Array, b: Array, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Array:
    r"""Vector product: :math:`y_i = a_{i+1} b_{i+2} - a_{i+2} b_{i+1}`, indices modulo 3.

    Parameters
    ----------
    a, b : array
        Vectors of 3 elements, or of 2, to which a 0 is added; of two such, the third element of the product is given.
    axisa, axisb, axisc : int
        The axes of the vectors in `a`, in `b` and in the result.
    axis : int, optional
        All three of them.

    Raises
    ------
    ValueError
        If the vectors have neither 2 nor 3 elements.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.cross(ad.Tensor([1.0, 0.0, 0.0]), ad.Tensor([0.0, 1.0, 0.0]))
    Tensor([0., 0., 1.])
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    sizes = {}
    for name, x, along in (("a", a, axisa), ("b", b, axisb)):
        shape = np.shape(x)
        sizes[name] = shape[normalize_axis_index(along, len(shape))]
        if sizes[name] not in (2, 3):
            raise ValueError(
                f"cross needs vectors of 2 or 3 elements, got shape {shape} with {sizes[name]} along {along}"
            )
    a, b = _of_three(moveaxis(a, axisa, -1)), _of_three(moveaxis(b, axisb, -1))
    forth = multiply(roll(a, -1, axis=-1), roll(b, -2, axis=-1))
    back = multiply(roll(a, -2, axis=-1), roll(b, -1, axis=-1))
    y = subtract(forth, back)
    return getitem(y, key=(..., 2)) if set(sizes.values()) == {2} else moveaxis(y, -1, axisc)


def _of_three(x: Array) -> Array:
    """Vectors in the plane as vectors in space."""
    if np.shape(x)[-1] == 3:
        return x
    return pad_zeros(x, widths=((0, 0),) * (np.ndim(x) - 1) + ((0, 1),))


@implements(np.linalg.cross)
def cross_of_three(x1: Array, x2: Array, /, *, axis: int = -1) -> Array:
    """Vector product of vectors of 3 elements: see :func:`autodiff.cross`.

    Raises
    ------
    ValueError
        If the vectors do not have 3 elements.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.linalg.cross(ad.Tensor([1.0, 0.0, 0.0]), ad.Tensor([0.0, 1.0, 0.0]))
    Tensor([0., 0., 1.])
    """
    if not np.shape(x1)[axis] == np.shape(x2)[axis] == 3:
        raise ValueError(f"cross needs vectors of 3 elements along {axis}, got {np.shape(x1)} and {np.shape(x2)}")
    return cross(x1, x2, axis=axis)


# The names of the linalg extension

implements(np.linalg.matmul)(matmul)
implements(np.linalg.tensordot)(tensordot)
implements(np.linalg.vecdot)(vecdot)


@implements(np.linalg.outer)
def outer_of_vectors(x1: Array, x2: Array, /) -> Array:
    r"""Every product of two vectors' elements: :math:`y_{ij} = a_i b_j`.

    Raises
    ------
    ValueError
        If either is not a vector.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.linalg.outer(ad.Tensor([1.0, 2.0]), ad.Tensor([3.0, 4.0]))
    Tensor([[3., 4.],
            [6., 8.]])
    """
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        raise ValueError(f"outer is of two vectors, got shapes {np.shape(x1)} and {np.shape(x2)}")
    return outer(x1, x2)
