"""Noise for training."""

from __future__ import annotations

from typing import Any

import autodiff as ad
from nn import checks, functional
from nn.module import Module
from nn.random import Rng, generator


class _Dropout(Module):
    """What is dropped with a probability."""

    def __init__(self, p: float = 0.5, inplace: bool = False, *, rng: Rng = None) -> None:
        self.p = checks.fraction(type(self).__name__, "p", p)
        self.inplace = inplace
        self.rng = None if rng is None else generator(rng)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    r"""Noise for training: :math:`y_i = m_i x_i / (1 - p)`, with :math:`m_i` 0 with probability p, else 1.

    In evaluation mode it does nothing.  Srivastava et al., "Dropout: a simple way to prevent neural networks from
    overfitting" (2014).

    Parameters
    ----------
    p : float
        How probable it is that a number is dropped, from 0 to 1.
    inplace : bool
        PyTorch's; changes nothing here.
    rng : Generator or int, optional

    Raises
    ------
    ValueError
        If p is not a probability.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.Dropout(0.5, rng=0)(ad.ones(4))
    Tensor([2., 0., 0., 0.])
    >>> nn.Dropout(0.5).eval()(ad.ones(4))
    Tensor([1., 1., 1., 1.])
    """

    def forward(self, input: Any) -> ad.Tensor:
        return functional.dropout(input, self.p, self.training, rng=self.rng)


class Dropout2d(_Dropout):
    r"""Noise for training, by channels: :math:`y_{n c \dots} = m_{n c} \, x_{n c \dots} / (1 - p)`.

    With one :math:`m_{n c}` for each channel of each sample, 0 with probability p, else 1; x has shape (N, C, H, W) or
    (N, C, L).  In evaluation mode it does nothing.  Tompson et al., "Efficient object localization using convolutional
    networks" (2015).

    Parameters
    ----------
    p : float
        How probable it is that a channel is dropped, from 0 to 1.
    inplace : bool
        PyTorch's; changes nothing here.
    rng : Generator or int, optional

    Raises
    ------
    ValueError
        If p is not a probability, or it is called with another number of axes.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.Dropout2d(0.5, rng=0)(ad.ones((1, 3, 2)))
    Tensor([[[2., 2.],
             [0., 0.],
             [0., 0.]]])
    """

    def forward(self, input: Any) -> ad.Tensor:
        return functional.dropout2d(input, self.p, self.training, rng=self.rng)
