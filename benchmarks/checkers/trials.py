"""What becomes of a mistake in a derivative that was written by hand, and how mistakes are counted."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from benchmarks.checkers.functions import Args, Case, Point
from benchmarks.checkers.mistakes import KINDS as EVERY_KIND
from benchmarks.checkers.mistakes import Mistake, mistaken

#: What can become of a mistake: an assertion fails; the mistaken code itself raises; nothing happens although the
#: numbers differ; the numbers are the same, to rounding, so that it is none; its place is never computed.
CAUGHT, RAISED, SURVIVED, EQUIVALENT, UNREACHED = "caught", "raised", "survived", "equivalent", "unreached"


@dataclass(frozen=True)
class Outcome:
    """One mistake, and what became of it."""

    mistake: Mistake
    fate: str
    #: Who caught it, or where it was to be caught.
    by: str = ""


@dataclass
class Tally:
    """How many mistakes of each kind had which fate."""

    outcomes: list[Outcome] = field(default_factory=list)

    def of(self, *fates: str, kind: str | None = None) -> list[Outcome]:
        """Those with one of these fates, of one kind or of all."""
        return [o for o in self.outcomes if o.fate in fates and kind in (None, o.mistake.kind)]

    def counts(self, kind: str | None = None) -> Counter[str]:
        """How many had which fate."""
        return Counter(o.fate for o in self.outcomes if kind in (None, o.mistake.kind))

    def caught(self, kind: str | None = None) -> str:
        """How many were caught, of those that are mistakes and do not raise by themselves."""
        counts = self.counts(kind)
        return f"{counts[CAUGHT]}/{counts[CAUGHT] + counts[SURVIVED]}"


def same(a: Iterable[Any], b: Iterable[Any], tolerance: float = 64.0) -> bool:
    """Whether two sequences of arrays are equal to so many units of rounding, in values, shapes and dtypes."""
    return all(_same(np.asarray(x), np.asarray(y), tolerance) for x, y in zip(a, b, strict=True))


def _same(a: Any, b: Any, tolerance: float) -> bool:
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if a.dtype.kind not in "fc":
        return np.array_equal(a, b)
    rounding = tolerance * np.finfo(a.dtype).eps * np.max(np.abs(a[np.isfinite(a)]), initial=0.0)
    with np.errstate(invalid="ignore"):
        return bool(np.all((a == b) | (np.abs(a - b) <= rounding) | (np.isnan(a) & np.isnan(b))))


@contextmanager
def quiet() -> Iterator[None]:
    """Mistaken derivatives divide by zero, and worse."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


# In derivatives that were written by hand

#: What checks ``(f, vjp, args)``: it says "right", "wrong" or "inconclusive", or raises.
Checker = Callable[[Any, Any, Args], str]
#: The kinds of mistake that they can have.
KINDS = tuple(kind for kind in EVERY_KIND if kind != "wrong second order")
#: At kinks a mistaken branch can be right; long arrays are there for false alarms.
_NOT_FOR_MISTAKES = {"at a kink", "200 x 100"}
#: Units of rounding within which derivatives are the same where conditions are bad.
_LOOSE = 1e10


def verdict(checker: Checker, f: Any, vjp: Any, args: Args) -> str:
    """What a checker says; whatever it raises is a rejection."""
    with quiet():
        try:
            return checker(f, vjp, args)
        except Exception as error:
            return f"{type(error).__name__}: {error}"


@cache
def accepted(checker: Checker, case: Case, point: Point) -> bool:
    """Whether a checker accepts the right derivative."""
    return verdict(checker, case.f, case.vjp, point.args) in ("right", "inconclusive")


def tried(case: Case, mistake: Mistake, checkers: dict[str, Checker]) -> dict[str, Outcome]:
    """Make a mistake in a derivative, and see who catches it: at some point, and accepts the right one there."""
    vjp = mistaken(case.vjp, mistake)
    points = [point for point in case.points if point.kind not in _NOT_FOR_MISTAKES]
    with quiet():
        try:
            answers(case, vjp, points[0].args)
            same_numbers = is_equivalent(case, vjp, points)
        except Exception as error:
            return dict.fromkeys(checkers, Outcome(mistake, RAISED, repr(error)))
    if same_numbers:
        return dict.fromkeys(checkers, Outcome(mistake, EQUIVALENT))
    found = {}
    for name, checker in checkers.items():
        where = (p.kind for p in points if accepted(checker, case, p) and _rejected(checker, case, vjp, p))
        kind = next(where, "")
        found[name] = Outcome(mistake, CAUGHT if kind else SURVIVED, kind)
    return found


def _rejected(checker: Checker, case: Case, vjp: Any, point: Point) -> bool:
    return verdict(checker, case.f, vjp, point.args) not in ("right", "inconclusive")


def answers(case: Case, vjp: Any, args: Args) -> list[Any]:
    """What a derivative gives for two incoming gradients."""
    y = np.asarray(case.f(*args))
    found = []
    for seed in (1, 2):
        g = np.random.default_rng(seed).uniform(-1, 1, y.shape).astype(y.dtype)
        given = vjp(g, *args)
        found += given if isinstance(given, tuple) else (given,)
    return found


def is_equivalent(case: Case, vjp: Any, points: list[Point]) -> bool:
    """Whether a derivative gives the same numbers, to rounding, as the right one wherever that was tried."""
    many = [(args, 64.0) for args in case.others]
    many += [(p.args, _LOOSE if p.kind.startswith(("all", "ill", "1e")) else 64.0) for p in points]
    return all(same(answers(case, vjp, args), answers(case, case.vjp, args), slack) for args, slack in many)
