"""The colours of roles, by theme; hues are those of Okabe and Ito (2008), which colour-blind readers can tell apart."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """How a role is painted: what fills it and what draws its line, if anything, and whether the line is dashed."""

    fill: str = ""
    stroke: str = ""
    dashed: bool = False


Theme = dict[str, Look]


def _theme(
    page: str,
    ink: str,
    quiet: str,
    *,
    signs: tuple[str, str],
    line: str,
    cards: tuple[str, str, str, str],
    borders: tuple[str, str, str],
) -> Theme:
    """A theme: the page, text, lines of positive and negative weights, other lines, circles and what is around them."""
    positive, negative = signs
    inputs, hidden, output, card = cards
    return {
        "page": Look(page),
        "halo": Look(page),
        "ink": Look(ink),
        "quiet": Look(quiet),
        "positive": Look(stroke=positive),
        "negative": Look(stroke=negative, dashed=True),
        "zero": Look(stroke=line),
        "wire": Look(stroke=line),
        "curve": Look(stroke=ink),
        "dot": Look(quiet),
        "input": Look(inputs, borders[0]),
        "hidden": Look(hidden, borders[1]),
        "output": Look(output, borders[2]),
        "port": Look(page, line),
        "card": Look(card, line),
    }


THEMES = {
    "light": _theme(
        "#FFFFFF",
        "#1A1A1A",
        "#595959",
        signs=("#0072B2", "#D55E00"),
        line="#8C8C8C",
        cards=("#D9EDFA", "#FFF6E0", "#CDEBE1", "#F5F5F5"),
        borders=("#3A87B8", "#B87F00", "#00795A"),
    ),
    "dark": _theme(
        "#0E1116",
        "#EDF1F5",
        "#A8B1BB",
        signs=("#56B4E9", "#E69F00"),
        line="#8C8C8C",
        cards=("#0C2E44", "#3D2C08", "#06382C", "#20262E"),
        borders=("#56B4E9", "#E69F00", "#12C492"),
    ),
    "print": _theme(
        "#FFFFFF",
        "#000000",
        "#000000",
        signs=("#000000", "#000000"),
        line="#000000",
        cards=("#FFFFFF",) * 4,
        borders=("#000000",) * 3,
    ),
}
