"""The interactive page: one HTML file, with no need of a network, that plays a graph step by step.

The parts are plain files beside this one: markup, a style sheet, and scripts that are joined in one closed scope.  The
layout is made in the browser by dagre, whose licence is in `vendor`.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from string import Template
from typing import Any

from autodiff.drawing.findings import Findings, findings
from autodiff.drawing.outline import Outline
from autodiff.drawing.outline import closed as close
from autodiff.drawing.outline import outline as divide
from autodiff.drawing.page.data import data
from autodiff.drawing.themes import DARK, KINDS, LIGHT
from autodiff.graph import Graph, Node

_SCRIPTS = (
    *("vendor/dagre.min.js", "layout.js", "model.js", "elements.js", "cards.js"),
    *("camera.js", "player.js", "details.js", "search.js", "page.js"),
)
#: What the page calls the themes of pictures; on paper it is as light as ever.
_THEMES = {"auto": "", "light": "light", "dark": "dark", "print": "light"}
#: Up to so many cards and frames are shown at first; groups are closed where there are more.
_BUDGET = 60
#: A page of more values would be so large that a browser would not open it.
_MOST = 30_000


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


def page(graph: Graph, *, theme: str = "auto", title: str = "Graph", **options: Any) -> str:
    """An HTML document that shows a graph, and computes it before the reader's eyes.

    Parameters
    ----------
    graph : Graph
    theme : {"auto", "light", "dark", "print"}
        How it looks at first; the reader can change it.
    title : str
    **options
        As for `parts`.

    Examples
    --------
    >>> import autodiff as ad
    >>> x = ad.Tensor(3.0, requires_grad=True, name="x")
    >>> page(ad.graph(x * x), title="x < 4").splitlines()[6]
    '<title>x &lt; 4</title>'
    """
    return document(parts(graph, title=title, **options), title, theme)


def document(made: Parts, title: str, theme: str = "auto") -> str:
    """A page of parts.  It needs no network, and what it shows can run nothing: scripts are known by their digests.

    Parameters
    ----------
    made : Parts
    title : str
    theme : {"auto", "light", "dark", "print"}
    """
    return _filled(
        "shell.html",
        theme=_THEMES[theme],
        policy=f"default-src 'none'; style-src {_digest(made.style)}; script-src {_digest(made.script)}",
        title=html.escape(title),
        style=made.style,
        markup=made.markup,
        script=made.script,
    )


def parts(
    graph: Graph,
    *,
    title: str = "Graph",
    seeds: dict[int, Any] | None = None,
    direction: str = "LR",
    found: Findings | None = None,
    outline: Outline | None = None,
    closed: frozenset[int] | None = None,
    named: Mapping[Node, str] | None = None,
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
    found, outline, closed : optional
        What is known about the graph, its groups, and the numbers of those that are closed at first, where they are
        there already.

    Raises
    ------
    ValueError
        If the graph is larger than what a browser opens.
    named : mapping, optional
        LaTeX for some of the graph's tensors.
    """
    if len(graph.nodes) > _MOST:
        raise ValueError(
            f"a page holds up to {_MOST:,} values, and the graph has {len(graph.nodes):,}: draw a part of it (what a "
            f"module or a step of a loop computes), or save the whole as .svg or .png, where groups are closed"
        )
    found = findings(graph, seeds=seeds) if found is None else found
    outline = divide(graph) if outline is None else outline
    closed = close(outline, _BUDGET) if closed is None else closed
    known = data(graph, found, outline, closed, seeds, named)
    script = "".join(map(_read, _SCRIPTS))
    return Parts(
        markup=_filled("picture.html", title=html.escape(title), data=_inert(known | {"direction": direction})),
        style=_colours() + _read("page.css"),
        script=f"/*\n{_read('vendor/dagre.LICENSE.txt')}*/\n(() => {{\n{script}}})();\n",
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
