"""Products with weights: affine and bilinear maps, and rows of a table."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from nn import checks


def linear(input: Any, weight: Any, bias: Any = None) -> ad.Tensor:
    r"""An affine map: :math:`y = x W^\top + b`, with W of shape (out, in).

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.linear(ad.tensor([1.0, 2.0]), ad.tensor([[3.0, 4.0]]), ad.tensor([0.5]))
    Tensor([11.5])
    """
    if bias is None:
        return ad.matmul(input, ad.matrix_transpose(weight))
    return ad.affine(input, weight, bias)


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> ad.Tensor:
    r"""Linear in each of two: :math:`y_k = x_1^\top W_k x_2 + b_k`, with W of shape (out, in1, in2).

    Where x1 has shape (…, in1), x2 (…, in2) and y (…, out).

    Raises
    ------
    ValueError
        If shapes do not fit.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.bilinear(ad.tensor([1.0, 2.0]), ad.tensor([3.0]), ad.tensor([[[4.0], [5.0]]]))
    Tensor([42.])
    """
    shapes = np.shape(input1), np.shape(input2)
    expected = np.shape(weight)
    if len(expected) != 3 or [shape[-1:] for shape in shapes] != [expected[1:2], expected[2:]]:
        raise ValueError(
            f"bilinear: a weight of shape {expected} takes shapes (..., {expected[1:2]}) and (..., in2), "
            f"got {shapes[0]} and {shapes[1]}"
        )
    if shapes[0][:-1] != shapes[1][:-1]:
        raise ValueError(f"bilinear: the axes before the last are the same in both, got {shapes[0]} and {shapes[1]}")
    outer, inner1, inner2 = expected
    rows = ad.reshape(ad.permute_dims(weight, (1, 0, 2)), (inner1, outer * inner2))
    partial = ad.reshape(ad.matmul(input1, rows), (*shapes[0][:-1], outer, inner2))
    y = ad.squeeze(ad.matmul(partial, ad.expand_dims(input2, -1)), -1)
    return y if bias is None else y + bias


def embedding(
    input: Any,
    weight: Any,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> ad.Tensor:
    r"""Rows of a table: :math:`y_{i} = W_{k_i}`, with W of shape (n, dim) and y of shape (…, dim).

    Parameters
    ----------
    input : array_like of ints
        Which rows, k, from 0 to n - 1.
    weight : Tensor
        W.
    padding_idx : int, optional
        A row whose gradient is always 0.
    max_norm : float, optional
        Rows that are asked for and are longer are first shortened to this, in `weight` itself.
    norm_type : float
        Which norm that is.
    scale_grad_by_freq : bool
        Divide each row's gradient by how often it was asked for.
    sparse : bool
        PyTorch's sparse gradients, which there are none of here.

    Raises
    ------
    ValueError
        If an index is not that of a row, or a sparse gradient is asked for.
    TypeError
        If indices are not whole numbers.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.embedding([1, 1, 0], ad.tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([[3., 4.],
            [3., 4.],
            [1., 2.]])
    """
    if sparse:
        raise ValueError("embedding: gradients are dense arrays, sparse=True is not possible")
    if np.ndim(weight) != 2:
        raise ValueError(f"embedding: the table has shape (n, dim), got {np.shape(weight)}")
    n = np.shape(weight)[0]
    k = checks.indices("embedding", input, n)
    if padding_idx is not None and not -n <= padding_idx < n:
        raise ValueError(f"embedding: padding_idx is one of {n} rows, got {padding_idx}")
    if max_norm is not None:
        if not isinstance(weight, ad.Tensor):
            raise TypeError(f"embedding: max_norm writes the table, a Tensor, got {type(weight).__name__}")
        _shorten(weight, np.unique(k), max_norm, norm_type)
    rows = ad.getitem(weight, key=k)
    if not rows.requires_grad:
        return rows
    if scale_grad_by_freq:
        values = ad.stop_gradient(rows)
        times = np.bincount(k.reshape(-1), minlength=n)[k]
        rows = values + (rows - values) * (1 / times[..., None]).astype(rows.dtype)
    if padding_idx is not None:
        rows = ad.where((k == padding_idx % n)[..., None], ad.stop_gradient(rows), rows)
    return rows


def _shorten(weight: ad.Tensor, rows: Any, max_norm: float, norm_type: float) -> None:
    """Scale the rows of a table that are longer than allowed, in place."""
    lengths = np.linalg.norm(weight.data[rows], norm_type, axis=1)
    if (long := lengths > max_norm).any():
        table = weight.data.copy()
        table[rows[long]] *= (max_norm / (lengths[long] + 1e-7))[:, None]
        weight.data = table
