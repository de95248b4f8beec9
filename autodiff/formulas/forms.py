"""The common operations as people write them: sums, fractions, powers, matrices side by side, cases, indices.

Each function takes a writer (see :class:`autodiff.formulas.latex.Writer`) and a result of its operation, and gives the
formula and how tightly it holds together; None leaves the operation to its row's `tex`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.formulas.figures import is_one_number
from autodiff.formulas.simplify import made_by
from autodiff.formulas.symbols import Symbol
from autodiff.formulas.templates import ATOM, POWER, PREFIX, PRODUCT, RELATION, SUM
from autodiff.op import Op

if TYPE_CHECKING:
    from autodiff.formulas.latex import Writer


def parenthesised(text: str) -> str:
    """In parentheses, as high as what is in them."""
    return rf"\left( {text} \right)" if r"\frac" in text or r"\begin" in text else f"({text})"


def flat(x: Any) -> list[Any]:
    """What is in lists and tuples, and in those inside them."""
    return [leaf for part in x for leaf in flat(part)] if isinstance(x, (list, tuple)) else [x]


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
        constant = not isinstance(one, Symbol) and is_one_number(np.asarray(one))
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
    """Factors side by side; a vector is a column, so that what multiplies it from the right is transposed before it."""
    a, b = x.args
    if np.ndim(a) == 1 and np.ndim(b) == 2:
        factors = [(_flipped(writer, b), POWER), _factor(writer, a)]
        order = [b, a]
    elif np.ndim(a) == np.ndim(b) == 1:
        factors, order = [(_flipped(writer, a), POWER), _factor(writer, b)], [a, b]
    else:
        factors, order = [_factor(writer, a), _factor(writer, b)], [a, b]
    texts = []
    for i, (text, level) in enumerate(factors):
        loose = (
            level < PRODUCT
            or (level == PRODUCT and not _is_matrix_product(writer, order[i]))
            or (level == PREFIX and not i)
        )
        texts.append(parenthesised(text) if loose else text)
    return r" \, ".join(texts), PRODUCT


def _factor(writer: Writer, x: Any) -> tuple[str, int]:
    """A matrix in a product; one that is a vector with a new axis, as the column or the row that it is."""
    vector = x
    while np.ndim(vector) == 2 and any(
        made_by(vector, name) for name in ("reshape", "expand_dims", "permute_dims", "getitem")
    ):
        if vector.size != np.size(vector.args[0]) or max(vector.shape) != vector.size:
            break
        vector = vector.args[0]
    if vector is x or np.ndim(vector) != 1:
        return writer.number(x)
    return writer.number(vector) if x.shape[1] == 1 else (rf"{writer.base(vector)}^{{\top}}", POWER)


def _flipped(writer: Writer, x: Any) -> str:
    """A matrix, or a column, transposed."""
    if made_by(x, "permute_dims") and _transposed(writer, x) is not None:
        return writer.base(x.args[0])
    return rf"{writer.base(x)}^{{\top}}"


def _affine(writer: Writer, x: Symbol) -> tuple[str, int] | None:
    """A weight matrix times a column, by the row's own `tex`; of samples in rows, their product with its transpose."""
    samples, weight, bias = x.args
    if np.ndim(samples) < 2:
        return None
    text, level = writer.number(samples)
    loose = level < PRODUCT or (level == PRODUCT and not _is_matrix_product(writer, samples))
    return rf"{parenthesised(text) if loose else text} \, {_flipped(writer, weight)} + {writer.within(bias, SUM)}", SUM


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


#: The operations that are written in a way of their own.
FORMS: dict[str, Callable[[Writer, Symbol], tuple[str, int] | None]] = {
    "add": _sum_of_two,
    "subtract": _difference,
    "inv": _inverse,
    "solve": _solution,
    "take_along_axis": _taken,
    "part": _one_of_several,
    "multiply": _product,
    "divide": _fraction,
    "matmul": _matrix_product,
    "affine": _affine,
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
