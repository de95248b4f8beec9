"""One value of a graph as a card: what it is called, what made it, its shape, its numbers and its gradient."""

from __future__ import annotations

import html
from typing import Any

import numpy as np

from autodiff.drawing import numbers
from autodiff.graph import Vertex
from autodiff.op import Op

#: Of each kind of value, the tint of its cards and the colour of their borders; the hues are those of Okabe and Ito
#: (2008), which colour-blind readers can tell apart.
COLOURS = {
    "parameter": ("#FCE8C3", "#B87F00"),
    "data": ("#D9EDFA", "#3A87B8"),
    "constant": ("#FFFFFF", "#A0A0A0"),
    "result": ("#FFFFFF", "#707070"),
    "output": ("#CDEBE1", "#00795A"),
}
_QUIET = "#595959"
_GRADIENT = "#8A3C00"

#: Operations of more arguments have no ports.
_PORTS = 8
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
    if vertex.op is None or not 2 <= count <= _PORTS:
        return ()
    names = vertex.op.arguments
    if names is None or len(names) != count or names[0] in _NAMELESS:
        return tuple(map(str, range(1, count + 1)))
    return names


def card(vertex: Vertex, *, output: bool, dtype: Any, values: bool, gradients: bool, across: bool) -> str:
    """The label of a value, in Graphviz's own kind of HTML.

    Parameters
    ----------
    vertex : Vertex
    output : bool
        Whether the graph was asked for this value.
    dtype : dtype
        What is usual in the graph: only another one is mentioned.
    values, gradients : bool
        What is shown beside name and shape.
    across : bool
        The picture goes from left to right: ports stand at the left, else at the top.
    """
    what = kind(vertex)
    found = _numbers(vertex, values, gradients)
    if what == "constant" and np.ndim(vertex.value) == 0:
        return f'<<font point-size="9">{found[0][1][0] if found else "constant"}</font>>'
    facts = [what] if vertex.name and what in ("parameter", "data") else []
    facts += ["output"] if output else []
    results = vertex.value if isinstance(vertex.value, tuple) else (vertex.value,)
    facts.append(" and ".join(map(numbers.shape, results)))
    if len(results) == 1 and (own := np.asarray(vertex.value).dtype) != dtype and what != "constant":
        facts.append(str(own))
    head = [_title(vertex, what), _small(" · ".join(facts))]
    if called := parameters(vertex):
        head.append(_small(text(called)))
    rows = [f'<tr><td colspan="2">{"<br/>".join(head)}</td></tr>']
    for label, shown in found:
        rows.append(f"<hr/><tr><td>{_small(label)}</td>{_block(shown, label)}</tr>")
    return f"<{_with_ports(_table(rows), ports(vertex), across)}>"


def text(anything: str, longest: int = _LONGEST) -> str:
    """A name, whatever it is made of, as text between tags."""
    escaped = html.escape(_shortened(anything, longest), quote=False)
    return escaped.replace("\\", r"\\") or "&#160;"  # in a label, \N is the name of the node


def _shortened(anything: str, longest: int = _LONGEST) -> str:
    """One line of printable characters, and not too long."""
    line = " ".join(str(anything).split())
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def _numbers(vertex: Vertex, values: bool, gradients: bool) -> list[tuple[str, list[str]]]:
    shown = {"value": vertex.value} if values and not isinstance(vertex.value, tuple) else {}
    gradient = getattr(vertex.node, "grad", None) if gradients else None
    if gradient is not None:
        shown["grad"] = np.asarray(gradient.detach())[()]
    return list(zip(shown, numbers.lines(*shown.values()), strict=True))


def _title(vertex: Vertex, what: str) -> str:
    op, name = vertex.op, _shortened(vertex.name or "")
    if op is not None and name:
        return _roomy(f"<b>{text(name)}</b> = {text(op.name)}", len(name) + len(op.name))
    title = name or (what if op is None else f"{sign(op)} {op.name}".strip())
    return f"<b>{_roomy(text(title), len(title))}</b>"


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


def _roomy(words: str, length: int) -> str:
    """With room at both sides: the reader's fonts may be wider than those that the layout was made with."""
    room = "&#160;" * (1 + length // 10)
    return f"{room}{words}{room}"


def _small(words: str) -> str:
    return f'<font point-size="9" color="{_QUIET}">{_roomy(words, len(words))}</font>'


def _block(shown: list[str], label: str) -> str:
    colour = f' color="{_GRADIENT}"' if label == "grad" else ""
    rows = "".join(f'{html.escape(row)} <br align="left"/>' for row in shown)
    return f'<td align="left"><font face="Courier" point-size="10"{colour}>{rows}</font></td>'


def _table(rows: list[str], more: str = "") -> str:
    return f'<table border="0" cellborder="0" cellspacing="0" cellpadding="3"{more}>{"".join(rows)}</table>'


def _with_ports(body: str, names: tuple[str, ...], across: bool) -> str:
    if not names:
        return body
    cells = [f'<td port="{i}">{_small(text(name, 12))}</td>' for i, name in enumerate(names)]
    if across:
        inlets = _table([f"<tr>{cell}</tr>" for cell in cells], ' rows="*"')
        rows, more = [f'<tr><td cellpadding="0">{inlets}</td><td cellpadding="0">{body}</td></tr>'], ' columns="*"'
    else:
        inlets = _table([f"<tr>{''.join(cells)}</tr>"], ' columns="*"')
        rows = [f'<tr><td cellpadding="0">{inlets}</td></tr><hr/>', f'<tr><td cellpadding="0">{body}</td></tr>']
        more = ""
    return _table(rows, more)
