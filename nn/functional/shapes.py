"""Shapes: axes joined and parted, ends padded, and images made larger or smaller."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

import autodiff as ad
from nn import checks


def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> ad.Tensor:
    """Axes made one: those from `start_dim` to `end_dim`, both included.

    Raises
    ------
    ValueError
        If there are no such axes.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.flatten(ad.zeros((2, 3, 4, 5)), 1, 2).shape
    (2, 12, 5)
    """
    shape = np.shape(input) or (1,)
    ndim = len(shape)
    if not (-ndim <= start_dim < ndim and -ndim <= end_dim < ndim and start_dim % ndim <= end_dim % ndim):
        raise ValueError(f"flatten: no axes from {start_dim} to {end_dim} in shape {np.shape(input)}")
    first, last = start_dim % ndim, end_dim % ndim
    size = math.prod(shape[first : last + 1])
    return ad.reshape(input, (*shape[:first], size, *shape[last + 1 :]))


def unflatten(input: Any, dim: int, sizes: int | Sequence[int]) -> ad.Tensor:
    """One axis made several, of the given lengths; one of them may be -1.

    Raises
    ------
    ValueError
        If there is no such axis, or its length is not the product of these.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.unflatten(ad.zeros((2, 12)), 1, (3, -1)).shape
    (2, 3, 4)
    """
    shape = np.shape(input)
    parts = (sizes,) if isinstance(sizes, (int, np.integer)) else tuple(sizes)
    known = math.prod(n for n in parts if n != -1)
    if not -len(shape) <= dim < len(shape):
        raise ValueError(f"unflatten: there is no axis {dim} in shape {shape}")
    n = shape[dim]
    if parts.count(-1) == 1 and known > 0 and not n % known:
        parts = tuple(n // known if m == -1 else m for m in parts)
    if not parts or -1 in parts or math.prod(parts) != n:
        raise ValueError(f"unflatten: axis {dim} of shape {shape} does not divide into {tuple(parts)}")
    return ad.reshape(input, (*shape[: dim % len(shape)], *parts, *shape[dim % len(shape) + 1 :]))


#: What PyTorch calls NumPy's modes of padding.
_PADDING = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(input: Any, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> ad.Tensor:
    r"""Wider at both ends of the last axes.

    Parameters
    ----------
    input : array_like
    pad : sequence of ints
        How many to add before and after the last axis, then before and after the one in front of it, and so on.
    mode : {"constant", "reflect", "replicate", "circular"}
        What to add: `value`; the elements in a mirror at the end; the last one; or those from the other end.
    value : float, optional
        0 if left out.

    Raises
    ------
    ValueError
        If these are no pairs of at least 0, there are more than axes, or an axis is too short to be mirrored or to go
        round.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.functional.pad(ad.tensor([1.0, 2.0, 3.0]), (2, 1), "reflect")
    Tensor([3., 2., 1., 2., 3., 2.])
    """
    shape = np.shape(input)
    checks.one_of("pad", "mode", mode, _PADDING)
    if len(pad) % 2 or len(pad) > 2 * len(shape) or any(n < 0 for n in pad):
        raise ValueError(f"pad takes pairs of numbers of at least 0, for some of {len(shape)} axes, got {tuple(pad)}")
    pairs = [(0, 0)] * (len(shape) - len(pad) // 2) + list(zip(pad[::2], pad[1::2], strict=True))[::-1]
    if mode == "constant":
        return ad.pad(input, pairs, constant_values=0.0 if value is None else value)
    for axis, (n, pair) in enumerate(zip(shape, pairs, strict=True)):
        most = {"reflect": n - 1, "circular": n, "replicate": max(pair) if n else 0}[mode]
        if max(pair) > max(most, 0):
            raise ValueError(f"pad: {mode} adds {most} at most to axis {axis} of shape {shape}, got {pair}")
    return ad.pad(input, pairs, mode=_PADDING[mode])


#: How many axes after that of channels each mode takes; any from 1 to 3 where it is not said.
_DIMENSIONS = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}
_MODES = ("nearest", "nearest-exact", *_DIMENSIONS)


def interpolate(
    input: Any,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> ad.Tensor:
    r"""Larger or smaller along the last axes: :math:`y_{n c p} = \sum_q M_{p q} \, x_{n c q}`, for each axis.

    Where the row :math:`M_p` has the weights of the elements around the place :math:`(p + 1/2) / s - 1/2` of x, or
    :math:`p \, (n - 1) / (m - 1)` if corners are aligned; s is the scale, n and m are the lengths of both.

    Parameters
    ----------
    input : array_like
        x, of shape (N, C, L), (N, C, H, W) or (N, C, D, H, W).
    size : int or sequence of ints
        The lengths m.
    scale_factor : float or sequence of floats
        Or s: :math:`m = \lfloor s n \rfloor`.
    mode : {"nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear"}
        ``"nearest"`` takes the element at :math:`\lfloor p / s \rfloor`, ``"nearest-exact"`` the nearest one.
    align_corners : bool, optional
        Whether the first and last elements of both are at the same places; for the last four modes.
    recompute_scale_factor : bool, optional
        Whether the scale is then :math:`m / n`, and not the one given.
    antialias : bool
        PyTorch's; not possible here.

    Raises
    ------
    ValueError
        If not one of `size` and `scale_factor` is given, the mode does not fit, or nothing would be left.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> x = ad.tensor([[[0.0, 4.0]]])
    >>> nn.functional.interpolate(x, scale_factor=2)
    Tensor([[[0., 0., 4., 4.]]])
    >>> nn.functional.interpolate(x, 4, mode="linear")
    Tensor([[[0., 1., 3., 4.]]])
    """
    x = checks.floats("interpolate", input)
    checks.one_of("interpolate", "mode", mode, _MODES)
    dims = x.ndim - 2
    if dims not in (1, 2, 3) or dims != _DIMENSIONS.get(mode, dims):
        raise ValueError(
            f"interpolate: mode={mode!r} takes shape (N, C, *) with {_DIMENSIONS.get(mode, '1 to 3')} axes "
            f"after the channels, got {x.shape}"
        )
    if antialias:
        raise ValueError("interpolate: antialias=True is not possible")
    if mode.startswith("nearest") and align_corners is not None:
        raise ValueError(f"interpolate: align_corners is for modes that weight elements, not for {mode!r}")
    lengths, scales = _lengths(x.shape[2:], size, scale_factor, bool(recompute_scale_factor))
    for axis, (n, m, scale) in enumerate(zip(x.shape[2:], lengths, scales, strict=True), 2):
        if mode.startswith("nearest"):
            at = (np.arange(m) + (mode == "nearest-exact") / 2).astype(x.dtype) * x.dtype.type(1 / scale)
            x = ad.take(x, np.minimum(at.astype(int), n - 1), axis=axis)
            continue
        if align_corners:
            places = np.arange(m) * ((n - 1) / (m - 1) if m > 1 else 0.0)
        else:
            places = (np.arange(m) + 0.5) / scale - 0.5
        matrix = (_cubic if mode == "bicubic" else _hat)(places, n).astype(x.dtype)
        x = ad.moveaxis(ad.matmul(ad.moveaxis(x, axis, -1), matrix.T), -1, axis)
    return x


def _lengths(
    sizes: tuple[int, ...], size: Any, scale_factor: Any, recompute: bool
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """The lengths of the results' axes, and by how much they are longer than those of the input."""
    dims = len(sizes)
    if (size is None) == (scale_factor is None):
        raise ValueError(f"interpolate takes either size or scale_factor, got {size} and {scale_factor}")
    if size is not None:
        lengths = checks.each("interpolate", "size", size, dims, 1)
    else:
        scales = tuple(scale_factor) if isinstance(scale_factor, (tuple, list)) else (scale_factor,) * dims
        if len(scales) != dims or not all(s > 0 for s in scales):
            raise ValueError(f"interpolate: scale_factor is a number above 0, or {dims} of them, got {scale_factor}")
        lengths = tuple(math.floor(n * s) for n, s in zip(sizes, scales, strict=True))
    if not all(sizes) or not all(lengths):
        raise ValueError(f"interpolate: axes {sizes} would become {lengths}")
    if size is not None or recompute:
        scales = tuple(m / n for n, m in zip(sizes, lengths, strict=True))
    return lengths, scales


def _hat(places: Any, n: int) -> Any:
    """The weights of n elements at some places between them: straight lines from one to the next."""
    places = np.clip(places, 0, n - 1)
    return np.maximum(0, 1 - np.abs(places[:, None] - np.arange(n)))


def _cubic(places: Any, n: int, a: float = -0.75) -> Any:
    """The weights of n elements at some places between them: cubics over four, those beyond the ends being the last."""
    first = np.floor(places).astype(int)
    matrix = np.zeros((len(places), n))
    for step in (-1, 0, 1, 2):
        d = np.abs(places - (first + step))
        near, far = ((a + 2) * d - (a + 3)) * d * d + 1, ((d - 5) * d + 8) * d * a - 4 * a
        np.add.at(matrix, (np.arange(len(places)), np.clip(first + step, 0, n - 1)), np.where(d <= 1, near, far))
    return matrix
