"""Polynomials as vectors of coefficients, the highest power first: NumPy's ``poly`` functions."""

from __future__ import annotations

import operator
from functools import reduce
from typing import Any

import numpy as np

from autodiff.op import Array, implements, primitive
from autodiff.rules.arithmetic import add, as_tensor, power, stop_gradient, subtract, values
from autodiff.rules.convolution import convolve
from autodiff.rules.indexing import getitem
from autodiff.rules.shapes import concat, expand_dims, flip, pad_zeros, reshape


def _coefficients(p: Array) -> Array:
    """A vector of them, of a number too."""
    if isinstance(p, np.poly1d):
        p = p.coeffs
    p = as_tensor(p)
    return reshape(p, (1,)) if np.ndim(p) == 0 else p


def _without_leading_zeros(p: Array) -> Array:
    first = np.flatnonzero(values(p))
    return getitem(p, key=slice(int(first[0]) if first.size else np.size(p) - 1, None))


@implements(np.polyval)
def polyval(p: Array, x: Array) -> Array:
    r"""The value of a polynomial: :math:`p_0 x^{n-1} + \dots + p_{n-1}`, by Horner's scheme.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.polyval(ad.Tensor([3.0, 0.0, 1.0]), 5.0)
    Tensor(76.0)
    """
    y = stop_gradient(np.zeros_like(values(x)))
    for coefficient in _coefficients(p):
        y = y * x + coefficient
    return y


def _added(a: Array, b: Array, how: Any) -> Array:
    a, b = _coefficients(a), _coefficients(b)
    n = max(np.size(a), np.size(b))
    return how(*(pad_zeros(p, widths=((n - np.size(p), 0),)) for p in (a, b)))


@implements(np.polyadd)
def polyadd(a: Array, b: Array) -> Array:
    """The sum of two polynomials.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.polyadd(ad.Tensor([1.0, 2.0]), ad.Tensor([9.0, 5.0, 4.0]))
    Tensor([9., 6., 6.])
    """
    return _added(a, b, add)


@implements(np.polysub)
def polysub(a: Array, b: Array) -> Array:
    """The difference of two polynomials.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.polysub(ad.Tensor([1.0, 2.0]), ad.Tensor([9.0, 5.0, 4.0]))
    Tensor([-9., -4., -2.])
    """
    return _added(a, b, subtract)


@implements(np.polymul)
def polymul(a: Array, b: Array) -> Array:
    """The product of two polynomials: the convolution of their coefficients, leading zeros left out.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.polymul(ad.Tensor([1.0, 2.0]), ad.Tensor([1.0, 1.0]))
    Tensor([1., 3., 2.])
    """
    return convolve(*(_without_leading_zeros(_coefficients(p)) for p in (a, b)))


@implements(np.polydiv)
def polydiv(u: Array, v: Array) -> tuple[Array, Array]:
    """Quotient and remainder of two polynomials, by long division.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.polydiv(ad.Tensor([3.0, 5.0, 2.0]), ad.Tensor([2.0, 1.0]))
    (Tensor([1.5 , 1.75]), Tensor([0.25]))
    """
    u, v = _coefficients(u) + 0.0, _coefficients(v) + 0.0
    m, n = np.size(u), np.size(v)
    dtype = np.result_type(values(u).dtype, values(v).dtype)
    quotient = []
    rest = list(u + np.zeros((), dtype))
    divisor = list(v)
    for k in range(m - n + 1):
        d = rest[k] / divisor[0]
        quotient.append(d)
        rest[k : k + n] = [r - d * w for r, w in zip(rest[k : k + n], divisor, strict=True)]
    while len(rest) > 1 and np.allclose(values(rest[0]), 0, rtol=1e-14):
        del rest[0]
    return np.stack(quotient) if quotient else as_tensor(np.zeros(1, dtype)), np.stack(rest)


def _slope(p: Array) -> Array:
    """The coefficients of the derivative."""
    return p[:-1] * np.arange(p.shape[0] - 1, 0, -1)


@implements(np.polyder)
def polyder(p: Array, m: int = 1) -> Array:
    """The derivative of a polynomial with respect to its variable, so many times over.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.polyder(ad.Tensor([1.0, 1.0, 1.0, 1.0]))
    Tensor([3., 2., 1.])
    """
    if m < 0:
        raise ValueError(f"polyder: the order is 0 at least, got m={m}")
    p = _coefficients(p)
    for _ in range(m):
        p = _slope(p)
    return p


@implements(np.polyint)
def polyint(p: Array, m: int = 1, k: Any = None) -> Array:
    """The antiderivative of a polynomial, so many times over, with constants `k` (0) of integration.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.polyint(ad.Tensor([1.0, 1.0]))
    Tensor([0.5, 1. , 0. ])
    """
    constants = [0.0] * m if k is None else list(k if isinstance(k, (list, tuple)) else _coefficients(k))
    constants = constants * m if len(constants) == 1 < m else constants
    if m < 0 or len(constants) < m:
        raise ValueError(f"polyint of order {m} needs as many constants, got {len(constants)}")
    p = _coefficients(p)
    for constant in constants[:m]:
        p = concat([p / np.arange(np.size(p), 0, -1), reshape(constant, (1,))])
    return p


