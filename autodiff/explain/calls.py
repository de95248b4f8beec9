"""A typical call of every operation: what to show it by.

Drawn from its declared domain, as the calls that it is tested with, but by fixed choices: the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

from autodiff.op import Elementwise, Op

Call = tuple[tuple[Any, ...], dict[str, Any]]

#: The length of an axis, where a domain leaves it open: a number that occurs in no formula, to be told from one.
LENGTH = 7
_GOLDEN = (math.sqrt(5) - 1) / 2
_TURNS = 8


class Typical:
    """A source of choices, as domains draw from, that always chooses the same.

    Parameters
    ----------
    turn : int
        Other choices for another number; 0 takes the first of several options.
    shape : tuple of ints, optional
        The shape of arrays where a domain leaves it open; else one axis, or as many as it needs.
    """

    def __init__(self, turn: int = 0, shape: tuple[int, ...] | None = None) -> None:
        self._turn = turn
        self._shape = shape
        self._drawn = 0
        #: Whether a shape was left open.
        self.open = False

    def needs(self, module: str) -> None:
        """Refuse to go on where an optional package is not installed."""
        if find_spec(module) is None:
            raise ImportError(f"a typical call of every operation needs {module}: pip install {module}")

    def integer(self, low: int, high: int) -> int:
        """The greatest, and the one before it, in turns: so axes differ in length."""
        self._drawn += 1
        return high - (self._drawn + self._turn + 1) % 2 if high > low else high

    def boolean(self) -> bool:
        """No."""
        return False

    def choice(self, options: list[Any]) -> Any:
        """One of several."""
        return options[self._turn % len(options)]

    def permutation(self, n: int) -> tuple[int, ...]:
        """The numbers below n, backwards."""
        return tuple(range(n))[::-1]

    def axis(self, ndim: int) -> int:
        """The last one."""
        return -1

    def axes(self, ndim: int) -> int | tuple[int, ...] | None:
        """All of them."""
        return None

    def shape(self, min_dims: int = 0, min_side: int = 0) -> tuple[int, ...]:
        """One axis, or as many as are needed; in later turns two at least."""
        self.open = True
        if self._shape is not None and len(self._shape) >= min_dims:
            return self._shape
        return (LENGTH,) if min_dims < 2 and self._turn < _TURNS // 2 else (3, 2, 2)[: max(min_dims, 2)]

    def booleans(self, shape: tuple[int, ...]) -> Any:
        """Yes and no by turns."""
        return (np.arange(math.prod(shape)) % 2 == 0).reshape(shape)

    def integers(self, shape: tuple[int, ...], low: int = 0, high: int = 9) -> Any:
        """One after the other."""
        return (low + np.arange(1, math.prod(shape) + 1) % (high - low + 1)).reshape(shape)

    def array(
        self,
        shape: tuple[int, ...] | None = None,
        *,
        min_dims: int = 0,
        min_side: int = 0,
        low: float = -5.0,
        high: float = 5.0,
        distinct: bool = False,
        zeros: bool = False,
    ) -> Any:
        """Numbers between two bounds, no two alike, spread by the golden ratio."""
        shape = self.shape(min_dims, min_side) if shape is None else shape
        self._drawn += 1
        places = np.arange(1, math.prod(shape) + 1) * _GOLDEN + 0.3 * self._drawn + 0.17 * self._turn
        return (low + (high - low) * (0.1 + 0.8 * (places % 1))).reshape(shape)[()]

    def broadcastable(self, bounds: Sequence[tuple[float, float]]) -> tuple[Any, ...]:
        """An array between each two bounds."""
        return tuple(self.array(low=low, high=high) for low, high in bounds)

    def arrays_alike_but(self, axis: int | None) -> tuple[Any, ...]:
        """Two arrays, of different length along the axis."""
        second = (2, 3) if axis is None else tuple(4 if a == axis else n for a, n in enumerate((2, 3)))
        return self.array((2, 3)), self.array(second)

    def index(self, shape: tuple[int, ...]) -> Any:
        """A slice, or integers, one of them twice."""
        return slice(1, None) if self._turn % 2 == 0 else np.array([0, 0])


def typical_call(op: Op, shape: tuple[int, ...] | None = None) -> Call:
    """Arguments and parameters of a call that shows what an operation is.

    Single numbers for an elementwise operation; matrices for one of matrices, which are not stacked; parameters at
    their defaults, where the domain lets them be.

    Examples
    --------
    >>> from autodiff.op import table
    >>> (a, b), params = typical_call(table["matmul"])
    >>> a.shape, b.shape, params
    ((2, 3), (3, 2), {})
    """
    shape = () if shape is None and isinstance(op, Elementwise) else shape
    calls = []
    for turn in range(_TURNS):
        d = Typical(turn, shape)
        call = op.bind(*op.drawn(d))
        if op.clear(*call):
            calls.append((_merit(op, call, d), -turn, call))
    return max(calls, key=lambda rated: rated[:2])[2]


def _merit(op: Op, call: Call, d: Typical) -> tuple[int, ...]:
    """How well a call shows what an operation is: it has numbers, changes them, is about matrices if about any."""
    args, params = call
    arrays = [np.asarray(x) for x in args if x is not None]
    with np.errstate(all="ignore"):
        y = op.forward(*args, **params)
    changes = isinstance(y, tuple) or not any(np.array_equal(y, x) for x in arrays if x.size > 1)
    matrices = 0 if d.open else sum(x.ndim == 2 for x in arrays)
    defaults = sum(_is_default(params[name], value) for name, value in op.parameters.items())
    return all(x.size for x in arrays), changes, matrices, defaults


def _is_default(given: Any, default: Any) -> bool:
    return type(given) is type(default) and not isinstance(given, np.ndarray) and given == default
