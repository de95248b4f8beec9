"""What colours, dashes and numbers of a picture mean."""

from __future__ import annotations

from collections.abc import Collection

from autodiff.drawing.cards import Style

#: What is explained, and how, in this order.
_CARDS = {
    "parameter": "parameter: is learned",
    "data": "data: is given",
    "constant": "constant",
    "result": "result of an operation",
    "output": "what was asked for",
    "backward": "computes gradients",
    "group": "closed group of operations",
}
_SIGNS = {
    "contribution": ("0.5", "what this use of a value adds to its gradient"),
    "norm": ("|0.5|", "its norm"),
    "broadcast": ("∑", "summed up, which undoes a broadcast"),
    "uses": ("3×", "three uses"),
    "mark": ("▲", "something is wrong here, or worth a look"),
}


def legend(occurring: Collection[str], style: Style) -> str:
    """A label that explains what occurs in a picture."""
    theme = style.theme
    cells = []
    for what, words in _CARDS.items():
        if what in occurring:
            fill, line = theme.card(what)
            dashed = ' style="dashed"' if what == "constant" else ""
            cells.append(
                _entry(f'<td border="1" color="{line}" bgcolor="{fill}"{dashed} width="16"></td>', words, style)
            )
    for what, (sign, words) in _SIGNS.items():
        if what in occurring:
            colour = theme.mark if what == "mark" else theme.gradient
            cells.append(_entry(f'<td><font point-size="9" color="{colour}">{sign}</font></td>', words, style))
    if "heat" in occurring:
        shades = "".join(f'<td bgcolor="{shade}" width="10"></td>' for shade in theme.heat)
        cells.append(_entry(shades, "size of the gradient, in equal steps of its logarithm", style))
    rows = "".join(f"<tr>{cell}</tr>" for cell in cells)
    return f'<<table border="0" cellborder="0" cellspacing="2" cellpadding="2">{rows}</table>>'


def _entry(sign: str, words: str, style: Style) -> str:
    inner = f'<table border="0" cellborder="0" cellspacing="0" cellpadding="1"><tr>{sign}</tr></table>'
    said = f'<font point-size="9" color="{style.theme.quiet}">{words}</font>'
    return f'<td>{inner}</td><td align="left">{said}</td>'
