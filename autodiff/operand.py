"""What else a rule can be fed with, beside arrays and Tensors: whatever says what an operation applied to it means."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from autodiff.op import Array, Op, numpy_functions, table

#: NumPy's functions that ask for shape and dtype only.
_OF_SHAPE = {
    *(np.shape, np.ndim, np.size, np.iscomplexobj, np.isrealobj),
    *(np.zeros_like, np.ones_like, np.full_like, np.empty_like),
}


class Operand(NDArrayOperatorsMixin):
    """An array-like that rules can be fed with: every operation on it, however it is written, comes to :meth:`apply`.

    Attributes
    ----------
    shape : tuple of int
    dtype : dtype
        What rules see of it.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def apply(self, op: Op, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """What the operation means, applied to this and others."""
        raise NotImplementedError

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=int))

    @property
    def T(self) -> Array:  # noqa: N802 - NumPy's name
        return table["permute_dims"](self)

    @property
    def mT(self) -> Array:  # noqa: N802 - the standard's name
        return numpy_functions[np.matrix_transpose](self)

    def astype(self, dtype: Any) -> Array:
        return table["astype"](self, dtype=np.dtype(dtype))

    def copy(self) -> Array:
        return table["positive"](self)

    def dot(self, other: Any) -> Array:
        return table["matmul"](self, other)

    def reshape(self, *shape: Any) -> Array:
        return table["reshape"](self, shape=shape[0] if len(shape) == 1 else shape)

    def __getitem__(self, key: Any) -> Array:
        return table["getitem"](self, key=key)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[Array]:
        return (self[i] for i in range(len(self)))

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "reduce" and ufunc is np.add:
            return np.sum(*inputs, **kwargs)
        if method != "__call__" or ufunc not in numpy_functions:
            return NotImplemented
        return numpy_functions[ufunc](*inputs, **kwargs)

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        if function in _OF_SHAPE:
            return function(np.broadcast_to(np.zeros((), self.dtype), self.shape), *args[1:], **kwargs)
        ours = numpy_functions.get(function)
        return NotImplemented if ours is None else ours(*args, **kwargs)
