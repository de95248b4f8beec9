"""Functions of functions: gradients, products with Jacobians, Jacobians, Hessians.

All take and return numbers, arrays, Tensors, or dicts, lists and tuples of them, nested at will.  The function itself
is given Tensors.  If Tensors went in, or the result depends on other Tensors that require a gradient, Tensors come out;
else arrays.  Every transform can be applied to what another one returns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.forward import push_forward
from autodiff.graph import Node, history
from autodiff.recording import enable_grad, is_grad_enabled
from autodiff.reverse import outward, pull_back
from autodiff.rules.arithmetic import positive
from autodiff.rules.shapes import reshape, stack
from autodiff.tensor import Tensor, unwrapped, wrap

Tree = Any


def _leaves(tree: Tree) -> list[Any]:
    """The leaves of nested dicts, lists and tuples, in order."""
    if isinstance(tree, dict):
        return [leaf for key in tree for leaf in _leaves(tree[key])]
    if isinstance(tree, (list, tuple)):
        return [leaf for part in tree for leaf in _leaves(part)]
    return [tree]


def _leaves_as(tree: Tree, like: Tree, what: str) -> list[Any]:
    """The leaves of a tree in the order of another one, which it has to match key by key."""
    if isinstance(like, dict):
        if not isinstance(tree, dict) or tree.keys() != like.keys():
            raise ValueError(f"{what}: expected a dict with the keys {list(like)}, got {_shown(tree)}")
        return [leaf for key in like for leaf in _leaves_as(tree[key], like[key], what)]
    if isinstance(like, (list, tuple)):
        if not isinstance(tree, (list, tuple)) or len(tree) != len(like):
            raise ValueError(f"{what}: expected {len(like)} parts, got {_shown(tree)}")
        return [leaf for part, other in zip(tree, like, strict=True) for leaf in _leaves_as(part, other, what)]
    return [tree]


def _arrays_as(tree: Tree, like: Tree, what: str) -> list[Any]:
    """The same, as Tensors and arrays."""
    return [x if isinstance(x, Tensor) else np.asarray(x)[()] for x in _leaves_as(tree, like, what)]


def _position(argnum: int, args: tuple[Any, ...]) -> int:
    """Which argument is meant, counted from the first."""
    if not -len(args) <= argnum < len(args):
        raise TypeError(f"argnums={argnum}, but the function was given {len(args)} arguments")
    return argnum % len(args)


def _shown(tree: Tree) -> str:
    return f"a dict with the keys {list(tree)}" if isinstance(tree, dict) else f"{type(tree).__name__} {tree!r:.60}"


def _rebuilt(tree: Tree, leaves: Any) -> Tree:
    """The same nesting with other leaves, taken from an iterator."""
    if isinstance(tree, dict):
        return {key: _rebuilt(tree[key], leaves) for key in tree}
    if isinstance(tree, (list, tuple)):
        parts = [_rebuilt(part, leaves) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return next(leaves)


class _Call:
    """One evaluation of a function at arguments of which some are followed."""

    def __init__(
        self, function: Callable[..., Any], args: tuple[Any, ...], argnums: Sequence[int], kwargs: Any
    ) -> None:
        argnums = [_position(i, args) for i in argnums]
        self.outer = is_grad_enabled()
        self.followed_args = tuple(args[i] for i in argnums)
        self.tensors = any(isinstance(leaf, Tensor) for leaf in _leaves(args))
        self.followed = [self._follow(leaf) for leaf in _leaves(self.followed_args)]
        replaced = list(args)
        for i, tree in zip(argnums, _rebuilt(self.followed_args, iter(self.followed)), strict=True):
            replaced[i] = tree
        with enable_grad():
            self.result = function(*replaced, **kwargs)

    def _follow(self, leaf: Any) -> Tensor:
        """A stand-in that requires a gradient; joined to the outer graph where there is one."""
        if isinstance(leaf, Tensor) and leaf._requires_grad and self.outer:
            return positive(leaf)
        return Tensor(leaf.detach() if isinstance(leaf, Tensor) else leaf, requires_grad=True)

    def open(self, outputs: list[Tensor], extra: Any = ()) -> bool:
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
            for node in history(*outputs)
            for x in node._inputs
        )

    def given_back(self, value: Any) -> Any:
        """A result of the transform in the kind that its caller deals in."""
        if isinstance(value, Tensor):
            return value if self.tensors or value._requires_grad else value._data
        return wrap(value) if self.tensors else value

    def gradients(self, outputs: list[Tensor], seeds: list[Any], record: bool) -> list[Any]:
        """The gradient for every followed leaf, zeros where the outputs do not depend on it."""
        if record:
            with enable_grad():
                seeds = [seed if isinstance(seed, Tensor) else wrap(seed) for seed in seeds]
                pulled = pull_back(zip(outputs, seeds, strict=True), stops=self.followed, record=True)
        else:
            seeds = [unwrapped(seed) for seed in seeds]
            pulled = pull_back(zip(outputs, seeds, strict=True), stops=self.followed)
        found = [pulled[x] if x in pulled else np.zeros_like(x._data) for x in self.followed]
        return [g.copy() if any(g is other for other in found[:i]) else _owned(g) for i, g in enumerate(found)]


def _owned(g: Any) -> Any:
    return g.copy() if isinstance(g, np.ndarray) and g.base is not None else g


def _tensors(tree: Tree) -> list[Tensor]:
    """The leaves of a function's result, as Tensors."""
    return [leaf if isinstance(leaf, Tensor) else Tensor(leaf) for leaf in _leaves(tree)]


