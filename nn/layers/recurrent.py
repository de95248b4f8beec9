"""Recurrent layers: one step after another, along a sequence."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from itertools import repeat
from typing import Any, ClassVar

import numpy as np

import autodiff as ad
from nn import checks, functional, init
from nn.functional.recurrent import gru_cell, gru_gates, lstm_cell, lstm_gates, lstm_hidden
from nn.module import Module, Parameter
from nn.random import Rng, generator


class _Recurrent(Module):
    """What the layers have in common: parameters by their names, layers on layers, both directions.

    A subclass says what one step computes.
    """

    #: How many rows of the weights stand for one hidden number.
    _gates: ClassVar[int] = 1
    #: Whether a gate acts on what the state adds, its bias included, before the input's part comes to it.
    _apart: ClassVar[bool] = False
    #: How many tensors a state is.
    _states: ClassVar[int] = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        *,
        dtype: Any = np.float32,
        rng: Rng = None,
    ) -> None:
        kind = type(self).__name__
        self.input_size = checks.count(kind, "input_size", input_size)
        self.hidden_size = checks.count(kind, "hidden_size", hidden_size)
        self.num_layers = checks.count(kind, "num_layers", num_layers)
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = checks.fraction(kind, "dropout", dropout)
        self.bidirectional = bidirectional
        self.proj_size = checks.size(kind, "proj_size", proj_size)
        if proj_size >= hidden_size:
            raise ValueError(f"{kind}: proj_size is less than hidden_size={hidden_size}, got {proj_size}")
        if dropout and num_layers == 1:
            warnings.warn(f"{kind}: dropout={dropout} is between layers, and num_layers is 1", stacklevel=3)
        self.rng = None if rng is None else generator(rng)
        rows, width = self._gates * hidden_size, proj_size or hidden_size
        for layer in range(num_layers):
            inner = input_size if layer == 0 else width * (1 + bidirectional)
            for suffix in self._suffixes(layer):
                shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, inner), "weight_hh": (rows, width)}
                if bias:
                    shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
                if proj_size:
                    shapes["weight_hr"] = (proj_size, hidden_size)
                for name, shape in shapes.items():
                    setattr(self, name + suffix, Parameter(np.zeros(shape, dtype)))
        self.reset_parameters(rng=self.rng)

    def _suffixes(self, layer: int) -> list[str]:
        """What the names of a layer's parameters end in, for each direction."""
        return [f"_l{layer}{direction}" for direction in ("", "_reverse")[: 1 + self.bidirectional]]

    def reset_parameters(self, *, rng: Rng = None) -> None:
        """Draw the initial values anew."""
        rng = generator(rng)
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound, rng=rng)

    def _step(self, x: ad.Tensor, state: tuple[ad.Tensor, ...], weight: Any, bias: Any, project: Any) -> Any:
        """The next state, of what the input adds to the gates, and the last state."""
        raise NotImplementedError

    def _along(self, x: ad.Tensor, state: tuple[ad.Tensor, ...], suffix: str) -> tuple[ad.Tensor, Any]:
        """What one layer gives along a sequence (T, N, in) in one direction: all hidden states, and the last state."""
        names = ("weight_ih", "bias_ih", "weight_hh", "bias_hh", "weight_hr")
        inner, offset, weight, bias, project = (vars(self).get(name + suffix) for name in names)
        if bias is not None and not self._apart:
            offset, bias = offset + bias, None
        steps = ad.unstack(functional.linear(x, inner, offset))
        back = suffix.endswith("_reverse")
        hidden = []
        for step in reversed(steps) if back else steps:
            state = self._step(step, state, weight, bias, project)
            hidden.append(state[0])
        return ad.stack(hidden[::-1] if back else hidden), state

    def _run(self, input: Any, states: tuple[Any, ...]) -> tuple[ad.Tensor, list[ad.Tensor]]:
        """What the last layer gives, and the last states of all layers and directions, side by side."""
        x = checks.floats(type(self).__name__, input)
        if x.ndim not in (2, 3) or x.shape[-1] != self.input_size:
            many = "(N, T, {})" if self.batch_first else "(T, N, {})"
            shapes = f"{many.format(self.input_size)} or (T, {self.input_size})"
            raise ValueError(f"{self!r} takes shape {shapes}, got {x.shape}")
        batched = x.ndim == 3
        if not batched:
            x = ad.expand_dims(x, 1)
        elif self.batch_first:
            x = ad.swapaxes(x, 0, 1)
        if not x.shape[0]:
            raise ValueError(f"{self!r} takes a sequence of at least one step, got shape {np.shape(input)}")
        first = self._first(states, x, batched)
        last: list[tuple[ad.Tensor, ...]] = []
        for layer in range(self.num_layers):
            if layer and self.dropout:
                x = functional.dropout(x, self.dropout, self.training, rng=self.rng)
            both = []
            for suffix in self._suffixes(layer):
                y, state = self._along(x, tuple(s[len(last)] for s in first), suffix)
                both.append(y)
                last.append(state)
            x = ad.concat(both, axis=-1) if self.bidirectional else both[0]
        ends = [ad.stack(parts) for parts in zip(*last, strict=True)]
        if not batched:
            return ad.squeeze(x, 1), [ad.squeeze(end, 1) for end in ends]
        return ad.swapaxes(x, 0, 1) if self.batch_first else x, ends

    def _first(self, states: tuple[Any, ...], x: ad.Tensor, batched: bool) -> list[tuple[ad.Tensor, ...]]:
        """The states to begin with, by layers and directions: those given, or 0."""
        n = self.num_layers * (1 + self.bidirectional)
        widths = (self.proj_size or self.hidden_size, self.hidden_size)[: self._states]
        if not states:
            return [tuple(repeat(ad.zeros((x.shape[1], width), dtype=x.dtype), n)) for width in widths]
        found = []
        for name, state, width in zip("hc", states, widths, strict=False):
            expected = (n, x.shape[1], width) if batched else (n, width)
            if np.shape(state) != expected:
                raise ValueError(f"{self!r}: the first state {name} has shape {expected}, got {np.shape(state)}")
            state = ad.astype(ad.asarray(state), x.dtype)
            found.append(tuple(ad.unstack(state if batched else ad.expand_dims(state, 1))))
        return found

    def extra_repr(self) -> str:
        shown = f"{self.input_size}, {self.hidden_size}"
        usual = {
            "proj_size": 0,
            "num_layers": 1,
            "bias": True,
            "batch_first": False,
            "dropout": 0,
            "bidirectional": False,
        }
        for name, value in usual.items():
            if (own := getattr(self, name)) != value:
                shown += f", {name}={own}"
        return shown


