r"""Eigenvalues and singular values, with their vectors.

Every function takes stacks of matrices (leading axes), real or complex.  In the formulas, :math:`A^H` is the conjugate
transpose.

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

from autodiff.op import Array, implements, primitive
from autodiff.rules.arithmetic import abs as absolute
from autodiff.rules.arithmetic import conj, copysign, multiply
from autodiff.rules.decompositions import (
    adjoint,
    as_hermitian,
    coinciding,
    conjugate,
    differences,
    divided,
    forbidden,
    hermitian_part,
    main_diagonal,
    near,
    phase,
    rectangular_calls,
    refuse_phases,
    require_matrices,
    require_square,
    undetermined,
    vanishing,
    within,
)
from autodiff.rules.shapes import matrix_transpose


class EighResult(NamedTuple):
    """What `eigh` gives."""

    eigenvalues: Array
    eigenvectors: Array


class EigResult(NamedTuple):
    """What `eig` gives."""

    eigenvalues: Array
    eigenvectors: Array


class SVDResult(NamedTuple):
    """What `svd` gives: matrices of left and right singular vectors, the latter as rows, and the singular values."""

    U: Array
    S: Array
    Vh: Array


# Eigenvalues of Hermitian matrices


def _apart(n: int) -> Array:
    """A diagonal matrix with eigenvalues far apart."""
    return np.diag(2.0 * np.arange(1, n + 1))


def _eigh(a: Array, triangle: Any = "L") -> EighResult:
    return EighResult(*np.linalg.eigh(hermitian_part(a), triangle))


_EQUAL_EIGENVALUES = "eigenvectors of eigenvalues that coincide"
_USE_VALUES = "Use what does not depend on that choice: the values, or a function of the matrix itself."


def _eigh_pull(g: Any, y: Any, a: Array, triangle: str) -> Array:
    (g_values, g_vectors), (values, vectors) = g, y
    v = conjugate(vectors)
    left: Array = 0
    if g_vectors is not None:
        inner = adjoint(v) @ g_vectors
        refuse_phases(inner, g_vectors, phase("eigh"))
        equal = coinciding(values)
        inner = within.on(inner, forbidden(equal), why=undetermined("eigh", _EQUAL_EIGENVALUES, _USE_VALUES))
        left = v @ divided(inner, differences(values), equal | np.eye(a.shape[-1], dtype=bool))
    if g_values is not None:
        left = left + v * g_values[..., None, :]
    return hermitian_part(left @ adjoint(v))


def _eigh_push(dxs: list[Array], y: Any, a: Array, triangle: str) -> EighResult:
    values, v = y
    inner = adjoint(v) @ hermitian_part(dxs[0]) @ v
    equal = coinciding(values)
    turned = v @ divided(inner, differences(values), equal | np.eye(a.shape[-1], dtype=bool))
    return EighResult(np.real(main_diagonal(inner)), _lost(turned, np.any(equal, axis=-2)))


def _lost(columns: Array, which: Array) -> Array:
    """Columns, some of which are not defined."""
    return np.where(which[..., None, :], np.nan, columns)


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
        coincide, or depends on the phases of complex ones: see the top of this module.

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
    return EigResult(*np.linalg.eig(a))


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
        inner = within.on(inner, forbidden(equal), why=undetermined("eig", _EQUAL_EIGENVALUES, _USE_VALUES))
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
    return EigResult(main_diagonal(inner), _lost(turned, np.any(equal, axis=-2)))


eigen = primitive(_eig, _eig_pull, push=_eig_push, name="eig", tex=r"\operatorname{eig} #1", domain=near(_apart))


@implements(np.linalg.eig)
def eig(a: Array) -> EigResult:
    r"""Eigenvalues and eigenvectors of square matrices: :math:`A V = V \, \mathrm{diag}(w)`, columns of length 1.

    With :math:`P = V^{-1} \, dA \, V`,

    .. math:: dw_i = P_{ii}, \qquad dv_j = \sum_{i \ne j} v_i \, \frac{P_{ij}}{w_j - w_i} + \text{what keeps its length}

    Returns
    -------
    eigenvalues : array (..., n)
        In no order; complex if any of them is, as are then the eigenvectors.
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


# Singular values


def _svd(a: Array, full_matrices: bool = False) -> SVDResult:
    return SVDResult(*np.linalg.svd(a, full_matrices=full_matrices))


