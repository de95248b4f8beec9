"""Values as Python source that gives them back, to the last bit."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.op import Array


def numbers(x: Array) -> str:
    """The arguments that give an array back, all of its digits and its dtype."""
    if 0 in x.shape:
        return f"np.zeros({x.shape}, {str(x.dtype)!r})"
    natural = x.dtype in (np.float64, np.complex128, np.int64, np.bool)
    text = _named(repr(x.tolist()))
    return text if natural else f"{text}, dtype={str(x.dtype)!r}"


def array_source(x: Array) -> str:
    """An expression for an array."""
    return numbers(x) if 0 in x.shape else f"np.array({numbers(x)})"


def source(value: Any, array: Callable[[Array], str] = array_source) -> str:
    """An expression for a value, or for a dict, list or tuple of them; `array` says how arrays are written."""
    if isinstance(value, np.ndarray):
        return array(value)
    if isinstance(value, np.dtype):
        return f"np.dtype({str(value)!r})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {source(part, array)}' for key, part in value.items())}}}"
    if isinstance(value, (tuple, list)):
        parts = ", ".join(source(part, array) for part in value)
        return f"[{parts}]" if isinstance(value, list) else f"({parts}{',' * (len(value) == 1)})"
    if isinstance(value, (float, complex, np.inexact)):
        return _named(repr(value))
    return repr(value)


def _named(text: str) -> str:
    """Numbers that have no literal, by their names."""
    return re.sub(r"(?<![\w.])(nan|inf)", r"np.\1", text)
