"""Cards: values, with their numbers, their gradients and what is to be said about them; closed groups."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from autodiff.drawing import numbers
from autodiff.drawing.themes import LIGHT, Theme
from autodiff.graph import Graph, Vertex
from autodiff.op import Op

if TYPE_CHECKING:
    from autodiff.drawing.findings import Findings, Mark
    from autodiff.drawing.outline import Group, Outline

#: Operations of more arguments have no ports.
PORTS = 8
#: Longer names are shortened.
_LONGEST = 40
#: What Python and NumPy call an operator's first argument; a reader would take it for a tensor of this name.
_NAMELESS = ("a", "x1")

#: How an operation is written, and the sign for it.
_SIGNS = {
    "#1 + #2": "+",
    "#1 - #2": "−",
    r"#1 \odot #2": "×",
    r"\frac{#1}{#2}": "÷",
    r"#1 \, #2": "@",
    "#1^{#2}": "^",
    "-#1": "−",
    r"\sum #1": "∑",
    r"\prod #1": "∏",
    r"\sqrt{#1}": "√",
    r"\sigma(#1)": "σ",
    "#1 = #2": "=",
    r"#1 \ne #2": "≠",
    "#1 < #2": "<",
    "#1 > #2": ">",
    r"#1 \le #2": "≤",
    r"#1 \ge #2": "≥",
}


def kind(vertex: Vertex) -> str:
    """What a value is in the program: parameter, data, constant or result."""
    if vertex.op is not None:
        return "result"
    if vertex.node is None:
        return "constant"
    return "parameter" if vertex.requires_grad else "data"


def ports(vertex: Vertex) -> tuple[str, ...]:
    """The names of an operation's arguments, where there are several: one port for each use of a value."""
    count = len(vertex.inputs)
    if vertex.op is None or not 2 <= count <= PORTS:
        return ()
    names = vertex.op.arguments
    if names is None or len(names) != count or names[0] in _NAMELESS:
        return tuple(map(str, range(1, count + 1)))
    return names


def sign(op: Op) -> str:
    """The sign that an operator is written with; "" for a function."""
    return _SIGNS.get(op.tex, "")


def parameters(vertex: Vertex) -> str:
    """The parameters of a call that are not the usual ones."""
    usual = vertex.op.parameters if vertex.op is not None else {}
    called = {name: _shown(value) for name, value in vertex.params.items()}
    return ", ".join(
        f"{name}={shown}" for name, shown in called.items() if name not in usual or shown != _shown(usual[name])
    )


def title(outline: Outline, group: Group) -> str:
    """What a group is called: ``0: Linear``, ``12 × TransformerEncoderLayer``, ``21–40 of 200 × (multiply, tanh)``."""
    if group.kind == "repeat":
        return f"{group.count} × {f'({group.label})' if ',' in group.label else group.label}"
    if group.kind != "part":
        return group.label
    whole = group
    while whole.kind == "part" and whole.parent is not None:
        whole = outline.groups[whole.parent]
    return f"{group.label} of {title(outline, whole)}" if whole.kind == "repeat" else f"steps {group.label}"


@dataclass(frozen=True, slots=True)
class Style:
    """What cards show, and how.

    Attributes
    ----------
    values, gradients : bool
        Whether the numbers are shown, and the gradients.
    across : bool
        The picture goes from left to right: ports stand at the left, else at the top.
    heat : bool
        Whether the inside of a card is coloured by the size of its gradient.
    theme : Theme
    formulas : dict
        The formula of an operation, by its vertex.
    titles : dict
        What some vertices are called instead of by their names.
    backward : frozenset of int
        The vertices that compute gradients.
    """

    values: bool = True
    gradients: bool = True
    across: bool = True
    heat: bool = False
    theme: Theme = LIGHT
    formulas: dict[int, str] = field(default_factory=dict)
    titles: dict[int, str] = field(default_factory=dict)
    backward: frozenset[int] = frozenset()


