"""Formulas as they are almost everywhere: without what a rule says for single points, which is noted instead.

``where(y == 0, 1, y)``, which keeps a rule from dividing by zero, becomes y, under the assumption that y is not 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autodiff.formulas.latex import latex
from autodiff.formulas.likeness import Likeness
from autodiff.formulas.simplify import made_by
from autodiff.formulas.symbols import Assumption, Derivative, Symbol, applied, derivative, mapped, name_of
from autodiff.op import Array, Elementwise, Op, table
from autodiff.reverse import outward

#: A branch that the example does not take, and that is longer than this, is left out.
_TOO_LONG = 250
#: What is less than so much of anything is a rounding error.
_ROUNDING = 1e-9


def generic(derivative: Derivative) -> Derivative:
    r"""The formula away from single points: the same wherever what it newly assumes holds.

    Examples
    --------
    >>> import numpy as np
    >>> from autodiff.formulas.latex import assumed
    >>> x, y = Symbol("x", 3.0), Symbol("y", 2.0)
    >>> found = generic(Derivative(x / np.where(y == 0, 1, y)))
    >>> latex(found.tree), [assumed(a) for a in found.assumptions]
    ('\\frac{x}{y}', ['y \\ne 0'])
    """
    pruning = _Pruning()
    tree = pruning.pruned(derivative.tree, {})
    return Derivative(tree, (*derivative.assumptions, *pruning.assumptions))


def pulled(op: Op, i: int, g: Any, y: Any, xs: tuple[Any, ...], params: Mapping[str, Any]) -> Derivative | None:
    r"""What one use of a value adds to its gradient, before a broadcast is undone; None where there is no rule.

    Parameters
    ----------
    op : Op
    i : int
        Which argument the value is.
    g : Symbol, or Parts of them
        The gradient of the result.
    y, xs
        The result and the arguments: symbols, or numbers.
    params : mapping

    Examples
    --------
    >>> from autodiff.op import table
    >>> g, a, z = Symbol("g", 2.0), Symbol("a", 0.5), Symbol("z", 0.0)
    >>> latex(pulled(table["sigmoid"], 0, g, a, (z,), {}).tree)
    'g \\, a (1 - a)'
    """
    g = outward(g)
    found = derivative(op, i, g, y, xs, params)
    if found is None:
        return None
    if not isinstance(found.tree, tuple):
        found = generic(found)
    tree = g * found.tree if isinstance(op, Elementwise) else found.tree
    if not isinstance(tree, (Symbol, tuple)):  # a number may be one of Python's
        tree = np.asarray(tree)[()]
    return Derivative(outward(tree), found.assumptions)


class _Pruning:
    def __init__(self) -> None:
        self.assumptions: list[Assumption] = []
        self._assumed: set[int] = set()
        self._alike = Likeness()

    def pruned(self, x: Any, known: dict[int, bool]) -> Any:
        """A tree without the branches that are not taken; `known` are conditions that hold, or do not, around it."""
        if not isinstance(x, Symbol) or x.of is None or isinstance(x.value, tuple):
            return x
        if made_by(x, "where"):
            return _as(self._branch(x, known), x)
        if made_by(x, "maximum") and _is_rounding(x.args[1]) and np.all(x.value > x.args[1]):
            self._assume(x.args[0] > x.args[1])
            return _as(self.pruned(x.args[0], known), x)
        args = mapped(lambda a: self.pruned(a, known), x.args)
        if all(new is old for new, old in zip(args, x.args, strict=True)):
            return x
        return _as(applied(x.of, args, x.params), x)

    def _branch(self, x: Symbol, known: dict[int, bool]) -> Any:
        condition, this, other = x.args
        key = self._alike(condition)
        if key in known:
            return self.pruned(this if known[key] else other, known)
        chosen = _usual(condition)
        if (chosen is not None and isinstance(condition, Symbol) and np.array_equal(chosen, condition.value)) or (
            isinstance(condition, Symbol) and (chosen := _only_short(condition, this, other)) is not None
        ):
            self._assume(condition)
        else:
            chosen = condition
        if not isinstance(chosen, Symbol) and np.size(chosen) and np.all(np.asarray(chosen) == np.ravel(chosen)[0]):
            value = bool(np.all(chosen))
            return self.pruned(this if value else other, {**known, **dict(self._facts(condition, value))})
        branches = [
            self.pruned(branch, {**known, **dict(self._facts(condition, value))})
            for branch, value in ((this, True), (other, False))
        ]
        return applied(table["where"], (chosen, *branches), {})

    def _facts(self, condition: Any, value: bool) -> Iterator[tuple[int, bool]]:
        """What is known where a condition holds, or does not: of itself, its opposite and its parts."""
        if not isinstance(condition, Symbol):
            return
        yield self._alike(condition), value
        name = name_of(condition.of)
        if name in _COMPLEMENT:
            yield self._alike(applied(table[_COMPLEMENT[name]], condition.args, {})), not value
        decisive = {"bitwise_and": True, "logical_and": True, "bitwise_or": False, "logical_or": False}.get(name)
        if decisive is value:
            for part in condition.args:
                yield from self._facts(part, value)

    def _assume(self, condition: Any) -> None:
        """Note a condition, by the parts that it is made of where each is as usual."""
        if not isinstance(condition, Symbol) or self._alike(condition) in self._assumed:
            return
        self._assumed.add(self._alike(condition))
        if name_of(condition.of) in ("bitwise_or", "logical_or", "bitwise_invert", "logical_not"):
            usual = [_usual(part) for part in condition.args]
            if all(u is not None and np.array_equal(u, _value(x)) for u, x in zip(usual, condition.args, strict=True)):
                for part in condition.args:
                    self._assume(part)
                return
        pruned = self.pruned(condition, {})
        if isinstance(pruned, Symbol):
            self.assumptions.append((pruned, condition.value))


def _value(x: Any) -> Array:
    return x.value if isinstance(x, Symbol) else np.asarray(x)


def _as(y: Any, x: Symbol) -> Any:
    """What takes the place of a tree, with its shape and dtype."""
    if np.shape(y) != x.shape:
        y = applied(table["broadcast_to"], (y,), {"shape": x.shape}) if isinstance(y, Symbol) else np.full(x.shape, y)
    if isinstance(y, Symbol) and y.dtype != x.dtype:
        y = y.astype(x.dtype)
    return y


def _only_short(condition: Symbol, this: Any, other: Any) -> Array | None:
    """The condition's value, if it is the same everywhere and leaves out a branch that would fill the page."""
    value = condition.value
    if not np.size(value) or not np.all(value == np.ravel(value)[0]):
        return None
    return value if len(latex(other if np.all(value) else this)) > _TOO_LONG else None


