r"""How tightly the parts of a row's `tex` hold together, read off the `tex` itself.

From ``#1 \odot #2`` it is seen that the result is a product, and that a sum in place of ``#1`` needs parentheses; from
``e^{#1}``, that nothing in the exponent does.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

#: How tightly a formula holds together: what has a lower number than its place allows is put in parentheses.
LOGIC, RELATION, SUM, OPERATION, PRODUCT, PREFIX, POWER, ATOM = range(8)

_TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|#\d|\s+|[\d.]+|.")
_OPEN = {"(", "[", r"\lvert", r"\lVert", r"\lfloor", r"\lceil", r"\begin"}
_CLOSE = {")", "]", r"\rvert", r"\rVert", r"\rfloor", r"\rceil", r"\end"}
_SEPARATORS = {",", "&", r"\\", "|", r"\mid", r"\dots", r"\cdots", None}
_BINARY = {
    **dict.fromkeys((r"\land", r"\lor", r"\oplus", r"\lnot"), LOGIC),
    **dict.fromkeys(("=", "<", ">", r"\le", r"\ge", r"\ne", r"\in", r"\ll", r"\gg"), RELATION),
    **dict.fromkeys(("+", "-"), SUM),
    **dict.fromkeys((r"\star", r"\bmod", r"\mathbin", "/", "*"), OPERATION),
    **dict.fromkeys((r"\odot", r"\cdot", r"\times", r"\otimes"), PRODUCT),
}
_FUNCTIONS = {
    rf"\{name}"
    for name in (
        *("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "log", "exp", "max", "min", "arg"),
        *("sum", "prod", "det", "operatorname", "mathcal", "lim", "mathop"),
    )
}
#: Commands and how many groups they take.
_GROUPS = {r"\frac": 2, r"\tfrac": 2, r"\sqrt": 1, r"\overline": 1, r"\operatorname": 1, r"\mathcal": 1, r"\mathbb": 1}
_GROUPS |= dict.fromkeys((r"\mathrm", r"\text", r"\begin", r"\end", r"\mathbin", r"\mathop"), 1)
_WORDS = {r"\operatorname", r"\mathrm", r"\text", r"\begin", r"\end", r"\mathbin", r"\mathop"}
_SPACE = {r"\,", r"\;", r"\!", r"\quad"}


class Item(NamedTuple):
    """A slot for an argument or a parameter, or a piece of text around the slots."""

    text: str
    #: Which argument belongs here, a number; which parameter, its name; 0 for text.
    slot: int | str = 0
    #: How tightly what is put here has to hold together.
    needs: int = LOGIC
    #: Whether something follows on the right that a function without parentheses would swallow.
    followed: bool = False


class Template(NamedTuple):
    """A row's `tex`, cut at its slots; and how tightly the whole holds together."""

    items: tuple[Item, ...]
    level: int


def starts_with_function(text: str) -> bool:
    """Whether something begins with a function that is written without parentheses."""
    first = _TOKEN.match(text)
    return first is not None and first[0] in _FUNCTIONS and first[0] != r"\operatorname"


@cache
def template(tex: str, parameters: frozenset[str] = frozenset()) -> Template:
    """Cut a row's `tex` at its slots: ``#1``, ``#2``, … and letters that are names of parameters.

    Examples
    --------
    >>> [(item.slot, item.needs == SUM) for item in template("#1 + #2").items if item.slot]
    [(1, True), (2, True)]
    >>> template("e^{#1}").level == POWER
    True
    """
    group = _group(_TOKEN.findall(tex))
    items: list[Item] = []
    _cut(group, items, parameters)
    return Template(tuple(items), _level(group))


def _group(tokens: list[str]) -> list[Any]:
    """Tokens with what is in braces as lists of its own."""
    stack: list[list[Any]] = [[]]
    for token in tokens:
        if token == "{":
            stack.append([])
        elif token == "}":
            inner = stack.pop()
            stack[-1].append(inner)
        else:
            stack[-1].append(token)
    (result,) = stack
    return result


def _cut(group: list[Any], items: list[Item], parameters: frozenset[str]) -> None:
    solid = [t for t in group if not _is_space(t)]
    position = -1
    for token in group:
        position += not _is_space(token)
        if isinstance(token, list):
            plain = _key(solid[position - 1]) in _SEPARATORS | _OPEN | _BINARY.keys() if position else True
            items.append(Item("{"))
            if plain and len(token) == 1 and solid[position + 1 : position + 2] in (["^"], ["_"]):
                items.append(Item(token[0], int(token[0][1:]), ATOM))  # {#1}^{-1}
            else:
                words = position > 0 and _key(solid[position - 1]) in _WORDS
                _cut(token, items, frozenset() if words else parameters)
            items.append(Item("}"))
        elif token.startswith("#") or token in parameters:
            left = solid[position - 1] if position else None
            right = solid[position + 1] if position + 1 < len(solid) else None
            scripted = right in ("^", "_")
            after = solid[position + 3] if scripted and position + 3 < len(solid) else None if scripted else right
            needs = max(_needs(solid, position, left), ATOM if scripted else _needs_before(right))
            followed = _key(after) not in _SEPARATORS | _CLOSE and _BINARY.get(_key(after), PREFIX) > SUM
            alone = len(solid) == 1 or left in ("^", "_")
            slot = int(token[1:]) if token.startswith("#") else token
            items.append(Item(token, slot, LOGIC if alone else needs, followed))
        else:
            items.append(Item(token))


