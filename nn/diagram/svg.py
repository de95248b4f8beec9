"""A scene as an SVG document, or as a page around it."""

from __future__ import annotations

import html
from collections.abc import Callable

from nn.diagram.scene import Box, Circle, Item, Line, Piece, Scene, Text, printable
from nn.diagram.themes import THEMES, Look, Theme

#: Fonts of pieces of text: families, then style and weight.
_SANS = "font-family:Helvetica,Arial,'Liberation Sans',sans-serif"
_SERIF = "font-family:'Times New Roman',Times,'Liberation Serif',serif"
_FONTS = {
    "words": _SANS,
    "strong": f"{_SANS};font-weight:bold",
    "number": _SERIF,
    "symbol": f"{_SERIF};font-style:italic",
}


def svg(scene: Scene, theme: str) -> str:
    """The scene as an SVG document; of theme "auto", it follows the reader's choice of light or dark.

    Its rules hold for nothing outside it, so that it can stand in any page.
    """
    name = f"nn-diagram-{theme}"
    size = f'width="{scene.width:.0f}" height="{scene.height:.0f}"'
    view = f"{scene.left:.1f} 0 {scene.width:.1f} {scene.height:.1f}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="{name}" viewBox="{view}" {size} role="img">',
            f"<title>{_text(scene.title)}</title>",
            f"<style>{_rules(f'.{name}', theme)}</style>",
            *map(_element, (scene.page, *scene.items)),
            "</svg>\n",
        ]
    )


def page(scene: Scene, theme: str, description: str) -> str:
    """A page that needs nothing else: the picture, which can be scrolled where it is too wide, and a description."""
    title = _text(scene.title)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{_themed(theme, _page_rules)}
body{{margin:1rem;{_SANS}}}
.picture{{overflow-x:auto}}
.picture svg{{display:block;margin:auto}}
pre{{overflow-x:auto}}
</style>
</head>
<body>
<main>
<div class="picture" tabindex="0" role="region" aria-label="{title}">
{svg(scene, theme)}</div>
<pre>{_text(description)}</pre>
</main>
</body>
</html>
"""


def _text(anything: str) -> str:
    return html.escape(printable(anything))


def _themed(theme: str, rules: Callable[[Theme], str]) -> str:
    """Rules in the colours of a theme; of "auto", those of the dark one hold where the reader prefers it."""
    if theme != "auto":
        return rules(THEMES[theme])
    return f"{rules(THEMES['light'])}@media(prefers-color-scheme:dark){{{rules(THEMES['dark'])}}}"


def _page_rules(theme: Theme) -> str:
    return f"body{{background:{theme['page'].fill};color:{theme['ink'].fill}}}"


def _rules(scope: str, theme: str) -> str:
    """How roles and fonts look, for elements in a scope."""

    def roles(theme: Theme) -> str:
        return "".join(f"{scope} .{role}{{{_painted(look)}}}" for role, look in theme.items())

    return _themed(theme, roles) + "".join(f"{scope} .{name}{{{font}}}" for name, font in _FONTS.items())


def _painted(look: Look) -> str:
    dashes = ";stroke-dasharray:7 4" if look.dashed else ""
    return f"fill:{look.fill or 'none'};stroke:{look.stroke or 'none'}{dashes}"


def _element(item: Item) -> str:
    match item:
        case Line():
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in item.points)
            return _titled("polyline", item, f' points="{points}" stroke-width="{item.width:.2f}"')
        case Circle():
            return _titled("circle", item, f' cx="{item.x:.1f}" cy="{item.y:.1f}" r="{item.radius:.1f}"')
        case Box():
            corner = f' x="{item.x - item.width / 2:.1f}" y="{item.y - item.height / 2:.1f}"'
            return _titled("rect", item, f'{corner} width="{item.width:.1f}" height="{item.height:.1f}" rx="4"')
        case Text():
            return _titled("text", item, content="".join(_span(item, piece) for piece in item.pieces))


def _titled(tag: str, item: Item, attributes: str = "", content: str = "") -> str:
    title = f"<title>{_text(item.title)}</title>" if item.title else ""
    return f'<{tag} class="{item.role}"{attributes}>{title}{content}</{tag}>'


def _span(text: Text, piece: Piece) -> str:
    x, y = text.start(piece)
    anchor = ' text-anchor="middle"' if text.centred else ""
    size = f'font-size="{piece.size:.1f}"'
    return f'<tspan class="{piece.font}" x="{x:.1f}" y="{y:.1f}" {size}{anchor}>{_text(piece.text)}</tspan>'
