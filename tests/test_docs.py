"""The pages that the project writes itself are those that it would write now."""

import re
import runpy
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
_NUMBER = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs")
    runpy.run_path(str(DOCS / "make.py"))["make"](folder)
    return folder


def rounded(text):
    """A page with its numbers to ten digits: the last ones may differ from one processor to the next."""
    return _NUMBER.sub(lambda found: f"{float(found[0]):.10g}", text)


def test_every_page_is_there(made):
    assert {p.relative_to(made) for p in made.rglob("*.*")} == {
        p.relative_to(DOCS) for p in (DOCS / "lessons").rglob("*.*")
    }


@pytest.mark.parametrize("page", sorted(p.name for p in (DOCS / "lessons").glob("*.*")))
def test_a_page_is_fresh(made, page):
    wanted, found = (rounded((folder / "lessons" / page).read_text(encoding="utf-8")) for folder in (DOCS, made))
    assert found == wanted, f"docs/lessons/{page} is stale: python docs/make.py writes it"
