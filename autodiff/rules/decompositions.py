r"""Triangular decompositions of matrices, Cholesky and QR; and what no decomposition determines.

Every function takes stacks of matrices (leading axes), real or complex.  In the formulas, :math:`A^H` is the conjugate
transpose, and :math:`\Phi(M)` the lower triangle of M with half its diagonal.

**Vectors that are not determined.**  Eigenvalues that coincide have a well-defined space of eigenvectors, but no
well-defined eigenvectors: LAPACK gives an arbitrary basis, and the derivative of that basis does not exist.  The same
holds for singular vectors of singular values that coincide, and for those of a rectangular matrix where the singular
value is 0.  Coinciding means closer than the rounding errors of the decomposition.  The one convention is:

- the derivatives of the *values* are always finite; those of a value that is repeated are one choice of many, and right
  in everything that treats equal values alike (their sum, say);
- a gradient that flows into such *vectors* raises `LinAlgError`.  A vector whose gradient is exactly zero counts as not
  used, so that other vectors of the same matrix can be differentiated;
- in forward mode, which cannot see what will be used, the tangents of such vectors are NaN.

Complex vectors are determined up to a factor of modulus 1 (eigenvectors each, singular vectors in pairs).  A loss that
depends on this factor raises `LinAlgError`, as in PyTorch; in forward mode, tangents keep the factor as it is.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from autodiff.op import Array, Op, implements, linear, primitive
from autodiff.rules.arithmetic import conj
from autodiff.rules.indexing import getitem
from autodiff.rules.matrices import (
    adjoint,
    as_hermitian,
    conjugate,
    hermitian_part,
    main_diagonal,
    near,
    rectangular_calls,
    regular,
    require_matrices,
)
from autodiff.rules.products import matmul
from autodiff.rules.shapes import concat, matrix_transpose


class QRResult(NamedTuple):
    """What `qr` gives: a matrix with orthonormal columns and an upper triangular one."""

    Q: Array
    R: Array


def _triangle(n: int, dtype: Any) -> Array:
    r"""The weights of :math:`\Phi`."""
    return np.tri(n, dtype=dtype) - 0.5 * np.eye(n, dtype=dtype)


def right_divided(x: Array, a: Array) -> Array:
    r""":math:`X A^{-H}`."""
    return adjoint(np.linalg.solve(a, adjoint(x)))


# What is not determined


def _within(x: Array, limit: Array, why: str = "") -> Array:
    if np.any(np.abs(x) > limit):
        raise LinAlgError(why)
    return x


within: Op = linear(
    _within,
    lambda g, y, x, limit, why: within.on(g, limit, why=why),
    None,
    name="within",
    tex="#1",
    domain=lambda d: ((x := d.array(), np.full(x.shape, np.inf)), {}),
)


_VALUES = "Use what does not depend on that choice: the values, or a function of the matrix itself."


def undetermined(name: str, what: str, instead: str = _VALUES) -> str:
    return (
        f"{name}: a gradient flows into {what}, which the matrix does not determine: LAPACK chose them, and their "
        f"derivative does not exist. {instead}"
    )


def phase(name: str) -> str:
    return (
        f"{name}: the loss depends on the phases of complex vectors, which the matrix does not determine (any factor "
        f"of modulus 1 would do): use their magnitudes, or products in which the phases cancel"
    )


def coinciding(values: Array) -> Array:
    """Which pairs of eigenvalues or singular values, of different index, are equal up to rounding."""
    n = values.shape[-1]
    rounding = 8 * np.finfo(values.dtype).eps * np.sum(np.abs(values), axis=-1)
    return (np.abs(differences(values)) <= rounding[..., None, None]) & ~np.eye(n, dtype=bool)


def vanishing(values: Array) -> Array:
    """Which singular values are 0 up to rounding."""
    return values <= 8 * np.finfo(values.dtype).eps * np.sum(values, axis=-1, keepdims=True)


def differences(values: Array) -> Array:
    """The matrix of v_j - v_i, row i, column j."""
    return values[..., None, :] - values[..., :, None]


def divided(x: Array, by: Array, skip: Array) -> Array:
    """x / by, and 0 where that is to be skipped."""
    return np.where(skip, 0, x / np.where(skip, 1, by))


def forbidden(places: Array) -> Array:
    """The limit of what may flow: nothing there, anything elsewhere."""
    return np.where(places, 0.0, np.inf)


def lost(columns: Array, which: Array) -> Array:
    """Columns, some of which are not defined."""
    return np.where(which[..., None, :], np.nan, columns)


def refuse_phases(x: Array, vectors: Array, why: str) -> None:
    """Raise where the imaginary parts of a diagonal are more than rounding errors of a product with those vectors."""
    if x.dtype.kind == "c":
        phases = np.imag(main_diagonal(x))
        size = np.sqrt(np.sum(np.abs(vectors) ** 2, axis=(-2, -1)))
        within.on(phases, np.finfo(x.dtype).eps ** 0.5 * size[..., None], why=why)


# Cholesky


def _cholesky(a: Array) -> Array:
    return np.linalg.cholesky(hermitian_part(a))


def _cholesky_pull(g: Array, y: Array, a: Array) -> Array:
    y = conjugate(y)
    inner = _triangle(a.shape[-1], g.dtype) * (adjoint(y) @ g)
    return hermitian_part(right_divided(np.linalg.solve(adjoint(y), inner), adjoint(y)))


def _cholesky_push(dxs: list[Array], y: Array, a: Array) -> Array:
    inner = right_divided(np.linalg.solve(y, hermitian_part(dxs[0])), y)
    return y @ (_triangle(a.shape[-1], y.dtype) * inner)


cholesky_factor = primitive(
    _cholesky,
    _cholesky_pull,
    push=_cholesky_push,
    name="cholesky",
    tex=r"\operatorname{cholesky} #1",
    domain=near(regular),
)


@implements(np.linalg.cholesky)
def cholesky(a: Array, /, *, upper: bool = False) -> Array:
    r"""The triangular root of a positive definite matrix: :math:`A = L L^H`, with L lower triangular.

    .. math:: dL = L \, \Phi(L^{-1} \, dA \, L^{-H})

    Parameters
    ----------
    a : array (..., n, n)
        Hermitian and positive definite.
    upper : bool
        Give :math:`U = L^H` instead, :math:`A = U^H U`.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a matrix is not square, or not positive definite.

    Notes
    -----
    The gradient is Hermitian: it takes both triangles to move together.  NumPy reads one triangle only (the lower one;
    with `upper` the upper one); if `a` is not Hermitian, so do we, and the gradient is that of what was read.

    I. Murray, "Differentiation of the Cholesky decomposition" (2016).

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.linalg.cholesky(ad.Tensor([[4.0, 2.0], [2.0, 10.0]]))
    Tensor([[2., 0.],
            [1., 3.]])
    """
    root = cholesky_factor(as_hermitian(a, "cholesky", upper))
    return conj(matrix_transpose(root)) if upper else root


# QR


def _qr(a: Array, mode: Any = "reduced") -> QRResult:
    return QRResult(*np.linalg.qr(a, mode))


def _refuse_dependent(r: Array) -> None:
    """Raise if columns depend on each other: then Q is not determined."""
    diagonal = np.abs(main_diagonal(r))
    if np.any(vanishing(diagonal)):
        raise LinAlgError("qr: the first columns of a matrix depend on each other: no derivative exists")


def _qr_pull(g: Any, y: Any, a: Array, mode: str) -> Array:
    (gq, gr), (q, r) = g, y
    n = a.shape[-1]
    if mode == "complete":
        q, r = q[..., :n], r[..., :n, :]
        if gq is not None:
            why = undetermined("qr", "columns of Q beyond those of the matrix", "Use mode='reduced'.")
            within.on(gq[..., n:], 0.0, why=why)
            gq = gq[..., :n]
        gr = None if gr is None else gr[..., :n, :]
    _refuse_dependent(r)
    q, r = conjugate(q), conjugate(r)
    inner = (0 if gr is None else gr @ adjoint(r)) - (0 if gq is None else adjoint(q) @ gq)
    half = inner * _triangle(n, r.dtype).T
    total = q @ (half + adjoint(half))
    return right_divided(total if gq is None else total + gq, r)


def _qr_push(dxs: list[Array], y: Any, a: Array, mode: str) -> QRResult:
    q, r = y
    n = a.shape[-1]
    beyond, below = q[..., n:], r[..., n:, :]
    q, r = q[..., :n], r[..., :n, :]
    _refuse_dependent(r)
    moved = right_divided(dxs[0], adjoint(r))
    inner = adjoint(q) @ moved
    turned = (inner + adjoint(inner)) * _triangle(n, r.dtype).T
    dq, dr = moved - q @ turned, turned @ r
    if mode == "complete":
        dq = np.concatenate([dq, np.nan * beyond], axis=-1)
        dr = np.concatenate([dr, np.zeros_like(below)], axis=-2)
    return QRResult(dq, dr)


def _qr_calls(d: Any) -> Any:
    (x,), _ = rectangular_calls(d)
    return (x if x.shape[-2] >= x.shape[-1] else x.mT,), {"mode": "reduced"}


orthogonal_triangular = primitive(
    _qr, _qr_pull, push=_qr_push, name="qr", tex=r"\operatorname{qr} #1", domain=_qr_calls
)


@implements(np.linalg.qr)
def qr(a: Array, mode: str = "reduced") -> Any:
    r"""Orthonormal columns times an upper triangle: :math:`A = Q R`.

    For independent columns, with :math:`C = Q^H \, dA \, R^{-1}`,

    .. math:: dR = \Phi(C + C^H)^H R, \qquad dQ = dA \, R^{-1} - Q \, \Phi(C + C^H)^H

    Parameters
    ----------
    a : array (..., m, n)
    mode : {"reduced", "complete", "r"}
        Q of shape (m, min(m, n)); Q square; R alone.

    Raises
    ------
    numpy.linalg.LinAlgError
        When it is differentiated, if the first min(m, n) columns depend on each other; in the backward pass, if a
        gradient flows into the columns of Q that ``"complete"`` adds, which the matrix does not determine.
    TypeError
        For ``mode="raw"``, which has no rule.

    Notes
    -----
    S. F. Walter, L. Lehmann, R. Lamour, "On evaluating higher-order derivatives of the QR decomposition of tall
    matrices with full column rank in forward and reverse mode algorithmic differentiation" (2012).

    Examples
    --------
    >>> import autodiff as ad
    >>> q, r = ad.linalg.qr(ad.Tensor([[3.0, 1.0], [4.0, 2.0]]))
    >>> ad.abs(r[0, 0])
    Tensor(5.0)
    """
    require_matrices("qr", a)
    if mode not in ("reduced", "complete", "r"):
        raise TypeError(f"qr has no rule for mode={mode!r}: it has 'reduced', 'complete' and 'r'")
    m, n = np.shape(a)[-2:]
    if m >= n:
        found = orthogonal_triangular(a, mode="reduced" if mode == "r" else mode)
    else:
        q, r = orthogonal_triangular(getitem(a, key=(..., slice(m))), mode="reduced")
        rest = getitem(a, key=(..., slice(m, None)))
        found = QRResult(q, concat([r, matmul(conj(matrix_transpose(q)), rest)], axis=-1))
    return found.R if mode == "r" else found
