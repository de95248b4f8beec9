"""The interactive page: one HTML file, with no need of a network, that plays a graph step by step.

The parts are plain files beside this one: markup, a style sheet, and scripts that are joined in one closed scope.  The
layout is made in the browser by dagre, whose licence is in `vendor`.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from dataclasses import dataclass
from importlib.resources import files
from string import Template
from typing import Any

from autodiff.drawing.findings import findings
from autodiff.drawing.outline import closed, outline
from autodiff.drawing.page.data import data
from autodiff.drawing.themes import DARK, KINDS, LIGHT
from autodiff.graph import Graph

_SCRIPTS = ("layout", "model", "elements", "cards", "camera", "player", "details", "search", "page")
#: Up to so many cards and frames are shown at first; groups are closed where there are more.
_BUDGET = 60


@dataclass(frozen=True, slots=True)
class Parts:
    """The picture with its panel and its step slider, for a page of one's own.

    The markup fills the element that it is put into.  The script makes `window.graph`: `goto(step)`, `step`, `steps`,
    `highlight(ids)`, `select(id)`, `toggle(group)`, `fit()`; and at every step the element with the class `graph` gets
    an event `graph:step`, whose `detail` holds `step`, `phase` and `vertex`.
    """

    markup: str
    style: str
    script: str


def page(graph: Graph, *, title: str = "Graph", **options: Any) -> str:
    """An HTML document that shows a graph, and computes it before the reader's eyes.

    Parameters
    ----------
    graph : Graph
    title : str
    **options
        As for `parts`.

    Examples
    --------
    >>> import autodiff as ad
    >>> x = ad.Tensor(3.0, requires_grad=True, name="x")
    >>> page(ad.graph(x * x), title="x < 4").splitlines()[7]
    '<title>x &lt; 4</title>'
    """
    made = parts(graph, title=title, **options)
    policy = f"default-src 'none'; style-src {_digest(made.style)}; script-src {_digest(made.script)}"
    return _filled(
        "shell.html", policy=policy, title=html.escape(title), style=made.style, markup=made.markup, script=made.script
    )


def parts(
    graph: Graph, *, title: str = "Graph", seeds: dict[int, Any] | None = None, direction: str = "LR"
) -> Parts:
    """The parts of such a document.

    Parameters
    ----------
    graph : Graph
    title : str
    seeds : mapping, optional
        The incoming gradient of outputs, by their vertices; left out, 1 for every output.  Where one of them is not a
        single number, only the forward pass can then be played.
    direction : {"LR", "TB"}
        From left to right or from top to bottom.
    """
    groups = outline(graph)
    known = data(graph, findings(graph, seeds=seeds), groups, closed(groups, _BUDGET), seeds)
    script = "".join(map(_read, [f"{name}.js" for name in _SCRIPTS]))
    return Parts(
        markup=_filled("picture.html", title=html.escape(title), data=_inert(known | {"direction": direction})),
        style=_colours() + _read("page.css"),
        script=f"/*\n{_read('vendor/dagre.LICENSE.txt')}*/\n(() => {{\n{_read('vendor/dagre.min.js')}\n{script}}})();\n",
    )


def _colours() -> str:
    """The themes' colours as a style sheet, each for a light page and for a dark one."""

    def pair(light: str, dark: str) -> str:
        return f"light-dark({light}, {dark})"

    plain = ("page", "ink", "quiet", "gradient", "edge", "frame", "mark")
    common = "".join(f"--{name}: {pair(getattr(LIGHT, name), getattr(DARK, name))}; " for name in plain)
    rules = [f".graph {{ {common}}}\n"]
    for kind in KINDS:
        (fill, line), (dark_fill, dark_line) = LIGHT.card(kind), DARK.card(kind)
        rules.append(f".graph .{kind} {{ --fill: {pair(fill, dark_fill)}; --line: {pair(line, dark_line)}; }}\n")
    for depth, (light, dark) in enumerate(zip(LIGHT.frames, DARK.frames, strict=True)):
        rules.append(f'.graph .frame[data-depth="{depth}"] {{ background: {pair(light, dark)}; }}\n')
    return "".join(rules)


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _filled(name: str, **contents: str) -> str:
    return Template(_read(name)).substitute(contents)


def _inert(known: Any) -> str:
    """JSON that may stand in a page: nothing in it ends the element that it stands in, or begins another."""
    text = json.dumps(known, separators=(",", ":"))
    return text.replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026")


def _digest(text: str) -> str:
    """What a browser compares a script with before it runs it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
