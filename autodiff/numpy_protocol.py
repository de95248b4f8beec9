"""What is left of NumPy's functions: those whose results are plain, those that would lose the graph, ufuncs' methods.

Importing this module enters them.  The functions that have derivatives stand in `autodiff/rules/`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.creation import full
from autodiff.op import Array, implements, numpy_functions
from autodiff.recording import is_grad_enabled
from autodiff.rules.folds import ufunc_method
from autodiff.tensor import Tensor, bare, unwrapped, wrap

# Answers about arrays, and indices made for them: NumPy's own


def _plain_answer(function: Callable[..., Any]) -> None:
    """NumPy's own answer, which is no Tensor."""

    @implements(function)
    def answer(*args: Any, **kwargs: Any) -> Any:
        return function(*unwrapped(args), **_unwrapped_values(kwargs))


def _plain_result(function: Callable[..., Any]) -> None:
    """NumPy's own result as a Tensor; it jumps or stands still where its arguments move, so there is no gradient."""

    @implements(function)
    def result(*args: Any, **kwargs: Any) -> Any:
        return wrap(bare(np.asarray(function(*unwrapped(args), **_unwrapped_values(kwargs)))))


def _unwrapped_values(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {name: unwrapped(value) for name, value in kwargs.items()}


_ANSWERS: tuple[Callable[..., Any], ...] = (
    np.allclose,
    np.array2string,
    np.array_equal,
    np.array_equiv,
    np.array_repr,
    np.array_str,
    np.common_type,
    np.diag_indices_from,
    np.einsum_path,
    np.iscomplexobj,
    np.isrealobj,
    np.ix_,
    np.may_share_memory,
    np.min_scalar_type,
    np.ravel_multi_index,
    np.shares_memory,
    np.tril_indices_from,
    np.triu_indices_from,
    np.unravel_index,
)
_RESULTS: tuple[Callable[..., Any], ...] = (
    np.argpartition,
    np.argwhere,
    np.digitize,
    np.empty_like,
    np.flatnonzero,
    np.isclose,
    np.iscomplex,
    np.isneginf,
    np.isposinf,
    np.isreal,
    np.lexsort,
    np.nanargmax,
    np.nanargmin,
    np.ones_like,
    np.packbits,
    np.unpackbits,
    np.zeros_like,
)
for _function in _ANSWERS:
    _plain_answer(_function)
for _function in _RESULTS:
    _plain_result(_function)


@implements(np.full_like)
def _full_like(
    a: Array,
    fill_value: Array,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> Tensor:
    like = np.asarray(unwrapped(a))
    return full(like.shape if shape is None else shape, fill_value, dtype=dtype or like.dtype, device=device)


# What would lose the graph


def _refused(function: Callable[..., Any], name: str, instead: str) -> None:
    """A function that writes, into memory or a file: where there is no graph to lose, NumPy may have the values."""

    @implements(function)
    def refuse(*args: Any, **kwargs: Any) -> Any:
        if isinstance(args[0] if args else None, Tensor) or (is_grad_enabled() and _any_needs_grad((args, kwargs))):
            raise TypeError(f"numpy.{name} with tensors would lose the graph: {instead}")
        return function(*unwrapped(args), **_unwrapped_values(kwargs))


def _any_needs_grad(given: Any) -> bool:
    if isinstance(given, dict):
        given = list(given.values())
    if isinstance(given, (list, tuple)):
        return any(map(_any_needs_grad, given))
    return isinstance(given, Tensor) and given.requires_grad


_WRITE = "or write to t.data between steps"
_WRITERS: dict[Callable[..., Any], str] = {
    np.copyto: f"use autodiff.where(mask, values, t), autodiff.broadcast_to(t, shape) for numpy.full, {_WRITE}",
    np.fill_diagonal: f"use autodiff.where(numpy.eye(n, dtype=bool), values, t), {_WRITE}",
    np.place: f"use autodiff.where(mask, values, t), {_WRITE}",
    np.put: f"use autodiff.index_put(autodiff.ravel(t), values, indices), {_WRITE}",
    np.put_along_axis: f"use autodiff.index_put(t, values, key), {_WRITE}",
    np.putmask: f"use autodiff.where(mask, values, t), {_WRITE}",
    np.save: "save t.numpy()",
    np.savetxt: "save t.numpy()",
    np.savez: "save t.numpy()",
    np.savez_compressed: "save t.numpy()",
}
for _function, _instead in _WRITERS.items():
    _refused(_function, _function.__name__, _instead)


# Methods of ufuncs


def _enter_methods(ufunc: np.ufunc) -> None:
    row = numpy_functions.get(ufunc)
    for method in ("reduce", "accumulate", "reduceat", "outer"):
        meaning: Callable[..., Array] | None = ufunc_method(ufunc, method, row)
        if meaning is not None:
            implements(getattr(ufunc, method))(meaning)
    instead = f"add autodiff.scatter(values, key=indices, shape=t.shape), {_WRITE}"
    _refused(ufunc.at, f"{ufunc.__name__}.at", instead)


for _ufunc in {value for value in vars(np).values() if isinstance(value, np.ufunc)}:
    _enter_methods(_ufunc)
