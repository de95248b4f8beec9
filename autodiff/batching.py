"""Many gradients at once: what operations mean for a batch of arrays, which rules take for a single one.

A :class:`Batch` looks like one array to a rule; that there are n of them, along an axis in front that the rule does not
see, is known here only.  So one walk through a graph gives n rows of a Jacobian.  Elementwise operations need no more
than to have their axes lined up; for others :data:`_batched` says how a call changes with one more axis in front, and
whatever is not mentioned there is done one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.op import Array, Elementwise, Op
from autodiff.operand import Operand
from autodiff.rules import (
    activations,
    arithmetic,
    decompositions,
    einsum,
    fft,
    indexing,
    inverses,
    matrices,
    products,
    reductions,
    running,
    shapes,
)

Params = dict[str, Any]


class Batch(Operand):
    """So many arrays of one shape: `stacked` has them along its first axis."""

    def __init__(self, stacked: Array) -> None:
        self.stacked = stacked

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        return self.stacked.shape[1:]

    @property
    def dtype(self) -> np.dtype[Any]:  # type: ignore[override]
        return self.stacked.dtype

    def apply(self, op: Op, args: tuple[Any, ...], params: Params) -> Any:
        n = len(self.stacked)
        if isinstance(op, Elementwise) or op in _ALIGNED:
            y = op.on(*_aligned(args), **params)
            return tuple(map(Batch, y)) if isinstance(y, tuple) else Batch(y)
        if (batched := _batched.get(op)) is not None and (result := batched(n, args, params)) is not None:
            return Batch(result)
        return _one_by_one(n, op, args, params)

    def __repr__(self) -> str:
        return f"<{len(self.stacked)} arrays of shape {self.shape}>"


def unbatched(x: Any, n: int) -> Array:
    """What a rule gave for n gradients at once, the n along the first axis."""
    return x.stacked if isinstance(x, Batch) else shapes.broadcast_to.on(x, shape=(n, *np.shape(x)))


def _aligned(args: tuple[Any, ...]) -> list[Any]:
    """The arrays with the hidden axis in front of all the others, so that they broadcast as the hidden ones would."""
    ndim = max(np.ndim(x) for x in args)
    return [_lifted(x, ndim) if isinstance(x, Batch) else x for x in args]


def _lifted(x: Batch, ndim: int) -> Array:
    shape = x.shape
    if len(shape) == ndim:
        return x.stacked
    return shapes.reshape.on(x.stacked, shape=(len(x.stacked), *(1,) * (ndim - len(shape)), *shape))


def _one_by_one(n: int, op: Op, args: tuple[Any, ...], params: Params) -> Any:
    """Any operation at all: a call for each."""
    results = [op.on(*(x.stacked[i] if isinstance(x, Batch) else x for x in args), **params) for i in range(n)]
    if isinstance(results[0], tuple):
        return tuple(Batch(shapes.stacked.on(*several, axis=0)) for several in zip(*results, strict=True))
    return Batch(shapes.stacked.on(*results, axis=0))


# How calls change with one more axis in front.  Each gives None where it does not know.


def _axis_of_one(op: Op) -> Callable[..., Array]:
    """One array and an axis, or axes; None are all of them."""

    def batched(n: int, args: tuple[Any, ...], params: Params) -> Array:
        (x,) = args
        axis = params["axis"]
        if axis is None:
            axis = tuple(range(x.ndim))
        moved = tuple(a % x.ndim + 1 for a in axis) if isinstance(axis, tuple) else axis % x.ndim + 1
        return op.on(x.stacked, **{**params, "axis": moved})

    return batched


def _reshape(n: int, args: tuple[Any, ...], params: Params) -> Array:
    (x,) = args
    shape = params["shape"]
    shape = np.empty(x.shape, bool).reshape(shape).shape  # what -1 stands for
    return shapes.reshape.on(x.stacked, shape=(n, *shape))


def _permute(n: int, args: tuple[Any, ...], params: Params) -> Array:
    (x,) = args
    axes = range(x.ndim)[::-1] if params["axes"] is None else params["axes"]
    return shapes.permute_dims.on(x.stacked, axes=(0, *(a % x.ndim + 1 for a in axes)))


def _expand(n: int, args: tuple[Any, ...], params: Params) -> Array:
    (x,) = args
    axis = params["axis"] if isinstance(params["axis"], tuple) else (params["axis"],)
    ndim = x.ndim + len(axis)
    return shapes.expand_dims.on(x.stacked, axis=tuple(a % ndim + 1 for a in axis))


def _squeeze(n: int, args: tuple[Any, ...], params: Params) -> Array:
    (x,) = args
    return _reshape(n, args, {"shape": np.squeeze(np.empty(x.shape, bool), params["axis"]).shape})


def _broadcast(n: int, args: tuple[Any, ...], params: Params) -> Array:
    (x,) = args
    shape = params["shape"] if isinstance(params["shape"], tuple) else (params["shape"],)
    return shapes.broadcast_to.on(_lifted(x, len(shape)), shape=(n, *shape))


def _pad(n: int, args: tuple[Any, ...], params: Params) -> Array:
    (x,) = args
    return shapes.pad_zeros.on(x.stacked, widths=((0, 0), *params["widths"]))


def _key(key: Any) -> tuple[Any, ...] | None:
    """An index with all of the first axis before it; None if that one would not come out first."""
    parts = key if isinstance(key, tuple) else (key,)
    arrays = [i for i, part in enumerate(parts) if isinstance(part, (list, np.ndarray, np.integer, int))]
    advanced = any(isinstance(parts[i], (list, np.ndarray)) for i in arrays)
    if advanced and arrays[-1] - arrays[0] + 1 != len(arrays):
        return None
    return (slice(None), *parts)


def _getitem(n: int, args: tuple[Any, ...], params: Params) -> Array | None:
    key = _key(params["key"])
    return None if key is None else indexing.getitem.on(args[0].stacked, key=key)


def _scatter(n: int, args: tuple[Any, ...], params: Params) -> Array | None:
    key = _key(params["key"])
    return None if key is None else indexing.scatter.on(args[0].stacked, key=key, shape=(n, *params["shape"]))


def _join(op: Op, new: int) -> Callable[..., Array]:
    """Several arrays joined along an axis, which is a new one or not."""

    def batched(n: int, args: tuple[Any, ...], params: Params) -> Array:
        ndim = np.ndim(args[0]) + new
        return op.on(*(unbatched(x, n) for x in args), axis=params["axis"] % ndim + 1)

    return batched


def _matmul(n: int, args: tuple[Any, ...], params: Params) -> Array | None:
    a, b = args
    if np.ndim(a) >= 2 and np.ndim(b) >= 2:
        if isinstance(a, Batch) and np.ndim(b) == 2 and not isinstance(b, Batch):
            return products.matmul.on(a.stacked, b)
        return products.matmul.on(*_aligned(args))
    if isinstance(a, Batch) and not isinstance(b, Batch) and (a.ndim >= 2 or np.ndim(b) <= 2):
        return products.matmul.on(a.stacked, b)
    return None


def _solve(n: int, args: tuple[Any, ...], params: Params) -> Array | None:
    return inverses.solution.on(*_aligned(args)) if np.ndim(args[1]) >= 2 else None


def _stack_of_matrices(op: Op) -> Callable[..., Array | None]:
    """One array, whose last two axes alone are looked at."""
    return lambda n, args, params: op.on(args[0].stacked, **params) if args[0].ndim >= 2 else None


def _einsum(n: int, args: tuple[Any, ...], params: Params) -> Array | None:
    used = set("".join(params["terms"]))
    letter = next((c for c in "zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA" if c not in used), None)
    if letter is None:
        return None
    terms = tuple(
        letter + term if isinstance(x, Batch) else term for x, term in zip(args, params["terms"], strict=True)
    )
    values = [x.stacked if isinstance(x, Batch) else x for x in args]
    return einsum.einsum_explicit.on(*values, terms=terms, result=letter + params["result"])


#: Operations that take elements one by one, though they are not declared so.
_ALIGNED = {indexing.chosen, arithmetic.astype, decompositions.within}
_batched: dict[Op, Callable[..., Array | None]] = {
    shapes.reshape: _reshape,
    shapes.permute_dims: _permute,
    shapes.expand_dims: _expand,
    shapes.squeeze: _squeeze,
    shapes.broadcast_to: _broadcast,
    shapes.pad_zeros: _pad,
    shapes.concatenated: _join(shapes.concatenated, 0),
    shapes.stacked: _join(shapes.stacked, 1),
    indexing.getitem: _getitem,
    indexing.scatter: _scatter,
    products.matmul: _matmul,
    einsum.einsum_explicit: _einsum,
    inverses.solution: _solve,
    **{op: _stack_of_matrices(op) for op in (matrices.tril, matrices.triu, inverses.inverse, inverses.pseudoinverse)},
    **{
        op: _axis_of_one(op)
        for op in (
            *(reductions.sum, reductions.mean, reductions.max, reductions.min, reductions.prod),
            *(reductions.logsumexp, reductions.norm2, reductions.all, reductions.any),
            *(running.running_sum, running.running_prod, shapes.flip),
            *(activations.softmax, activations.log_softmax),
            *(fft.fft, fft.ifft, fft.rfft, fft.irfft),
        )
    },
}
