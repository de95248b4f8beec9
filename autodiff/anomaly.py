"""Looking for trouble: where a NaN or an infinity was first made, and which arrays changed behind the graph's back."""

from __future__ import annotations

import linecache
import sys
import zlib
from typing import Any, Self

import numpy as np

from autodiff.batching import Batch
from autodiff.graph import Node, shapes_of
from autodiff.op import Parts
from autodiff.recording import Level, state

#: Whose lines are not the user's: this distribution's packages, and NumPy.
_LIBRARIES = {"autodiff", "nn", "numpy"}


class detect_anomaly(Level):  # noqa: N801 - PyTorch's name
    """A context, or a decorator, in which every recorded operation and every derivative is looked at.

    Raises
    ------
    RuntimeError
        Where a NaN or an infinity is made, forwards or backwards, that no argument had; where an argument that was not
        computed is NaN; and where `backward` finds that an array was changed after an operation had used it.  The error
        names the operation, its shapes and the line that called it.

    Notes
    -----
    Every array is read once more: for finding a mistake, not for every day.  An infinity that was given is not an error
    (masks are made of them), a NaN is.  What is not recorded is not looked at: operations on tensors that require no
    gradient, or under `no_grad`.

    Examples
    --------
    >>> import autodiff as ad
    >>> x = ad.Tensor([1.0, 0.0], requires_grad=True, name="x")
    >>> with ad.detect_anomaly():
    ...     ad.log(x)
    Traceback (most recent call last):
    RuntimeError: log() made -inf, in 1 of 2 elements, first at index (1,); arguments: 'x' of shape (2,), there 0.0; ...
    """

    def __enter__(self) -> Self:
        outer = state.get()
        state.set((_WATCH if outer[0] else outer[0], outer[1], outer, _WATCH))
        return self


class _Watch:
    """Looks at what is recorded and what is derived."""

    def made(self, node: Node) -> None:
        """An operation was recorded."""
        line = _users_line()
        node._extra = {"line": line, "seen": tuple(map(_checksum, node._values)), **(node._extra or {})}
        bad = _first_bad(node._value)
        if bad is None:
            return
        kind, where, count, size = bad
        for i, (x, value) in enumerate(zip(node._inputs, node._values, strict=True)):
            given = _first_bad(value)
            if given is not None and (np.isnan(given[0]) or not np.isnan(kind)):
                if (x is None or x._op is None) and np.isnan(given[0]):
                    raise RuntimeError(
                        f"{_called(node)} was given a NaN, in {given[2]} of {given[3]} elements of argument {i + 1}, "
                        f"{_argument(x, value, given[1])}; {line}"
                    )
                return
        raise RuntimeError(
            f"{_called(node)} made {kind}, in {count} of {size} elements, first at index {where}; "
            f"arguments: {_arguments(node, where)}; {line}"
        )

    def used(self, node: Node) -> None:
        """A derivative of a recorded operation is about to be computed."""
        if node._extra is None or "seen" not in node._extra:
            return
        for i, (x, value) in enumerate(zip(node._inputs, node._values, strict=True)):
            if _checksum(value) != node._extra["seen"][i]:
                raise RuntimeError(
                    f"argument {i + 1} of {_called(node)}, {_argument(x, value)}, was changed after it had been used, "
                    f"and not through a Tensor; {node._extra['line']}"
                )

    def derived(self, node: Node, given: Any, found: Any, pulled: Any) -> None:
        """A derivative of a recorded operation was computed of `given`, a gradient or tangents.

        It was `pulled` before a broadcast was undone.
        """
        bad = _first_bad(found)
        if bad is None or _first_bad(given) is not None:
            return
        kind, where, count, size = bad
        line = (node._extra or {}).get("line", "run the forward pass inside detect_anomaly(), too, to see its line")
        raise RuntimeError(
            f"the derivative of {_called(node)} made {kind}, in {count} of {size} elements, first at index {where}; "
            f"arguments: {_arguments(node, where)}; {line}"
        )


_WATCH = _Watch()


def _numbers(value: Any) -> list[Any]:
    """The arrays of a value, a gradient, or several."""
    if isinstance(value, Parts):
        return [array for part in value if part is not None for array in _numbers(part)]
    if isinstance(value, Node):
        return _numbers(value._value)
    return _numbers(value.stacked) if isinstance(value, Batch) else [np.asarray(value)]


def _first_bad(value: Any) -> tuple[Any, tuple[int, ...], int, int] | None:
    """The first NaN, else the first infinity; where it is; how many there are, among how many elements."""
    for array in _numbers(value):
        if array.dtype.kind in "fc" and not np.isfinite(array).all():
            bad = np.isnan(array) if np.isnan(array).any() else ~np.isfinite(array)
            where = tuple(int(i) for i in np.argwhere(bad)[0])
            return array[where], where, int(bad.sum()), array.size
    return None


def _checksum(value: Any) -> int:
    return zlib.crc32(b"".join(np.ascontiguousarray(array).tobytes() for array in _numbers(value)))


def _called(node: Node) -> str:
    assert node._op is not None
    scope = " / ".join(node._scope)
    return f"{node._op.name}()" + (f" in {scope}" if scope else "")


def _arguments(node: Node, where: tuple[int, ...]) -> str:
    return ", ".join(_argument(x, value, where) for x, value in zip(node._inputs, node._values, strict=True))


def _argument(x: Node | None, value: Any, where: tuple[int, ...] | None = None) -> str:
    """An argument by its name and shape, with its value at the place that matters."""
    named = f"{x.name!r} of " if x is not None and x.name else ""
    text = f"{named}shape {shapes_of(value)}"
    if where is None or isinstance(value, Parts):
        return text
    shape = np.shape(value)
    lead = len(where) - len(shape)  # the place in what was broadcast
    index = tuple(0 if n == 1 else i for i, n in zip(where[max(lead, 0) :], shape, strict=False))
    inside = len(index) == len(shape) and all(i < n for i, n in zip(index, shape, strict=True))
    return f"{text}, there {np.asarray(value)[index]}" if inside else text


def _users_line() -> str:
    """The line that called an operation, the innermost one outside of the libraries."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _LIBRARIES:
        frame = frame.f_back
    code = frame.f_code
    text = linecache.getline(code.co_filename, frame.f_lineno).strip()
    return f"{code.co_filename}:{frame.f_lineno}, in {code.co_name}" + (f": {text}" if text else "")
