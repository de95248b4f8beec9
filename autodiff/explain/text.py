"""An explanation as plain text for a terminal: formulas in Unicode, matrices over several lines."""

from __future__ import annotations

import re
from collections.abc import Iterable

from autodiff.explain.document import Equation, Step, written
from autodiff.formulas.plain import plain

#: What is on the left and longer stands in a line of its own.
_LONG = 48
_MATRIX = re.compile(r"\\begin\{bmatrix\}(.*?)\\end\{bmatrix\}")


def text(title: str, steps: Iterable[Step]) -> str:
    """All steps, one after the other."""
    title = sentence(title)
    told = [title, "=" * len(title), ""]
    for number, step in enumerate(steps, 1):
        told += [*lines(step, f"{number}. "), ""]
    return "\n".join(told)


def lines(step: Step, number: str = "") -> list[str]:
    """One step: its title, underlined, its sentences and its equations."""
    title = f"{number}{sentence(step.title)}"
    told = [title, "-" * len(title)]
    for part in step.parts:
        if isinstance(part, Equation):
            told += [f"    {line}".rstrip() for line in equation(part)]
        else:
            told.append(sentence(part))
    return told


def sentence(words: str) -> str:
    """Words with the formulas between dollar signs as text.

    Examples
    --------
    >>> sentence(r"With $\\eta = 0.1$:")
    'With η = 0.1:'
    """
    return written(words, str, plain)


def equation(shown: Equation) -> list[str]:
    """An equation: each of its forms below the one before.

    Examples
    --------
    >>> print("\\n".join(equation(Equation("z", ("W x", r"\\begin{bmatrix} 1 & 2 \\\\ 3 & 4 \\end{bmatrix} x")))))
    z = W x
      = ⎡1  2⎤ x
        ⎣3  4⎦
    """
    left, sign = plain(shown.left), plain(shown.sign)
    lines: list[str] = []
    if len(left) > _LONG and shown.forms:
        lines, left = [left], "  "
    for i, form in enumerate(shown.forms):
        head = f"{left if not i else ' ' * len(left)} {sign} "
        found = block(form)
        if not i and shown.conditions:
            found[0] += f"   if {', '.join(map(plain, shown.conditions))}"
        lines += [head + found[0], *(" " * len(head) + line for line in found[1:])]
    return lines or [left]


def block(tex: str) -> list[str]:
    """A formula in several lines, if there are matrices in it that are not inside of something else."""
    pieces = _MATRIX.split(tex)
    between = pieces[::2]
    if len(pieces) == 1 or not all(map(_is_whole, between)):
        return [plain(tex)]
    boxes = [_box(piece) if i % 2 else [plain(piece)] for i, piece in enumerate(pieces)]
    height = max(map(len, boxes))
    lines = [""] * height
    for i, box in enumerate(boxes):
        if box == [""]:
            continue
        above = 0 if i % 2 else (height - 1) // 2 if height % 2 else 0
        width = max(map(len, box))
        rows = [""] * above + box + [""] * (height - above - len(box))
        space = " " if any(lines) and not box[0].startswith((")", "ᵀ", ",")) and not lines[0].endswith("(") else ""
        lines = [line + space + row.ljust(width) for line, row in zip(lines, rows, strict=True)]
    return [line.rstrip() for line in lines]


def _is_whole(piece: str) -> bool:
    """Whether no group and no other environment is open at its end."""
    return piece.count("{") == piece.count("}") and piece.count(r"\begin") == piece.count(r"\end")


def _box(body: str) -> list[str]:
    """A matrix between brackets over several lines."""
    rows = [[plain(cell.strip()) for cell in row.split("&")] for row in body.split(r"\\")]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    inside = ["  ".join(map(str.rjust, row, widths)) for row in rows]
    if len(inside) == 1:
        return [f"[{inside[0]}]"]
    lefts = ["⎡", *"⎢" * (len(inside) - 2), "⎣"]
    rights = ["⎤", *"⎥" * (len(inside) - 2), "⎦"]
    return [f"{a}{row}{b}" for a, row, b in zip(lefts, inside, rights, strict=True)]
