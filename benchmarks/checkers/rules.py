"""Mistakes in the rules of the table, against the laws that every row of it keeps.

A mistake is planted in the rule itself, by exchanging its code, so that all that is made of the rule (pulls, pushes,
higher derivatives) is mistaken too.
"""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import chain, islice
from types import CodeType, FunctionType
from typing import Any
from unittest import SkipTest

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings

import autodiff as ad
from autodiff.op import Op, table
from autodiff.tensor import unwrapped
from autodiff.testing.laws import COMPLEX_LAWS, DERIVATIVE_LAWS, LAWS, differentiable, joined, takes
from autodiff.testing.strategies import op_calls
from benchmarks.checkers.mistakes import KINDS as EVERY_KIND
from benchmarks.checkers.mistakes import Mistake, Tripped, mistakes_of, planted
from benchmarks.checkers.trials import CAUGHT, EQUIVALENT, RAISED, SURVIVED, UNREACHED, Outcome, quiet, same

#: The kinds of mistake that a rule can have; the engine casts gradients, so that their dtype is none of its business.
KINDS = tuple(kind for kind in EVERY_KIND if kind != "wrong dtype")
#: Rows on which complex gradients are determined up to phases alone, and those that are compared with real numbers.
_REAL = {"eig", "eigh", "svd"}
#: How many rows a helper of many rules is tried in.
_ROWS = 6
#: How many calls of a row are tried, and how many more of what none of those caught: few of a kink's two sides, or of a
#: rule's branches, come up in a few calls.
CALLS = (24, 150)

Call = tuple[tuple[Any, ...], dict[str, Any]]


class Rule:
    """The code of one rule, or of a helper of rules; the functions that have it, and the rows that reach them."""

    def __init__(self) -> None:
        self.functions: list[FunctionType] = []
        self.rows: list[Op] = []

    def mistakes(self) -> list[Mistake]:
        """Every mistake that can be made in it."""
        return mistakes_of(self.functions[0], KINDS)


def rules() -> list[Rule]:
    """Every function that derivatives are computed by and results are not, in the order of the table."""
    found: dict[CodeType, Rule] = {}
    of_results = {f.__code__ for op in table.values() for f in _reached(op.forward)}
    for op in table.values():
        for function in chain.from_iterable(map(_reached, (*op.rules, getattr(op, "push_rule", None)))):
            if function.__code__ not in of_results:
                rule = found.setdefault(function.__code__, Rule())
                rule.functions += [function] if function not in rule.functions else []
                rule.rows += [op] if op not in rule.rows else []
    return list(found.values())


def _reached(start: Any) -> list[FunctionType]:
    """A function and those of the table's files that it calls, by name or out of a closure, and so on."""
    found: list[FunctionType] = []
    waiting = [start]
    while waiting:
        function = waiting.pop(0)
        if isinstance(function, FunctionType) and "rules" in function.__module__ and function not in found:
            found.append(function)
            waiting += [
                function.__globals__[name] for name in _names(function.__code__) if name in function.__globals__
            ]
            waiting += [cell.cell_contents for cell in function.__closure__ or ()]
    return found


