"""What an operation does, found by running it: where its derivative is singular and what it is there, and its modes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from itertools import product
from math import pi
from typing import Any, NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from autodiff.explain.calls import Call, typical_call
from autodiff.op import Array, Elementwise, Op, Parts, Primitive
from autodiff.rules.shapes import concat, ravel
from autodiff.transforms import jvp, vjp

# Modes


class Modes(NamedTuple):
    """Which ways to a derivative work: each was gone, and compared with differences of the values.

    Attributes
    ----------
    forward, reverse, second : bool
        Going forward; going back; differentiating what going back gave.
    complex : bool or None
        Going back with complex arguments; None if that works for some of the results, but not for all together.
    """

    forward: bool
    reverse: bool
    second: bool
    complex: bool | None


def modes(op: Op, call: Call | None = None) -> Modes:
    """Try the modes on a typical call.

    Examples
    --------
    >>> from autodiff.op import table
    >>> modes(table["tanh"])
    Modes(forward=True, reverse=True, second=True, complex=True)
    >>> modes(table["cbrt"]).complex
    False
    """
    if call is None:
        call = typical_call(op, (4,) if isinstance(op, Elementwise) else None)
    args, params = call
    moving = [i for i, pull in enumerate(op.pulls_of(len(args))) if pull is not None and args[i] is not None]
    point = [np.asarray(args[i]) for i in moving]

    def function(*xs: Any) -> Any:
        return _joined(op(*_with(args, moving, xs), **params))

    def plain(*xs: Any) -> Array:
        y = op.forward(*_with(args, moving, xs), **params)
        parts = [np.ravel(part) for part in y if part.dtype.kind in "fc"] if isinstance(y, tuple) else [y]
        return np.asarray(parts[0] if len(parts) == 1 and not isinstance(y, tuple) else np.concatenate(parts))

    def back(*xs: Any) -> Any:
        return vjp(function, *xs)[1](_spread(plain(*point), 0.7))

    somewhere = [x + 0.25j * _spread(x, 0.1).real for x in point]
    return Modes(
        _works(lambda: _close(jvp(function, point, _all_spread(point))[1], _slope(plain, point))),
        _works(lambda: _is_transpose(function, plain, point)),
        _works(lambda: _close(jvp(back, point, _all_spread(point))[1], _slope(back, point))),
        _works(lambda: _is_transpose(function, plain, somewhere))
        or (None if _works_for_a_part(op, args, moving, params, somewhere) else False),
    )


def _works_for_a_part(op: Op, args: Sequence[Any], moving: list[int], params: Any, point: list[Any]) -> bool:
    """Whether one of several results is differentiable by itself."""

    def result(k: int) -> Callable[..., Any]:
        return lambda *xs: op(*_with(args, moving, xs), **params)[k]

    def plain(k: int) -> Callable[..., Any]:
        return lambda *xs: op.forward(*_with(args, moving, xs), **params)[k]

    def attempt(k: int) -> Callable[[], bool]:
        return lambda: _is_transpose(result(k), plain(k), point)

    y = op.forward(*args, **params)
    return isinstance(y, tuple) and any(_works(attempt(k)) for k in range(len(y)))


def _joined(y: Any) -> Any:
    """Several results one after the other, without those of integers."""
    return concat([ravel(part) for part in y if part.dtype.kind in "fc"]) if isinstance(y, tuple) else y


def _with(args: Sequence[Any], moving: list[int], xs: Sequence[Any]) -> list[Any]:
    given = list(args)
    for i, x in zip(moving, xs, strict=True):
        given[i] = x
    return given


def _spread(x: Any, start: float) -> Array:
    """A direction: numbers of size one, no two alike; complex for a complex value."""
    n = np.size(x)
    v = (0.5 + (start + np.arange(n) * 0.618033988749895) % 1).reshape(np.shape(x))
    return v * (0.8 - 0.6j) if np.iscomplexobj(x) else v


def _all_spread(point: list[Any]) -> list[Any]:
    return [_spread(x, 0.3 + 0.2 * i) for i, x in enumerate(point)]


def _slope(function: Callable[..., Any], point: list[Any], step: float = 1e-5) -> Any:
    """How the values change in the direction that is gone, by a central difference."""
    vs = _all_spread(point)
    above = function(*(x + step * v for x, v in zip(point, vs, strict=True)))
    below = function(*(x - step * v for x, v in zip(point, vs, strict=True)))
    if isinstance(above, (list, tuple)):
        return [(a - b) / (2 * step) for a, b in zip(above, below, strict=True)]
    return (above - below) / (2 * step)


def _close(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, list):
        return all(_close(a, b) for a, b in zip(ours, theirs, strict=True))
    return np.allclose(ours, theirs, rtol=1e-4, atol=1e-4 * (1 + np.max(np.abs(theirs), initial=0)))


def _is_transpose(function: Callable[..., Any], plain: Callable[..., Any], point: list[Any]) -> bool:
    """Whether the gradient in a direction is the gradient of the result along its slope."""
    slope = np.asarray(_slope(plain, point))
    g = _spread(slope, 0.7)
    gxs = vjp(function, *point)[1](g)
    ours = sum(np.real(np.sum(np.conj(gx) * v)) for gx, v in zip(gxs, _all_spread(point), strict=True))
    return _close(ours, np.real(np.sum(np.conj(g) * slope)))


def _works(attempt: Callable[[], bool]) -> bool:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        try:
            return bool(attempt())
        except (TypeError, ValueError, LinAlgError, NotImplementedError, np.exceptions.ComplexWarning):
            return False


# Singular points


class Singular(NamedTuple):
    """A point where the derivative jumps or is infinite, and what the rules give there.

    Attributes
    ----------
    point : tuple
        The arguments.
    derivatives : tuple
        For each argument that has one; an error instead, if the rule raises it.
    """

    point: tuple[Any, ...]
    derivatives: tuple[Any, ...]


#: Two distances from a point: where the slopes of both sides differ by as much at the smaller, the derivative jumps.
_STEPS = (1e-5, 1e-6)
_HUGE = 1e12
_NUMBERS = (-3, -2.5, -2, -pi / 2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, pi / 2, 2, 2.5, 3)
_FEW_NUMBERS = (-2, -1, -0.5, 0, 0.5, 1, 2)
_VECTORS = ((0.0, 0.0), (1.0, 1.0))
_MATRICES = (((0.0, 0.0), (0.0, 0.0)), ((1.0, 0.0), (0.0, 1.0)), ((1.0, 1.0), (1.0, 1.0)))


def singular_points(op: Op) -> list[Singular]:
    """Where, among many special points, the derivative jumps or is infinite.

    For operations on several numbers only points where each is of a sign that its domain has; for those with several
    results only points where the rules refuse, as what else they give is up to LAPACK.

    Examples
    --------
    >>> from autodiff.op import table
    >>> singular_points(table["abs"])
    [Singular(point=(np.float64(0.0),), derivatives=(np.float64(0.0),))]
    """
    if not op.differentiable:
        return []
    args, params = typical_call(op)
    if isinstance(op, Elementwise):
        points = _points(op, len(args))
        params = {name: _default_or(value, op.parameters[name]) for name, value in params.items()}
    elif isinstance(op, Primitive) and len(args) == 1:
        points = [(np.array(x),) for x in (_VECTORS if np.ndim(args[0]) == 1 else _MATRICES)]
    else:
        return []
    found = [singular for point in points if (singular := _at(op, point, params)) is not None]
    if isinstance(op.forward(*args, **params), tuple):
        return [singular for singular in found if isinstance(singular.derivatives[0], Exception)]
    return found


def _default_or(given: Any, default: Any) -> Any:
    """The default of a parameter that is a number."""
    return default if isinstance(default, (int, float)) else given


def _points(op: Op, arity: int) -> list[tuple[Any, ...]]:
    if arity == 1:
        return [(np.float64(x),) for x in _NUMBERS]
    bounds = op.domain if isinstance(op.domain, tuple) else ((-1.0, 1.0),) * arity
    ranges = [[np.float64(x) for x in _FEW_NUMBERS if low < 0 or x >= 0] for low, _ in bounds]
    if arity > 2:  # a number and its bounds
        return [p for p in product(*([np.float64(x) for x in (-1, 0, 1)] for _ in bounds)) if p[1] < p[2]]
    return list(product(*ranges))


def _at(op: Op, point: tuple[Any, ...], params: dict[str, Any]) -> Singular | None:
    """What happens at a point, if it is singular."""
    moving = [i for i, pull in enumerate(op.pulls_of(len(point))) if pull is not None]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            y = _values(op.forward(*point, **params))
            sides = [_sides(op, point, params, i, y) for i in moving]
        except (LinAlgError, ValueError, TypeError):
            return None
        if all(side is None for side in sides):
            return None
        derivatives = tuple(_derivative(op, point, params, i) for i in moving)
    if not any(map(_jumps, sides, derivatives)):
        return None
    return Singular(point, derivatives)


def _values(y: Any) -> Array:
    return np.concatenate([np.ravel(part) for part in y]) if isinstance(y, tuple) else np.asarray(y)


def _sides(op: Op, point: tuple[Any, ...], params: dict[str, Any], i: int, y: Array) -> Any:
    """For each element of an argument, whether the values bend or jump: at two distances each.

    None where there is nothing on either side.
    """
    found = []
    x = np.asarray(point[i], float)
    for place in np.ndindex(x.shape):
        unit = np.zeros(x.shape)
        unit[place] = 1
        bends, slopes = [], []
        for step in _STEPS:
            above, below = (_values(op.forward(*_with(point, [i], [x + s * unit]), **params)) for s in (step, -step))
            if not np.any(np.isfinite(above)) and not np.any(np.isfinite(below)):
                return None
            bends.append(np.abs(above - 2 * y + below) / step)
            slopes.append(np.abs(above - below) / step)
        found.append((bends, slopes))
    return found


def _jumps(sides: Any, derivative: Any) -> bool:
    if sides is None:
        return False
    if isinstance(derivative, Exception) or not np.all(np.abs(derivative) < _HUGE):
        return True
    return any(_grow(bends, 0.5, 1e-3) or _grow(slopes, 5, 1e3) for bends, slopes in sides)


def _grow(sizes: list[Array], factor: float, least: float) -> bool:
    """Whether something is not finite, or so many times as large at the smaller distance."""
    far, near = sizes
    return bool(np.any(~(near <= np.maximum(np.where(np.isfinite(far), factor * far, 0), least))))


def _derivative(op: Op, point: tuple[Any, ...], params: dict[str, Any], i: int) -> Any:
    """What the rules give: the partial derivative, or the gradient of the (first) result."""
    y = op.forward(*point, **params)
    g = Parts(_first(part) for part in y) if isinstance(y, tuple) else _first(y)
    pull = op.pulls_of(len(point))[i]
    assert pull is not None
    try:
        return pull(g, Parts(y) if isinstance(y, tuple) else y, point, params)
    except (LinAlgError, ValueError) as error:
        return error


def _first(y: Any) -> Any:
    """The gradient of a loss that is the first element."""
    if np.asarray(y).dtype.kind not in "fc":
        return None
    g = np.zeros(np.shape(y))
    g[(0,) * g.ndim] = 1
    return g[()]
