"""Functions of functions: gradients, products with Jacobians, Jacobians, Hessians.

All take and return numbers, arrays, Tensors, or dicts, lists and tuples of them, nested at will.  The function itself
is given Tensors.  If Tensors went in, or the result depends on other Tensors that require a gradient, Tensors come out;
else arrays.  Every transform can be applied to what another one returns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autodiff.batching import Batch, unbatched
from autodiff.forward import push_forward
from autodiff.graph import Node, history
from autodiff.op import Parts
from autodiff.recording import enable_grad, is_grad_enabled, no_grad
from autodiff.reverse import outward, pull_back
from autodiff.rules.arithmetic import positive
from autodiff.rules.shapes import concatenated
from autodiff.tensor import Tensor, bare, unwrapped, wrap
from autodiff.trees import Tree, leaves, leaves_as, rebuilt, tensors

#: How many numbers a batch of rows or columns of a Jacobian may hold in any one place.
_MOST_AT_ONCE = 2**22


def _position(argnum: int, args: tuple[Any, ...]) -> int:
    """Which argument is meant, counted from the first."""
    if not -len(args) <= argnum < len(args):
        raise TypeError(f"argnums={argnum}, but the function was given {len(args)} arguments")
    return argnum % len(args)


class _Call:
    """One evaluation of a function at arguments of which some are followed."""

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        argnums: Sequence[int],
        kwargs: dict[str, Any],
        has_aux: bool = False,
    ) -> None:
        argnums = [_position(i, args) for i in argnums]
        self.outer = is_grad_enabled()
        self.followed_args = tuple(args[i] for i in argnums)
        self.tensors = any(isinstance(leaf, Tensor) for leaf in leaves(args))
        self.followed = [self._follow(leaf) for leaf in leaves(self.followed_args)]
        replaced = list(args)
        for i, tree in zip(argnums, rebuilt(self.followed_args, self.followed), strict=True):
            replaced[i] = tree
        with enable_grad():
            result = function(*replaced, **kwargs)
        self.aux: Any = None
        if has_aux and not (isinstance(result, tuple) and len(result) == 2):
            raise TypeError(f"has_aux: expected the function to return a pair, got {type(result).__name__}")
        if has_aux:
            result, self.aux = result
        self.result: Tree = result
        self.outputs = tensors(self.result)

    def _follow(self, leaf: Any) -> Tensor:
        """A stand-in that requires a gradient; joined to the outer graph where there is one."""
        if isinstance(leaf, Tensor) and leaf._requires_grad and self.outer:
            joined = positive(leaf)
            joined._extra = {"followed": True}
            return joined
        return Tensor(leaf.detach() if isinstance(leaf, Tensor) else leaf, requires_grad=True)

    def open(self, extra: Any = ()) -> bool:
        """Whether the result depends on anything else that requires a gradient, and so must go on being recorded."""
        if not self.outer:
            return False
        if any(x._op is not None for x in self.followed) or any(
            isinstance(v, Tensor) and v._requires_grad for v in extra
        ):
            return True
        ours = set(self.followed)
        return any(
            x is not None and x._op is None and x._requires_grad and x not in ours
            for node in history(*self.outputs)
            for x in node._inputs
        )

    def given_back(self, value: Any) -> Any:
        """A result of the transform in the kind that its caller deals in."""
        if isinstance(value, Tensor):
            return value if self.tensors or value._requires_grad else value._value
        return wrap(value) if self.tensors else bare(value)

    def gradients(self, seeds: list[Any], record: bool) -> list[Any]:
        """The gradient for every followed leaf, zeros where the outputs do not depend on it."""
        if record:
            with enable_grad():
                seeds = [seed if isinstance(seed, Tensor) else wrap(seed) for seed in seeds]
                pulled = pull_back(zip(self.outputs, seeds, strict=True), stops=self.followed, record=True)
        else:
            seeds = [unwrapped(seed) for seed in seeds]
            pulled = pull_back(zip(self.outputs, seeds, strict=True), stops=self.followed)
        found = [pulled[x] if x in pulled else bare(np.zeros_like(x._value)) for x in self.followed]
        return [g.copy() if any(g is other for other in found[:i]) else _owned(g) for i, g in enumerate(found)]

    def jacobian_by_rows(self, record: bool) -> list[list[Any]]:
        """For every output, for every followed leaf: how the one depends on the other, many rows in one walk."""
        blocks = []
        for y in self.outputs:
            parts: list[list[Any]] = [[] for _ in self.followed]
            for units in self._units(y):
                with enable_grad() if record else no_grad():
                    pulled = pull_back([(y, Batch(units))], stops=self.followed, record=record)
                    for x, found in zip(self.followed, parts, strict=True):
                        rows = unbatched(pulled[x] if x in pulled else np.zeros_like(x._value), len(units))
                        found.append(outward(rows))
            blocks.append([_joined(rows, y, x) for x, rows in zip(self.followed, parts, strict=True)])
        return blocks

    def jacobian_by_columns(self, record: bool) -> list[list[Any]]:
        """The same, many columns in one walk."""
        columns: list[list[Any]] = []
        for x in self.followed:
            parts: list[list[Any]] = [[] for _ in self.outputs]
            for units in self._units(x):
                with enable_grad() if record else no_grad():
                    pushed = self._pushed(x, units, record)
                    if x.dtype.kind == "c":
                        _refuse_not_complex_differentiable(pushed, self._pushed(x, 1j * units, record=False))
                for found, dy in zip(parts, pushed, strict=True):
                    found.append(dy)
            columns.append([])
            for y, found in zip(self.outputs, parts, strict=True):
                block = _joined(found, x, y)
                order = (*range(x.ndim, block.ndim), *range(x.ndim))
                columns[-1].append(np.transpose(block, order))
        return [list(row) for row in zip(*columns, strict=True)]

    def _pushed(self, x: Tensor, units: Any, record: bool) -> list[Any]:
        dys = push_forward({x: Batch(units)}, self.outputs, record=record)
        zipped = zip(dys, self.outputs, strict=True)
        return [unbatched(np.zeros_like(y._value) if dy is None else dy, len(units)) for dy, y in zipped]

    def _units(self, of: Tensor) -> Iterator[Any]:
        """The unit vectors in the shape of a value, as many at a time as memory has room for."""
        widest = max((x._value.size for x in history(*self.outputs) if type(x._value) is not Parts), default=1)
        step = max(1, _MOST_AT_ONCE // max(widest, of.size, 1))
        for start in range(0, of.size, step):
            n = min(step, of.size - start)
            units = np.zeros((n, of.size), of.dtype)
            units[np.arange(n), np.arange(start, start + n)] = 1
            yield units.reshape(n, *of.shape)


def _owned(g: Any) -> Any:
    return g.copy() if isinstance(g, np.ndarray) and g.base is not None else g


def _joined(parts: list[Any], of: Tensor, like: Tensor) -> Any:
    """Batches one after the other; what was one axis, for the elements of a value, is in its shape again."""
    if not parts:
        return np.zeros((*of.shape, *like.shape), np.result_type(of.dtype, like.dtype))
    whole = np.reshape(parts[0] if len(parts) == 1 else concatenated.on(*parts, axis=0), (*of.shape, *like.shape))
    if isinstance(whole, Tensor):
        return whole
    return bare(whole if whole.flags.writeable else whole.copy())


def _refuse_not_complex_differentiable(along_1: list[Any], along_i: list[Any]) -> None:
    """Raise if a derivative depends on the direction in the complex plane: then no one number is the derivative."""
    for one, i in zip(along_1, along_i, strict=True):
        one, i = unwrapped(one), unwrapped(i)
        if not np.allclose(i, 1j * one, rtol=1e-3, atol=1e-3 * np.max(np.abs(one), initial=0.0)):
            raise TypeError(
                "the function is not complex differentiable, so that it has no Jacobian of complex numbers: "
                "differentiate it with respect to real and imaginary part, or use jvp and vjp"
            )


def _scalar(call: _Call) -> Tensor:
    if isinstance(call.result, (dict, list, tuple)):
        raise ValueError(f"the gradient is of one real number, the function returned a {type(call.result).__name__}")
    (y,) = call.outputs
    if y.size != 1 or y.dtype.kind == "c":
        raise ValueError(f"the gradient is of one real number, the function returned shape {y.shape}, {y.dtype}")
    return y


def _numbers(argnums: int | Sequence[int]) -> tuple[int, ...]:
    return (argnums,) if isinstance(argnums, int) else tuple(argnums)


def value_and_grad(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, *, has_aux: bool = False
) -> Callable[..., Any]:
    r"""The function that returns :math:`f(x)` and :math:`\nabla f(x)`.

    Parameters
    ----------
    function : callable
        Returns one number (with `has_aux`: and anything else, as a pair).
    argnums : int or sequence of ints
        With respect to which arguments; a sequence gives a tuple of gradients.
    has_aux : bool
        The function returns a pair; its second part is handed on as it is.

    Raises
    ------
    ValueError
        If the function does not return one real number.
    TypeError
        If an argument to be differentiated holds integers.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.value_and_grad(lambda x: x**3)(2.0)
    (np.float64(8.0), np.float64(12.0))
    """

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        call = _Call(function, args, _numbers(argnums), kwargs, has_aux)
        y = _scalar(call)
        record = call.open()
        found = [call.given_back(outward(g)) for g in call.gradients([np.ones_like(y._value)], record)]
        gradients = rebuilt(call.followed_args, found)
        y = call.given_back(y if record else y.detach())
        return ((y, call.aux) if has_aux else y), (gradients[0] if isinstance(argnums, int) else gradients)

    return wrapped


def grad(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, *, has_aux: bool = False
) -> Callable[..., Any]:
    r"""The function that returns :math:`\nabla f(x)`, with `has_aux` a pair of it and the rest: see `value_and_grad`.

    Examples
    --------
    >>> import autodiff as ad, numpy as np
    >>> ad.grad(ad.grad(lambda x: x**3))(2.0)
    np.float64(12.0)
    >>> ad.grad(lambda p: p["w"] * p["b"])({"w": 2.0, "b": 3.0})
    {'w': np.float64(3.0), 'b': np.float64(2.0)}
    """
    both = value_and_grad(function, argnums, has_aux=has_aux)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        value, gradients = both(*args, **kwargs)
        return (gradients, value[1]) if has_aux else gradients

    return wrapped


def vjp(function: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    r""":math:`f(x)`, and the function :math:`g \mapsto J^\top g` at x, which can be called again and again.

    With `has_aux` the function returns a pair, and its second part is handed on as a third result.

    Examples
    --------
    >>> import autodiff as ad, numpy as np
    >>> y, pull = ad.vjp(lambda a, b: a * b, 2.0, 3.0)
    >>> y, pull(1.0)
    (np.float64(6.0), (np.float64(3.0), np.float64(2.0)))
    """
    call = _Call(function, primals, range(len(primals)), {}, has_aux)
    outputs = call.outputs
    open_ = call.open()

    def pull(g: Any) -> tuple[Any, ...]:
        seeds = leaves_as(g, call.result, "the pull")
        if [np.shape(s) for s in seeds] != [y.shape for y in outputs]:
            raise ValueError(f"the result has shapes {[y.shape for y in outputs]}, got {[np.shape(s) for s in seeds]}")
        record = is_grad_enabled() and (open_ or any(isinstance(s, Tensor) and s._requires_grad for s in seeds))
        seeds = [outward(s if s.dtype == y.dtype else s.astype(y.dtype)) for s, y in zip(seeds, outputs, strict=True)]
        found = [call.given_back(outward(x)) for x in call.gradients(seeds, record)]
        return tuple(rebuilt(call.followed_args, found))

    values = rebuilt(call.result, (call.given_back(y if open_ else y.detach()) for y in outputs))
    return (values, pull, call.aux) if has_aux else (values, pull)


def jvp(function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], *, has_aux: bool = False) -> Any:
    r""":math:`f(x)`, and its derivative :math:`J v` in the direction v.

    Parameters
    ----------
    function : callable
    primals, tangents : sequence
        The arguments, and how each of them moves: of the same nesting and shapes.
    has_aux : bool
        The function returns a pair; its second part is handed on as a third result.

    Raises
    ------
    ValueError
        If tangents do not match the primals.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.jvp(lambda a, b: a * b, (2.0, 3.0), (1.0, 0.0))
    (np.float64(6.0), np.float64(3.0))
    """
    call = _Call(function, tuple(primals), range(len(primals)), {}, has_aux)
    outputs = call.outputs
    directions = leaves_as(tuple(tangents), tuple(primals), "jvp")
    if [np.shape(v) for v in directions] != [x.shape for x in call.followed]:
        raise ValueError(
            f"tangents of shapes {[np.shape(v) for v in directions]} for primals of {[x.shape for x in call.followed]}"
        )
    record = call.open(directions)
    call.tensors = call.tensors or any(isinstance(v, Tensor) for v in directions)
    moving: dict[Node, Any] = {}
    for x, v in zip(call.followed, directions, strict=True):
        v = v if v.dtype == x.dtype else v.astype(x.dtype)
        moving[x] = (v if isinstance(v, Tensor) else wrap(v)) if record else unwrapped(v)
    if record:
        with enable_grad():
            pushed = push_forward(moving, outputs, record=True)
    else:
        pushed = push_forward(moving, outputs)
    given = {id(v) for v in moving.values()}
    pushed = [dy.copy() if id(dy) in given else _owned(dy) for dy in pushed]
    dys = (
        call.given_back(np.zeros_like(y._value) if dy is None else dy) for y, dy in zip(outputs, pushed, strict=True)
    )
    value = rebuilt(call.result, (call.given_back(y if record else y.detach()) for y in outputs))
    tangent = rebuilt(call.result, dys)
    return (value, tangent, call.aux) if has_aux else (value, tangent)


def jacobian(
    function: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    *,
    mode: str | None = None,
    has_aux: bool = False,
) -> Callable[..., Any]:
    r"""The function that returns :math:`J_{ij} = \partial f_i / \partial x_j`, of shape (\*f.shape, \*x.shape).

    Parameters
    ----------
    function : callable
        Of arrays or trees of them, returning an array or a tree: the result is nested like what the function returns,
        and each leaf of that like the argument.
    argnums : int or sequence of ints
        With respect to which arguments; a sequence gives a tuple in place of each leaf.
    mode : {"reverse", "forward"}, optional
        By rows or by columns, many of them in one walk through the graph; left out, whichever are fewer.
    has_aux : bool
        The function returns a pair; its second part is handed on as it is.

    Raises
    ------
    TypeError
        If a function of complex numbers with complex values is not complex differentiable.

    Notes
    -----
    Of complex results, the derivative is taken in forward mode; of real results of complex arguments, each row is
    their gradient, as `grad` gives it.

    Examples
    --------
    >>> import autodiff as ad, numpy as np
    >>> ad.jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    if mode not in (None, "reverse", "forward"):
        raise ValueError(f"mode is 'reverse' or 'forward', got {mode!r}")

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        call = _Call(function, args, _numbers(argnums), kwargs, has_aux)
        record = call.open()
        way = mode or ("reverse" if _total(call.outputs) <= _total(call.followed) else "forward")
        if any(y.dtype.kind == "c" for y in call.outputs):
            way = "forward"
        elif any(x.dtype.kind == "c" for x in call.followed):
            way = "reverse"
        blocks = call.jacobian_by_rows(record) if way == "reverse" else call.jacobian_by_columns(record)
        nested = []
        for row in blocks:
            parts = rebuilt(call.followed_args, map(call.given_back, row))
            nested.append(parts[0] if isinstance(argnums, int) else parts)
        result = rebuilt(call.result, nested)
        return (result, call.aux) if has_aux else result

    return wrapped


