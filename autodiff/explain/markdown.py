"""Formulas, docstrings and explanations in Markdown, as GitHub renders it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from autodiff.explain.document import Step, written
from autodiff.explain.latex_document import aligned


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


def document(title: str, steps: Iterable[Step]) -> str:
    """An explanation."""
    lines = [f"# {_words(title)}", ""]
    for number, step in enumerate(steps, 1):
        lines += [f"## {number}. {_words(step.title)}", ""]
        for part in step.parts:
            shown = [_words(part)] if isinstance(part, str) else ["```math", allowed(aligned(part)), "```"]
            lines += [*shown, ""]
    return "\n".join(lines)


def _words(words: str) -> str:
    """Words with their formulas; what Markdown would take for a sign of its own is escaped."""
    return written(words, lambda piece: re.sub(r"([\\`*_<>\[\]#|])", r"\\\1", piece), math)
