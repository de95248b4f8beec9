"""Mistakes made by machine: the checker and the laws catch them, and call nothing right wrong.

A sample, always the same, of what `python -m benchmarks.checkers` measures.
"""

import random

import pytest

from autodiff.testing import check_vjp
from benchmarks.checkers import rules, trials
from benchmarks.checkers.functions import CASES
from benchmarks.checkers.mistakes import mistakes_of
from benchmarks.checkers.trials import CAUGHT, EQUIVALENT, RAISED, SURVIVED, Tally

SEED = 12
#: So many of each: in derivatives written by hand, and in the rules of the table.
MISTAKES = 120
#: The parts of a sample, for several processes to share.
PARTS = 2
#: So many calls of a row, and of what none of those caught.
CALLS = (24, 60)


def checker(f, vjp, args):
    return check_vjp(f, vjp, *args, each=6, raises=False).verdict  # as usual, but quicker


def survivors(tally):
    return "\n".join([f"seed {SEED}, {dict(tally.counts())}", *(f"{o.mistake} ({o.by})" for o in tally.of(SURVIVED))])


def test_nothing_right_is_called_wrong():
    said = {
        f"{case.name}, {point.kind}": trials.verdict(checker, case.f, case.vjp, point.args)
        for case in CASES.values()
        for point in case.points
    }
    wrong = {where: verdict for where, verdict in said.items() if verdict not in ("right", "inconclusive")}
    assert not wrong
    unsure = [where for where, verdict in said.items() if verdict == "inconclusive"]
    assert len(unsure) <= 0.02 * len(said), unsure


@pytest.mark.parametrize("part", range(PARTS))
def test_mistakes_in_derivatives_written_by_hand_are_caught(part):
    rng = random.Random(SEED + part)
    cases = rng.choices(list(CASES.values()), k=MISTAKES // PARTS)
    sample = [(case, rng.choice(mistakes_of(case.vjp, trials.KINDS))) for case in cases]
    tally = Tally([trials.tried(case, mistake, {"ours": checker})["ours"] for case, mistake in sample])
    assert not tally.of(SURVIVED), survivors(tally)
    assert len(tally.of(CAUGHT)) >= 0.7 * len(sample), survivors(tally)


@pytest.mark.parametrize("part", range(PARTS))
def test_mistakes_in_rules_are_caught(part):
    rng = random.Random(SEED + part)
    some = rng.sample(rules.rules(), MISTAKES // PARTS // 4)
    sample = [(rule, mistake) for rule in some for mistake in rng.choices(rule.mistakes(), k=4)]
    tally = Tally([rules.tried(rule, mistake, CALLS) for rule, mistake in sample])
    assert len(tally.of(SURVIVED)) <= 0.02 * len(tally.of(CAUGHT, SURVIVED)), survivors(tally)
    assert len(tally.of(CAUGHT)) >= 0.6 * len(sample), survivors(tally)


def test_mistakes_are_taken_back():
    rule = next(rule for rule in rules.rules() if rule.rows[0].name == "multiply")
    (function,) = rule.functions
    right = function.__code__
    fates = {rules.tried(rule, mistake).fate for mistake in rule.mistakes()}
    assert fates <= {CAUGHT, RAISED, EQUIVALENT}
    assert function.__code__ is right
