"""`draw`: the graph of a value as a picture, to be shown, saved, or read as DOT.

What draws is imported when something is drawn, so that `import autodiff` stays quick.
"""

from __future__ import annotations

import os
from binascii import b2a_base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from autodiff.graph import Node, graph

if TYPE_CHECKING:
    from pathlib import Path

_SUFFIXES = (".svg", ".png", ".pdf", ".dot", ".gv")
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
        self, source: str, *, vertices: int, limit: int, format: str = "svg", engine: str | None = None
    ) -> None:
        self.source = source
        self._vertices = vertices
        self._limit = limit
        self._format = format
        self._engine = engine

    def svg(self) -> str:
        """The picture as an SVG document."""
        svg = self._laid_out("svg").decode()
        for plain, better in _FONTS.items():
            svg = svg.replace(f"font-family={plain}", f"font-family={better}")
        return svg

    def png(self) -> bytes:
        """The picture as a PNG file, at 144 dots per inch, or fewer where it would have a side of more than 14,400."""
        return self._laid_out("png")

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture, or the DOT source, as the suffix says; a file is there whole or not at all.

        Raises
        ------
        ValueError
            If the suffix is none of ``.svg .png .pdf .dot .gv``.
        FileNotFoundError
            If there is no such folder.
        RuntimeError
            If no program is installed that lays out this format, or if it fails.
        """
        from pathlib import Path

        path = Path(path)
        suffix = path.suffix.lower()
        if suffix not in _SUFFIXES:
            raise ValueError(f"a drawing is saved as one of {' '.join(_SUFFIXES)}, got {path.name!r}")
        if not path.parent.is_dir():
            raise FileNotFoundError(f"there is no folder {str(path.parent)!r} to save {path.name!r} in")
        if suffix in (".dot", ".gv"):
            content = self.source.encode()
        else:
            content = self.svg().encode() if suffix == ".svg" else self._laid_out(suffix[1:])
        temporary = path.with_name(f".{os.urandom(8).hex()}{suffix}")
        try:
            temporary.write_bytes(content)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        return path

    def _laid_out(self, format: str) -> bytes:
        if self._vertices > self._limit:
            raise RuntimeError(
                f"the graph has {self._vertices} values, and a picture is laid out for at most {self._limit}: draw a "
                f"part of it, or raise draw(…, limit=); .source and .save('x.dot') hold the whole graph"
            )
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
    direction: str = "LR",
    format: str = "svg",
    engine: str | None = None,
    limit: int = 3000,
) -> Drawing:
    """Draw the graph of a value: every operation, every tensor with its numbers, every use of it.

    A card is a value: its name, what made it, its shape, its elements (or statistics, where they are more than twelve)
    and its gradient, if it is known (of results, after `retain_grad`).  Parameters are orange, data blue, constants
    dashed, results white, outputs green.  An edge is one use of a value, and ends at the argument that it is.  Frames
    are scopes, such as the modules of a network.  What is used in one scope only stands in its frame, but data that
    have a name stand outside: a network does not own its input.

    Parameters
    ----------
    output : Tensor or sequence of Tensors
    values, gradients : bool
        Whether the numbers are shown, and the gradients.
    direction : {"LR", "TB"}
        From left to right or from top to bottom.
    format : {"svg", "png"}
        What a notebook shows.
    engine : {"graphviz-pure", "dot"}, optional
        The program that lays out; left out, the first one that is installed and knows the format.
    limit : int
        Graphs of more values are not laid out; their source can still be had.

    Returns
    -------
    Drawing

    Raises
    ------
    TypeError
        If something else than Tensors is given.
    ValueError
        If nothing is given, or one of the choices is unknown.

    Examples
    --------
    >>> from autodiff import Tensor
    >>> from autodiff.drawing import draw
    >>> a, b = Tensor(2.0, requires_grad=True, name="a"), Tensor(-3.0, requires_grad=True, name="b")
    >>> y = (a * b).tanh()
    >>> y.backward()
    >>> draw(y)
    <Drawing of 4 values>
    >>> draw(y).source.splitlines()[0]
    'digraph computation {'
    """
    for name, choice, choices in (
        ("direction", direction, ("LR", "TB")),
        ("format", format, ("svg", "png")),
        ("engine", engine, (None, "graphviz-pure", "dot")),
    ):
        if choice not in choices:
            raise ValueError(f"draw: {name} is one of {', '.join(map(repr, choices))}, got {choice!r}")
    outputs = [output] if isinstance(output, Node) else output
    if not isinstance(outputs, (list, tuple)) or not all(isinstance(part, Node) for part in outputs):
        given = (
            type(outputs).__name__
            if not isinstance(outputs, (list, tuple))
            else [type(part).__name__ for part in outputs]
        )
        raise TypeError(f"draw takes a Tensor, or a list of Tensors, got {given}")
    if not outputs:
        raise ValueError("draw: there is nothing to draw in an empty list")
    from autodiff.drawing.dot import source

    drawn = graph(*outputs)
    dot = source(drawn, values=values, gradients=gradients, direction=direction)
    return Drawing(dot, vertices=len(drawn.nodes), limit=limit, format=format, engine=engine)
