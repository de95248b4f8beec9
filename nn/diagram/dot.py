"""A scene as a program for Graphviz, which paints it as it is: nothing in it is laid out anew.

The whole picture is the graph's background, in Graphviz's own language of drawings
(https://graphviz.org/docs/outputs/canon/#xdot); two invisible nodes hold its corners.
"""

from __future__ import annotations

from collections.abc import Iterable

from nn.diagram.scene import Box, Circle, Item, Line, Piece, Scene, Text, printable
from nn.diagram.themes import Look, Theme

#: The line of circles and boxes.
_THIN = "S 5 -solid S 15 -setlinewidth(1)"
_FONTS = {"words": "Helvetica", "strong": "Helvetica-Bold", "number": "Times-Roman", "symbol": "Times-Italic"}


def dot(scene: Scene, theme: Theme) -> str:
    """The scene in DOT."""
    corners = enumerate([(0.0, 0.0), (scene.width, scene.height)])
    nodes = "".join(f' n{i} [shape=point, style=invis, width=0.01, pos="{x:.1f},{y:.1f}"];' for i, (x, y) in corners)
    background = " ".join(_painted(item, scene, theme[item.role]) for item in (scene.page, *scene.items))
    return f'graph diagram {{ layout=nop2; pad=0; _background="{background}";{nodes} }}\n'


def _painted(item: Item, scene: Scene, look: Look) -> str:
    """An item as operations; a role that has only one colour is filled and drawn in it."""
    colours = f"C {_string(look.fill or look.stroke)} c {_string(look.stroke or look.fill)}"
    match item:
        case Line():
            style = f"S {_string('dashed' if look.dashed else 'solid')} S {_string(f'setlinewidth({item.width:.2f})')}"
            return f"{colours} {style} L {len(item.points)} {_points(item.points, scene)}"
        case Circle():
            return f"{colours} {_THIN} E {_points([(item.x, item.y)], scene)} {item.radius:.1f} {item.radius:.1f}"
        case Box():
            across, down = item.width / 2, item.height / 2
            corners = [(item.x + i * across, item.y + j * down) for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
            return f"{colours} {_THIN} P 4 {_points(corners, scene)}"
        case Text():
            return " ".join([colours, *(_piece(item, piece, scene) for piece in item.pieces)])


def _piece(text: Text, piece: Piece, scene: Scene) -> str:
    font = f"F {piece.size:.1f} {_string(_FONTS[piece.font])}"
    return f"{font} T {_points([text.start(piece)], scene)} {'0' if text.centred else '-1'} 0 {_string(piece.text)}"


def _points(points: Iterable[tuple[float, float]], scene: Scene) -> str:
    """Points from the lower left corner on, with the y-axis upwards."""
    return " ".join(f"{x - scene.left:.1f} {scene.height - y:.1f}" for x, y in points)


def _string(text: str) -> str:
    """A string with its length before it; DOT has no way to write a backslash that stands before a quotation mark."""
    text = printable(text).replace("\\", "\N{REVERSE SOLIDUS OPERATOR}")
    return f"{len(text.encode())} -{text}".replace('"', r"\"")
