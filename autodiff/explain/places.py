"""What is said of singular points: where they are, in words of mathematics, and what the rules give there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import pi
from typing import Any

import numpy as np

from autodiff.explain.behaviour import Singular, singular_points
from autodiff.explain.markdown import math
from autodiff.formulas.figures import figure
from autodiff.formulas.symbols import Fed
from autodiff.op import Op

#: How many different things are said of singular points, before no more is said than that the formula holds there.
_FEW = 3
Predicate = Callable[[tuple[Any, ...]], bool]


def singular(row: Op, example: Fed) -> list[str]:
    """The conventions at singular points, one line for each derivative that occurs there."""
    found = singular_points(row)
    names = [x.name for x in example.xs]
    groups: dict[str, list[Singular]] = {}
    for singular in found:
        groups.setdefault(_values(singular), []).append(singular)
    places = {value: _places(names, [s.point for s in group]) for value, group in groups.items()}
    many = any(place is None and len(groups[value]) > _FEW for value, place in places.items())
    if len(groups) > _FEW or (many and len(groups) > 1):
        places = {"as the formula": _places(names, [s.point for s in found])}
    return [f"{math(place or _some(names, groups.get(value, found)))}: {value}" for value, place in places.items()]


def _some(names: list[str], found: list[Singular]) -> str:
    """Some points that no description fits."""
    shown = [f"({', '.join(_rounded(x) for x in singular.point)})" for singular in found[:_FEW]]
    return f"({', '.join(names)}) = {', '.join(shown)}" + (r", \dots" if len(found) > _FEW else "")


def _values(singular: Singular) -> str:
    if any(isinstance(d, Exception) for d in singular.derivatives):
        errors = {type(d).__name__ for d in singular.derivatives if isinstance(d, Exception)}
        return f"raises `{', '.join(errors)}`"
    if any(np.ndim(d) > 1 and np.isfinite(d).all() and np.any(d) for d in singular.derivatives):
        return "as the formula"
    return ", ".join(math(_rounded(d)) for d in singular.derivatives)


def _rounded(x: Any) -> str:
    if np.ndim(x):
        if np.all(np.isnan(x)):
            return r"\mathrm{NaN}"
        return f"({', '.join(map(_rounded, np.ravel(x)))})"
    x = float(f"{float(np.real(x)):.4g}") + 0.0
    return figure(np.copysign(np.inf, x) if abs(x) >= 1e12 else x)[0]


def _places(names: list[str], points: list[tuple[Any, ...]]) -> str | None:
    """A description of points; None if none fits."""
    if np.ndim(points[0][0]):
        return _arrays(names[0], [point[0] for point in points])
    if len(names) == 1:
        return _numbers(names[0], sorted(float(point[0]) for point in points))
    for text, holds in _relations(names):
        if all(map(holds, points)) and _all_of(holds, points, len(names)):
            return text
    return None


def _numbers(name: str, xs: list[float]) -> str:
    integers = [float(n) for n in range(-3, 4)]
    if xs == integers:
        return rf"{name} \in \mathbb{{Z}}"
    if xs == [n for n in integers if n]:
        return rf"{name} \in \mathbb{{Z}} \setminus \{{0\}}"
    if xs == [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]:
        return rf"{name} \in \mathbb{{Z}} + \frac{{1}}{{2}}"
    if xs == [-3.0, -2.0, -1.0, 0.0]:
        return rf"{name} = 0, -1, -2, \dots"
    texts = {-pi / 2: r"-\frac{\pi}{2}", pi / 2: r"\frac{\pi}{2}"}
    if len(xs) == 2 and xs[0] == -xs[1]:
        return rf"{name} = \pm {texts.get(xs[1]) or _rounded(xs[1])}"
    return f"{name} = {', '.join(texts.get(x) or _rounded(x) for x in xs)}"


def _arrays(name: str, arrays: list[Any]) -> str:
    if arrays[0].ndim == 1:
        texts = {(0.0, 0.0): "(0, 0)", (1.0, 1.0): "(1, 1)"}
        return f"{name} = (a, a)" if len(arrays) == 2 else f"{name} = {texts[tuple(arrays[0].tolist())]}"
    shown = []
    for a in arrays:
        identity = np.array_equal(a, np.eye(len(a)))
        shown.append("0" if not a.any() else "I" if identity else r"\begin{pmatrix} 1 & 1 \\ 1 & 1 \end{pmatrix}")
    return f"{name} = {', '.join(shown)}"


def _relations(names: list[str]) -> Iterator[tuple[str, Predicate]]:
    """Descriptions of points, and whether one fits."""
    a, b, *more = names
    if more:
        yield f"{a} = {b}", lambda p: p[0] == p[1]
        yield f"{a} = {more[0]}", lambda p: p[0] == p[2]
        yield rf"{a} = {b} \text{{ or }} {a} = {more[0]}", lambda p: p[0] in p[1:]
        return
    yield f"{a} = {b} = 0", lambda p: p[0] == p[1] == 0
    yield f"{a} = {b}", lambda p: p[0] == p[1]
    yield f"{a} = 0", lambda p: p[0] == 0
    yield f"{b} = 0", lambda p: p[1] == 0
    yield rf"{a} = 0 \text{{ or }} {b} = 0", lambda p: 0 in p
    yield rf"{a} = 0 < {b}", lambda p: p[0] == 0 < p[1]
    yield rf"{b} = 0 < {a}", lambda p: p[1] == 0 < p[0]
    yield rf"{a} = 0 > {b}", lambda p: p[0] == 0 > p[1]
    yield rf"{b} = 0 > {a}", lambda p: p[1] == 0 > p[0]
    yield rf"{a} = 0 \ne {b}", lambda p: p[0] == 0 != p[1]
    yield rf"{b} = 0 \ne {a}", lambda p: p[1] == 0 != p[0]
    yield rf"{a} \in \{{0, 1\}}", lambda p: p[0] in (0, 1)
    yield rf"{a} / {b} \in \mathbb{{Z}}", lambda p: p[1] != 0 and p[0] % p[1] == 0
    yield rf"{a} / {b} \in \mathbb{{Z}} \text{{ or }} {b} = 0", lambda p: p[1] == 0 or p[0] % p[1] == 0
    yield rf"{a} / {b} \in \mathbb{{Z}} \setminus \{{0\}}", lambda p: p[1] != 0 != p[0] and p[0] % p[1] == 0
    yield (
        rf"{a} / {b} \in \mathbb{{Z}} \setminus \{{0\}} \text{{ or }} {b} = 0",
        lambda p: p[1] == 0 or (p[0] != 0 and p[0] % p[1] == 0),
    )


def _all_of(holds: Predicate, points: list[tuple[Any, ...]], arity: int) -> bool:
    """Whether the points are all of those that were looked at for which something holds."""
    coordinates = [sorted({point[i] for point in points}) for i in range(arity)]
    wide = [[x for x in (-2, -1, -0.5, 0, 0.5, 1, 2) if x >= min(0, low[0])] for low in coordinates]
    grid = ((x, y) for x in wide[0] for y in wide[1])
    return arity > 2 or sum(map(holds, grid)) == len(points)
