"""docs/operations.md is what the table says, and says it in Markdown that renders."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autodiff.explain import operations
from autodiff.explain.behaviour import modes, singular_points
from autodiff.op import elementwise, numpy_functions, table

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def page():
    pytest.importorskip("scipy", reason="some operations take their values from SciPy")
    return operations.page()


@pytest.mark.skipif(not hasattr(np, "vecmat"), reason="the page lists functions of NumPy 2.2")
def test_the_page_is_fresh(page):
    written = (ROOT / operations.PAGE).read_text(encoding="utf-8")
    assert written == page, "docs/operations.md is stale: run `python -m autodiff.explain.operations`"


def test_the_page_is_always_the_same(page, tmp_path):
    path = tmp_path / "operations.md"
    for seed in ("1", "2"):
        command = [sys.executable, "-m", "autodiff.explain.operations", str(path)]
        subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed})
        assert path.read_text(encoding="utf-8") == page


def test_every_operation_is_there_once(page):
    for name, op in table.items():
        if name == "part":
            continue
        assert len(re.findall(rf"^\| \*?`{name}\(", page, re.MULTILINE)) == 1, name
        assert not op.differentiable or operations._modes(op).startswith("F&nbsp;R&nbsp;2"), name


def test_every_numpy_function_that_is_differentiated_is_there(page):
    cells = {name for row in page.splitlines() if row.startswith("| ") for name in re.findall(r"`([\w.]+)`", row)}
    ours = [f for f, ours in numpy_functions.items() if getattr(ours, "__module__", "").startswith("autodiff.rules")]
    names = {operations._numpy_name(function) for function in ours} - {None, "shape", "ndim", "size"}
    assert len(names) > 150
    assert not names - cells


def test_markdown(page):
    math = re.findall(r"\$`([^`]*)`\$", page)
    assert len(math) > 500
    assert "$" not in re.sub(r"\$`[^`]*`\$", "", page), "a dollar that begins no formula"
    assert "operatorname" not in page, "GitHub does not take it"
    assert not [formula for formula in math if "|" in formula], "a bar would end the cell"
    for line in page.splitlines():
        if line.startswith("|"):
            assert line.count("|") - line.count(r"\|") in (4, 7), line
            assert line.endswith("|")


def test_links_lead_to_sections(page):
    anchors = {line[3:].lower().replace(" ", "-") for line in page.splitlines() if line.startswith("## ")}
    assert set(re.findall(r"\]\(#([^)]*)\)", page)) == anchors


# What is said of operations is found by running them


@pytest.mark.parametrize(
    ("name", "points"),
    {
        "abs": {0.0: 0.0},
        "relu": {0.0: 0.0},
        "sqrt": {0.0: np.inf},
        "asin": {-1.0: np.inf, 1.0: np.inf},
        "hardsigmoid": {-3.0: 0.0, 3.0: 0.0},
        "exp": {},
        "softsign": {},
    }.items(),
)
def test_singular_points_of_functions_of_one_number(name, points):
    assert {float(s.point[0]): float(s.derivatives[0]) for s in singular_points(table[name])} == points


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("maximum", r"$`x_1 = x_2`$: $`\frac{1}{2}`$, $`\frac{1}{2}`$"),
        ("hypot", r"$`x_1 = x_2 = 0`$: $`0`$, $`0`$"),
        ("floor", r"$`x \in \mathbb{Z}`$: $`0`$"),
        ("rint", r"$`x \in \mathbb{Z} + \frac{1}{2}`$: $`0`$"),
        ("tan", r"$`x = \pm \frac{\pi}{2}`$: $`\infty`$"),
        ("max", r"$`x = (a, a)`$: $`(\frac{1}{2}, \frac{1}{2})`$"),
        ("norm2", r"$`x = (0, 0)`$: $`(0, 0)`$"),
        ("sorted_along", r"$`x = (a, a)`$: $`(\frac{1}{2}, \frac{1}{2})`$"),
    ],
)
def test_conventions_as_they_are_written(page, name, line):
    (row,) = re.findall(rf"^\| \*?`{name}\(.*", page, re.MULTILINE)
    assert line in row


def test_modes_tell_wrong_rules_from_right_ones():
    wrong = elementwise(np.sin, lambda y, x: np.sin(x), name="wrong")
    right = elementwise(np.sin, lambda y, x: np.cos(x), name="right")
    unfinished = elementwise(np.sin, lambda y, x: np.asarray(np.cos(np.asarray(x))), name="unfinished")
    assert modes(right) == (True, True, True, True)
    assert modes(wrong) == (False, False, True, False)
    assert not modes(unfinished).second
