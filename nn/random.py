"""Where random numbers come from: a generator that is given, a seed, or the default."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad

#: What `rng=` takes.
Rng = Any

_default: np.random.Generator | None = None


def manual_seed(seed: int) -> np.random.Generator:
    """Seed the generator that everything uses that is given none; returns it.

    Examples
    --------
    >>> import nn
    >>> _ = nn.manual_seed(0)
    >>> nn.Linear(1, 1, bias=False).weight
    Tensor([[0.27392337]], dtype=float32, requires_grad=True, name='weight')
    """
    global _default
    _default = np.random.default_rng(seed)
    return _default


def generator(rng: Rng = None) -> np.random.Generator:
    """A generator: the one given, a new one from a seed, or (None) the default.

    Raises
    ------
    TypeError
        If it is none of these.
    """
    global _default
    if isinstance(rng, np.random.Generator):
        return ad.replayable(rng)
    if rng is None:
        if _default is None:
            _default = np.random.default_rng()
        return ad.replayable(_default)
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool):
        return np.random.default_rng(rng)
    raise TypeError(f"rng is a numpy.random.Generator, a seed or None, got {type(rng).__name__}")
