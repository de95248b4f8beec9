"""Sets: arrays as sets of their elements.  What is in both of two arrays gets its gradient shared between them."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.op import Array, implements
from autodiff.rules.arithmetic import stop_gradient, values
from autodiff.rules.indexing import getitem
from autodiff.rules.searching import unique
from autodiff.rules.shapes import concat, ravel


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
