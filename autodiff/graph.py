"""A recorded computation as plain data: nodes, the order in which they were made, what was written since."""

from __future__ import annotations

import weakref
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from operator import attrgetter
from typing import Any, ClassVar, Self

import numpy as np

from autodiff.op import Op, Parts

#: Numbers every recorded value and every write, so that the order of making is a topological order, latest first.
clock = count(1).__next__

#: The time of the latest write to any value; a graph younger than that needs no check.
latest_write = 0

#: Whether any value was ever assigned into while it was recorded.
_rewritten = False

_made = attrgetter("_made")


class Node:
    """A value that remembers how it was made.

    A leaf has no operation, and nothing that goes with one.  A recorded value holds its operation, the operation's
    inputs (None where the input was a plain number or array), the raw values it was called with, and its parameters.
    One or two inputs lie in the node itself: a tuple for them would be one more object to make, and to be looked at by
    the garbage collector.
    """

    __slots__ = (
        "__weakref__",
        "_extra",  # what few nodes have (name, hooks, time of the last write), or None
        "_input_a",
        "_input_b",
        "_made",  # when: a number of the clock, 0 for leaves
        "_more",  # where there are not one or two inputs: all of them and their values, two tuples; else None
        "_op",
        "_params",
        "_requires_grad",
        "_scope",  # the names of the scopes (modules) it was made in
        "_value",  # the value: an array, or a NumPy scalar where that is all it is
        "_value_a",
        "_value_b",
        "grad",
    )

    _value: Any
    _extra: dict[str, Any] | None
    _input_a: Node | None
    _input_b: Node | None
    _made: int
    _more: tuple[tuple[Node | None, ...], tuple[Any, ...]] | None
    _op: Op | None
    _params: dict[str, Any]
    _requires_grad: bool
    _scope: tuple[str, ...]
    _value_a: Any
    _value_b: Any
    grad: Any

    __hash__ = object.__hash__

    @property
    def _inputs(self) -> tuple[Node | None, ...]:
        if self._op is None:
            return ()
        if self._more is not None:
            return self._more[0]
        return (self._input_a,) if self._op.arity == 1 else (self._input_a, self._input_b)

    @property
    def _values(self) -> tuple[Any, ...]:
        if self._op is None:
            return ()
        if self._more is not None:
            return self._more[1]
        return (self._value_a,) if self._op.arity == 1 else (self._value_a, self._value_b)

    @property
    def name(self) -> str | None:
        """What it is called, if it has a name."""
        return self._extra.get("name") if self._extra else None

    @name.setter
    def name(self, value: str | None) -> None:
        self._extra = {**(self._extra or {}), "name": value}

    def _copy_node(self) -> Self:
        """The same value, made in the same way, as another node."""
        copied = type(self).__new__(type(self))
        for slot in Node.__slots__[1:]:
            if hasattr(self, slot):
                setattr(copied, slot, getattr(self, slot))
        return copied

    def _become(self, new: Node, old: Node) -> None:
        """Take the place of a value that was just recorded; `old` is what it was before, and keeps its hooks."""
        global _rewritten
        _rewritten = True
        before, name = dict(self._extra or {}), self.name
        versions, retain = before.pop("versions", []), before.pop("retain", False)
        for slot in Node.__slots__[1:]:
            if slot not in ("_extra", "grad"):
                setattr(self, slot, getattr(new, slot))
        self._extra = {**(new._extra or {}), "versions": [*versions, old]}
        if name is not None:
            self.name = name
        if retain:
            self._extra["retain"] = True
        old._extra = before or None

    def _forget(self) -> None:
        """Let go of what it was made of."""
        self._input_a = self._input_b = self._value_a = self._value_b = None
        self._more = (), ()
        if self._extra is not None:
            self._extra.pop("versions", None)


#: When the memory of an array was last written in place, by the identity of the array that owns it.
_written: dict[int, tuple[weakref.ref[Any], int]] = {}


def _owner(value: Any) -> Any:
    """The array whose memory another one looks at."""
    while isinstance(value.base, np.ndarray):
        value = value.base
    return value


def wrote(node: Node, *, in_place: bool) -> None:
    """Note that a node's value was written, now: rebound, or its memory, which views and other nodes may share."""
    global latest_write
    latest_write = clock()
    if node._extra is None:
        node._extra = {}
    node._extra["written"] = latest_write
    if in_place and isinstance(node._value, np.ndarray):
        owner = _owner(node._value)
        key = id(owner)
        _written[key] = weakref.ref(owner, lambda _: _written.pop(key, None)), latest_write


def _last_written(node: Node | None, value: Any) -> int:
    """When a value that an operation was given, or its memory, was last written."""
    when = 0 if node is None or node._extra is None else int(node._extra.get("written", 0))
    for array in value if type(value) is Parts else (value,):
        if isinstance(array, np.ndarray) and (entry := _written.get(id(_owner(array)))):
            when = max(when, entry[1])
    return when


def shapes_of(value: Any) -> str:
    """The shape of a value, or those of an operation's several results."""
    return " and ".join(str(np.shape(part)) for part in (value if type(value) is Parts else (value,)))


def whereabouts(node: Node) -> str:
    """Where a recorded value was made, as far as it is known."""
    known = [" / ".join(node._scope)] if node._scope else []
    if node._extra is not None and "line" in node._extra:
        known.append(node._extra["line"])
    return f" (in {', '.join(known)})" if known else ""


