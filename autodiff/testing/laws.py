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
from autodiff.testing.numerical import directional_derivative
from autodiff.transforms import jvp, vjp

Args = tuple[Any, ...]
Params = dict[str, Any]

_NOISE = 1e-9


def differentiable(op: Op, args: Args) -> list[int]:
    """Which arguments of a call the operation has a derivative for."""
    return [i for i, pull in enumerate(op.pulls_of(len(args))) if pull is not None]


def _unfollowed(op: Op, args: Args, params: Params, moving: list[int]) -> Callable[..., Any]:
    """The call as a function of its differentiable arguments alone."""

    def function(*xs: Any) -> Any:
        given = list(args)
        for i, x in zip(moving, xs, strict=True):
            given[i] = x
        return joined(op(*given, **params))

    return function


def joined(y: Any) -> Any:
    """A result as one array: the several results of an operation one after the other, without those of integers."""
    return concat([ravel(part) for part in y if part.dtype.kind in "fc"]) if isinstance(y, tuple) else y


def _dense(shape: tuple[int, ...], seed: int) -> Any:
    """Numbers of size one, no two alike: a direction that no mistake is orthogonal to."""
    return np.random.default_rng(seed).uniform(0.3, 1.0, shape) * np.random.default_rng(seed + 1).choice([-1, 1], shape)


def _directions(x: Any, seed: int) -> list[Any]:
    """The directions in which an argument is moved: a complex one also along the imaginary axis."""
    v = _dense(np.shape(x), seed)
    return [v, 1j * v] if np.iscomplexobj(x) else [v]


def _cotangent(y: Any, seed: int) -> Any:
    """A gradient of a result, complex if that is."""
    g = _dense(y.shape, seed)
    return g + 1j * _dense(y.shape, seed + 5) if y.dtype.kind == "c" else g


def _close(what: str, op: Op, ours: Any, theirs: Any, slack: Any, args: Args, params: Params) -> None:
    difference = np.abs(np.asarray(ours) - np.asarray(theirs))
    if not np.all(difference <= slack):
        raise AssertionError(
            f"{op.name}: {what}\n  ours   {ours}\n  theirs {theirs}\n  slack  {slack}\n"
            f"  args   {args}\n  params {params}"
        )


def forward_is_numerical(op: Op, args: Args, params: Params) -> int:
    """J v by the push rules is what differences say."""
    moving = differentiable(op, args)
    conclusive = 0
    for i, v in [(k, v) for k in moving for v in _directions(args[k], 11)]:
        _, ours = jvp(_unfollowed(op, args, params, [i]), (args[i],), (v,))

        def plain(x: Any, i: int = i) -> Any:
            return np.asarray(joined(op.forward(*args[:i], x, *args[i + 1 :], **params)))

        slope, error = directional_derivative(plain, [args[i]], [v])
        scale = np.max(np.abs(slope), initial=1.0)
        trusted = error < 1e-5 * scale
        conclusive += int(np.all(trusted))
        slack = np.where(trusted, 10 * error + _NOISE * scale, np.inf)
        _close(f"forward mode, argument {i}, against differences", op, ours, slope, slack, args, params)
    return conclusive


def reverse_is_the_transpose(op: Op, args: Args, params: Params) -> int:
    """Re <g, J v> = Re <J^T g, v>, to rounding, with <a, b> the sum of conj(a) b."""
    moving = differentiable(op, args)
    for i, v in [(k, v) for k in moving for v in _directions(args[k], 21)]:
        function = _unfollowed(op, args, params, [i])
        y, dy = jvp(function, (args[i],), (v,))
        _, pull = vjp(function, args[i])
        g = _cotangent(np.asarray(y), 31)
        (gx,) = pull(g)
        assert np.shape(gx) == np.shape(args[i]), f"{op.name}: gradient {np.shape(gx)} for argument {np.shape(args[i])}"
        left, right = np.real(np.sum(np.conj(g) * dy)), np.real(np.sum(np.conj(gx) * v))
        scale = np.sum(np.abs(g * dy)) + np.sum(np.abs(gx * v))
        _close(f"<g, J v> = <J^T g, v>, argument {i}", op, right, left, 1e-12 * scale, args, params)
    return len(moving)


def second_order_is_numerical(op: Op, args: Args, params: Params) -> int:
    """The derivative of the gradient, by differentiating the rules, is what differences of the gradient say."""
    moving = differentiable(op, args)
    xs = [args[i] for i in moving]
    function = _unfollowed(op, args, params, moving)
    g = _cotangent(function(*xs), 41)

    def gradients(*points: Any) -> Any:
        _, pull = vjp(function, *points)
        return pull(g)

    conclusive = 0
    for i, v in [(k, v) for k, x in enumerate(xs) for v in _directions(x, 51)]:
        directions = [v if j == i else np.zeros(np.shape(other)) for j, other in enumerate(xs)]
        _, ours = jvp(gradients, xs, directions)
        for j in range(len(xs)):
            slope, error = directional_derivative(lambda *p, j=j: np.asarray(gradients(*p)[j]), xs, directions)
            scale = np.max(np.abs(slope), initial=1.0)
            trusted = error < 1e-5 * scale
            conclusive += int(np.all(trusted))
            slack = np.where(trusted, 10 * error + _NOISE * scale, np.inf)
            _close(f"second order, {i} then {j}, against differences", op, ours[j], slope, slack, args, params)
    return conclusive


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
    """Neither the call nor its derivative writes to what it was given, or gives out the same memory twice."""
    moving = differentiable(op, args)
    before = [np.array(x) for x in args]
    leaves = [Tensor(x, requires_grad=i in moving) for i, x in enumerate(args)]
    y = op(*leaves, **params)
    if moving:
        y = joined(y)
        g = np.ones(y.shape)
        y.backward(g)
        grads = [leaves[i].grad.data for i in moving]
        for k, grad in enumerate(grads):
            for other in [g, *grads[:k], *(leaf.data for leaf in leaves)]:
                assert not np.may_share_memory(grad, other), f"{op.name}: a gradient shares memory"
        y.backward(g)
        assert np.all(g == 1), f"{op.name}: the incoming gradient was changed"
    for leaf, x, old in zip(leaves, args, before, strict=True):
        assert np.array_equal(x, old), f"{op.name}: the argument was changed"
        assert np.array_equal(leaf.data, old), f"{op.name}: the leaf was changed"
    return len(moving)


#: The laws of every operation, and those of operations that have a derivative.
LAWS = (
    inputs_are_not_changed,
    dtypes_are_kept,
)
DERIVATIVE_LAWS = (
    forward_is_numerical,
    reverse_is_the_transpose,
    second_order_is_numerical,
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
