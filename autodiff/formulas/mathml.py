"""The project's LaTeX as MathML, which browsers show without a script, by latex2mathml."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

#: An element: its tag, its attributes, and its text or its children.
Tree = list[Any]

#: Words, which may hold anything, and names of functions: latex2mathml is given a character that nobody else uses in
#: place of each of them.
_WORDS = re.compile(r"\\(text|operatorname)\{((?:\\.|[^\\{}])*)\}|\\(arg)(?![a-zA-Z])")
_FIRST = 0xF000
#: A matrix, which has to be a group to carry an exponent.
_MATRIX = re.compile(r"\\begin\{([bp]matrix)\}.*?\\end\{\1\}")
_SPACE: Tree = ["mspace", {"width": "0.17em"}, []]


def markup(latex: str, *, display: bool = False) -> str:
    r"""LaTeX as it stands in a page of HTML.

    Parameters
    ----------
    latex : str
    display : bool
        As large as in a line of its own.

    Examples
    --------
    >>> markup(r"\text{<b>}^2")
    '<math><mrow><msup><mtext>&lt;b&gt;</mtext><mn>2</mn></msup></mrow></math>'
    """
    style = ' displaystyle="true"' if display else ""
    return f"<math{style}>{_written(latex)}</math>"


@lru_cache(maxsize=8192)
def _written(latex: str) -> str:
    return _markup(mathml(latex))


def _markup(tree: Tree) -> str:
    tag, attributes, content = tree
    inside = html.escape(content, quote=False) if isinstance(content, str) else "".join(map(_markup, content))
    given = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<{tag}{given}>{inside}</{tag}>"


@lru_cache(maxsize=4096)
def mathml(latex: str) -> Tree:
    """LaTeX as an element of MathML, of plain lists: a page can make elements of them, and never reads markup.

    Examples
    --------
    >>> mathml("x < 2")
    ['mrow', {}, [['mi', {}, 'x'], ['mo', {}, '<'], ['mn', {}, '2']]]
    """
    from latex2mathml.converter import convert_to_element

    words: list[Tree] = []

    def put_aside(match: re.Match[str]) -> str:
        word = re.sub(r"\\(.)", r"\1", match[3] or match[2]).replace(" ", "\N{NO-BREAK SPACE}")
        words.append(["mtext" if match[1] == "text" else "mi", {}, word])
        return chr(_FIRST + len(words) - 1)

    tex = _WORDS.sub(put_aside, latex)
    (row,) = convert_to_element(_MATRIX.sub(lambda found: f"{{{found[0]}}}", tex))
    return _tree(row, words)


def _tree(element: Element, words: list[Tree]) -> Tree:
    if len(element):
        children = [_tree(child, words) for child in element]
        return [element.tag, dict(element.items()), _spaced(children) if element.tag == "mrow" else children]
    text = html.unescape(element.text or "")
    if text and 0 <= (place := ord(text[0]) - _FIRST) < len(words):
        return words[place]
    if len(text) > 1 and text.isalpha():  # a function's name: no operator, which would have space around it
        return ["mi", {}, text]
    return [element.tag, dict(element.items()), text]


def _spaced(children: list[Tree]) -> list[Tree]:
    """With some space around the names of functions, which browsers leave out."""
    spaced = children[:1]
    for before, after in pairwise(children):
        if (_is_function(before) and after[0] != "mo") or (_is_function(after) and before[0] != "mo"):
            spaced.append(_SPACE)
        spaced.append(after)
    return spaced


def _is_function(tree: Tree) -> bool:
    return tree[0] == "mi" and len(tree[2]) > 1
