"""``python -m benchmarks``: times us and whichever rivals are installed, and prints a table for each workload."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.runner import TOLERANCE, Result, Timing, installed, measure
from benchmarks.workloads import WORKLOADS


def _arguments(present: list[str]) -> argparse.Namespace:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Time autodiff and whichever rivals are installed, side by side.",
        epilog="Workloads: " + "; ".join(f"{w.name}: {w.words}" for w in WORKLOADS.values()),
    )
    parser.add_argument("workloads", nargs="*", metavar="workload", help=f"which (all): {' '.join(WORKLOADS)}")
    parser.add_argument("--rivals", default=",".join(present), help="whom to compare with (installed: %(default)s)")
    parser.add_argument("--repeat", type=int, default=9, help="rounds, after one to warm up (%(default)s)")
    parser.add_argument("--seconds", type=float, default=0.2, help="length of one turn in a round (%(default)s)")
    parser.add_argument("--threads", type=int, default=cores, help="threads for everybody (all cores: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round here")
    given = parser.parse_args()
    given.workloads = given.workloads or list(WORKLOADS)
    given.rivals = [name for name in given.rivals.split(",") if name]
    if unknown := [name for name in given.workloads if name not in WORKLOADS]:
        parser.error(f"no workload {', '.join(unknown)}: there are {', '.join(WORKLOADS)}")
    if unknown := [name for name in given.rivals if name not in present]:
        parser.error(f"not installed, or not known: {', '.join(unknown)}; there are {', '.join(present)}")
    if given.repeat < 1 or given.seconds <= 0 or not 1 <= given.threads <= cores:
        parser.error(f"--repeat and --seconds are positive, --threads is between 1 and {cores}, the cores at hand")
    return given


def _seconds(value: float) -> str:
    """A time with three digits and a fitting unit."""
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if value * factor >= 1 or unit == "µs":
            break
    scaled = value * factor
    return f"{scaled:.{max(0, 3 - len(str(int(scaled))))}f} {unit}"


def _ratio(value: float) -> str:
    return f"{value:.2f}" if 0.1 <= value < 10 else f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def table(result: Result) -> str:
    """The timings of one workload, what should be known about them, and whether the goals hold."""
    workload = result.workload
    rows = [("", "median", "quartiles", "ratio", *workload.figures)]
    ours = {timing.variant: timing.median for timing in reversed(result.timings) if timing.rival == "autodiff"}
    for timing in result.timings:
        low, high = timing.quartiles
        figures = [f"{figure:.9g}" for figure in timing.figures]
        spread = f"{_seconds(low)} .. {_seconds(high)}"
        rows.append(
            (timing.name, _seconds(timing.median), spread, _ratio(timing.median / ours[timing.variant]), *figures)
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [f"{workload.name}: {workload.words}", ""]
    for name, *cells in rows:
        right = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        lines.append("  " + "  ".join([name.ljust(widths[0]), *right]))
    lines.append("")
    lines += [f"  {timing.name}: {timing.note}" for timing in result.timings if timing.note]
    lines += [f"  {name} is left out: {why}" for name, why in result.left_out.items()]
    lines += [f"  {line}" for line in _goals(workload.goals, result.timings)]
    lines += [f"  WRONG: {line}" for line in result.disagreements]
    return "\n".join(lines).rstrip() + "\n"


def _goals(goals: dict[str, float], timings: list[Timing]) -> list[str]:
    medians = {timing.name: timing.median for timing in timings}
    ours = timings[0].median
    return [
        f"goal: {least:g} times the speed of {name} or more; it is {_ratio(ratio)}"
        f" ({'holds' if ratio >= least else 'DOES NOT HOLD'})"
        for name, least in goals.items()
        if name in medians and (ratio := medians[name] / ours)
    ]


def _versions(names: list[str]) -> str:
    found = []
    for name in names:
        try:
            found.append(f"{name} {version('autodiff-nn' if name == 'autodiff' else name)}")
        except PackageNotFoundError:
            found.append(name)
    return ", ".join(found)


def main() -> int:
    """Run what the command line asks for; 1 if figures disagree."""
    given = _arguments([name for name in installed() if name != "autodiff"])
    names = ["autodiff", *given.rivals]
    about = {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "versions": _versions([*names, "numpy"]),
        "threads": given.threads,
        "rounds": given.repeat,
    }
    print(*(f"{key}: {value}" for key, value in about.items()), sep="\n", end="\n\n", flush=True)
    results = []
    for name in given.workloads:
        result = measure(WORKLOADS[name], names, threads=given.threads, repeat=given.repeat, seconds=given.seconds)
        results.append(result)
        print(table(result), flush=True)
    if given.json:
        given.json.write_text(json.dumps({**about, "results": [r.as_json() for r in results]}, indent=1) + "\n")
    wrong = [line for result in results for line in result.disagreements]
    if wrong:
        print(f"THE FIGURES DO NOT AGREE to {TOLERANCE:g}:", *wrong, sep="\n  ", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
