"""New tensors: the standard's creation functions, and DLPack.

All of them take ``device=``, which is ``"cpu"`` or None: there is no other.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.rules import arithmetic, calculus, shapes
from autodiff.tensor import Tensor, bare, host, numbers, unwrapped, wrap


def _leaf(array: Any, device: Any = None, requires_grad: bool = False) -> Tensor:
    host(device)
    return wrap(bare(array)).requires_grad_(requires_grad)


def asarray(obj: Any, /, *, dtype: Any = None, device: Any = None, copy: bool | None = None) -> Tensor:
    """A Tensor that shares its memory with an array where it can (`copy`: always or never).

    A Tensor stays part of its graph.

    Raises
    ------
    ValueError
        If `copy` is False and a copy is needed.

    Examples
    --------
    >>> import autodiff as ad, numpy as np
    >>> a = np.zeros(2)
    >>> t = ad.asarray(a)
    >>> a[0] = 7.0
    >>> t
    Tensor([7., 0.])
    """
    host(device)
    if isinstance(obj, Tensor):
        if dtype is None or obj.dtype == dtype:
            return obj.copy() if copy else obj
        if copy is False:
            raise ValueError(
                f"asarray needs a copy to make {np.dtype(dtype)} of {obj.dtype}, and copy=False forbids it"
            )
        return obj.astype(dtype)
    return wrap(numbers(obj, dtype, copy=copy))


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A Tensor that shares its memory with an array of another library, through DLPack (`copy`: always or never).

    Examples
    --------
    >>> import autodiff as ad, numpy as np
    >>> ad.from_dlpack(np.arange(3.0))
    Tensor([0., 1., 2.])
    """
    host(device)
    return wrap(numbers(np.from_dlpack(x, device=device, copy=copy)))


def empty(shape: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A shape whose elements are whatever the memory holds."""
    return _leaf(np.empty(shape, dtype), device, requires_grad)


def zeros(shape: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros in a shape."""
    return _leaf(np.zeros(shape, dtype), device, requires_grad)


def ones(shape: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones in a shape."""
    return _leaf(np.ones(shape, dtype), device, requires_grad)


def full(shape: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """One value everywhere in a shape; the gradient of a Tensor's is the sum over all of them."""
    if isinstance(fill_value, Tensor):
        host(device)
        filled = shapes.broadcast_to(fill_value, shape)
        y = filled.copy() if dtype is None else filled.astype(dtype)
        return y.requires_grad_() if requires_grad else y
    return _leaf(np.full(shape, fill_value, dtype), device, requires_grad)


def arange(
    start: Any,
    /,
    stop: Any = None,
    step: Any = 1,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Numbers from `start` (0 if only one is given) up to `stop`, which is left out."""
    first, last = (0, start) if stop is None else (start, stop)
    return _leaf(np.arange(first, last, step, dtype=dtype), device, requires_grad)


def linspace(
    start: Any,
    stop: Any,
    /,
    num: int,
    *,
    dtype: Any = None,
    device: Any = None,
    endpoint: bool = True,
    requires_grad: bool = False,
) -> Tensor:
    r"""So many numbers from a start to a stop, equally far apart: :math:`y_i = a + t_i (b - a)`.

    `start` and `stop` may be arrays, which are broadcast; the first axis of the result counts the numbers.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.linspace(0, 1, 3)
    Tensor([0. , 0.5, 1. ])
    """
    if isinstance(start, Tensor) or isinstance(stop, Tensor):
        host(device)
        return calculus.linspace(start, stop, num, endpoint, dtype=dtype)
    return _leaf(np.linspace(start, stop, num, dtype=dtype, endpoint=endpoint), device, requires_grad)


def eye(
    n_rows: int,
    n_cols: int | None = None,
    /,
    *,
    k: int = 0,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Ones on a diagonal, zeros elsewhere."""
    return _leaf(np.eye(n_rows, n_cols, k, dtype=dtype or np.float64), device, requires_grad)


def fftfreq(n: int, d: float = 1.0, *, dtype: Any = None, device: str | None = None) -> Tensor:
    r"""The frequencies that an `fft` of n samples at distance d is of: :math:`k / (n d)` for k = 0, 1, …, -2, -1.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.fft.fftfreq(5, d=0.2)
    Tensor([ 0.,  1.,  2., -2., -1.])
    """
    host(device)
    whole = np.fft.ifftshift(np.arange(-(n // 2), (n + 1) // 2))
    return arithmetic.multiply(whole.astype(dtype or float), 1.0 / (n * d))


def rfftfreq(n: int, d: float = 1.0, *, dtype: Any = None, device: str | None = None) -> Tensor:
    r"""The frequencies that an `rfft` of n samples at distance d is of: :math:`k / (n d)` from 0 to the middle.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.fft.rfftfreq(4, d=0.25)
    Tensor([0., 1., 2.])
    """
    host(device)
    return arithmetic.multiply(np.arange(n // 2 + 1).astype(dtype or float), 1.0 / (n * d))


def empty_like(x: Any, /, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """The shape and dtype of another; the elements are whatever the memory holds."""
    return _leaf(np.empty_like(unwrapped(x), dtype=dtype), device, requires_grad)


def zeros_like(x: Any, /, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros in the shape, and of the dtype, of another."""
    return _leaf(np.zeros_like(unwrapped(x), dtype=dtype), device, requires_grad)


def ones_like(x: Any, /, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones in the shape, and of the dtype, of another."""
    return _leaf(np.ones_like(unwrapped(x), dtype=dtype), device, requires_grad)


def full_like(
    x: Any, /, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """One value everywhere in the shape, and of the dtype, of another."""
    like = unwrapped(x) if isinstance(x, Tensor) else np.asarray(x)
    return full(like.shape, fill_value, dtype=dtype or like.dtype, device=device, requires_grad=requires_grad)
