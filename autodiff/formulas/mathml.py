"""The project's LaTeX as MathML, by latex2mathml."""

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

#: Words, which may hold anything: latex2mathml is given a character that nobody else uses in place of each of them.
_WORDS = re.compile(r"\\text\{((?:\\.|[^\\{}])*)\}")
_FIRST = 0xF000
_SPACE: Tree = ["mspace", {"width": "0.17em"}, []]


@lru_cache(maxsize=4096)
def mathml(latex: str) -> Tree:
    """LaTeX as an element of MathML, of plain lists: a page makes elements of them, and never reads markup.

    Examples
    --------
    >>> mathml("x < 2")
    ['mrow', {}, [['mi', {}, 'x'], ['mo', {}, '<'], ['mn', {}, '2']]]
    """
    from latex2mathml.converter import convert_to_element

    words: list[str] = []

    def put_aside(match: re.Match[str]) -> str:
        words.append(re.sub(r"\\(.)", r"\1", match[1]).replace(" ", "\N{NO-BREAK SPACE}"))
        return chr(_FIRST + len(words) - 1)

    (row,) = convert_to_element(_WORDS.sub(put_aside, latex))
    return _tree(row, words)


def _tree(element: Element, words: list[str]) -> Tree:
    if len(element):
        children = [_tree(child, words) for child in element]
        return [element.tag, dict(element.items()), _spaced(children) if element.tag == "mrow" else children]
    text = html.unescape(element.text or "")
    if text and 0 <= (place := ord(text[0]) - _FIRST) < len(words):
        return ["mtext", {}, words[place]]
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
