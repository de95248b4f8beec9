"""Whether operations are recorded, and under which names: a state of each thread and task."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import ContextDecorator
from contextvars import ContextVar
from typing import Any, Self

#: Whether operations are recorded (False, True, or who watches what is recorded); the names of the scopes around them;
#: the level outside of this one; who watches, if anyone.
State = tuple[Any, tuple[str, ...], Any, Any]

state: ContextVar[State] = ContextVar("autodiff recording", default=(True, (), None, None))


class Level(ContextDecorator):
    """A context in which the recording state differs; reusable, reentrant, per thread and per task."""

    def __exit__(self, *error: object) -> None:
        state.set(state.get()[2])

    def __call__(self, function: Callable[..., Any]) -> Any:
        """The function, inside of this context.

        Raises
        ------
        TypeError
            For a generator or a coroutine function: its body runs later, and in turns with what is outside.
        """
        if inspect.isgeneratorfunction(function) or inspect.iscoroutinefunction(function):
            raise TypeError(
                f"{type(self).__name__} cannot decorate {function.__name__}(), which is left and entered again: "
                f"use `with` inside of it"
            )
        return super().__call__(function)


class no_grad(Level):  # noqa: N801 - PyTorch's name
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

    def __enter__(self) -> Self:
        outer = state.get()
        state.set((False, outer[1], outer, outer[3]))
        return self


class enable_grad(Level):  # noqa: N801 - PyTorch's name
    """A context, or a decorator, in which operations are recorded, even inside `no_grad`."""

    def __enter__(self) -> Self:
        outer = state.get()
        state.set((outer[3] or True, outer[1], outer, outer[3]))
        return self


class name_scope(Level):  # noqa: N801 - a context manager like no_grad
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
        self._name = name
        self._last: State = (True, (), None, None)  # the level that was entered last: it mostly is the next one, too

    def __enter__(self) -> Self:
        outer = state.get()
        level = self._last
        if level[2] is not outer:
            level = self._last = (outer[0], (*outer[1], self._name), outer, outer[3])
        state.set(level)
        return self


def is_grad_enabled() -> bool:
    """Whether operations are being recorded, here and now."""
    return bool(state.get()[0])
