"""Products with weights: affine and bilinear maps, and rows of a table."""

from __future__ import annotations

import math
from typing import Any, Self

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


class Bilinear(Module):
    r"""Linear in each of two: :math:`y_k = x_1^\top W_k x_2 + b_k`.

    Where x1 has shape (…, in1), x2 (…, in2), W (out, in1, in2), b (out,) and y (…, out).  W and b start from
    :math:`U(-1/\sqrt{\text{in1}}, 1/\sqrt{\text{in1}})`, as PyTorch's do.

    Parameters
    ----------
    in1_features, in2_features, out_features : int
    bias : bool
        Whether there is a b.
    dtype : dtype
        Of the parameters.
    rng : Generator or int, optional
        Where the initial values come from.

    Raises
    ------
    ValueError
        If what it is called with does not have `in1_features` and `in2_features` on its last axes.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.Bilinear(2, 3, 4)(ad.zeros((5, 2)), ad.zeros((5, 3))).shape
    (5, 4)
    """

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        *,
        dtype: Any = np.float32,
        rng: Rng = None,
    ) -> None:
        self.in1_features = checks.count("Bilinear", "in1_features", in1_features)
        self.in2_features = checks.size("Bilinear", "in2_features", in2_features)
        self.out_features = checks.size("Bilinear", "out_features", out_features)
        self.weight = Parameter(np.zeros((self.out_features, self.in1_features, self.in2_features), dtype))
        self.bias = Parameter(np.zeros(self.out_features, dtype)) if bias else None
        self.reset_parameters(rng=rng)

    def reset_parameters(self, *, rng: Rng = None) -> None:
        """Draw the initial values anew."""
        rng = generator(rng)
        bound = 1 / math.sqrt(self.in1_features)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound, rng=rng)

    def forward(self, input1: Any, input2: Any) -> ad.Tensor:
        return functional.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class Embedding(Module):
    r"""Rows of a table: :math:`y_{i} = W_{k_i}`.

    Where k has shape (…), W (n, dim) and y (…, dim).  W starts from the normal distribution N(0, 1), as PyTorch's does.

    Parameters
    ----------
    num_embeddings, embedding_dim : int
        n and dim.
    padding_idx : int, optional
        A row that starts as 0, and whose gradient is 0.
    max_norm : float, optional
        Rows that are asked for and are longer are first shortened to this, in W itself.
    norm_type : float
        Which norm that is.
    scale_grad_by_freq : bool
        Divide each row's gradient by how often it was asked for.
    sparse : bool
        PyTorch's sparse gradients, which there are none of here.
    dtype : dtype
        Of the table.
    rng : Generator or int, optional
        Where the initial values come from.

    Raises
    ------
    ValueError
        If it is called with an index that is not that of a row, or a sparse gradient is asked for.
    TypeError
        If it is called with what are not whole numbers.

    Examples
    --------
    >>> import nn
    >>> layer = nn.Embedding(10, 3, padding_idx=0)
    >>> layer([[0, 2, 9], [4, 4, 0]]).shape
    (2, 3, 3)
    >>> layer([10])
    Traceback (most recent call last):
    ...
    ValueError: embedding takes indices from 0 to 9, got 10 at index 0
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        *,
        dtype: Any = np.float32,
        rng: Rng = None,
    ) -> None:
        n = self.num_embeddings = checks.size("Embedding", "num_embeddings", num_embeddings)
        self.embedding_dim = checks.size("Embedding", "embedding_dim", embedding_dim)
        if padding_idx is not None and not -n <= padding_idx < n:
            raise ValueError(f"Embedding: padding_idx is one of {n} rows, got {padding_idx}")
        if sparse:
            raise ValueError("Embedding: gradients are dense arrays, sparse=True is not possible")
        self.padding_idx = None if padding_idx is None else padding_idx % n
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        self.weight = Parameter(np.zeros((n, self.embedding_dim), dtype))
        self.reset_parameters(rng=rng)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Self:
        """A layer with a given table, which (`freeze`) is not learned.

        Examples
        --------
        >>> import nn, numpy as np
        >>> nn.Embedding.from_pretrained(np.array([[1.0, 2.0], [3.0, 4.0]]))([1])
        Tensor([[3., 4.]])
        """
        weight = Parameter(embeddings, requires_grad=not freeze)
        if weight.ndim != 2:
            raise ValueError(f"Embedding: the table has shape (n, dim), got {weight.shape}")
        layer = cls(0, 0, None, max_norm, norm_type, scale_grad_by_freq, sparse)
        layer.num_embeddings, layer.embedding_dim = weight.shape
        layer.weight = weight
        layer.padding_idx = None if padding_idx is None else padding_idx % weight.shape[0]
        return layer

    def reset_parameters(self, *, rng: Rng = None) -> None:
        """Draw the initial values anew."""
        init.normal_(self.weight, rng=rng)
        if self.padding_idx is not None:
            values = self.weight.data.copy()
            values[self.padding_idx] = 0
            self.weight.data = values

    def forward(self, input: Any) -> ad.Tensor:
        return functional.embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq
        )

    def extra_repr(self) -> str:
        shown = f"{self.num_embeddings}, {self.embedding_dim}"
        for name, usual in (
            ("padding_idx", None),
            ("max_norm", None),
            ("norm_type", 2.0),
            ("scale_grad_by_freq", False),
        ):
            if (value := getattr(self, name)) != usual:
                shown += f", {name}={value}"
        return shown
