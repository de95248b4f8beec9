"""The chain rule, right to left: gradients of one recorded computation with respect to its leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autodiff.graph import Node, history
from autodiff.op import fit

_ndarray = np.ndarray


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
    ends = {stop: None for stop in stops}
    owned: set[Node] = set()  # whose gradient is a sum that was made here: it may be added to in place
    order = history(*roots)
    invalid: list[str] = []  # 0 * inf is invalid: the processor says so, and only then do we go the careful way
    with np.errstate(all="ignore", invalid="call", call=lambda what, _: invalid.append(what)):
        for node in order:
            if node not in grads or node in ends:
                continue
            g = grads.pop(node)
            if visit is not None and node._extra is not None:
                g = visit(node, g)
            op = node._op
            assert op is not None
            params = node._params
            inputs = node._inputs
            values: tuple[Any, ...]
            if record:
                y: Any = node
                values = tuple(v if x is None else x for x, v in zip(inputs, node._values, strict=True))
            else:
                y = node._data
                values = node._values
            for i, (x, pull) in enumerate(zip(inputs, op.pulls)):  # noqa: B905 - `Every` has no end
                if x is None or pull is None or not x._requires_grad:
                    continue
                gx = pull(g, y, *values) if params is None else pull(g, y, *values, **params)
                if invalid:
                    gx = op.careful_pulls[i](g, y, *values, **(params or {}))  # type: ignore[misc]
                    invalid.clear()
                value = x._data
                if type(gx) is not type(value) or type(gx) is _ndarray:
                    if gx.shape != value.shape or gx.dtype is not value.dtype:
                        gx = fit(gx, value)
                if x not in grads:
                    grads[x] = gx.copy() if gx is g and x._op is None and not record else gx
                elif x in owned:
                    total = grads[x]
                    total += gx
                else:
                    total = grads[x] + gx
                    grads[x] = total
                    if type(total) is _ndarray:
                        owned.add(x)
            if release:
                node._inputs = node._values = ()
                node._extra = {**(node._extra or {}), "released": True}
    return grads
