"""What is known of a mistake: which element, what is claimed there and what was found, and a guess at its kind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autodiff.testing.claims import flat, length, shaped, wide
from autodiff.testing.diagnosis import Evidence, guesses
from autodiff.testing.examination import Direction, Examination, Suspicion
from autodiff.testing.numerical import Array
from autodiff.testing.report import Mistake

#: So many elements of an argument whose gradient is wrong are looked at.
_LOOKED_AT = 300
#: So many other arguments whose gradient it may be, or which may be transposed.
_OTHERS = 3


def misshapen(exam: Examination) -> list[Mistake]:
    """Gradients and tangents of wrong shapes, which nothing can be compared with."""
    claim = exam.claim
    mistakes = []
    if claim.pull_at is not None:
        g = exam.gradient()
        found = claim.pull_at(claim.xs)(shaped(g, exam.ys))
        for i, (gradient, x) in enumerate(zip(found, claim.xs, strict=True)):
            if gradient.dtype.kind not in "biufc":
                detail = "None was given, or something that is no number"
                mistakes.append(Mistake("no gradient", claim.arguments[i], detail=detail))
            elif gradient.shape != x.shape:
                kind = tuple(guesses(_evidence(exam, i, g, gradient)))
                detail = f"{gradient.shape} for an argument of shape {x.shape}"
                mistakes.append(Mistake("the shape of a gradient", claim.arguments[i], guesses=kind, detail=detail))
    if claim.push_at is not None:
        pushed = claim.push_at(claim.xs)(shaped(exam.scale, claim.xs))
        if [dy.shape for dy in pushed] != [y.shape for y in exam.ys]:
            shapes = f"{[dy.shape for dy in pushed]} for results of shapes {[y.shape for y in exam.ys]}"
            mistakes.append(Mistake("the shape of a tangent", detail=shapes))
    return mistakes


@np.errstate(all="ignore")
def explained(exam: Examination, suspicions: list[Suspicion], prefix: str) -> list[Mistake]:
    """The mistakes that suspicions come down to: one for each product and argument."""
    mistakes: dict[tuple[str, int | None], Mistake] = {}
    for suspicion in suspicions:
        key = suspicion.what, suspicion.argument
        if key not in mistakes:
            mistakes[key] = _explained_one(exam, prefix, suspicion)
    return list(mistakes.values())


def _explained_one(exam: Examination, prefix: str, suspicion: Suspicion) -> Mistake:
    what = prefix + suspicion.what
    i = suspicion.argument
    if i is None:
        return Mistake(what, claimed=suspicion.claimed, found=suspicion.found, error=suspicion.error)
    g = exam.gradient() if suspicion.g is None else suspicion.g
    evidence = _evidence(exam, i, g, _claimed(exam, i, g, suspicion.what))
    label = exam.claim.arguments[i]
    if not np.any(evidence.wrong):
        k = _narrowed(exam, i, g, suspicion.what)
        evidence = _evidence(exam, i, g, _claimed(exam, i, g, suspicion.what, k), k)
    if not np.any(evidence.wrong):
        return Mistake(what, label, None, suspicion.claimed, suspicion.found, suspicion.error)
    off = np.round(np.abs(evidence.claimed - evidence.found) / (np.abs(evidence.found) + evidence.error), 6)
    k = int(np.argmax(np.where(evidence.wrong, np.where(np.isfinite(off), off, np.inf), -1.0)))
    place = np.unravel_index(k, evidence.x.shape)
    return Mistake(
        what,
        label,
        tuple(map(int, place)),
        evidence.claimed[place].item(),
        evidence.found[place].item(),
        float(evidence.error[place]),
        tuple(guesses(evidence)),
    )


def _claimed(exam: Examination, i: int, g: Array, what: str, also: int | None = None) -> Array:
    """What is claimed of the gradient of an argument."""
    if what == "reverse mode":
        return shaped(exam.pull(exam.claim.xs, g), wide(exam.claim.xs))[i]
    gradient = np.full(len(exam.x), np.nan)
    for d, k in _looked_at(exam, i, also):
        gradient[k] = g @ exam.push(exam.claim.xs, d.v) / d.v[k]
    return shaped(gradient, wide(exam.claim.xs))[i]


def _looked_at(exam: Examination, i: int, also: int | None = None) -> list[tuple[Direction, int]]:
    """Directions along single numbers of an argument, evenly spread over it, and which numbers they are."""
    numbers = _numbers(exam, i)
    few = numbers[np.unique(np.linspace(0, len(numbers) - 1, min(len(numbers), _LOOKED_AT)).astype(int))]
    places = np.unique([*few, *([] if also is None else [also])]).astype(int)
    return [(Direction(i, _only(exam, k), int(k)), int(k)) for k in places]


def _numbers(exam: Examination, i: int) -> Array:
    """Where the numbers of an argument that can be moved stand in the vector of all."""
    start = sum(map(length, exam.claim.xs[:i]))
    return start + np.flatnonzero(exam.scale[start : start + length(exam.claim.xs[i])])


def _only(exam: Examination, places: Array) -> Array:
    """The direction in which only these numbers move."""
    v = np.zeros(len(exam.x))
    v[places] = exam.scale[places]
    return v


def _narrowed(exam: Examination, i: int, g: Array, what: str) -> int:
    """The place of one wrong element, by halves: that half is kept in which the claim is further off."""
    places = _numbers(exam, i)
    signs = exam.rng.choice([-1.0, 1.0], len(exam.x))
    gradient = exam.pull(exam.claim.xs, g) if what == "reverse mode" else None

    def off(half: Array) -> float:
        v = signs * _only(exam, half)
        claimed = v @ gradient if gradient is not None else g @ exam.push(exam.claim.xs, v)
        (found,) = exam.slopes([Direction(i, v, None)], again=True)
        return float(found.along(g).distance(np.atleast_1d(claimed))[0])

    while len(places) > 1:
        places = max(np.array_split(places, 2), key=off)
    return int(places[0])


def _gradient(exam: Examination, i: int, g: Array, also: int | None = None) -> tuple[Array, Array, Array]:
    """The gradient of an argument by differences, its error, and what each element of the result contributes."""
    broad = wide(exam.claim.xs)
    looked = _looked_at(exam, i, also)
    slopes = exam.slopes([d for d, _ in looked], again=True)
    gradient, error = np.full(len(exam.x), np.nan), np.full(len(exam.x), np.nan)
    contributions = np.full((len(exam.y), len(looked)), np.nan)
    for column, ((d, k), found) in enumerate(zip(looked, slopes, strict=True)):
        along = found.along(g)
        gradient[k] = along.value[0] / d.v[k]
        error[k] = (along.error[0] + (along.high[0] - along.low[0]) / 2) / d.v[k]
        contributions[:, column] = g * found.value / d.v[k]
    size = shaped(error, broad)[i]
    return shaped(gradient, broad)[i], np.abs(np.real(size)) + np.abs(np.imag(size)), contributions


def _evidence(exam: Examination, i: int, g: Array, claimed: Array, also: int | None = None) -> Evidence:
    """The gradient of an argument as it is claimed, and as it was found."""
    xs, names = exam.claim.xs, exam.claim.arguments
    found, error, contributions = _gradient(exam, i, g, also)
    alike = [j for j, x in enumerate(xs) if j != i and x.shape == xs[i].shape][:_OTHERS]
    square = [j for j, x in enumerate(xs) if j != i and x.ndim == 2 and len(set(x.shape)) == 1][:_OTHERS]
    few = contributions.shape[1] == xs[i].size and contributions.size <= 10**6
    return Evidence(
        x=wide(xs)[i],
        claimed=claimed,
        found=found,
        error=error,
        ys=tuple(y.shape for y in exam.ys),
        contributions=contributions if few else None,
        others={names[j]: _gradient(exam, j, g)[0] for j in alike},
        turned={names[j]: _gradient(_with_transposed(exam, j), i, g)[0] for j in square},
        unconjugated=None if xs[i].dtype.kind != "c" else np.conj(_gradient(exam, i, _conjugate(exam, g))[0]),
    )


def _conjugate(exam: Examination, g: Array) -> Array:
    """A gradient of the results with its imaginary parts negated."""
    return flat([np.conj(part) for part in shaped(g, wide(exam.ys))])


def _with_transposed(exam: Examination, j: int) -> Examination:
    """The same function where one argument is transposed."""
    xs = [x.T.copy() if k == j else x for k, x in enumerate(exam.claim.xs)]
    return Examination(replace(exam.claim, xs=xs), exam.rng)