def _names(code: CodeType) -> Iterator[str]:
    """The global names that a function reads."""
    yield from (step.argval for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL")
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


# What the laws are tried on


@cache
def calls_of(op: Op, number: int, complex_too: bool = False) -> list[Call]:
    """So many calls of an operation as its tests draw them, always the same, the largest first."""
    calls: list[Call] = []

    @settings(
        max_examples=number,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(op_calls(op, complex_too))
    def collect(call: Call) -> None:
        if not complex_too or (any(map(np.iscomplexobj, call[0])) and takes(op, *call)):
            calls.append(call)

    if not (complex_too and op.name in _REAL):
        try:
            collect()
        except SkipTest:
            return []
    return sorted(calls, key=lambda call: -sum(np.size(x) for x in call[0]))


def trials(op: Op, number: int) -> list[tuple[Call, tuple[Callable[..., int], ...]]]:
    """The calls of a row, half as many of them complex, and the laws that each has to keep."""
    real = [(call, (*DERIVATIVE_LAWS, *LAWS)) for call in calls_of(op, number)]
    return real + [(call, COMPLEX_LAWS) for call in calls_of(op, number // 2, True)]


def answers(op: Op, call: Call) -> list[Any]:
    """All that the rules of a row say of one call: gradients, derivatives, and the derivatives of both."""
    args, params = call
    moving = differentiable(op, args)
    xs = [args[i] for i in moving]

    def function(*some: Any) -> Any:
        every = list(args)
        for i, x in zip(moving, some, strict=True):
            every[i] = x
        return joined(op(*every, **params))

    y, pull = ad.vjp(function, *xs)
    g, vs = _noise(y, 1), [_noise(x, i + 2) for i, x in enumerate(xs)]
    found = list(pull(g))
    for i in range(len(xs)):
        alone = [v if i == j else np.zeros_like(v) for j, v in enumerate(vs)]
        found.append(ad.jvp(function, xs, alone)[1])
    found += ad.jvp(lambda *some: ad.vjp(function, *some)[1](g), xs, vs)[1]
    found += ad.vjp(lambda *some: ad.jvp(function, some, vs)[1], *xs)[1](g)
    found += ad.jvp(lambda g: ad.vjp(function, *xs)[1](g), (g,), (_noise(y, 9),))[1]
    return [unwrapped(x) for x in found]


def _noise(x: Any, seed: int) -> Any:
    noise = np.random.default_rng(seed).uniform(0.3, 1.0, np.shape(x))
    return noise * (1 + 1j) if np.iscomplexobj(x) else noise.astype(np.asarray(x).dtype)


@cache
def right_answers(op: Op, number: int) -> list[list[Any]]:
    """What the rules say before any mistake is planted."""
    with quiet():
        return [answers(op, call) for call, _ in trials(op, number)]


def tried(rule: Rule, mistake: Mistake, numbers: Sequence[int] = CALLS) -> Outcome:
    """Plant a mistake in a rule, and see which law of which row fails first, in more and more calls."""
    *fewer, most = numbers
    for number in fewer:
        if (outcome := _tried(rule, mistake, number)).fate in (CAUGHT, RAISED):
            return outcome
    return _tried(rule, mistake, most)


def _tried(rule: Rule, mistake: Mistake, number: int) -> Outcome:
    trials_of = {op: trials(op, number) for op in islice(rule.rows, _ROWS)}
    right = {op: right_answers(op, number) for op in trials_of}
    differ, agree, raised = [], [], ""
    with quiet(), planted(mistake.tree, rule.functions):
        for op, k in ((op, k) for op, found in trials_of.items() for k in range(len(found))):
            call, laws = trials_of[op][k]
            try:
                if same(answers(op, call), right[op][k]):
                    agree.append((op, call, laws))
                    continue
                differ.append((op, call, laws))
                if law := _failing(op, call, laws):
                    return Outcome(mistake, CAUGHT, f"{op.name}, {law}")
            except Exception as error:
                raised = raised or f"{op.name}, {error!r}"
        if differ and not raised:
            for op, call, laws in agree:
                if law := _failing(op, call, laws):
                    return Outcome(mistake, CAUGHT, f"{op.name}, {law}")
    names = ", ".join(op.name for op in trials_of)
    if raised:
        return Outcome(mistake, RAISED, raised)
    if differ:
        return Outcome(mistake, SURVIVED, names)
    reached = any(_is_reached(rule, mistake, op, number) for op in trials_of)
    return Outcome(mistake, EQUIVALENT if reached else UNREACHED, names)


def _failing(op: Op, call: Call, laws: Sequence[Callable[..., int]]) -> str | None:
    """The name of the first law that a call does not keep."""
    for law in laws:
        try:
            law(op, *call)
        except AssertionError:
            return law.__name__
    return None


def _is_reached(rule: Rule, mistake: Mistake, op: Op, number: int) -> bool:
    """Whether any call of a row computes the place of a mistake."""
    with quiet(), planted(mistake.tripwire, rule.functions):
        for call, _ in trials(op, number):
            try:
                answers(op, call)
            except Tripped:
                return True
    return False
