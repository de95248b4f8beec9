"""The laws every operation keeps, whatever it is: one function each, for one call of one operation.

Each raises AssertionError with what was compared, and returns how many comparisons were conclusive.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.batching import Batch, unbatched
from autodiff.forward import push_forward
from autodiff.op import Op
from autodiff.recording import enable_grad
from autodiff.reverse import pull_back
from autodiff.rules.shapes import concat, ravel
from autodiff.tensor import Tensor
from autodiff.testing.checks import check_grads
from autodiff.testing.numerical import dense
from autodiff.testing.report import GradientError

Args = tuple[Any, ...]
Params = dict[str, Any]


def differentiable(op: Op, args: Args) -> list[int]:
    """Which arguments of a call the operation has a derivative for."""
    return [i for i, pull in enumerate(op.pulls_of(len(args))) if pull is not None]


def _unfollowed(op: Op, args: Args, params: Params, moving: list[int]) -> Callable[..., Any]:
    """The call as a function of its differentiable arguments alone."""

    def function(*xs: Any) -> Any:
        given = list(args)
        for i, x in zip(moving, xs, strict=True):
            given[i] = x
        return op(*given, **params)

    return function


def joined(y: Any) -> Any:
    """A result as one array: the several results of an operation one after the other, without those of integers."""
    return concat([ravel(part) for part in y if part.dtype.kind in "fc"]) if isinstance(y, tuple) else y


def _cotangent(y: Any, seed: int) -> Any:
    """A gradient of a result, complex if that is."""
    rng = np.random.default_rng(seed)
    g = dense(rng, y.shape)
    return g + 1j * dense(rng, y.shape) if y.dtype.kind == "c" else g


def _close(what: str, op: Op, ours: Any, theirs: Any, slack: Any, args: Args, params: Params) -> None:
    difference = np.abs(np.asarray(ours) - np.asarray(theirs))
    if not np.all(difference <= slack):
        raise AssertionError(
            f"{op.name}: {what}\n  ours   {ours}\n  theirs {theirs}\n  slack  {slack}\n"
            f"  args   {args}\n  params {params}"
        )


def derivatives_are_right(op: Op, args: Args, params: Params) -> int:
    """Both modes, to second order, pass `check_grads`: numbers, shapes, memory, the same when repeated."""
    moving = differentiable(op, args)
    report = check_grads(_unfollowed(op, args, params, moving), *(args[i] for i in moving), each=0, raises=False)
    if report.verdict == "wrong":
        raise GradientError(report)
    return len(moving) if report.verdict == "right" else 0


def arrays_and_tensors_agree(op: Op, args: Args, params: Params) -> int:
    """A rule gives the same fed with arrays and fed with Tensors."""
    moving = differentiable(op, args)
    leaves = [Tensor(x, requires_grad=i in moving) for i, x in enumerate(args)]
    with enable_grad():
        y = joined(op(*leaves, **params))
    g = _cotangent(y, 61)
    gradients = []
    for create_graph in (False, True):
        for leaf in leaves:
            leaf.zero_grad()
        y.backward(g, create_graph=create_graph)
        gradients.append([leaves[i].grad for i in moving])
    for plain, recorded in zip(*gradients, strict=True):
        scale = np.max(np.abs(plain.data), initial=0.0)
        _close(
            "the rule on arrays against the rule on Tensors", op, plain.data, recorded.data, 1e-14 * scale, args, params
        )
    return len(moving)


def batches_are_their_parts(op: Op, args: Args, params: Params) -> int:
    """Several gradients, or several tangents, in one walk are what they are one by one."""
    moving = differentiable(op, args)
    leaves = [Tensor(x, requires_grad=i in moving) for i, x in enumerate(args)]
    followed = [leaves[i] for i in moving]
    y = joined(op(*leaves, **params))
    gs = np.stack([_cotangent(y, seed) for seed in (71, 73, 75)]).astype(y.dtype)
    together = pull_back([(y, Batch(gs))])
    apart = [pull_back([(y, g[()])]) for g in gs]
    for i, x in zip(moving, followed, strict=True):
        ours, theirs = unbatched(together[x], 3), np.stack([found[x] for found in apart])
        scale = np.max(np.abs(theirs), initial=0.0)
        _close(f"three gradients at once, argument {i}", op, ours, theirs, 1e-12 * scale, args, params)
    for i, x in zip(moving, followed, strict=True):
        vs = np.stack([_cotangent(x, seed) for seed in (81, 83, 85)]).astype(x.dtype)
        (pushed,) = push_forward({x: Batch(vs)}, [y])
        theirs = np.stack([push_forward({x: v[()]}, [y])[0] for v in vs])
        scale = np.max(np.abs(theirs), initial=0.0)
        what = f"three tangents at once, argument {i}"
        _close(what, op, unbatched(pushed, 3), theirs, 1e-12 * scale, args, params)
    return len(moving)


_SINGLE: dict[str, Any] = {"f": np.dtype(np.float32), "c": np.dtype(np.complex64)}


def _in_single_precision(x: Any) -> Any:
    kind = np.asarray(x).dtype.kind
    return np.asarray(x).astype(_SINGLE[kind]) if kind in _SINGLE else x


def dtypes_are_kept(op: Op, args: Args, params: Params) -> int:
    """Single precision in, single precision out, in the result and in the gradients; those of real numbers are real."""
    moving = differentiable(op, args)
    single = [_in_single_precision(x) for x in args]
    leaves = [Tensor(x, requires_grad=i in moving) for i, x in enumerate(single)]
    y = op(*leaves, **params)
    if isinstance(y, tuple) and not moving:
        return 0
    y, expected = joined(y), joined(op.forward(*single, **params))
    assert y.dtype in (params.get("dtype"), np.result_type(expected)), f"{op.name}: result of {y.dtype}"
    if params.get("dtype") is None:
        assert y.dtype.kind not in "fc" or y.dtype in _SINGLE.values() or op.name == "float_power", (
            f"{op.name}: result of {y.dtype}"
        )
    return _gradients_keep_dtypes(op, y, leaves, moving)


def _gradients_keep_dtypes(op: Op, y: Tensor, leaves: list[Tensor], moving: list[int]) -> int:
    if moving:
        y.backward(np.ones(y.shape))
    for i in moving:
        grad = leaves[i].grad
        assert grad is not None, f"{op.name}: no gradient for argument {i}"
        assert grad.dtype == leaves[i].dtype, f"{op.name}: gradient of {grad.dtype} for {leaves[i].dtype}"
    return len(moving)


def half_precision_is_kept(op: Op, args: Args, params: Params) -> int:
    """Half precision in, half precision out, in the result and in the gradients, wherever NumPy computes in it."""
    moving = differentiable(op, args)
    half = [np.asarray(x).astype(np.float16) if np.asarray(x).dtype.kind == "f" else x for x in args]
    leaves = [Tensor(x, requires_grad=i in moving) for i, x in enumerate(half)]
    with np.errstate(over="ignore"):
        try:
            expected = joined(op.forward(*half, **params))
        except TypeError:  # LAPACK has no routine for it
            return len(moving)
        y = joined(op(*leaves, **params))
    assert y.dtype == expected.dtype, f"{op.name}: result of {y.dtype}"
    assert y.dtype.kind != "f" or y.dtype in (np.float16, params.get("dtype")) or op.name == "float_power", (
        f"{op.name}: result of {y.dtype}"
    )
    return _gradients_keep_dtypes(op, y, leaves, moving)


def inputs_are_not_changed(op: Op, args: Args, params: Params) -> int:
    """The call does not write to what it was given."""
    before = [np.array(x) for x in args]
    leaves = [Tensor(x) for x in args]
    op(*leaves, **params)
    for leaf, x, old in zip(leaves, args, before, strict=True):
        assert np.array_equal(x, old), f"{op.name}: the argument was changed"
        assert np.array_equal(leaf.data, old), f"{op.name}: the leaf was changed"
    return len(differentiable(op, args))


#: The laws of every operation, and those of operations that have a derivative.
LAWS = (
    inputs_are_not_changed,
    dtypes_are_kept,
)
DERIVATIVE_LAWS = (
    derivatives_are_right,
    arrays_and_tensors_agree,
    half_precision_is_kept,
    batches_are_their_parts,
)

#: The laws of operations that take complex numbers: the same, with complex arguments, directions and gradients.
COMPLEX_LAWS = (*DERIVATIVE_LAWS, dtypes_are_kept)


def takes(op: Op, args: Args, params: Params) -> bool:
    """Whether an operation is defined for these arguments; one that is not has to raise TypeError."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)  # an imaginary part was thrown away
        try:
            op.forward(*args, **params)
        except TypeError:
            return False
    return True
