"""Statistics: weighted averages, covariances, correlations, ranges, histograms."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autodiff.op import Array, implements
from autodiff.rules.arithmetic import add, astype, clip, conj, divide, real, stop_gradient, subtract, values
from autodiff.rules.indexing import diagonal, getitem, scatter
from autodiff.rules.reductions import Axis, max, mean, min, sum
from autodiff.rules.shapes import atleast_2d, broadcast_to, concat, expand_dims, permute_dims, ravel, reshape, squeeze


@implements(np.ptp)
def ptp(x: Array, axis: Axis = None, *, keepdims: bool = False) -> Array:
    r"""From the smallest to the greatest element: :math:`\max_i x_i - \min_i x_i`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.ptp(ad.Tensor([1.0, 5.0, 2.0]))
    Tensor(4.0)
    """
    return subtract(max(x, axis=axis, keepdims=keepdims), min(x, axis=axis, keepdims=keepdims))


def _as_weights(weights: Array, shape: tuple[int, ...], axis: Axis) -> Array:
    """Weights in the shape of the array, or such that they broadcast to it."""
    if np.shape(weights) == shape:
        return weights
    if axis is None:
        raise TypeError(f"average: weights of shape {np.shape(weights)} for an array of shape {shape} need an axis")
    axes = normalize_axis_tuple(axis, len(shape))
    if np.shape(weights) != tuple(shape[a] for a in axes):
        raise ValueError(f"average: weights of shape {np.shape(weights)} do not fit axis {axis} of shape {shape}")
    ordered = permute_dims(weights, tuple(int(i) for i in np.argsort(axes)))
    return reshape(ordered, tuple(n if a in axes else 1 for a, n in enumerate(shape)))


@implements(np.average)
def average(
    x: Array, axis: Axis = None, weights: Array = None, returned: bool = False, *, keepdims: bool = False
) -> Any:
    r"""Weighted mean: :math:`\frac{\sum_i w_i x_i}{\sum_i w_i}`, differentiated with respect to the weights too.

    Parameters
    ----------
    x : array
    axis : int or tuple of ints or None
    weights : array, optional
        In the shape of `x`, or of its `axis` alone.
    returned : bool
        Also give the sum of the weights.
    keepdims : bool

    Raises
    ------
    ZeroDivisionError
        If weights add up to 0.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.average(ad.Tensor([1.0, 2.0, 4.0]), weights=[1.0, 1.0, 2.0])
    Tensor(2.75)
    """
    shape = np.shape(x)
    if weights is None:
        y = mean(x, axis=axis, keepdims=keepdims)
        total: Array = np.full(y.shape, np.size(x) / np.maximum(np.size(y), 1), y.dtype)
    else:
        weights = _as_weights(weights, shape, axis)
        total = sum(weights, axis=axis, keepdims=keepdims)
        if np.any(values(total) == 0):
            raise ZeroDivisionError("average: the weights add up to zero")
        y = divide(sum(x * weights, axis=axis, keepdims=keepdims), total)
    return (y, broadcast_to(total, y.shape)) if returned else y


@implements(np.cov)
def cov(
    m: Array,
    y: Array = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Array = None,
    *,
    dtype: Any = None,
) -> Array:
    r"""Covariances of variables: :math:`C_{ij} = \frac{1}{n - 1} \sum_k (x_{ik} - \bar x_i) (x_{jk} - \bar x_j)`.

    Parameters
    ----------
    m : array
        A row for each variable, a column for each observation (`rowvar` False: the other way round).
    y : array, optional
        More variables.
    bias : bool
        Divide by n.
    ddof : int, optional
        Divide by n less this.
    fweights, aweights : array, optional
        How often each observation occurs; how important it is.  `aweights` are differentiated too.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.cov(ad.Tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    Tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if ddof is not None and ddof != int(ddof):
        raise ValueError(f"cov: ddof is an integer, got {ddof}")
    if np.ndim(m) > 2 or np.ndim(y) > 2:
        raise ValueError(f"cov takes two axes at most, got shape {np.shape(m if np.ndim(m) > 2 else y)}")
    x = _variables(m, rowvar)
    if y is not None:
        x = concat([x, _variables(y, rowvar)], axis=0)
    x = x if dtype is None else astype(x, dtype=np.dtype(dtype))
    ddof = (0 if bias else 1) if ddof is None else ddof
    n = np.shape(x)[1]
    for name, given in (("fweights", fweights), ("aweights", aweights)):
        if given is not None and (np.shape(given) != (n,) or np.any(values(given) < 0)):
            raise ValueError(f"cov: {name} are one number, not negative, for each of {n} observations")
    weights = fweights if aweights is None else aweights if fweights is None else values(fweights) * aweights
    middle, total = average(x, axis=1, weights=weights, returned=True)
    if weights is None:
        freedom: Array = float(n - ddof)
    elif aweights is None or ddof == 0:
        freedom = total[0] - ddof
    else:
        freedom = total[0] - ddof * sum(weights * aweights) / total[0]
    if np.all(values(freedom) <= 0):
        warnings.warn("Degrees of freedom <= 0 for slice", RuntimeWarning, stacklevel=2)
        freedom = 0.0
    x = subtract(x, expand_dims(middle, 1))
    weighted = x if weights is None else x * weights
    with np.errstate(divide="ignore", invalid="ignore"):
        return squeeze(divide(np.matmul(x, conj(weighted).T), freedom))


def _variables(m: Array, rowvar: bool) -> Array:
    x = atleast_2d(add(m, 0))
    x = x if x.dtype.kind in "fc" else astype(x, dtype=np.float64)
    return x.T if not rowvar and np.ndim(m) == 2 else x


@implements(np.corrcoef)
def corrcoef(x: Array, y: Array = None, rowvar: bool = True, *, dtype: Any = None) -> Array:
    r"""Correlations of variables: :math:`R_{ij} = \frac{C_{ij}}{\sqrt{C_{ii} C_{jj}}}` with their covariances C.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.corrcoef(ad.Tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    Tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    c = cov(x, y, rowvar, dtype=dtype)
    if np.ndim(c) == 0:
        return divide(c, c)
    deviation = np.sqrt(real(diagonal(c)))
    r = c / expand_dims(deviation, 1) / deviation
    return clip(np.real(r), -1, 1) + 1j * clip(np.imag(r), -1, 1) if r.dtype.kind == "c" else clip(r, -1, 1)


# Counting


@implements(np.bincount)
def bincount(x: Any, weights: Array = None, minlength: int = 0) -> Array:
    r"""How often each number occurs: :math:`y_k = \sum_{i: x_i = k} w_i`; linear in the weights, where there are any.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.bincount([0, 1, 1, 3], weights=ad.Tensor([1.0, 2.0, 3.0, 4.0]))
    Tensor([1., 5., 0., 4.])
    """
    places = values(x) if np.size(x) else np.zeros(0, np.intp)
    counts = np.bincount(places, minlength=minlength)
    if weights is None:
        return stop_gradient(counts)
    if np.shape(weights) != places.shape:
        raise ValueError(f"bincount: weights of shape {np.shape(weights)} for numbers of shape {places.shape}")
    weights = weights if values(weights).dtype == np.float64 else astype(add(weights, 0), dtype=np.float64)
    return scatter(weights, key=places, shape=counts.shape)


@implements(np.histogram_bin_edges)
def histogram_bin_edges(x: Array, bins: Any = 10, range: Any = None, weights: Any = None) -> Array:
    """The edges of a histogram's bins; they follow the smallest and the greatest element unless given.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.histogram_bin_edges(ad.Tensor([1.0, 2.0, 5.0]), bins=2)
    Tensor([1., 3., 5.])
    """
    if np.ndim(bins) == 1:
        return add(bins, 0)
    edges = np.histogram_bin_edges(values(x), bins, None if range is None else values(range), weights)
    if range is not None or np.size(x) == 0:
        return stop_gradient(edges)
    low, high = min(x), max(x)
    if np.all(values(low) == values(high)):
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, len(edges), dtype=edges.dtype)


def _bin(x: Array, edges: Array) -> Array:
    """In which bin each element lies, the last one being closed; -1 or the number of bins outside."""
    places = np.searchsorted(edges, x, "right") - 1
    return np.where(x == edges[-1], len(edges) - 2, places)


def _filled(places: list[Array], sizes: tuple[int, ...], weights: Array) -> Array:
    """The sum of the weights that fall into each bin of a grid."""
    inside = np.logical_and.reduce([(at >= 0) & (at < n) for at, n in zip(places, sizes, strict=True)])
    flat = np.ravel_multi_index(tuple(at[inside] for at in places), sizes)
    filled = scatter(getitem(ravel(weights), key=np.flatnonzero(inside)), key=flat, shape=(math.prod(sizes),))
    return reshape(filled, sizes)


@implements(np.histogram)
def histogram(
    x: Array, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Array = None
) -> tuple[Array, Array]:
    """How many elements fall into each bin, and the edges of the bins.

    Counts are plain.  The sums of `weights`, where given, are linear in them; edges that follow the data, and densities
    through them, are differentiated too.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.histogram([0.5, 1.5, 1.6], bins=[0.0, 1.0, 2.0], weights=ad.Tensor([1.0, 2.0, 3.0]))
    (Tensor([1., 5.]), Tensor([0., 1., 2.]))
    """
    edges = histogram_bin_edges(x, bins, range, None if weights is None else values(weights))
    if weights is None:
        bins = bins if isinstance(bins, (str, int, np.integer)) else values(edges)
        counts = stop_gradient(np.histogram(values(x), bins, range)[0])
    else:
        if np.shape(weights) != np.shape(x):
            raise ValueError(f"histogram: weights of shape {np.shape(weights)} for data of shape {np.shape(x)}")
        places = _bin(np.ravel(values(x)), values(edges))
        counts = _filled([places], (np.size(edges) - 1,), weights)
    return (counts / (edges[1:] - edges[:-1]) / sum(counts) if density else counts), edges


@implements(np.histogramdd)
def histogramdd(
    sample: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Array = None
) -> tuple[Array, list[Array]]:
    """How many points fall into each box of a grid, and the edges along each axis: :func:`histogram` for points.

    Parameters
    ----------
    sample : array of shape (points, axes), or a list of arrays, one for each axis
    bins : int, or for each axis an int or edges
    range : for each axis None or a pair
    density : bool
    weights : array, one number for each point

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.histogramdd(ad.Tensor([[0.1, 0.1], [0.9, 0.2]]), bins=2, range=[(0, 1), (0, 1)])[0]
    Tensor([[1., 0.],
            [1., 0.]])
    """
    listed = isinstance(sample, (list, tuple))
    columns = [add(x, 0) for x in sample] if listed else [sample[:, k] for k in np.arange(np.shape(sample)[1])]
    dims = len(columns)
    each = list(bins) if hasattr(bins, "__len__") else [bins] * dims
    ranges = [None] * dims if range is None else list(range)
    if len(each) != dims or len(ranges) != dims:
        raise ValueError(f"histogramdd: {len(each)} bins and {len(ranges)} ranges for {dims} axes")
    edges = [histogram_bin_edges(x, b, r) for x, b, r in zip(columns, each, ranges, strict=True)]
    places = [_bin(values(x), values(e)) for x, e in zip(columns, edges, strict=True)]
    weights = np.ones(np.shape(columns[0])) if weights is None else weights
    counts = _filled(places, tuple(np.size(e) - 1 for e in edges), weights)
    if density:
        counts = counts / sum(counts)
        for k, e in enumerate(edges):
            counts = counts / reshape(e[1:] - e[:-1], (-1,) + (1,) * (dims - k - 1))
    return counts, edges


@implements(np.histogram2d)
def histogram2d(
    x: Array, y: Array, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Array = None
) -> tuple[Array, Array, Array]:
    """:func:`histogramdd` of points in a plane.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.histogram2d(ad.Tensor([0.1, 0.9]), ad.Tensor([0.1, 0.2]), bins=2, range=[(0, 1), (0, 1)])[0]
    Tensor([[1., 0.],
            [1., 0.]])
    """
    if hasattr(bins, "__len__") and len(bins) not in (1, 2):
        bins = [bins, bins]
    counts, (of_x, of_y) = histogramdd([x, y], bins, range, density, weights)
    return counts, of_x, of_y
