"""Timing, fairly: one process per rival, the same number of threads, rounds in turn, medians.

The parent talks with its workers in lines of JSON.  A worker sets a workload up once, takes the steps after which the
figures are compared, and then answers each ``{"run": k}`` with the seconds that k further steps took.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Self

from benchmarks.rivals import RIVALS, Rival
from benchmarks.workloads import WORKLOADS, Workload

#: The relative difference between figures that is still agreement.
TOLERANCE = 1e-5
#: How the second way of doing a workload is called: the function ``scalar_as_matrices`` beside ``scalar``.
VARIANTS = ("", "as_matrices")

_ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Timing:
    """What one rival did on one workload."""

    rival: str
    variant: str
    figures: list[float] = field(default_factory=list)
    #: Seconds per step, one for each round.
    rounds: list[float] = field(default_factory=list)
    steps_per_round: int = 1
    note: str = ""

    @property
    def name(self) -> str:
        return f"{self.rival}, {self.variant.replace('_', ' ')}" if self.variant else self.rival

    @property
    def median(self) -> float:
        return median(self.rounds)

    @property
    def quartiles(self) -> tuple[float, float]:
        if len(self.rounds) < 2:
            return self.median, self.median
        low, _, high = quantiles(self.rounds, n=4, method="inclusive")
        return low, high


@dataclass
class Result:
    """One workload, by everybody who took part; we are the first."""

    workload: Workload
    timings: list[Timing]
    #: Who took no part, and why.
    left_out: dict[str, str]

    @property
    def disagreements(self) -> list[str]:
        """The figures that differ by more than the tolerance from ours."""
        if not self.timings:
            return []
        ours = self.timings[0]
        return [
            f"{self.workload.name}: the {what} is {b!r} by {other.name}, {a!r} by {ours.name}"
            for other in self.timings[1:]
            for what, a, b in zip(self.workload.figures, ours.figures, other.figures, strict=True)
            if not math.isclose(a, b, rel_tol=TOLERANCE)
        ]

    def as_json(self) -> dict[str, Any]:
        timings = [{**asdict(t), "median": t.median} for t in self.timings]
        return {"workload": self.workload.name, "timings": timings, "left_out": self.left_out}


def installed() -> list[str]:
    """The rivals whose package is installed, ours first."""
    return [rival.name for rival in RIVALS.values() if importlib.util.find_spec(rival.package) is not None]


def environment(threads: int) -> dict[str, str]:
    """What libraries read, when they are imported, to know how many threads to use."""
    n = str(threads)
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "BENCHMARK_THREADS")
    flags = f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'}"
    return {**os.environ, **dict.fromkeys(names, n), "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}


# The parent's side


class Worker:
    """A process in which one rival does one workload."""

    def __init__(self, rival: Rival, function: str, workload: Workload, threads: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.runner", rival.module, function, workload.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=_ROOT,
            env=environment(threads),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    def answer(self) -> dict[str, Any]:
        """What the worker says next."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"a worker stopped: {' '.join(map(str, self.process.args))}")  # type: ignore[arg-type]
        return json.loads(line)  # type: ignore[no-any-return]

    def run(self, steps: int) -> float:
        """The seconds that so many steps take."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"run": steps}) + "\n")
        self.process.stdin.flush()
        return float(self.answer()["seconds"])


def measure(workload: Workload, rivals: Iterable[str], *, threads: int, repeat: int, seconds: float) -> Result:
    """Time a workload by several rivals, in rounds, everybody's turn in each round.

    Parameters
    ----------
    workload : Workload
    rivals : names in `RIVALS`
    threads : int
        How many threads everybody may use.
    repeat : int
        How many rounds count; one more, before them, warms up.
    seconds : float
        About how long one turn takes; at least one step is taken.
    """
    names = [name for name in RIVALS if name in set(rivals)]
    if workload.numbers is None:
        return _measure_imports(workload, names, threads=threads, repeat=repeat)
    result = Result(workload, [], {})
    workers: list[tuple[Timing, Worker]] = []
    try:
        for variant in VARIANTS:
            function = "_".join(filter(None, (workload.name, variant)))
            for name in names:
                worker = Worker(RIVALS[name], function, workload, threads)
                answer = worker.answer()
                if "figures" in answer:
                    timing = Timing(name, variant, answer["figures"], note=answer["note"])
                    result.timings.append(timing)
                    workers.append((timing, worker))
                else:
                    worker.__exit__()
                    if answer["left_out"]:
                        result.left_out[name] = answer["left_out"]
        for timing, worker in workers:
            timing.steps_per_round = _steps(worker, seconds)
        for i in range(repeat + 1):
            for timing, worker in workers:
                taken = worker.run(timing.steps_per_round) / timing.steps_per_round
                if i:
                    timing.rounds.append(taken)
    finally:
        for _, worker in workers:
            worker.__exit__()
    return result


def _steps(worker: Worker, seconds: float) -> int:
    """How many steps take about so long."""
    steps = 1
    while (taken := worker.run(steps)) < seconds / 4:
        steps *= 2
    return max(1, round(steps * seconds / taken))


def _measure_imports(workload: Workload, names: list[str], *, threads: int, repeat: int) -> Result:
    """Import everybody's modules, and NumPy alone, in turn, each time in a fresh process."""
    imports = {name: RIVALS[name].imports for name in names} | {"numpy alone": "numpy"}
    timings = {name: Timing(name, "", note=f"import {modules}") for name, modules in imports.items()}
    for i in range(repeat + 1):
        for name, modules in imports.items():
            program = f"import time; t = time.perf_counter(); import {modules}; print(time.perf_counter() - t)"
            command = [sys.executable, "-W", "ignore", "-c", program]
            output = subprocess.run(
                command, cwd=_ROOT, env=environment(threads), check=True, capture_output=True, text=True
            )
            if i:
                timings[name].rounds.append(float(output.stdout.split()[-1]))
    return Result(workload, list(timings.values()), {})


