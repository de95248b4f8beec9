"""Sets: the distinct elements of arrays; what is found several times has its gradient shared."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autodiff.op import Array, implements, primitive
from autodiff.rules.arithmetic import stop_gradient, values
from autodiff.rules.indexing import getitem, scatter
from autodiff.rules.shapes import concat, ravel


class UniqueAll(NamedTuple):
    """What `unique_all` gives."""

    values: Array
    indices: Array
    inverse_indices: Array
    counts: Array


class UniqueCounts(NamedTuple):
    """What `unique_counts` gives."""

    values: Array
    counts: Array


class UniqueInverse(NamedTuple):
    """What `unique_inverse` gives."""

    values: Array
    inverse_indices: Array


def _unique_all(x: Array, *, equal_nan: bool = False) -> Any:
    r"""The distinct values in ascending order, the first place of each, the way back, and how often each occurs.

    Equal elements share the gradient of the value that stands for them.

    Parameters
    ----------
    x : array
        Taken as flat.
    equal_nan : bool
        Whether NaNs are one value.

    Returns
    -------
    values, indices, inverse_indices, counts
        ``values[inverse_indices]`` is `x`, and ``values`` is ``ravel(x)[indices]``.

    Examples
    --------
    >>> import autodiff as ad
    >>> values, indices, inverse, counts = ad.unique_all(ad.Tensor([3.0, 1.0, 3.0]))
    >>> values, counts
    (Tensor([1., 3.]), Tensor([1, 2]))
    >>> ad.grad(lambda x: ad.sum(ad.unique_values(x) * [1.0, 10.0]))(ad.Tensor([3.0, 1.0, 3.0]))
    Tensor([5., 1., 5.])
    """
    found = np.unique(x, return_index=True, return_inverse=True, return_counts=True, equal_nan=equal_nan)
    values, indices, inverse, counts = found
    return UniqueAll(values, indices, np.reshape(inverse, x.shape), counts)


def _unique_pull(g: Any, y: Any, x: Array, equal_nan: bool) -> Array:
    """The mean of the values that are equal is differentiated: each has its part."""
    _, _, inverse, counts = y
    return (g[0] / counts)[inverse]


def _unique_push(dxs: list[Array], y: Any, x: Array, equal_nan: bool) -> Any:
    found, _, inverse, counts = y
    sums = scatter.on(np.reshape(dxs[0], -1), key=np.reshape(values(inverse), -1), shape=found.shape)
    return sums / counts, None, None, None


unique_all = primitive(
    _unique_all,
    _unique_pull,
    push=_unique_push,
    name="unique_all",
    tex=r"\operatorname{unique} #1",
    domain=lambda d: ((d.array(distinct=True),), {}),
)


def _isin(x1: Array, x2: Array, *, invert: bool = False) -> Array:
    """Whether each element of `x1` is among those of `x2`: :math:`x_{1,i} \\in x_2` (`invert`: is not).

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.isin(ad.Tensor([1, 2, 3]), [2, 4])
    Tensor([False,  True, False])
    """
    return np.isin(x1, x2, invert=invert)


isin = primitive(_isin, name="isin", domain=lambda d: ((x := d.array(), np.ravel(x)[:1]), {"invert": d.boolean()}))


# The distinct elements: the standard's forms and NumPy's


@implements(np.unique_values)
def unique_values(x: Array, /) -> Array:
    """The distinct values in ascending order; equal elements share the gradient.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.unique_values(ad.Tensor([3.0, 1.0, 3.0]))
    Tensor([1., 3.])
    """
    return unique_all(x).values


@implements(np.unique_counts)
def unique_counts(x: Array, /) -> UniqueCounts:
    """The distinct values in ascending order, and how often each occurs."""
    found = unique_all(x)
    return UniqueCounts(found.values, found.counts)


@implements(np.unique_inverse)
def unique_inverse(x: Array, /) -> UniqueInverse:
    """The distinct values in ascending order, and the index of each element's."""
    found = unique_all(x)
    return UniqueInverse(found.values, found.inverse_indices)


@implements(np.unique)
def unique(
    x: Array,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    """NumPy's form of `unique_all`: the distinct values in ascending order, and what else is asked for.

    Raises
    ------
    TypeError
        If an `axis` is given, which has no rule.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.unique(ad.Tensor([3.0, 1.0, 3.0]), return_counts=True)
    (Tensor([1., 3.]), Tensor([1, 2]))
    """
    if axis is not None:
        raise TypeError(f"unique has no rule for axis={axis!r}; it takes the elements as flat (axis=None)")
    values, *rest = unique_all(x, equal_nan=equal_nan)
    asked = [part for part, wanted in zip(rest, (return_index, return_inverse, return_counts), strict=True) if wanted]
    return (values, *asked) if asked else values


# Of two arrays


def _both(a: Array, b: Array, assume_unique: bool) -> tuple[Array, Array]:
    """The distinct elements of two arrays together, and in how many of the two each is."""
    a, b = (ravel(x) if assume_unique else unique(x) for x in (a, b))
    found, counts = unique(concat([a, b]), return_counts=True)
    return found, values(counts)


@implements(np.union1d)
def union1d(a: Array, b: Array) -> Array:
    """The distinct elements of either array, in ascending order.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.union1d(ad.Tensor([3.0, 1.0]), ad.Tensor([2.0, 1.0]))
    Tensor([1., 2., 3.])
    """
    return unique(concat([a, b], axis=None))


@implements(np.intersect1d)
def intersect1d(a: Array, b: Array, assume_unique: bool = False, return_indices: bool = False) -> Any:
    """The distinct elements that are in both arrays, in ascending order.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.intersect1d(ad.Tensor([3.0, 1.0]), ad.Tensor([2.0, 1.0]))
    Tensor([1.])
    """
    found, counts = _both(a, b, assume_unique)
    common = getitem(found, key=counts == 2)
    if not return_indices:
        return common
    _, of_a, of_b = np.intersect1d(values(a), values(b), assume_unique, True)
    return common, stop_gradient(of_a), stop_gradient(of_b)


@implements(np.setxor1d)
def setxor1d(a: Array, b: Array, assume_unique: bool = False) -> Array:
    """The distinct elements that are in one array only, in ascending order.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.setxor1d(ad.Tensor([3.0, 1.0]), ad.Tensor([2.0, 1.0]))
    Tensor([2., 3.])
    """
    found, counts = _both(a, b, assume_unique)
    return getitem(found, key=counts == 1)


@implements(np.setdiff1d)
def setdiff1d(a: Array, b: Array, assume_unique: bool = False) -> Array:
    """The distinct elements of the first array that are not in the second, in ascending order.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.setdiff1d(ad.Tensor([3.0, 1.0]), ad.Tensor([2.0, 1.0]))
    Tensor([3.])
    """
    found = ravel(a) if assume_unique else unique(a)
    return getitem(found, key=np.isin(values(found), values(b), invert=True))