class Cards:
    """Writes the labels of a graph's values and groups, in Graphviz's own kind of HTML.

    Parameters
    ----------
    graph : Graph
    found : Findings
    style : Style
    """

    def __init__(self, graph: Graph, found: Findings, style: Style) -> None:
        self._graph = graph
        self._found = found
        self._style = style
        self._outputs = frozenset(graph.outputs)
        #: What is usual in the graph: only another one is mentioned.
        self._dtype = np.asarray(graph.nodes[graph.outputs[0]].value).dtype
        self._uses = np.bincount([use.start for use in found.uses.values()], minlength=len(graph.nodes))

    def of_vertex(self, vertex: Vertex) -> str:
        """The card of a value: its name, what made it, its shape, its numbers and its gradient."""
        what = kind(vertex)
        found = self._numbers(vertex)
        if what == "constant" and np.ndim(vertex.value) == 0:
            return f'<<font point-size="9">{found[0][1][0] if found else "constant"}</font>>'
        name = self._style.titles.get(vertex.id, vertex.name)
        head = [self._title(vertex, what, name), self._small(self._facts(vertex, what, name))]
        if called := parameters(vertex):
            head.append(self._small(called))
        if formula := self._style.formulas.get(vertex.id):
            head.append(text(formula, 60))
        head += self._marks(self._found.marks.get(vertex.id, ()))
        rows = [_head(head)]
        for label, shown in found:
            rows += self._rows(vertex, label, shown)
        return f"<{self._with_ports(_table(rows), ports(vertex))}>"

    def of_group(self, name: str, facts: Sequence[str], marks: Sequence[Mark]) -> str:
        """The card of a closed group."""
        head = [f"<b>{_roomy(text(name), len(name))}</b>", *map(self._small, facts)]
        for alike in {mark.kind: [other for other in marks if other.kind == mark.kind] for mark in marks}.values():
            head += self._marks(alike[:1])
            head += [self._small(f"and in {len(alike) - 1} more places")] if len(alike) > 1 else []
        return f"<{_table([_head(head)])}>"

    def _facts(self, vertex: Vertex, what: str, name: str | None) -> str:
        facts = [what] if name and what in ("parameter", "data") and vertex.id not in self._style.backward else []
        facts += ["output"] if vertex.id in self._outputs else []
        results = vertex.value if isinstance(vertex.value, tuple) else (vertex.value,)
        facts.append(numbers.shape(vertex.value))
        if len(results) == 1 and (own := np.asarray(vertex.value).dtype) != self._dtype and what != "constant":
            facts.append(str(own))
        return " · ".join(facts)

    def _title(self, vertex: Vertex, what: str, name: str | None) -> str:
        op, name = vertex.op, one_line(name or "")
        if op is not None and name:
            return _roomy(f"<b>{text(name)}</b> = {text(op.name)}", len(name) + len(op.name))
        title = name or (what if op is None else f"{sign(op)} {op.name}".strip())
        return f"<b>{_roomy(text(title), len(title))}</b>"

    def _numbers(self, vertex: Vertex) -> list[tuple[str, list[str]]]:
        shown = {"value": vertex.value} if self._style.values and not isinstance(vertex.value, tuple) else {}
        gradient = self._found.gradients[vertex.id] if self._style.gradients else None
        if gradient is not None and not isinstance(gradient, tuple):
            shown["grad"] = gradient
        return list(zip(shown, numbers.lines(*shown.values()), strict=True))

    def _rows(self, vertex: Vertex, label: str, shown: list[str]) -> list[str]:
        """The rows of a card for its value or its gradient: the numbers, and under statistics a histogram."""
        theme = self._style.theme
        colour = theme.gradient if label == "grad" else theme.ink
        lines = "".join(f'{html.escape(line)} <br align="left"/>' for line in shown)
        block = f'<td align="left"><font face="Courier" point-size="10" color="{colour}">{lines}</font></td>'
        said = f"grad = ∑ of {uses}" if label == "grad" and (uses := int(self._uses[vertex.id])) > 1 else label
        rows = [f"<hr/><tr><td>{self._small(said)}</td>{block}</tr>"]
        array = np.asarray(vertex.value if label == "value" else self._found.gradients[vertex.id])
        if array.size > numbers.SMALL and (heights := numbers.histogram(array)):
            rows.append(f'<tr><td></td><td align="left">{_bars(heights, colour)}</td></tr>')
        return rows

    def _marks(self, marks: Sequence[Mark]) -> list[str]:
        colour = self._style.theme.mark
        return [
            f'<font point-size="9" color="{colour}"><b>{_roomy(f"▲ {text(mark.text, 60)}", len(mark.text))}</b></font>'
            for mark in marks
        ]

    def _small(self, words: str) -> str:
        return f'<font point-size="9" color="{self._style.theme.quiet}">{_roomy(text(words, 80), len(words))}</font>'

    def _with_ports(self, body: str, names: tuple[str, ...]) -> str:
        if not names:
            return body
        cells = [f'<td port="{i}">{self._small(one_line(name, 12))}</td>' for i, name in enumerate(names)]
        if self._style.across:
            inlets = _table([f"<tr>{cell}</tr>" for cell in cells], ' rows="*"')
            row = f'<tr><td cellpadding="0">{inlets}</td><td cellpadding="0">{body}</td></tr>'
            return _table([row], ' columns="*"')
        inlets = _table([f"<tr>{''.join(cells)}</tr>"], ' columns="*"')
        return _table([f'<tr><td cellpadding="0">{inlets}</td></tr><hr/>', f'<tr><td cellpadding="0">{body}</td></tr>'])