def rejoin(node: Node) -> None:
    """Join a value to what its inputs were when it was made: one that is younger was assigned into since."""

    def then(x: Node | None) -> Node | None:
        if x is None or x._op is None or x._made < node._made:
            return x
        versions: list[Node] = (x._extra or {}).get("versions", [])  # what it was before each assignment
        i = bisect_left(versions, node._made, key=lambda v: v._made if v._op is not None else 0)
        return versions[i - 1]

    if node._op is None:
        return
    if node._more is None:
        node._input_a, node._input_b = then(node._input_a), then(node._input_b)
    else:
        node._more = tuple(map(then, node._more[0])), node._more[1]


def refuse_freed(node: Node) -> None:
    """Raise if a recorded value no longer knows what it was made of."""
    if node._more is not None and not node._more[0]:
        assert node._op is not None
        raise RuntimeError(
            f"the graph behind {node._op.name}(){whereabouts(node)} was freed by backward(retain_graph=False): "
            f"compute it again"
        )


def history(*roots: Node, check: bool = True) -> list[Node]:
    """Every recorded value that the roots depend on, themselves included, the latest first.

    With `check`, raise if a value that a derivative will read was written after it was used.
    """
    found = [root for root in dict.fromkeys(roots) if root._op is not None]
    seen = set(found)
    see, find = seen.add, found.append
    for node in found:  # grows as it is walked
        if _rewritten:
            rejoin(node)
        for x in (node._input_a, node._input_b) if node._more is None else node._more[0]:
            if x is not None and x._op is not None and x not in seen:
                see(x)
                find(x)
    found.sort(key=_made, reverse=True)
    if check and found and latest_write > found[-1]._made:
        _refuse_overwritten(found)
    return found


def _refuse_overwritten(nodes: list[Node]) -> None:
    """Raise if a value that a derivative will read was written after it was used."""
    for node in nodes:
        op = node._op
        assert op is not None
        if not op.reads_values:
            continue
        for x, value in zip(node._inputs, node._values, strict=True):
            if _last_written(x, value) > node._made:
                name = f" {x.name!r}" if x is not None and x.name is not None else ""
                raise RuntimeError(
                    f"a value{name} of shape {shapes_of(value)} was written after {op.name}(){whereabouts(node)} had "
                    f"used it, and its derivative still needs the old value: call backward() before writing, or write "
                    f"to a copy"
                )
        if _last_written(node, node._value) > node._made:
            raise RuntimeError(
                f"the result of {op.name}(){whereabouts(node)}, of shape {shapes_of(node._value)}, was written after "
                f"it was made, and its derivative still needs the old value: write to a copy"
            )


@dataclass(frozen=True, slots=True)
class Vertex:
    """One value of a recorded computation, as plain data."""

    id: int
    op: Op | None
    #: The vertices it was computed from, in argument order.
    inputs: tuple[int, ...]
    params: dict[str, Any]
    value: Any
    scope: tuple[str, ...]
    name: str | None
    requires_grad: bool
    #: The value itself; None for a number or array that was not a Tensor.
    node: Node | None


@dataclass(frozen=True, slots=True)
class Graph:
    """A recorded computation: its values in the order in which they were made, those it was asked for marked."""

    nodes: tuple[Vertex, ...]
    outputs: tuple[int, ...]

    @property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """One (from, to) for every use of a value, in argument order."""
        return tuple((i, vertex.id) for vertex in self.nodes for i in vertex.inputs)

    #: A tree, as `autodiff.drawing` writes it.
    __str__: ClassVar[Callable[..., str]]


def graph(*outputs: Node) -> Graph:
    """The recorded computation of some values.

    Parameters
    ----------
    *outputs : Tensor

    Examples
    --------
    >>> import autodiff as ad
    >>> x = ad.Tensor(3.0, requires_grad=True, name="x")
    >>> print(ad.graph(x * x + 1.0))
    + add · scalar · 10
    ├─ × multiply · scalar · 9
    │  ├─ x · parameter · scalar · 3 #0
    │  └─ x #0
    └─ 1
    >>> ad.graph(x * x + 1.0).edges
    ((0, 1), (0, 1), (1, 3), (2, 3))
    """
    for output in outputs:
        if not isinstance(output, Node):
            raise TypeError(f"graph takes Tensors, got {type(output).__name__}")
    vertices: list[Vertex] = []
    ids: dict[Node, int] = {}

    def add(node: Node | None, value: Any, inputs: tuple[int, ...] = ()) -> int:
        i = len(vertices)
        op: Op | None = None
        params: dict[str, Any] = {}
        scope: tuple[str, ...] = ()
        name, requires_grad = None, False
        if node is not None:
            ids[node] = i
            name, requires_grad = node.name, node._requires_grad
            if node._op is not None:
                op, params, scope = node._op, node._params, node._scope
        vertices.append(Vertex(i, op, inputs, params, value, scope, name, requires_grad, node))
        return i

    for node in reversed(history(*outputs, check=False)):
        inputs = []
        for x, value in zip(node._inputs, node._values, strict=True):
            inputs.append(add(x, value) if x is None or x not in ids else ids[x])
        add(node, node._value, tuple(inputs))
    for output in outputs:
        if output not in ids:
            add(output, output._value)
    return Graph(tuple(vertices), tuple(ids[output] for output in outputs))
