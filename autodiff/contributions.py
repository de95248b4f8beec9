"""The chain rule on a graph as data: the gradient of every value, and what each use of it adds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any

import numpy as np

from autodiff.graph import Graph, Node, refuse_freed
from autodiff.recording import state
from autodiff.reverse import outward, pull_back


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one use of a value adds to its gradient."""

    #: The vertex that is used, the one that is computed from it, and as which argument: one edge of the graph.
    start: int
    end: int
    argument: int
    #: The gradient that came in at the end of the edge.
    given: Any
    #: What the operation's rule made of it; where the value was broadcast, of the shape it was broadcast to.
    pulled: Any
    #: The same in the shape and dtype of the value: summed where a broadcast is undone.
    value: Any


@dataclass(frozen=True, slots=True)
class Contributions:
    """The backward pass over a graph."""

    #: The gradient of each vertex; None where none arrives.
    gradients: tuple[Any, ...]
    #: Every use that the backward pass went along, in its order: the latest operation first.
    uses: tuple[Contribution, ...]


def contributions(graph: Graph, seeds: Mapping[int, Any] | None = None) -> Contributions:
    r"""Walk back over a graph, and keep what `backward` adds up on its way.

    The gradient of a value is the sum of what its uses add to it,
    :math:`\bar x = \sum_{y \text{ made of } x} J_{yx}^\top \, \bar y`.  No tensor's `grad` is touched, and no hook is
    called.

    Parameters
    ----------
    graph : Graph
    seeds : mapping, optional
        The incoming gradient of outputs, by their vertices; left out, 1 for every output, which then has to be a single
        number.

    Raises
    ------
    ValueError
        If an output is not a single number, and no seed is given.
    RuntimeError
        If the graph was freed, or a value that a derivative needs was written since.

    Examples
    --------
    >>> import autodiff as ad
    >>> x = ad.Tensor(3.0, requires_grad=True)
    >>> found = contributions(ad.graph(x * x + x))
    >>> [(use.end, use.argument, float(use.value)) for use in found.uses if use.start == 0]
    [(2, 1, 1.0), (1, 0, 3.0), (1, 1, 3.0)]
    >>> float(found.gradients[0])
    7.0
    """
    if seeds is None:
        shapes = [np.shape(graph.nodes[i].value) for i in graph.outputs]
        if any(shape and np.prod(shape, dtype=int) != 1 for shape in shapes):
            raise ValueError(
                f"the gradient of a single number is wanted, got shapes {shapes}: reduce them, or give seeds"
            )
        seeds = ones(graph, graph.outputs)
    roots = [(i, graph.nodes[i].node, np.asarray(seed)[()]) for i, seed in seeds.items()]
    watch = _Watch(graph)
    for i, node, seed in roots:
        if node is not None and node._requires_grad:
            watch.gradients[i] = seed
    wanted = [(node, outward(seed)) for _, node, seed in roots if node is not None and node._requires_grad]
    leaves = copy_context().run(watch.walk, wanted)
    for leaf, g in leaves.items():
        watch.gradients[watch.ids[leaf]] = outward(g)
    return Contributions(tuple(watch.gradients), tuple(watch.uses))


def ones(graph: Graph, outputs: Iterable[int]) -> dict[int, Any]:
    """The incoming gradient of single numbers whose sum is what gradients are of: 1 for each, by their vertices."""
    return {i: np.ones_like(graph.nodes[i].value) for i in outputs}


class _Watch:
    """Notes what is derived."""

    def __init__(self, graph: Graph) -> None:
        self.ids = {vertex.node: vertex.id for vertex in graph.nodes if vertex.node is not None}
        self.gradients: list[Any] = [None] * len(graph.nodes)
        self.uses: list[Contribution] = []
        self._inputs = [vertex.inputs for vertex in graph.nodes]
        self._arguments: list[int] = []

    def walk(self, seeds: list[tuple[Node, Any]]) -> dict[Node, Any]:
        """The backward pass, looked at; the recording state that it changes is that of its own context."""
        recording, scope, outer, _ = state.get()
        state.set((recording, scope, outer, self))
        return pull_back(seeds)

    def used(self, node: Node) -> None:
        """The derivatives of a recorded operation are about to be computed, in the order of the arguments."""
        assert node._op is not None
        refuse_freed(node)
        pulls = node._op.pulls_of(len(node._inputs))
        wanted = zip(node._inputs, pulls, strict=True)
        self._arguments = [
            i for i, (x, pull) in enumerate(wanted) if x is not None and pull is not None and x._requires_grad
        ][::-1]

    def derived(self, node: Node, given: Any, found: Any, pulled: Any) -> None:
        """One of them was computed."""
        end, argument = self.ids[node], self._arguments.pop()
        given = self.gradients[end] = outward(given)
        self.uses.append(
            Contribution(self._inputs[end][argument], end, argument, given, outward(pulled), outward(found))
        )