@implements(np.poly)
def poly(roots: Array) -> Array:
    r"""The polynomial with given roots, :math:`\prod_i (x - r_i)`; of a square matrix, with its eigenvalues.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.poly(ad.Tensor([1.0, 2.0]))
    Tensor([ 1., -3.,  2.])
    """
    if np.ndim(roots) == 2:
        roots = np.linalg.eigvals(roots)
    r = _coefficients(roots)
    r = r + np.zeros((), np.result_type(values(r).dtype, np.float16))
    p = reduce(
        convolve, [concat([np.ones(1, r.dtype), -r[i : i + 1]]) for i in range(np.size(r))], as_tensor(np.ones(1))
    )
    given = values(r)
    paired = given.dtype.kind == "c" and np.all(np.sort(given) == np.sort(given.conj()))
    return np.real(p) if paired else p


def _at_roots(y: Array, p: Array) -> tuple[Array, Array]:
    r"""The powers of the roots, and p'(r): from p(r) = 0 follows :math:`dr = -dp(r) / p'(r)` for each root."""
    powers = np.expand_dims(y, -1) ** np.arange(p.shape[0] - 1, -1, -1)
    return powers, powers[..., 1:] @ _slope(p)


def _roots_pull(g: Array, y: Array, p: Array) -> Array:
    powers, slopes = _at_roots(y, p)
    return -(g / slopes) @ powers


def _roots_push(dxs: list[Array], y: Array, p: Array) -> Array:
    powers, slopes = _at_roots(y, p)
    return -(powers @ dxs[0]) / slopes


def _spread_roots(d: Any) -> Array:
    """A polynomial whose roots lie well apart."""
    n = d.integer(1, 4)
    return (np.poly(np.arange(n) + d.array(shape=(n,), low=0.1, high=0.5)),), {}


roots = primitive(np.roots, _roots_pull, push=_roots_push, name="roots", domain=_spread_roots)


@implements(np.vander)
def vander(x: Array, N: int | None = None, increasing: bool = False) -> Array:  # noqa: N803 - NumPy's name
    r"""Powers of a vector's elements as columns: :math:`y_{ij} = x_i^{n-1-j}` (`increasing`: :math:`x_i^j`).

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.vander(ad.Tensor([1.0, 2.0, 3.0]))
    Tensor([[1., 1., 1.],
            [4., 2., 1.],
            [9., 3., 1.]])
    """
    if np.ndim(x) != 1:
        raise ValueError(f"vander takes a vector, got shape {np.shape(x)}")
    y = power(expand_dims(x, 1), np.arange(np.size(x) if N is None else N))
    return y if increasing else flip(y, axis=1)


@implements(np.polyfit)
def polyfit(
    x: Array, y: Array, deg: int, rcond: float | None = None, full: bool = False, w: Array = None, cov: Any = False
) -> Any:
    r"""The polynomial of a degree that lies nearest to points: least :math:`\sum_i w_i^2 (p(x_i) - y_i)^2`.

    Parameters
    ----------
    x, y : array
        The points; `y` may have a column for each of several sets.
    deg : int
    rcond : float, optional
        Singular values that are smaller, relative to the greatest, count as zero.
    full : bool
        Also give residuals, rank, singular values and `rcond`.
    w : array, optional
    cov : bool or "unscaled"
        Also give the covariance of the coefficients.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.polyfit(ad.Tensor([0.0, 1.0, 2.0]), ad.Tensor([1.0, 3.0, 5.0]), 1).round(9)
    Tensor([2., 1.])
    """
    x, y = _coefficients(x) + 0.0, _coefficients(y) + 0.0
    if np.ndim(x) != 1 or np.size(x) == 0 or np.ndim(y) > 2 or np.shape(y)[:1] != np.shape(x):
        raise ValueError(f"polyfit needs a vector x and as many y, got shapes {np.shape(x)} and {np.shape(y)}")
    if operator.index(deg) < 0:
        raise ValueError(f"polyfit: the degree is 0 at least, got {deg}")
    rcond = len(x) * float(np.finfo(x.dtype).eps) if rcond is None else rcond
    left = vander(x, deg + 1)
    if w is not None:
        left, y = left * expand_dims(w, 1), y * (expand_dims(w, 1) if np.ndim(y) == 2 else w)
    scale = np.sqrt(np.sum(left * left, axis=0))
    left = left / scale
    solution, residuals, rank, singular = np.linalg.lstsq(left, y, rcond)
    fitted = (solution.T / scale).T
    if full:
        return fitted, residuals, rank, singular, rcond
    if not cov:
        return fitted
    spread = np.linalg.inv(left.T @ left) / np.outer(scale, scale)
    if cov != "unscaled":
        if len(x) <= deg + 1:
            raise ValueError(f"polyfit: {len(x)} points leave nothing to estimate the covariance of {deg + 1} from")
        missed = y - left @ solution
        spread = (spread if np.ndim(y) == 1 else spread[:, :, None]) * (
            np.sum(missed * missed, axis=0) / (len(x) - deg - 1)
        )
    return fitted, spread
