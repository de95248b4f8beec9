r"""Determinants."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autodiff.op import Array, implements, masked_product, primitive
from autodiff.rules.inverses import inverse
from autodiff.rules.matrices import adjoint, near, regular, require_square


class SlogdetResult(NamedTuple):
    """What `slogdet` gives."""

    sign: Array
    logabsdet: Array


def _frames(a: Array) -> tuple[Array, Array, Array, Array]:
    """Unitary U and W such that U^H A W^H is diagonal, det U times det W, and the least rank among the matrices."""
    u, s, w = np.linalg.svd(a)
    ranks = np.sum(s > _rough(a) * np.max(s, axis=-1, keepdims=True, initial=0), axis=-1)
    return u, w, np.linalg.det(u) * np.linalg.det(w), np.min(ranks, initial=a.shape[-1])


def _rough(a: Array) -> Array:
    """Half the digits."""
    return np.finfo(a.dtype).eps ** 0.5


frames = primitive(_frames, name="frames", domain=near(regular))


def _small_adjugate(s: Array) -> tuple[Array, Array]:
    """Determinant and adjugate without division by anything that may be 0 (Faddeev and LeVerrier).

    It cancels where matrices are large, but is exact where they vanish.
    """
    k = s.shape[-1]
    one = np.eye(k, dtype=s.dtype)
    m, c = np.zeros_like(s), 1.0
    for j in range(1, k + 1):
        m = s @ m + c * one
        c = (np.trace(s @ m, axis1=-2, axis2=-1) / -j)[..., None, None]
    return (-1) ** k * c, (-1) ** (k - 1) * m


def _cofactors(y: Array, a: Array) -> Array:
    r"""The derivative of the determinant: :math:`\det(A) A^{-T}`, and its limit where A is singular.

    There, A is seen in frames in which its singular part S is a small block: with B = U^H A W^H, X the inverse of its
    regular part and S the Schur complement, adj B = det(B_11) [[det(S) X + X B_12 adj(S) B_21 X, -X B_12 adj(S)],
    [-adj(S) B_21 X, adj(S)]].  That is polynomial in S, so that all higher derivatives are right, too.
    """
    volume = np.prod(np.linalg.norm(a, axis=-1), axis=-1)
    n = rank = a.shape[-1]
    if np.any(np.abs(y) <= _rough(a) * volume):
        u, w, turn, ranks = frames.on(a)
        rank = int(ranks)
    if rank == n:
        return np.expand_dims(y, (-2, -1)) * inverse.on(a).mT
    b = adjoint(u) @ a @ adjoint(w)
    b11, b12, b21, b22 = b[..., :rank, :rank], b[..., :rank, rank:], b[..., rank:, :rank], b[..., rank:, rank:]
    x = inverse.on(b11)
    det, adj = _small_adjugate(b22 - b21 @ x @ b12)
    right, left = x @ b12 @ adj, adj @ b21 @ x
    upper = np.concatenate([det * x + right @ b21 @ x, -right], axis=-1)
    lower = np.concatenate([-left, adj], axis=-1)
    scale = np.expand_dims(turn * determinant.on(b11), (-2, -1))
    return (adjoint(w) @ (scale * np.concatenate([upper, lower], axis=-2)) @ adjoint(u)).mT


def _maybe_singular_calls(d: Any) -> Any:
    n = d.integer(0, 3)
    shape = (*d.choice([(), (2,)]), n, n)
    x = d.array(shape=shape, low=-2, high=2)
    columns = d.booleans((n,)) if d.boolean() else np.ones(n, dtype=bool)
    return (np.where(columns, x, 0.0),), {}


determinant = primitive(
    np.linalg.det,
    lambda g, y, a: np.expand_dims(g, (-2, -1)) * _cofactors(y, a),
    push=lambda dxs, y, a: np.sum(_cofactors(y, a) * dxs[0], axis=(-2, -1)),
    name="det",
    tex=r"\det #1",
    domain=_maybe_singular_calls,
)


@implements(np.linalg.det)
def det(a: Array) -> Array:
    r"""Determinant of square matrices, with :math:`\partial \det A / \partial A_{ij}` the cofactor of :math:`A_{ij}`.

    It is :math:`\det(A) \, (A^{-1})_{ji}` where A is regular; derivatives of any order are right where A is singular.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a matrix is not square.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.grad(ad.linalg.det)(ad.Tensor([[2.0, 0.0], [0.0, 0.0]]))
    Tensor([[0., 0.],
            [0., 2.]])
    """
    require_square("det", a)
    return determinant(a)


def _slogdet(a: Array) -> SlogdetResult:
    return SlogdetResult(*np.linalg.slogdet(a))


def _logarithmic(y: Any, a: Array) -> Array:
    """The inverse; NaN of a singular matrix."""
    return inverse.on(np.where(np.expand_dims(y[0] == 0, (-2, -1)), np.nan, a))


def _slogdet_pull(g: Any, y: Any, a: Array) -> Array:
    g_sign, g_log = g
    moved: Array = 0 if g_log is None else g_log
    if g_sign is not None and a.dtype.kind == "c":
        moved = moved + 1j * np.imag(g_sign * y[0])
    return masked_product(np.expand_dims(moved, (-2, -1)), _logarithmic(y, a).mT)


def _slogdet_push(dxs: list[Array], y: Any, a: Array) -> SlogdetResult:
    moved = np.sum(_logarithmic(y, a).mT * dxs[0], axis=(-2, -1))
    sign = 1j * np.imag(moved) * y[0] if a.dtype.kind == "c" else np.zeros_like(y[0])
    return SlogdetResult(sign, np.real(moved))


sign_and_logarithm = primitive(
    _slogdet, _slogdet_pull, push=_slogdet_push, name="slogdet", tex=r"\log \lvert \det #1 \rvert", domain=near(regular)
)


@implements(np.linalg.slogdet)
def slogdet(a: Array) -> SlogdetResult:
    r"""Sign (or phase) of the determinant and its logarithm: :math:`d \log |\det A| = \mathrm{Re\,tr}(A^{-1} dA)`.

    Returns
    -------
    sign : array (...)
        Of modulus 1; 0 where a matrix is singular.
    logabsdet : array (...)
        :math:`-\infty` where a matrix is singular; its derivative there does not exist, and is NaN.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a matrix is not square.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.linalg.slogdet(ad.Tensor([[2.0, 0.0], [0.0, -4.0]])).sign
    Tensor(-1.0)
    """
    require_square("slogdet", a)
    return sign_and_logarithm(a)
