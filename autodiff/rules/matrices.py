r"""Matrices: their triangles and diagonals; and what the files on linear algebra share.

All take stacks of matrices (leading axes), real or complex; :math:`A^H` is the conjugate transpose.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.linalg import LinAlgError

from autodiff.op import Array, implements, linear, primitive
from autodiff.rules.arithmetic import conj, floating
from autodiff.rules.indexing import diagonal as any_diagonal
from autodiff.rules.reductions import sum as total
from autodiff.rules.shapes import matrix_transpose


def conjugate(x: Array) -> Array:
    """The complex conjugate; real numbers as they are."""
    return np.conj(x) if x.dtype.kind == "c" else x


def adjoint(x: Array) -> Array:
    """The conjugate transpose of matrices."""
    return conjugate(x).mT


def hermitian_part(x: Array) -> Array:
    r""":math:`(A + A^H) / 2`, which is A itself, to the last digit, if A is Hermitian."""
    return 0.5 * (x + adjoint(x))


def require_square(name: str, *matrices: Array) -> None:
    """Raise if something is not a stack of square matrices."""
    for a in matrices:
        shape = np.shape(a)
        if len(shape) < 2 or shape[-1] != shape[-2]:
            raise LinAlgError(f"{name} needs square matrices in the last two axes, got shape {shape}")


def require_matrices(name: str, a: Array) -> None:
    """Raise if something is not a stack of matrices."""
    if np.ndim(a) < 2:
        raise LinAlgError(f"{name} needs matrices in the last two axes, got shape {np.shape(a)}")


def main_diagonal(x: Array) -> Array:
    return np.diagonal(x, axis1=-2, axis2=-1)


def _is_hermitian(a: Array) -> Array:
    """Whether all matrices are Hermitian, up to rounding."""
    a = floating(a)
    slack = 100 * np.finfo(a.dtype).eps * np.max(np.abs(a), axis=(-2, -1), keepdims=True, initial=0)
    return np.all(np.abs(a - adjoint(a)) <= slack)


def _hermitian_calls(d: Any) -> Any:
    x = d.array(shape=(*d.choice([(), (2,)]), n := d.integer(0, 3), n))
    return (hermitian_part(x) if d.boolean() else x,), {}


is_hermitian = primitive(_is_hermitian, name="is_hermitian", tex=r"[#1 = #1^H]", domain=_hermitian_calls)


def as_hermitian(a: Array, name: str, upper: bool = False) -> Array:
    """A matrix that is Hermitian as it is, to be differentiated in all its elements; else the triangle that is read."""
    require_square(name, a)
    if is_hermitian(a):
        return a
    inner, outer = (triu(a), triu(a, 1)) if upper else (tril(a), tril(a, -1))
    return inner + conj(matrix_transpose(outer))


def near(center: Any) -> Any:
    """The calls of an operation on one stack of square matrices, which differ little from a given one."""

    def calls(d: Any) -> Any:
        n = d.integer(0, 3)
        return (center(n) + d.array(shape=(*d.choice([(), (2,)]), n, n), low=-0.4, high=0.4),), {}

    return calls


def regular(n: int) -> Array:
    """A matrix far from singular."""
    return 4 * np.eye(n)


def rectangular_calls(d: Any) -> Any:
    m, n = d.integer(0, 3), d.integer(0, 3)
    noise = d.array(shape=(*d.choice([(), (2,)]), m, n), low=-0.4, high=0.4)
    return (noise + 4.0 * np.arange(1, m + 1)[:, None] * np.eye(m, n),), {}


# Triangles and diagonals


def _tril(x: Array, k: int = 0) -> Array:
    r"""Matrices with zeros above a diagonal: :math:`y_{ij} = x_{ij}` where :math:`j - i \le k`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.tril(ad.ones((2, 2)))
    Tensor([[1., 0.],
            [1., 1.]])
    """
    return np.tril(x, k)


def _triu(x: Array, k: int = 0) -> Array:
    r"""Matrices with zeros below a diagonal: :math:`y_{ij} = x_{ij}` where :math:`j - i \ge k`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.triu(ad.ones((2, 2)))
    Tensor([[1., 1.],
            [0., 1.]])
    """
    return np.triu(x, k)


def _triangle_calls(d: Any) -> Any:
    return (d.array(min_dims=2),), {"k": d.integer(-2, 2)}


tril = linear(
    _tril, lambda g, y, x, k: np.tril(g, k), name="tril", tex=r"\operatorname{tril} #1", domain=_triangle_calls
)


triu = linear(
    _triu, lambda g, y, x, k: np.triu(g, k), name="triu", tex=r"\operatorname{triu} #1", domain=_triangle_calls
)


implements(np.linalg.matrix_transpose)(matrix_transpose)


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
