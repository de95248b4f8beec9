r"""Inverses, powers, systems of equations, least squares.

Every function takes stacks of matrices (leading axes), real or complex; signatures are NumPy's, which include the Array
API standard's.  In the formulas, :math:`A^H` is the conjugate transpose, :math:`A^+` the pseudoinverse.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
from numpy.linalg import LinAlgError

from autodiff.op import Array, implements, primitive
from autodiff.rules.arithmetic import abs as absolute
from autodiff.rules.arithmetic import as_array, positive, square, subtract
from autodiff.rules.indexing import chosen, getitem
from autodiff.rules.matrices import (
    adjoint,
    as_hermitian,
    conjugate,
    near,
    rectangular_calls,
    regular,
    require_matrices,
    require_square,
)
from autodiff.rules.products import matmul
from autodiff.rules.reductions import sum as total
from autodiff.rules.shapes import permute_dims, ravel, reshape
from autodiff.rules.singular import matrix_rank, svdvals

# The inverse

inverse = primitive(
    np.linalg.inv,
    lambda g, y, a: -(y.mT @ g @ y.mT),
    push=lambda dxs, y, a: -(y @ dxs[0] @ y),
    name="inv",
    tex="{#1}^{-1}",
    domain=near(regular),
)


@implements(np.linalg.inv)
def inv(a: Array) -> Array:
    r"""Inverse of square matrices: :math:`A^{-1}`, with :math:`d(A^{-1}) = -A^{-1} \, dA \, A^{-1}`.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a matrix is not square, or singular.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.linalg.inv(ad.Tensor([[2.0, 0.0], [0.0, 4.0]]))
    Tensor([[0.5 , 0.  ],
            [0.  , 0.25]])
    """
    require_square("inv", a)
    return inverse(a)


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
        return chosen(np.zeros(np.shape(a), dtype=bool), a, np.eye(np.shape(a)[-1], dtype=a.dtype))
    power = square = None
    while n:
        square = a if square is None else matmul(square, square)
        n, odd = divmod(n, 2)
        if odd:
            power = square if power is None else matmul(power, square)
    return positive(power) if power is a else power


# Systems of equations


def _columns(x: Array, b: Array) -> Array:
    """Right-hand sides as matrices, where there is one vector only."""
    return np.expand_dims(x, -1) if b.ndim == 1 else x


def _solve_left(g: Array, y: Array, a: Array, b: Array) -> Array:
    return -(solution.on(a.mT, _columns(g, b)) @ _columns(y, b).mT)


def _solve_right(g: Array, y: Array, a: Array, b: Array) -> Array:
    pulled = solution.on(a.mT, _columns(g, b))
    return np.squeeze(pulled, -1) if b.ndim == 1 else pulled


def _solve_push(dxs: list[Array | None], y: Array, a: Array, b: Array) -> Array:
    da, db = dxs
    moved: Array = 0 if db is None else _columns(db, b)
    if da is not None:
        moved = moved - da @ _columns(y, b)
    pushed = solution.on(a, moved)
    return np.squeeze(pushed, -1) if b.ndim == 1 else pushed


def _solve_calls(d: Any) -> Any:
    (a,), _ = near(regular)(d)
    n = a.shape[-1]
    shape = d.choice([(n,), (n, d.integer(0, 2)), (2, n, 1), (2, 1, n, 2)])
    return (a, d.array(shape=shape)), {}


solution = primitive(
    np.linalg.solve,
    _solve_left,
    _solve_right,
    push=_solve_push,
    name="solve",
    tex="{#1}^{-1} #2",
    domain=_solve_calls,
)


@implements(np.linalg.solve)
def solve(a: Array, b: Array) -> Array:
    r"""Solution x of :math:`A x = b`, with :math:`dx = A^{-1} (db - dA \, x)`.

    Parameters
    ----------
    a : array (..., n, n)
    b : array (n,) or (..., n, k)
        One vector, or the columns of matrices.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a matrix is not square, or singular.
    ValueError
        If the shapes do not match.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.linalg.solve(ad.Tensor([[2.0, 0.0], [0.0, 4.0]]), ad.Tensor([2.0, 2.0]))
    Tensor([1. , 0.5])
    """
    require_square("solve", a)
    return solution(a, b)


@implements(np.linalg.tensorsolve)
def tensorsolve(a: Array, b: Array, axes: Any = None) -> Array:
    r"""Solution x of :math:`\sum_k a_{ik} x_k = b_i`, where i and k stand for several axes each.

    Parameters
    ----------
    a : array
        Its first axes are those of `b`, its last those of the result.
    b : array
    axes : sequence of ints, optional
        Axes of `a` to be moved to its end first.

    Raises
    ------
    numpy.linalg.LinAlgError
        If this is not a square system, or singular.

    Examples
    --------
    >>> import autodiff as ad
    >>> a = ad.reshape(ad.eye(4) * 2.0, (2, 2, 4))
    >>> ad.linalg.tensorsolve(a, ad.Tensor([[2.0, 4.0], [6.0, 8.0]]))
    Tensor([1., 2., 3., 4.])
    """
    ndim = np.ndim(a)
    if axes is not None:
        last = [axis % ndim for axis in axes]
        a = permute_dims(a, (*(axis for axis in range(ndim) if axis not in last), *last))
    shape, n = np.shape(a)[np.ndim(b) :], math.prod(np.shape(b))
    if math.prod(shape) != n:
        raise LinAlgError(f"tensorsolve: {np.shape(a)} is no square system of equations for {np.shape(b)}")
    return reshape(solve(reshape(a, (n, n)), ravel(b)), shape)


@implements(np.linalg.tensorinv)
def tensorinv(a: Array, ind: int = 2) -> Array:
    """Inverse of an array as a map from its last axes to its first `ind`: ``tensordot(tensorinv(a), a, ind)`` is 1.

    Raises
    ------
    numpy.linalg.LinAlgError
        If the axes do not make a square matrix, or it is singular.
    ValueError
        If `ind` is not positive.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.linalg.tensorinv(ad.reshape(ad.eye(4), (4, 2, 2)), ind=1).shape
    (2, 2, 4)
    """
    if ind <= 0:
        raise ValueError(f"tensorinv: ind is the number of axes before the others, at least 1, got {ind}")
    shape = np.shape(a)
    first, last = shape[:ind], shape[ind:]
    n = math.prod(first)
    if math.prod(last) != n:
        raise LinAlgError(f"tensorinv: axes {first} and {last} of shape {shape} make no square matrix")
    return reshape(inv(reshape(a, (n, n))), (*last, *first))


# The pseudoinverse and least squares


def _pinv(a: Array, rcond: Any = 1e-15) -> Array:
    return np.linalg.pinv(a, rcond)


def _pinv_pull(g: Array, y: Array, a: Array, rcond: Any) -> Array:
    a, y, h = conjugate(a), conjugate(y), adjoint(g)
    yh = adjoint(y)
    return (h - a @ (y @ h)) @ y @ yh + yh @ y @ (h - (h @ y) @ a) - yh @ g @ yh


def _pinv_push(dxs: list[Array], y: Array, a: Array, rcond: Any) -> Array:
    da, dah, yh = dxs[0], adjoint(dxs[0]), adjoint(y)
    return y @ yh @ (dah - (dah @ a) @ y) + (dah - y @ (a @ dah)) @ yh @ y - y @ da @ y


pseudoinverse = primitive(_pinv, _pinv_pull, push=_pinv_push, name="pinv", tex="{#1}^+", domain=rectangular_calls)

#: What stands for a tolerance that was not given.
_LEFT_OUT: Any = np._NoValue


@implements(np.linalg.pinv)
def pinv(a: Array, rcond: Any = None, hermitian: bool = False, *, rtol: Any = _LEFT_OUT) -> Array:
    r"""Pseudoinverse of matrices of any shape: the :math:`A^+` of Moore and Penrose.

    .. math:: dA^+ = -A^+ dA \, A^+ + A^+ A^{+H} dA^H (1 - A A^+) + (1 - A^+ A) \, dA^H A^{+H} A^+

    Parameters
    ----------
    a : array (..., m, n)
    rcond, rtol : float or array
        Singular values below this, relative to the greatest, count as 0.  By default 1e-15; ``rtol=None`` is
        ``max(m, n)`` times the dtype's epsilon.
    hermitian : bool
        `a` is Hermitian (its lower triangle is read, where it is not).

    Notes
    -----
    The derivative is right where the rank does not change; elsewhere the pseudoinverse is not continuous, and the
    formula gives the derivative along matrices of the same rank.

    G. H. Golub and V. Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose
    variables separate", SIAM Journal on Numerical Analysis 10 (1973).

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.linalg.pinv(ad.Tensor([[2.0, 0.0], [0.0, 0.0]]))
    Tensor([[0.5, 0. ],
            [0. , 0. ]])
    """
    require_matrices("pinv", a)
    if rcond is not None and rtol is not _LEFT_OUT:
        raise ValueError("pinv takes rcond or rtol, not both")
    if rtol is not _LEFT_OUT:
        rcond = max(np.shape(a)[-2:]) * np.finfo(np.result_type(a, np.float32)).eps if rtol is None else rtol
    a = as_hermitian(a, "pinv") if hermitian else a
    return pseudoinverse(a) if rcond is None else pseudoinverse(a, rcond=rcond)


@implements(np.linalg.lstsq)
def lstsq(a: Array, b: Array, rcond: float | None = None) -> tuple[Array, Array, Array, Array]:
    r"""The least x of those for which :math:`\lVert A x - b \rVert` is least: :math:`x = A^+ b`.

    Parameters
    ----------
    a : array (m, n)
    b : array (m,) or (m, k)
    rcond : float, optional
        Singular values below this, relative to the greatest, count as 0; left out, ``max(m, n)`` times the dtype's
        epsilon.

    Returns
    -------
    x : array (n,) or (n, k)
    residuals : array (1,) or (k,)
        :math:`\lVert A x - b \rVert^2` for each column; of size 0 where the rank is less than n, or m not more.
    rank : array of one int
    s : array (min(m, n),)
        The singular values of `a`.

    Raises
    ------
    numpy.linalg.LinAlgError
        If `a` is not one matrix, or `b` does not have as many rows.

    Notes
    -----
    The derivative is that of `pinv`.

    Examples
    --------
    >>> import autodiff as ad
    >>> x, residuals, rank, s = ad.linalg.lstsq(ad.Tensor([[1.0], [1.0]]), ad.Tensor([1.0, 3.0]))
    >>> x, residuals
    (Tensor([2.]), Tensor([2.]))
    """
    shape, of_b = np.shape(a), np.shape(b)
    if len(shape) != 2 or len(of_b) not in (1, 2) or shape[0] != of_b[0]:
        raise LinAlgError(f"lstsq needs a matrix (m, n) and b of shape (m,) or (m, k), got {shape} and {of_b}")
    epsilon = np.finfo(np.result_type(a, b, np.float32)).eps
    cutoff = max(shape) * epsilon if rcond is None else epsilon if rcond < 0 else rcond
    x = matmul(pinv(a, cutoff), b)
    rank = matrix_rank(a, rtol=cutoff)
    if shape[0] > shape[1] and rank == shape[1]:
        residuals = total(square(absolute(subtract(b, matmul(a, x)))), axis=0, keepdims=len(of_b) == 1)
    else:
        residuals = getitem(ravel(absolute(x)), key=slice(0))
    return x, residuals, rank, svdvals(a)
