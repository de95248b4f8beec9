"""Discrete Fourier transforms: the Array API standard's `fft` extension, and the rest of `numpy.fft`.

Here are only names: the rules stand in `autodiff/rules/fft.py`, frequencies are made in `autodiff/creation.py`.
"""

from autodiff.creation import fftfreq, rfftfreq
from autodiff.rules.fft import (
    fft,
    fft2,
    fftn,
    fftshift,
    hfft,
    ifft,
    ifft2,
    ifftn,
    ifftshift,
    ihfft,
    irfft,
    irfft2,
    irfftn,
    rfft,
    rfft2,
    rfftn,
)

__all__ = [
    "fft",
    "fft2",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "ihfft",
    "irfft",
    "irfft2",
    "irfftn",
    "rfft",
    "rfft2",
    "rfftfreq",
    "rfftn",
]
