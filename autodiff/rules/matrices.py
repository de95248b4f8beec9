r"""Matrices: what the files on linear algebra share.

All take stacks of matrices (leading axes), real or complex; :math:`A^H` is the conjugate transpose.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.linalg import LinAlgError

from autodiff.op import Array, primitive
from autodiff.rules.arithmetic import conj, floating
from autodiff.rules.linear_algebra import tril, triu
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
