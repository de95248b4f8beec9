"""Hypothesis strategies: arrays and Tensors, calls of operations, programs; all shrink to small shapes, simple numbers.

Tests that use them want ``@settings(deadline=None)``, for on shared machines any example can take long; in CI also
``derandomize=True``, so that a run says something about the change and not about luck; and ``print_blob=True``, so that
a failure seen elsewhere can be reproduced.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.util import find_spec
from typing import Any
from unittest import SkipTest

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autodiff.creation import asarray
from autodiff.op import Elementwise, Op, table
from autodiff.recording import enable_grad
from autodiff.tensor import Tensor, unwrapped
from autodiff.testing.programs import Program

Call = tuple[tuple[Any, ...], dict[str, Any]]

#: How many numbers there are to choose from between two bounds, about.
_CHOICES = 2**12
#: The lengths that axes of new leaves are drawn from, short ones first; few are empty.
_SIDES = (1, 2, 3) * 8 + (0,)
#: Where an array can come from that was not computed before.
_LEAF, _CONSTANT = "a leaf", "a constant"
#: Values beyond this end a program there.
_HUGE = 1e6


#: Shapes to be drawn from, simple ones first.
_SHAPES = [
    *((), (1,), (2,), (3,), (1, 1), (2, 3), (3, 2), (3, 1), (1, 2), (2, 2), (3, 3)),
    *((2, 1, 3), (2, 3, 2), (1, 2, 1), (3, 2, 2), (0,), (2, 0), (0, 1), (1, 0, 2)),
]


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

    def choice(self, options: Sequence[Any]) -> Any:
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
        return self.choice([s for s in _SHAPES if len(s) >= min_dims and min(s, default=min_side) >= min_side])

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
        return laid_out(self._numbers(shape, low, high, distinct, zeros), self.choice(LAYOUTS))

    def _levels(self, shape: tuple[int, ...]) -> Any:
        """Integers below 2**16, which shrink to zero; one choice for all of them, which is quick."""
        size = 2 * math.prod(shape)
        return np.frombuffer(self._draw(st.binary(min_size=size, max_size=size)), ">u2").astype(int).reshape(shape)

    def _numbers(self, shape: tuple[int, ...], low: float, high: float, distinct: bool, zeros: bool) -> Any:
        """Numbers between two bounds, which shrink to simple ones; all different, or some of them zero."""
        levels = self._levels(shape)
        if distinct:  # the low bits say where an element stands, so that no two are equal or close
            n = max(levels.size, 1)
            order = np.argsort(np.argsort(levels, axis=None, kind="stable"), kind="stable").reshape(shape)
            step = 2.0 ** math.floor(math.log2((high - low) / n))
            x = (low + high) / 2 + step * (order - n // 2 + levels / 2**17)
        else:
            x = _between(low, high, levels)
        if self._complex_too and self.boolean():
            x = x + 1j * _between(-1.0, 1.0, self._levels(shape))
        if zeros:
            x = np.where(self._levels(shape) % 2, 0.0, x)
        return np.asarray(x)

    def broadcastable(self, bounds: Sequence[tuple[float, float]]) -> tuple[Any, ...]:
        """An array between each two bounds, of shapes that can be broadcast together."""
        shapes = self._broadcastable_shapes(len(bounds))
        return tuple(
            self.array(shape=shape, low=low, high=high) for shape, (low, high) in zip(shapes, bounds, strict=True)
        )

    def _broadcastable_shapes(self, n: int) -> list[tuple[int, ...]]:
        """So many shapes that can be broadcast together: one, and what is left of it without some axes or lengths."""
        whole, kept = self.shape(), self.integer(0, n - 1) if n > 1 else 0
        return [whole if i == kept else self._part_of(whole) for i in range(n)]

    def _part_of(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        last = shape[self.choice([0, 0, *range(len(shape) + 1)]) :]
        single = self.choice([0, 0, *range(2 ** len(last))])
        return tuple(1 if single >> axis & 1 else n for axis, n in enumerate(last))

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


def _between(low: float, high: float, levels: Any) -> Any:
    """The numbers that stand at the given places of the row of all numbers between two bounds."""
    numbers = _row(low, high)
    return numbers[levels % len(numbers)]


@lru_cache(maxsize=256)
def _row(low: float, high: float) -> Any:
    """Numbers between two bounds, the simplest first: whole ones by their distance from 1, halves, …; 0 is the last."""
    if not low < high:
        return np.array([low])
    unit = 2.0 ** math.floor(math.log2((high - low) / _CHOICES))
    k = np.arange(math.ceil(low / unit), math.floor(high / unit) + 1)
    coarseness = (k & -k) * unit  # the greatest power of two that divides it; none of 0, which often is a special case
    return k[np.lexsort((np.abs(k), np.abs(k * unit - 1), -np.minimum(coarseness, max(unit, 1))))] * unit


#: Ways an array can lie in memory.
LAYOUTS = ["contiguous", "fortran", "reversed", "strided", "offset", "read-only"]


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
    if layout == "offset":
        return np.concatenate([np.zeros(1, x.dtype), np.ravel(x)])[1:].reshape(x.shape)
    if layout == "read-only":
        x = x.copy()
        x.flags.writeable = False
    return x


@st.composite
def arrays(
    draw: Any,
    dtype: Any = np.float64,
    shape: tuple[int, ...] | None = None,
    *,
    low: float | None = None,
    high: float | None = None,
    near: Sequence[float] = (),
) -> Any:
    """Arrays of floating-point or complex numbers that code is wrong for, when it is wrong.

    They have no axes or up to three, of lengths from none, and lie in memory in any order, with gaps, as read-only
    views, or with stride zero.  Their numbers are of size one; or 0, -0, equal to others, tiny or huge; or at or next
    to given places, from one unit in the last place off to 0.001.

    Parameters
    ----------
    dtype : dtype
    shape : tuple of ints, optional
    low, high : float, optional
        Bounds, which count among the given places.
    near : sequence of float
        The places: kinks, branch points, poles.

    Examples
    --------
    >>> import numpy as np
    >>> from hypothesis import given, settings
    >>> @settings(deadline=None, max_examples=10, derandomize=True, database=None)
    ... @given(arrays(low=-1.0, high=1.0, near=[0.0]))
    ... def test_floor_is_below(x):
    ...     assert np.all(np.floor(x) <= x)
    >>> test_floor_is_below()
    """
    dtype = np.dtype(dtype)
    if dtype.kind not in "fc":
        raise TypeError(f"arrays are of floating-point or complex numbers, got dtype {dtype}")
    made = Choices(draw)
    shape = made.shape() if shape is None else shape
    layout = made.choice([*LAYOUTS, "stretched"])
    real = np.zeros(0, dtype).real.dtype
    x: Any = _nasty(made, real, shape, low, high, near)
    if dtype.kind == "c":
        x = (x + 1j * _nasty(made, real, shape, low, high, near)).astype(dtype)
    if layout == "stretched" and shape and shape[0]:
        return np.broadcast_to(x[:1], shape)
    return laid_out(x, layout)


def _nasty(
    made: Choices, dtype: Any, shape: tuple[int, ...], low: float | None, high: float | None, near: Sequence[float]
) -> Any:
    """Numbers of one floating-point type: for each element, one of many kinds, plain numbers first."""
    tiny, huge = float(np.finfo(dtype).tiny), float(np.finfo(dtype).max) ** 0.25
    lowest, highest = -np.inf if low is None else low, np.inf if high is None else high
    plain = _between(max(lowest, min(-5.0, highest - 10)), min(highest, max(5.0, lowest + 10)), made._levels(shape))
    plain = plain.astype(dtype)
    places = [p for p in (*near, lowest, highest) if np.isfinite(p)] or [0.0]
    place = np.array(places, dtype)[made._levels(shape) % len(places)]
    off = np.array([*(10.0**-k for k in range(12, 2, -1)), *(-(10.0**-k) for k in range(12, 2, -1))])
    scale = np.maximum(np.abs(place), 1)
    at = made._levels(shape)
    kinds = [
        plain,
        np.zeros(shape, dtype),
        np.broadcast_to(plain.flat[0] if plain.size else plain, shape),
        place,
        np.nextafter(place, np.where(at % 2, np.inf, -np.inf).astype(dtype)),
        place + (scale * off[at % len(off)]).astype(dtype),
        -np.zeros(shape, dtype),
        plain * max(1e-30, tiny),
        plain * 1e-8,
        plain * min(1e8, huge),
        plain * min(1e4, huge),
    ]
    which = made._levels(shape) % len(kinds) if made.boolean() else np.zeros(shape, int)
    x = np.choose(which, kinds).astype(dtype)
    return np.where((lowest <= x) & (x <= highest), x, plain)


def tensors(
    dtype: Any = np.float64,
    shape: tuple[int, ...] | None = None,
    *,
    requires_grad: bool = True,
    low: float | None = None,
    high: float | None = None,
    near: Sequence[float] = (),
) -> Any:
    """Tensors of such numbers, in such layouts, as `arrays` makes; they keep the layout.

    Examples
    --------
    >>> import autodiff as ad, numpy as np
    >>> from hypothesis import given, settings
    >>> @settings(deadline=None, max_examples=10, derandomize=True, database=None)
    ... @given(tensors(near=[0.0]))
    ... def test_relu_has_slope_zero_or_one(x):
    ...     ad.sum(ad.relu(x)).backward()
    ...     assert np.array_equal(x.grad.data, x.data > 0)
    >>> test_relu_has_slope_zero_or_one()
    """
    return arrays(dtype, shape, low=low, high=high, near=near).map(lambda x: asarray(x).requires_grad_(requires_grad))


@st.composite
def broadcastable(draw: Any, /, n: int, dtype: Any = np.float64, **options: Any) -> tuple[Tensor, ...]:
    """So many Tensors, as `tensors` makes them, of shapes that can be broadcast together.

    Parameters
    ----------
    n : int
    dtype : dtype
    **options
        ``requires_grad``, ``low``, ``high``, ``near``, as for `tensors`.

    Examples
    --------
    >>> import autodiff as ad, numpy as np
    >>> from hypothesis import given, settings
    >>> @settings(deadline=None, max_examples=10, derandomize=True, database=None)
    ... @given(broadcastable(2))
    ... def test_a_gradient_has_the_shape_of_its_tensor(pair):
    ...     a, b = pair
    ...     ad.sum(a + b).backward()
    ...     assert a.grad.shape == a.shape and b.grad.shape == b.shape
    >>> test_a_gradient_has_the_shape_of_its_tensor()
    """
    shapes = Choices(draw)._broadcastable_shapes(n)
    return tuple(draw(tensors(dtype, shape, **options)) for shape in shapes)


class _Stirred(Choices):
    """Choices of numbers that are simple only if they have to be: no two alike find more mistakes than many ones do."""

    def _levels(self, shape: tuple[int, ...]) -> Any:
        levels = super()._levels(shape)
        stir = self.choice(range(8))
        return (levels + 40503 * stir * np.arange(1, levels.size + 1).reshape(shape)) % 2**16


@st.composite
def op_calls(draw: Any, op: Op, complex_too: bool = False) -> Call:
    """Arguments and parameters of one call of an operation, drawn from its declared domain, clear of its kinks.

    With `complex_too`, arrays may be complex, with real parts from the domain and imaginary parts between -1 and 1.
    """
    args, params = op.drawn(_Stirred(draw, complex_too))
    assume(op.clear(args, params))
    return args, params


class _Composing(Choices):
    """Choices whose arrays are, where possible, values computed before: calls drawn from it make one computation."""

    def __init__(self, draw: Any, dtype: Any, max_leaves: int) -> None:
        super().__init__(draw)
        self._dtype = np.dtype(dtype)
        self._max_leaves = max_leaves
        #: The leaves, and the results that can be used, in the order in which they were made.
        self.values: list[Tensor] = []
        #: Those that nothing was computed from.
        self.unused: dict[Tensor, None] = {}
        #: What the call underway takes, but for constants.
        self._taken: list[Any] = []

    def begin(self) -> None:
        """The first leaf, drawn before any step, so that steps can go and what others draw stays what it is."""
        self._leaf(self._numbers(self.shape(), -5.0, 5.0, False, False))

    def step(self, op: Op) -> None:
        """One more operation, if what is drawn for it can be used."""
        before = list(self.values)
        self._taken = []
        try:
            args, params = op.drawn(self)
            clear = op.clear(unwrapped(args), params)
            made = [y for y in map(self._real, _results(op(*args, **params))) if y is not None] if clear else []
        except (TypeError, ValueError, IndexError, SkipTest):  # defined for arrays alone, or not here
            made = []
        if not made:
            self.values = before
            return
        self.values += made
        taken = set(self._taken)
        self.unused = dict.fromkeys([*(v for v in self.unused if v not in taken), *made])

    def _real(self, y: Tensor) -> Tensor | None:
        """A result as it can be used later on: the real or the imaginary part, if it is complex; None if it cannot."""
        if not y.requires_grad or (y.size == 0 and not self.boolean()):
            return None
        if y.dtype.kind == "c":
            y = np.imag(y) if self.boolean() else np.real(y)
        return y if np.all(np.abs(unwrapped(y)) <= _HUGE) else None

    def integer(self, low: int, high: int) -> int:
        """An integer, both ends included; 1 is simpler than 0, for most are lengths."""
        k = super().integer(low, high)
        return 1 - k if low == 0 < high and k < 2 else k

    def shape(self, min_dims: int = 0, min_side: int = 0) -> tuple[int, ...]:
        """A shape that is there already, or another small one."""
        known = list(dict.fromkeys(v.shape for v in reversed(self.values)))
        known = [s for s in known if len(s) >= min_dims and min(s, default=min_side) >= min_side]
        if self.integer(0, 3) < 3 and known:
            return self.choice(known)
        sides = [n for n in _SIDES if n >= min_side]
        return tuple(self.choice(sides) for _ in range(self.integer(min_dims, 3)))

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
        """A value computed before, brought to the shape and between the bounds; or a new leaf; or a constant."""
        whole = [v for v in self.values if v.ndim >= min_dims and min(v.shape, default=min_side) >= min_side]
        if shape is None and not whole:
            shape = self.shape(min_dims, min_side)
        x = self._source(whole if shape is None else [v for v in self.values if v.size or 0 in shape])
        if isinstance(x, Tensor):
            x = _squeezed(x if shape is None else _shaped(x, shape), low, high)
            if not (distinct and _crowded(unwrapped(x))):
                return x
        shape = self.shape(min_dims, min_side) if shape is None else shape
        numbers = self._numbers(shape, low, high, distinct, zeros)
        return self._leaf(numbers) if x is _LEAF else numbers

    def broadcastable(self, bounds: Sequence[tuple[float, float]]) -> tuple[Any, ...]:
        """A value computed before, a new leaf or a constant number for each argument, of shapes that broadcast."""
        args: list[Any] = []
        whole: tuple[int, ...] = ()
        for low, high in bounds:
            x = self._source([v for v in self.values if _broadcast(v.shape, whole)])
            if isinstance(x, Tensor):
                x = _squeezed(x, low, high)
            elif x is _LEAF:
                shape = self._draw(hnp.broadcastable_shapes(whole, max_dims=3, max_side=3)) if args else self.shape()
                x = self._leaf(self._numbers(shape, low, high, False, False))
            else:
                x = float(self._numbers((), low, high, False, False))
            whole = np.broadcast_shapes(whole, np.shape(x))
            args.append(x)
        return tuple(args)

    def _source(self, usable: list[Tensor]) -> Any:
        """Where the next array comes from: one of these values, or `_LEAF`, or `_CONSTANT`.

        The first in each call mostly is a value, the others are anything.  It is one choice, and shrinks to the latest
        value that nothing was computed from.
        """
        found = [v for v in reversed(usable) if v in self.unused] + usable[::-1]
        more = 1 + len(found) // 3 if self._taken else 0
        room = len([v for v in self.values if v.is_leaf]) < self._max_leaves
        source = self.choice([*found, *[_LEAF] * (more or 1) * room, *[_CONSTANT] * (more if found else 1)])
        if source is not _CONSTANT:
            self._taken.append(source)
        return source

    def _leaf(self, numbers: Any) -> Tensor:
        """A new leaf of these numbers."""
        leaf = Tensor(numbers, dtype=self._dtype, requires_grad=True)
        self.values.append(leaf)
        return leaf

    def outputs(self, wanted: int) -> list[Tensor]:
        """Some of the results, first those that nothing was computed from, the latest first."""
        left = [*reversed(self.unused), *(v for v in reversed(self.values) if v not in self.unused and not v.is_leaf)]
        return [left.pop(super(_Composing, self).integer(0, len(left) - 1)) for _ in range(wanted) if left]


def _results(y: Any) -> tuple[Any, ...]:
    return y if isinstance(y, tuple) else (y,)


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Whether two shapes can be broadcast together."""
    return all(m == n or 1 in (m, n) for m, n in zip(reversed(a), reversed(b), strict=False))


