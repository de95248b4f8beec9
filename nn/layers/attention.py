"""Attention by several heads at once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autodiff as ad
from nn import checks, functional, init
from nn.functional.attention import attention_weights
from nn.layers.linear import Linear
from nn.module import Module, Parameter
from nn.random import Rng, generator


class MultiheadAttention(Module):
    r"""Means of values by how well keys fit, for several heads: :math:`y = W_o (y_1; \dots; y_h) + b_o`.

    Where :math:`y_i = \operatorname{softmax}(q_i k_i^\top / \sqrt{d}) \, v_i`, and :math:`q_i`, :math:`k_i` and
    :math:`v_i` are the i-th of h parts of :math:`W_q q + b_q`, :math:`W_k k + b_k` and :math:`W_v v + b_v`, each of
    length d = E / h.  q and y have shape (L, N, E), k (S, N, K) and v (S, N, V); or with N and time exchanged
    (`batch_first`), or without N.  :math:`W_q`, :math:`W_k` and :math:`W_v` start as one matrix (3 E, E) from Glorot's
    uniform distribution, or as three; biases start as 0; all as PyTorch's do.  Vaswani et al., "Attention is all you
    need" (2017).

    Parameters
    ----------
    embed_dim : int
        E.
    num_heads : int
        h, which divides E.
    dropout : float
        How probable it is in training that a weight is dropped.
    bias : bool
        Whether there are biases.
    add_bias_kv : bool
        Whether one more key and one more value are learned.
    add_zero_attn : bool
        Whether there is one more key and one more value of zeros.
    kdim, vdim : int, optional
        K and V; E, if left out.
    batch_first : bool
    dtype : dtype
        Of the parameters.
    rng : Generator or int, optional
        Where the initial values come from, and what is dropped.

    Raises
    ------
    ValueError
        If h does not divide E, or it is called with what does not fit.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> layer = nn.MultiheadAttention(8, 2)
    >>> x = ad.ones((5, 3, 8), dtype=ad.float32)
    >>> y, weights = layer(x, x, x)
    >>> y.shape, weights.shape
    ((5, 3, 8), (3, 5, 5))
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        *,
        dtype: Any = np.float32,
        rng: Rng = None,
    ) -> None:
        e = self.embed_dim = checks.count("MultiheadAttention", "embed_dim", embed_dim)
        self.num_heads = checks.groups("MultiheadAttention", "num_heads", e, num_heads)
        self.head_dim = e // self.num_heads
        self.kdim = e if kdim is None else checks.count("MultiheadAttention", "kdim", kdim)
        self.vdim = e if vdim is None else checks.count("MultiheadAttention", "vdim", vdim)
        self.dropout = checks.fraction("MultiheadAttention", "dropout", dropout)
        self.batch_first = batch_first
        self.add_zero_attn = add_zero_attn
        self.rng = None if rng is None else generator(rng)
        if self.kdim == self.vdim == e:
            self.in_proj_weight = Parameter(np.zeros((3 * e, e), dtype))
        else:
            self.q_proj_weight = Parameter(np.zeros((e, e), dtype))
            self.k_proj_weight = Parameter(np.zeros((e, self.kdim), dtype))
            self.v_proj_weight = Parameter(np.zeros((e, self.vdim), dtype))
        self.in_proj_bias = Parameter(np.zeros(3 * e, dtype)) if bias else None
        self.out_proj = Linear(e, e, bias, dtype=dtype, rng=self.rng)
        self.bias_k = Parameter(np.zeros((1, 1, e), dtype)) if add_bias_kv else None
        self.bias_v = Parameter(np.zeros((1, 1, e), dtype)) if add_bias_kv else None
        self._draw(generator(self.rng))

    def _draw(self, rng: Rng) -> None:
        """Draw the initial values of its own parameters; all biases are 0."""
        for name, parameter in self.named_parameters(recurse=False):
            if name.endswith("proj_weight"):
                init.xavier_uniform_(parameter, rng=rng)
            elif name in ("bias_k", "bias_v"):
                init.xavier_normal_(parameter, rng=rng)
            else:
                init.zeros_(parameter)
        if self.out_proj.bias is not None:
            init.zeros_(self.out_proj.bias)

    def reset_parameters(self, *, rng: Rng = None) -> None:
        """Draw the initial values anew."""
        rng = generator(rng)
        self.out_proj.reset_parameters(rng=rng)
        self._draw(rng)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[ad.Tensor, ad.Tensor | None]:
        """The means, and (`need_weights`) the weights of values, of shape (N, L, S), or (N, h, L, S) if not averaged.

        Parameters
        ----------
        query, key, value : array_like
            q, k and v.
        key_padding_mask : array_like, optional
            Of shape (N, S): True for keys that nobody looks at, or numbers to be added to their products.
        need_weights : bool
        attn_mask : array_like, optional
            Of shape (L, S) or (N h, L, S): True for what a query does not look at, or numbers to be added to products.
        average_attn_weights : bool
            Whether the weights of all heads are averaged.
        is_causal : bool
            Whether query i looks at no key after the i-th.
        """
        q, k, v = (checks.floats("MultiheadAttention", x) for x in (query, key, value))
        self._fit(q, k, v)
        batched = q.ndim == 3
        first = {x: self._samples_first(x) for x in dict.fromkeys((q, k, v))}
        q, k, v = first[q], first[k], first[v]
        mask = self._mask(q, k, key_padding_mask, attn_mask, is_causal, batched)
        weights, y = self._attend(*self._projected(q, k, v), mask)
        y = self.out_proj(ad.reshape(ad.swapaxes(y, 1, 2), q.shape))
        if not batched:
            y = ad.squeeze(y, 0)
        elif not self.batch_first:
            y = ad.swapaxes(y, 0, 1)
        if not need_weights:
            return y, None
        if average_attn_weights:
            weights = ad.mean(weights, axis=1)
        return y, weights if batched else ad.squeeze(weights, 0)

    def _fit(self, q: ad.Tensor, k: ad.Tensor, v: ad.Tensor) -> None:
        """Refuse what does not fit."""
        lengths = (self.embed_dim, self.kdim, self.vdim)
        sample = 0 if self.batch_first else 1
        ndims = {x.ndim for x in (q, k, v)}
        if (
            ndims not in ({2}, {3})
            or tuple(x.shape[-1] for x in (q, k, v)) != lengths
            or k.shape[:-1] != v.shape[:-1]
            or (q.ndim == 3 and q.shape[sample] != k.shape[sample])
        ):
            order = (
                "(N, L, {}), (N, S, {}) and (N, S, {})" if self.batch_first else "(L, N, {}), (S, N, {}) and (S, N, {})"
            )
            raise ValueError(
                f"MultiheadAttention takes query, key and value of shapes {order.format(*lengths)}, or without N, "
                f"got {q.shape}, {k.shape} and {v.shape}"
            )

    def _samples_first(self, x: ad.Tensor) -> ad.Tensor:
        """Of shape (N, L, E)."""
        if x.ndim == 2:
            return ad.expand_dims(x, 0)
        return x if self.batch_first else ad.swapaxes(x, 0, 1)

    def _projected(self, q: ad.Tensor, k: ad.Tensor, v: ad.Tensor) -> tuple[ad.Tensor, ad.Tensor, ad.Tensor]:
        """Queries, keys and values of all heads, of shape (N, h, L or S, d)."""
        bias, e = self.in_proj_bias, self.embed_dim
        if q is k is v:
            parts = ad.split(functional.linear(q, self.in_proj_weight, bias), 3, axis=-1)
        else:
            if self.kdim == self.vdim == e:
                weights = ad.split(self.in_proj_weight, 3)
            else:
                weights = [self.q_proj_weight, self.k_proj_weight, self.v_proj_weight]
            biases = [None] * 3 if bias is None else ad.split(bias, 3)
            parts = [functional.linear(x, w, b) for x, w, b in zip((q, k, v), weights, biases, strict=True)]
        if self.bias_k is not None:
            for i, extra in ((1, self.bias_k), (2, self.bias_v)):
                parts[i] = ad.concat([parts[i], ad.broadcast_to(extra, (q.shape[0], 1, e))], axis=1)
        if self.add_zero_attn:
            for i in (1, 2):
                parts[i] = ad.concat([parts[i], ad.zeros((q.shape[0], 1, e), dtype=q.dtype)], axis=1)
        shape = (q.shape[0], -1, self.num_heads, self.head_dim)
        one, two, three = (ad.swapaxes(ad.reshape(part, shape), 1, 2) for part in parts)
        return one, two, three

    def _attend(self, q: ad.Tensor, k: ad.Tensor, v: ad.Tensor, mask: Any) -> tuple[ad.Tensor, ad.Tensor]:
        """The weights of all heads, of shape (N, h, L, S), and the means of values, (N, h, L, d)."""
        weights = attention_weights(q, k, mask)
        if self.training and self.dropout:
            weights = functional.dropout(weights, self.dropout, rng=self.rng)
        return weights, ad.matmul(weights, v)

    def _mask(self, q: ad.Tensor, k: ad.Tensor, padding: Any, mask: Any, is_causal: bool, batched: bool) -> Any:
        """All masks in one, which broadcasts to (N, h, L, S): True for what is looked at, or numbers to be added."""
        n, queries, keys = q.shape[0], q.shape[1], k.shape[1]
        masks = []
        if padding is not None:
            shape = (n, keys) if batched else (keys,)
            masks.append(_checked("key_padding_mask", padding, [shape]))
            masks[-1] = ad.reshape(masks[-1], (n, 1, 1, keys))
        if mask is not None:
            shapes = [(queries, keys), (n * self.num_heads, queries, keys)]
            masks.append(_checked("attn_mask", mask, shapes))
            if masks[-1].ndim == 3:
                masks[-1] = ad.reshape(masks[-1], (n, self.num_heads, queries, keys))
        if is_causal:
            masks.append(ad.asarray(~np.tri(queries, keys, dtype=bool)))
        extra = (self.bias_k is not None) + self.add_zero_attn
        if not masks:
            return None
        if all(m.dtype.kind == "b" for m in masks):
            hidden = masks[0].data
            for other in masks[1:]:
                hidden = hidden | other.data
            return ~np.pad(hidden, [(0, 0)] * (hidden.ndim - 1) + [(0, extra)])
        total: Any = 0.0
        for m in masks:
            total = total + (ad.where(m, -math.inf, 0.0) if m.dtype.kind == "b" else m)
        return ad.pad(total, [(0, 0)] * (total.ndim - 1) + [(0, extra)])


def _checked(name: str, mask: Any, shapes: list[tuple[int, ...]]) -> ad.Tensor:
    """A mask, if it has one of some shapes."""
    m = mask if isinstance(mask, ad.Tensor) else ad.asarray(mask)
    if m.shape not in shapes:
        raise ValueError(f"MultiheadAttention: {name} has shape {' or '.join(map(str, shapes))}, got {m.shape}")
    if m.dtype.kind not in "bf":
        raise TypeError(f"MultiheadAttention: {name} holds booleans or floating-point numbers, got dtype {m.dtype}")
    return m
