r"""Singular values and their vectors, and the rank.

For what a matrix does not determine, see :mod:`autodiff.rules.decompositions`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autodiff.op import Array, implements, primitive
from autodiff.rules.arithmetic import abs as absolute
from autodiff.rules.arithmetic import conj, copysign, multiply
from autodiff.rules.decompositions import (
    coinciding,
    differences,
    divided,
    forbidden,
    lost,
    phase,
    refuse_phases,
    undetermined,
    vanishing,
    within,
)
from autodiff.rules.eigen import eigh
from autodiff.rules.matrices import adjoint, conjugate, main_diagonal, rectangular_calls, require_matrices
from autodiff.rules.shapes import matrix_transpose


class SVDResult(NamedTuple):
    """What `svd` gives: matrices of left and right singular vectors, the latter as rows, and the singular values."""

    U: Array
    S: Array
    Vh: Array


def _svd(a: Array, full_matrices: bool = False) -> SVDResult:
    return SVDResult(*np.linalg.svd(a, full_matrices=full_matrices))


_EQUAL_SINGULAR = "singular vectors of singular values that coincide"


_NULL_VECTORS = "singular vectors of the singular value 0"


_USE_THIN = "Use full_matrices=False, or what does not depend on that choice."


def _skew_over_gaps(x: Array, values: Array, equal: Array) -> Array:
    """The skew part of V^H gV, which turns vectors, over differences of squares of singular values."""
    x = within.on(x, forbidden(equal), why=undetermined("svd", _EQUAL_SINGULAR))
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
    null = undetermined("svd", _NULL_VECTORS)
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
    du, dvh = lost(du, lost_u), lost(dvh.mT, lost_v).mT
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
        In the backward pass, if a gradient flows into vectors that are not determined: see `decompositions.py`.

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
