"""What is left of NumPy's functions: those whose results are plain, those that would lose the graph, ufuncs' methods.

Importing this module enters them.  The functions that have derivatives stand in `autodiff/rules/`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from autodiff.creation import full
from autodiff.op import Array, implements, numpy_functions
from autodiff.operand import Operand
from autodiff.recording import is_grad_enabled
from autodiff.rules.folds import ufunc_method
from autodiff.tensor import Tensor, bare, unwrapped, wrap

# Answers about arrays, and indices made for them: NumPy's own


def _plain_answer(function: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy's own answer, which is no Tensor."""

    @implements(function)
    def answer(*args: Any, **kwargs: Any) -> Any:
        return function(*_numbers(function, args), **_unwrapped_values(kwargs))

    return _named(answer, function, "as it is: it has no gradient")


def _plain_result(function: Callable[..., Any]) -> Callable[..., Any]:
    """NumPy's own result as a Tensor; it jumps or stands still where its arguments move, so there is no gradient."""

    @implements(function)
    def result(*args: Any, **kwargs: Any) -> Any:
        return wrap(bare(np.asarray(function(*_numbers(function, args), **_unwrapped_values(kwargs)))))

    return _named(result, function, "as a plain Tensor: it has no gradient")


def _named(ours: Callable[..., Any], function: Callable[..., Any], what: str) -> Callable[..., Any]:
    """The same under NumPy's name, with NumPy's signature."""
    ours.__name__ = ours.__qualname__ = function.__name__
    ours.__doc__ = f"The result of :func:`numpy.{function.__name__}`, {what}."
    with suppress(ValueError):  # what NumPy wrote in C may not say
        ours.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    return ours


def _numbers(function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """The arguments as NumPy takes them."""
    for x in args:
        if isinstance(x, Operand):
            raise TypeError(f"numpy.{function.__name__} asks for numbers, and cannot be fed with a {type(x).__name__}")
    return unwrapped(args)


def _unwrapped_values(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {name: unwrapped(value) for name, value in kwargs.items()}


_ANSWERS: tuple[Callable[..., Any], ...] = (
    np.array2string,
    np.array_repr,
    np.array_str,
    np.common_type,
    np.einsum_path,
    np.may_share_memory,
    np.min_scalar_type,
    np.shares_memory,
)
_RESULTS: tuple[Callable[..., Any], ...] = (
    np.empty_like,
    np.ones_like,
    np.packbits,
    np.unpackbits,
    np.zeros_like,
)
allclose = _plain_answer(np.allclose)
array_equal = _plain_answer(np.array_equal)
array_equiv = _plain_answer(np.array_equiv)
diag_indices_from = _plain_answer(np.diag_indices_from)
iscomplexobj = _plain_answer(np.iscomplexobj)
isrealobj = _plain_answer(np.isrealobj)
ravel_multi_index = _plain_answer(np.ravel_multi_index)
tril_indices_from = _plain_answer(np.tril_indices_from)
triu_indices_from = _plain_answer(np.triu_indices_from)
unravel_index = _plain_answer(np.unravel_index)
argpartition = _plain_result(np.argpartition)
argwhere = _plain_result(np.argwhere)
digitize = _plain_result(np.digitize)
flatnonzero = _plain_result(np.flatnonzero)
isclose = _plain_result(np.isclose)
iscomplex = _plain_result(np.iscomplex)
isneginf = _plain_result(np.isneginf)
isposinf = _plain_result(np.isposinf)
isreal = _plain_result(np.isreal)
lexsort = _plain_result(np.lexsort)
nanargmax = _plain_result(np.nanargmax)
nanargmin = _plain_result(np.nanargmin)
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


@implements(np.ix_)
def _open_mesh(*args: Any) -> tuple[Any, ...]:
    if is_grad_enabled() and _any_needs_grad((args, {})):
        raise TypeError("numpy.ix_ of tensors makes plain indices, and would lose the graph: reshape them to broadcast")
    return np.ix_(*unwrapped(args))


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
