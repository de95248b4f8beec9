"""The chain rule, left to right: how recorded results move when what they were computed from moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.graph import Node, history, refuse_freed
from autodiff.op import Op, Parts, careful, fit, spread
from autodiff.recording import enable_grad
from autodiff.recording import state as recording_state
from autodiff.reverse import needs_mask, pull_back, results
from autodiff.tensor import Tensor, bare, wrap


def push_forward(tangents: dict[Node, Any], roots: Sequence[Node], *, record: bool = False) -> list[Any]:
    """Push tangents forward from nodes to the roots.

    Parameters
    ----------
    tangents : dict
        The direction in which each node moves; arrays, or Tensors if `record`.
    roots : nodes
    record : bool
        Feed the rules with the nodes themselves, not their arrays: the tangents are then recorded computations.

    Returns
    -------
    list
        The tangent of each root; None for one that does not move.
    """
    moving = dict(tangents)
    order = history(*roots)
    watch = recording_state.get()[3]
    mask = needs_mask(order)
    invalid: list[str] = []  # as in `pull_back`
    with np.errstate(all="ignore", invalid="call", call=lambda what, _: invalid.append(what)):
        for node in reversed(order):
            refuse_freed(node)
            dxs = [None if x is None else moving.get(x) for x in node._inputs]
            if node in moving or not any(dx is not None for dx in dxs):
                continue
            op = node._op
            assert op is not None
            xs: list[Any] = list(node._values)
            y: Any = node._value
            if record:
                y = results(node)
                xs = [v if x is None else x for x, v in zip(node._inputs, node._values, strict=True)]
            params = node._params
            dy = push_through(op, dxs, y, xs, params, record=record)
            if invalid or mask:
                dy = push_through(op, dxs, y, xs, params, record=record, masked=True)
                invalid.clear()
            if dy is None:  # what moves has no derivative
                continue
            moving[node] = dy = spread(dy, node._value)
            if watch is not None:
                watch.used(node)
                watch.derived(node, Parts(dxs), dy, dy)
    return [moving.get(root) for root in roots]


def push_through(
    op: Op, dxs: list[Any], y: Any, xs: list[Any], params: dict[str, Any], *, record: bool = False, masked: bool = False
) -> Any:
    """How one result moves when its arguments do; None if what moves has no derivative."""
    dy = op.push(dxs, y, xs, params, masked=masked)
    return _transposed(op, dxs, y, xs, params, record) if dy is None else dy


def _transposed(op: Op, dxs: list[Any], y: Any, xs: list[Any], params: dict[str, Any], record: bool) -> Any:
    """J dx from the pull alone: g -> J^T g is linear in g, and the transpose of a linear map is its own pull."""
    several = type(y) is Parts
    total: list[Any] = [None] * (len(y) if several else 1)
    with enable_grad():
        seeds = [wrap(bare(np.ones(part.shape, part.dtype))).requires_grad_() for part in (y if several else (y,))]
        g: Any = Parts(seeds) if several else seeds[0]
        for dx, x, pull in zip(dxs, xs, op.pulls_of(len(xs)), strict=True):
            if dx is None or pull is None:
                continue
            pulled = fit(careful(pull)(g, y, xs, params), x)
            if isinstance(pulled, Tensor) and pulled.requires_grad:
                found = pull_back([(pulled, dx)], stops=seeds, record=record)
                for i, seed in enumerate(seeds):
                    if seed in found:
                        total[i] = found[seed] if total[i] is None else total[i] + found[seed]
    return Parts(total) if several else total[0]
