"""Checkpoints: memory for time.  What a function computes on the way is thrown away, and computed again when needed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from autodiff.forward import push_forward
from autodiff.graph import Node, clock, history
from autodiff.op import Array, Parts, primitive
from autodiff.recording import enable_grad, is_grad_enabled
from autodiff.reverse import pull_back
from autodiff.rules.arithmetic import positive
from autodiff.tensor import Tensor, wrap
from autodiff.trees import leaves, rebuilt, tensors

#: A `numpy.random.Generator`; NumPy imports that module when it is first used, and so do we.
Generator = Any

#: The generators that the functions of the checkpoints underway draw from, with their states before.
_drawn: ContextVar[dict[Generator, Any] | None] = ContextVar("autodiff generators of a checkpoint", default=None)


def checkpoint(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    r"""The same :math:`f(x)`, of which nothing is kept but x and the result: `backward` computes f once more.

    Parameters
    ----------
    function : callable
        Of arrays, Tensors, or dicts, lists and tuples of them; it may use other Tensors (a module's parameters), too.
        It has to give the same result each time; see `replayable` for random numbers.
    *args, **kwargs
        What to call it with.  Without any, the function that calls it so is returned.

    Raises
    ------
    RuntimeError
        From `backward`, if the function gives something else the second time.

    Notes
    -----
    A chain of n steps in checkpoints of :math:`\sqrt n` steps each keeps about :math:`2 \sqrt n` values in place of n,
    and costs one more forward pass: T. Chen, B. Xu, C. Zhang, C. Guestrin, "Training Deep Nets with Sublinear Memory
    Cost", 2016, arXiv:1604.06174.

    Examples
    --------
    >>> import autodiff as ad
    >>> def block(x):
    ...     return ad.tanh(ad.exp(x) - 1)
    >>> ad.grad(lambda x: ad.checkpoint(block, x))(0.5) == ad.grad(block)(0.5)
    np.True_
    """
    if not callable(function):
        raise TypeError(f"checkpoint takes a function and what to call it with, got {type(function).__name__}")
    if not args and not kwargs:
        return functools.wraps(function)(functools.partial(_checkpointed, function))
    return _checkpointed(function, *args, **kwargs)


def replayable(generator: Generator) -> Generator:
    """The same generator of random numbers, which a checkpoint will set back to compute its function again.

    Examples
    --------
    >>> import autodiff as ad, numpy as np
    >>> rng = np.random.default_rng(0)
    >>> noisy = ad.checkpoint(lambda x: x * ad.replayable(rng).normal())
    >>> x = ad.Tensor(1.0, requires_grad=True)
    >>> y = noisy(x)
    >>> y.backward()
    >>> bool(x.grad == y)
    True
    """
    drawn = _drawn.get()
    if drawn is not None and generator not in drawn:
        drawn[generator] = generator.bit_generator.state
    return generator


def _checkpointed(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    if not is_grad_enabled():
        return function(*args, **kwargs)
    given = (args, kwargs)
    parts = leaves(given)
    places = [i for i, x in enumerate(parts) if isinstance(x, Tensor) and x.requires_grad]
    followed = [parts[i] for i in places]
    call = _Replay(function, given, places)
    result = call.first([wrap(x._value).requires_grad_() for x in followed])
    outputs = tensors(result)
    if not any(y.requires_grad for y in outputs):
        return result
    values = tuple(y._value for y in outputs) if len(outputs) > 1 else outputs[0]._value
    op = primitive(lambda *xs: values, call.pull, push=call.push, every=True, name="checkpoint")
    found = op(*followed, *call.outside)
    return rebuilt(result, found if isinstance(found, tuple) else (found,))


class _Replay:
    """A function that was called once and can be called again, with what it needs to give the same."""

    def __init__(self, function: Callable[..., Any], given: Any, places: list[int]) -> None:
        self.function = function
        self.places = places
        self.parts = [None if i in places else x for i, x in enumerate(leaves(given))]
        self.nesting = rebuilt(given, self.parts)
        self.drawn: dict[Generator, Any] = {}
        self.outside: list[Node] = []
        self.last: tuple[Any, dict[Node, Any], list[Node]] | None = None

    def first(self, stand_ins: list[Tensor]) -> Any:
        """The result; notes which other values took part, and which random numbers."""
        began = clock()
        token = _drawn.set(self.drawn)
        try:
            result = self._called(stand_ins)
        finally:
            _drawn.reset(token)
        if (outer := _drawn.get()) is not None:
            for generator, state in self.drawn.items():
                outer.setdefault(generator, state)
        outputs = tensors(result)
        ours = set(stand_ins)
        inside = [node for node in history(*outputs, check=False) if node._made > began]
        used = dict.fromkeys([*outputs, *(x for node in inside for x in node._inputs if x is not None)])
        self.outside = [x for x in used if x._requires_grad and x not in ours and (x._op is None or x._made <= began)]
        return result

    def _called(self, followed: Sequence[Any]) -> Any:
        parts = list(self.parts)
        for i, x in zip(self.places, followed, strict=True):
            parts[i] = x
        args, kwargs = rebuilt(self.nesting, parts)
        return self.function(*args, **kwargs)

    def again(self, xs: Sequence[Array], y: Array) -> tuple[list[Tensor], list[Tensor]]:
        """Stand-ins for what it was called with, and the outputs computed from them."""
        with enable_grad(), np.errstate(all="ignore"), self._same_numbers():
            followed = [_stand_in(x) for x in xs[: len(self.places)]]
            outputs = tensors(self._called(followed))
        expected = y if isinstance(y, tuple) else (y,)
        if len(outputs) != len(expected) or not all(map(_same, outputs, expected)):
            raise RuntimeError(
                f"checkpoint of {getattr(self.function, '__name__', 'a function')}: computed again, it gave another "
                f"result. A function in a checkpoint has to give the same each time: random numbers have to come "
                f"from autodiff.replayable(generator), and nothing that it reads may change before backward()"
            )
        return followed, outputs

    @contextmanager
    def _same_numbers(self) -> Iterator[None]:
        now = {generator: generator.bit_generator.state for generator in self.drawn}
        for generator, state in self.drawn.items():
            generator.bit_generator.state = state
        try:
            yield
        finally:
            for generator, state in now.items():
                generator.bit_generator.state = state

    def pull(self, i: int, g: Array, y: Array, *xs: Array) -> Array:
        """The gradient for one argument; that of all is computed when the first one is asked for."""
        last = self.last
        if last is None or last[0] is not g:
            followed, outputs = self.again(xs, y)
            stops: list[Node] = [*followed, *self.outside]
            seeds = g if isinstance(g, tuple) else (g,)
            record = any(isinstance(x, Tensor) for x in (*seeds, *xs))
            with enable_grad():
                pairs = [(out, seed) for out, seed in zip(outputs, seeds, strict=True) if seed is not None]
                last = self.last = g, pull_back(pairs, stops=stops, record=record), stops
        _, grads, stops = last
        if i == len(xs) - 1:
            self.last = None
        return grads[stops[i]] if stops[i] in grads else np.zeros_like(xs[i])

    def push(self, dxs: list[Array | None], y: Array, *xs: Array) -> Array:
        """The tangents of the outputs."""
        followed, outputs = self.again(xs, y)
        moving = {x: dx for x, dx in zip([*followed, *self.outside], dxs, strict=True) if dx is not None}
        record = any(isinstance(x, Tensor) for x in (*moving.values(), *xs))
        with enable_grad():
            found = push_forward(moving, outputs, record=record)
        dys = [np.zeros_like(out) if dy is None else dy for out, dy in zip(outputs, found, strict=True)]
        return Parts(dys) if isinstance(y, tuple) else dys[0]


def _stand_in(x: Array) -> Tensor:
    """A leaf in place of an array; in place of a Tensor, one that is joined to it."""
    return positive(x) if isinstance(x, Tensor) else wrap(x).requires_grad_()


def _same(output: Tensor, expected: Array) -> bool:
    was = expected._value if isinstance(expected, Tensor) else expected
    return output.dtype == was.dtype and np.array_equal(output._value, was, equal_nan=was.dtype.kind in "fc")
