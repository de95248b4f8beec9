"""The page of all operations, docs/operations.md, read off the table: ``python -m autodiff.explain.operations``.

Every formula of a derivative is what the row's rule gives when it is fed with symbols; every other statement about a
derivative is what was found by running it.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from math import pi
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import numpy as np

from autodiff import rules
from autodiff.explain.behaviour import Singular, modes, singular_points
from autodiff.explain.calls import LENGTH, typical_call
from autodiff.explain.generic import generic
from autodiff.explain.latex import assumed, figure, latex, latex_with_names
from autodiff.explain.symbols import Derivative, Fed, Symbol, applied, fed, name_of, names_of
from autodiff.op import Elementwise, Op, numpy_functions, table
from autodiff.operand import _OF_SHAPE

#: Where the page lies in a checkout.
PAGE = Path("docs/operations.md")
#: A formula longer than this stands below its table.
_LONG = 140
_SIZES = {LENGTH: "n"}
#: What is not written inside of a formula, but is where it is all that becomes of a gradient.
_MORE_THAN_SHAPES = {"reshape": "reshape", "broadcast_to": "broadcast", "expand_dims": "reshape", "squeeze": "reshape"}

_HEAD = r"""# Operations

*Generated from the table of operations by `python -m autodiff.explain.operations`: edit the rows in `autodiff/rules/`,
not this page.*

Every operation is one row of the table. Its derivative is written there once, as NumPy code. The formulas below are
that code, fed with symbols in place of arrays; the other columns are what came out of running it.

- $`y`$ is the result and $`x`$ (or $`x_1, x_2, \dots`$) the arguments.
- The derivative of an **elementwise** operation is the partial derivative $`\partial y / \partial x`$ of one element.
  For any other it is the gradient of the argument, given the gradient $`g`$ of the result ($`g_1, g_2, \dots`$ where
  there are several results): the vector $`J^\top g`$.
- $`a \odot b`$ multiplies elements, $`A \, B`$ matrices. $`[x > 0]`$ is 1 where the condition holds, and else 0. Sums,
  products and means run over the reduced axes. Broadcasting is not written out, and is undone by the engine.
- Formulas are those for real arguments, and may be simplified where they hold almost everywhere: a condition after a
  formula says where. $`\varepsilon`$ is the distance from 1 to the next number, $`n`$ the number of elements.
- **At singular points**, where the derivative jumps or is infinite, stands what the rule gives there: for
  elementwise operations the partial derivatives, for others the gradient of the first element of the result. A point is
  looked for among a few (0, ±½, ±1, …, ±3, ±π/2, ties, matrices of rank 0 and 1): an empty cell says that none of these
  is singular.
- **Modes** that were run and compared with differences of the values: **F** forward, **R** reverse, **2** second
  order (the rule differentiated), **C** complex arguments (**C\*** where the loss does not depend on phases that are
  not determined). Outside of the rules the gradient with respect to a complex number has PyTorch's convention:
  $`\partial L / \partial \mathrm{Re}\, z + i \, \partial L / \partial \mathrm{Im}\, z`$.
