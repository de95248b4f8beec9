"""A picture as plain data: lines, circles, boxes and lines of mathematics at their places, each in a role.

A role says what something is, such as ``"positive"`` for the line of a weight above 0; themes give it colours.  The
y-axis points down, and lengths are in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from unicodedata import east_asian_width

#: Widths in Times, as fractions of the size of the font: of digits, of signs, of letters in italics, of anything else.
_WIDTHS = {
    **dict.fromkeys("0123456789abxyŷ", 0.5),
    **dict.fromkeys("(), .;", 0.3),
    **dict.fromkeys("zkjlf", 0.4),
    **dict.fromkeys("wΣ", 0.7),
}
_WIDTH = 0.6
#: The size of subscripts and superscripts, and how far they are moved down and up.
_SMALLER, _DOWN, _UP = 0.68, 0.25, 0.38
#: From the middle of a line of text down to its baseline, as a fraction of the size of the font.
_BASELINE = 0.33


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line, or one with corners."""

    role: str
    points: tuple[tuple[float, float], ...]
    width: float = 1.0
    title: str = ""


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle around (x, y)."""

    role: str
    x: float
    y: float
    radius: float
    title: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle around (x, y)."""

    role: str
    x: float
    y: float
    width: float
    height: float
    title: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line of text, to the right and (`down`) below its start; fonts: symbol, number, words, strong."""

    text: str
    font: str
    size: float
    right: float = 0.0
    down: float = 0.0


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text, whose pieces begin at the left of its middle (x, y)."""

    role: str
    x: float
    y: float
    pieces: tuple[Piece, ...]
    width: float
    title: str = ""

    @property
    def centred(self) -> bool:
        """Whether its one piece is centred, so that it does not matter how wide the reader's font is."""
        return len(self.pieces) == 1

    def start(self, piece: Piece) -> tuple[float, float]:
        """Where the baseline of a piece starts; or, of one that is centred, its middle."""
        left = self.x if self.centred else self.x - self.width / 2
        return left + piece.right, self.y + piece.down + _BASELINE * self.pieces[0].size


Item = Line | Circle | Box | Text


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture of this size, from `left` on; what comes later lies above what comes first."""

    left: float
    width: float
    height: float
    items: tuple[Item, ...]
    title: str

    @property
    def page(self) -> Box:
        """What lies below everything."""
        return Box("page", self.left + self.width / 2, self.height / 2, self.width, self.height)


def printable(text: str) -> str:
    """Text in which a sign stands for every character that cannot be printed, or is not allowed in XML."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def words(role: str, x: float, y: float, text: str, size: float = 12.0, font: str = "words", title: str = "") -> Text:
    """A line of words."""
    return Text(role, x, y, (Piece(text, font, size),), size * sum(map(_extent, text)), title)


def _extent(character: str) -> float:
    """How wide a character of words is, as a fraction of the size of the font: those of China or Japan are square."""
    if east_asian_width(character) in "WF":
        return 1.0
    return 0.75 if character.isupper() else 0.55


def formula(role: str, x: float, y: float, parts: Sequence[Any], size: float = 13.0, title: str = "") -> Text:
    """A line of mathematics.

    Parameters
    ----------
    parts : sequence of str or tuple
        Numbers and signs as strings, symbols as tuples of a letter, its subscript and its superscript.

    Examples
    --------
    >>> [piece.text for piece in formula("ink", 0, 0, [("w", "12", "(1)"), " = 0.5"]).pieces]
    ['w', '12', '(1)', ' = 0.5']
    """
    pieces: list[Piece] = []
    right = 0.0
    for part in parts:
        letter, below, above = (part, "", "") if isinstance(part, str) else part
        pieces.append(Piece(letter, "number" if isinstance(part, str) else "symbol", size, right))
        right += _width(letter, size)
        small = _SMALLER * size
        scripts = [(text, down) for text, down in ((below, _DOWN), (above, -_UP)) if text]
        pieces += [
            Piece(text, "symbol" if text.isalpha() else "number", small, right, down * size) for text, down in scripts
        ]
        right += max((_width(text, small) for text, _ in scripts), default=0.0)
    return Text(role, x, y, tuple(pieces), right, title)


def _width(text: str, size: float) -> float:
    return size * sum(_WIDTHS.get(character, _WIDTH) for character in text)
