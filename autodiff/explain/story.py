"""The story of one number: the paths from it to the end of a computation, and the product of derivatives along each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import Any

import numpy as np

from autodiff.contributions import Contribution
from autodiff.explain.document import Equation, Step
from autodiff.explain.numerals import number
from autodiff.explain.program import Program
from autodiff.explain.steps import index_text
from autodiff.formulas.names import homes, path
from autodiff.forward import push_through
from autodiff.graph import Node
from autodiff.op import Elementwise, spread

#: What reaches more elements than this is told by whole values.
_MANY = 1000
#: So many paths are written, the weightiest first.
_WRITTEN = 24

#: A value's vertex, and the place of an element in it; None is all of it.
_Place = tuple[int, int | None]


def story(program: Program, element: tuple[Any, Any]) -> Step:
    """Every path from one element of a tensor to the output.

    Raises
    ------
    ValueError
        If there is no such tensor, or several; or if the program has no gradient.
    IndexError
        If the tensor has no such element.
    """
    if not program.uses:
        raise ValueError("explain(element=…) needs a single number that requires a gradient at the end")
    start, index = _found(program, element)
    name = program.names[start]
    assert name is not None
    shape = np.shape(program.vertex(start).value)
    flat = int(np.ravel_multi_index(index, shape)) if shape else 0
    paths: _Paths | _PathsOfValues
    try:
        paths = _Paths(program, (start, flat))
    except _TooManyError:
        paths = _PathsOfValues(program, (start, flat))
    here, end = _element(program, (start, flat)), program.tex(program.output)
    total = np.asarray(program.gradients[start])[index]
    written = list(paths.weightiest(_WRITTEN))
    written = [path for path in written if path[2]] or written[:1]
    parts: list[str | Equation] = []
    if isinstance(paths, _PathsOfValues):
        parts.append(f"${here}$ reaches so many elements that the paths go through whole values.")
    n = paths.number
    parts.append(
        f"{'One path leads' if n == 1 else f'{n} paths lead'} from ${here}$ to ${end}$. "
        f"Along {'it' if n == 1 else 'each'}, the derivatives are multiplied:"
    )
    for places, slopes, product in written:
        parts.append(_along(program, places, slopes, product))
    left = rf"\frac{{\partial {end}}}{{\partial {here}}}"
    if n > len(written):
        rest = total - sum(product for _, _, product in written)
        nothing = len(written) < _WRITTEN  # all others have a factor of zero
        parts.append(f"and {n - len(written)} other paths, which add {'nothing' if nothing else f'${number(rest)}$'}.")
    if n > 1:
        words = "The gradient is the sum over all paths:"
        terms = " + ".join(_bracketed(number(product)) for _, _, product in written)
        more = r" + \cdots" if n > len(written) == _WRITTEN else ""
        parts += [words, Equation(left, (terms + more, number(total)), None, total)]
    touched = dict.fromkeys(i for places, _, _ in written for i, _ in places)
    return Step("paths", f"How ${here}$ acts on ${end}$", tuple(parts), tuple(touched) or (start,))


def _found(program: Program, element: tuple[Any, Any]) -> tuple[int, tuple[int, ...]]:
    """The vertex of a tensor, by itself or by its name, and the index, from 0."""
    if not isinstance(element, tuple) or len(element) != 2:
        raise ValueError(f'element is a pair such as ("0.weight", (2, 1)), got {element!r}')
    wanted, index = element
    at = homes(program.graph)
    known = {
        v.id: path(v, at.get(v.id, ())) if v.op is None else v.name or ""
        for v in program.graph.nodes
        if program.gradients[v.id] is not None and not isinstance(v.value, tuple)
    }
    if isinstance(wanted, Node):
        fits = [i for i in known if program.vertex(i).node is wanted]
    else:
        fits = [i for i, name in known.items() if name == wanted] or [
            i for i, name in known.items() if name.endswith(f".{wanted}")
        ]
    if len(fits) != 1:
        names = ", ".join(sorted({name for name in known.values() if name}))
        what = "no tensor" if not fits else f"{len(fits)} tensors"
        raise ValueError(f"element: {what} {wanted!r} with a gradient in this program; there are {names}")
    (start,) = fits
    shape = np.shape(program.vertex(start).value)
    given = tuple(index) if isinstance(index, (tuple, list)) else (index,)
    if len(given) != len(shape) or any(not -n <= i < n for i, n in zip(given, shape, strict=True)):
        raise IndexError(f"element: index {index!r} is not in {wanted!r}, of shape {shape}")
    return start, tuple(int(i) % n for i, n in zip(given, shape, strict=True))


def _element(program: Program, place: _Place) -> str:
    i, flat = place
    name = program.names[i]
    assert name is not None
    shape = np.shape(program.vertex(i).value)
    if flat is None or not shape:
        return name.tex
    return name.element(index_text(np.unravel_index(flat, shape)))


def _along(program: Program, places: list[_Place], slopes: list[Any], product: Any) -> Equation:
    names = [_element(program, place) for place in places]
    steps = list(zip(names[1:], names[:-1], strict=True))
    left = r"\, ".join(rf"\frac{{\partial {end}}}{{\partial {start}}}" for end, start in reversed(steps))
    forms = [number(product)]
    if slopes:
        forms.insert(0, r" \cdot ".join(_bracketed(number(slope)) for slope in reversed(slopes)))
    return Equation(left, tuple(dict.fromkeys(forms)), None, product)


def _bracketed(text: str) -> str:
    return f"({text})" if text.startswith("-") else text


@dataclass
class _Reached:
    """What is reached from a place: the places after it, and the derivative of each."""

    after: list[tuple[_Place, Any]] = field(default_factory=list)
    #: How many paths go on from here, and the greatest product among them.
    paths: int = 0
    greatest: float = 0.0


class _Paths:
    """The paths from one element to the output."""

    def __init__(self, program: Program, start: _Place) -> None:
        self._program = program
        self._start = start
        self._end = program.output
        self._uses = program.uses_of
        self._reached = self._walked()
        self._weigh()

    @property
    def number(self) -> int:
        """How many there are."""
        return self._reached[self._start].paths

    def weightiest(self, most: int) -> Iterator[tuple[list[_Place], list[Any], Any]]:
        """The paths with the greatest products: their places, the derivative of each step, the product."""
        ticket = count()
        one = np.float64(1)
        heap: list[Any] = [(-self._reached[self._start].greatest, next(ticket), [self._start], [], one)]
        while heap and most:
            _, _, places, slopes, product = heappop(heap)
            if places[-1][0] == self._end:
                most -= 1
                yield places, slopes, product
                continue
            for place, slope in self._reached[places[-1]].after:
                if self._reached[place].paths:
                    so_far = product * slope
                    bound = abs(so_far) * self._reached[place].greatest
                    heappush(heap, (-bound, next(ticket), [*places, place], [*slopes, slope], so_far))

    def _walked(self) -> dict[_Place, _Reached]:
        """Every element that is reached, in the order of the computation."""
        reached: dict[int, dict[int, _Reached]] = {self._start[0]: {self._start[1] or 0: _Reached()}}
        total = 1
        for i in range(self._start[0], self._end + 1):
            for flat, here in reached.get(i, {}).items():
                for use in self._uses.get(i, []):
                    for place, slope in self._column(i, flat, use):
                        here.after.append(((use.end, place), slope))
                        elements = reached.setdefault(use.end, {})
                        if place not in elements:
                            elements[place] = _Reached()
                            total += 1
                if total > _MANY:
                    raise _TooManyError
        return {(i, flat): here for i, elements in reached.items() for flat, here in elements.items()}

    def _column(self, i: int, flat: int, use: Contribution) -> Iterator[tuple[int, Any]]:
        """The derivatives of a result's elements with respect to one element of an argument."""
        vertex = self._program.vertex(use.end)
        unit = _unit(self._program, (i, flat))
        column = _pushed(self._program, use, unit)
        if isinstance(column, tuple):
            raise _TooManyError
        spots = np.broadcast_to(unit, np.shape(column)) if isinstance(vertex.op, Elementwise) else column
        for place in np.flatnonzero(spots):
            yield int(place), column.flat[place] if np.ndim(column) else column

    def _weigh(self) -> None:
        for place in sorted(self._reached, key=lambda place: place[0], reverse=True):
            here = self._reached[place]
            if place[0] == self._end:
                here.paths, here.greatest = 1, 1.0
                continue
            here.paths = sum(self._reached[after].paths for after, _ in here.after)
            weights = [abs(slope) * self._reached[after].greatest for after, slope in here.after]
            here.greatest = float(max(weights, default=0.0))


