"""An explanation as a document for LaTeX."""

from __future__ import annotations

from collections.abc import Iterable

from autodiff.explain.document import Equation, Step, written
from autodiff.formulas.figures import escaped

_HEAD = r"""\documentclass[a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{amsmath, amssymb, graphicx}
\usepackage[margin=2cm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\parskip}{4pt}
\renewcommand{\arraystretch}{1.2}
% a formula that is wider than the page is made smaller
\newsavebox{\formula}
\newcommand{\fitted}[1]{\sbox{\formula}{$\displaystyle #1$}%
  \ifdim\wd\formula>\linewidth \resizebox{\linewidth}{!}{\usebox{\formula}}\else\usebox{\formula}\fi}
"""
#: What LaTeX does not take as it is, in text and in formulas.
_LETTERS = {
    "×": r"\ensuremath{\times}",
    "…": r"\ldots{}",
    "∖": r"\textbackslash{}",
    "ˆ": r"\^{}",
    "∼": r"\~{}",
    "＆": r"\&",
}


def document(title: str, steps: Iterable[Step]) -> str:
    """A document that LaTeX compiles with the packages of any installation (amsmath, graphicx, geometry).

    Examples
    --------
    >>> step = Step("forward", "A step", ("Words.", Equation("y", ("2 x", "6"))))
    >>> print(document("Title", [step]).split(r"\\maketitle")[1].strip())
    \\subsection*{1. A step}
    Words.
    <BLANKLINE>
    \\[\\fitted{\\begin{aligned}
    y &= 2 x \\\\
    &= 6
    \\end{aligned}}\\]
    <BLANKLINE>
    \\end{document}
    """
    lines = [_HEAD, rf"\title{{{sentence(title)}}}", r"\date{}", r"\begin{document}", r"\maketitle", ""]
    for number, step in enumerate(steps, 1):
        lines.append(rf"\subsection*{{{number}. {sentence(step.title)}}}")
        for part in step.parts:
            lines += [sentence(part), ""] if isinstance(part, str) else [rf"\[\fitted{{{aligned(part)}}}\]", ""]
    return _plain_letters("\n".join([*lines, r"\end{document}", ""]))


def aligned(shown: Equation) -> str:
    """An equation with each of its forms in a line."""
    conditions = rf" \quad \text{{if }} {', '.join(shown.conditions)}" if shown.conditions else ""
    rows = [f"{shown.sign} {form}" for form in shown.forms] or [""]
    rows[0] = f"{shown.left} &{rows[0]}{conditions}"
    body = " \\\\\n&".join(rows)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def sentence(words: str) -> str:
    """Words with their formulas, and with the signs that LaTeX needs escaped."""
    return written(words, lambda piece: escaped(piece.replace("\\", "∖")), lambda tex: f"${tex}$")


def _plain_letters(text: str) -> str:
    """Every letter as LaTeX takes it: what is beyond its fonts by its number."""
    return "".join(c if ord(c) < 0x100 else _LETTERS.get(c) or rf"\text{{U+{ord(c):04X}}}" for c in text)
