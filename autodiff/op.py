"""What an operation is: its forward, and the shape of its Jacobian.

An operation is declared once, with one of three constructors named after the shape of its Jacobian:

=================  ====================================  ===========================================
constructor        its author writes                     what follows from it
=================  ====================================  ===========================================
``elementwise``    the partial derivatives d(y, *xs)     the pull g * d and the push d * dx
``linear``         the adjoint for each argument         the pull; the push is the function itself
``primitive``      the pull, and the push where simple   the push, else, by transposing the pull
=================  ====================================  ===========================================

Rules are plain NumPy code and mean what they are fed: arrays give numbers, Tensors give a gradient that can
be differentiated again.  A rule never undoes a broadcast and never adds up the gradients of a value that was
used twice: the engine does both, in one place (:func:`fit` and :mod:`autodiff.reverse`).

Complex numbers need nothing special in a rule either: pulls are transposes, never conjugate transposes, and
the engine conjugates once, where a gradient enters and where it leaves.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from functools import partial
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

#: Whatever a rule is fed with: an array, a NumPy scalar, a Python number, a Tensor.
Array = Any
#: A partial derivative, an adjoint, a pull; a plain number is a constant partial derivative.
Rule = Callable[..., Array] | int | None

#: What the engine calls: pull(g, y, xs, params).
Pull = Callable[[Array, Array, Sequence[Array], dict[str, Any]], Array]

#: Every operation by its name: the table.
table: dict[str, Op] = {}
#: What a NumPy function means when it is called on a Tensor.
numpy_functions: dict[Callable[..., Any], Callable[..., Any]] = {}

#: How far from a kink a derivative is compared with differences.
_CLEARANCE = 0.05

_ARRAYS = (np.ndarray, np.generic, bool, int, float, complex)


class Parts(tuple[Any, ...]):
    """The results of an operation that has several; or their gradients, None where nobody used a result."""

    __slots__ = ()

    def __add__(self, other: Any) -> Parts:
        return Parts(b if a is None else a if b is None else a + b for a, b in zip(self, other, strict=True))

    @property
    def dtype(self) -> np.dtype[Any]:
        """What all of them can be held in."""
        return np.result_type(*self)


class Op:
    """One row of the table: an operation, and all that is known about it.

    Calling it computes the forward and, where a gradient will be asked for, records the call.

    Attributes
    ----------
    name : str
        The standard's name for it (Array API, then NumPy, then PyTorch).
    forward : callable
        ``forward(*xs, **params)`` on arrays.
    rules : tuple
        One rule for each differentiable argument, None for the others; empty if it has no derivative.
    tex : str
        How it is written, with ``#1``, ``#2``, … for its arguments.
    domain
        Where it is defined: an interval per argument (elementwise: from -5 to 5 if left out), or a function from a
        source of choices to the arguments and parameters of one call (see :mod:`autodiff.testing.strategies`).
    kinks : callable or None
        A function of the arguments that is zero where the derivative jumps.
    skips : bool
        Whether elements of the arguments may go unused, and be NaN without harm.
    """

    #: A call is computed and recorded as `autodiff.tensor` says.
    __call__: Callable[..., Any]

    #: The engine's face of the rules, one for each argument; empty where one rule serves any number of them.
    pulls: tuple[Pull | None, ...] = ()
    #: Whether one rule (i, g, y, *xs, **params) serves any number of arguments.
    every: bool = False
    #: Whether a Python number among the arguments stays one, so that it takes the others' dtype.
    keeps_numbers: bool = False
    #: Whether a pull reads the values of the arguments (or of the result), not their shapes alone.
    reads_values: bool

    def __init__(
        self,
        forward: Callable[..., Array],
        rules: tuple[Rule, ...],
        *,
        name: str | None = None,
        tex: str | None = None,
        domain: Any = None,
        kinks: Callable[..., Array] | None = None,
        skips: bool = False,
    ) -> None:
        self.name = name or forward.__name__
        self.forward = forward
        self.rules = rules
        self.tex = tex or rf"\operatorname{{{self.name}}}(#1)".replace("_", r"\_")
        self.domain = domain
        self.kinks = kinks
        self.skips = skips
        self.differentiable = bool(rules)
        self.arguments, self.parameters, self._by_name = _signature(forward, len(rules))
        self.__signature__ = _shown(self.arguments, self.parameters, self._by_name)
        self.required = tuple(name for name, value in self.parameters.items() if value is inspect.Parameter.empty)
        self.arity = None if self.arguments is None else len(self.arguments)
        self.__doc__ = inspect.getdoc(forward) if self.parameters else self._described()

    def bind(self, args: tuple[Any, ...], given: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Sort what a call was given into arrays and parameters, and add the parameters' defaults."""
        params = {**self.parameters, **given}
        if self.arguments is not None and len(args) != (arity := len(self.arguments)):
            if len(args) > arity + len(self.parameters):
                raise TypeError(f"{self._signature()} got {len(args)} arguments")
            positional = dict(zip(self.parameters, args[arity:], strict=False))
            if twice := (positional.keys() & given.keys()) | (positional.keys() & self._by_name):
                raise TypeError(f"{self._signature()} takes {', '.join(sorted(twice))} once, by name")
            params.update(positional)
            args = args[:arity] + tuple(params.pop(name) for name in self.arguments[len(args) :] if name in params)
        if len(params) > len(self.parameters):
            unknown = ", ".join(sorted(params.keys() - self.parameters.keys()))
            raise TypeError(f"{self._signature()} got an unexpected argument: {unknown}")
        if self.arity is not None and len(args) != self.arity:
            raise TypeError(f"{self._signature()} got {len(args)} arrays")
        if missing := [name for name in self.required if params[name] is inspect.Parameter.empty]:
            raise TypeError(f"{self._signature()} needs {', '.join(missing)}")
        return args, params

    def drawn(self, d: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Arguments and parameters of one call, where it is defined, by a source of choices.

        Raises
        ------
        TypeError
            If the operation does not say where it is defined.
        """
        if callable(self.domain):
            args, params = self.domain(d)
            return tuple(args), params
        if self.domain is None:
            raise TypeError(f"{self.name} does not say where it is defined: give its row a domain")
        return d.broadcastable(self.domain), {}

    def clear(self, args: Sequence[Array], params: dict[str, Any], clearance: float = _CLEARANCE) -> bool:
        """Whether a call keeps so far from kinks that its derivative can be compared with differences."""
        if self.kinks is None:
            return True
        with np.errstate(all="ignore"):
            return bool(np.all(np.abs(self.kinks(*map(np.real, args), **params)) > clearance))

    def _described(self) -> str:
        """The docstring of a row whose forward is a formula, and no more."""
        names = ("x",) if self.arity == 1 else self.arguments or ()
        formula = self.tex
        for i, name in enumerate(names):
            formula = formula.replace(f"#{i + 1}", re.sub(r"(\d+)$", r"_\1", name))
        rule = "known in both modes, to any order" if self.differentiable else "none: the result is plain"
        shape = ", element by element; arguments are broadcast" if isinstance(self, Elementwise) else ""
        return f":math:`y = {formula}`{shape}.\n\nIts derivative: {rule}."

    def _signature(self) -> str:
        return f"{self.name}({', '.join((*(self.arguments or ('*arrays',)), *self.parameters))})"

    def on(self, *xs: Array, **params: Any) -> Array:
        """Apply to whatever is given: arrays in, an array out; Tensors in, a Tensor out."""
        for x in xs:
            if not isinstance(x, _ARRAYS):
                return self(*xs, **params)
        return self.forward(*xs, **params)

    def pulls_of(self, arity: int) -> tuple[Pull | None, ...]:
        """The pulls of a call with so many arguments."""
        if self.pulls or not self.every:
            return self.pulls or (None,) * arity
        (rule,) = self.rules
        assert callable(rule)
        return tuple(_pull(partial(rule, i)) for i in range(arity))

    def push(
        self, dxs: list[Array | None], y: Array, xs: list[Array], params: dict[str, Any], masked: bool = False
    ) -> Array | None:
        """The derivative of the result in the direction `dxs`; None if only the pull is known."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__.lower()} operation {self.name}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        return (table.__getitem__, (self.name,))


def _signature(
    forward: Callable[..., Array], arity: int
) -> tuple[tuple[str, ...] | None, dict[str, Any], frozenset[str]]:
    """The names of a forward's arrays (None: any number of them), its other parameters with their defaults, and which
    of those are given by name only.

    The first `arity` arguments are arrays; all of those without a default, where the operation has no rule.  Functions
    of NumPy's own have arrays alone: their other parameters are not what a rule would expect.
    """
    if isinstance(forward, np.ufunc):
        arity = forward.nin
    if not isinstance(forward, FunctionType) or forward.__module__.partition(".")[0] == "numpy":
        return tuple(f"x{i + 1}" for i in range(arity or len(inspect.signature(forward).parameters))), {}, frozenset()
    given = list(inspect.signature(forward).parameters.values())
    by_name = frozenset(p.name for p in given if p.kind is p.KEYWORD_ONLY)
    if any(p.kind is p.VAR_POSITIONAL for p in given):
        return None, {p.name: p.default for p in given if p.name in by_name}, by_name
    names = [p.name for p in given if p.name not in by_name]
    arity = arity or len([p for p in given if p.default is p.empty])
    return tuple(names[:arity]), {p.name: p.default for p in given if p.name not in names[:arity]}, by_name


def _shown(arguments: tuple[str, ...] | None, parameters: dict[str, Any], by_name: frozenset[str]) -> inspect.Signature:
    """What `inspect.signature` says of an operation: how it is called."""
    kinds = inspect.Parameter
    arrays = (
        [kinds("arrays", kinds.VAR_POSITIONAL)]
        if arguments is None
        else [kinds(name, kinds.POSITIONAL_OR_KEYWORD) for name in arguments]
    )
    return inspect.Signature(
        arrays
        + [
            kinds(
                name,
                kinds.KEYWORD_ONLY if arguments is None or name in by_name else kinds.POSITIONAL_OR_KEYWORD,
                default=value,
            )
            for name, value in parameters.items()
        ]
    )


def masked_product(g: Array, d: Array) -> Array:
    """g * d, where a zero wins over what is not finite: what is not used, or does not count, contributes nothing."""
    return np.where(((g == 0) & ~np.isfinite(d)) | ((d == 0) & np.isinf(g)), 0, g * d)


class Elementwise(Op):
    """y_i = f(a_i, b_i, …): the Jacobian is diagonal, and its author writes the diagonal."""

    keeps_numbers = True

    def __init__(self, forward: Callable[..., Array], *partials: Rule, **fields: Any) -> None:
        super().__init__(forward, partials, **fields)
        self.domain = self.domain or ((-5.0, 5.0),) * (self.arity or 0)
        self.pulls = tuple(_diagonal(d, len(partials), bool(self.parameters)) for d in partials)
        self.reads_values = any(callable(d) for d in partials)

    def push(
        self, dxs: list[Array | None], y: Array, xs: list[Array], params: dict[str, Any], masked: bool = False
    ) -> Array:
        dy: Array = None
        for dx, product in zip(dxs, self.pulls, strict=True):
            if dx is not None and product is not None:
                term = (careful(product) if masked else product)(dx, y, xs, params)
                dy = term if dy is None else dy + term
        return dy


def _diagonal(d: Rule, arity: int, parameters: bool) -> Pull | None:
    """The product with a partial derivative; where 0 * inf occurs, the masked product takes its place."""
    if d is None:
        return None
    if not callable(d):
        return _CONSTANT[d]

    def of_one(g: Array, y: Array, xs: Sequence[Array], params: dict[str, Any]) -> Array:
        return g * d(y, xs[0])

    def of_two(g: Array, y: Array, xs: Sequence[Array], params: dict[str, Any]) -> Array:
        a, b = xs
        return g * d(y, a, b)

    def of_any(g: Array, y: Array, xs: Sequence[Array], params: dict[str, Any]) -> Array:
        return g * d(y, *xs, **params)

    def masked(g: Array, y: Array, xs: Sequence[Array], params: dict[str, Any]) -> Array:
        return masked_product(g, d(y, *xs, **params))

    pull = of_any if parameters or arity > 2 else of_one if arity == 1 else of_two
    _MASKED[pull] = masked
    return pull


#: The masked products that stand behind plain ones.
_MASKED: WeakKeyDictionary[Pull, Pull] = WeakKeyDictionary()


def careful(pull: Pull) -> Pull:
    """The pull to be used where 0 * inf occurred: a factor of exactly zero contributes exactly zero."""
    return _MASKED.get(pull, pull)


#: The products with partial derivatives that are constant.
_CONSTANT: dict[int, Pull] = {
    1: lambda g, y, xs, params: g,
    0: lambda g, y, xs, params: np.zeros_like(g),
    -1: lambda g, y, xs, params: -g,
}


class Linear(Op):
    """f is linear in each argument with the others held fixed (or in all together: `jointly`)."""

    def __init__(
        self, forward: Callable[..., Array], *adjoints: Rule, every: bool = False, jointly: bool = False, **fields: Any
    ) -> None:
        super().__init__(forward, adjoints, **fields)
        self.every = every
        self.pulls = () if every else tuple(map(_pull, adjoints))
        self.jointly = jointly or (not every and len([a for a in adjoints if a is not None]) == 1)
        self.reads_values = not self.jointly or None in adjoints
        self.keeps_numbers = jointly

    def push(
        self, dxs: list[Array | None], y: Array, xs: list[Array], params: dict[str, Any], masked: bool = False
    ) -> Array:
        followed = [pull is not None for pull in self.pulls_of(len(xs))]
        moving = [i for i, dx in enumerate(dxs) if dx is not None and followed[i]]
        if self.jointly:
            still = [np.zeros_like(x) if zero else x for x, zero in zip(xs, followed, strict=True)]
            return self.on(*[dxs[i] if i in moving else x for i, x in enumerate(still)], **params)
        dy: Array = None
        for i in moving:
            term = self.on(*xs[:i], dxs[i], *xs[i + 1 :], **params)
            dy = term if dy is None else dy + term
        return dy


class Primitive(Op):
    """Any other Jacobian: the pull g -> J^T g for each argument, and the push where it is simple.

    A `push_rule` is called as ``push_rule(dxs, y, *xs, **params)``, with None for an argument that stands still.
    """

    def __init__(
        self,
        forward: Callable[..., Array],
        *pulls: Rule,
        push: Callable[..., Array] | None = None,
        every: bool = False,
        **fields: Any,
    ) -> None:
        super().__init__(forward, pulls, **fields)
        self.every = every
        self.pulls = () if every else tuple(map(_pull, pulls))
        self.push_rule = push
        self.reads_values = True

    def push(
        self, dxs: list[Array | None], y: Array, xs: list[Array], params: dict[str, Any], masked: bool = False
    ) -> Array | None:
        return None if self.push_rule is None else self.push_rule(dxs, y, *xs, **params)


def _pull(rule: Rule) -> Pull | None:
    """The engine's face of an adjoint or a pull."""
    if not callable(rule):
        return None

    def pull(g: Array, y: Array, xs: Sequence[Array], params: dict[str, Any]) -> Array:
        return rule(g, y, *xs, **params)

    return pull


def elementwise(forward: Callable[..., Array], *partials: Rule, **fields: Any) -> Op:
    r"""Declare an elementwise operation: :math:`dy_i = \sum_k \partial f / \partial x_k \; dx_{k,i}`.

    Parameters
    ----------
    forward : callable
        ``forward(*xs, **params)`` on arrays; broadcasting is NumPy's.
    *partials : callable or int or None
        ``d(y, *xs, **params)`` for each argument, in NumPy code; a number if it is constant, None if the argument
        has no derivative.  None at all declares an operation without derivative (a comparison).
    **fields
        ``name``, ``tex``, ``domain``, ``kinks``: see :class:`Op`.

    Examples
    --------
    >>> import autodiff as ad, numpy as np
    >>> cube = ad.elementwise(lambda x: x * x * x, lambda y, x: 3 * x * x, name="cube", tex="#1^3")
    >>> ad.grad(cube)(2.0)
    np.float64(12.0)
    """
    return Elementwise(forward, *partials, **fields)


def linear(forward: Callable[..., Array], *adjoints: Rule, **fields: Any) -> Op:
    r"""Declare a linear operation by its adjoints: :math:`\langle g, f(x) \rangle = \langle f^*(g), x \rangle`.

    Parameters
    ----------
    forward : callable
        ``forward(*xs, **params)`` on arrays.
    *adjoints : callable or None
        ``adjoint(g, y, *xs, **params)`` for each argument.
    jointly : bool
        Linear in all arguments together (``concat``), not in each with the others held fixed (``matmul``).
    every : bool
        One adjoint ``(i, g, y, *xs, **params)`` serves any number of arguments.
    **fields
        ``name``, ``tex``, ``domain``: see :class:`Op`.

    Examples
    --------
    >>> import autodiff as ad, numpy as np
    >>> ends = ad.linear(lambda x: x[[0, -1]], lambda g, y, x: np.array([g[0], 0.0, g[1]]), name="ends")
    >>> ad.grad(lambda x: ad.sum(ends(x) ** 2))(np.array([1.0, 2.0, 3.0]))
    array([2., 0., 6.])
    """
    return Linear(forward, *adjoints, **fields)


def primitive(forward: Callable[..., Array], *pulls: Rule, **fields: Any) -> Op:
    r"""Declare any other operation by its pull :math:`g \mapsto J^\top g`.

    Parameters
    ----------
    forward : callable
        ``forward(*xs, **params)`` on arrays.
    *pulls : callable or None
        ``pull(g, y, *xs, **params)`` for each argument.
        Where the forward gives a tuple, `g` and `y` are tuples, and None stands for a result that nobody used.
    push : callable, optional
        ``push(dxs, y, *xs, **params)``, the derivative along `dxs` (None: that argument stands still).  Left out, it is
        found by transposing the pull.
    every : bool
        One pull ``(i, g, y, *xs, **params)`` serves any number of arguments.
    **fields
        ``name``, ``tex``, ``domain``, ``kinks``: see :class:`Op`.

    Examples
    --------
    >>> import autodiff as ad, numpy as np
    >>> largest = ad.primitive(np.max, lambda g, y, x: g * (x == y), name="largest")
    >>> ad.grad(largest)(np.array([1.0, 3.0, 2.0]))
    array([0., 1., 0.])
    """
    return Primitive(forward, *pulls, **fields)


#: What joins an operation that has several results to each of them.
part = primitive(
    lambda several, index, of: several[index],
    lambda g, y, several, index, of: Parts(g if i == index else None for i in range(of)),
    push=lambda dxs, y, several, index, of: np.zeros_like(y) if dxs[0][index] is None else dxs[0][index],
    name="part",
    tex="#1",
)
part.reads_values = False


def enter(row: Op) -> None:
    """Enter a row into the table; NumPy's function of that name, if there is one, means it from then on."""
    if table.setdefault(row.name, row) is not row:
        raise ValueError(f"the table has another operation named {row.name!r}")
    function = getattr(np, row.name, None)
    if callable(function):
        numpy_functions.setdefault(function, row)


def implements(*functions: Callable[..., Any]) -> Callable[[Any], Any]:
    """Say that ours is what these NumPy functions mean on Tensors."""

    def decorate(ours: Any) -> Any:
        for function in functions:
            numpy_functions[function] = ours
        return ours

    return decorate


def fit(g: Array, x: Array) -> Array:
    """Bring a gradient to the shape and dtype of the value it belongs to: the transpose of broadcasting and casting."""
    shape = x.shape
    if g.shape != shape:
        lead = g.ndim - len(shape)
        if lead < 0:
            raise ValueError(f"a rule gave a gradient of shape {g.shape} for a value of shape {shape}")
        if g.size != x.size:
            stretched = [i + lead for i, n in enumerate(shape) if n == 1 and g.shape[i + lead] != 1]
            g = np.add.reduce(g, axis=(*range(lead), *stretched))
        if g.shape != shape:
            g = g.reshape(shape)
    if g.dtype is not x.dtype and g.dtype != x.dtype:
        if g.dtype.kind == "c" and x.dtype.kind != "c":
            g = np.real(g)
        g = g.astype(x.dtype)
    return g


def spread(dy: Array, y: Array) -> Array:
    """Bring a tangent to the shape and dtype of the value it belongs to: broadcasting and casting, going forward."""
    if type(y) is Parts:
        return Parts(None if a is None else spread(a, b) for a, b in zip(dy, y, strict=True))
    if dy.shape != y.shape:
        dy = np.broadcast_to(dy, y.shape)
    return fit(dy, y)
