r"""Norms of vectors and matrices, and condition numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index
from numpy.linalg import LinAlgError

from autodiff.op import Array, implements
from autodiff.rules.arithmetic import abs as absolute
from autodiff.rules.arithmetic import as_array, divide, floating, isnan, multiply
from autodiff.rules.determinants import sign_and_logarithm
from autodiff.rules.indexing import chosen, getitem
from autodiff.rules.inverses import inv
from autodiff.rules.matrices import require_matrices, require_square
from autodiff.rules.reductions import any as any_of
from autodiff.rules.reductions import max as greatest
from autodiff.rules.reductions import min as smallest
from autodiff.rules.reductions import norm as norm_of_vectors
from autodiff.rules.reductions import sum as total
from autodiff.rules.shapes import expand_dims, moveaxis
from autodiff.rules.singular import svdvals

Axis = int | tuple[int, ...] | None


@implements(np.linalg.vector_norm)
def vector_norm(x: Array, /, *, axis: Axis = None, keepdims: bool = False, ord: float = 2) -> Array:
    r"""Norm of vectors: :math:`\lVert x \rVert_p = (\sum_i |x_i|^p)^{1/p}`; of all elements where `axis` is None.

    Its gradient at 0 is 0: see :func:`autodiff.norm`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.linalg.vector_norm(ad.Tensor([[3.0, 4.0], [0.0, 1.0]]), axis=1)
    Tensor([5., 1.])
    """
    x = floating(as_array(x))
    if not np.size(x) and ord == math.inf:
        return total(absolute(x), axis=axis, keepdims=keepdims)
    return norm_of_vectors(x, ord, axis, keepdims=keepdims)


@implements(np.linalg.matrix_norm)
def matrix_norm(x: Array, /, *, keepdims: bool = False, ord: Any = "fro") -> Array:
    r"""Norm of matrices, in the last two axes.

    ==========  =============================================================================
    ``ord``     the norm
    ==========  =============================================================================
    ``"fro"``   :math:`(\sum_{ij} |A_{ij}|^2)^{1/2}`
    ``"nuc"``   the sum of the singular values
    2, -2       the greatest, the least singular value
    1, -1       the greatest, the least sum of magnitudes in a column
    inf, -inf   the greatest, the least sum of magnitudes in a row
    ==========  =============================================================================

    Raises
    ------
    ValueError
        For any other `ord`.

    Notes
    -----
    Where several singular values, columns or rows tie, they share the gradient; a singular value that is 0 has none, so
    that the gradient at 0 is 0.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.linalg.matrix_norm(ad.Tensor([[3.0, 0.0], [0.0, 4.0]]), ord="nuc")
    Tensor(7.0)
    """
    require_matrices("matrix_norm", x)
    x = floating(as_array(x))
    if ord in (None, "fro", "f"):
        return norm_of_vectors(x, 2, (-2, -1), keepdims=keepdims)
    if ord in ("nuc", 2, -2):
        values = svdvals(x)
        found = total(values, axis=-1) if ord == "nuc" else _extreme(values, -1, least=ord == -2)
    elif ord in (1, -1):
        found = _extreme(total(absolute(x), axis=-2), -1, least=ord == -1)
    elif ord in (math.inf, -math.inf):
        found = _extreme(total(absolute(x), axis=-1), -1, least=ord == -math.inf)
    else:
        raise ValueError(f"matrix norms are 'fro', 'nuc', 1, -1, 2, -2, inf and -inf, got ord={ord!r}")
    return expand_dims(found, (-2, -1)) if keepdims else found


def _extreme(x: Array, axis: int, least: bool) -> Array:
    """The least; or the greatest, 0 of nothing."""
    if least:
        return smallest(x, axis=axis)
    return greatest(x, axis=axis) if np.shape(x)[axis] else total(x, axis=axis)


@implements(np.linalg.norm)
def norm(x: Array, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Array:
    r"""Norm of vectors or of matrices, as `numpy.linalg.norm`.

    Parameters
    ----------
    x : array
    ord : optional
        Of vectors any p, of matrices those of :func:`matrix_norm`; left out, 2 and ``"fro"``.
    axis : int or pair of ints, optional
        An axis of vectors, two of matrices; left out, a vector's or a matrix's own, or (without `ord`) all elements.
    keepdims : bool
        Keep the reduced axes, with length 1.

    Raises
    ------
    ValueError
        For an `ord` or a number of axes that there is no norm for.

    Notes
    -----
    The gradient at 0 is 0, the subgradient of least norm.

    Examples
    --------
    >>> import autodiff as ad, numpy as np
    >>> np.linalg.norm(ad.Tensor([[3.0, 0.0], [0.0, 4.0]]), 2)
    Tensor(4.0)
    """
    ndim = np.ndim(x)
    if axis is None and ord is None:
        return vector_norm(x, keepdims=keepdims)
    axes = tuple(range(ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if len(axes) == 1:
        if isinstance(ord, str):
            raise ValueError(f"norms of vectors have a number for ord, got {ord!r}")
        return vector_norm(x, axis=axes, keepdims=keepdims, ord=2 if ord is None else ord)
    if len(axes) != 2:
        raise ValueError(
            f"norm is of vectors (one axis) or matrices (two), got {len(axes)} axes of shape {np.shape(x)}"
        )
    places = tuple(normalize_axis_index(a, ndim) for a in axes)
    if places[0] == places[1]:
        raise ValueError(f"norm of matrices needs two different axes, got {axes}")
    found = matrix_norm(moveaxis(x, places, (-2, -1)), ord=ord)
    return expand_dims(found, tuple(sorted(places))) if keepdims else found


@implements(np.linalg.cond)
def cond(x: Array, p: Any = None) -> Array:
    r"""Condition number of matrices: :math:`\lVert A \rVert \, \lVert A^{-1} \rVert`, infinite where A is singular.

    Parameters
    ----------
    x : array (..., n, n), or (..., m, n) for p = 2 and -2
    p : {None, 1, -1, 2, -2, inf, -inf, "fro", "nuc"}
        Which norm, see :func:`matrix_norm`; None is 2, of which it is the greatest singular value over the least.

    Raises
    ------
    numpy.linalg.LinAlgError
        If a matrix is not square and p not 2 or -2, or if it has no elements.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.linalg.cond(ad.Tensor([[3.0, 0.0], [0.0, 4.0]]), "fro")
    Tensor(2.0833333333333335)
    """
    require_matrices("cond", x)
    if 0 in np.shape(x)[-2:]:
        raise LinAlgError(f"cond is not defined for matrices without elements, got shape {np.shape(x)}")
    x = floating(as_array(x))
    if p in (None, 2, -2):
        values = svdvals(x)
        ends = [getitem(values, key=(..., i)) for i in (0, -1)]
        with np.errstate(divide="ignore", invalid="ignore"):
            found = divide(*(ends[::-1] if p == -2 else ends))
    else:
        require_square("cond", x)
        singular = sign_and_logarithm(x).sign == 0
        regular = chosen(expand_dims(singular, (-2, -1)), np.eye(np.shape(x)[-1], dtype=x.dtype), x)
        found = chosen(singular, math.inf, multiply(norm(x, p, (-2, -1)), norm(inv(regular), p, (-2, -1))))
    return chosen(isnan(found) & ~any_of(isnan(x), axis=(-2, -1)), math.inf, found)
