"""The examination of one claim: oracles that need no step size first, then differences that know their error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from autodiff.testing.claims import Arrays, Claim, flat, length, shaped, wide
from autodiff.testing.numerical import (
    LARGEST,
    RATIO,
    SAFETY,
    Array,
    Slope,
    dense,
    noise_of,
    slope,
    stacked,
    with_complex_steps,
)

#: An error that is a larger part than this of what is compared tells nothing.
TELLING = 1e-3
#: How many roundings a product may be off before it is looked at closely.
_ROUNDINGS = 1000
#: How many times the spread under roundings it may be off then.
_SPREADS = 30.0
#: As so many roundings irregularities count at most.
_IRREGULAR = 1e5
_OTHER_RATIO = 1.9


@dataclass(frozen=True)
class Suspicion:
    """A comparison that came out wrong: which product, of which argument, how far off."""

    what: str
    argument: int | None = None
    claimed: float = np.nan
    found: float = np.nan
    error: float = np.nan
    #: The gradient of the results for which it came out so, if it was one.
    g: Array | None = None


@dataclass
class Tally:
    """What came out of comparisons."""

    comparisons: int = 0
    conclusive: int = 0
    kinks: int = 0
    wrong: list[Suspicion] = field(default_factory=list)
    #: Why comparisons told nothing, and how many each.
    reasons: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Direction:
    """One way to move: along one number of one argument, or many of them at once."""

    argument: int
    #: The direction, as one real vector for all arguments, in units of what these are large.
    v: Array
    #: Which number is moved; None where it is many.
    place: int | None


class Examination:
    """Checks what a claim says at one point."""

    def __init__(self, claim: Claim, rng: np.random.Generator) -> None:
        self.claim = claim
        self.rng = rng
        self.tally = Tally()
        self.ys = claim.function(claim.xs)
        self.x, self.y = flat(claim.xs), flat(self.ys)
        self.scale = _scale(claim.xs)
        self.eps = max(float(np.finfo(a.dtype).eps) for a in (*claim.xs, *self.ys))
        #: The part of a product that roundings may take.
        self.rounding = min(_ROUNDINGS * self.eps, self.eps**0.5)
        self.telling = max(TELLING, 2 * self.rounding)
        self.smallest = max(map(_smallest, (*claim.xs, *self.ys)))
        #: Over distances like this roundings are independent, and smooth functions still like low polynomials.
        self.wider = self.eps**0.4
        self.values = self._reference()
        self.here = self.values(self.x)
        near = self.values(self.x + LARGEST * self.direction())
        #: How large the values are, here and near.
        self.size = np.maximum(np.abs(self.y), np.where(np.isfinite(near), np.abs(near), 0.0))
        self._noise: dict[float, Array] = {}

    # The function

    def _reference(self) -> Callable[[Array], Array]:
        """The function of real vectors, in double precision if it computes in it, and then gives the same."""
        broad = wide(self.claim.xs)

        def values(at: Array, like: Arrays = broad) -> Array:
            if at.dtype.kind == "c":
                pieces = np.split(at, np.cumsum([a.size for a in like])[:-1])
                arguments = [piece.reshape(a.shape) for piece, a in zip(pieces, like, strict=True)]
            else:
                arguments = shaped(at, like)
            try:
                ys = self.claim.function(arguments)
            except (ArithmeticError, ValueError):
                return np.full(self.y.shape, np.nan)
            if [y.shape for y in ys] != [y.shape for y in self.ys]:
                return np.full(self.y.shape, np.nan)
            if at.dtype.kind == "c":
                return np.concatenate([np.zeros(0), *map(np.ravel, ys)])
            alike = [y.dtype.kind for y in ys] == [y.dtype.kind for y in self.ys]
            return flat(ys) if alike else np.full(self.y.shape, np.nan)

        if all(a.dtype == b.dtype for a, b in zip(broad, self.claim.xs, strict=True)):
            return values
        there = values(flat(broad))
        close = np.abs(there - self.y) <= np.sqrt(self.eps) * np.max(np.abs(self.y), initial=0.0)
        return values if np.all(close) else lambda at: values(at, self.claim.xs)

    def curve(self, v: Array) -> Callable[[Any], Array]:
        """What the function does along a direction; its beginning, common to all, is not computed again."""
        return lambda t: self.values(self.x + t * v) if t else self.here

    def noise(self, width: float) -> Array:
        """How far off the values are, by how irregular they are over points so far apart."""
        if width not in self._noise:
            self._noise[width] = noise_of(self.curve(self.direction()), width)
        return self._noise[width]

    def gradient(self) -> Array:
        """A gradient of the results, drawn at random."""
        return dense(self.rng, len(self.y))

    def direction(self) -> Array:
        """A way to move all the arguments, drawn at random."""
        return self.scale * dense(self.rng, len(self.x))

    # Directions and slopes

    def directions(self, each: int) -> Iterator[Direction]:
        """Along each number of an argument of up to so many, along random directions in a larger one."""
        start = 0
        for i, x in enumerate(self.claim.xs):
            n = length(x)
            if n:
                if n <= each:
                    for k in start + np.flatnonzero(self.scale[start : start + n]):
                        v = np.zeros(len(self.x))
                        v[k] = self.scale[k] * self.rng.uniform(0.7, 1.0)
                        yield Direction(i, v, int(k) - start)
                else:
                    for _ in range(2 if each else 1):
                        v = np.zeros(len(self.x))
                        v[start : start + n] = self.scale[start : start + n] * dense(self.rng, n)
                        yield Direction(i, v, None)
            start += n

    def slopes(self, directions: list[Direction], again: bool = False) -> list[Slope]:
        """How the results change along directions, by differences and, where these are borne out, complex steps."""
        analytic = self.claim.analytic and all(a.dtype.kind != "c" for a in (*self.claim.xs, *self.ys))
        return with_complex_steps([self._slope(d, analytic, again) for d in directions])

    def _slope(self, d: Direction, analytic: bool = False, again: bool = False) -> Slope:
        """The slope along a direction; `again`: by other steps, and with noise also over wider distances."""
        ratio = _OTHER_RATIO if again else RATIO
        noise = self.noise(30 * self.eps)
        if again:
            noise = np.maximum(noise, self.noise(self.wider))
        found = slope(self.curve(d.v), noise=noise, ratio=ratio, analytic=analytic)
        for factor in self._other_scales(d):
            whole = self.size if factor < 1 else np.zeros_like(self.size)
            if np.all(_clear(found, whole)):
                break
            other = slope(self.curve(factor * d.v), noise=noise, ratio=ratio, analytic=False)
            possible = np.abs(other.value - factor * found.value) <= SAFETY * (other.error + factor * found.error)
            better = possible & ~_clear(found, whole) & (other.error < factor * found.error)
            found = Slope(
                np.where(better, other.low / factor, found.low),
                np.where(better, other.high / factor, found.high),
                np.where(better, other.error / factor, found.error),
                found.exact,
            )
        return found

    def _other_scales(self, d: Direction) -> Iterator[float]:
        """Other distances over which the function may change, as multiples of this one: that of the whole argument, and
        one, where these are far from it; and a smaller one.
        """
        size = np.max(np.abs(d.v))
        start = sum(map(length, self.claim.xs[: d.argument]))
        whole = np.max(self.scale[start : start + length(self.claim.xs[d.argument])])
        yield from (float(other / size) for other in (whole, 1.0) if not 1e-2 < other / size < 1e2)
        yield 1e-3

    # Verdicts

    def judge(
        self,
        what: str,
        argument: int,
        claimed: Array,
        found: Slope,
        again: Callable[[], tuple[Array, Slope]],
        g: Array | None = None,
    ) -> None:
        """Compare what is claimed with what was found; what looks wrong, or tells nothing, is found again otherwise."""
        if any(known.what == what and known.argument == argument for known in self.tally.wrong):
            return
        slack = self._slack(found)
        wrong, told = self._verdict(claimed, found, slack)
        if np.any(wrong | ~told):
            spread, second = again()
            found = found.joined(second, where=told)
            slack = np.where(wrong | ~told, self._slack(found) + _SPREADS * spread, slack)
            wrong, told = self._verdict(claimed, found, slack)
        self.tally.comparisons += claimed.size
        self.tally.conclusive += int(np.sum(told))
        self.tally.kinks += int(np.sum(found.kinks & told))
        blurred = ~told & ~np.isfinite(found.error)
        self.tally.reasons["the function is not finite, or jumps, next to the point"] += int(np.sum(blurred))
        self.tally.reasons["its values are too noisy, or its derivative too large"] += int(np.sum(~told & ~blurred))
        for k in np.flatnonzero(wrong):
            numerical = float(found.value[k])
            self.tally.wrong.append(Suspicion(what, argument, float(claimed[k]), numerical, float(slack[k]), g))

    def _slack(self, found: Slope) -> Array:
        """How far off a claim may be."""
        size = np.maximum(np.abs(found.low), np.abs(found.high))
        return SAFETY * found.error + self.rounding * size + self.smallest

    def _verdict(self, claimed: Array, found: Slope, slack: Array) -> tuple[Array, Array]:
        """Which numbers are wrong, and for which a mistake would have shown."""
        wrong = found.distance(claimed) > slack
        size = np.maximum(np.maximum(np.abs(found.low), np.abs(found.high)), np.abs(claimed))
        most = np.max(size, initial=0.0)
        nothing = (size <= slack) & (np.abs(claimed) <= 1e-13 * most) & (slack <= self.telling * most)
        nothing |= (size <= slack) & (claimed == 0) & (slack <= self.telling * np.max(self.size, initial=0.0))
        return wrong, wrong | nothing | (slack <= self.telling * size) | (slack <= 2 * self.smallest)

    def agree(self, what: str, one: Array, other: Array, size: Array, again: Callable[[], Array]) -> None:
        """Compare two things that are equal but for rounding; `again` gives how far they spread under roundings."""
        off = np.abs(one - other)
        slack = self.rounding * size + SAFETY * self.eps * np.max(self.size, initial=0.0) + self.smallest
        if np.any(~(off <= slack)):
            slack = slack + _SPREADS * again()
        wrong = ~(off <= slack) & np.isfinite(one + other + slack)
        self.tally.comparisons += off.size
        self.tally.conclusive += off.size
        for k in np.flatnonzero(wrong)[:1]:
            self.tally.wrong.append(Suspicion(what, None, float(one[k]), float(other[k]), float(slack[k])))

    def spread(self, product: Callable[[Arrays, Array], Array], v: Array) -> Array:
        """What a product can be trusted to: how far it changes where the point and the vector are off by roundings, and
        how irregular it is from point to point.
        """
        exactly = product(self.claim.xs, v)
        near = [product(shaped(self._near(self.x, u), self.claim.xs), self._near(v, u)) for u in (1.0, 2.0, 4.0, 8.0)]
        found = np.ptp(np.array(near), axis=0)  # without the point itself, where it may be right only by a mistake
        noise = np.zeros_like(exactly)
        for away in (self.direction() for _ in range(3)):
            noise = np.maximum(noise, noise_of(partial(self._moved, product, v, away), self.eps**0.3))
        finite = exactly[np.isfinite(exactly)]
        most = _IRREGULAR * self.eps * np.max(np.abs(finite), initial=0.0)  # more is no rounding: a kink, or a flaw
        irregular = np.where(np.isfinite(noise), np.minimum(noise, most), 0.0)
        return np.maximum(np.where(np.isfinite(found), found, 0.0), irregular)

    def _moved(self, product: Callable[[Arrays, Array], Array], v: Array, away: Array, t: float) -> Array:
        """A product, taken elsewhere."""
        return product(shaped(self.x + t * away, self.claim.xs), v)

    def _near(self, x: Array, ulps: float) -> Array:
        """The same, off by a few roundings."""
        return x * (1 + ulps * self.eps * dense(self.rng, len(x)))

    # Products

    def push(self, xs: Arrays, v: Array) -> Array:
        """J v."""
        assert self.claim.push_at is not None
        return flat(self.claim.push_at(xs)(shaped(v, self.claim.xs)))

    def pull(self, xs: Arrays, g: Array) -> Array:
        """J^T g."""
        assert self.claim.pull_at is not None
        return flat(self.claim.pull_at(xs)(shaped(g, self.ys)))

    def forward(self, directions: list[Direction], slopes: list[Slope]) -> None:
        """J v against the slopes along v."""
        assert self.claim.push_at is not None
        push = self.claim.push_at(self.claim.xs)
        for d, found in zip(directions, slopes, strict=True):
            claimed = flat(push(shaped(d.v, self.claim.xs)))

            def again(d: Direction = d) -> tuple[Array, Slope]:
                return self.spread(self.push, d.v), self._slope(d, again=True)

            self.judge("forward mode", d.argument, claimed, found, again)

    def cotangents(self, each: int) -> Iterator[Array]:
        """Gradients of the results to be pulled back: random ones, and each alone where they are so few."""
        m = len(self.y)
        yield self.gradient()
        if m <= each:
            yield from np.eye(m) * self.rng.uniform(0.7, 1.0, (m, 1))
        elif each:
            yield self.gradient()

    def reverse(self, directions: list[Direction], slopes: list[Slope], each: int) -> None:
        """<J^T g, v> against g times the slopes along v."""
        assert self.claim.pull_at is not None
        pull = self.claim.pull_at(self.claim.xs)
        arguments = []
        for i in range(len(self.claim.xs)):
            mine = [k for k, d in enumerate(directions) if d.argument == i]
            if mine:
                arguments.append((i, [directions[k] for k in mine], stacked([slopes[k] for k in mine])))
        for g in self.cotangents(each):
            gradient = flat(pull(shaped(g, self.ys)))
            for i, ds, found in arguments:
                vs = np.array([d.v for d in ds])

                def again(g: Array = g, ds: list[Direction] = ds, vs: Array = vs) -> tuple[Array, Slope]:
                    spread = self.spread(lambda xs, g: _products(vs, self.pull(xs, g)), g)
                    return spread, stacked([self._slope(d, again=True) for d in ds]).along(g)

                self.judge("reverse mode", i, _products(vs, gradient), found.along(g), again, g)

    def transposed(self) -> None:
        """<g, J v> = <J^T g, v>: no step size at all."""
        v, g = self.direction(), self.gradient()
        dy, gx = self.push(self.claim.xs, v), self.pull(self.claim.xs, g)
        size = np.atleast_1d(np.sum(np.abs(g * dy)) + np.sum(np.abs(gx * v)))

        def again() -> Array:
            return np.atleast_1d(np.abs(g) @ self.spread(self.push, v) + np.abs(v) @ self.spread(self.pull, g))

        left, right = np.atleast_1d(g @ dy), np.atleast_1d(gx @ v)
        self.agree("<g, J v> = <J^T g, v>", left, right, size, again)

    def same(self, what: str, one: Array, other: Array, like: Arrays, terms: Array) -> None:
        """Compare two ways to compute the same product, of the shapes of `like`, that sums up terms so large."""
        size = _largest(np.abs(one) + np.abs(other), like) + np.max(np.abs(terms), initial=0.0)
        self.agree(what, one, other, size, lambda: _ROUNDINGS * self.eps * size)

    def symmetric(self) -> None:
        """<u, H v> = <v, H u>, where the function is a gradient."""
        u, v = self.direction(), self.direction()
        hu, hv = self.push(self.claim.xs, u), self.push(self.claim.xs, v)
        size = np.atleast_1d(np.sum(np.abs(u * hv)) + np.sum(np.abs(v * hu)))

        def again() -> Array:
            return np.atleast_1d(np.abs(u) @ self.spread(self.push, v) + np.abs(v) @ self.spread(self.push, u))

        self.agree("<u, H v> = <v, H u>", np.atleast_1d(u @ hv), np.atleast_1d(v @ hu), size, again)

    def additive(self, what: str, product: Callable[[Arrays, Array], Array], scale: Array, like: Arrays) -> None:
        """A product with the Jacobian, of the shapes of `like`, is linear."""
        a, b = scale * dense(self.rng, len(scale)), scale * dense(self.rng, len(scale))
        factor = -1.7
        of_a, of_b, of_sum = (product(self.claim.xs, v) for v in (a, b, a + factor * b))
        size = _largest(np.abs(of_a) + abs(factor) * np.abs(of_b), like)

        def again() -> Array:
            return self.spread(product, a) + self.spread(product, b) + self.spread(product, a + factor * b)

        self.agree(what, of_sum, of_a + factor * of_b, size, again)


def _smallest(x: Array) -> float:
    """Below this numbers have fewer digits than they should."""
    info = np.finfo(x.dtype)
    return float(info.tiny / info.eps)


def _scale(xs: Arrays) -> Array:
    """How large each number is: an exact zero as large as the others of its argument, or one; nothing moves what is
    not finite.
    """
    found = []
    for x in xs:
        size = np.abs(flat([x]))
        there = (size > _smallest(x)) & np.isfinite(size)
        usual = np.sqrt(np.mean(size[there] ** 2)) if np.any(there) else 1.0
        found.append(np.where(there, size, np.where(size <= _smallest(x), usual, 0.0)))
    return np.concatenate([np.zeros(0), *found])


def _largest(numbers: Array, like: Arrays) -> Array:
    """Each number as large as the largest of its array."""
    parts = np.split(numbers, np.cumsum([length(a) for a in like])[:-1])
    return np.concatenate([np.zeros(0), *(np.full(part.shape, np.max(part, initial=0.0)) for part in parts)])


def _clear(found: Slope, whole: Array) -> Array:
    """Which slopes are known well enough, in comparison with themselves or, where they are zero, with the values."""
    size = np.maximum(np.abs(found.low), np.abs(found.high))
    return found.error <= 1e-2 * TELLING * np.where(size > 0, size, whole)


def _products(vs: Array, gradient: Array) -> Array:
    """<gradient, v> for several directions, in which most numbers stand still."""
    return np.sum(np.where(vs == 0, 0.0, vs * gradient), axis=1)