- *In italics*: rows that have no public name, which the functions below the table are made of.
"""


def page() -> str:
    """The whole page."""
    sections = {_title(family): _section(family) for family in (*rules.families, *_other_modules())}
    sections = {title: section for title, section in sections.items() if section}
    contents = "\n".join(f"- [{title}](#{title.lower().replace(' ', '-')})" for title in sections)
    return "\n".join([_HEAD, contents, "", *sections.values()])


def _other_modules() -> list[ModuleType]:
    """The modules of the table that have functions made of rows, and no rows."""
    names = sorted(module.name for module in iter_modules(rules.__path__))
    modules = [import_module(f"{rules.__name__}.{name}") for name in names]
    return [module for module in modules if module not in rules.families and list(_composites(module))]


def _title(family: ModuleType) -> str:
    name = family.__name__.rpartition(".")[2].replace("_", " ")
    return name.upper() if len(name) == 3 else name.capitalize()


def _section(family: ModuleType) -> str:
    rows = [row for row in vars(family).values() if isinstance(row, Op) and table.get(row.name) is row]
    rows = [row for row in dict.fromkeys(rows) if _home(row) is family]
    lines = [f"## {_title(family)}", "", _sentence(inspect.getdoc(family) or ""), ""]
    if differentiable := [row for row in rows if row.differentiable]:
        lines += ["| operation | NumPy | y | derivative | at singular points | modes |", "| --- " * 6 + "|"]
        below: list[str] = []
        for row in differentiable:
            cells, rest = _row(row)
            lines.append(_cells(cells))
            below += rest
        lines += ["", *below]
    if plain := [row for row in rows if not row.differentiable]:
        lines += ["Without a derivative; the result is plain:", "", "| operation | NumPy | y |", "| --- " * 3 + "|"]
        lines += [_cells([_named(row), _numpy_names(row), _math(_result(row))]) for row in plain]
        lines.append("")
    if composites := list(_composites(family)):
        lines += ["Made of other operations, and differentiable through them:", ""]
        lines += ["| function | NumPy | |", "| --- " * 3 + "|"]
        lines += [_cells([f"`{name}`" if name else "", names, what]) for name, names, what in composites]
        lines.append("")
    return "\n".join(lines) if len(lines) > 4 else ""


def _home(row: Op) -> ModuleType | None:
    """The family whose file a row stands in: where its functions are from, else the first that has it."""
    modules = [getattr(function, "__module__", None) for function in (*row.rules, row.forward)]
    families = [family for family in rules.families if any(value is row for value in vars(family).values())]
    return next((family for family in families if family.__name__ in modules), families[0] if families else None)


def _cells(cells: Iterable[str]) -> str:
    line = f"| {' | '.join(cells)} |"
    assert "\n" not in line, line
    return line


# A row


def _row(row: Op) -> tuple[list[str], list[str]]:
    """The cells of an operation, and what is too long for them."""
    example = fed(row, *typical_call(row))
    below: list[str] = []
    lines = []
    several = sum(d is not None for d in example.derivatives) > 1
    for x, derivative in zip(example.xs, example.derivatives, strict=True):
        if derivative is None:
            continue
        formula, definitions, conditions = _written(derivative)
        start = f"{_math(x.name)}: " if several else ""
        if len(formula) + sum(map(len, conditions)) > _LONG or definitions:
            lines.append(f"{start}below")
            below += _displayed(row, x.name if several else "", formula, definitions, conditions)
        else:
            lines.append(f"{start}{_math(formula)}{_if(conditions)}")
    cells = [_named(row), _numpy_names(row), _math(_result(row, example)), "<br>".join(lines)]
    return [*cells, "<br>".join(_singular(row, example)), _modes(row)], below


def _written(derivative: Derivative) -> tuple[str, list[tuple[str, str]], list[str]]:
    found = generic(derivative)
    formula, definitions, conditions = latex_with_names(found.tree, found.assumptions, _SIZES)
    last = name_of(getattr(found.tree, "of", None))
    if last in _MORE_THAN_SHAPES and not definitions:
        formula = rf"\operatorname{{{_MORE_THAN_SHAPES[last]}}}({formula})"
    return formula, definitions, list(dict.fromkeys(conditions))


def _if(conditions: list[str]) -> str:
    return f" if {', '.join(map(_math, conditions))}" if conditions else ""


def _displayed(
    row: Op, argument: str, formula: str, definitions: list[tuple[str, str]], conditions: list[str]
) -> list[str]:
    """A long formula, with what its letters stand for."""
    lines = [f"{name} &= {text}" for name, text in [(_left(row, argument), formula), *definitions]]
    body = " \\\\\n".join(map(_allowed, lines))
    text = f"**{row.name}**" + (f", {_math(argument)}" if argument else "") + _if(conditions) + ":"
    return [text, "", "```math", "\\begin{aligned}", body, "\\end{aligned}", "```", ""]


def _left(row: Op, argument: str) -> str:
    return r"\frac{\partial y}{\partial " + (argument or "x") + "}" if isinstance(row, Elementwise) else r"J^\top g"


def _named(row: Op) -> str:
    """How an operation is called."""
    arguments = ["x"] if row.arity == 1 and row.arguments == ("x1",) else list(row.arguments or ("*arrays",))
    optional = [
        name if value is inspect.Parameter.empty else f"{name}={_shown(value)}"
        for name, value in row.parameters.items()
    ]
    call = f"`{row.name}({', '.join(arguments + optional)})`"
    public = any(value is row for space in _public_spaces() for value in vars(space).values())
    return call if public else f"*{call}*"


def _shown(value: Any) -> str:
    return getattr(value, "__name__", None) or repr(value)


def _public_spaces() -> list[ModuleType]:
    main = sys.modules["autodiff"]
    return [main, main.fft, main.linalg]


def _result(row: Op, example: Fed | None = None) -> str:
    """The operation itself, as a formula of its arguments."""
    if row.differentiable:
        example = example or fed(row, *typical_call(row))
        tree = applied(row, example.xs, example.params)
        whole = tree[0].args[0] if isinstance(tree, tuple) else tree
        text = latex(Symbol("", whole.value, row, example.xs, example.params), _SIZES)
        return text if text != example.xs[0].name else rf"\operatorname{{{row.name}}}({text})".replace("_", r"\_")
    args, params = typical_call(row)
    symbols = tuple(Symbol(name, x) for name, x in zip(names_of(row, len(args)), args, strict=True))
    return assumed_or_written(row, symbols, params)


def assumed_or_written(row: Op, symbols: tuple[Symbol, ...], params: dict[str, Any]) -> str:
    """A result without a derivative: a truth value without brackets."""
    whole = Symbol("", row.forward(*(s.value for s in symbols), **params), row, symbols, params)
    if not isinstance(whole.value, tuple) and whole.dtype == bool:
        return assumed((whole, True))
    return latex(whole)


def _modes(row: Op) -> str:
    found = modes(row)
    letters = zip("FR2C", found, strict=True)
    return "&nbsp;".join("C\\*" if works is None else letter if works else "–" for letter, works in letters)


# Singular points

#: How many different things are said of singular points, before no more is said than that the formula holds there.
_FEW = 3
Predicate = Callable[[tuple[Any, ...]], bool]


def _singular(row: Op, example: Fed) -> list[str]:
    """The conventions at singular points, one line for each derivative that occurs there."""
    found = singular_points(row)
    names = [x.name for x in example.xs]
    groups: dict[str, list[Singular]] = {}
    for singular in found:
        groups.setdefault(_values(singular), []).append(singular)
    places = {value: _places(names, [s.point for s in group]) for value, group in groups.items()}
    many = any(place is None and len(groups[value]) > _FEW for value, place in places.items())
    if len(groups) > _FEW or (many and len(groups) > 1):
        places = {"as the formula": _places(names, [s.point for s in found])}
    return [f"{_math(place or _some(names, groups.get(value, found)))}: {value}" for value, place in places.items()]


def _some(names: list[str], found: list[Singular]) -> str:
    """Some points that no description fits."""
    shown = [f"({', '.join(_rounded(x) for x in singular.point)})" for singular in found[:_FEW]]
    return f"({', '.join(names)}) = {', '.join(shown)}" + (r", \dots" if len(found) > _FEW else "")


def _values(singular: Singular) -> str:
    if any(isinstance(d, Exception) for d in singular.derivatives):
        errors = {type(d).__name__ for d in singular.derivatives if isinstance(d, Exception)}
        return f"raises `{', '.join(errors)}`"
    if any(np.ndim(d) > 1 and np.isfinite(d).all() and np.any(d) for d in singular.derivatives):
        return "as the formula"
    return ", ".join(_math(_rounded(d)) for d in singular.derivatives)


def _rounded(x: Any) -> str:
    if np.ndim(x):
        if np.all(np.isnan(x)):
            return r"\mathrm{NaN}"
        return f"({', '.join(map(_rounded, np.ravel(x)))})"
    x = float(f"{float(np.real(x)):.4g}") + 0.0
    return figure(np.copysign(np.inf, x) if abs(x) >= 1e12 else x)[0]


def _places(names: list[str], points: list[tuple[Any, ...]]) -> str | None:
    """A description of points; None if none fits."""
    if np.ndim(points[0][0]):
        return _arrays(names[0], [point[0] for point in points])
    if len(names) == 1:
        return _numbers(names[0], sorted(float(point[0]) for point in points))
    for text, holds in _relations(names):
        if all(map(holds, points)) and _all_of(holds, points, len(names)):
            return text
    return None


def _numbers(name: str, xs: list[float]) -> str:
    integers = [float(n) for n in range(-3, 4)]
    if xs == integers:
        return rf"{name} \in \mathbb{{Z}}"
    if xs == [n for n in integers if n]:
        return rf"{name} \in \mathbb{{Z}} \setminus \{{0\}}"
    if xs == [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]:
        return rf"{name} \in \mathbb{{Z}} + \frac{{1}}{{2}}"
    if xs == [-3.0, -2.0, -1.0, 0.0]:
        return rf"{name} = 0, -1, -2, \dots"
    texts = {-pi / 2: r"-\frac{\pi}{2}", pi / 2: r"\frac{\pi}{2}"}
    if len(xs) == 2 and xs[0] == -xs[1]:
        return rf"{name} = \pm {texts.get(xs[1]) or _rounded(xs[1])}"
    return f"{name} = {', '.join(texts.get(x) or _rounded(x) for x in xs)}"


def _arrays(name: str, arrays: list[Any]) -> str:
    if arrays[0].ndim == 1:
        texts = {(0.0, 0.0): "(0, 0)", (1.0, 1.0): "(1, 1)"}
        return f"{name} = (a, a)" if len(arrays) == 2 else f"{name} = {texts[tuple(arrays[0].tolist())]}"
    shown = []
    for a in arrays:
        identity = np.array_equal(a, np.eye(len(a)))
        shown.append("0" if not a.any() else "I" if identity else r"\begin{pmatrix} 1 & 1 \\ 1 & 1 \end{pmatrix}")
    return f"{name} = {', '.join(shown)}"


def _relations(names: list[str]) -> Iterator[tuple[str, Predicate]]:
    """Descriptions of points, and whether one fits."""
    a, b, *more = names
    if more:
        yield f"{a} = {b}", lambda p: p[0] == p[1]
        yield f"{a} = {more[0]}", lambda p: p[0] == p[2]
        yield rf"{a} = {b} \text{{ or }} {a} = {more[0]}", lambda p: p[0] in p[1:]
        return
    yield f"{a} = {b} = 0", lambda p: p[0] == p[1] == 0
    yield f"{a} = {b}", lambda p: p[0] == p[1]
    yield f"{a} = 0", lambda p: p[0] == 0
    yield f"{b} = 0", lambda p: p[1] == 0
    yield rf"{a} = 0 \text{{ or }} {b} = 0", lambda p: 0 in p
    yield rf"{a} = 0 < {b}", lambda p: p[0] == 0 < p[1]
    yield rf"{b} = 0 < {a}", lambda p: p[1] == 0 < p[0]
    yield rf"{a} = 0 > {b}", lambda p: p[0] == 0 > p[1]
    yield rf"{b} = 0 > {a}", lambda p: p[1] == 0 > p[0]
    yield rf"{a} = 0 \ne {b}", lambda p: p[0] == 0 != p[1]
    yield rf"{b} = 0 \ne {a}", lambda p: p[1] == 0 != p[0]
    yield rf"{a} \in \{{0, 1\}}", lambda p: p[0] in (0, 1)
    yield rf"{a} / {b} \in \mathbb{{Z}}", lambda p: p[1] != 0 and p[0] % p[1] == 0
    yield rf"{a} / {b} \in \mathbb{{Z}} \text{{ or }} {b} = 0", lambda p: p[1] == 0 or p[0] % p[1] == 0
    yield rf"{a} / {b} \in \mathbb{{Z}} \setminus \{{0\}}", lambda p: p[1] != 0 != p[0] and p[0] % p[1] == 0
    yield (
        rf"{a} / {b} \in \mathbb{{Z}} \setminus \{{0\}} \text{{ or }} {b} = 0",
        lambda p: p[1] == 0 or (p[0] != 0 and p[0] % p[1] == 0),
    )


def _all_of(holds: Predicate, points: list[tuple[Any, ...]], arity: int) -> bool:
    """Whether the points are all of those that were looked at for which something holds."""
    coordinates = [sorted({point[i] for point in points}) for i in range(arity)]
    wide = [[x for x in (-2, -1, -0.5, 0, 0.5, 1, 2) if x >= min(0, low[0])] for low in coordinates]
    grid = ((x, y) for x in wide[0] for y in wide[1])
    return arity > 2 or sum(map(holds, grid)) == len(points)


# Functions made of rows


def _composites(family: ModuleType) -> Iterator[tuple[str, str, str]]:
    """The functions that a module makes of rows: the name, NumPy's names, and the first line of what it says.

    Those without a name of ours come last.
    """
    shown_already = []
    for name, function in vars(family).items():
        if isinstance(function, (Op, type)) or getattr(function, "__module__", None) != family.__name__:
            continue
        if callable(function) and (shown := _public_name(function, name)):
            shown_already.append(function)
            yield shown, _numpy_names(function, name), _sentence(inspect.getdoc(function) or "")
    for function, ours in sorted(numpy_functions.items(), key=lambda pair: _numpy_name(pair[0]) or ""):
        theirs = _numpy_name(function)
        if theirs is None or isinstance(ours, Op) or getattr(ours, "__module__", None) != family.__name__:
            continue
        if function not in _OF_SHAPE and ours not in shown_already and not _is_listed(_public(theirs)):
            yield "", f"`{theirs}`", _sentence(inspect.getdoc(ours) or "")


def _is_listed(function: Any) -> bool:
    """Whether a public function is a row, or made of rows."""
    return isinstance(function, Op) or getattr(function, "__module__", "").startswith(rules.__name__)


def _public_name(function: Any, name: str) -> str | None:
    """What a function is called from outside, by its own name if it is."""
    for space in _public_spaces():
        prefix = space.__name__.partition(".")[2]
        names = [public for public, value in vars(space).items() if value is function]
        if names:
            return (f"{prefix}." if prefix else "") + (name if name in names else names[0])
    return None


def _numpy_name(function: Any) -> str | None:
    """The name of a function of NumPy's, as it is found from outside."""
    for prefix, space in (("", np), ("fft.", np.fft), ("linalg.", np.linalg)):
        name = getattr(function, "__name__", "")
        if getattr(space, name, None) is function:
            return f"{prefix}{name}"
    return None


