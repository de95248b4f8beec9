"""Symbols: what a rule of the table means when it is fed with names instead of numbers.

A :class:`Symbol` is a name, or an operation applied to symbols and numbers: a tree.  It carries the value it has for an
example, so that rules find shapes and dtypes, and can choose a branch; what was chosen is kept with the formula, as
the assumption under which it holds.  A tree can be evaluated with any other numbers, so every formula can be tested.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np

from autodiff.formulas.simplify import simpler
from autodiff.op import Array, Elementwise, Op, Parts, numpy_functions, part
from autodiff.operand import _OF_SHAPE, Operand

#: What a branch of a rule asked for, and the answer that the example gave.
Assumption = tuple["Symbol", Any]

_assumed: ContextVar[list[Assumption] | None] = ContextVar("assumed", default=None)

#: NumPy's functions that ask for the dtype only.
_OF_DTYPE = {np.iscomplexobj, np.isrealobj, np.result_type}


class Symbol(Operand):
    """A name with an example of its value; or, if `of` is given, an operation applied to symbols and numbers.

    Attributes
    ----------
    name : str
        How it is written, in LaTeX; empty for a result.
    value : array
        What it is for the example.
    of : Op or function of NumPy's, or None
    args, params
        What that is applied to; both may contain symbols.

    Examples
    --------
    >>> import numpy as np
    >>> from autodiff.formulas.latex import latex
    >>> x = Symbol("x", 2.0)
    >>> tree = np.exp(-x * x)
    >>> latex(tree), tree.value
    ('e^{-x^2}', np.float64(0.01831563888873418))
    """

    __slots__ = ("args", "name", "of", "params", "value")
    __hash__ = object.__hash__

    def __init__(
        self,
        name: str,
        value: Array,
        of: Op | Callable[..., Any] | None = None,
        args: tuple[Any, ...] = (),
        params: Mapping[str, Any] = types.MappingProxyType({}),
    ) -> None:
        self.name = name
        self.value = value if isinstance(value, tuple) else np.asarray(value)[()]
        self.of = of
        self.args = args
        self.params = params

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        return () if isinstance(self.value, tuple) else np.shape(self.value)

    @property
    def dtype(self) -> np.dtype[Any]:  # type: ignore[override]
        return np.dtype(object) if isinstance(self.value, tuple) else self.value.dtype

    def apply(self, op: Op, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        return applied(op, args, params)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        result = super().__array_ufunc__(ufunc, method, *inputs, **kwargs)
        if result is not NotImplemented:
            return result
        return applied(ufunc if method == "__call__" else getattr(ufunc, method), inputs, kwargs)

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        if function in _OF_DTYPE:
            return function(*mapped(example, args), **kwargs)
        ours = numpy_functions.get(function)
        if not (function in _OF_SHAPE or isinstance(ours, Op) or _is_written_in_rows(ours)):
            return applied(function, args, kwargs)
        token = _assumed.set(None)
        try:
            result = super().__array_function__(function, types, args, kwargs)
        except ValuesNeededError:  # our function looks at the numbers: it is not looked into
            return applied(function, args, kwargs)
        finally:
            _assumed.reset(token)
        return result

    def _assume(self) -> Any:
        """The example's value, which the formula then depends on."""
        assumptions = _assumed.get()
        if assumptions is None:
            raise ValuesNeededError("the value of a symbol was asked for, where it would not be noted in the formula")
        assumptions.append((self, self.value))
        return self.value

    def __bool__(self) -> bool:
        return bool((self if self.dtype == bool else self != 0)._assume())

    def __index__(self) -> int:
        return int(self._assume())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self._assume(), dtype=dtype)

    def __repr__(self) -> str:
        if self.of is None:
            return self.name
        given = [*map(repr, self.args), *(f"{key}={value!r}" for key, value in self.params.items())]
        return f"{name_of(self.of)}({', '.join(given)})"


class Written(Symbol):
    """A formula that is written already; `level` says how tightly it holds together."""

    __slots__ = ("level",)

    def __init__(self, tex: str, value: Array, level: int) -> None:
        super().__init__(tex, value)
        self.level = level