_EQUAL_SINGULAR = "singular vectors of singular values that coincide"
_NULL_VECTORS = "singular vectors of the singular value 0"
_USE_THIN = "Use full_matrices=False, or what does not depend on that choice."


def _skew_over_gaps(x: Array, values: Array, equal: Array) -> Array:
    """The skew part of V^H gV, which turns vectors, over differences of squares of singular values."""
    x = within.on(x, forbidden(equal), why=undetermined("svd", _EQUAL_SINGULAR, _USE_VALUES))
    gaps = differences(values) * (values[..., None, :] + values[..., :, None])
    return divided(x - adjoint(x), gaps, equal | np.eye(values.shape[-1], dtype=bool))


def _svd_pull(g: Any, y: Any, a: Array, full_matrices: bool) -> Array:
    (gu, gs, gvh), (u, s, vh) = g, y
    k = s.shape[-1]
    if full_matrices:
        why = undetermined("svd", "singular vectors beyond the singular values", _USE_THIN)
        u, vh = u[..., :k], vh[..., :k, :]
        if gu is not None:
            within.on(gu[..., k:], 0.0, why=why)
            gu = gu[..., :k]
        if gvh is not None:
            within.on(gvh[..., k:, :], 0.0, why=why)
            gvh = gvh[..., :k, :]
    u, vh = conjugate(u), conjugate(vh)
    columns, rows = s[..., None, :], s[..., :, None]
    equal, zero = coinciding(s), vanishing(s)
    null = undetermined("svd", _NULL_VECTORS, _USE_VALUES)
    inner: Array = 0 if gs is None else np.where(columns > 0, gs[..., None, :], 0) * np.eye(k, dtype=s.dtype)
    phases: Array = None
    outside: Array = 0
    if gu is not None:
        of_u = adjoint(u) @ gu
        phases = of_u
        inner = inner + _skew_over_gaps(of_u, s, equal) * columns
        if a.shape[-2] > k:
            rest = within.on(gu - u @ of_u, forbidden(zero[..., None, :]), why=null)
            outside = outside + divided(rest, columns, zero[..., None, :]) @ vh
    if gvh is not None:
        of_v = vh @ adjoint(gvh)
        phases = of_v if phases is None else phases + of_v
        inner = inner + rows * _skew_over_gaps(of_v, s, equal)
        if a.shape[-1] > k:
            rest = within.on(gvh - adjoint(of_v) @ vh, forbidden(zero[..., :, None]), why=null)
            outside = outside + u @ divided(rest, rows, zero[..., :, None])
    if phases is not None and a.dtype.kind == "c":
        refuse_phases(phases, _stacked_sizes(gu, gvh), phase("svd"))
        if gu is not None:
            turns = within.on(np.imag(main_diagonal(of_u)), forbidden(zero), why=null)
            inner = inner + (1j * divided(turns, s, zero))[..., None, :] * np.eye(k, dtype=s.dtype)
    return u @ inner @ vh + outside


def _stacked_sizes(gu: Array, gvh: Array) -> Array:
    """Gradients of vectors as one matrix, whose size is the size of both."""
    parts = [x for x in (gu, None if gvh is None else adjoint(gvh)) if x is not None]
    return np.concatenate(parts, axis=-2)


def _svd_push(dxs: list[Array], y: Any, a: Array, full_matrices: bool) -> SVDResult:
    (u, s, vh), dx = y, dxs[0]
    k = s.shape[-1]
    beyond = [u[..., k:], vh[..., k:, :]]
    u, vh = u[..., :k], vh[..., :k, :]
    columns, rows = s[..., None, :], s[..., :, None]
    equal, zero = coinciding(s), vanishing(s)
    skip = equal | np.eye(k, dtype=bool)
    inner = adjoint(u) @ dx @ adjoint(vh)
    gaps = differences(s) * (columns + rows)
    turn_u = divided(inner * columns + rows * adjoint(inner), gaps, skip)
    turn_v = divided(rows * inner + adjoint(inner) * columns, gaps, skip)
    if a.dtype.kind == "c":
        turns = divided(np.imag(main_diagonal(inner)), s, zero)
        turn_u = turn_u + 1j * turns[..., None, :] * np.eye(k, dtype=s.dtype)
    du, dvh = u @ turn_u, -(turn_v @ vh)
    lost_u = lost_v = np.any(equal, axis=-2)
    if a.shape[-2] > k:
        du = du + divided(dx @ adjoint(vh) - u @ inner, columns, zero[..., None, :])
        lost_u = lost_u | zero
    if a.shape[-1] > k:
        dvh = dvh + divided(adjoint(u) @ dx - inner @ vh, rows, zero[..., :, None])
        lost_v = lost_v | zero
    du, dvh = _lost(du, lost_u), _lost(dvh.mT, lost_v).mT
    if full_matrices:
        du = np.concatenate([du, np.nan * beyond[0]], axis=-1)
        dvh = np.concatenate([dvh, np.nan * beyond[1]], axis=-2)
    return SVDResult(du, np.where(s > 0, np.real(main_diagonal(inner)), 0), dvh)


