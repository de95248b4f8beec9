"""The colours of pictures: for a white page, a black one, paper; or for the reader's choice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

#: What a card shows, by which its colours are told.
KINDS = ("parameter", "data", "constant", "result", "output", "backward", "group")


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours by what they are for; pairs are the inside of a card and its border.

    The hues are those of Okabe and Ito (2008), which colour-blind readers can tell apart.
    """

    page: str
    ink: str
    quiet: str
    gradient: str
    edge: str
    frame: str
    #: Frames by how deeply they are nested.
    frames: tuple[str, ...]
    parameter: tuple[str, str]
    data: tuple[str, str]
    constant: tuple[str, str]
    result: tuple[str, str]
    output: tuple[str, str]
    backward: tuple[str, str]
    group: tuple[str, str]
    #: What is wrong.
    mark: str
    #: From small gradients to large ones.
    heat: tuple[str, ...]

    def card(self, kind: str) -> tuple[str, str]:
        """The colours of a kind of card: inside, border."""
        colours: tuple[str, str] = getattr(self, kind)
        return colours

    def colours(self) -> Iterator[str]:
        """All of them, in a fixed order."""
        for field in fields(self):
            value = getattr(self, field.name)
            yield from (value,) if isinstance(value, str) else value


LIGHT = Theme(
    page="#FFFFFF",
    ink="#1A1A1A",
    quiet="#595959",
    gradient="#8A3C00",
    edge="#7F7F7F",
    frame="#C4C4C4",
    frames=("#F6F6F6", "#ECECEC", "#E3E3E3", "#DADADA"),
    parameter=("#FCE8C3", "#B87F00"),
    data=("#D9EDFA", "#3A87B8"),
    constant=("#FEFEFE", "#A0A0A0"),
    result=("#FDFDFD", "#707070"),
    output=("#CDEBE1", "#00795A"),
    backward=("#F8E3F0", "#A8437F"),
    group=("#E4E6F5", "#55598F"),
    mark="#B03000",
    heat=("#FCFCFC", "#FDECC8", "#FDCB7E", "#F79A4B", "#E5672B"),
)

DARK = Theme(
    page="#0E1116",
    ink="#EDF1F5",
    quiet="#A8B1BB",
    gradient="#FFB980",
    edge="#8A939D",
    frame="#424A54",
    frames=("#161A20", "#1D2229", "#242A32", "#2B323B"),
    parameter=("#3D2C08", "#E69F00"),
    data=("#0C2E44", "#56B4E9"),
    constant=("#14181D", "#6C7680"),
    result=("#20262E", "#9AA4AE"),
    output=("#06382C", "#12C492"),
    backward=("#3E1E31", "#D98BB5"),
    group=("#262A45", "#9BA1DC"),
    mark="#FF8F66",
    heat=("#1F252D", "#3A2B12", "#5C3A0C", "#7E430C", "#A34A12"),
)

#: Needs no colour to be read: cards say what they are.
PRINT = Theme(
    page="#FFFFFF",
    ink="#000000",
    quiet="#3D3D3D",
    gradient="#000000",
    edge="#404040",
    frame="#8C8C8C",
    frames=("#FFFFFF",) * 4,
    parameter=("#FFFFFF", "#000000"),
    data=("#FFFFFF", "#000000"),
    constant=("#FFFFFF", "#8C8C8C"),
    result=("#FFFFFF", "#000000"),
    output=("#E6E6E6", "#000000"),
    backward=("#F2F2F2", "#000000"),
    group=("#E6E6E6", "#000000"),
    mark="#000000",
    heat=("#FFFFFF", "#F0F0F0", "#E0E0E0", "#D0D0D0", "#C0C0C0"),
)

THEMES = {"auto": LIGHT, "light": LIGHT, "dark": DARK, "print": PRINT}

#: The class of a picture that follows the reader's choice.
_AUTOMATIC = "autodiff-automatic"


def automatic(svg: str) -> str:
    """A light picture that turns dark where the reader prefers that.

    The rules are for this picture's class only: one page may hold others.
    """
    pairs = dict(zip(LIGHT.colours(), DARK.colours(), strict=True))
    rules = "".join(
        f'.{_AUTOMATIC} [{part}="{light.lower()}"]{{{part}:{dark}}}'
        for light, dark in pairs.items()
        for part in ("fill", "stroke")
    )
    style = f"<style>@media (prefers-color-scheme: dark){{{rules}}}</style>"
    head, start, body = svg.partition("<svg ")
    opening, end, content = body.partition(">")
    return f'{head}{start}class="{_AUTOMATIC}" {opening}{end}\n{style}{content}'
