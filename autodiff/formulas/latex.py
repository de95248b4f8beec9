r"""Trees as LaTeX: every operation by its row's `tex`, with the parentheses it needs; common ones as people write them.

Shapes are left to the reader: a value that is broadcast, or gets an axis of length 1, is written as it is.  A truth
value in arithmetic is written in Iverson's brackets, :math:`[x > 0]`, which are 1 or 0.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from autodiff.formulas.figures import constant, escaped
from autodiff.formulas.forms import FORMS, flat, parenthesised, seen_through
from autodiff.formulas.likeness import Likeness
from autodiff.formulas.simplify import made_by
from autodiff.formulas.symbols import Assumption, Symbol, Written, name_of
from autodiff.formulas.templates import (
    ATOM,
    LOGIC,
    POWER,
    PREFIX,
    PRODUCT,
    SUM,
    starts_with_function,
    template,
)
from autodiff.op import Op, table

#: Where a formula gets longer than this, what it has several times gets a name.
LONG = 120
#: The least that is worth a name.
_SHORT = 24


def latex(tree: Any, sizes: Mapping[int, str] | None = None) -> str:
    r"""A tree in LaTeX, in one piece.

    Parameters
    ----------
    tree : Symbol or number
    sizes : mapping, optional
        Letters for numbers that are the lengths of the example's axes, and mean any length.

    Examples
    --------
    >>> x, y = Symbol("x", 0.5), Symbol("y", 2.0)
    >>> latex(y * y * (1 - x) / (x > 0))
    '\\frac{y^2 (1 - x)}{[x > 0]}'
    """
    return Writer(sizes).number(tree)[0]


def assumed(assumption: Assumption, sizes: Mapping[int, str] | None = None) -> str:
    """An assumption in LaTeX.

    Examples
    --------
    >>> x = Symbol("x", 2.0)
    >>> assumed((x > 3, False)), assumed((x > 1, True))
    ('x \\\\le 3', 'x > 1')
    """
    return _assumed(Writer(sizes), assumption)


def latex_with_names(
    tree: Any, assumptions: Sequence[Assumption] = (), sizes: Mapping[int, str] | None = None
) -> tuple[str, list[tuple[str, str]], list[str]]:
    r"""A tree in LaTeX, and what it assumes; where it is long, with names for what it has several times.

    Returns
    -------
    formula : str
    definitions : list of (name, formula)
        In an order in which each uses only those before it.
    assumptions : list of str

    Examples
    --------
    >>> import numpy as np
    >>> x = Symbol("x", 0.5)
    >>> s = np.sqrt(1 + np.square(x) + np.sin(x) * np.cos(x) + np.log(x))
    >>> latex_with_names((s - x) / (s + x) * np.exp(s / x))
    ('\\frac{A - x}{A + x} e^{\\frac{A}{x}}', [('A', '\\sqrt{1 + x^2 + (\\sin x) \\cos x + \\log x}')], [])
    """
    writer = Writer(sizes)
    text = writer.number(tree)[0]
    if len(text) > LONG:
        writer = Writer(sizes, writer.alike, _repeated(tree, writer))
        text = writer.number(tree)[0]
    return text, writer.definitions, [_assumed(writer, assumption) for assumption in assumptions]


def _assumed(writer: Writer, assumption: Assumption) -> str:
    tree, value = assumption
    while made_by(tree, "all" if np.all(value) else "any"):  # what holds for an array, holds for its elements
        (tree,) = tree.args
    text, level = writer.truth(tree)
    if tree.dtype != bool:
        return f"{text} = {writer.number(value)[0]}"
    if np.all(value):
        return text
    if not np.any(value):
        return _negated(writer, tree)[0]
    return rf"{text if level > LOGIC else f'({text})'} \iff {constant(value, writer.sizes, truth=True)[0]}"


def _negated(writer: Writer, x: Any) -> tuple[str, int]:
    """That a condition does not hold."""
    x = seen_through(x) if isinstance(x, Symbol) else ~np.asarray(x)
    if not isinstance(x, Symbol):
        return writer.truth(x)
    name = name_of(x.of)
    if name in _OPPOSITES:
        return writer.truth(_OPPOSITES[name](*x.args))
    if name in ("bitwise_invert", "logical_not"):
        return writer.truth(x.args[0])
    if name in ("any", "getitem"):
        return _negated(writer, x.args[0])
    if name in ("bitwise_and", "logical_and"):
        (places,) = [a for a in x.args if not isinstance(a, Symbol)] or [None]
        if places is not None:
            (rest,) = [a for a in x.args if isinstance(a, Symbol)]
            return rf"{_negated(writer, rest)[0]} \text{{ for }} {writer.truth(places)[0]}", LOGIC
    if name in ("bitwise_and", "logical_and", "bitwise_or", "logical_or"):
        parts = [_negated(writer, a) for a in x.args]
        sign = r" \lor " if name.endswith("and") else r" \land "
        return sign.join(text if level > LOGIC else f"({text})" for text, level in parts), LOGIC
    text, level = writer.truth(x)
    return rf"\lnot {text if level == ATOM else f'({text})'}", LOGIC


_OPPOSITES: dict[str, Callable[..., Any]] = {
    "equal": operator.ne,
    "not_equal": operator.eq,
    "less": operator.ge,
    "less_equal": operator.gt,
    "greater": operator.le,
    "greater_equal": operator.lt,
}


class Writer:
    """Writes trees; what it wrote once, it knows.

    Parameters
    ----------
    sizes : mapping, optional
        Letters for numbers that are lengths of the example's axes.
    named : collection, optional
        The trees that get letters, by the number that `alike` gives them.
    """

    def __init__(
        self,
        sizes: Mapping[int, str] | None = None,
        alike: Likeness | None = None,
        named: Collection[int] = (),
    ) -> None:
        self.sizes = sizes or {}
        self.alike = alike or Likeness()
        self.named = named
        #: What the letters stand for, each with those before it.
        self.definitions: list[tuple[str, str]] = []
        self._written: dict[int, tuple[str, int]] = {}

    def number(self, x: Any) -> tuple[str, int]:
        """Something as a number, and how tightly it holds together; a truth value is put in brackets."""
        if not isinstance(x, Symbol):
            return constant(x, self.sizes)
        x = seen_through(x)
        text, level = self._tree(x)
        if x.dtype == bool and level < ATOM:
            return f"[{text}]", ATOM
        return text, level

    def truth(self, x: Any) -> tuple[str, int]:
        """Something as a truth value."""
        return self._tree(seen_through(x)) if isinstance(x, Symbol) else constant(x, self.sizes, truth=True)

    def within(self, x: Any, needs: int, *, followed: bool = False, truth: bool = False) -> str:
        """Something in a place that needs so much holding together."""
        text, level = (self.truth if truth else self.number)(x)
        return parenthesised(text) if level < needs or (followed and level == PREFIX) else text

    def base(self, x: Any) -> str:
        """Something that gets an exponent."""
        return self.within(x, ATOM)

    def term(self, x: Any) -> tuple[bool, str, int]:
        """Something in a sum: whether its sign is a minus, and the rest."""
        text, level = self.number(x)
        single = not isinstance(x, Symbol) or name_of(seen_through(x).of) in ("negative", "multiply", "divide")
        if text.startswith("-") and single:
            return True, text[1:], max(level, PRODUCT)
        return False, text, level

    def _tree(self, x: Symbol) -> tuple[str, int]:
        key = self.alike(x)
        if key not in self._written:
            text, level = self._node(x)
            if key in self.named:
                letter = _LETTERS[len(self.definitions)]
                self.definitions.append((letter, text))
                text, level = letter, ATOM
            self._written[key] = text, level
        return self._written[key]

    def _node(self, x: Symbol) -> tuple[str, int]:
        if isinstance(x, Written):
            return x.name, x.level
        if x.of is None:
            return x.name, POWER if "^" in x.name else ATOM
        name = name_of(x.of)
        special = FORMS.get(name)
        written = special(self, x) if special is not None else None
        if written is not None:
            return written
        if isinstance(x.of, Op):
            return self._by_template(x, x.of)
        given = ", ".join(self.number(a)[0] for a in x.args if isinstance(a, (Symbol, np.ndarray)))
        return rf"\operatorname{{{escaped(name)}}}({given})", ATOM

    def _by_template(self, x: Symbol, op: Op) -> tuple[str, int]:
        op = _ON_TRUTHS.get(op.name, op) if x.dtype == bool else op
        cut = template(op.tex, frozenset(name for name in x.params if len(name) == 1))
        slots = {item.slot for item in cut.items}
        if len(x.args) > 1 and 2 not in slots and op.tex.endswith("(#1)"):
            given = ", ".join(self.number(a)[0] for a in x.args)
            return op.tex.replace("#1", given), ATOM
        if op.tex == "#1":
            return self.truth(x.args[0]) if x.dtype == bool else self.number(x.args[0])
        out = ""
        for item, after in zip(cut.items, (*cut.items[1:], None), strict=True):
            if isinstance(item.slot, str):
                text = self.within(x.params[item.slot], item.needs, followed=item.followed)
                out += f"{{{text}}}" if out.endswith(("_", "^")) else text
            elif item.slot:
                arg = x.args[item.slot - 1]
                negative, text, _ = self.term(arg)
                if negative and out.endswith("+ ") and item.needs <= SUM:
                    out = f"{out[:-2]}- {text}"
                else:
                    text = self.within(arg, item.needs, followed=item.followed, truth=op.name in _OF_TRUTHS)
                    twice = after is not None and after.text == "_" and "_" in text and not text.endswith(")")
                    misread = item.needs == POWER and _may_be_misread(text)
                    out += parenthesised(text) if twice or misread else text
            else:
                out += item.text
        return out, cut.level


def _repeated(tree: Any, writer: Writer) -> set[int]:
    """What is long and what a tree has several times, by the number that tells trees apart."""
    uses: dict[int, int] = {}
    long: list[int] = []

    def visit(x: Symbol) -> None:
        for y in flat((*x.args, *x.params.values())):
            if not isinstance(y, Symbol) or y.of is None:
                continue
            inner = seen_through(y)
            key = writer.alike(inner)
            uses[key] = uses.get(key, 0) + 1
            if uses[key] == 1 and inner.of is not None:
                visit(inner)
                if not isinstance(inner.value, tuple) and len(writer.number(inner)[0]) >= _SHORT:
                    long.append(key)

    if isinstance(tree, Symbol):
        visit(tree)
    return {key for key in long if uses[key] > 1}


def _may_be_misread(text: str) -> bool:
    """Whether a function written in front would seem to be of the first part alone, or of another function."""
    return starts_with_function(text) or (text.startswith(("(", r"\left(")) and text[-1] not in ")")


#: Operations on truth values.
_OF_TRUTHS = {"logical_and", "logical_or", "logical_xor", "logical_not", "all", "any"}
_ON_TRUTHS = {
    "bitwise_and": table["logical_and"],
    "bitwise_or": table["logical_or"],
    "bitwise_xor": table["logical_xor"],
    "bitwise_invert": table["logical_not"],
}
_LETTERS = [letter + "'" * primes for primes in range(9) for letter in "ABCDEFGHKLMNOPQRSTUVWXYZ"]