def _total(values: list[Tensor]) -> int:
    return sum(x.size for x in values)


def hessian(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, *, has_aux: bool = False
) -> Callable[..., Any]:
    r"""The function that returns :math:`H_{ij} = \partial^2 f / \partial x_i \partial x_j`: see `jacobian`.

    Examples
    --------
    >>> import autodiff as ad, numpy as np
    >>> ad.hessian(lambda x: ad.prod(x))(np.array([2.0, 3.0]))
    array([[0., 1.],
           [1., 0.]])
    """
    return jacobian(grad(function, argnums, has_aux=has_aux), argnums, mode="reverse", has_aux=has_aux)


def hvp(function: Callable[..., Any], primals: Sequence[Any] | None = None, tangents: Sequence[Any] = ()) -> Any:
    r"""The product :math:`H v` of the Hessian with a vector, at the cost of two gradients: one part per argument.

    Of the function alone, it is the function :math:`(x, v, \dots) \mapsto H(x) v` that optimisers ask for
    (`scipy.optimize.minimize` calls it ``hessp``); what follows x and v is handed on to the function.

    Examples
    --------
    >>> import autodiff as ad, numpy as np
    >>> ad.hvp(lambda x: ad.sum(x**3), (np.array([1.0, 2.0]),), (np.array([1.0, 1.0]),))
    array([ 6., 12.])
    >>> ad.hvp(lambda x: ad.sum(x**3))(np.array([1.0, 2.0]), np.array([1.0, 0.0]))
    array([6., 0.])
    """
    if primals is None:
        return lambda x, v, *rest: hvp(lambda x: function(x, *rest), (x,), (v,))
    gradient = grad(function, tuple(range(len(primals))))
    _, product = jvp(gradient, primals, tangents)
    return product[0] if len(product) == 1 else product