def _is_written_in_rows(ours: Any) -> bool:
    """Whether a function of ours applies operations of the table; others answer about values."""
    return getattr(ours, "__module__", "").startswith("autodiff.rules")


class ValuesNeededError(TypeError):
    """A function asked for the numbers that a symbol stands for."""


def name_of(function: Op | Callable[..., Any] | None) -> str:
    """What an operation or a function of NumPy's is called; nothing, where a symbol is not made by any."""
    if function is None or isinstance(function, Op):
        return "" if function is None else function.name
    owner = getattr(function, "__self__", None)
    return f"{owner.__name__}.{function.__name__}" if isinstance(owner, np.ufunc) else function.__name__


# Building


def applied(function: Op | Callable[..., Any], args: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
    """The tree of a call; several symbols for several results."""
    value = computed(function, mapped(example, args), mapped(example, dict(params)))
    if isinstance(value, tuple):
        whole = Symbol("", value, function, args, params)
        return _like(
            value, [Symbol("", v, part, (whole,), {"index": i, "of": len(value)}) for i, v in enumerate(value)]
        )
    if isinstance(function, Op):
        found = simpler(function, args, params, value)
        if found is not None:
            return found
    return Symbol("", value, function, args, params)


def computed(function: Op | Callable[..., Any], args: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """A call on numbers, as the engine makes it."""
    with np.errstate(all="ignore"):
        if isinstance(function, Op):
            if not function.keeps_numbers:
                args = tuple(np.asarray(x) if isinstance(x, (int, float, complex)) else x for x in args)
            y = function.forward(*args, **params)
        else:
            y = function(*args, **params)
    return _like(y, [np.asarray(v)[()] for v in y]) if isinstance(y, tuple) else np.asarray(y)[()]


def _like(several: tuple[Any, ...], results: list[Any]) -> tuple[Any, ...]:
    """Several results in a tuple of the same kind."""
    return type(several)(*results) if hasattr(several, "_fields") else type(several)(results)


def example(x: Any) -> Any:
    return x.value if isinstance(x, Symbol) else x


def mapped(function: Callable[[Any], Any], x: Any) -> Any:
    """A function of everything inside tuples, lists, dicts and slices."""
    if isinstance(x, tuple):
        return _like(x, [mapped(function, part) for part in x])
    if isinstance(x, list):
        return [mapped(function, part) for part in x]
    if isinstance(x, dict):
        return {key: mapped(function, value) for key, value in x.items()}
    if isinstance(x, slice):
        return slice(*(mapped(function, part) for part in (x.start, x.stop, x.step)))
    return function(x)


@contextmanager
def assuming() -> Iterator[list[Assumption]]:
    """Collect what is assumed of symbols inside the `with` block: each tree that was asked for, and its value."""
    assumptions: list[Assumption] = []
    token = _assumed.set(assumptions)
    try:
        yield assumptions
    finally:
        _assumed.reset(token)


# Reading


def evaluated(tree: Any, values: Mapping[Symbol, Any]) -> Any:
    """What a tree is with other numbers for some of its names; the others keep their examples'.

    Examples
    --------
    >>> x = Symbol("x", 2.0)
    >>> evaluated(x * x + 1, {x: 5.0})
    np.float64(26.0)
    """
    known: dict[int, Any] = {id(symbol): value for symbol, value in values.items()}

    def value(x: Any) -> Any:
        if not isinstance(x, Symbol):
            return x
        if id(x) not in known:
            if x.of is None:
                known[id(x)] = x.value
            else:
                known[id(x)] = computed(x.of, mapped(value, x.args), mapped(value, dict(x.params)))
        return known[id(x)]

    return mapped(value, tree)


def replaced(tree: Any, new: Mapping[Symbol, Any]) -> Any:
    """A tree with other symbols in place of some of its names; nothing is computed.

    Examples
    --------
    >>> x, t = Symbol("x", 2.0), Symbol("t", 2.0)
    >>> replaced(x * x + 1, {x: t})
    add(multiply(t, t), 1)
    """
    known: dict[int, Any] = {id(symbol): value for symbol, value in new.items()}

    def anew(x: Any) -> Any:
        if not isinstance(x, Symbol):
            return x
        if id(x) not in known:
            if x.of is None:
                known[id(x)] = x
            else:
                known[id(x)] = Symbol("", x.value, x.of, mapped(anew, x.args), mapped(anew, dict(x.params)))
        return known[id(x)]

    return mapped(anew, tree)


def leaves(tree: Any) -> list[Symbol]:
    """The names that a tree is made of, each once, in the order in which they are met.

    Examples
    --------
    >>> x, t = Symbol("x", 2.0), Symbol("t", 2.0)
    >>> leaves(t * x - t)
    [t, x]
    """
    found: dict[Symbol, None] = {}
    seen: set[int] = set()

    def visit(x: Any) -> Any:
        if isinstance(x, Symbol) and id(x) not in seen:
            seen.add(id(x))
            if x.of is None:
                found[x] = None
            else:
                mapped(visit, x.args)
                mapped(visit, dict(x.params))
        return x

    mapped(visit, tree)
    return list(found)


def holds(assumptions: tuple[Assumption, ...], values: Mapping[Symbol, Any]) -> bool:
    """Whether what was assumed of a formula is so with other numbers."""
    return all(np.array_equal(evaluated(tree, values), value) for tree, value in assumptions)


# Feeding the rules


@dataclass(frozen=True)
class Derivative:
    """A derivative with respect to one argument, as a rule of the table gives it.

    Attributes
    ----------
    tree : Symbol or number
        Of an elementwise operation the partial derivative; else what the incoming gradient is pulled back to.
    assumptions : tuple
        What the rule asked of the example, and the answers: the tree holds where they are the same.
    """

    tree: Any
    assumptions: tuple[Assumption, ...] = ()


@dataclass(frozen=True)
class Fed:
    """A call of an operation in symbols, and its derivatives.

    Attributes
    ----------
    op : Op
    xs : tuple
        The arguments: a name for each, None for one that was left out.
    params : dict
        Those that are numbers have names, too; of other operations than elementwise ones, those that are no integers.
    y, g
        Names for the result and the incoming gradient; tuples where there are several.  No gradient comes from a
        result that is not a number of a continuous kind: None stands there.
    derivatives : tuple of Derivative or None
        One for each argument.
    """

    op: Op
    xs: tuple[Any, ...]
    params: dict[str, Any]
    y: Any
    g: Any
    derivatives: tuple[Derivative | None, ...]

    def values(self, xs: tuple[Any, ...], params: dict[str, Any], g: Any = None) -> dict[Symbol, Any]:
        """Other numbers for the names: those of another call, and of its incoming gradient."""
        y = computed(self.op, xs, params)
        named = [(self.params[name], value) for name, value in params.items()]
        pairs = [*zip(self.xs, xs, strict=True), *named, *_zipped(self.y, y), *_zipped(self.g, g)]
        return {symbol: value for symbol, value in pairs if isinstance(symbol, Symbol)}


def _zipped(symbols: Any, values: Any) -> list[tuple[Any, Any]]:
    if isinstance(symbols, tuple):
        return list(zip(symbols, values, strict=True))
    return [] if symbols is None else [(symbols, values)]


def fed(op: Op, args: tuple[Any, ...], params: dict[str, Any], names: tuple[str, ...] | None = None) -> Fed:
    r"""Feed the rules of an operation with symbols, for an example of a call.

    Examples
    --------
    >>> from autodiff.formulas.latex import latex
    >>> from autodiff.op import table
    >>> latex(fed(table["tanh"], (0.5,), {}).derivatives[0].tree)
    '1 - y^2'
    """
    args, params = op.bind(args, params)
    names = names or names_of(op, len(args))
    xs = tuple(None if x is None else Symbol(name, x) for name, x in zip(names, args, strict=True))
    result = computed(op, args, params)
    y: Any
    g: Any
    if isinstance(result, tuple):
        y = Parts(Symbol(f"y_{i + 1}", v) for i, v in enumerate(result))
        g = Parts(Symbol(f"g_{i + 1}", incoming(v)) if _continuous(v) else None for i, v in enumerate(result))
    else:
        y, g = Symbol("y", result), Symbol("g", incoming(result))
    kinds: Any = (int, float, np.ndarray) if isinstance(op, Elementwise) else float
    params = {name: Symbol(_letter(name), v) if _is_number(v, kinds) else v for name, v in params.items()}
    if isinstance(op, Elementwise):
        g = None
    derivatives = tuple(derivative(op, i, g, y, xs, params) for i in range(len(xs)))
    return Fed(op, xs, params, y, g, derivatives)


def incoming(y: Array) -> Array:
    """A gradient that could come in for a result: numbers of size one, no two alike."""
    n = np.size(y)
    g = np.reshape(1 + (np.arange(n) * 0.618033988749895) % 1, np.shape(y))
    return (g * (1 - 0.5j) if np.iscomplexobj(y) else g).astype(y.dtype if _continuous(y) else float)[()]


def _continuous(y: Array) -> bool:
    return np.asarray(y).dtype.kind in "fc"


def derivative(op: Op, i: int, g: Any, y: Any, xs: tuple[Any, ...], params: Mapping[str, Any]) -> Derivative | None:
    r"""What the rule for one argument gives when it is fed with symbols; None where there is no rule.

    Parameters
    ----------
    op : Op
    i : int
        Which argument.
    g : Symbol, or Parts of them
        The incoming gradient; elementwise operations, whose partial derivative is given, need none.
    y, xs
        The result and the arguments: symbols, or numbers.
    params : mapping

    Examples
    --------
    >>> from autodiff.formulas.latex import latex
    >>> from autodiff.op import table
    >>> a, z = Symbol("a", 0.5), Symbol("z", 0.0)
    >>> latex(derivative(table["sigmoid"], 0, None, a, (z,), {}).tree)
    'a (1 - a)'
    """
    with assuming() as assumptions:
        if isinstance(op, Elementwise):
            partial = op.rules[i] if op.rules else None
            if partial is None:
                return None
            tree = partial(y, *xs, **params) if callable(partial) else partial
        else:
            pull = op.pulls_of(len(xs))[i]
            if pull is None or xs[i] is None:
                return None
            tree = pull(g, y, xs, dict(params))
    return Derivative(tree, tuple(assumptions))


def names_of(op: Op, arity: int) -> tuple[str, ...]:
    """How the arguments of a call are written: x, or x_1, x_2, …, or the names that the operation gives them.

    y and g are the result and its gradient, so that no argument is written so.
    """
    if arity == 1 and op.arguments is not None and op.arguments[0] in ("y", "g"):
        return ("x",)
    if op.arguments is None or {"y", "g"} & set(op.arguments):
        return tuple(f"x_{{{i + 1}}}" if i > 8 else f"x_{i + 1}" for i in range(arity))
    return tuple(_written(name, arity) for name in op.arguments)


def _written(name: str, arity: int) -> str:
    stem = name.rstrip("0123456789")
    number = name[len(stem) :]
    if arity == 1 and stem == "x":
        return "x"
    return f"{_letter(stem)}_{number}" if number else _letter(stem)


def _letter(name: str) -> str:
    """A name of Python's as one of mathematics."""
    if len(name) == 1 or name in ("weight", "bias"):
        return {"weight": "W", "bias": "b"}.get(name, name)
    name = {"eps": "epsilon"}.get(name, name)
    if name in ("alpha", "beta", "gamma", "delta", "epsilon", "lambda", "mu", "nu", "rho", "sigma", "tau"):
        return rf"\{name}"
    return rf"\mathit{{{name}}}".replace("_", r"\_")


def _is_number(x: Any, kinds: Any) -> bool:
    return isinstance(x, kinds) and np.asarray(x).dtype.kind in "iufc"
