"""Shapes: axes joined and parted, images made larger; and nothing at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import autodiff as ad
from nn import functional
from nn.module import Module


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


class Unflatten(Module):
    """One axis made several, of the given lengths; one of them may be -1.

    Parameters
    ----------
    dim : int
    unflattened_size : sequence of ints

    Raises
    ------
    ValueError
        If there is no such axis, or its length is not the product of these.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.Unflatten(1, (3, 4))(ad.zeros((2, 12))).shape
    (2, 3, 4)
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        self.dim = dim
        self.unflattened_size = tuple(unflattened_size)

    def forward(self, input: Any) -> ad.Tensor:
        return functional.unflatten(input, self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


class Upsample(Module):
    r"""Larger or smaller images: :math:`y_{n c p} = \sum_q M_{p q} \, x_{n c q}`, for each axis after that of channels.

    See :func:`nn.functional.interpolate`.

    Parameters
    ----------
    size : int or sequence of ints, optional
        The lengths of the axes; or else:
    scale_factor : float or sequence of floats, optional
        By how much they become longer.
    mode : {"nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear"}
    align_corners : bool, optional
    recompute_scale_factor : bool, optional

    Raises
    ------
    ValueError
        If it is called with what the mode does not fit.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.Upsample(scale_factor=2)(ad.tensor([[[0.0, 4.0]]]))
    Tensor([[[0., 0., 4., 4.]]])
    """

    def __init__(
        self,
        size: int | Sequence[int] | None = None,
        scale_factor: float | Sequence[float] | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        self.size = size
        self.scale_factor: float | tuple[float, ...] | None = None
        if isinstance(scale_factor, (int, float)):
            self.scale_factor = float(scale_factor)
        elif scale_factor is not None:
            self.scale_factor = tuple(map(float, scale_factor))
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Any) -> ad.Tensor:
        return functional.interpolate(
            input, self.size, self.scale_factor, self.mode, self.align_corners, self.recompute_scale_factor
        )

    def extra_repr(self) -> str:
        given = f"scale_factor={self.scale_factor!r}" if self.scale_factor is not None else f"size={self.size!r}"
        return f"{given}, mode={self.mode!r}"


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