def _scalar(y: Any) -> Tensor:
    tensor = y if isinstance(y, Tensor) else Tensor(y)
    if tensor.size != 1 or tensor.dtype.kind == "c":
        raise ValueError(
            f"the gradient is of one real number, the function returned shape {tensor.shape}, {tensor.dtype}"
        )
    return tensor


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
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        call = _Call(function, args, numbers, kwargs)
        value, aux = call.result if has_aux else (call.result, None)
        y = _scalar(value)
        record = call.open([y])
        found = [call.given_back(outward(g)) for g in call.gradients([y], [np.ones_like(y._data)], record)]
        gradients = _rebuilt(call.followed_args, iter(found))
        y = call.given_back(y if record else y.detach())
        return ((y, aux) if has_aux else y), (gradients[0] if isinstance(argnums, int) else gradients)

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


def vjp(function: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    r""":math:`f(x)`, and the function :math:`g \mapsto J^\top g` at x, which can be called again and again.

    Examples
    --------
    >>> import autodiff as ad, numpy as np
    >>> y, pull = ad.vjp(lambda a, b: a * b, 2.0, 3.0)
    >>> y, pull(1.0)
    (np.float64(6.0), (np.float64(3.0), np.float64(2.0)))
    """
    call = _Call(function, primals, range(len(primals)), {})
    outputs = _tensors(call.result)
    open_ = call.open(outputs)

    def pull(g: Any) -> tuple[Any, ...]:
        seeds = _arrays_as(g, call.result, "the pull")
        if [np.shape(s) for s in seeds] != [y.shape for y in outputs]:
            raise ValueError(f"the result has shapes {[y.shape for y in outputs]}, got {[np.shape(s) for s in seeds]}")
        record = is_grad_enabled() and (open_ or any(isinstance(s, Tensor) and s._requires_grad for s in seeds))
        seeds = [outward(s if s.dtype == y.dtype else s.astype(y.dtype)) for s, y in zip(seeds, outputs, strict=True)]
        found = [call.given_back(outward(x)) for x in call.gradients(outputs, seeds, record)]
        return tuple(_rebuilt(call.followed_args, iter(found)))

    values = (call.given_back(y if open_ else y.detach()) for y in outputs)
    return _rebuilt(call.result, values), pull


def jvp(function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    r""":math:`f(x)`, and its derivative :math:`J v` in the direction v.

    Parameters
    ----------
    function : callable
    primals, tangents : sequence
        The arguments, and how each of them moves: of the same nesting and shapes.

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
    call = _Call(function, tuple(primals), range(len(primals)), {})
    outputs = _tensors(call.result)
    directions = _arrays_as(tuple(tangents), tuple(primals), "jvp")
    if [np.shape(v) for v in directions] != [x.shape for x in call.followed]:
        raise ValueError(
            f"tangents of shapes {[np.shape(v) for v in directions]} for primals of {[x.shape for x in call.followed]}"
        )
    record = call.open(outputs, directions)
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
    dys = (call.given_back(np.zeros_like(y._data) if dy is None else dy) for y, dy in zip(outputs, pushed, strict=True))
    values = (call.given_back(y if record else y.detach()) for y in outputs)
    return _rebuilt(call.result, values), _rebuilt(call.result, dys)


def jacobian(function: Callable[..., Any], argnums: int = 0, *, mode: str | None = None) -> Callable[..., Any]:
    r"""The function that returns :math:`J_{ij} = \partial f_i / \partial x_j`, of shape (\*f.shape, \*x.shape).

    Parameters
    ----------
    function : callable
        Of an array, returning an array.
    argnums : int
        With respect to which argument.
    mode : {"reverse", "forward"}, optional
        Row by row or column by column; left out, whichever are fewer.

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
        i = _position(argnums, args)

        def of_one(x: Any) -> Any:
            y = function(*args[:i], x, *args[i + 1 :], **kwargs)
            if isinstance(y, (dict, list, tuple)):
                raise TypeError(f"jacobian is of one array, the function returned {type(y).__name__}")
            return y

        x = args[i]
        if isinstance(x, (dict, list, tuple)):
            raise TypeError(f"jacobian is with respect to one array, got {type(x).__name__}")
        y, pull = vjp(of_one, x)
        rows, columns = np.size(unwrapped(y)), np.size(unwrapped(x))
        if (mode or ("reverse" if rows <= columns else "forward")) == "reverse":
            parts = [pull(_unit(y, i))[0] for i in range(rows)]
            return _stacked(parts, (*np.shape(unwrapped(y)), *np.shape(unwrapped(x))), y)
        parts = [jvp(of_one, (x,), (_unit(x, j),))[1] for j in range(columns)]
        matrix = _stacked(parts, (*np.shape(unwrapped(x)), *np.shape(unwrapped(y))), y)
        k = np.ndim(unwrapped(x))
        return np.transpose(matrix, (*range(k, matrix.ndim), *range(k)))

    return wrapped


def _unit(like: Any, i: int) -> Any:
    """The i-th unit vector, in the shape of another array."""
    unit = np.zeros(np.shape(unwrapped(like)), np.asarray(unwrapped(like)).dtype)
    unit.flat[i] = 1
    return unit[()]


def _stacked(parts: list[Any], shape: tuple[int, ...], like: Any) -> Any:
    if not parts:
        empty = np.zeros(shape, np.asarray(unwrapped(like)).dtype)
        return wrap(empty) if isinstance(like, Tensor) else empty
    if any(isinstance(part, Tensor) for part in parts):
        return reshape(stack(parts), shape)
    return np.reshape(np.stack(parts), shape)


def hessian(function: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    r"""The function that returns :math:`H_{ij} = \partial^2 f / \partial x_i \partial x_j`.

    Examples
    --------
    >>> import autodiff as ad, numpy as np
    >>> ad.hessian(lambda x: ad.prod(x))(np.array([2.0, 3.0]))
    array([[0., 1.],
           [1., 0.]])
    """
    return jacobian(grad(function, argnums), argnums, mode="reverse")


def hvp(function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    r"""The product :math:`H v` of the Hessian with a vector, at the cost of two gradients: one part per argument.

    Examples
    --------
    >>> import autodiff as ad, numpy as np
    >>> ad.hvp(lambda x: ad.sum(x**3), (np.array([1.0, 2.0]),), (np.array([1.0, 1.0]),))
    array([ 6., 12.])
    """
    gradient = grad(function, tuple(range(len(primals))))
    _, product = jvp(gradient, primals, tangents)
    return product[0] if len(product) == 1 else product
