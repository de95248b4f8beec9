"""New tensors: the standard's creation functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.op import implements
from autodiff.tensor import Tensor, numbers, unwrapped, wrap


def _leaf(array: Any, requires_grad: bool = False) -> Tensor:
    return wrap(array[()]).requires_grad_(requires_grad)


def asarray(obj: Any, *, dtype: Any = None, copy: bool | None = None) -> Tensor:
    """A Tensor that shares its memory with an array where it can (`copy`: always or never).

    Examples
    --------
    >>> import autodiff as ad, numpy as np
    >>> a = np.zeros(2)
    >>> t = ad.asarray(a)
    >>> a[0] = 7.0
    >>> t
    Tensor([7., 0.])
    """
    if isinstance(obj, Tensor):
        if (dtype is None or obj.dtype == dtype) and not copy:
            return obj
        return obj.copy() if dtype is None else obj.astype(dtype)
    return wrap(numbers(obj, dtype, copy=copy))


def zeros(shape: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros in a shape."""
    return _leaf(np.zeros(shape, dtype), requires_grad)


def ones(shape: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones in a shape."""
    return _leaf(np.ones(shape, dtype), requires_grad)


def full(shape: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """One value everywhere in a shape."""
    return _leaf(np.full(shape, fill_value, dtype), requires_grad)


def arange(start: Any, stop: Any = None, step: Any = 1, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Numbers from `start` (0 if only one is given) up to `stop`, which is left out."""
    array = np.arange(start, dtype=dtype) if stop is None and step == 1 else np.arange(start, stop, step, dtype=dtype)
    return _leaf(array, requires_grad)


def linspace(start: float, stop: float, num: int, *, dtype: Any = None, endpoint: bool = True) -> Tensor:
    """So many numbers from `start` to `stop`, equally far apart."""
    return _leaf(np.linspace(start, stop, num, dtype=dtype, endpoint=endpoint))


def eye(n_rows: int, n_cols: int | None = None, *, k: int = 0, dtype: Any = None) -> Tensor:
    """Ones on a diagonal, zeros elsewhere."""
    return _leaf(np.eye(n_rows, n_cols, k, dtype=dtype or np.float64))


@implements(np.zeros_like)
def zeros_like(x: Any, *, dtype: Any = None) -> Tensor:
    """Zeros in the shape, and of the dtype, of another."""
    return _leaf(np.zeros_like(unwrapped(x), dtype=dtype))


@implements(np.ones_like)
def ones_like(x: Any, *, dtype: Any = None) -> Tensor:
    """Ones in the shape, and of the dtype, of another."""
    return _leaf(np.ones_like(unwrapped(x), dtype=dtype))


@implements(np.full_like)
def full_like(x: Any, fill_value: Any, *, dtype: Any = None) -> Tensor:
    """One value everywhere in the shape, and of the dtype, of another."""
    return _leaf(np.full_like(unwrapped(x), fill_value, dtype=dtype))
