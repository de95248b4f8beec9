"""What an explanation is made of: steps of sentences and equations."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_MATH = re.compile(r"(?<!\\)\$((?:[^$\\]|\\.)*)\$")


def written(sentence: str, words: Callable[[str], str], formula: Callable[[str], str]) -> str:
    r"""A sentence, with its words written in one way and the formulas between dollar signs in another.

    Examples
    --------
    >>> written(r"If $x > 0$, it is $\sqrt{x}$.", str.upper, lambda tex: f"<{tex}>")
    'IF <x > 0>, IT IS <\\sqrt{x}>.'
    """
    pieces = _MATH.split(sentence)
    return "".join(formula(piece) if i % 2 else words(piece) for i, piece in enumerate(pieces))


@dataclass(frozen=True, slots=True)
class Equation:
    r"""Something, and what it is equal to.

    Attributes
    ----------
    left : str
        In LaTeX.
    forms : tuple of str
        What it is equal to, in LaTeX: the formula, the formula with this run's numbers, the number.
    tree : Symbol, Element or None
        The formula as a tree, which can be evaluated.
    value : array or None
        The number that the engine has for it.
    conditions : tuple of str
        Under which the formula holds, in LaTeX.
    sign : str
        What stands between the left and the right.
    """

    left: str
    forms: tuple[str, ...]
    tree: Any = None
    value: Any = None
    conditions: tuple[str, ...] = ()
    sign: str = "="


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an explanation.

    Attributes
    ----------
    phase : {"given", "forward", "backward", "update", "summary", "paths", "words"}
    title : str
        Mathematics in it stands between dollar signs, as in the sentences.
    parts : tuple of str and Equation
        Sentences and equations in the order in which they are read.
    vertices : tuple of int
        The values of the graph that the step is about.
    """

    phase: str
    title: str
    parts: tuple[str | Equation, ...]
    vertices: tuple[int, ...] = ()

    @property
    def equations(self) -> tuple[Equation, ...]:
        """The equations alone."""
        return tuple(part for part in self.parts if isinstance(part, Equation))

    def __str__(self) -> str:
        from autodiff.explain.text import lines

        return "\n".join(lines(self))