class _PathsOfValues:
    """The paths of values on which one element acts; along each a tangent is pushed."""

    def __init__(self, program: Program, start: tuple[int, int]) -> None:
        self._program = program
        self._start = start
        self._paths = {program.output: 1}
        for i in range(program.output - 1, start[0] - 1, -1):
            self._paths[i] = sum(self._paths.get(use.end, 0) for use in program.uses_of.get(i, []))

    @property
    def number(self) -> int:
        """How many there are."""
        return self._paths[self._start[0]]

    def weightiest(self, most: int) -> Iterator[tuple[list[_Place], list[Any], Any]]:
        """The first of them."""
        program = self._program
        stack: list[tuple[list[_Place], Any]] = [([self._start], _unit(program, self._start))]
        while stack and most:
            places, tangent = stack.pop()
            here = places[-1][0]
            if here == program.output:
                most -= 1
                yield places, [], np.asarray(tangent).reshape(())[()]
                continue
            for use in program.uses_of[here]:
                if self._paths.get(use.end):
                    stack.append(([*places, (use.end, None)], _pushed(program, use, tangent)))


class _TooManyError(Exception):
    """There are too many elements on the way to tell of each."""


def _unit(program: Program, place: tuple[int, int]) -> Any:
    """The direction in which one element moves."""
    unit = np.zeros_like(np.asarray(program.vertex(place[0]).value))
    unit.flat[place[1]] = 1
    return unit


def _pushed(program: Program, use: Contribution, tangent: Any) -> Any:
    """How a result moves when one of its arguments does, by one of its uses."""
    vertex = program.vertex(use.end)
    assert vertex.op is not None
    dxs: list[Any] = [None] * len(vertex.inputs)
    dxs[use.argument] = tangent
    xs = [np.asarray(value)[()] if not isinstance(value, tuple) else value for value in program.values(use.end)]
    with np.errstate(all="ignore"):
        found = push_through(vertex.op, dxs, vertex.value, xs, vertex.params, masked=True)
    return spread(found, vertex.value if isinstance(vertex.value, tuple) else np.asarray(vertex.value))
