"""Products of several kinds: powers and chains of matrices, the vector product, Kronecker's; and the standard's names
for parts of matrices.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autodiff.op import Array, implements
from autodiff.rules import linear_algebra, shapes
from autodiff.rules.arithmetic import as_array, multiply, positive, subtract
from autodiff.rules.indexing import diagonal as any_diagonal
from autodiff.rules.indexing import getitem, select
from autodiff.rules.linalg import inv
from autodiff.rules.linear_algebra import dot, matmul
from autodiff.rules.matrices import require_matrices, require_square
from autodiff.rules.reductions import sum as total
from autodiff.rules.shapes import moveaxis, pad_zeros, reshape, roll

implements(np.linalg.matmul)(linear_algebra.matmul)
implements(np.linalg.tensordot)(linear_algebra.tensordot)
implements(np.linalg.vecdot)(linear_algebra.vecdot)
implements(np.linalg.matrix_transpose)(shapes.matrix_transpose)


@implements(np.linalg.matrix_power)
def matrix_power(a: Array, n: int) -> Array:
    r"""A square matrix times itself: :math:`A^n`; of the inverse, where n is negative.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a matrix is not square; if n is negative and a matrix singular.
    TypeError
        If n is not an integer.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.linalg.matrix_power(ad.Tensor([[1.0, 1.0], [0.0, 1.0]]), 3)
    Tensor([[1., 3.],
            [0., 1.]])
    """
    require_square("matrix_power", a)
    n = operator.index(n)
    if n < 0:
        a, n = inv(a), -n
    if n == 0:
        a = as_array(a)
        return select(np.zeros(np.shape(a), dtype=bool), a, np.eye(np.shape(a)[-1], dtype=a.dtype))
    power = square = None
    while n:
        square = a if square is None else matmul(square, square)
        n, odd = divmod(n, 2)
        if odd:
            power = square if power is None else matmul(power, square)
    return positive(power) if power is a else power


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


@implements(np.linalg.outer)
def outer(x1: Array, x2: Array, /) -> Array:
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
    return linear_algebra.outer(x1, x2)


@implements(np.linalg.diagonal)
def diagonal(x: Array, /, *, offset: int = 0) -> Array:
    r"""Diagonals of matrices in the last two axes: :math:`y_i = x_{i,\,i+k}`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.linalg.diagonal(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]), offset=1)
    Tensor([2.])
    """
    require_matrices("diagonal", x)
    return any_diagonal(x, offset, -2, -1)


@implements(np.linalg.trace)
def trace(x: Array, /, *, offset: int = 0, dtype: Any = None) -> Array:
    r"""Sum of a diagonal, of matrices in the last two axes: :math:`\operatorname{tr} x = \sum_i x_{ii}`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.linalg.trace(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor(5.0)
    """
    return total(diagonal(x, offset=offset), axis=-1, dtype=dtype)
