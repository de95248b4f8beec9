"""How far vectors are from each other, and how much they point the same way."""

from __future__ import annotations

from typing import Any

import autodiff as ad
from nn import checks


def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> ad.Tensor:
    r"""Distance along the last axis: :math:`\lVert x_1 - x_2 + \varepsilon \rVert_p`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.pairwise_distance(ad.tensor([[0.0, 0.0]]), ad.tensor([[3.0, 4.0]]), eps=0.0)
    Tensor([5.])
    """
    checks.positive("pairwise_distance", "p", p)
    d = checks.floats("pairwise_distance", x1) - x2 + eps
    return ad.linalg.vector_norm(d, ord=p, axis=-1, keepdims=keepdim)


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> ad.Tensor:
    r"""Cosine of the angle along an axis: :math:`x_1 \cdot x_2 / (\max(|x_1|, \varepsilon) \max(|x_2|, \varepsilon))`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.cosine_similarity(ad.tensor([[3.0, 4.0]]), ad.tensor([[4.0, 3.0]]))
    Tensor([0.96])
    """
    a, b = checks.floats("cosine_similarity", x1), checks.floats("cosine_similarity", x2)
    lengths = (ad.maximum(ad.linalg.vector_norm(x, axis=dim), eps) for x in (a, b))
    return ad.sum(a * b, axis=dim) / ad.multiply(*lengths)
