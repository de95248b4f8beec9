"""Formulas and docstrings in Markdown, as GitHub renders it."""

from __future__ import annotations

import re


def math(tex: str) -> str:
    r"""A formula in a line: between ``$` `` and `` `$``, where Markdown changes nothing."""
    return f"$`{allowed(tex)}`$"


def allowed(tex: str) -> str:
    r"""A formula as GitHub takes it: without ``\operatorname``, and without bars, which would end a cell."""
    tex = tex.replace("||", r"\Vert ").replace("|", r"\vert ")
    return re.sub(r"\\operatorname\{([^{}]*)\}", r"\\mathop{\\mathrm{\1}}", tex)


def sentence(doc: str) -> str:
    """The first paragraph of a docstring, in Markdown."""
    text = " ".join(doc.strip().split("\n\n")[0].split())
    pieces = re.split(r"(:math:`[^`]*`|``[^`]*``|:\w+:`[^`]*`|`[^`]*`)", text)
    return "".join(map(_piece, pieces)).replace("|", r"\|")


def _piece(text: str) -> str:
    if text.startswith(":math:"):
        return math(text[7:-1])
    if text.startswith("``"):
        return text[1:-1]
    if re.match(r":\w+:`", text):
        return f"`{text.partition('`')[2]}"
    return text if text.startswith("`") else text.replace("*", r"\*").replace("<", "&lt;")