# The worker's side


def _serve(module: str, function: str, workload: Workload) -> None:
    """Do a workload, as the parent asks for it, until there is nothing more to be read."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints must not be taken for an answer
    threads = int(os.environ["BENCHMARK_THREADS"])
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    rival = importlib.import_module(f"benchmarks.rivals.{module}")
    make: Callable[..., Callable[[], Any]] | None = getattr(rival, function, None)
    if make is None:
        print(json.dumps({"left_out": getattr(rival, "LEFT_OUT", {}).get(function, "")}), file=out)
        return
    from benchmarks.workloads import numbers

    step = make(**numbers(workload))
    for _ in range(workload.steps):
        last = step()
    note = getattr(rival, "NOTES", {}).get(function, "")
    print(json.dumps({"figures": _figures(last), "note": note}), file=out)
    clock = time.perf_counter
    for line in sys.stdin:
        turns = range(json.loads(line)["run"])
        start = clock()
        for _ in turns:
            last = step()
        _wait(last)
        print(json.dumps({"seconds": clock() - start}), file=out)


def _parts(result: Any) -> tuple[Any, ...]:
    """What a step returned, without any graph."""
    parts = result if isinstance(result, tuple) else (result,)
    return tuple(part.detach() if hasattr(part, "detach") else part for part in parts)


def _wait(result: Any) -> None:
    """Read the (first) number: libraries that compute in the background have done so only then."""
    float(_parts(result)[0])


def _figures(result: Any) -> list[float]:
    """What a step returned as plain numbers, arrays by their sums."""
    import numpy as np

    parts = _parts(result)
    return [float(np.sum(np.asarray(p), dtype=np.float64) if getattr(p, "ndim", 0) else p) for p in parts]


if __name__ == "__main__":
    _serve(sys.argv[1], sys.argv[2], WORKLOADS[sys.argv[3]])
