"""Files that are there whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path


def write_by_suffix(path: str | os.PathLike[str], makers: Mapping[str, Callable[[], bytes]], what: str) -> Path:
    """Write what belongs to a path's suffix, to a temporary file first, which then takes the place of the old one.

    Parameters
    ----------
    path : str or path
    makers : mapping
        For each suffix what makes the content: it is called before anything is written.
    what : str
        What is saved, for the error.

    Raises
    ------
    ValueError
        If the suffix is none of those.
    FileNotFoundError
        If there is no such folder.
    """
    path = Path(path)
    make = makers.get(path.suffix.lower())
    if make is None:
        raise ValueError(f"{what} is saved as one of {' '.join(makers)}, got {path.name!r}")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {str(path.parent)!r} to save {path.name!r} in")
    content = make()
    temporary = path.with_name(f".{os.urandom(8).hex()}{path.suffix}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
