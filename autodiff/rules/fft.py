r"""Discrete Fourier transforms: every one is linear, and its adjoint is again such a transform.

The transform :math:`y_k = \sum_j x_j e^{-2 \pi i jk/n}` is a symmetric matrix, so `fft` and `ifft` are their own
transposes.  `rfft` keeps half of a spectrum that is Hermitian, and `irfft` makes the other half up: their transposes
are each other's forward with the elements between the two ends weighted by 1/2 or 2, since those stand for two.
`irfft` does not read the imaginary parts of the ends, whose gradient is therefore zero.  Cutting to n elements and
padding with zeros are each other's transposes.

All else is written in terms of these four.  Signatures are NumPy's; ``norm="forward"`` scales by 1/n on the way there
instead of on the way back, ``"ortho"`` by :math:`1/\sqrt n` both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from autodiff.op import Array, Op, implements, linear
from autodiff.rules.arithmetic import conj, positive
from autodiff.rules.indexing import along, lying_along
from autodiff.rules.shapes import pad_zeros, roll

#: The norm of a transform's inverse that scales as the transform itself does.
_SWAPPED = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def _along_axis(transform: Callable[..., Array], a: Array, n: int | None, axis: int, norm: str | None) -> Array:
    return transform(a, n, normalize_axis_index(axis, np.ndim(a)), norm)


def _fft(a: Array, n: int | None = None, axis: int = -1, norm: str | None = None) -> Array:
    r"""Fourier transform along an axis: :math:`y_k = \sum_{j<n} x_j \, e^{-2 \pi i jk/n}`.

    Parameters
    ----------
    a : array
    n : int, optional
        The length: `a` is cut, or padded with zeros, to it.
    axis : int
    norm : {"backward", "ortho", "forward"}, optional

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.real(ad.fft.fft(ad.Tensor([1.0, 0.0, 0.0])))
    Tensor([1., 1., 1.])
    """
    return _along_axis(np.fft.fft, a, n, axis, norm)


def _ifft(a: Array, n: int | None = None, axis: int = -1, norm: str | None = None) -> Array:
    r"""Inverse of `fft`: :math:`y_j = \frac1n \sum_{k<n} x_k \, e^{2 \pi i jk/n}`; parameters as there.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.real(ad.fft.ifft(ad.Tensor([3.0, 0.0, 0.0])))
    Tensor([1., 1., 1.])
    """
    return _along_axis(np.fft.ifft, a, n, axis, norm)


def _rfft(a: Array, n: int | None = None, axis: int = -1, norm: str | None = None) -> Array:
    r"""The first :math:`\lfloor n/2 \rfloor + 1` elements of the `fft` of real numbers; the rest is conjugate to them.

    Raises
    ------
    TypeError
        If `a` is complex.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.fft.rfft(ad.Tensor([1.0, 2.0, 3.0, 4.0])).shape
    (3,)
    """
    return _along_axis(np.fft.rfft, a, n, axis, norm)


def _irfft(a: Array, n: int | None = None, axis: int = -1, norm: str | None = None) -> Array:
    r"""Inverse of `rfft`: n real numbers, by default :math:`2 (m - 1)`, from the first half of a Hermitian spectrum.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.fft.irfft(ad.fft.rfft(ad.Tensor([1.0, 2.0, 3.0])), 3)
    Tensor([1., 2., 3.])
    """
    return _along_axis(np.fft.irfft, a, n, axis, norm)


def _of_length(g: Array, n: int, axis: int) -> Array:
    """Cut, or padded with zeros, to a length: the transpose of being brought from there to here."""
    m = g.shape[axis]
    if m >= n:
        return g if m == n else g[along(g, axis, slice(n))]
    widths = [(0, 0)] * g.ndim
    widths[axis] = (0, n - m)
    return pad_zeros.on(g, widths=tuple(widths))


def _multiplicity(g: Array, n: int, axis: int) -> Array:
    """How often an element of half a spectrum stands in the whole of n: once at the ends, else twice; of g's dtype."""
    times = np.full(n // 2 + 1, 2, g.dtype)
    times[0] = 1
    if n % 2 == 0:
        times[-1] = 1
    return lying_along(times, axis, g.ndim)


def _rfft_adjoint(g: Array, y: Array, a: Array, n: int | None, axis: int, norm: str | None) -> Array:
    length = a.shape[axis] if n is None else n
    half = np.conj(g) / _multiplicity(g, length, axis)
    return _of_length(irfft.on(half, n=length, axis=axis, norm=_SWAPPED[norm]), a.shape[axis], axis)


def _irfft_adjoint(g: Array, y: Array, a: Array, n: int | None, axis: int, norm: str | None) -> Array:
    half = np.conj(rfft.on(g, axis=axis, norm=_SWAPPED[norm])) * _multiplicity(g, g.shape[axis], axis)
    return _of_length(half, a.shape[axis], axis)


def _calls(shortest: int = 1) -> Callable[[Any], Any]:
    """The calls of a transform: any axis, cut or padded or neither, in every norm."""

    def calls(d: Any) -> Any:
        a = d.array(min_dims=1, min_side=shortest)
        return (a,), {
            "n": d.choice([None, d.integer(1, 6)]),
            "axis": d.axis(a.ndim),
            "norm": d.choice([None, "backward", "ortho", "forward"]),
        }

    return calls


fft: Op = linear(
    _fft,
    lambda g, y, a, n, axis, norm: _of_length(fft.on(g, axis=axis, norm=norm), a.shape[axis], axis),
    name="fft",
    tex=r"\mathcal{F} #1",
    domain=_calls(),
)
ifft: Op = linear(
    _ifft,
    lambda g, y, a, n, axis, norm: _of_length(ifft.on(g, axis=axis, norm=norm), a.shape[axis], axis),
    name="ifft",
    tex=r"\mathcal{F}^{-1} #1",
    domain=_calls(),
)
rfft: Op = linear(_rfft, _rfft_adjoint, name="rfft", tex=r"\mathcal{F}_{\mathbb R} #1", domain=_calls())
irfft: Op = linear(
    _irfft, _irfft_adjoint, name="irfft", tex=r"\mathcal{F}_{\mathbb R}^{-1} #1", domain=_calls(shortest=2)
)
for _function, _row in ((np.fft.fft, fft), (np.fft.ifft, ifft), (np.fft.rfft, rfft), (np.fft.irfft, irfft)):
    implements(_function)(_row)

# Hermitian spectra of real numbers: the same two, seen from the other side


def _other_way(norm: str | None) -> str | None:
    if norm not in _SWAPPED:
        raise ValueError(f'norm is "backward", "ortho" or "forward", got {norm!r}')
    return _SWAPPED[norm]


@implements(np.fft.hfft)
def hfft(a: Array, n: int | None = None, axis: int = -1, norm: str | None = None) -> Array:
    r"""The `fft`, real, of numbers with Hermitian symmetry of which `a` is the first half, the ends included.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.fft.hfft(ad.Tensor([1.0, 1.0]), 3)
    Tensor([3., 0., 0.])
    """
    return irfft(conj(a), n, axis, _other_way(norm))


@implements(np.fft.ihfft)
def ihfft(a: Array, n: int | None = None, axis: int = -1, norm: str | None = None) -> Array:
    """Inverse of `hfft`: of n real numbers, the first half of a Hermitian spectrum."""
    return conj(rfft(a, n, axis, _other_way(norm)))


# Along several axes


def _steps(a: Array, s: Sequence[int] | None, axes: Sequence[int] | None) -> list[tuple[int, int]]:
    """The length and the axis of each transform, in the order of `axes`; -1 is an axis's own length."""
    shape = np.shape(a)
    if axes is None:
        axes = range(-len(shape if s is None else s), 0)
    lengths = [-1] * len(axes) if s is None else list(s)
    if len(lengths) != len(axes):
        raise ValueError(f"a transform along {len(axes)} axes, {list(axes)}, got {len(lengths)} lengths: {lengths}")
    places = normalize_axis_tuple(axes, len(shape), allow_duplicate=True)
    return [(shape[axis] if n == -1 else n, axis) for n, axis in zip(lengths, places, strict=True)]


def _along(transform: Op, a: Array, steps: Sequence[tuple[int, int]], norm: str | None) -> Array:
    """One transform after the other."""
    for n, axis in steps:
        a = transform(a, n, axis, norm)
    return a


def _last(steps: list[tuple[int, int]]) -> tuple[int, int]:
    if not steps:
        raise ValueError("a transform of real numbers needs one axis at least")
    return steps[-1]


@implements(np.fft.fftn)
def fftn(a: Array, s: Sequence[int] | None = None, axes: Sequence[int] | None = None, norm: str | None = None) -> Array:
    r"""Fourier transform along several axes, one after the other.

    Parameters
    ----------
    a : array
    s : sequence of ints, optional
        The length along each of the axes: `a` is cut, or padded with zeros, to it; -1 keeps an axis's own.
    axes : sequence of ints, optional
        Left out, the last ``len(s)``, or all; an axis named twice is transformed twice.
    norm : {"backward", "ortho", "forward"}, optional

    Raises
    ------
    ValueError
        If `s` and `axes` differ in length, or the array has no such axes.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.real(ad.fft.fftn(ad.Tensor([[1.0, 0.0], [0.0, 0.0]])))
    Tensor([[1., 1.],
            [1., 1.]])
    """
    steps = _steps(a, s, axes)
    return _along(fft, a, steps[::-1], norm) if steps else positive(a)


@implements(np.fft.ifftn)
def ifftn(
    a: Array, s: Sequence[int] | None = None, axes: Sequence[int] | None = None, norm: str | None = None
) -> Array:
    """Inverse of `fftn`; parameters as there."""
    steps = _steps(a, s, axes)
    return _along(ifft, a, steps[::-1], norm) if steps else positive(a)


@implements(np.fft.rfftn)
def rfftn(
    a: Array, s: Sequence[int] | None = None, axes: Sequence[int] | None = None, norm: str | None = None
) -> Array:
    """`fftn` of real numbers: half of the spectrum, `rfft` along the last of the axes; parameters as there."""
    steps = _steps(a, s, axes)
    return _along(fft, rfft(a, *_last(steps), norm), steps[-2::-1], norm)


@implements(np.fft.irfftn)
def irfftn(
    a: Array, s: Sequence[int] | None = None, axes: Sequence[int] | None = None, norm: str | None = None
) -> Array:
    """Inverse of `rfftn`: real numbers, by default an even number of them along the last of the axes."""
    steps = _steps(a, s, axes)
    last, axis = _last(steps)
    return irfft(_along(ifft, a, steps[:-1], norm), 2 * (last - 1) if s is None else last, axis, norm)


@implements(np.fft.fft2)
def fft2(a: Array, s: Sequence[int] | None = None, axes: Sequence[int] = (-2, -1), norm: str | None = None) -> Array:
    """`fftn` along two axes, the last ones unless others are named."""
    return fftn(a, s, axes, norm)


@implements(np.fft.ifft2)
def ifft2(a: Array, s: Sequence[int] | None = None, axes: Sequence[int] = (-2, -1), norm: str | None = None) -> Array:
    """`ifftn` along two axes, the last ones unless others are named."""
    return ifftn(a, s, axes, norm)


@implements(np.fft.rfft2)
def rfft2(a: Array, s: Sequence[int] | None = None, axes: Sequence[int] = (-2, -1), norm: str | None = None) -> Array:
    """`rfftn` along two axes, the last ones unless others are named."""
    return rfftn(a, s, axes, norm)


@implements(np.fft.irfft2)
def irfft2(a: Array, s: Sequence[int] | None = None, axes: Sequence[int] = (-2, -1), norm: str | None = None) -> Array:
    """`irfftn` along two axes, the last ones unless others are named."""
    return irfftn(a, s, axes, norm)


# Where the frequency 0 stands


def _middles(x: Array, axes: int | Sequence[int] | None) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes, and the middle of each."""
    shape = np.shape(x)
    chosen = range(len(shape)) if axes is None else (axes,) if isinstance(axes, (int, np.integer)) else axes
    return tuple(shape[axis] // 2 for axis in chosen), tuple(int(axis) for axis in chosen)


@implements(np.fft.fftshift)
def fftshift(x: Array, axes: int | Sequence[int] | None = None) -> Array:
    """With the frequency 0 moved to the middle of the axes: of all of them, if none are named.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.fft.fftshift(ad.fft.fftfreq(5, d=0.2))
    Tensor([-2., -1.,  0.,  1.,  2.])
    """
    return roll(x, *_middles(x, axes))


@implements(np.fft.ifftshift)
def ifftshift(x: Array, axes: int | Sequence[int] | None = None) -> Array:
    """Inverse of `fftshift`: with the middle moved to the front."""
    middles, axes = _middles(x, axes)
    return roll(x, tuple(-m for m in middles), axes)
