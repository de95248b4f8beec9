"""From DOT to a picture: find a program that lays graphs out, and run it."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

#: Seconds after which the program is stopped.
PATIENCE = 120

#: Sharp on today's screens; what would be longer than 100 inches is scaled down: a bitmap must fit into memory.
_PNG = ("-Gdpi=144", "-Gsize=100,100")
_PURE_FORMATS = ("svg", "png")
_INSTALL = {
    "graphviz-pure": "pip install graphviz-pure",
    "dot": "install Graphviz, so that its command dot is on the PATH (https://graphviz.org/download)",
}
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
    command = [str(program), f"-T{format}", *(_PNG if format == "png" else ())]
    try:
        done = subprocess.run(command, input=source.encode(), capture_output=True, check=False, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{program} did not finish in {PATIENCE} s: draw a part of the graph; {_HELP}") from None
    except OSError as error:
        raise RuntimeError(f"{program} cannot be run: {error}; {_HELP}") from error
    if done.returncode or not done.stdout:
        said = done.stderr.decode(errors="replace").splitlines()
        errors = "\n".join([line for line in said if not line.startswith("Warning")][:10]) or "nothing"
        raise RuntimeError(f"{program} failed with exit code {done.returncode} and said: {errors}\n{_HELP}")
    return done.stdout


def find(format: str, engine: str | None = None) -> Path:
    """The program to lay out with.

    Raises
    ------
    RuntimeError
        If none is installed; the error says what to install.
    """
    finders = {"graphviz-pure": _find_pure, "dot": _find_dot}
    engines = [name for name in finders if engine in (None, name) and (name == "dot" or format in _PURE_FORMATS)]
    for name in engines:
        if (program := finders[name]()) is not None:
            return program
    if not engines:
        raise RuntimeError(
            f"graphviz-pure writes {' and '.join(_PURE_FORMATS)}, not {format}: use engine='dot'; {_HELP}"
        )
    advice = " or ".join(_INSTALL[name] for name in engines)
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
