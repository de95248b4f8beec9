"""Formulas as MathML, which browsers show without a script, by latex2mathml."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from xml.etree.ElementTree import Element, tostring

_ENTITY = re.compile(r"(?:&#x[0-9A-F]+;)+")
#: A function's name, which latex2mathml would set letter by letter.
_FUNCTION = re.compile(r"\\operatorname\{((?:\\.|[^{}\\])*)\}")
#: A matrix, which has to be a group to carry an exponent.
_MATRIX = re.compile(r"\\begin\{([bp]matrix)\}.*?\\end\{\1\}")
#: What latex2mathml does not know.
_ARGUMENT = re.compile(r"\\arg(?![a-zA-Z])")


def mathml(tex: str, *, display: bool = False) -> str:
    r"""A formula as a MathML element, as it stands in a page of HTML.

    Parameters
    ----------
    tex : str
        The project's LaTeX.
    display : bool
        In a line of its own.

    Examples
    --------
    >>> print(mathml(r"\text{<b>} < \operatorname{ReLU}(x)"))  # doctest: +NORMALIZE_WHITESPACE
    <math display="inline"><mrow><mtext>&lt;b&gt;</mtext><mo>&lt;</mo><mtext>ReLU</mtext><mo
    stretchy="false">(</mo><mi>x</mi><mo stretchy="false">)</mo></mrow></math>
    """
    return _written(tex, "block" if display else "inline")


@lru_cache(maxsize=8192)
def _written(tex: str, display: str) -> str:
    root = Element("math", display=display)
    root.extend(elements(tex))
    return tostring(root, encoding="unicode")


def elements(tex: str) -> list[Element]:
    """The elements of a formula, with text that is text: whoever writes them escapes it."""
    from latex2mathml.converter import convert_to_element

    tex = _FUNCTION.sub(lambda found: rf"\text{{{found[1]}}}", tex)
    tex = _MATRIX.sub(lambda found: f"{{{found[0]}}}", tex)
    tex = _ARGUMENT.sub(lambda _: r"\text{arg}", tex)
    found: list[Element] = list(convert_to_element(tex))
    for part in found:
        for element in part.iter():
            text = element.text or ""
            if _ENTITY.fullmatch(text):  # the library writes signs as entities, and words as they are
                element.text = html.unescape(text)
            elif element.tag == "mtext":
                element.text = re.sub(r"\\([_#%&${}])", r"\1", text.replace("&#x000A0;", "\N{NO-BREAK SPACE}"))
    return found
