"""The chain rule, right to left: gradients of one recorded computation with respect to its leaves."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autodiff.batching import Batch
from autodiff.graph import Node, history, refuse_freed
from autodiff.op import Op, Parts, careful, fit, part
from autodiff.recording import state as recording_state

_ndarray = np.ndarray


def outward(g: Any) -> Any:
    """Turn a gradient from the engine's into the world's, or back: complex ones are conjugated.

    Inside, pulls are transposes; outside, the gradient of a real loss points uphill, as in PyTorch.
    """
    if type(g) is Parts:
        return Parts(None if part is None else outward(part) for part in g)
    return np.conj(g) if g.dtype.kind == "c" else g


def pull_back(
    seeds: Iterable[tuple[Node, Any]],
    *,
    stops: Iterable[Node] = (),
    record: bool = False,
    visit: Callable[[Node, Any], Any] | None = None,
    release: bool = False,
) -> dict[Node, Any]:
    """Pull gradients back from roots to leaves.

    Every recorded value is visited once, the latest first; what its uses contribute is added up before its own rule
    is asked.  Nothing is stored in the graph, so that the same walk can be repeated.

    Parameters
    ----------
    seeds : pairs of a root and its incoming gradient
    stops : nodes to be treated as leaves, whatever made them
    record : bool
        Feed the rules with the nodes themselves, not their arrays: the gradients are then recorded computations.
    visit : callable, optional
        Called as ``visit(node, g)`` with each recorded node's whole gradient where the node has extras (hooks); what
        it returns goes on.
    release : bool
        Cut the graph as it is walked; a second walk is then an error.

    Returns
    -------
    dict
        The gradient of every leaf that requires one.
    """
    grads: dict[Node, Any] = {}
    roots = []
    for root, g in seeds:
        grads[root] = grads[root] + g if root in grads else g
        roots.append(root)
    owned: set[Node] = set()  # whose gradient is a sum that was made here: it may be added to in place
    order = history(*roots)
    if ends := set(stops):
        order = [node for node in order if node not in ends]
    ahead: Node | None = None  # the one value whose gradient so far is not in the dict but here: mostly the next one
    ahead_g: Any = None
    watch = recording_state.get()[3]
    mask = False  # whether a value that went unused was NaN
    invalid: list[str] = []  # 0 * inf is invalid: the processor says so, and only then do we go the careful way
    with np.errstate(all="ignore", invalid="call", call=lambda what, _: invalid.append(what)):
        for node in order:
            if node is ahead:
                g = ahead_g
                ahead = None
            else:
                g = grads.pop(node, None)
                if g is None:
                    continue
                if type(g) is list:
                    g = Parts(g)
            if node._extra is not None and visit is not None:
                g = visit(node, g)
            op: Any = node._op
            if watch is not None:
                watch.used(node)
            elif op is part:
                _gather(grads, node, g)
                if release:
                    node._forget()
                continue
            if op.skips and not mask:
                mask = needs_mask((node,))
            params = node._params
            y: Any = node._value
            uses: tuple[tuple[Node | None, Any], ...]
            if node._more is not None:
                inputs, xs = node._more
                refuse_freed(node)
                uses = tuple(zip(inputs, op.pulls_of(len(inputs)), strict=True))
            else:
                xs = (node._value_a,) if op.arity == 1 else (node._value_a, node._value_b)
                uses = ((node._input_a, op.pulls[0]),)
                if node._input_b is not None:
                    uses = (*uses, (node._input_b, op.pulls[1]))
            if record:
                y = results(node)
                xs = tuple(v if x is None else x for x, v in zip(node._inputs, xs, strict=True))
            for x, pull in uses:
                if x is None or pull is None or not x._requires_grad:
                    continue
                gx = pull(g, y, xs, params)
                if invalid or mask:
                    gx = careful(pull)(g, y, xs, params)
                    invalid.clear()
                    if mask:
                        _warn_of_nan(op, gx)
                value = x._value
                pulled = gx
                kind = type(gx)
                if (kind is _ndarray or kind is not type(value)) and (
                    gx.shape != value.shape or gx.dtype is not value.dtype
                ):
                    gx = fit(gx, value)
                if watch is not None:
                    watch.derived(node, g, gx, pulled)
                if x is ahead:
                    ahead_g = ahead_g + gx
                    continue
                total = grads.get(x)
                if total is None:
                    if x._op is None:
                        grads[x] = gx.copy() if gx is g else gx
                    elif ahead is None:
                        ahead = x
                        ahead_g = gx
                    else:
                        grads[x] = gx
                elif x in owned:
                    total += gx
                else:
                    grads[x] = total = total + gx
                    if type(total) is _ndarray:
                        owned.add(x)
            if release:
                node._forget()
    if ahead is not None:
        grads[ahead] = ahead_g
    return grads


def _gather(grads: dict[Node, Any], node: Node, g: Any) -> None:
    """Lay the gradient of one of several results beside the others': a list, which nobody watches grow.

    To add up what each result gives alone would take as many times longer as there are results.
    """
    refuse_freed(node)
    several = node._input_a
    assert several is not None
    index, count = node._params["index"], node._params["of"]
    shares = grads.get(several)
    if shares is None:
        shares = grads[several] = [None] * count
    shares[index] = g if shares[index] is None else shares[index] + g


def results(node: Node) -> Any:
    """A recorded value as rules take it: itself, or the several results that an operation gave."""
    if type(node._value) is not Parts:
        return node
    n = len(node._value)
    return Parts(part(node, index=i, of=n) for i in range(n))


def _warn_of_nan(op: Op, g: Any) -> None:
    """Diagnose a NaN that came back from behind a value that went unused."""
    if type(g) is not Parts and bool(np.isnan(g.stacked if type(g) is Batch else g).any()):
        warnings.warn(
            f"the gradient of {op.name}() is NaN, and a value that went unused (by where or indexing) was NaN: "
            f"mask the argument of what became NaN, not its result",
            RuntimeWarning,
            stacklevel=4,
        )


def needs_mask(nodes: Iterable[Node]) -> bool:
    """Whether a value that may not have been used is NaN: then so may be a partial derivative, without a sign of it."""
    return any(
        isinstance(v, _ndarray) and v.dtype.kind in "fc" and np.isnan(v).any()
        for node in nodes
        if node._op is not None and node._op.skips
        for v in node._values
    )
