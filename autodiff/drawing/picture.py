"""`draw`: the graph of a value as a picture, to be shown, saved, or read as DOT.

What draws is imported when something is drawn, so that `import autodiff` stays quick.
"""

from __future__ import annotations

import os
from binascii import b2a_base64
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from autodiff.graph import Graph, Node

if TYPE_CHECKING:
    from pathlib import Path

#: Fonts that look better than the two that Graphviz names, and are as wide.
_FONTS = {
    '"Helvetica,sans-Serif"': "\"Helvetica,Arial,'Liberation Sans',sans-serif\"",
    '"Courier,monospace"': "\"Menlo,'DejaVu Sans Mono','Liberation Mono','Courier New',monospace\"",
}


class Drawing:
    """A drawn graph: the DOT source, and pictures of it.

    A drawing is a snapshot: it shows the values and the gradients of the moment when it was made.

    Attributes
    ----------
    source : str
        The graph in Graphviz's language.
    """

    def __init__(
        self,
        source: str,
        *,
        page: Callable[[], str],
        vertices: int,
        theme: str = "auto",
        format: str = "svg",
        engine: str | None = None,
    ) -> None:
        self.source = source
        self._page = page
        self._vertices = vertices
        self._theme = theme
        self._format = format
        self._engine = engine

    def svg(self) -> str:
        """The picture as an SVG document."""
        from autodiff.drawing.themes import automatic

        svg = self._laid_out("svg").decode()
        for plain, better in _FONTS.items():
            svg = svg.replace(f"font-family={plain}", f"font-family={better}")
        return automatic(svg) if self._theme == "auto" else svg

    def png(self) -> bytes:
        """The picture as a PNG file, at 144 dots per inch, or fewer where it would have a side of more than 14,400."""
        return self._laid_out("png")

    def html(self) -> str:
        """An interactive page, whole in one file: it plays the forward pass and the backward pass step by step.

        It can be searched, zoomed, read with the keyboard, and its groups can be opened and closed.
        """
        return self._page()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write a picture, the interactive page or the DOT source, as the suffix says.

        A file is there whole or not at all.

        Raises
        ------
        ValueError
            If the suffix is none of ``.svg .png .pdf .html .dot .gv``.
        FileNotFoundError
            If there is no such folder.
        RuntimeError
            If no program is installed that lays out this format, or if it fails.
        """
        from autodiff.files import write_by_suffix

        makers: dict[str, Callable[[], bytes]] = {
            ".svg": lambda: self.svg().encode(),
            ".png": self.png,
            ".pdf": lambda: self._laid_out("pdf"),
            ".html": lambda: self.html().encode(),
            ".dot": self.source.encode,
            ".gv": self.source.encode,
        }
        return write_by_suffix(path, makers, "a drawing")

    def _laid_out(self, format: str) -> bytes:
        from autodiff.drawing.layout import render

        return render(self.source, format, self._engine)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """What a notebook shows."""
        if self._format == "svg":
            return {"image/svg+xml": self.svg()}
        return {"image/png": b2a_base64(self.png(), newline=False).decode()}

    def __repr__(self) -> str:
        return f"<Drawing of {self._vertices} values>"


def draw(
    output: Node | Sequence[Node],
    *,
    values: bool = True,
    gradients: bool = True,
    formulas: bool = False,
    heat: bool = False,
    backward: bool = False,
    depth: int | None = None,
    direction: str = "LR",
    theme: str = "auto",
    legend: bool = False,
    format: str = "svg",
    engine: str | None = None,
) -> Drawing:
    """Draw the graph of a value: every operation, every tensor with its numbers, every use of it.

    A card is a value: its name, what made it, its shape, its elements (or statistics, where they are more than twelve)
    and the gradient of the output with respect to it.  Parameters are orange, data blue, constants dashed, results
    white, outputs green.  An edge is one use of a value, and ends at the argument that it is; what stands at it is what
    this use adds to the gradient of the value (its norm, between bars, where it is more than a few numbers), and where
    a broadcast is undone.  Frames are scopes, such as the modules of a network.  What is used in one scope only stands
    in its frame, but data that have a name stand outside: a network does not own its input.

    Of a large graph, as much is opened as can be read: modules, the steps of a loop, and parts of what is still too
    long are boxes with a double border; of alike ones that do not fit, only the first is opened.

    A card says where a NaN or an infinity is made, where a gradient has vanished or exploded, and how many units of an
    activation are inactive for every sample.

    Parameters
    ----------
    output : Tensor or sequence of Tensors
        Single numbers, for gradients to be known without `backward`; of anything else those are shown that `backward`
        has left.  With several outputs, gradients are those of their sum.
    values, gradients, formulas : bool
        Whether the numbers are shown, the gradients, and what each operation computes as a formula.
    heat : bool
        Colour cards by the size of their gradients.
    backward : bool
        Draw what `backward` computes, too, as operations of their own.
    depth : int, optional
        So many levels of modules are opened.
    direction : {"LR", "TB"}
        From left to right or from top to bottom.
    theme : {"auto", "light", "dark", "print"}
        Colours for a white page, for a black one, or for paper, where no colour is needed; "auto" gives an SVG that
        follows the reader's preference, and a light PNG.
    legend : bool
        Explain, under the picture, what its colours and signs mean.
    format : {"svg", "png"}
        What a notebook shows.
    engine : {"graphviz-pure", "dot"}, optional
        The program that lays out; left out, the first one that is installed and knows the format.

    Returns
    -------
    Drawing

    Raises
    ------
    TypeError
        If something else than Tensors is given.
    ValueError
        If nothing is given, if one of the choices is unknown, or if the backward pass of something else than single
        numbers is to be drawn.

    Examples
    --------
    >>> from autodiff import Tensor
    >>> from autodiff.drawing import draw
    >>> a, b = Tensor(2.0, requires_grad=True, name="a"), Tensor(-3.0, requires_grad=True, name="b")
    >>> y = (a * b).tanh()
    >>> draw(y)
    <Drawing of 4 values>
    >>> draw(y).source.splitlines()[0]
    'digraph computation {'
    """
    outputs = _outputs(output)
    for name, choice, choices in (
        ("direction", direction, ("LR", "TB")),
        ("theme", theme, ("auto", "light", "dark", "print")),
        ("format", format, ("svg", "png")),
        ("engine", engine, (None, "graphviz-pure", "dot")),
    ):
        if choice not in choices:
            raise ValueError(f"draw: {name} is one of {', '.join(map(repr, choices))}, got {choice!r}")
    if depth is not None and (not isinstance(depth, int) or depth < 0):
        raise ValueError(f"draw: depth is a number of levels, 0 or more, got {depth!r}")
    from autodiff.drawing.whole import Plan

    plan = Plan(outputs, gradients=gradients or heat, backward=backward)
    dot = plan.source(
        values=values,
        gradients=gradients,
        formulas=formulas,
        heat=heat,
        depth=depth,
        across=direction == "LR",
        theme=theme,
        explained=legend,
    )
    page = plan.page(depth=depth, direction=direction, theme=theme)
    return Drawing(dot, page=page, vertices=len(plan.graph.nodes), theme=theme, format=format, engine=engine)


def _outputs(given: Any) -> Sequence[Node]:
    """What is to be drawn, as a list."""
    outputs = [given] if isinstance(given, Node) else given
    if not isinstance(outputs, (list, tuple)) or not all(isinstance(part, Node) for part in outputs):
        names = (
            [type(part).__name__ for part in outputs] if isinstance(outputs, (list, tuple)) else type(outputs).__name__
        )
        raise TypeError(f"draw takes a Tensor, or a list of Tensors, got {names}")
    if not outputs:
        raise ValueError("draw: there is nothing to draw in an empty list")
    return outputs


def _written(graph: Graph) -> str:
    """A graph as text."""
    from autodiff.drawing.tree import tree

    return tree(graph)


Graph.__str__ = _written
