"""Which trees are alike: made of the same names by the same operations."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.formulas.symbols import Symbol, name_of


class Likeness:
    """Gives numbers to trees, alike trees the same one.

    Examples
    --------
    >>> x = Symbol("x", 2.0)
    >>> alike = Likeness()
    >>> alike(x * x + 1) == alike(x * x + 1), alike(x) == alike(Symbol("x", 2.0))
    (True, False)
    """

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}
        self._known: dict[int, tuple[Symbol, int]] = {}  # a tree is kept, so that its id stays its own

    def __call__(self, x: Any) -> int:
        if not isinstance(x, Symbol):
            return self._numbered(self._key(x))
        if id(x) not in self._known:
            self._known[id(x)] = x, self._numbered(self._key(x))
        return self._known[id(x)][1]

    def _numbered(self, key: Any) -> int:
        return self._numbers.setdefault(key, len(self._numbers))

    def _key(self, x: Any) -> Any:
        if isinstance(x, Symbol):
            if x.of is None:
                return ("name", id(x))
            return (name_of(x.of), tuple(map(self, x.args)), tuple((k, self(v)) for k, v in sorted(x.params.items())))
        if isinstance(x, (list, tuple)):
            return (type(x).__name__, *map(self, x))
        if isinstance(x, (np.ndarray, np.generic)):
            return (x.shape, x.dtype.str, x.tobytes())
        return (type(x).__name__, repr(x))
