"""Whether operations are recorded, and under which names: a state of each thread and task."""

from __future__ import annotations

from contextlib import ContextDecorator
from contextvars import ContextVar
from typing import Self


class State:
    """One level of the recording state of a thread or task: a linked list, innermost first."""

    __slots__ = ("outer", "recording", "scope")

    def __init__(self, recording: bool, scope: tuple[str, ...], outer: State | None) -> None:
        self.recording = recording
        self.scope = scope
        self.outer = outer


state: ContextVar[State] = ContextVar("autodiff recording", default=State(True, (), None))  # noqa: B039 - immutable


class _Level(ContextDecorator):
    """A context in which the recording state differs; reusable, reentrant, per thread and per task."""

    def _next(self, outer: State) -> State:
        raise NotImplementedError

    def __enter__(self) -> Self:
        state.set(self._next(state.get()))
        return self

    def __exit__(self, *error: object) -> None:
        outer = state.get().outer
        assert outer is not None
        state.set(outer)


class no_grad(_Level):  # noqa: N801 - PyTorch's name
    """A context, or a decorator, in which nothing is recorded: results require no gradient.

    Examples
    --------
    >>> import autodiff as ad
    >>> x = ad.Tensor(2.0, requires_grad=True)
    >>> with ad.no_grad():
    ...     y = x * x
    >>> y.requires_grad
    False
    """

    def _next(self, outer: State) -> State:
        return State(False, outer.scope, outer)


class enable_grad(_Level):  # noqa: N801 - PyTorch's name
    """A context, or a decorator, in which operations are recorded, even inside `no_grad`."""

    def _next(self, outer: State) -> State:
        return State(True, outer.scope, outer)


class name_scope(_Level):  # noqa: N801 - a context manager like no_grad
    """A context whose name is kept with everything that is recorded in it; drawings show it as a frame.

    Examples
    --------
    >>> import autodiff as ad
    >>> x = ad.Tensor(2.0, requires_grad=True)
    >>> with ad.name_scope("cost"):
    ...     y = x * x
    >>> ad.graph(y).nodes[-1].scope
    ('cost',)
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def _next(self, outer: State) -> State:
        return State(outer.recording, (*outer.scope, self.name), outer)


def is_grad_enabled() -> bool:
    """Whether operations are being recorded, here and now."""
    return state.get().recording
