"""Noise for training: numbers or channels dropped at random."""

from __future__ import annotations

from typing import Any

import autodiff as ad
from nn import checks
from nn.random import Rng, generator


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, *, rng: Rng = None) -> ad.Tensor:
    r"""Numbers dropped at random: :math:`y_i = m_i x_i / (1 - p)`, with :math:`m_i` 0 with probability p, else 1.

    Nothing happens if not `training`.  `inplace` is PyTorch's and changes nothing here.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.dropout(ad.ones(4), rng=0)
    Tensor([2., 0., 0., 0.])
    """
    x = input if isinstance(input, ad.Tensor) else ad.asarray(input)
    return _dropped("dropout", x, x.shape, p, training, rng)


def dropout2d(
    input: Any, p: float = 0.5, training: bool = True, inplace: bool = False, *, rng: Rng = None
) -> ad.Tensor:
    r"""Whole channels dropped at random: :math:`y_{n c \dots} = m_{n c} \, x_{n c \dots} / (1 - p)`.

    As :func:`dropout`, with one :math:`m_{n c}` for each channel of each sample; x has shape (N, C, H, W) or (N, C, L).

    Raises
    ------
    ValueError
        If x has another number of axes.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.dropout2d(ad.ones((1, 3, 2)), rng=0)
    Tensor([[[2., 2.],
             [0., 0.],
             [0., 0.]]])
    """
    x = input if isinstance(input, ad.Tensor) else ad.asarray(input)
    if x.ndim not in (3, 4):
        raise ValueError(f"dropout2d takes shape (N, C, H, W) or (N, C, L), got {x.shape}")
    return _dropped("dropout2d", x, (*x.shape[:2], *(1,) * (x.ndim - 2)), p, training, rng)


def _dropped(name: str, x: ad.Tensor, shape: tuple[int, ...], p: float, training: bool, rng: Rng) -> ad.Tensor:
    """Multiplied by noise of a shape."""
    checks.fraction(name, "p", p)
    if not training or p == 0:
        return x
    kept = generator(rng).random(shape) >= p
    return x * (kept * checks.floats(name, x).dtype.type(1 / (1 - p) if p < 1 else 0))