def _shaped(x: Any, shape: tuple[int, ...]) -> Any:
    """The elements of a value in a given shape: rearranged, broadcast, or repeated and left out."""
    if x.shape == shape:
        return x
    if x.size == math.prod(shape):
        return np.reshape(x, shape)
    if x.ndim <= len(shape) and all(m in (1, n) for m, n in zip(x.shape[::-1], shape[::-1], strict=False)):
        return np.broadcast_to(x, shape)
    places = np.unravel_index(np.resize(np.arange(x.size), shape), x.shape)
    return x[places if len(places) > 1 else places[0]]


def _squeezed(x: Any, low: float, high: float) -> Any:
    """A value as it is, where it lies between two bounds; else a smooth function of it that does."""
    value = unwrapped(x)
    if np.all((low <= value) & (value <= high)):
        return x
    scaled = 0.3 * (high - low) * np.arctan(x)
    return scaled if low == -high else scaled + (low + high) / 2


def _crowded(value: Any) -> bool:
    """Whether two elements are so close that differences might change their order."""
    return bool(np.any(np.diff(np.sort(value, axis=None)) < 0.01))


def _differentiable() -> list[Op]:
    """The rows that have a derivative, in their order in the table, which begins with arithmetic.

    Functions of one number stand there once, as there are so many of them, all others several times: functions of
    several numbers, which join values that went apart, the most.
    """

    def weight(op: Op) -> int:
        return (1 if op.arity == 1 else 4) if isinstance(op, Elementwise) else 3

    return [op for op in table.values() if op.differentiable for _ in range(weight(op))]


