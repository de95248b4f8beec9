"""The program that lays out is found wherever it is; where there is none, or it fails, the error says what helps."""

import importlib.metadata
import os
import stat
import sys
import sysconfig

import pytest

from autodiff.drawing import layout

PYTHON = sys.executable
SOURCE = "digraph { a -> b }"
posix = pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script that a POSIX system can run")


def stand_in(path, code):
    """A program, written in Python, in place of the real one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{PYTHON}\n{code}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """A machine on which nothing is installed."""
    monkeypatch.setattr(sysconfig, "get_path", lambda *_: str(tmp_path / "scripts"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))

    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "files", missing)
    return tmp_path


def test_the_wheel_is_found_without_a_path(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert layout.find("svg").stem == "graphviz-pure"
    assert layout.render(SOURCE, "svg").startswith(b"<?xml")
    assert layout.render(SOURCE, "png").startswith(b"\x89PNG")


def test_the_wheel_is_found_by_its_own_list_of_files(monkeypatch, tmp_path):
    monkeypatch.setattr(sysconfig, "get_path", lambda *_: str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", "")
    assert layout.find("svg").stem == "graphviz-pure"


@pytest.mark.parametrize("place", ["scripts/graphviz-pure", "scripts/graphviz-pure.exe", "bin/graphviz-pure"])
def test_the_wheel_is_found_beside_the_scripts(nowhere, place):
    program = stand_in(nowhere / place, "")
    assert layout.find("png") == program


@posix
def test_programs_are_found_on_the_path(nowhere):
    dot = stand_in(nowhere / "path" / "dot", "")
    assert layout.find("svg") == dot  # the wheel is missing
    pure = stand_in(nowhere / "path" / "graphviz-pure", "")
    assert layout.find("svg") == pure
    assert layout.find("svg", "dot") == dot
    assert layout.find("pdf") == dot


MISSING = {
    ("svg", None): ["lays out svg", "pip install graphviz-pure", "install Graphviz"],
    ("png", "graphviz-pure"): ["lays out png", "pip install graphviz-pure"],
    ("svg", "dot"): ["lays out svg", "install Graphviz"],
    ("pdf", None): ["lays out pdf", "install Graphviz"],
    ("pdf", "graphviz-pure"): ["svg and png, not pdf", "engine='dot'"],
}


@pytest.mark.parametrize(("format", "engine"), MISSING)
def test_errors_say_what_to_install(nowhere, format, engine):
    with pytest.raises(RuntimeError) as error:
        layout.find(format, engine)
    for words in (*MISSING[format, engine], ".source", ".save('x.dot')"):
        assert words in str(error.value)
    assert ("pip install" in str(error.value)) == (format != "pdf" and engine != "dot")


def test_what_the_program_says_is_in_the_error():
    with pytest.raises(RuntimeError, match=r"(?s)graphviz-pure.* failed with exit code 1 .*syntax error") as error:
        layout.render("digraph {", "svg")
    assert ".source" in str(error.value)


@posix
@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise SystemExit('no fonts')", "exit code 1 and said: no fonts"),
        ("import sys; sys.stderr.write('Warning: a\\nError: b\\n'); sys.exit(3)", "exit code 3 and said: Error: b"),
        ("", "exit code 0 and said: nothing"),
        ("import os; os.abort()", "said: nothing"),
        ("import time; time.sleep(60)", "did not finish in 0.5 s"),
    ],
)
def test_a_program_that_fails(nowhere, monkeypatch, code, words):
    monkeypatch.setattr(layout, "PATIENCE", 0.5 if "sleep" in code else 60)
    stand_in(nowhere / "scripts" / "graphviz-pure", code)
    with pytest.raises(RuntimeError) as error:
        layout.render(SOURCE, "svg")
    assert words in str(error.value)


@posix
def test_a_program_that_cannot_be_run(nowhere):
    program = nowhere / "scripts" / "graphviz-pure"
    program.parent.mkdir()
    program.write_bytes(b"MZ for another system")
    with pytest.raises(RuntimeError, match="cannot be run"):
        layout.render(SOURCE, "svg")


def test_a_large_bitmap_is_scaled_down():
    chain = " -> ".join(f"n{i}" for i in range(400))
    png = layout.render(f"digraph {{ rankdir=LR; {chain} }}", "png")
    width = int.from_bytes(png[16:20])
    assert 14_000 <= width <= 15_000
