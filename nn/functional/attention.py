"""Attention: means of values, weighted by how well keys fit a query."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autodiff as ad
from nn import checks
from nn.functional.dropout import dropout
from nn.random import Rng


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    *,
    rng: Rng = None,
) -> ad.Tensor:
    r"""Means of values by how well keys fit: :math:`y = \operatorname{softmax}(q k^\top / \sqrt{d} + m) \, v`.

    Where q has shape (…, L, d), k (…, S, d), v (…, S, e) and y (…, L, e).

    Parameters
    ----------
    query, key, value : array_like
        q, k and v.
    attn_mask : array_like, optional
        Which broadcasts to (…, L, S): booleans, False for what is not looked at; or numbers m, which are added.
    dropout_p : float
        How probable it is that a weight is dropped.
    is_causal : bool
        Whether query i looks at no key after the i-th.
    scale : float, optional
        What products are multiplied by, in place of :math:`1 / \sqrt{d}`.
    rng : Generator or int, optional

    Returns
    -------
    Tensor
        A query that may look at nothing gets 0.

    Raises
    ------
    ValueError
        If shapes do not fit.

    Notes
    -----
    Vaswani et al., "Attention is all you need" (2017).

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> q, k, v = ad.zeros((1, 2)), ad.ones((3, 2)), ad.tensor([[1.0], [2.0], [6.0]])
    >>> nn.functional.scaled_dot_product_attention(q, k, v)
    Tensor([[3.]])
    >>> nn.functional.scaled_dot_product_attention(q, k, v, [[True, True, False]])
    Tensor([[1.5]])
    """
    weights = attention_weights(query, key, attn_mask, is_causal, scale)
    if np.ndim(value) < 2 or np.shape(value)[-2] != weights.shape[-1]:
        raise ValueError(f"attention: the value has a row for each key, got shapes {np.shape(value)}, {np.shape(key)}")
    return ad.matmul(dropout(weights, dropout_p, rng=rng), value)


def attention_weights(
    query: Any, key: Any, mask: Any = None, is_causal: bool = False, scale: float | None = None
) -> ad.Tensor:
    """How much of each value every query takes: what :func:`scaled_dot_product_attention` multiplies values by."""
    q, k = np.shape(query), np.shape(key)
    if len(q) < 2 or len(k) < 2 or q[-1] != k[-1]:
        raise ValueError(f"attention: the query has shape (..., L, d), the key (..., S, d), got {q} and {k}")
    scores = ad.matmul(
        checks.floats("attention", query) * (1 / math.sqrt(q[-1]) if scale is None else scale), ad.matrix_transpose(key)
    )
    if is_causal and mask is None:  # every query looks at one key at least; to add costs half of what to choose does
        return ad.softmax(scores + np.triu(np.full((q[-2], k[-2]), -math.inf, scores.dtype), 1))
    allowed: Any = np.tri(q[-2], k[-2], dtype=bool) if is_causal else None
    if mask is not None:
        mask = mask if isinstance(mask, ad.Tensor) else np.asarray(mask)
        try:
            fits = np.broadcast_shapes(mask.shape, scores.shape) == scores.shape
        except ValueError:
            fits = False
        if not fits:
            raise ValueError(f"attention: attn_mask of shape {mask.shape} does not fit (..., L, S), {scores.shape}")
        if mask.dtype.kind == "b":
            mask = np.asarray(mask.data if isinstance(mask, ad.Tensor) else mask)
            allowed = mask if allowed is None else allowed & mask
        elif mask.dtype.kind == "f":
            finite = ~np.isneginf(mask.data if isinstance(mask, ad.Tensor) else mask)
            if not finite.all():
                allowed = finite if allowed is None else allowed & finite
                mask = ad.where(finite, mask, 0.0)
            scores = scores + ad.astype(mask, scores.dtype)
        else:
            raise TypeError(f"attention: attn_mask holds booleans or floating-point numbers, got dtype {mask.dtype}")
    if allowed is None:
        return ad.softmax(scores)
    weights = ad.softmax(ad.where(allowed, scores, float(np.finfo(scores.dtype).min)))
    blind = ~allowed.any(axis=-1, keepdims=True)
    return ad.where(blind, 0.0, weights) if blind.any() else weights
