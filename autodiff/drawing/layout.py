"""From DOT to a picture: find a program that lays graphs out, and run it."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

#: The programs that lay out, by preference: the one that the wheel `graphviz-pure` installs, and a system's Graphviz.
ENGINES = ("graphviz-pure", "dot")

_PURE_FORMATS = ("svg", "png")
_HELP = "the DOT source needs no program: see .source, or save it with .save('x.dot')"


def render(source: str, format: str, engine: str | None = None) -> bytes:
    """Lay out a DOT program.

    Parameters
    ----------
    source : str
    format : {"svg", "png", "pdf"}
    engine : {"graphviz-pure", "dot"}, optional
        Which program; left out, the first one that is installed and knows the format.

    Raises
    ------
    RuntimeError
        If there is no such program, or if it fails: with what it said.
    """
    program = find(format, engine)
    command = [str(program), f"-T{format}", *(["-Gdpi=144"] if format == "png" else [])]
    try:
        done = subprocess.run(command, input=source.encode(), capture_output=True, check=False)
    except OSError as error:
        raise RuntimeError(f"{program} cannot be run: {error}; {_HELP}") from error
    if done.returncode or not done.stdout:
        said = done.stderr.decode(errors="replace").strip() or "nothing"
        raise RuntimeError(f"{program} failed with exit code {done.returncode} and said: {said}\n{_HELP}")
    return done.stdout


def find(format: str, engine: str | None = None) -> Path:
    """The program to lay out with.

    Raises
    ------
    RuntimeError
        If none is installed; the error says what to install.
    """
    finders = {"graphviz-pure": _find_pure, "dot": _find_dot}
    for name in ENGINES if engine is None else (engine,):
        if (name == "dot" or format in _PURE_FORMATS) and (program := finders[name]()) is not None:
            return program
    wanted = "pip install graphviz-pure" if format in _PURE_FORMATS and engine != "dot" else ""
    system = "install Graphviz (https://graphviz.org/download), so that its command dot is on the PATH"
    if engine == "graphviz-pure" and not wanted:
        raise RuntimeError(f"graphviz-pure writes {' and '.join(_PURE_FORMATS)}, not {format}: use engine='dot'; {_HELP}")
    advice = wanted if engine == "graphviz-pure" else f"{wanted}, or {system}" if wanted else system
    raise RuntimeError(f"no program was found that lays out {format}: {advice}; {_HELP}")


def _find_pure() -> Path | None:
    """The wheel's program: beside the running Python's scripts, where the wheel says, or on the PATH."""
    for folder in _script_folders():
        for name in ("graphviz-pure", "graphviz-pure.exe"):
            if (folder / name).is_file():
                return folder / name
    for file in _installed_files():
        if file.stem == "graphviz-pure" and file.is_file():
            return file
    return _on_path("graphviz-pure")


def _find_dot() -> Path | None:
    return _on_path("dot")


def _script_folders() -> Iterator[Path]:
    yield Path(sysconfig.get_path("scripts"))
    yield Path(sys.executable).parent
    yield Path(sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user")))


def _installed_files() -> list[Path]:
    try:
        files = importlib.metadata.files("graphviz-pure")
    except importlib.metadata.PackageNotFoundError:
        return []
    return [Path(str(file.locate())) for file in files or ()]


def _on_path(name: str) -> Path | None:
    found = shutil.which(name)
    return None if found is None else Path(found)