def text(anything: str, longest: int = _LONGEST) -> str:
    """A name, whatever it is made of, as text between tags."""
    escaped = html.escape(one_line(anything, longest), quote=False)
    return escaped.replace("\\", r"\\") or "&#160;"  # in a label, \N is the name of the node


def one_line(anything: str, longest: int = _LONGEST) -> str:
    """One line of printable characters, and not too long."""
    line = " ".join(str(anything).split())
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def _shown(value: Any, inside: bool = False) -> str:
    """A parameter in few words, the same in every run."""
    if isinstance(value, np.ndarray):
        return f"array({numbers.shape(value)})" if value.size > numbers.SMALL else str(value.tolist())
    if isinstance(value, slice):
        ends = ["" if end is None else str(end) for end in (value.start, value.stop, value.step)]
        return ":".join(ends if value.step is not None else ends[:2])
    if callable(value):  # its repr would say where it is in memory
        return str(getattr(value, "__name__", type(value).__name__))
    if isinstance(value, (tuple, list)) and not inside:
        return f"({', '.join(_shown(part, inside=True) for part in value)})"
    return "..." if value is Ellipsis else str(value)


def counted(count: int, noun: str) -> str:
    """How many there are of something: ``1 value``, ``1,200 values``."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _roomy(words: str, length: int) -> str:
    """With room at both sides: the reader's fonts may be wider than those that the layout was made with."""
    room = "&#160;" * (1 + length // 10)
    return f"{room}{words}{room}"


def _head(lines: list[str]) -> str:
    return f'<tr><td colspan="2">{"<br/>".join(lines)}</td></tr>'


def _bars(heights: Sequence[float], colour: str) -> str:
    """A histogram: a row of bars on one line."""
    tall = 14

    def bar(height: float) -> str:
        filled = max(1, round(tall * height)) if height else 0
        cells = [("", tall - filled), (f' bgcolor="{colour}"', filled)]
        parts = "".join(f'<tr><td{look} height="{size}" width="5"></td></tr>' for look, size in cells if size)
        return f'<td><table border="0" cellborder="0" cellspacing="0" cellpadding="0">{parts}</table></td>'

    bars = "".join(map(bar, heights))
    return f'<table border="0" cellborder="0" cellspacing="1" cellpadding="0"><tr>{bars}</tr></table>'


def _table(rows: list[str], more: str = "") -> str:
    return f'<table border="0" cellborder="0" cellspacing="0" cellpadding="3"{more}>{"".join(rows)}</table>'
