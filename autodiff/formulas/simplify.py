"""Simpler trees for the calls that rules make of zeros, ones, signs and shapes that change nothing.

Each function takes the arguments of a call of one operation, and gives something equal or None.  It is taken only if it
has the shape and the dtype of the result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autodiff.op import Array, Op
from autodiff.operand import Operand


def simpler(op: Op, args: tuple[Any, ...], params: Mapping[str, Any], value: Array) -> Any:
    """Something simpler that is equal to a call; None if nothing is known.

    Examples
    --------
    >>> from autodiff.formulas.symbols import Symbol
    >>> x = Symbol("x", 2.0)
    >>> 0 + 1 * x - -x
    multiply(2, x)
    """
    rule = _RULES.get(op.name)
    if op.name in _ARITHMETIC and any(_dtype(x).kind == "b" for x in args):  # NumPy refuses -[x > 0]
        rule = None
    found = None if rule is None else rule(*args, **params)
    if found is None or np.shape(found) != np.shape(value) or _dtype(found) != value.dtype:
        return None
    return found


def _dtype(x: Any) -> Any:
    return x.dtype if hasattr(x, "dtype") else np.asarray(x).dtype


def is_number(x: Any, number: float) -> bool:
    """Whether something is this number, or an array of it."""
    return not isinstance(x, Operand) and x is not None and bool(np.all(np.asarray(x) == number)) and np.size(x) > 0


def made_by(x: Any, name: str) -> bool:
    """Whether something is the result of an operation."""
    of = getattr(x, "of", None)
    return isinstance(x, Operand) and isinstance(of, Op) and of.name == name


def _number_like(number: float, *xs: Any) -> Array:
    return np.full(np.broadcast_shapes(*map(np.shape, xs)), number, np.result_type(*map(_dtype, xs)))[()]


def _add(a: Any, b: Any) -> Any:
    if is_number(a, 0):
        return b
    if is_number(b, 0):
        return a
    if made_by(b, "negative"):
        return a - b.args[0]
    if isinstance(a, Operand) and alike(a, b):
        return 2 * a
    return b - a.args[0] if made_by(a, "negative") else None


def _subtract(a: Any, b: Any) -> Any:
    if is_number(b, 0):
        return a
    if is_number(a, 0):
        return -b
    return a + b.args[0] if made_by(b, "negative") else None


def _negative(x: Any) -> Any:
    if made_by(x, "negative"):
        return x.args[0]
    return x.args[1] - x.args[0] if made_by(x, "subtract") else None


def _multiply(a: Any, b: Any) -> Any:
    if is_number(a, 0) or is_number(b, 0):
        return _number_like(0, a, b)
    for one, other in ((a, b), (b, a)):
        if is_number(one, 1):
            return other
        if is_number(one, -1):
            return -other
        if made_by(one, "negative"):
            return -(one.args[0] * b if one is a else a * one.args[0])
        if (rest := _cancelled(one, other)) is not None:
            return rest
        if not isinstance(one, Operand) and made_by(other, "multiply"):
            for number, rest in (other.args, other.args[::-1]):
                if not isinstance(number, Operand) and np.ndim(number) == 0:
                    return np.multiply(one, number) * rest
    return None


def _cancelled(product: Any, factor: Any) -> Any:
    """A product times a factor that one of its fractions is divided by."""
    if made_by(product, "divide") and alike(product.args[1], factor):
        return product.args[0]
    if made_by(product, "multiply"):
        for one, other in (product.args, product.args[::-1]):
            if (rest := _cancelled(one, factor)) is not None:
                return rest * other
    return None


def alike(x: Any, y: Any) -> bool:
    """Whether two trees are made of the same names by the same operations.

    Examples
    --------
    >>> from autodiff.formulas.symbols import Symbol
    >>> x = Symbol("x", 2.0)
    >>> alike(x * (1 - x), x * (1 - x)), alike(x, x + 1)
    (True, False)
    """
    if x is y:
        return True
    if not isinstance(x, Operand) and not isinstance(y, Operand):
        return np.ndim(x) == np.ndim(y) == 0 and bool(x == y)
    if getattr(x, "of", None) is not getattr(y, "of", None):
        return False
    from autodiff.formulas.likeness import Likeness

    number = Likeness()
    return number(x) == number(y)


def _divide(a: Any, b: Any) -> Any:
    if is_number(b, 1):
        return a
    if is_number(a, 0):
        return _number_like(0, a, b)
    if made_by(a, "negative"):
        return -(a.args[0] / b)
    if made_by(b, "negative"):
        return -(a / b.args[0])
    return a.args[0] / (a.args[1] * b) if made_by(a, "divide") else None


def _power(x: Any, p: Any) -> Any:
    return x if is_number(p, 1) else None


def _where(condition: Any, a: Any, b: Any) -> Any:
    if is_number(condition, 1):
        return a
    return b if is_number(condition, 0) else None


def _same(x: Any, **params: Any) -> Any:
    return x


def _conj(x: Any) -> Any:
    if made_by(x, "conj"):
        return x.args[0]
    if made_by(x, "multiply"):
        return np.conj(x.args[0]) * np.conj(x.args[1])
    return x if _dtype(x).kind != "c" else None


def _permute_dims(x: Any, axes: Any = None) -> Any:
    if made_by(x, "permute_dims"):
        first, second = (tuple(range(x.ndim))[::-1] if a is None else a for a in (x.params["axes"], axes))
        if [first[a] for a in second] == list(range(x.ndim)):
            return x.args[0]
    return x if (axes is not None and list(axes) == list(range(x.ndim))) or x.ndim < 2 else None


def _sum(x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return x if all(x.shape[a] == 1 for a in axes) else None


def _reshape(x: Any, shape: Any = None, **_: Any) -> Any:
    if made_by(x, "reshape") or made_by(x, "expand_dims") or made_by(x, "squeeze"):
        inner = x.args[0]
        return inner if inner.shape == np.empty(x.shape, bool).reshape(shape).shape else None
    return x


_ARITHMETIC = {"add", "subtract", "negative", "multiply", "divide"}
_RULES: dict[str, Callable[..., Any]] = {
    "add": _add,
    "subtract": _subtract,
    "negative": _negative,
    "multiply": _multiply,
    "divide": _divide,
    "power": _power,
    "where": _where,
    "conj": _conj,
    "real": _same,
    "positive": _same,
    "astype": _same,
    "reshape": _reshape,
    "broadcast_to": _same,
    "squeeze": _same,
    "permute_dims": _permute_dims,
    "sum": _sum,
    "mean": _sum,
}