def _numpy_names(ours: Any, name: str = "") -> str:
    """NumPy's functions that mean one of ours, also by way of one that takes NumPy's other parameters."""
    found = set()
    for function, target in numpy_functions.items():
        theirs = _numpy_name(function)
        if theirs is None:
            continue
        if target is ours or (_public(theirs) is ours and not isinstance(target, Op)):
            found.add(theirs)
    return ", ".join(f"`{each}`" for each in sorted(found))


def _public(name: str) -> Any:
    """What is public under a name of NumPy's."""
    value: Any = sys.modules["autodiff"]
    for part in name.split("."):
        value = getattr(value, part, None)
    return value


# Markdown


def _math(tex: str) -> str:
    r"""A formula in a line: between ``$` `` and `` `$``, where Markdown changes nothing."""
    return f"$`{_allowed(tex)}`$"


def _allowed(tex: str) -> str:
    r"""A formula as GitHub takes it: without ``\operatorname``, and without bars, which would end a cell."""
    tex = tex.replace("||", r"\Vert ").replace("|", r"\vert ")
    return re.sub(r"\\operatorname\{([^{}]*)\}", r"\\mathop{\\mathrm{\1}}", tex)


def _sentence(doc: str) -> str:
    """The first paragraph of a docstring, in Markdown."""
    text = " ".join(doc.strip().split("\n\n")[0].split())
    pieces = re.split(r"(:math:`[^`]*`|``[^`]*``|:\w+:`[^`]*`|`[^`]*`)", text)
    return "".join(map(_piece, pieces)).replace("|", r"\|")


def _piece(text: str) -> str:
    if text.startswith(":math:"):
        return _math(text[7:-1])
    if text.startswith("``"):
        return text[1:-1]
    if re.match(r":\w+:`", text):
        return f"`{text.partition('`')[2]}"
    return text if text.startswith("`") else text.replace("*", r"\*").replace("<", "&lt;")


def main(arguments: list[str]) -> None:
    """Write the page where the first argument says, or to its place in the checkout."""
    path = Path(arguments[0]) if arguments else PAGE
    path.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