def _usual(condition: Any) -> Array | None:
    """What a condition is almost everywhere; None if it may well be either."""
    if not isinstance(condition, Symbol):
        return np.asarray(condition, bool)
    name = "" if condition.of is None else name_of(condition.of)
    if name in _ALMOST:
        return np.full(condition.shape, _ALMOST[name])
    if name in ("less", "less_equal") and any(_is_rounding(x) for x in condition.args[1:]):
        return np.zeros(condition.shape, bool)
    if isinstance(condition.of, Op) and name in _LOGIC:
        usual = [_usual(x) for x in condition.args]
        decisive = {"and": False, "or": True}.get(name[-3:].lstrip("_"))
        if any(u is not None and np.all(u == decisive) for u in usual):
            return np.full(condition.shape, decisive)
        return None if any(u is None for u in usual) else condition.of.forward(*usual, **condition.params)
    return None


def _is_rounding(x: Any) -> bool:
    """Whether something is a tiny part of something."""
    if made_by(x, "multiply"):
        return any(map(_is_rounding, x.args))
    if made_by(x, "getitem"):
        return _is_rounding(x.args[0])
    return not isinstance(x, Symbol) and bool(np.all((np.asarray(x) > 0) & (np.asarray(x) < _ROUNDING)))


_COMPLEMENT = {"equal": "not_equal", "not_equal": "equal"}
_ALMOST = {"equal": False, "not_equal": True, "isnan": False, "isinf": False, "isfinite": True}
_LOGIC = {
    *("bitwise_and", "bitwise_or", "bitwise_invert", "logical_and", "logical_or", "logical_not"),
    *("all", "any", "getitem", "expand_dims", "broadcast_to"),
}
