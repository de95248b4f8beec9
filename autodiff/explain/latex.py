r"""Trees as LaTeX: every operation by its row's `tex`, with the parentheses it needs; common ones as people write them.

Shapes are left to the reader: a value that is broadcast, or gets an axis of length 1, is written as it is.  A truth
value in arithmetic is written in Iverson's brackets, :math:`[x > 0]`, which are 1 or 0.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from fractions import Fraction
from math import log, pi, sqrt
from typing import Any

import numpy as np

from autodiff.explain.likeness import Likeness
from autodiff.explain.simplify import made_by
from autodiff.explain.symbols import Assumption, Symbol, name_of
from autodiff.explain.templates import (
    ATOM,
    LOGIC,
    POWER,
    PREFIX,
    PRODUCT,
    RELATION,
    SUM,
    starts_with_function,
    template,
)
from autodiff.op import Op, table

#: Where a formula gets longer than this, what it has several times gets a name.
LONG = 120
#: The least that is worth a name.
_SHORT = 24

_EPSILON = float(np.finfo(np.float64).eps)
_CONSTANTS = {
    sqrt(_EPSILON): r"\sqrt{\varepsilon}",
    pi: r"\pi",
    log(2.0): r"\ln 2",
    log(10.0): r"\ln 10",
    180 / pi: r"\frac{180}{\pi}",
    pi / 180: r"\frac{\pi}{180}",
    sqrt(pi): r"\sqrt{\pi}",
    sqrt(2.0): r"\sqrt{2}",
    sqrt(0.5): r"\frac{1}{\sqrt{2}}",
    2 / sqrt(pi): r"\frac{2}{\sqrt{\pi}}",
    sqrt(pi) / 2: r"\frac{\sqrt{\pi}}{2}",
    sqrt(2 / pi): r"\sqrt{\frac{2}{\pi}}",
    sqrt(2 * pi): r"\sqrt{2 \pi}",
    1 / sqrt(2 * pi): r"\frac{1}{\sqrt{2 \pi}}",
    0.5 * log(2 * pi): r"\frac{\ln 2 \pi}{2}",
}


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
    return rf"{text if level > LOGIC else f'({text})'} \iff {writer.constant(value, truth=True)[0]}"


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


def figure(x: float) -> tuple[str, int]:
    """A number as it is written, and how tightly that holds together.

    Examples
    --------
    >>> [figure(x)[0] for x in (2.0, -0.5, 1e-12, 0.044715, float("inf"))]
    ['2', '-\\\\frac{1}{2}', '10^{-12}', '0.044715', '\\\\infty']
    """
    if x != x:
        return r"\mathrm{NaN}", ATOM
    if x < 0:
        return f"-{figure(-x)[0]}", SUM
    if x == np.inf:
        return r"\infty", ATOM
    if x == int(x) and x < 1e6:
        return str(int(x)), ATOM
    if (times := x / _EPSILON) < 1000 and times == int(times):
        return (r"\varepsilon", ATOM) if times == 1 else (rf"{int(times)} \varepsilon", PRODUCT)
    for value, text in _CONSTANTS.items():
        if abs(x - value) <= 1e-15 * value:
            return text, PREFIX if text.startswith(r"\ln") else POWER if text.startswith(r"\frac") else ATOM
    fraction = Fraction(x).limit_denominator(12)
    if fraction and fraction.denominator > 1 and abs(float(fraction) - x) <= 1e-15 * x:
        return rf"\frac{{{fraction.numerator}}}{{{fraction.denominator}}}", POWER
    digits = f"{x:.6g}"
    mantissa, exponential, exponent = digits.partition("e")
    if not exponential:
        return digits, ATOM
    power = f"10^{{{int(exponent)}}}"
    return (power, POWER) if mantissa == "1" else (rf"{mantissa} \cdot {power}", PRODUCT)


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
            return self.constant(x)
        x = seen_through(x)
        text, level = self._tree(x)
        if x.dtype == bool and level < ATOM:
            return f"[{text}]", ATOM
        return text, level

    def truth(self, x: Any) -> tuple[str, int]:
        """Something as a truth value."""
        return self._tree(seen_through(x)) if isinstance(x, Symbol) else self.constant(x, truth=True)

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
        if x.of is None:
            return x.name, POWER if "^" in x.name else ATOM
        name = name_of(x.of)
        special = _SPECIAL.get(name)
        written = special(self, x) if special is not None else None
        if written is not None:
            return written
        if isinstance(x.of, Op):
            return self._by_template(x, x.of)
        given = ", ".join(self.number(a)[0] for a in x.args if isinstance(a, (Symbol, np.ndarray)))
        return rf"\operatorname{{{_escaped(name)}}}({given})", ATOM

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
        for item in cut.items:
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
                    out += parenthesised(text) if item.needs == POWER and _may_be_misread(text) else text
            else:
                out += item.text
        return out, cut.level

    def constant(self, x: Any, truth: bool = False) -> tuple[str, int]:
        """A number, or an array of numbers."""
        if x is None:
            return r"\cdot", ATOM
        array = np.asarray(x)
        if array.dtype.kind not in "biufc":
            return rf"\text{{{_escaped(str(x))}}}", ATOM
        if _is_one_number(array):
            return _scalar(array.flat[0], self.sizes)
        if array.ndim >= 2 and (parts := _by_triangle(array)) is not None:
            return _in_triangles(parts, truth)
        if array.ndim == 1 and np.array_equal(array, np.arange(array.size)):
            return "i", ATOM
        if array.dtype == bool:
            return r"\text{mask}", ATOM
        shown = ", ".join(_scalar(v, self.sizes)[0] for v in array.flat[:6])
        return f"({shown}" + (r", \dots)" if array.size > 6 else ")"), ATOM


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


def _is_one_number(array: Any) -> bool:
    return bool(array.size and (np.all(array == array.flat[0]) or (array.dtype.kind == "f" and np.isnan(array).all())))


def _scalar(v: Any, sizes: Mapping[int, str]) -> tuple[str, int]:
    if np.iscomplexobj(v) and v.imag:
        imaginary = {1.0: "i", -1.0: "-i"}.get(v.imag) or f"{figure(v.imag)[0]} i"
        return (
            (imaginary, PRODUCT if v.imag > 0 else SUM) if v.real == 0 else (f"{figure(v.real)[0]} + {imaginary}", SUM)
        )
    number = float(v.real)
    return (sizes[int(number)], ATOM) if number in sizes else figure(number)


def _by_triangle(array: Any) -> tuple[Any, Any, Any] | None:
    """The one number below, on and above the diagonal; None if there is more than one."""
    i, j = np.indices(array.shape[-2:])
    parts = [array[..., where] for where in (i > j, i == j, i < j)]
    if array.shape[-1] < 2 or any(part.size == 0 or np.any(part != part.flat[0]) for part in parts):
        return None
    below, on, above = (part.flat[0] for part in parts)
    return below, on, above


def _in_triangles(parts: tuple[Any, Any, Any], truth: bool) -> tuple[str, int]:
    """A matrix that is one number below, on and above its diagonal."""
    signs: dict[tuple[float, ...], str]
    signs = {(0, 1, 0): "=", (1, 1, 0): r"\ge", (0, 1, 1): r"\le", (1, 0, 0): ">", (0, 0, 1): "<", (1, 0, 1): r"\ne"}
    numbers = tuple(float(p) for p in parts)
    if numbers in signs:
        if truth:
            return f"i {signs[numbers]} j", RELATION
        return ("I", ATOM) if numbers == (0, 1, 0) else (f"[i {signs[numbers]} j]", ATOM)
    rows = (f"{figure(n)[0]} & i {sign} j" for n, sign in zip(numbers, (">", "=", "<"), strict=True))
    return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}", RELATION


def _escaped(text: str) -> str:
    return re.sub(r"([_#%&${}])", r"\\\1", text)


def _may_be_misread(text: str) -> bool:
    """Whether a function written in front would seem to be of the first part alone, or of another function."""
    return starts_with_function(text) or (text.startswith(("(", r"\left(")) and text[-1] not in ")")


def parenthesised(text: str) -> str:
    """In parentheses, as high as what is in them."""
    return rf"\left( {text} \right)" if r"\frac" in text or r"\begin" in text else f"({text})"


def flat(x: Any) -> list[Any]:
    """What is in lists and tuples, and in those inside them."""
    return [leaf for part in x for leaf in flat(part)] if isinstance(x, (list, tuple)) else [x]


#: Operations on truth values.
_OF_TRUTHS = {"logical_and", "logical_or", "logical_xor", "logical_not", "all", "any"}
_ON_TRUTHS = {
    "bitwise_and": table["logical_and"],
    "bitwise_or": table["logical_or"],
    "bitwise_xor": table["logical_xor"],
    "bitwise_invert": table["logical_not"],
}
_LETTERS = [letter + "'" * primes for primes in range(9) for letter in "ABCDEFGHKLMNOPQRSTUVWXYZ"]


def seen_through(x: Symbol) -> Symbol:
    """What is written in its place: the same numbers without a change of type, or of axes of length 1."""
    while isinstance(x.of, Op) and isinstance(x.args[0], Symbol):
        name, inner = x.of.name, x.args[0]
        same = name in ("broadcast_to", "expand_dims", "squeeze", "within", "stop_gradient")
        if name == "astype":
            same = (inner.dtype == bool) == (x.dtype == bool)
        elif name == "reshape":
            same = [n for n in x.shape if n != 1] == [n for n in inner.shape if n != 1]
        elif name == "getitem":
            same = _new_axes(x.params["key"]) and inner.ndim == 0
        if not same:
            break
        x = inner
    return x


def _new_axes(key: Any) -> bool:
    return isinstance(key, tuple) and all(part is None or part is ... for part in key)


# Operations that are written in a way of their own; None leaves one to its template


def _sum_of_two(writer: Writer, x: Symbol) -> tuple[str, int]:
    return _with_sign(writer, x, False)


def _difference(writer: Writer, x: Symbol) -> tuple[str, int]:
    return _with_sign(writer, x, True)


def _with_sign(writer: Writer, x: Symbol, minus: bool) -> tuple[str, int]:
    a, b = x.args
    negative, text, level = writer.term(b)
    minus = minus != negative
    loose = text.startswith("-") or level < (PRODUCT if minus else SUM)
    return f"{writer.within(a, SUM)} {'-' if minus else '+'} {parenthesised(text) if loose else text}", SUM


def _factors(writer: Writer, x: Any) -> list[Any]:
    """The factors of a product of products."""
    x = seen_through(x) if isinstance(x, Symbol) else x
    if made_by(x, "multiply") and writer.alike(x) not in writer.named:
        return [*_factors(writer, x.args[0]), *_factors(writer, x.args[1])]
    return [x]


def _product(writer: Writer, x: Symbol) -> tuple[str, int]:
    alike: dict[int, list[Any]] = {}
    for factor in (f for arg in x.args for f in _factors(writer, arg)):
        alike.setdefault(writer.alike(factor), []).append(factor)
    minus = False
    numbers: list[tuple[str, int]] = []
    scalars: list[tuple[str, int]] = []
    arrays: list[tuple[str, int]] = []
    for factors in alike.values():
        one = factors[0]
        negative, text, level = writer.term(one)
        if len(factors) > 1:
            negative, text, level = False, _power_of(writer.base(one), str(len(factors))), POWER
        minus ^= negative
        constant = not isinstance(one, Symbol) and _is_one_number(np.asarray(one))
        (numbers if constant else arrays if np.ndim(one) else scalars).append((text, level))
    numbers = [n for n in numbers if n[0] != "1"] or numbers[: not (scalars or arrays)]
    groups = [side_by_side(part, between) for part, between in ((numbers, r" \cdot "), (arrays, r" \odot ")) if part]
    groups[len(numbers) > 0 : len(numbers) > 0] = scalars
    text, level = side_by_side(groups)
    return (f"-{text}", SUM) if minus else (text, level)


def _power_of(base: str, exponent: str) -> str:
    return f"{base}^{exponent}" if len(exponent) == 1 else f"{base}^{{{exponent}}}"


def side_by_side(factors: list[tuple[str, int]], between: str = "") -> tuple[str, int]:
    """A product of what is written already, with a sign between the factors or none."""
    if len(factors) == 1:
        return factors[0]
    if not between:  # what would swallow the next factor comes last
        factors = sorted(factors, key=lambda factor: factor[1] == PREFIX)
    out = ""
    for i, (text, level) in enumerate(factors):
        loose = level == PRODUCT if between else level == PREFIX and i < len(factors) - 1
        if level < PRODUCT or loose:
            text = parenthesised(text)
        if between or text[0].isdigit():
            sign = between or r" \cdot "
        else:
            after_number = i == 1 and re.match(r"[\d.]+$|\\frac|\\sqrt", out)
            brackets = text.startswith(("(", "[", r"\left")) or out.endswith((")", "]"))
            sign = " " if brackets or after_number else r" \, "
        out += (sign if i else "") + text
    return out, PRODUCT


def _fraction(writer: Writer, x: Symbol) -> tuple[str, int]:
    a, b = x.args
    minus, above, _ = writer.term(a)
    below = writer.number(b)
    if not isinstance(a, Symbol) and (halves := re.fullmatch(r"\\frac{(\d+)}{(\d+)}", above)):
        above, below = halves[1], side_by_side([(halves[2], ATOM), below])
    return (rf"-\frac{{{above}}}{{{below[0]}}}", SUM) if minus else (rf"\frac{{{above}}}{{{below[0]}}}", POWER)


def _matrix_product(writer: Writer, x: Symbol) -> tuple[str, int]:
    texts = []
    for i, a in enumerate(x.args):
        text, level = writer.number(a)
        loose = (
            level < PRODUCT or (level == PRODUCT and not _is_matrix_product(writer, a)) or (level == PREFIX and not i)
        )
        texts.append(parenthesised(text) if loose else text)
    return r" \, ".join(texts), PRODUCT


def _is_matrix_product(writer: Writer, x: Any) -> bool:
    """Whether something is written as matrices side by side."""
    return isinstance(x, Symbol) and any(made_by(seen_through(x), name) for name in ("matmul", "solve"))


def _inverted(writer: Writer, x: Any) -> str:
    inner = seen_through(x) if isinstance(x, Symbol) else x
    if made_by(inner, "permute_dims") and (transposed := _transposed(writer, inner)) is not None:
        return transposed[0].replace(r"^{\top}", r"^{-\top}")
    return f"{writer.base(x)}^{{-1}}"


def _inverse(writer: Writer, x: Symbol) -> tuple[str, int]:
    return _inverted(writer, x.args[0]), POWER


def _solution(writer: Writer, x: Symbol) -> tuple[str, int]:
    right, level = writer.number(x.args[1])
    loose = level < PRODUCT or (level == PRODUCT and not _is_matrix_product(writer, x.args[1]))
    return rf"{_inverted(writer, x.args[0])} \, {parenthesised(right) if loose else right}", PRODUCT


def _cases(writer: Writer, x: Symbol) -> tuple[str, int]:
    rows = []
    rest: Any = x
    while made_by(rest, "where") and (rest is x or writer.alike(rest) not in writer.named):
        where, this, rest = rest.args
        rows.append(f"{writer.number(this)[0]} & {writer.truth(where)[0]}")
        rest = seen_through(rest) if isinstance(rest, Symbol) else rest
    rows.append(rf"{writer.number(rest)[0]} & \text{{otherwise}}")
    return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}", RELATION


def _transposed(writer: Writer, x: Symbol) -> tuple[str, int] | None:
    (inner,) = x.args
    axes = x.params["axes"] or tuple(range(x.ndim))[::-1]
    if list(axes) != [*range(x.ndim - 2), x.ndim - 1, x.ndim - 2]:
        return None
    return rf"{writer.base(inner)}^{{\top}}", POWER


def _over_axes(writer: Writer, x: Symbol) -> tuple[str, int] | None:
    axis = x.params.get("axis")
    (inner,) = x.args[:1]
    axes = axis if isinstance(axis, tuple) else (axis,)
    below = "" if axis is None or len(axes) == inner.ndim else rf"_{{\text{{axis }} {', '.join(map(str, axes))}}}"
    return rf"\sum{below} {writer.within(inner, PRODUCT)}", PREFIX


def _element(writer: Writer, x: Symbol) -> tuple[str, int]:
    text = writer.within(x.args[0], ATOM)
    text = f"({text})" if "_" in text and not text.endswith(")") else text
    key = x.params["key"]
    parts = key if isinstance(key, tuple) else (key,)
    if all(part is None or part is ... or (isinstance(part, slice) and part == slice(None)) for part in parts):
        ends = parts[-2:]
        if x.ndim >= 2 and len(ends) == 2 and (ends[0] is None) != (ends[1] is None):  # along rows, or along columns
            return f"{text}_{'j' if ends[0] is None else 'i'}", POWER
    return rf"{text}_{{[{_index(writer, key)}]}}", POWER


def _index(writer: Writer, key: Any) -> str:
    if isinstance(key, tuple):
        return r",\, ".join(_index(writer, part) for part in key) or r"\,"
    if isinstance(key, slice):
        ends = ["" if end is None else _index(writer, end) for end in (key.start, key.stop)]
        return ":".join(ends) + ("" if key.step in (None, 1) else f":{_index(writer, key.step)}")
    if key is None or key is ...:
        return r"\mathrm{new}" if key is None else r"\dots"
    return writer.number(key)[0]


def _taken(writer: Writer, x: Symbol) -> tuple[str, int]:
    return rf"{writer.within(x.args[0], ATOM)}_{{[{writer.number(x.args[1])[0]}]}}", POWER


def _one_of_several(writer: Writer, x: Symbol) -> tuple[str, int]:
    return rf"({writer.number(x.args[0])[0]})_{x.params['index'] + 1}", POWER


def _scattered(writer: Writer, x: Symbol) -> tuple[str, int]:
    return rf"\operatorname{{scatter}}_{{[{_index(writer, x.params['key'])}]}}({writer.number(x.args[0])[0]})", ATOM


def _summed_products(writer: Writer, x: Symbol) -> tuple[str, int]:
    terms, result = x.params["terms"], x.params["result"]
    factors = []
    for a, term in zip(x.args, terms, strict=True):
        text, level = writer.number(a)
        text = parenthesised(text) if level < ATOM or "_" in text else text
        factors.append(rf"{text}_{{{term}}}" if term else text)
    summed = "".join(sorted(set("".join(terms)) - set(result)))
    total = rf"\sum_{{{summed}}} " if summed else ""
    return total + r" \, ".join(factors), PREFIX if summed else PRODUCT


def _listed(writer: Writer, x: Symbol) -> tuple[str, int]:
    return f"[{', '.join(writer.number(a)[0] for a in x.args)}]", ATOM


def _conjugated(writer: Writer, x: Symbol) -> tuple[str, int] | None:
    inner = x.args[0]
    if made_by(inner, "permute_dims") and (transposed := _transposed(writer, inner)) is not None:
        return transposed[0].replace(r"^{\top}", r"^{\mathsf H}"), POWER
    return None


_SPECIAL: dict[str, Callable[[Writer, Symbol], tuple[str, int] | None]] = {
    "add": _sum_of_two,
    "subtract": _difference,
    "inv": _inverse,
    "solve": _solution,
    "take_along_axis": _taken,
    "part": _one_of_several,
    "multiply": _product,
    "divide": _fraction,
    "matmul": _matrix_product,
    "where": _cases,
    "permute_dims": _transposed,
    "sum": _over_axes,
    "getitem": _element,
    "scatter": _scattered,
    "einsum_explicit": _summed_products,
    "concatenated": _listed,
    "stacked": _listed,
    "conj": _conjugated,
}
