"""What kind of mistake a wrong gradient is: a guess, from how it differs from the right one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from autodiff.testing.numerical import Array

#: How far two gradients may be apart, as a part of them, to count as the same here.
_ALIKE = 1e-3


@dataclass(frozen=True)
class Evidence:
    """The gradient of one argument for one gradient of the result: as it is claimed, and as it was found."""

    x: Array
    claimed: Array
    #: NaN where it was not looked at.
    found: Array
    error: Array
    #: The shapes of the results.
    ys: tuple[tuple[int, ...], ...] = ()
    #: What each element of the result contributes to each element of the gradient, (results, arguments); if few.
    contributions: Array | None = None
    #: What was found for the other arguments, by their labels.
    others: dict[str, Array] = field(default_factory=dict)
    #: What is right for this argument with another one transposed, by the label of that.
    turned: dict[str, Array] = field(default_factory=dict)
    #: What would be right if gradients of complex numbers were not conjugated.
    unconjugated: Array | None = None

    @property
    def wrong(self) -> Array:
        """Which elements are wrong."""
        return ~self._close(self.claimed, self.found) & ~np.isnan(self.found)

    def _close(self, a: Array, b: Array, alike: float = 1e-11) -> Array:
        with np.errstate(all="ignore"):
            return np.abs(a - b) <= 10 * self.error + alike * np.maximum(np.abs(a), np.abs(b))

    def same(self, a: Array, b: Array) -> bool:
        """Whether two gradients are the same wherever it was looked, and not both zero."""
        seen = ~np.isnan(self.found) & ~np.isnan(b)
        if a.shape != b.shape or not np.any(seen):
            return False
        size = np.max(np.abs(b[seen]), initial=0.0)
        return bool(size > 0 and np.all(self._close(a, b, _ALIKE)[seen]))


def guesses(evidence: Evidence) -> list[str]:
    """What the mistake may be, the likeliest first; none if it is like nothing that is known."""
    if evidence.claimed.shape != evidence.x.shape:
        return [guess for guess in (_unsummed(evidence), _transposed(evidence)) if guess]
    for look in _LOOKS:
        if guess := look(evidence):
            return [guess]
    return []


# Shapes


def _unsummed(e: Evidence) -> str | None:
    """A gradient of the shape of the result, which a sum would bring to that of the argument."""
    lead = e.claimed.ndim - e.x.ndim
    if lead < 0:
        return None
    axes = [*range(lead), *(i + lead for i, n in enumerate(e.x.shape) if n == 1 and e.claimed.shape[i + lead] != 1)]
    summed = np.sum(e.claimed, axis=tuple(axes))
    if summed.size != e.x.size or not axes:
        return None
    named = ", ".join(map(str, axes))
    right = e.same(summed.reshape(e.x.shape), e.found)
    what = "then it is right" if right else "then it has the right shape, and other numbers"
    return f"a missing sum over the broadcast axis {named} of the result: {what}"


# All elements


def _not_finite(e: Evidence) -> str | None:
    odd = ~np.isfinite(e.claimed) & np.isfinite(e.found)
    if not np.any(odd):
        return None
    what = "NaN" if np.any(np.isnan(e.claimed[odd])) else "infinite"
    where = f", where {condition}" if (condition := _condition(e, odd)) else ""
    return f"{what} where the derivative is finite{where}: 0/0, 0·∞, or an overflow in between"


def _nothing(e: Evidence) -> str | None:
    return "zero: no gradient arrives here" if not np.any(e.claimed) and np.any(e.wrong) else None


def _sign(e: Evidence) -> str | None:
    return "the sign: it is minus the right one" if e.same(-e.claimed, e.found) else None


def _transposed(e: Evidence) -> str | None:
    for axes in itertools.permutations(range(e.claimed.ndim)):
        turned = np.transpose(e.claimed, axes)
        if list(axes) != sorted(axes) and turned.shape == e.x.shape and e.same(turned, e.found):
            return f"transposed: np.transpose(…, {axes}) of it is right"
    for label, other in e.turned.items():
        if e.same(e.claimed, other):
            return f"transposed: it is right with {label} transposed"
    return None


def _conjugated(e: Evidence) -> str | None:
    convention = "the gradient of a complex number z is dL/dRe z + i dL/dIm z"
    if e.claimed.dtype.kind == "c" and e.same(np.conj(e.claimed), e.found):
        return f"complex conjugated: {convention}"
    if e.unconjugated is not None and e.same(e.claimed, e.unconjugated):
        return (
            f"not conjugated (as in JAX: conjugate the gradient that comes in, and the one that goes out): {convention}"
        )
    return None


def _ratio(e: Evidence, places: Array) -> float | None:
    """By what one factor the claim is off, at some places."""
    with np.errstate(all="ignore"):
        telling = places & (np.abs(e.found) > 100 * e.error) & np.isfinite(e.claimed)
        ratios = np.real(e.claimed[telling] / e.found[telling])
    if not ratios.size or (np.any(np.imag(e.claimed[telling] / e.found[telling]) != 0) and e.claimed.dtype.kind != "c"):
        return None
    ratio = float(np.median(ratios))
    size = np.max(np.abs(e.found[telling]))
    rest = places & ~telling & np.isfinite(e.found)
    alike = np.all(np.abs(ratios - ratio) <= _ALIKE * min(abs(ratio), abs(ratio - 1)) + 1e-9)
    return ratio if alike and np.all(np.abs(e.claimed[rest]) <= _ALIKE * size + 100 * e.error[rest]) else None


def _factor(e: Evidence) -> str | None:
    ratio = _ratio(e, ~np.isnan(e.found))
    if ratio is None or abs(ratio - 1) < 1e-9 or abs(ratio) < 1e-12:
        return None
    return f"a constant factor: it is {named_number(ratio, e)} times the right one"


def _swapped(e: Evidence) -> str | None:
    for label, other in e.others.items():
        if e.same(e.claimed, other):
            return f"the order of arguments: this is the gradient of {label}"
    return None


def _one_of_several(e: Evidence) -> str | None:
    """Of several elements of the result that depend on an element of the argument, only one counts."""
    c = e.contributions
    if c is None:
        return None
    size = np.max(np.abs(c), initial=0.0)
    several = np.sum(np.abs(c) > 1e-6 * size, axis=0) > 1
    if not np.any(several & e.wrong.ravel()):
        return None
    for which, order in (("first", slice(None)), ("last", slice(None, None, -1))):
        ordered = c[order]
        at = np.argmax(np.abs(ordered) > 1e-6 * size, axis=0)
        one = ordered[at, np.arange(c.shape[1])].reshape(e.x.shape)
        if e.same(e.claimed, one):
            axis = _broadcast_axis(e)
            if axis is not None:
                return (
                    f"a missing sum over the broadcast axis {axis} of the result: only the {which} one along it counts"
                )
            return (
                f"repeated indices are overwritten: of several uses of an element only the {which} counts; "
                f"add them up (np.add.at)"
            )
    return None


def _broadcast_axis(e: Evidence) -> int | None:
    """The axis of the result along which the argument was broadcast."""
    if len(e.ys) != 1 or len(e.ys[0]) < e.x.ndim:
        return None
    (y,) = e.ys
    lead = len(y) - e.x.ndim
    fits = all(n in (1, m) for n, m in zip(e.x.shape, y[lead:], strict=True))
    axes = [*range(lead), *(i + lead for i, n in enumerate(e.x.shape) if n == 1 and y[i + lead] > 1)]
    return axes[0] if fits and len(axes) == 1 else None


def _moved(e: Evidence) -> str | None:
    for axis in range(e.x.ndim):
        if e.x.shape[axis] < 2:
            continue
        if e.same(np.flip(e.claimed, axis), e.found):
            return f"reversed along axis {axis}"
        for by in (1, -1):
            rolled = np.roll(e.claimed, -by, axis)
            inner = np.moveaxis(np.full(e.x.shape, True), axis, 0)
            inner[-1 if by == 1 else 0] = False
            kept = np.where(np.moveaxis(inner, 0, axis), e.found, np.nan)
            if (e.x.shape[axis] > 2 and e.same(rolled, kept)) or e.same(rolled, e.found):
                return f"off by one along axis {axis}: each element has the gradient of its neighbour"
    seen = ~np.isnan(e.found)
    if np.all(seen) and e.x.size > 1 and e.claimed.dtype.kind != "c":
        a, b = np.sort(e.claimed, axis=None), np.sort(e.found, axis=None)
        if np.ptp(b) > 0 and np.all(np.abs(a - b) <= _ALIKE * np.max(np.abs(b)) + 10 * np.max(e.error)):
            return "in another order: the numbers are right, and stand in wrong places"
    return None


def _of_the_input(e: Evidence) -> str | None:
    """A factor that depends on the input."""
    if e.x.size < 2 or np.ptp(e.x.real) == 0:
        return None
    with np.errstate(all="ignore"):
        known: dict[str, Array] = {
            "x": e.x, "1/x": 1 / e.x, "x²": e.x**2, "1/x²": e.x**-2.0, "exp(x)": np.exp(e.x), "exp(-x)": np.exp(-e.x),
            "1 + x": 1 + e.x, "1 - x": 1 - e.x, "cos(x)": np.cos(e.x), "|x|": np.abs(e.x),
        }  # fmt: skip
        for name, factor in known.items():
            for c in (1.0, -1.0, 2.0, 0.5):
                if np.all(np.isfinite(factor)) and e.same(e.claimed, c * factor * e.found):
                    sign = {1.0: "", -1.0: "-", 2.0: "2 ", 0.5: "½ "}[c]
                    return f"a factor that depends on the input: it is {sign}{name} times the right one"
    return None


def _offset(e: Evidence) -> str | None:
    if e.x.size < 2:
        return None
    off = (e.claimed - e.found)[~np.isnan(e.found)]
    if np.max(np.abs(off)) > 0 and np.ptp(np.real(off)) <= _ALIKE * np.max(np.abs(off)) and np.ptp(np.imag(off)) == 0:
        return f"a constant is added: {float(np.real(np.median(off))):.6g}"
    return None


# Some elements


def _condition(e: Evidence, places: Array) -> str | None:
    """A condition on the input that holds at some places, and nowhere else."""
    if e.x.dtype.kind == "c":
        return None
    seen = ~np.isnan(e.found)
    conditions = {
        "the input is negative": e.x < 0,
        "the input is positive": e.x > 0,
        "the input is zero": e.x == 0,
        "the input is not negative": e.x >= 0,
        "the input is not positive": e.x <= 0,
        "the input is larger than 1 in magnitude": np.abs(e.x) > 1,
        "the input is smaller than 1 in magnitude": np.abs(e.x) < 1,
        "the input is larger than 1": e.x > 1,
        "the input is smaller than 1": e.x < 1,
        "the gradient is negative": e.found < 0,
        "the gradient is positive": e.found > 0,
    }
    for name, holds in conditions.items():
        if np.any(~places & seen) and np.array_equal(holds & seen, places & seen):
            return name
    return None


def _where(e: Evidence) -> str | None:
    wrong = e.wrong
    n = int(np.sum(wrong))
    if not n or n == wrong.size:
        return None
    ratio = _ratio(e, wrong)
    how = ""
    if ratio is not None:
        how = ", zero there" if abs(ratio) < 1e-12 else f", {named_number(ratio, e)} times the right one there"
    if n > 1 and (condition := _condition(e, wrong)):
        return f"wrong only where {condition}{how}"
    for axis, length in enumerate(e.x.shape):
        for place, name in ((0, "first"), (length - 1, "last")):
            at = np.zeros(length, dtype=bool)
            at[place] = True
            if np.array_equal(np.broadcast_to(np.expand_dims(at, tuple(range(1, e.x.ndim - axis))), e.x.shape), wrong):
                return f"wrong only at the {name} place along axis {axis}{how}: an index off by one?"
    if condition := _condition(e, wrong):
        return f"wrong only where {condition}{how}"
    seen = int(np.sum(~np.isnan(e.found)))
    return f"wrong in {n} of {seen} elements{how}"


def _imprecise(e: Evidence) -> str | None:
    with np.errstate(all="ignore"):
        off = np.nanmax(np.abs(e.claimed - e.found), initial=0.0) / np.nanmax(np.abs(e.found), initial=0.0)
    most = 2 * np.sum(e.wrong) > np.sum(~np.isnan(e.found))
    told = f"lost precision: it is right to a part of {off:.0e} (a lower dtype in between?)"
    return told if off < 1e-3 and most else None


_LOOKS: tuple[Callable[[Evidence], str | None], ...] = (
    *(_not_finite, _nothing, _sign, _transposed, _conjugated, _factor, _imprecise, _swapped, _one_of_several),
    *(_moved, _of_the_input, _where, _offset),
)


# Numbers with names


def named_number(value: float, e: Evidence) -> str:
    """A number, and what it may be: a length of the arrays at hand, a fraction, a constant of mathematics."""
    names = [name for name, known in _known(e) if abs(value - known) <= _ALIKE * 1e-1 * abs(known)]
    return f"{value:.6g}" + (f" ({names[0]})" if names and names[0] != f"{value:.6g}" else "")


def _known(e: Evidence) -> Iterator[tuple[str, float]]:
    lengths: dict[float, str] = {}
    for shape in (*e.ys, e.x.shape):
        what = "the argument" if shape == e.x.shape else "the result"
        lengths.setdefault(math.prod(shape), f"the number of elements of {what}")
        for axis, n in enumerate(shape):
            lengths.setdefault(n, f"the length of axis {axis} of {what}")
    for n, name in lengths.items():
        if n > 2:
            yield name, n
            yield f"1 / {name}", 1 / n
    for p, q in itertools.product(range(1, 13), repeat=2):
        fraction = Fraction(p, q)
        yield str(fraction), p / q
        yield f"-{fraction}", -p / q
    constants: dict[str, Any] = {
        "π": math.pi, "2π": 2 * math.pi, "√2": 2**0.5, "√π": math.pi**0.5, "√(2π)": (2 * math.pi) ** 0.5, "e": math.e,
        "ln 2": math.log(2), "ln 10": math.log(10), "180/π": 180 / math.pi,
    }  # fmt: skip
    for name, c in constants.items():
        yield name, c
        yield f"1 / {name}", 1 / c
        yield f"-{name}", -c
