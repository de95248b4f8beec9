"""Counting: how often numbers occur, and how many elements fall into the bins of histograms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autodiff.op import Array, implements
from autodiff.rules.arithmetic import as_tensor, astype, stop_gradient, values
from autodiff.rules.indexing import getitem, lying_along, scatter
from autodiff.rules.reductions import max, min, sum
from autodiff.rules.shapes import ravel, reshape


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
    weights = weights if values(weights).dtype == np.float64 else astype(as_tensor(weights), dtype=np.float64)
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
        return as_tensor(bins)
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
    columns = [as_tensor(x) for x in sample] if listed else [sample[:, k] for k in np.arange(np.shape(sample)[1])]
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
            counts = counts / lying_along(e[1:] - e[:-1], k, dims)
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
