"""Layers: what they compute, and what their parameters start as."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autodiff as ad
from nn import checks, functional, init
from nn.module import Module, Parameter
from nn.random import Rng, generator


class Linear(Module):
    r"""An affine map: :math:`y = x W^\top + b`.

    Where x has shape (…, in), W shape (out, in), b shape (out,) and y shape (…, out).  Both start from
    :math:`U(-1/\sqrt{\text{in}}, 1/\sqrt{\text{in}})`, as PyTorch's do.

    Parameters
    ----------
    in_features, out_features : int
    bias : bool
        Whether there is a b.
    dtype : dtype
        Of the parameters.
    rng : Generator or int, optional
        Where the initial values come from.

    Raises
    ------
    ValueError
        If what it is called with does not have `in_features` on its last axis.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> layer = nn.Linear(3, 4)
    >>> layer(ad.zeros((2, 3))).shape
    (2, 4)
    >>> layer(ad.zeros((2, 5)))
    Traceback (most recent call last):
    ...
    ValueError: Linear(in_features=3, out_features=4, bias=True) takes shape (..., 3), got (2, 5)
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, *, dtype: Any = np.float32, rng: Rng = None
    ) -> None:
        self.in_features = checks.size("Linear", "in_features", in_features)
        self.out_features = checks.size("Linear", "out_features", out_features)
        self.weight = Parameter(np.zeros((self.out_features, self.in_features), dtype))
        self.bias = Parameter(np.zeros(self.out_features, dtype)) if bias else None
        self.reset_parameters(rng=rng)

    def reset_parameters(self, *, rng: Rng = None) -> None:
        """Draw the initial values anew."""
        rng = generator(rng)
        init.kaiming_uniform_(self.weight, a=math.sqrt(5), rng=rng)
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features else 0.0
            init.uniform_(self.bias, -bound, bound, rng=rng)

    def forward(self, input: Any) -> ad.Tensor:
        try:
            return functional.linear(input, self.weight, self.bias)
        except ValueError as error:
            raise ValueError(f"{self!r} takes shape (..., {self.in_features}), got {np.shape(input)}") from error

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Dropout(Module):
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

    def __init__(self, p: float = 0.5, inplace: bool = False, *, rng: Rng = None) -> None:
        self.p = checks.fraction("Dropout", "p", p)
        self.inplace = inplace
        self.rng = None if rng is None else generator(rng)

    def forward(self, input: Any) -> ad.Tensor:
        return functional.dropout(input, self.p, self.training, rng=self.rng)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Flatten(Module):
    """Axes made one: those from `start_dim` to `end_dim`, both included.

    Parameters
    ----------
    start_dim, end_dim : int

    Raises
    ------
    ValueError
        If there are no such axes.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.Flatten()(ad.zeros((2, 3, 4))).shape
    (2, 12)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Any) -> ad.Tensor:
        return functional.flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Identity(Module):
    r"""Nothing: :math:`y = x`.

    Parameters
    ----------
    *args, **kwargs
        Anything, so that it can stand in for any layer.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.Identity(54, unused=True)(ad.ones(2))
    Tensor([1., 1.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def forward(self, input: Any) -> Any:
        return input