singular = primitive(
    _svd, _svd_pull, push=_svd_push, name="svd", tex=r"\operatorname{svd} #1", domain=rectangular_calls
)


@implements(np.linalg.svd)
def svd(a: Array, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    r"""Singular values, in descending order, and singular vectors: :math:`A = U \, \mathrm{diag}(s) \, V^H`.

    With :math:`P = U^H \, dA \, V`, and for square matrices,

    .. math:: ds_i = P_{ii}, \qquad
        du_j = \sum_{i \ne j} u_i \, \frac{P_{ij} s_j + s_i \bar P_{ji}}{s_j^2 - s_i^2}, \qquad
        dv_j = \sum_{i \ne j} v_i \, \frac{s_i P_{ij} + \bar P_{ji} s_j}{s_j^2 - s_i^2}

    Parameters
    ----------
    a : array (..., m, n)
    full_matrices : bool
        Give square matrices of vectors.  Those beyond the first ``min(m, n)`` are an arbitrary choice, and have no
        gradient: one that flows into them raises.
    compute_uv : bool
        False gives the singular values alone.
    hermitian : bool
        `a` is Hermitian (its lower triangle is read, where it is not): they are found from the eigenvalues.

    Returns
    -------
    U : array (..., m, m) or (..., m, k)
    S : array (..., k)
        With k = min(m, n).
    Vh : array (..., n, n) or (..., k, n)
        The singular vectors in the rows, conjugated.

    Raises
    ------
    numpy.linalg.LinAlgError
        In the backward pass, if a gradient flows into vectors that are not determined: see the top of this module.

    Notes
    -----
    The gradient of a singular value that is 0 is 0, the subgradient of least norm.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.linalg.svd(ad.Tensor([[0.0, 2.0], [1.0, 0.0]])).S
    Tensor([2., 1.])
    """
    require_matrices("svd", a)
    if not hermitian:
        found = singular(a, full_matrices=bool(full_matrices and compute_uv))
        return found if compute_uv else found.S
    values, vectors = eigh(a)
    order = np.argsort(absolute(values), axis=-1)[..., ::-1]
    s = np.take_along_axis(absolute(values), order, axis=-1)
    if not compute_uv:
        return s
    signs = np.take_along_axis(copysign(1.0, values), order, axis=-1)
    u = np.take_along_axis(vectors, order[..., None, :], axis=-1)
    return SVDResult(u, s, conj(matrix_transpose(multiply(u, signs[..., None, :]))))


@implements(np.linalg.svdvals)
def svdvals(x: Array, /) -> Array:
    """Singular values, in descending order: those of `svd`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.linalg.svdvals(ad.Tensor([[0.0, 2.0], [1.0, 0.0]]))
    Tensor([2., 1.])
    """
    return svd(x, compute_uv=False)


def _matrix_rank(a: Array, tol: Any = None, hermitian: bool = False, rtol: Any = None) -> Array:
    """How many singular values count as more than 0.

    Parameters
    ----------
    a : array (..., m, n)
    tol : float, optional
        Those above this count.
    hermitian : bool
        `a` is Hermitian: the magnitudes of its eigenvalues are counted.
    rtol : float, optional
        Those above this, relative to the greatest, count; left out, ``max(m, n)`` times the dtype's epsilon.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.linalg.matrix_rank(ad.Tensor([[1.0, 2.0], [2.0, 4.0]]))
    Tensor(1)
    """
    return np.linalg.matrix_rank(a, tol, hermitian, rtol=rtol)


matrix_rank = primitive(_matrix_rank, name="matrix_rank", tex=r"\operatorname{rank} #1", domain=rectangular_calls)
implements(np.linalg.matrix_rank)(matrix_rank)
