"""``python -m benchmarks.checkers``: how many mistakes who catches, and false alarms, as tables."""

from __future__ import annotations

import argparse
import platform
import random
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.metadata import version

from benchmarks.checkers import rules, trials
from benchmarks.checkers.functions import CASES, POINTS
from benchmarks.checkers.mistakes import mistakes_of
from benchmarks.checkers.rivals import CHECKERS, installed
from benchmarks.checkers.trials import EQUIVALENT, RAISED, SURVIVED, UNREACHED, Checker, Tally


def _arguments(present: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.checkers",
        description="Make mistakes in derivatives, and count how many our checker, others', and our laws catch.",
    )
    parser.add_argument("parts", nargs="*", metavar="part", help="which (all): functions rules")
    parser.add_argument("--rivals", default=",".join(present), help="whom to compare with (installed: %(default)s)")
    parser.add_argument("--sample", type=int, default=0, help="so many mistakes of each part alone (all)")
    parser.add_argument("--seed", type=int, default=0, help="of the sample (%(default)s)")
    given = parser.parse_args()
    given.parts = given.parts or ["functions", "rules"]
    given.rivals = [name for name in given.rivals.split(",") if name]
    if unknown := [name for name in given.parts if name not in ("functions", "rules")]:
        parser.error(f"no part {', '.join(unknown)}: there are functions and rules")
    if unknown := [name for name in given.rivals if name not in present]:
        parser.error(f"not installed, or not known: {', '.join(unknown)}; there are {', '.join(present)}")
    return given


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"


def false_alarms(checkers: dict[str, Checker]) -> str:
    """The right derivatives, at all points: how many each checker does not accept."""
    rows: dict[str, Counter[tuple[str, str]]] = {kind: Counter() for kind in POINTS}
    for case in CASES.values():
        for point in case.points:
            for name, checker in checkers.items():
                said = trials.verdict(checker, case.f, case.vjp, point.args)
                rows[point.kind][name, said if said in ("right", "inconclusive", "too large") else "wrong"] += 1
                if name == "autodiff" and said not in ("right", "inconclusive"):
                    print(f"FALSE ALARM: {case.name}, {point.kind}: {said}")

    def cells(counts: Counter[tuple[str, str]]) -> Iterable[str]:
        for name in checkers:
            tried = sum(n for (who, said), n in counts.items() if who == name and said != "too large")
            unsure = counts[name, "inconclusive"]
            yield f"{counts[name, 'wrong']}/{tried}" + (f" ({unsure} inconclusive)" if unsure else "")

    rows["all"] = sum(rows.values(), Counter())
    return _table(("right, but", *checkers), [(kind, *cells(counts)) for kind, counts in rows.items()])


def of_functions(checkers: dict[str, Checker], sample: int, seed: int) -> str:
    """Mistakes in derivatives that were written by hand: how many each checker catches."""
    every = [(case, mistake) for case in CASES.values() for mistake in mistakes_of(case.vjp, trials.KINDS)]
    if sample:
        every = random.Random(seed).sample(every, sample)
    tallies = {name: Tally() for name in checkers}
    for case, mistake in every:
        for name, outcome in trials.tried(case, mistake, checkers).items():
            tallies[name].outcomes.append(outcome)
    rows = [(kind or "all", *(t.caught(kind) for t in tallies.values())) for kind in (*trials.KINDS, None)]
    ours = tallies["autodiff"]
    return "\n".join(
        [
            _table(("mistake", *checkers), rows),
            f"Besides, {ours.counts()[RAISED]} raise by themselves and {ours.counts()[EQUIVALENT]} change no number.",
            *(f"SURVIVED: {outcome.mistake}" for outcome in ours.of(SURVIVED)),
            "",
        ]
    )


def of_rules(sample: int, seed: int) -> str:
    """Mistakes in the rules of the table: how many its laws catch."""
    every = [(rule, mistake) for rule in rules.rules() for mistake in rule.mistakes()]
    if sample:
        every = random.Random(seed).sample(every, sample)
    tally = Tally([rules.tried(rule, mistake) for rule, mistake in every])
    rows = []
    for kind in (*rules.KINDS, None):
        counts = tally.counts(kind)
        fates = (counts[fate] for fate in (RAISED, EQUIVALENT, UNREACHED))
        rows.append((kind or "all", tally.caught(kind), *fates))
    return "\n".join(
        [
            _table(("mistake in a rule", "caught by the laws", "raises", "changes no number", "never computed"), rows),
            *(f"{o.fate.upper()}: {o.mistake} ({o.by})" for o in tally.of(SURVIVED, UNREACHED)),
            "",
        ]
    )


def main() -> int:
    """Run what the command line asks for."""
    given = _arguments([name for name in installed() if name != "autodiff"])
    names = ["autodiff", *given.rivals]
    packages = [f"{name} {version('autodiff-nn' if name == 'autodiff' else name)}" for name in (*names, "numpy")]
    print(f"python {platform.python_version()}", *packages, sep=", ", end="\n\n")
    if "functions" in given.parts:
        checkers = {name: CHECKERS[name]() for name in names}
        print(false_alarms(checkers), flush=True)
        print(of_functions(checkers, given.sample, given.seed), flush=True)
    if "rules" in given.parts:
        print(of_rules(given.sample, given.seed), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
