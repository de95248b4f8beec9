"""Hypothesis strategies: calls of operations, where they are defined and away from their kinks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any
from unittest import SkipTest

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autodiff.op import Op

Call = tuple[tuple[Any, ...], dict[str, Any]]

_LEVELS = 2**16


class Choices:
    """The source of choices that an operation's `domain` draws the arguments of a call from.

    With `complex_too`, each array that is drawn may be complex.
    """

    def __init__(self, draw: Any, complex_too: bool = False) -> None:
        self._draw = draw
        self._complex_too = complex_too

    def needs(self, module: str) -> None:
        """Skip the test where an optional package is not installed."""
        if find_spec(module) is None:
            raise SkipTest(f"needs {module}")

    def integer(self, low: int, high: int) -> int:
        """An integer, both ends included."""
        return self._draw(st.integers(low, high))

    def boolean(self) -> bool:
        """True or False."""
        return self._draw(st.booleans())

    def choice(self, options: list[Any]) -> Any:
        """One of several."""
        return self._draw(st.sampled_from(options))

    def permutation(self, n: int) -> tuple[int, ...]:
        """The numbers below n in any order."""
        return tuple(self._draw(st.permutations(range(n))))

    def axis(self, ndim: int) -> int:
        """An axis, counted from either end."""
        return self.integer(-ndim, ndim - 1)

    def axes(self, ndim: int) -> int | tuple[int, ...] | None:
        """None, an axis, or several, as a reduction takes them."""
        if not ndim:
            return None
        several = st.lists(st.integers(0, ndim - 1), unique=True).map(tuple)
        return self._draw(st.one_of(st.none(), st.integers(-ndim, ndim - 1), several))

    def shape(self, min_dims: int = 0, min_side: int = 0) -> tuple[int, ...]:
        """A small shape."""
        return self._draw(hnp.array_shapes(min_dims=min_dims, max_dims=3, min_side=min_side, max_side=3))

    def booleans(self, shape: tuple[int, ...]) -> Any:
        """An array of truth values."""
        return self._draw(hnp.arrays(bool, shape))

    def integers(self, shape: tuple[int, ...], low: int = 0, high: int = 9) -> Any:
        """An array of integers, both ends included."""
        return self._draw(hnp.arrays(np.int64, shape, elements=st.integers(low, high)))

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
        """Numbers between two bounds, in any layout; all different, or some of them zero, if it matters."""
        shape = self.shape(min_dims, min_side) if shape is None else shape
        levels = self._draw(hnp.arrays(np.int64, shape, elements=st.integers(0, _LEVELS), fill=st.nothing()))
        if distinct:  # the low bits say where an element stands, so that no two are equal or close
            n = math.prod(shape)
            order = np.argsort(np.argsort(levels, axis=None, kind="stable"), kind="stable").reshape(shape)
            x = low + (high - low) * (order + 0.5 * levels / _LEVELS) / max(n, 1)
        else:
            x = low + (high - low) * levels / _LEVELS
        if self._complex_too and self.boolean():
            levels = self._draw(hnp.arrays(np.int64, shape, elements=st.integers(0, _LEVELS), fill=st.nothing()))
            x = x + 1j * (2 * levels / _LEVELS - 1)
        if zeros:
            x = np.where(self._draw(hnp.arrays(bool, shape, elements=st.booleans())), x, 0.0)
        return laid_out(np.asarray(x), self.choice(LAYOUTS))

    def broadcastable(self, bounds: Sequence[tuple[float, float]]) -> tuple[Any, ...]:
        """An array between each two bounds, of shapes that can be broadcast together."""
        shapes = self._draw(
            hnp.mutually_broadcastable_shapes(num_shapes=len(bounds), max_dims=3, max_side=3, min_side=0)
        ).input_shapes
        return tuple(
            self.array(shape=shape, low=low, high=high) for shape, (low, high) in zip(shapes, bounds, strict=True)
        )

    def arrays_alike_but(self, axis: int | None) -> tuple[Any, ...]:
        """One to three arrays of one shape, but for the length of an axis."""
        shape = self.shape(min_dims=1, min_side=1)
        arrays = []
        for _ in range(self.integer(1, 3)):
            one = shape if axis is None else tuple(self.integer(0, 3) if a == axis else n for a, n in enumerate(shape))
            arrays.append(self.array(shape=one))
        return tuple(arrays)

    def index(self, shape: tuple[int, ...]) -> Any:
        """An index of any kind: integers, slices, new axes, an ellipsis, booleans, repeated integers, mixed."""
        kind = self.choice(["basic", "mask", "integers", "mixed"])
        if kind == "mask":
            return self.booleans(shape)
        if kind == "basic":
            return self._draw(hnp.basic_indices(shape, allow_newaxis=True))
        places = hnp.arrays(np.int64, self.shape(min_dims=1, min_side=1), elements=st.integers(-shape[0], shape[0] - 1))
        first = self._draw(places)
        if kind == "integers" or len(shape) == 1:
            return first
        return (first, *self._draw(hnp.basic_indices(shape[1:]).map(lambda k: k if isinstance(k, tuple) else (k,))))


#: Ways an array can lie in memory.
LAYOUTS = ["contiguous", "fortran", "reversed", "strided", "read-only"]


def laid_out(x: Any, layout: str) -> Any:
    """The same numbers, lying in memory in another way."""
    if layout == "fortran":
        return np.asfortranarray(x) if x.ndim else x
    if layout == "reversed":
        return np.flip(np.flip(x).copy())
    if layout == "strided" and x.ndim:
        wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
        wide[..., ::2] = x
        return wide[..., ::2]
    if layout == "read-only":
        x = x.copy()
        x.flags.writeable = False
    return x


@st.composite
def op_calls(draw: Any, op: Op, complex_too: bool = False) -> Call:
    """Arguments and parameters of one call of an operation, drawn from its declared domain, clear of its kinks.

    With `complex_too`, arrays may be complex, with real parts from the domain and imaginary parts between -1 and 1.
    """
    args, params = op.drawn(Choices(draw, complex_too))
    assume(op.clear(args, params))
    return args, params