class RNN(_Recurrent):
    r"""Elman's network: :math:`h_t = \tanh(W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} + b_{hh})`.

    Where x has shape (T, N, in), (N, T, in) with `batch_first`, or (T, in); h (N, hidden) for each t.  It gives all
    :math:`h_t` of the last layer, of shape (T, N, hidden), with both directions side by side, and the last h of all
    layers and directions, of shape (layers · directions, N, hidden).  All parameters start from
    :math:`U(-1/\sqrt{\text{hidden}}, 1/\sqrt{\text{hidden}})`, as PyTorch's do.

    Parameters
    ----------
    input_size, hidden_size : int
    num_layers : int
        How many layers there are, each fed with the h of the one before.
    nonlinearity : {"tanh", "relu"}
    bias : bool
        Whether there are :math:`b_{ih}` and :math:`b_{hh}`.
    batch_first : bool
        Whether x and what it gives have their samples on the first axis, and time on the second.
    dropout : float
        How probable it is in training that a number between two layers is dropped.
    bidirectional : bool
        Whether each layer also goes from the end to the beginning, with parameters of its own.
    dtype : dtype
        Of the parameters.
    rng : Generator or int, optional
        Where the initial values come from, and what is dropped.

    Raises
    ------
    ValueError
        If a number is too small or large, or it is called with what does not fit.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> y, h = nn.RNN(3, 4, bidirectional=True)(ad.zeros((5, 2, 3), dtype=ad.float32))
    >>> y.shape, h.shape
    ((5, 2, 8), (2, 2, 4))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        dtype: Any = np.float32,
        rng: Rng = None,
    ) -> None:
        self.nonlinearity = checks.one_of("RNN", "nonlinearity", nonlinearity, ("tanh", "relu"))
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, dtype=dtype, rng=rng
        )

    def _step(self, x: ad.Tensor, state: tuple[ad.Tensor, ...], weight: Any, bias: Any, project: Any) -> Any:
        total = functional.linear(state[0], weight, x)
        return (ad.tanh(total) if self.nonlinearity == "tanh" else ad.relu(total),)

    def forward(self, input: Any, hx: Any = None) -> tuple[ad.Tensor, ad.Tensor]:
        y, (h,) = self._run(input, () if hx is None else (hx,))
        return y, h


class LSTM(_Recurrent):
    r"""Long short-term memory: :math:`c_t = f \odot c_{t-1} + i \odot g, \; h_t = o \odot \tanh c_t`.

    Where :math:`i, f, o = \sigma(\dots)` and :math:`g = \tanh(\dots)` of the four parts of :math:`W_{ih} x_t + b_{ih} +
    W_{hh} h_{t-1} + b_{hh}`, in the order i, f, g, o.  x has shape (T, N, in), (N, T, in) with `batch_first`, or (T,
    in); h and c have (N, hidden) for each t.  It gives all :math:`h_t` of the last layer, of shape (T, N, hidden), with
    both directions side by side, and the last h and c of all layers and directions, of shape (layers · directions, N,
    hidden).  All parameters start from :math:`U(-1/\sqrt{\text{hidden}}, 1/\sqrt{\text{hidden}})`, as PyTorch's do.
    Hochreiter and Schmidhuber, "Long short-term memory" (1997).

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, dtype, rng
        As for :class:`RNN`.
    proj_size : int
        If it is not 0, h is made so short by one more matrix: :math:`h_t = W_{hr} (o \odot \tanh c_t)`.

    Raises
    ------
    ValueError
        If a number is too small or large, or it is called with what does not fit.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> y, (h, c) = nn.LSTM(3, 4, num_layers=2)(ad.zeros((5, 2, 3), dtype=ad.float32))
    >>> y.shape, h.shape, c.shape
    ((5, 2, 4), (2, 2, 4), (2, 2, 4))
    """

    _gates = 4
    _states = 2

    def _step(self, x: ad.Tensor, state: tuple[ad.Tensor, ...], weight: Any, bias: Any, project: Any) -> Any:
        h, c = state
        gates = lstm_gates(functional.linear(h, weight, x))
        c = lstm_cell(gates, c)
        h = lstm_hidden(gates, c)
        return h if project is None else functional.linear(h, project), c

    def forward(self, input: Any, hx: Sequence[Any] | None = None) -> tuple[ad.Tensor, tuple[ad.Tensor, ad.Tensor]]:
        if hx is not None and (not isinstance(hx, (tuple, list)) or len(hx) != 2):
            raise TypeError(f"{self!r}: the first state is a pair (h, c), got {type(hx).__name__}")
        y, (h, c) = self._run(input, () if hx is None else tuple(hx))
        return y, (h, c)


class GRU(_Recurrent):
    r"""Gated recurrent unit: :math:`h_t = (1 - z) \odot n + z \odot h_{t-1}`.

    Where :math:`r, z = \sigma(\dots)` of two of the three parts of :math:`W_{ih} x_t + b_{ih} + W_{hh} h_{t-1} +
    b_{hh}`, in the order r, z, n, and of the third :math:`n = \tanh(W_{in} x_t + b_{in} + r \odot (W_{hn} h_{t-1} +
    b_{hn}))`.  Shapes, results and initial values are those of :class:`RNN`.  Cho et al., "Learning phrase
    representations using RNN encoder-decoder" (2014).

    Parameters
    ----------
    input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, dtype, rng
        As for :class:`RNN`.

    Raises
    ------
    ValueError
        If a number is too small or large, or it is called with what does not fit.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> y, h = nn.GRU(3, 4, batch_first=True)(ad.zeros((2, 5, 3), dtype=ad.float32))
    >>> y.shape, h.shape
    ((2, 5, 4), (1, 2, 4))
    """

    _gates = 3
    _apart = True

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        dtype: Any = np.float32,
        rng: Rng = None,
    ) -> None:
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, dtype=dtype, rng=rng
        )

    def _step(self, x: ad.Tensor, state: tuple[ad.Tensor, ...], weight: Any, bias: Any, project: Any) -> Any:
        (h,) = state
        return (gru_cell(gru_gates(x, functional.linear(h, weight, bias)), h),)

    def forward(self, input: Any, hx: Any = None) -> tuple[ad.Tensor, ad.Tensor]:
        y, (h,) = self._run(input, () if hx is None else (hx,))
        return y, h
