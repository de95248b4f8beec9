"""What is asked of a function and of its products beside right numbers: shapes, dtypes, memory, the same twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autodiff.tensor import Tensor
from autodiff.testing.claims import Arguments, Arrays, Claim, is_number
from autodiff.testing.numerical import Array
from autodiff.testing.report import Mistake
from autodiff.trees import leaves


def misconduct(claim: Claim, gs: Arrays) -> list[Mistake]:
    """What is wrong with how a function and its pull behave."""
    return [*_of_function(claim), *(_of_pull(claim, gs) if claim.pull_at else ())]


def repeats(claim: Claim, ys: Arrays) -> bool:
    """Whether the function gives the same again."""
    return _same(claim.function(claim.xs), ys)


def _of_function(claim: Claim) -> Iterator[Mistake]:
    before = [x.copy() for x in claim.xs]
    claim.function(claim.xs)
    yield from _changed(claim, before, "the function")


def _changed(claim: Claim, before: Arrays, who: str) -> Iterator[Mistake]:
    for x, old, label in zip(claim.xs, before, claim.arguments, strict=True):
        if not np.array_equal(x, old, equal_nan=True):
            yield Mistake(f"{who} changed its input", label)


def _of_pull(claim: Claim, gs: Arrays) -> Iterator[Mistake]:
    assert claim.pull_at is not None
    before, gs_before = [x.copy() for x in claim.xs], [g.copy() for g in gs]
    pull = claim.pull_at(claim.xs)
    found = pull(gs)
    yield from _changed(claim, before, "the derivative")
    if not all(np.array_equal(g, old) for g, old in zip(gs, gs_before, strict=True)):
        yield Mistake("the derivative changed the gradient that it was given")
    yield from _wrong_dtypes(claim, found)
    first = [g.copy() for g in found]
    yield from _shared(claim, gs, found)
    pull([2 * g for g in gs])
    if not _same(found, first):
        yield Mistake("a gradient changed when the derivative was asked for another one: they share memory")
    if not _same(pull(gs), first) or not _same(claim.pull_at(claim.xs)(gs), first):
        yield Mistake("the derivative, asked twice, gave two different answers")


def _wrong_dtypes(claim: Claim, found: Arrays) -> Iterator[Mistake]:
    typeless = claim.typeless or (False,) * len(found)
    for g, x, label, free in zip(found, claim.xs, claim.arguments, typeless, strict=True):
        if g.dtype != x.dtype and not (free and g.dtype.kind == x.dtype.kind):
            yield Mistake("the dtype of a gradient", label, detail=f"{g.dtype} for an argument of {x.dtype}")


def _shared(claim: Claim, gs: Arrays, found: Arrays) -> Iterator[Mistake]:
    """Gradients that share memory: who writes to one writes to the other."""

    def passed_on(g: Array) -> bool:
        return claim.passes_on and any(np.may_share_memory(g, other) for other in gs)

    for i, (g, label) in enumerate(zip(found, claim.arguments, strict=True)):
        if passed_on(g):
            continue
        others = [*zip(found[:i], claim.arguments[:i], strict=True), *zip(claim.xs, claim.arguments, strict=True)]
        for other, name in others:
            if g.size and np.shares_memory(g, other):
                kind = "the gradient of" if any(other is f for f in found) else "the values of"
                yield Mistake("a gradient shares memory", label, detail=f"with {kind} {name}")
        if not claim.passes_on and g.size and any(np.shares_memory(g, other) for other in gs):
            yield Mistake("a gradient shares memory", label, detail="with the gradient that came in")


def _same(some: Arrays, others: Arrays) -> bool:
    return len(some) == len(others) and all(
        np.array_equal(a, b, equal_nan=True) for a, b in zip(some, others, strict=True)
    )


@np.errstate(all="ignore")
def misadded(function: Callable[..., Any], given: Arguments, rng: np.random.Generator) -> list[Mistake]:
    """What is wrong with how gradients of Tensors that are used twice add up."""
    return [*_of_two_calls(function, given, rng), *_of_one_tensor_twice(function, given, rng)]


def _backward(ys: list[Any], seed: int) -> None:
    """Pull random gradients back from all the results at once."""
    rng = np.random.default_rng(seed)
    for y in ys:
        if y.requires_grad:
            y.backward(rng.uniform(0.3, 1.0, y.shape).astype(y.dtype))


def _gradients(function: Callable[..., Any], given: Arguments, tensors: list[Tensor], seed: int, times: int) -> Arrays:
    for tensor in dict.fromkeys(tensors):
        tensor.zero_grad()
    for _ in range(times):
        _backward([y for y in leaves(function(*given.replaced(tensors))) if is_number(y)], seed)
    return [np.zeros(t.shape, t.dtype) if t.grad is None else t.grad.data.copy() for t in tensors]


def _of_two_calls(function: Callable[..., Any], given: Arguments, rng: np.random.Generator) -> Iterator[Mistake]:
    """Tensors that two calls used have the sum of what these contribute."""
    seed = int(rng.integers(2**31))
    tensors = [Tensor(x, requires_grad=True) for x in given.xs]
    once, twice = (_gradients(function, given, tensors, seed, times) for times in (1, 2))
    for a, b, label in zip(once, twice, given.labels, strict=True):
        if not _close(2 * a, b):
            yield Mistake("gradients of two calls do not add up", label)


def _of_one_tensor_twice(function: Callable[..., Any], given: Arguments, rng: np.random.Generator) -> Iterator[Mistake]:
    """A Tensor given for two arguments has the sum of the gradients that two Tensors of the same numbers have."""
    seed = int(rng.integers(2**31))
    for j, x in enumerate(given.xs):
        for i in range(j):
            if given.xs[i].shape != x.shape or given.xs[i].dtype != x.dtype:
                continue
            apart = [Tensor(given.xs[i] if k == j else other, requires_grad=True) for k, other in enumerate(given.xs)]
            shared = [apart[i] if k == j else tensor for k, tensor in enumerate(apart)]
            try:
                parts = _gradients(function, given, apart, seed, 1)
                whole = _gradients(function, given, shared, seed, 1)
            except (ArithmeticError, ValueError):  # not defined there
                continue
            if not _close(parts[i] + parts[j], whole[i]):
                yield Mistake(
                    "one tensor used for two arguments has not the sum of their gradients",
                    f"{given.labels[i]} and {given.labels[j]}",
                )


def _close(a: Array, b: Array) -> bool:
    eps = np.finfo(a.dtype).eps
    size = np.max(np.abs(np.where(np.isfinite(a), a, 0.0)), initial=0.0)
    return bool(np.all((np.abs(a - b) <= 100 * eps * size) | ~np.isfinite(a)))
