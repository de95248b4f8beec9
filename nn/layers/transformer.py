"""The transformer's encoder: attention and a small network, layer by layer."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

import autodiff as ad
from nn import checks
from nn.containers import ModuleList
from nn.layers.attention import MultiheadAttention
from nn.layers.dropout import Dropout
from nn.layers.linear import Linear
from nn.layers.normalization import LayerNorm
from nn.module import Module
from nn.random import Rng, generator


class TransformerEncoderLayer(Module):
    r"""Attention, then a small network: :math:`u = N(x + A(x)), \; y = N(u + W_2 \, f(W_1 u + b_1) + b_2)`.

    Where A is :class:`MultiheadAttention` of x to itself and N is :class:`LayerNorm`; with `norm_first` each comes
    before: :math:`u = x + A(N(x)), \; y = u + W_2 \, f(W_1 N(u) + b_1) + b_2`.  x and y have shape (T, N, E), (N, T, E)
    with `batch_first`, or (T, E).

    Parameters
    ----------
    d_model : int
        E.
    nhead : int
        The number of heads.
    dim_feedforward : int
        The number of rows of :math:`W_1`.
    dropout : float
        How probable it is in training that a number is dropped: an attention's weight, and what A, f and
        :math:`W_2` give.
    activation : {"relu", "gelu"} or callable
        f.
    layer_norm_eps : float
    batch_first, norm_first : bool
    bias : bool
        Whether there are biases.
    dtype : dtype
        Of the parameters.
    rng : Generator or int, optional
        Where the initial values come from, and what is dropped.

    Raises
    ------
    ValueError
        If the heads do not divide E, or it is called with what does not fit.

    Notes
    -----
    Vaswani et al., "Attention is all you need" (2017).

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> layer = nn.TransformerEncoderLayer(8, 2, dim_feedforward=16)
    >>> layer(ad.ones((5, 3, 8), dtype=ad.float32)).shape
    (5, 3, 8)
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Any], Any] = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        dtype: Any = np.float32,
        rng: Rng = None,
    ) -> None:
        rng = None if rng is None else generator(rng)
        self.self_attn = MultiheadAttention(
            d_model, nhead, dropout, bias, batch_first=batch_first, dtype=dtype, rng=rng
        )
        self.linear1 = Linear(d_model, dim_feedforward, bias, dtype=dtype, rng=rng)
        self.dropout = Dropout(dropout, rng=rng)
        self.linear2 = Linear(dim_feedforward, d_model, bias, dtype=dtype, rng=rng)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout1 = Dropout(dropout, rng=rng)
        self.dropout2 = Dropout(dropout, rng=rng)
        if isinstance(activation, str):
            checks.one_of("TransformerEncoderLayer", "activation", activation, ("relu", "gelu"))
            activation = ad.relu if activation == "relu" else ad.gelu
        self.activation = activation

    def forward(
        self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False
    ) -> ad.Tensor:
        """y; the masks are those of :class:`MultiheadAttention`.

        Parameters
        ----------
        src : array_like
            x.
        src_mask : array_like, optional
            Its `attn_mask`.
        src_key_padding_mask : array_like, optional
            Its `key_padding_mask`.
        is_causal : bool
            Whether no place looks at those after it.
        """

        def attend(x: ad.Tensor) -> ad.Tensor:
            y, _ = self.self_attn(x, x, x, src_key_padding_mask, False, src_mask, is_causal=is_causal)
            return self.dropout1(y)

        def feed(x: ad.Tensor) -> ad.Tensor:
            return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))

        x = src if isinstance(src, ad.Tensor) else ad.asarray(src)
        if self.norm_first:
            x = x + attend(self.norm1(x))
            return x + feed(self.norm2(x))
        x = self.norm1(x + attend(x))
        return self.norm2(x + feed(x))


class TransformerEncoder(Module):
    r"""One layer after the other: :math:`y = N(f_n(\dots f_1(x)))`.

    Where the :math:`f_i` are copies of one layer, which start with the same values, as PyTorch's do.

    Parameters
    ----------
    encoder_layer : TransformerEncoderLayer
        The layer to be copied.
    num_layers : int
        n.
    norm : Module, optional
        N.
    enable_nested_tensor, mask_check : bool
        PyTorch's; they change nothing here.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> model = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, dim_feedforward=16), num_layers=3)
    >>> model(ad.ones((5, 3, 8), dtype=ad.float32), is_causal=True).shape
    (5, 3, 8)
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        self.num_layers = checks.count("TransformerEncoder", "num_layers", num_layers)
        generators = {id(rng): rng for m in encoder_layer.modules() if (rng := getattr(m, "rng", None)) is not None}
        self.layers = ModuleList(copy.deepcopy(encoder_layer, dict(generators)) for _ in range(num_layers))
        self.norm = norm
        self.enable_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check

    def forward(
        self, src: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool | None = None
    ) -> ad.Tensor:
        """y; the masks are those of every layer."""
        x = src
        for layer in self.layers:
            x = layer(x, src_mask=mask, src_key_padding_mask=src_key_padding_mask, is_causal=bool(is_causal))
        return x if self.norm is None else self.norm(x)
