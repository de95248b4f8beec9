r"""Trees as LaTeX: every operation by its row's `tex`, with the parentheses it needs; the common ones as people write them.

Shapes are left to the reader: a value that is broadcast, or gets an axis of length 1, is written as it is.  A truth
value in arithmetic is written in Iverson's brackets, :math:`[x > 0]`, which are 1 or 0.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import log, pi, sqrt
from typing import Any

import numpy as np

from autodiff.explain.simplify import made_by
from autodiff.explain.symbols import Symbol, name_of
from autodiff.explain.templates import ATOM, POWER, PREFIX, PRODUCT, SUM, template
from autodiff.op import Op

#: Where a formula gets longer than this, what it has several times gets a name.
LONG = 120
#: The least that is worth a name.
_SHORT = 24

_CONSTANTS = {
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


def latex_with_names(tree: Any, sizes: Mapping[int, str] | None = None) -> tuple[str, list[tuple[str, str]]]:
    r"""A tree in LaTeX; where it is long, with names for what it has several times.

    Returns
    -------
    formula : str
    definitions : list of (name, formula)
        In an order in which each uses only those before it.

    Examples
    --------
    >>> import numpy as np
    >>> x = Symbol("x", 0.5)
    >>> s = np.sqrt(1 + np.square(x) + np.sin(x) * np.cos(x) + np.log(x))
    >>> latex_with_names((s - x) / (s + x) * np.exp(s / x))
    ('\\frac{A - x}{A + x} \\, e^{\\frac{A}{x}}', [('A', '\\sqrt{1 + x^2 + (\\sin x) \\cos x + \\log x}')])
    """
    plain = Writer(sizes)
    text = plain.number(tree)[0]
    if len(text) <= LONG:
        return text, []
    writer = Writer(sizes, plain.repeated(tree))
    return writer.number(tree)[0], writer.definitions


def condition(tree: Any, sizes: Mapping[int, str] | None = None) -> str:
    """A truth value in LaTeX, not in brackets."""
    return Writer(sizes).truth(tree)[0]


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
    for value, text in _CONSTANTS.items():
        if abs(x - value) <= 1e-15 * value:
            return text, PREFIX if text.startswith(r"\ln") else POWER if text.startswith(r"\frac") else ATOM
    fraction = Fraction(x).limit_denominator(12)
    if fraction and abs(float(fraction) - x) <= 1e-15 * x:
        return rf"\frac{{{fraction.numerator}}}{{{fraction.denominator}}}", POWER
    digits = f"{x:.6g}"
    mantissa, exponential, exponent = digits.partition("e")
    if not exponential:
        return digits, ATOM
    power = f"10^{{{int(exponent)}}}"
    return (power, POWER) if mantissa == "1" else (rf"{mantissa} \cdot {power}", PRODUCT)


class Writer:
    """Writes trees; what it wrote once, it knows."""

    def __init__(self, sizes: Mapping[int, str] | None = None, names: Mapping[int, str] | None = None) -> None:
        self.sizes = sizes or {}
        self.names = dict(names or {})
        self.definitions: list[tuple[str, str]] = []
        self._written: dict[int, tuple[str, int]] = {}
        self._numbers: dict[Any, int] = {}
        self._same: dict[int, tuple[Any, int]] = {}

    # What is the same

    def same(self, x: Any) -> int:
        """A number for a tree, which equal trees have in common."""
        if not isinstance(x, Symbol):
            key: Any = ("number", np.shape(x), np.asarray(x).dtype.str, np.asarray(x).tobytes())
            if np.asarray(x).dtype.kind == "O":
                key = ("value", repr(x))
            return self._numbers.setdefault(key, len(self._numbers))
        if id(x) not in self._same:
            if x.of is None:
                key = ("name", id(x))
            else:
                params = tuple(sorted((k, self._of_parameter(v)) for k, v in x.params.items()))
                key = (name_of(x.of), tuple(map(self.same, x.args)), params)
            self._same[id(x)] = x, self._numbers.setdefault(key, len(self._numbers))
        return self._same[id(x)][1]

    def _of_parameter(self, x: Any) -> str:
        if isinstance(x, (list, tuple)):
            return f"({', '.join(map(self._of_parameter, x))})"
        return f"#{self.same(x)}" if isinstance(x, Symbol) else repr(x)

    def repeated(self, tree: Any) -> dict[int, str]:
        """Names for what a tree has several times, and is long."""
        uses: dict[int, int] = {}
        texts: dict[int, str] = {}
        order: list[int] = []

        def visit(x: Any) -> None:
            for y in _flat((*x.args, *x.params.values())):
                if not isinstance(y, Symbol) or y.of is None or isinstance(y.value, tuple):
                    continue
                inner, key = _seen_through(y), self.same(_seen_through(y))
                uses[key] = uses.get(key, 0) + 1
                if uses[key] == 1:
                    visit(inner)
                    texts[key] = self.number(inner)[0]
                    order.append(key)

        if isinstance(tree, Symbol):
            visit(tree)
        chosen = [key for key in order if uses[key] > 1 and len(texts[key]) >= _SHORT]
        return dict(zip(chosen, _letters(), strict=False))

    # Writing

    def number(self, x: Any) -> tuple[str, int]:
        """Something as a number; a truth value in brackets."""
        if isinstance(x, Symbol):
            x = _seen_through(x)
            text, level = self._tree(x)
            return (f"[{text}]", ATOM) if x.dtype == bool and x.of is not None and level < ATOM else (text, level)
        return self._constant(x)

    def truth(self, x: Any) -> tuple[str, int]:
        """Something as a truth value."""
        return self._tree(_seen_through(x)) if isinstance(x, Symbol) else self._constant(x)

    def within(self, x: Any, needs: int, followed: bool = False, truth: bool = False) -> str:
        """Something in a place that needs so much holding together."""
        text, level = (self.truth if truth else self.number)(x)
        if level < needs or (followed and level == PREFIX):
            return f"({text})"
        return text

    def _tree(self, x: Symbol) -> tuple[str, int]:
        if isinstance(x.value, tuple):
            return self._node(x)
        key = self.same(x)
        if key not in self._written:
            text, level = self._node(x)
            if key in self.names:
                self.definitions.append((self.names[key], text))
                text, level = self.names[key], ATOM
            self._written[key] = text, level
        return self._written[key]

    def _node(self, x: Symbol) -> tuple[str, int]:
        if x.of is None:
            return x.name, POWER if re.search(r"[_^]", x.name) else ATOM
        special = _SPECIAL.get(name_of(x.of))
        written = special(self, x) if special is not None else None
        if written is not None:
            return written
        if isinstance(x.of, Op):
            return self._by_template(x, x.of)
        given = ", ".join(self.number(a)[0] for a in x.args if isinstance(a, (Symbol, np.ndarray)))
        return rf"\operatorname{{{name_of(x.of)}}}({given})".replace("_", r"\_"), ATOM

    def _by_template(self, x: Symbol, op: Op) -> tuple[str, int]:
        cut = template(op.tex, frozenset(name for name in x.params if len(name) == 1))
        if not any(item.slot == 2 for item in cut.items) and len(x.args) > 1 and op.tex.endswith("(#1)"):
            given = ", ".join(self.number(a)[0] for a in x.args)
            return op.tex.replace("#1", given), ATOM
        if op.tex == "#1":
            return self._tree(x.args[0]) if x.dtype == bool else self.number(x.args[0])
        truth = op.name in _OF_TRUTHS
        out = []
        for item in cut.items:
            if isinstance(item.slot, str):
                text = self.within(x.params[item.slot], item.needs, item.followed)
                out.append(f"{{{text}}}" if out and out[-1] in ("_", "^") else text)
            elif item.slot:
                out.append(self.within(x.args[item.slot - 1], item.needs, item.followed, truth))
            else:
                out.append(item.text)
        return "".join(out), cut.level

    def _constant(self, x: Any) -> tuple[str, int]:
        if x is None:
            return r"\cdot", ATOM
        array = np.asarray(x)
        if array.dtype == object:
            return rf"\text{{{x}}}", ATOM
        if array.size and np.all(array == array.flat[0]):
            return self._scalar(array.flat[0])
        if array.ndim >= 2 and np.array_equal(array, np.eye(array.shape[-2], array.shape[-1])):
            return "I", ATOM
        shown = r", ".join(self._scalar(v)[0] for v in array.ravel()[:6])
        return f"({shown}" + (r", \dots)" if array.size > 6 else ")"), ATOM

    def _scalar(self, v: Any) -> tuple[str, int]:
        if isinstance(v, (bool, np.bool)):
            return str(int(v)), ATOM
        if v == v and float(np.real(v)) == v and int(np.real(v) if abs(v) < 1e9 else 0) == v and int(v.real) in self.sizes:
            return self.sizes[int(v.real)], ATOM
        if np.iscomplexobj(v):
            if v.real == 0 and abs(v.imag) == 1:
                return ("-i", SUM) if v.imag < 0 else ("i", ATOM)
            return f"{figure(v.real)[0]} + {figure(v.imag)[0]} i", SUM
        return figure(float(v))


def _letters() -> list[str]:
    return [*"ABCDEFGHKLMNOPQRSTUVWXYZ", *(f"A_{{{i}}}" for i in range(1, 100))]


def _flat(x: Any) -> list[Any]:
    return [leaf for part in x for leaf in _flat(part)] if isinstance(x, (list, tuple)) else [x]


#: Operations on truth values.
_OF_TRUTHS = {
    *("logical_and", "logical_or", "logical_xor", "logical_not", "all", "any"),
    *("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_invert"),
}


def _seen_through(x: Symbol) -> Symbol:
    """What is written in its place: the same numbers without a change of type, or of axes of length 1."""
    while isinstance(x.of, Op) and isinstance(x.args[0], Symbol):
        name, inner = x.of.name, x.args[0]
        if name in ("broadcast_to", "expand_dims", "squeeze", "within", "stop_gradient"):
            x = inner
        elif name == "astype" and (inner.dtype == bool) == (x.dtype == bool):
            x = inner
        elif name == "reshape" and [n for n in x.shape if n != 1] == [n for n in inner.shape if n != 1]:
            x = inner
        else:
            break
    return x


# Operations that are written in a way of their own; None leaves one to its template


def _sum_of_two(writer: Writer, x: Symbol) -> tuple[str, int]:
    a, b = x.args
    right, level = writer.number(b)
    loose = right.startswith("-") or level < SUM
    return f"{writer.within(a, SUM)} + {f'({right})' if loose else right}", SUM


def _factors(writer: Writer, x: Any) -> list[Any]:
    """The factors of a product of products."""
    x = _seen_through(x) if isinstance(x, Symbol) else x
    if made_by(x, "multiply") and writer.same(x) not in writer.names:
        return [*_factors(writer, x.args[0]), *_factors(writer, x.args[1])]
    return [x]


def _product(writer: Writer, x: Symbol) -> tuple[str, int]:
    alike: dict[int, list[Any]] = {}
    for factor in (f for arg in x.args for f in _factors(writer, arg)):
        alike.setdefault(writer.same(factor), []).append(factor)
    numbers, scalars, arrays = [], [], []
    for factors in alike.values():
        one = factors[0]
        written = writer.number(one)
        if len(factors) > 1:
            written = f"{{{writer.within(one, ATOM)}}}^{{{len(factors)}}}", POWER
        constant = not isinstance(one, Symbol) and np.size(one) and np.all(np.asarray(one) == np.asarray(one).flat[0])
        (numbers if constant else arrays if np.ndim(one) else scalars).append(written)
    joined = [side_by_side(part, between) for part, between in ((numbers, r" \cdot "), (arrays, r" \odot ")) if part]
    joined[len(numbers) > 0 : 0] = scalars
    return side_by_side(joined)


def side_by_side(factors: list[tuple[str, int]], between: str = "") -> tuple[str, int]:
    """A product of what is written already, with a sign between the factors or none."""
    if len(factors) == 1:
        return factors[0]
    if not between:  # what would swallow the next factor comes last
        factors = sorted(factors, key=lambda factor: factor[1] == PREFIX)
    out = ""
    for i, (text, level) in enumerate(factors):
        if level < PRODUCT or (level == PREFIX and i < len(factors) - 1) or text.endswith(r"\end{cases}"):
            text = f"({text})"
        sign = between or (r" \cdot " if text[0].isdigit() else " " if "(" in (text[0], out[-1:]) else r" \, ")
        out += (sign if i else "") + text
    return out, PRODUCT


def _fraction(writer: Writer, x: Symbol) -> tuple[str, int]:
    return rf"\frac{{{writer.number(x.args[0])[0]}}}{{{writer.number(x.args[1])[0]}}}", POWER


def _matrix_product(writer: Writer, x: Symbol) -> tuple[str, int]:
    texts = []
    for i, a in enumerate(x.args):
        inner = _seen_through(a) if isinstance(a, Symbol) else a
        text, level = writer.number(a)
        chained = made_by(inner, "matmul") and writer.same(inner) not in writer.names
        loose = level < PRODUCT or (level == PRODUCT and not chained) or (level == PREFIX and i == 0)
        texts.append(f"({text})" if loose else text)
    return r" \, ".join(texts), PRODUCT


def _cases(writer: Writer, x: Symbol) -> tuple[str, int]:
    rows = []
    rest: Any = x
    while made_by(rest, "where") and (rest is x or writer.same(rest) not in writer.names):
        where, this, rest = rest.args
        rows.append(f"{writer.number(this)[0]} & {writer.truth(where)[0]}")
        rest = _seen_through(rest) if isinstance(rest, Symbol) else rest
    rows.append(rf"{writer.number(rest)[0]} & \text{{otherwise}}")
    return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}", ATOM


def _transposed(writer: Writer, x: Symbol) -> tuple[str, int] | None:
    (inner,) = x.args
    axes = x.params["axes"] or tuple(range(x.ndim))[::-1]
    if list(axes) != [*range(x.ndim - 2), x.ndim - 1, x.ndim - 2]:
        return None
    return rf"{{{writer.within(inner, ATOM)}}}^{{\top}}", POWER


def _over_axes(writer: Writer, x: Symbol) -> tuple[str, int] | None:
    axis = x.params.get("axis")
    (inner,) = x.args[:1]
    axes = axis if isinstance(axis, tuple) else (axis,)
    below = "" if axis is None or len(axes) == inner.ndim else rf"_{{\text{{axis }} {', '.join(map(str, axes))}}}"
    return rf"\sum{below} {writer.within(inner, PRODUCT)}", PREFIX


def _element(writer: Writer, x: Symbol) -> tuple[str, int]:
    return rf"{{{writer.within(x.args[0], ATOM)}}}_{{[{_index(writer, x.params['key'])}]}}", POWER


def _index(writer: Writer, key: Any) -> str:
    if isinstance(key, tuple):
        return r",\, ".join(_index(writer, part) for part in key) or r"\,"
    if isinstance(key, slice):
        ends = ["" if end is None else _index(writer, end) for end in (key.start, key.stop)]
        return ":".join(ends) + ("" if key.step in (None, 1) else f":{_index(writer, key.step)}")
    if key is None or key is ...:
        return r"\mathrm{new}" if key is None else r"\dots"
    return writer.number(key)[0]


def _scattered(writer: Writer, x: Symbol) -> tuple[str, int]:
    return rf"\operatorname{{scatter}}_{{[{_index(writer, x.params['key'])}]}}({writer.number(x.args[0])[0]})", ATOM


def _summed_products(writer: Writer, x: Symbol) -> tuple[str, int]:
    terms, result = x.params["terms"], x.params["result"]
    factors = []
    for a, term in zip(x.args, terms, strict=True):
        text, level = writer.number(a)
        factors.append(rf"{text}_{{{term}}}" if level == ATOM else rf"({text})_{{{term}}}")
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
