"""The types of elements: their names, their limits, and how they combine.

They are NumPy's own, so that ``x.dtype == autodiff.float32`` and ``numpy.zeros(3, autodiff.float32)`` mean what
they say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import (
    bool,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
)

from autodiff.op import Array, implements
from autodiff.rules import arithmetic
from autodiff.tensor import Tensor, host, unwrapped, wrap

__all__ = [
    "astype",
    "bool",
    "can_cast",
    "complex64",
    "complex128",
    "finfo",
    "float16",
    "float32",
    "float64",
    "iinfo",
    "int8",
    "int16",
    "int32",
    "int64",
    "isdtype",
    "result_type",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
]

#: The types that the standard knows, by their names (float16 is NumPy's).
STANDARD: dict[str, np.dtype[Any]] = {
    dtype.name: dtype
    for dtype in map(
        np.dtype,
        (bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64, complex64, complex128),
    )
}


@dataclass(frozen=True)
class FloatInfo:
    """The limits of a floating-point type; of a complex one, those of its parts."""

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: np.dtype[Any]


@dataclass(frozen=True)
class IntInfo:
    """The limits of a type of integers."""

    bits: int
    max: int
    min: int
    dtype: np.dtype[Any]


def _dtype_of(x: Any) -> np.dtype[Any]:
    """The dtype of an array, or the dtype that is given itself."""
    return x.dtype if isinstance(x, (Tensor, np.ndarray, np.generic)) else np.dtype(x)


def finfo(type: Any, /) -> FloatInfo:
    """The limits of a floating-point dtype, or of an array's dtype.

    Raises
    ------
    ValueError
        For a dtype that is not floating-point.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.finfo(ad.float32).max
    3.4028234663852886e+38
    """
    dtype = _dtype_of(type)
    if dtype.kind not in "fc":
        raise ValueError(f"finfo needs a floating-point dtype, got {dtype}")
    info = np.finfo(dtype)
    return FloatInfo(
        int(info.bits), float(info.eps), float(info.max), float(info.min), float(info.smallest_normal), info.dtype
    )


def iinfo(type: Any, /) -> IntInfo:
    """The limits of a dtype of integers, or of an array's dtype.

    Raises
    ------
    ValueError
        For a dtype that is not of integers.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.iinfo(ad.int8).min
    -128
    """
    dtype = _dtype_of(type)
    if dtype.kind not in "iu":
        raise ValueError(f"iinfo needs a dtype of integers, got {dtype}")
    info = np.iinfo(dtype)
    return IntInfo(int(info.bits), int(info.max), int(info.min), dtype)


def isdtype(dtype: Any, kind: Any) -> Any:
    """Whether a dtype is of a kind: ``"bool"``, ``"integral"``, ``"real floating"``, …, a dtype, or a tuple of them.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.isdtype(ad.float32, "real floating"), ad.isdtype(ad.int8, ("bool", ad.float64))
    (True, False)
    """
    return np.isdtype(dtype, kind)


@implements(np.can_cast)
def can_cast(from_: Any, to: Any, /, casting: Any = "safe") -> Any:
    """Whether values of one dtype (or of an array's) may become those of another, by the rules of promotion.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.can_cast(ad.int32, ad.float64), ad.can_cast(ad.float64, ad.int32)
    (True, False)
    """
    return np.can_cast(_dtype_of(from_), to, casting)


@implements(np.result_type)
def result_type(*arrays_and_dtypes: Any) -> np.dtype[Any]:
    """The dtype of a result of these; a Python number takes the dtype of the others where its kind allows.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.result_type(ad.Tensor([1.0], dtype=ad.float32), 2.0)
    dtype('float32')
    """
    return np.result_type(*unwrapped(arrays_and_dtypes))


@implements(np.astype)
def astype(x: Array, dtype: Any, /, *, copy: Any = True, device: Any = None) -> Array:
    """With another dtype; the gradient comes back in that of `x`.

    Parameters
    ----------
    x : array
    dtype : dtype
    copy : bool
        Whether to copy where the dtype is that of `x` already; False gives `x` itself.
    device : "cpu", optional

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.astype(ad.Tensor([1.5, -2.5]), ad.int64)
    Tensor([ 1, -2])
    """
    host(device)
    dtype = np.dtype(dtype)
    if not copy and x.dtype == dtype:
        return x if isinstance(x, Tensor) else wrap(x)
    return arithmetic.astype(x, dtype=dtype)