@st.composite
def programs(
    draw: Any,
    ops: Iterable[Op | str] | None = None,
    *,
    max_steps: int = 12,
    max_leaves: int = 3,
    max_outputs: int = 3,
    dtype: Any = np.float64,
) -> Program:
    """Computations of random operations: values used twice, broadcast, indexed and reduced, and several outputs.

    Every row of the table says, as its `domain`, how it may be called; here its arguments are results of others,
    brought to the shape and between the bounds that it asks for.  A new row takes part at once.  All is differentiable,
    clear of kinks, real and finite, and every output depends on a leaf.

    Parameters
    ----------
    ops : iterable of Op or str, optional
        The operations, simple ones first; left out, all that have a derivative.  What brings values to shapes and
        between bounds may add `reshape`, `broadcast_to`, `getitem`, `atan`, `multiply`, `add`, `real` and `imag`.
    max_steps : int
        How many operations are drawn; what an operation's domain computes comes on top, what no output needs goes.
    max_leaves, max_outputs : int
    dtype : dtype
        Of the leaves.

    Examples
    --------
    >>> import autodiff as ad
    >>> from hypothesis import given, settings
    >>> @settings(deadline=None, max_examples=10, derandomize=True, database=None)
    ... @given(programs())
    ... def test_gradients_have_the_shapes_of_what_they_belong_to(program):
    ...     outputs, pull = ad.vjp(program, *program.args)
    ...     assert [g.shape for g in pull(outputs)] == [x.shape for x in program.args]
    >>> test_gradients_have_the_shapes_of_what_they_belong_to()
    """
    rows = _differentiable() if ops is None else [table[op] if isinstance(op, str) else op for op in ops]
    composing = _Composing(draw, dtype, max_leaves)
    with enable_grad(), np.errstate(all="ignore"):
        wanted, steps = draw(st.integers(1, max_outputs)), st.sampled_from([None] * (1 + len(rows) // 60) + rows)
        composing.begin()
        for _ in range(max_steps):
            if (op := draw(steps)) is None:
                break
            composing.step(op)
        outputs = composing.outputs(wanted)
        assume(outputs)
        return Program.of(*outputs)
