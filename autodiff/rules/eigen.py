r"""Eigenvalues and eigenvectors, of Hermitian matrices and of any.

Every function takes stacks of matrices (leading axes), real or complex.  In the formulas, :math:`A^H` is the conjugate
transpose.

For what a matrix does not determine, see :mod:`autodiff.rules.decompositions`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from autodiff.op import Array, implements, primitive
from autodiff.rules.decompositions import (
    coinciding,
    differences,
    divided,
    forbidden,
    lost,
    phase,
    refuse_phases,
    undetermined,
    within,
)
from autodiff.rules.matrices import (
    adjoint,
    as_hermitian,
    conjugate,
    hermitian_part,
    main_diagonal,
    near,
    require_square,
)


class EighResult(NamedTuple):
    """What `eigh` gives."""

    eigenvalues: Array
    eigenvectors: Array


class EigResult(NamedTuple):
    """What `eig` gives."""

    eigenvalues: Array
    eigenvectors: Array


# Eigenvalues of Hermitian matrices


def _apart(n: int) -> Array:
    """A matrix with eigenvalues far apart, and without zeros: next to a zero, LAPACK changes the signs of vectors."""
    return np.diag(2.0 * np.arange(1, n + 1)) + 0.6 * (1 - np.eye(n))


def _eigh(a: Array, triangle: Any = "L") -> EighResult:
    return EighResult(*np.linalg.eigh(hermitian_part(a), triangle))


_EQUAL_EIGENVALUES = "eigenvectors of eigenvalues that coincide"


def _eigh_pull(g: Any, y: Any, a: Array, triangle: str) -> Array:
    (g_values, g_vectors), (values, vectors) = g, y
    v = conjugate(vectors)
    left: Array = 0
    if g_vectors is not None:
        inner = adjoint(v) @ g_vectors
        refuse_phases(inner, g_vectors, phase("eigh"))
        equal = coinciding(values)
        inner = within.on(inner, forbidden(equal), why=undetermined("eigh", _EQUAL_EIGENVALUES))
        left = v @ divided(inner, differences(values), equal | np.eye(a.shape[-1], dtype=bool))
    if g_values is not None:
        left = left + v * g_values[..., None, :]
    return hermitian_part(left @ adjoint(v))


def _eigh_push(dxs: list[Array], y: Any, a: Array, triangle: str) -> EighResult:
    values, v = y
    inner = adjoint(v) @ hermitian_part(dxs[0]) @ v
    equal = coinciding(values)
    turned = v @ divided(inner, differences(values), equal | np.eye(a.shape[-1], dtype=bool))
    return EighResult(np.real(main_diagonal(inner)), lost(turned, np.any(equal, axis=-2)))


hermitian_eigen = primitive(
    _eigh, _eigh_pull, push=_eigh_push, name="eigh", tex=r"\operatorname{eigh} #1", domain=near(_apart)
)


@implements(np.linalg.eigh)
def eigh(a: Array, UPLO: str = "L") -> EighResult:  # noqa: N803 - NumPy's name
    r"""Eigenvalues, ascending, and eigenvectors of Hermitian matrices: :math:`A = V \, \mathrm{diag}(w) \, V^H`.

    .. math:: dw_i = v_i^H \, dA \, v_i, \qquad dv_j = \sum_{i \ne j} v_i \, \frac{v_i^H \, dA \, v_j}{w_j - w_i}

    Parameters
    ----------
    a : array (..., n, n)
        Hermitian (real: symmetric).
    UPLO : {"L", "U"}
        Which triangle is read where `a` is not Hermitian.

    Returns
    -------
    eigenvalues : array (..., n)
    eigenvectors : array (..., n, n)
        As columns.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a matrix is not square; in the backward pass, if a gradient flows into eigenvectors of eigenvalues that
        coincide, or depends on the phases of complex ones: see `autodiff/rules/decompositions.py`.

    Notes
    -----
    The gradient is Hermitian, as for `cholesky`.

    Examples
    --------
    >>> import autodiff as ad
    >>> a = ad.Tensor([[2.0, 1.0], [1.0, 2.0]])
    >>> ad.linalg.eigh(a).eigenvalues
    Tensor([1., 3.])
    >>> ad.grad(lambda a: ad.linalg.eigh(a).eigenvalues[1])(a)
    Tensor([[0.5, 0.5],
            [0.5, 0.5]])
    """
    if UPLO not in ("L", "U", "l", "u"):
        raise ValueError(f"eigh: UPLO is 'L' or 'U', got {UPLO!r}")
    return hermitian_eigen(as_hermitian(a, "eigh", UPLO in "Uu"), triangle=UPLO)


@implements(np.linalg.eigvalsh)
def eigvalsh(a: Array, UPLO: str = "L") -> Array:  # noqa: N803 - NumPy's name
    r"""Eigenvalues of Hermitian matrices, in ascending order: those of `eigh`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.linalg.eigvalsh(ad.Tensor([[2.0, 1.0], [1.0, 2.0]]))
    Tensor([1., 3.])
    """
    return eigh(a, UPLO).eigenvalues


# Eigenvalues of any matrices


def _eig(a: Array) -> EigResult:
    values, vectors = np.linalg.eig(a)
    if a.dtype.kind != "c" and not np.any(np.imag(values)):  # NumPy did so itself, up to 2.4
        values, vectors = np.real(values), np.real(vectors)
    return EigResult(values, vectors)


def _refuse_defective(v: Array) -> None:
    """Raise if eigenvectors do not span the space: then the eigenvalues have no derivative either."""
    if np.any(np.linalg.matrix_rank(v) < v.shape[-1]):
        raise LinAlgError("eig: the matrix is defective (it has fewer eigenvectors than rows): no derivative exists")


def _eig_pull(g: Any, y: Any, a: Array) -> Array:
    (g_values, g_vectors), (values, vectors) = g, y
    _refuse_defective(vectors)
    w, v = conjugate(values), conjugate(vectors)
    inner: Array = 0
    if g_vectors is not None:
        inner = adjoint(v) @ g_vectors
        refuse_phases(inner, g_vectors, phase("eig"))
        inner = inner - (adjoint(v) @ v) * np.real(main_diagonal(inner))[..., None, :]
        equal = coinciding(w)
        inner = within.on(inner, forbidden(equal), why=undetermined("eig", _EQUAL_EIGENVALUES))
        inner = divided(inner, conjugate(differences(w)), equal | np.eye(a.shape[-1], dtype=bool))
    if g_values is not None:
        inner = inner + g_values[..., None, :] * np.eye(a.shape[-1], dtype=a.dtype)
    return np.linalg.solve(adjoint(v), inner @ adjoint(v))


def _eig_push(dxs: list[Array], y: Any, a: Array) -> EigResult:
    w, v = y
    _refuse_defective(v)
    inner = np.linalg.solve(v, dxs[0] @ v)
    equal = coinciding(w)
    turned = v @ divided(inner, differences(w), equal | np.eye(a.shape[-1], dtype=bool))
    turned = turned - v * np.real(np.sum(conjugate(v) * turned, axis=-2, keepdims=True))
    return EigResult(main_diagonal(inner), lost(turned, np.any(equal, axis=-2)))


eigen = primitive(_eig, _eig_pull, push=_eig_push, name="eig", tex=r"\operatorname{eig} #1", domain=near(_apart))


@implements(np.linalg.eig)
def eig(a: Array) -> EigResult:
    r"""Eigenvalues and eigenvectors of square matrices: :math:`A V = V \, \mathrm{diag}(w)`, columns of length 1.

    With :math:`P = V^{-1} \, dA \, V`,

    .. math:: dw_i = P_{ii}, \qquad dv_j = \sum_{i \ne j} v_i \, \frac{P_{ij}}{w_j - w_i} + \text{what keeps its length}

    Returns
    -------
    eigenvalues : array (..., n)
        In no order.  They and the eigenvectors are complex if any of them is, or if the matrix is, and else real, as
        NumPy has them up to version 2.4 (from 2.5 on, NumPy's are always complex).
    eigenvectors : array (..., n, n)
        As columns.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a matrix is not square; when it is differentiated, if it is defective, and as `eigh` says.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.linalg.eig(ad.Tensor([[2.0, 1.0], [0.0, 3.0]])).eigenvalues
    Tensor([2., 3.])
    """
    require_square("eig", a)
    return eigen(a)


@implements(np.linalg.eigvals)
def eigvals(a: Array) -> Array:
    """Eigenvalues of square matrices: those of `eig`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.linalg.eigvals(ad.Tensor([[2.0, 1.0], [0.0, 3.0]]))
    Tensor([2., 3.])
    """
    return eig(a).eigenvalues
