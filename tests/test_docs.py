"""The pages that the project writes itself are those that it would write now."""

import re
import runpy
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"
_NUMBER = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?")


def rounded(path):
    """A page with its numbers to ten digits: the last ones may differ from one processor to the next."""
    return _NUMBER.sub(lambda found: f"{float(found[0]):.10g}", path.read_text(encoding="utf-8"))


def test_the_lessons_are_fresh(tmp_path):
    runpy.run_path(str(DOCS / "make.py"))["make"](tmp_path)
    kept, made = ({p.name: p for p in (folder / "lessons").iterdir()} for folder in (DOCS, tmp_path))
    assert kept.keys() == made.keys()
    stale = [name for name in kept if rounded(kept[name]) != rounded(made[name])]
    assert not stale, f"python docs/make.py writes other lessons: {stale}"
