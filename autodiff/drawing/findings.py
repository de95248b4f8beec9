"""What is known about the values of a graph beyond themselves: gradients, contributions, and what is wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from autodiff.contributions import Contribution, contributions
from autodiff.graph import Graph, Vertex
from autodiff.op import Elementwise

#: A gradient that is so much smaller, or larger, than one nearer to the output has vanished, or exploded.
EXTREME = 1e5


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that a reader should know about a value."""

    kind: Literal["invalid", "inactive", "vanishing", "exploding"]
    text: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known about the values of a graph.

    Attributes
    ----------
    gradients : tuple
        Of each vertex; None where there is none.
    norms : tuple
        Of the gradients.
    uses : dict
        What a use of a value adds to its gradient, by the operation and the argument that it is.
    marks : dict
        What is to be said about some vertices.
    """

    gradients: tuple[Any, ...]
    norms: tuple[float | None, ...]
    uses: dict[tuple[int, int], Contribution]
    marks: dict[int, list[Mark]]


def findings(graph: Graph, *, gradients: bool = True, seeds: dict[int, Any] | None = None) -> Findings:
    """Look for what is known about the values of a graph.

    Gradients come from a backward pass of their own, over a graph whose outputs are single numbers; of any other one,
    of one that was freed, and of a leaf alone, they are those that `backward` has left in the tensors.

    Parameters
    ----------
    graph : Graph
    gradients : bool
        Whether they are looked for.
    seeds : dict, optional
        The incoming gradient of outputs, by their vertices.

    Examples
    --------
    >>> import autodiff as ad
    >>> x = ad.Tensor([1.0, 0.0], requires_grad=True)
    >>> with np.errstate(divide="ignore"):
    ...     y = ad.log(x)
    >>> findings(ad.graph(y)).marks[1][0].text
    '-inf is made here, in 1 of 2 elements'
    """
    found: Sequence[Any] = [_recorded(vertex) if gradients else None for vertex in graph.nodes]
    uses: dict[tuple[int, int], Contribution] = {}
    if gradients and any(vertex.op is not None for vertex in graph.nodes):
        with suppress(ValueError, RuntimeError):
            walk = contributions(graph, seeds)
            found, uses = walk.gradients, {(use.end, use.argument): use for use in walk.uses}
    norms = tuple(map(_norm, found))
    marks: dict[int, list[Mark]] = {}
    for i, mark in (*_invalid(graph, uses), *_inactive(graph), *_extreme(graph, norms)):
        marks.setdefault(i, []).append(mark)
    return Findings(tuple(found), norms, uses, marks)


def _recorded(vertex: Vertex) -> Any:
    """The gradient that `backward` has left in a tensor."""
    gradient = getattr(vertex.node, "grad", None)
    return None if gradient is None else np.asarray(gradient.detach())[()]


def _norm(gradient: Any) -> float | None:
    if gradient is None or isinstance(gradient, tuple):
        return None
    if isinstance(gradient, float):
        return abs(float(gradient))
    with np.errstate(all="ignore"):
        return float(np.linalg.norm(np.ravel(gradient)))


def _trouble(value: Any) -> str:
    """``"nan"`` or ``"inf"`` if a value has such elements."""
    if isinstance(value, float):
        return "" if math.isfinite(value) else "nan" if math.isnan(value) else "inf"
    if isinstance(value, tuple):
        return max(map(_trouble, value), default="")  # "nan" is the worst, and the last in the alphabet
    if getattr(value, "dtype", np.dtype(bool)).kind not in "fc" or np.isfinite(value).all():
        return ""
    return "nan" if np.isnan(value).any() else "inf"


def _invalid(graph: Graph, uses: dict[tuple[int, int], Contribution]) -> Iterator[tuple[int, Mark]]:
    """Where a NaN or an infinity comes from: no argument has it."""
    troubles = [_trouble(vertex.value) for vertex in graph.nodes]
    for vertex, trouble in zip(graph.nodes, troubles, strict=True):
        given = max((troubles[i] for i in vertex.inputs), default="")
        if trouble > given and not isinstance(vertex.value, tuple):
            bad = np.isnan(vertex.value) if trouble == "nan" else np.isinf(vertex.value)
            first = np.asarray(vertex.value)[bad].flat[0]
            how = "is made here" if vertex.op is not None else "is given"
            many = f", in {np.sum(bad)} of {bad.size} elements" if bad.size > 1 else ""
            yield vertex.id, Mark("invalid", f"{'NaN' if trouble == 'nan' else first} {how}{many}")
    told = set()
    for use in uses.values():
        trouble = _trouble(use.value)
        if trouble > _trouble(use.given) and use.end not in told:
            told.add(use.end)
            yield use.end, Mark("invalid", f"its derivative makes {'NaN' if trouble == 'nan' else 'an infinity'}")


def _inactive(graph: Graph) -> Iterator[tuple[int, Mark]]:
    """Which units of an activation with a kink pass no gradient on, for any sample: their derivative is zero."""
    for vertex in graph.nodes:
        op = vertex.op
        if not isinstance(op, Elementwise) or op.kinks is None or op.arity != 1 or not callable(op.rules[0]):
            continue
        x, y = graph.nodes[vertex.inputs[0]].value, vertex.value
        if np.ndim(y) < 2 or len(y) < 2 or not np.size(y) or op.pulls[0] is None:
            continue
        with np.errstate(all="ignore"):
            dead = np.all(op.pulls[0](np.ones_like(y), y, (x,), vertex.params) == 0, axis=0)
        if count := int(dead.sum()):
            yield vertex.id, Mark("inactive", f"{count} of {dead.size} units inactive for all {len(y)} samples")


def _extreme(graph: Graph, norms: Sequence[float | None]) -> Iterator[tuple[int, Mark]]:
    """Where a gradient first is some orders of magnitude smaller, or larger, than one nearer to the output.

    Of several ways to the output, that one counts which explains it best.
    """
    most: list[float] = [math.inf] * len(norms)  # the largest and the smallest gradient on the way from the output
    least = [0.0] * len(norms)
    told = [False] * len(norms)
    for vertex in reversed(graph.nodes):
        i, norm = vertex.id, norms[vertex.id]
        if not norm or not math.isfinite(norm):
            continue
        large, small = (most[i], least[i]) if least[i] else (norm, norm)
        if not told[i] and norm * EXTREME < large:
            told[i] = True
            yield i, Mark("vanishing", f"gradient vanishes: {norm / large:.0e} of what it was")
        elif not told[i] and norm > small * EXTREME:
            told[i] = True
            yield i, Mark("exploding", f"gradient explodes: {norm / small:.0e} times what it was")
        for start in vertex.inputs:
            most[start], least[start] = min(most[start], max(large, norm)), max(least[start], min(small, norm))
            told[start] |= told[i]
