"""The page of all operations, docs/operations.md, read off the table: ``python -m autodiff.explain.operations``.

Every formula of a derivative is what the row's rule gives when it is fed with symbols; every other statement about a
derivative is what was found by running it.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

import numpy as np

from autodiff import rules
from autodiff.explain.behaviour import modes
from autodiff.explain.calls import LENGTH, typical_call
from autodiff.explain.markdown import allowed, math, sentence
from autodiff.explain.places import singular
from autodiff.formulas.generic import generic
from autodiff.formulas.latex import Writer, latex, latex_with_names
from autodiff.formulas.symbols import Derivative, Fed, Symbol, computed, fed, mapped, name_of, names_of
from autodiff.formulas.written import call
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
  formula says where. $`\varepsilon`$ is the distance from 1 to the next number, $`n`$ the number of elements. Indices
  and sizes, as in $`g_{[1:]}`$, are those of the call that was fed.
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
    contents = " ·\n".join(f"[{title}](#{title.lower().replace(' ', '-')})" for title in sections)
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
    lines = [f"## {_title(family)}", "", sentence(inspect.getdoc(family) or ""), ""]
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
        lines += [_cells([_named(row), _numpy_names(row), math(_result(row))]) for row in plain]
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
        start = f"{math(x.name)}: " if several else ""
        if len(formula) + sum(map(len, conditions)) > _LONG or definitions:
            lines.append(f"{start}below")
            below += _displayed(row, x.name if several else "", formula, definitions, conditions)
        else:
            lines.append(f"{start}{math(formula)}{_if(conditions)}")
    cells = [_named(row), _numpy_names(row), math(_result(row, example)), "<br>".join(lines)]
    return [*cells, "<br>".join(singular(row, example)), _modes(row)], below


def _written(derivative: Derivative) -> tuple[str, list[tuple[str, str]], list[str]]:
    found = generic(derivative)
    formula, definitions, conditions = latex_with_names(found.tree, found.assumptions, _SIZES)
    last = name_of(getattr(found.tree, "of", None))
    if last in _MORE_THAN_SHAPES and not definitions:
        formula = rf"\operatorname{{{_MORE_THAN_SHAPES[last]}}}({formula})"
    return formula, definitions, list(dict.fromkeys(conditions))


def _if(conditions: list[str]) -> str:
    return f" if {', '.join(map(math, conditions))}" if conditions else ""


def _displayed(
    row: Op, argument: str, formula: str, definitions: list[tuple[str, str]], conditions: list[str]
) -> list[str]:
    """A long formula, with what its letters stand for."""
    lines = [f"{name} &= {text}" for name, text in [(_left(row, argument), formula), *definitions]]
    body = " \\\\\n".join(map(allowed, lines))
    text = f"**{row.name}**" + (f", {math(argument)}" if argument else "") + _if(conditions) + ":"
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
        names = [None if x is None else x.name for x in example.xs]
        values = [getattr(x, "value", x) for x in example.xs]
        result = computed(row, tuple(values), mapped(lambda v: getattr(v, "value", v), example.params))
        return call(row, names, values, result, example.params, _SIZES)
    args, params = typical_call(row)
    symbols = tuple(Symbol(name, x) for name, x in zip(names_of(row, len(args)), args, strict=True))
    return _plain_result(row, symbols, params)


def _plain_result(row: Op, symbols: tuple[Symbol, ...], params: dict[str, Any]) -> str:
    """A result without a derivative: a truth value without brackets."""
    whole = Symbol("", row.forward(*(s.value for s in symbols), **params), row, symbols, params)
    if not isinstance(whole.value, tuple) and whole.dtype == bool:
        return Writer().truth(whole)[0]
    return latex(whole)


def _modes(row: Op) -> str:
    found = modes(row)
    letters = zip("FR2C", found, strict=True)
    return "&nbsp;".join("C\\*" if works is None else letter if works else "–" for letter, works in letters)


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
            yield shown, _numpy_names(function, name), sentence(inspect.getdoc(function) or "")
    for function, ours in sorted(numpy_functions.items(), key=lambda pair: _numpy_name(pair[0]) or ""):
        theirs = _numpy_name(function)
        if theirs is None or isinstance(ours, Op) or getattr(ours, "__module__", None) != family.__name__:
            continue
        if function not in _OF_SHAPE and ours not in shown_already and not _is_listed(_public(theirs)):
            yield "", f"`{theirs}`", sentence(inspect.getdoc(ours) or "")


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


def main(arguments: list[str]) -> None:
    """Write the page where the first argument says, or to its place in the checkout."""
    path = Path(arguments[0]) if arguments else PAGE
    path.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
