"""What a check came to: a verdict, and for a wrong gradient a diagnosis that can be read and run again."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from autodiff.graph import graph
from autodiff.tensor import unwrapped
from autodiff.testing.source import array_source, source
from autodiff.trees import Tree, mapped

#: Arrays of more elements than this are written to a file, not into the text of a reproducer.
_LONG = 300
#: The part of the comparisons that has to tell something.
_ENOUGH = 0.9


class GradientError(AssertionError):
    """A gradient is wrong; `report` says what is known of it."""

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self.report = report

    def __str__(self) -> str:
        return str(self.report)


class InconclusiveWarning(UserWarning):
    """A gradient could not be told right from wrong."""


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong."""

    #: Which product, or which duty: "reverse mode", "second order, forward mode", "an input was changed", …
    what: str
    #: Which argument; empty where it is none of them.
    argument: str = ""
    #: Which element of the argument.
    element: tuple[int, ...] | None = None
    #: The gradient there: as claimed, as found numerically, and how far off the latter may be.
    claimed: Any = None
    found: Any = None
    error: float | None = None
    #: What kind of mistake it may be.
    guesses: tuple[str, ...] = ()
    detail: str = ""

    def __str__(self) -> str:
        at = f"[{', '.join(map(str, self.element))}]" if self.element else ""
        lines = [self.what + (f", {self.argument}{at}" if self.argument else "")]
        if self.claimed is not None:
            lines += [f"    claimed    {_number(self.claimed)}"]
            lines += [f"    numerical  {_number(self.found)}" + (f" ± {self.error:.1g}" if self.error else "")]
        lines += [f"    {line}" for line in self.detail.splitlines()]
        lines += [f"    guess      {guess}" for guess in self.guesses]
        return "\n  ".join(lines)


@dataclass
class Report:
    """What a check came to.

    Attributes
    ----------
    verdict : {"right", "wrong", "inconclusive"}
    mistakes : list of Mistake
    comparisons, conclusive : int
        How many numbers were compared, and how many of these comparisons could have shown a mistake.
    kinks : int
        Comparisons at a kink, where anything between the slopes from both sides is right.
    reasons : dict
        Why the others could not, and how many each.
    """

    title: str
    args: Sequence[Tree] = ()
    #: The call, as code; `{}` stands for the arguments.
    call: str = ""
    #: Code that makes what is called.
    source: str = ""
    comparisons: int = 0
    conclusive: int = 0
    kinks: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    #: Whoever can say what is wrong: it takes time, and is asked only if somebody wants to know.
    witnesses: list[Callable[[], list[Mistake]]] = field(default_factory=list)
    #: Finds the smallest graph that has the mistake.
    search: Callable[[], Any] = lambda: None

    @cached_property
    def mistakes(self) -> list[Mistake]:
        return [mistake for witness in self.witnesses for mistake in witness()]

    @cached_property
    def culprit(self) -> Any:
        """The outputs of the smallest graph that has the mistake, and its mistakes; None if it is not known."""
        return self.search() if self.witnesses else None

    @property
    def verdict(self) -> str:
        if self.witnesses:
            return "wrong"
        return "right" if self.conclusive >= _ENOUGH * self.comparisons and not self.doubtful else "inconclusive"

    @property
    def doubtful(self) -> bool:
        """Whether there is a reason not to trust any comparison."""
        return self.comparisons == 0 and bool(self.reasons)

    def draw(self, **options: Any) -> Any:
        """The smallest graph that has the mistake, as a picture: see `autodiff.draw`.

        Raises
        ------
        ValueError
            If there is none: a check of plain callables has no graph.
        """
        if self.culprit is None:
            raise ValueError("no graph is known to have a mistake")
        from autodiff.drawing import draw

        return draw(*self.culprit[0], **options)

    def __str__(self) -> str:
        lines = [f"{self.title}: {self.verdict}", *(f"  {mistake}" for mistake in self.mistakes)]
        counted = f"  {self.conclusive} of {self.comparisons} comparisons were conclusive"
        lines.append(counted + (f", {self.kinks} of them at kinks" if self.kinks else ""))
        lines += [f"  {n} inconclusive: {reason}" for reason, n in self.reasons.items()]
        if self.culprit is not None:
            outputs, mistakes = self.culprit
            lines.append("The smallest graph that has it (report.draw() is its picture):")
            lines += (f"  {line}" for line in str(graph(*outputs)).splitlines())
            if len(mistakes) != len(self.mistakes) or mistakes[0].guesses != self.mistakes[0].guesses:
                lines.append(f"  alone: {mistakes[0]}")
        if self.witnesses:
            lines += ["To see it again:", *(f"  {line}" for line in self.reproducer().splitlines())]
        return "\n".join(lines)

    def reproducer(self) -> str:
        """Python code that does the check again."""
        names = []
        lines = ["import numpy as np", f"from autodiff.testing import {self.call.split('(')[0]}"]
        lines += self.source.splitlines()
        for i, arg in enumerate(self.args):
            names.append(f"x{i}")
            lines.append(f"x{i} = {source(mapped(unwrapped, arg), _at_hand)}")
        return "\n".join([*lines, self.call.format(", ".join(names))])


def _number(x: Any) -> str:
    return f"{x:.10g}" if np.iscomplexobj(x) or np.isrealobj(x) else str(x)


def _at_hand(x: Any) -> str:
    """An expression for an array; of a long one, it loads the array from a file that is written."""
    if x.size <= _LONG:
        return array_source(x)
    with tempfile.NamedTemporaryFile(prefix="autodiff-", suffix=".npy", delete=False) as file:
        np.save(file, x)
    return f"np.load({file.name!r})"