def _is_space(token: Any) -> bool:
    return isinstance(token, str) and (token.isspace() or token in _SPACE)


def _key(token: Any) -> Any:
    return "{}" if isinstance(token, list) else token


def _needs(solid: list[Any], position: int, left: Any) -> int:
    """What a slot needs because of what stands on its left."""
    key = _key(left)
    if key in _SEPARATORS | _OPEN or key in ("^", "_"):
        return LOGIC
    if key in _BINARY:
        if key in ("-", "/"):
            return PRODUCT if key == "-" else POWER
        return {LOGIC: RELATION, RELATION: SUM, SUM: SUM, OPERATION: PREFIX}.get(_BINARY[key], PRODUCT)
    if isinstance(left, list) and position >= 2 and solid[position - 2] == r"\begin":
        return LOGIC
    return POWER if _function_before(solid, position) else PREFIX


def _function_before(solid: list[Any], position: int) -> bool:
    """Whether a slot is the argument of a function written without parentheses, which may carry scripts."""
    at = position - 1
    while at >= 0:
        token = solid[at]
        if isinstance(token, str) and token in _FUNCTIONS:
            return True
        inside = isinstance(token, list) or token in ("^", "_") or token.isalnum()
        if not inside or (isinstance(token, str) and token.isalnum() and solid[at - 1 : at] not in (["^"], ["_"])):
            return False
        at -= 1
    return False


def _needs_before(right: Any) -> int:
    """What a slot needs because of what stands on its right."""
    key = _key(right)
    if key in _SEPARATORS | _CLOSE or key == r"\text":
        return LOGIC
    if key in _BINARY:
        return {LOGIC: RELATION, RELATION: SUM, SUM: SUM}.get(_BINARY[key], PRODUCT)
    return POWER


def _level(group: list[Any]) -> int:
    """How tightly a whole formula holds together: the loosest join outside of parentheses, or the number of factors."""
    tokens = [t for t in group if not _is_space(t)]
    loosest, factors = ATOM, 0
    pending = bare = called = scripts = False
    at = 0
    while at < len(tokens):
        token = _key(tokens[at])
        if token in _BINARY:
            loosest = min(loosest, _BINARY[token])
            at += 1
        elif token in _SEPARATORS:
            at += 1
        elif token in ("^", "_"):
            scripts = True
            at += 2
        elif token in _FUNCTIONS:
            pending = True
            at += 1 + _GROUPS.get(token, 0)
        elif token in _OPEN:
            at = _closed(tokens, at)
            factors += not called
            bare = bare or (pending and token != "(")
            pending = called = False
        else:
            at = _past(tokens, at)
            called = _callable(token) and _next_but_scripts(tokens, at) == "("
            bare = bare or pending
            pending = False
            factors += 1
    if loosest < ATOM:
        return loosest
    if factors > 1:
        return PRODUCT
    if bare:
        return PREFIX
    return POWER if scripts or tokens[0] in (_FUNCTIONS | {r"\frac", r"\tfrac"}) - {r"\operatorname"} else ATOM


def _closed(tokens: list[Any], at: int) -> int:
    """The place after the parenthesis that is opened here."""
    depth = 0
    while at < len(tokens):
        depth += (_key(tokens[at]) in _OPEN) - (_key(tokens[at]) in _CLOSE)
        at += 1 + (tokens[at] in (r"\begin", r"\end"))
        if not depth:
            break
    return at


def _past(tokens: list[Any], at: int) -> int:
    """The place after a letter, or after a command and its groups."""
    token = _key(tokens[at])
    at += 1
    if token == r"\sqrt" and tokens[at] == "[":
        at = tokens.index("]", at) + 1
    if token == r"\tfrac" and isinstance(tokens[at], str):  # \tfrac12
        return at + 1
    return at + _GROUPS.get(token, 0)


def _callable(token: str) -> bool:
    """A letter, Latin or Greek."""
    return (len(token) == 1 and token.isalpha()) or (token.startswith("\\") and token not in _GROUPS)


def _next_but_scripts(tokens: list[Any], at: int) -> Any:
    while at < len(tokens) and tokens[at] in ("^", "_"):
        at += 2
    return tokens[at] if at < len(tokens) else None
