"""A function, and what is claimed of its derivatives: the one form in which everything is checked.

Whatever a function takes and gives, its differentiable numbers are looked at as two real vectors.  A complex number is
two real ones, so that the products are the real ones, :math:`\\operatorname{Re} \\sum \\bar a b`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autodiff.op import Op
from autodiff.tensor import Tensor, bare, unwrapped
from autodiff.testing.numerical import Array
from autodiff.transforms import jvp, vjp
from autodiff.trees import Tree, leaves, leaves_as, rebuilt

Arrays = list[Array]
Map = Callable[[Arrays], Arrays]

_WIDE = {np.dtype(np.float16): np.float64, np.dtype(np.float32): np.float64, np.dtype(np.complex64): np.complex128}


@dataclass(frozen=True)
class Claim:
    """A function of arrays with several results, and the products with its Jacobian that are claimed."""

    #: Results, of arguments.
    function: Map
    #: Where.
    xs: Arrays
    #: What the arguments and the results are called.
    arguments: tuple[str, ...]
    #: The product with the transpose of the Jacobian at a point, of gradients; with the Jacobian, of tangents.
    pull_at: Callable[[Arrays], Map] | None = None
    push_at: Callable[[Arrays], Map] | None = None
    #: Whether it may take complex numbers for real ones, and so be tried with complex steps.
    analytic: bool = True
    #: Which arguments were Python numbers, which have no dtype to be kept.
    typeless: tuple[bool, ...] = ()
    #: Whether a gradient may be the very array that came in.
    passes_on: bool = False


def is_number(leaf: Any) -> bool:
    """Whether a part of an argument is to be moved: floating-point numbers are."""
    if isinstance(leaf, Tensor):
        return leaf.dtype.kind in "fc"
    return isinstance(leaf, (float, complex)) or (hasattr(leaf, "dtype") and np.asarray(leaf).dtype.kind in "fc")


def labels(args: Sequence[Tree], names: Sequence[str | None]) -> list[str]:
    """What each leaf of the arguments is called: by position, name, and place in the tree."""
    found: list[str] = []

    def walk(tree: Tree, label: str) -> None:
        if isinstance(tree, dict):
            for key in tree:
                walk(tree[key], f"{label}[{key!r}]")
        elif isinstance(tree, (list, tuple)):
            for i, part in enumerate(tree):
                walk(part, f"{label}[{i}]")
        else:
            name = f" {tree.name!r}" if isinstance(tree, Tensor) and tree.name else ""
            found.append(label + name)

    for i, arg in enumerate(args):
        name = names[i] if i < len(names) else None
        walk(arg, f"argument {i}" + (f" ({name})" if name else ""))
    return found


class Arguments:
    """The arguments of a call: which of their leaves are moved, and the call with these replaced."""

    def __init__(self, args: Sequence[Tree], names: Sequence[str | None] = ()) -> None:
        self.args = tuple(args)
        self.leaves = leaves(self.args)
        self.moving = [i for i, leaf in enumerate(self.leaves) if is_number(leaf)]
        if not self.moving:
            raise TypeError(
                f"no argument has floating-point numbers that could be moved, got "
                f"{', '.join(type(leaf).__name__ for leaf in self.leaves) or 'none at all'}"
            )
        every = labels(self.args, names)
        self.labels = tuple(every[i] for i in self.moving)
        self.xs: Arrays = [np.asarray(unwrapped(self.leaves[i])) for i in self.moving]
        self.typeless = tuple(isinstance(self.leaves[i], (float, complex)) for i in self.moving)

    def replaced(self, xs: Sequence[Any]) -> tuple[Tree, ...]:
        """The arguments with other numbers."""
        new = list(self.leaves)
        for i, x in zip(self.moving, xs, strict=True):
            new[i] = x
        return tuple(rebuilt(self.args, new))

    def gradients(self, found: Tree) -> Arrays:
        """What a vjp gave: one gradient for each moving leaf; None, or anything, for the others."""
        if len(self.args) == 1 and not (isinstance(found, tuple) and len(found) == 1):
            found = (found,)
        if isinstance(found, tuple) and len(found) < len(self.args) and len(found) == len(self.moving):
            return [np.asarray(unwrapped(g)) for g in found]
        every = leaves_as(found, self.args, "the gradients")
        return [np.asarray(unwrapped(every[i])) for i in self.moving]


def results(found: Tree) -> Arrays:
    """The results that have a derivative, as arrays: floating-point numbers."""
    every = (np.asarray(unwrapped(leaf)) for leaf in leaves(found))
    return [y for y in every if y.dtype.kind in "fc"]


def of_moving(function: Callable[..., Any], given: Arguments) -> Callable[..., list[Any]]:
    """A function of the moving leaves alone, which gives those of its results that have a derivative."""
    return lambda *xs: [y for y in leaves(function(*given.replaced(xs))) if is_number(y)]


def of_tensors(
    function: Callable[..., Any],
    given: Arguments,
    modes: Sequence[str] = ("reverse", "forward"),
    *,
    analytic: bool = True,
) -> Claim:
    """What our own engine claims of a function of Tensors."""
    followed = of_moving(function, given)

    def pull_at(xs: Arrays) -> Map:
        _, pull = vjp(followed, *map(bare, xs))
        return lambda gs: [np.asarray(unwrapped(g)) for g in pull(list(map(bare, gs)))]

    def push_at(xs: Arrays) -> Map:
        xs = list(map(bare, xs))
        return lambda vs: [np.asarray(unwrapped(dy)) for dy in jvp(followed, xs, list(map(bare, vs)))[1]]

    def values(xs: Arrays) -> Arrays:
        return results(followed(*(Tensor(x) for x in xs)))

    return Claim(
        values,
        given.xs,
        given.labels,
        pull_at if "reverse" in modes else None,
        push_at if "forward" in modes else None,
        analytic,
        given.typeless,
    )


def derivative_of(
    function: Callable[..., Any], given: Arguments, gs: Sequence[Any] | None, vs: Sequence[Any]
) -> Callable[..., Any]:
    """The gradients of a function for given ones of its results, or its tangents, as a function of its arguments."""
    followed = of_moving(function, given)

    def derivative(*args: Any) -> Any:
        every = leaves(args)
        xs = [every[i] for i in given.moving]
        return jvp(followed, xs, list(map(bare, vs)))[1] if gs is None else vjp(followed, *xs)[1](list(map(bare, gs)))

    return derivative


def of_call(op: Op, args: Sequence[Any], params: dict[str, Any]) -> tuple[Callable[..., Any], Arguments]:
    """One call of an operation: as a function, and where."""

    def function(*xs: Any) -> Any:
        return op(*xs, **params)

    return function, Arguments(args)


def of_callables(
    function: Callable[..., Any],
    given: Arguments,
    vjp_rule: Callable[..., Any] | None = None,
    jvp_rule: Callable[..., Any] | None = None,
) -> Claim:
    """What a pair of callables claims."""
    like = function(*given.args)

    def values(xs: Arrays) -> Arrays:
        return results(function(*given.replaced(map_like(xs))))

    def map_like(xs: Sequence[Any]) -> list[Any]:
        """Python numbers stay such."""
        return [x.item() if number and np.ndim(x) == 0 else x for x, number in zip(xs, given.typeless, strict=True)]

    def whole(gs: Arrays) -> Tree:
        """Gradients of the results in the nesting of these; zeros for those that have no derivative."""
        rest = iter(gs)
        return rebuilt(like, [next(rest) if is_number(y) else np.zeros(np.shape(y)) for y in leaves(like)])

    def pull_at(xs: Arrays) -> Map:
        assert vjp_rule is not None
        return lambda gs: given.gradients(vjp_rule(whole(gs), *given.replaced(map_like(xs))))

    def push_at(xs: Arrays) -> Map:
        assert jvp_rule is not None

        def push(vs: Arrays) -> Arrays:
            tangents = given.replaced(vs)
            every = leaves(tangents)
            for i, leaf in enumerate(given.leaves):
                if i not in given.moving:
                    every[i] = np.zeros(np.shape(leaf)) if hasattr(leaf, "dtype") else None
            tangents = rebuilt(given.args, every)
            return results(jvp_rule(tangents[0] if len(tangents) == 1 else tangents, *given.replaced(map_like(xs))))

        return push

    return Claim(
        values,
        given.xs,
        given.labels,
        None if vjp_rule is None else pull_at,
        None if jvp_rule is None else push_at,
        typeless=given.typeless,
        passes_on=True,
    )


# Arrays as one real vector


def flat(arrays: Sequence[Array]) -> Array:
    """The numbers of several arrays as one real vector."""
    parts = [np.ravel(a) for a in arrays]
    return np.concatenate([np.zeros(0), *(p.view(p.real.dtype) if p.dtype.kind == "c" else p for p in parts)])


def shaped(vector: Array, like: Sequence[Array]) -> Arrays:
    """A real vector as arrays of the shapes and dtypes of others."""
    found: Arrays = []
    start = 0
    for a in like:
        n = length(a)
        part = vector[start : start + n].astype(a.real.dtype)
        found.append((part.view(a.dtype) if a.dtype.kind == "c" else part).reshape(a.shape))
        start += n
    return found


def length(a: Array) -> int:
    """How many real numbers an array has."""
    return a.size * (2 if a.dtype.kind == "c" else 1)


def wide(arrays: Sequence[Array]) -> Arrays:
    """The same in double precision."""
    return [a.astype(_WIDE.get(a.dtype, a.dtype)) for a in arrays]
