"""Products of vectors, matrices and tensors."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autodiff.op import Array, implements, linear, primitive
from autodiff.rules.arithmetic import conj, multiply
from autodiff.rules.shapes import expand_dims, moveaxis, permute_dims, reshape


def _rows(x: Array) -> Array:
    """All leading axes as one: a batch as the rows of a matrix."""
    return x if x.ndim == 2 else np.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


def _matmul_left(g: Array, y: Array, a: Array, b: Array) -> Array:
    if b.ndim == 1:
        return np.expand_dims(g, -1) * b
    if a.ndim == 1:
        return np.squeeze(np.expand_dims(g, -2) @ b.mT, -2)
    return g @ b.mT


def _matmul_right(g: Array, y: Array, a: Array, b: Array) -> Array:
    if a.ndim == 1:
        return a * g if b.ndim == 1 else np.expand_dims(a, -1) * np.expand_dims(g, -2)
    if b.ndim == 1:
        return np.squeeze(a.mT @ np.expand_dims(g, -1), -1)
    if b.ndim == 2 and a.ndim > 2:  # one matrix for a whole batch: sum over the batch inside the product
        return _rows(a).mT @ _rows(g)
    return a.mT @ g


def _matmul_calls(d: Any) -> Any:
    m, n, p = d.integer(1, 3), d.integer(1, 3), d.integer(1, 3)
    left, right = d.choice(
        [
            ((n,), (n,)),
            ((m, n), (n,)),
            ((n,), (n, p)),
            ((m, n), (n, p)),
            ((2, m, n), (n, p)),
            ((m, n), (2, n, p)),
            ((3, 1, m, n), (2, n, p)),
            ((2, m, n), (n,)),
            ((n,), (2, n, p)),
            ((0, n), (n, p)),
        ]
    )
    return (d.array(shape=left), d.array(shape=right)), {}


matmul = linear(operator.matmul, _matmul_left, _matmul_right, name="matmul", tex=r"#1 \, #2", domain=_matmul_calls)


def _product(a: Array, b: Array) -> Array:
    """a @ b for a matrix b, with all rows of a at once, by the way that costs least before the first product."""
    if a.ndim > 2:
        return np.reshape(_rows(a).dot(b), (*a.shape[:-1], b.shape[-1]))
    return a.dot(b) if a.ndim == 2 else a @ b


def _affine(x: Array, weight: Array, bias: Array) -> Array:
    return _product(x, weight.mT) + bias


affine = primitive(
    _affine,
    lambda g, y, x, weight, bias: _product(g, weight),
    lambda g, y, x, weight, bias: _product(_rows(g).mT, _rows(x)),
    lambda g, y, x, weight, bias: g,
    push=lambda dxs, y, x, weight, bias: (
        (0 * y if dxs[0] is None else dxs[0] @ weight.mT)
        + (0 if dxs[1] is None else x @ dxs[1].mT)
        + (0 if dxs[2] is None else dxs[2])
    ),
    name="affine",
    tex="#2 #1 + #3",
    domain=lambda d: (
        (
            d.array(shape=(*d.choice([(), (3,), (2, 1), (0,)]), n := d.integer(1, 3))),
            d.array(shape=(m := d.integer(1, 3), n)),
            d.array(shape=(m,)),
        ),
        {},
    ),
)


def _einsum(*xs: Array, terms: tuple[str, ...] = (), result: str = "") -> Array:
    return np.einsum(f"{','.join(terms)}->{result}", *xs, optimize=len(xs) > 2)


def _einsum_part(i: int, g: Array, y: Array, *xs: Array, terms: tuple[str, ...], result: str) -> Array:
    """The other factors with g; a summed-out index spreads (ones), a repeated one goes to the diagonal (identity)."""
    factors, names = [g], [result]
    for j, x in enumerate(xs):
        if j != i:
            factors.append(x)
            names.append(terms[j])
    known = set("".join(names))
    fresh = iter(sorted(set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") - known - set(terms[i])))
    target = ""
    for axis, letter in enumerate(terms[i]):
        n = xs[i].shape[axis]
        if letter in target:
            new = next(fresh)
            factors.append(np.eye(n, dtype=g.dtype))
            names.append(letter + new)
            target += new
        else:
            if letter not in known:
                factors.append(np.ones(n, g.dtype))
                names.append(letter)
            target += letter
    part = einsum_explicit.on(*factors, terms=tuple(names), result=target)
    return np.broadcast_to(part, np.broadcast_shapes(part.shape, xs[i].shape))  # an axis of length 1 was stretched


def _einsum_calls(d: Any) -> Any:
    i, j, k = d.integer(1, 3), d.integer(1, 3), d.integer(1, 3)
    sizes = {"i": i, "j": j, "k": k}
    terms, result = d.choice(
        [
            (("ij", "jk"), "ik"),
            (("ij", "jk", "ik"), ""),
            (("ij",), "ji"),
            (("ij",), "j"),
            (("ii",), "i"),
            (("ii",), ""),
            (("ij", "ij"), "i"),
            (("i", "j"), "ij"),
            (("iij", "jk"), "ki"),
        ]
    )
    return tuple(d.array(shape=tuple(sizes[c] for c in term)) for term in terms), {"terms": terms, "result": result}


einsum_explicit = linear(
    _einsum, _einsum_part, every=True, name="einsum_explicit", tex=r"\sum #1 #2 \cdots", domain=_einsum_calls
)


@implements(np.einsum)
def einsum(subscripts: str, *operands: Array, optimize: bool | str = False) -> Array:
    r"""Einstein's summation: a product of tensors, summed over the indices that the result does not name.

    Parameters
    ----------
    subscripts : str
        ``"ij,jk->ik"``; without an arrow, the result has the indices that occur once, in alphabetical order; an
        ellipsis stands for any leading axes.
    *operands : array
        One for each term.
    optimize : bool or str
        Accepted as NumPy does; more than two factors are always multiplied in a good order.

    Raises
    ------
    ValueError
        If terms and operands do not match.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.einsum("ij,j->i", ad.Tensor([[1.0, 2.0], [3.0, 4.0]]), ad.Tensor([1.0, 1.0]))
    Tensor([3., 7.])
    """
    if not isinstance(subscripts, str):
        raise TypeError(f"einsum: the subscripts are a string such as 'ij,jk->ik', got {type(subscripts).__name__}")
    left, arrow, result = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        raise ValueError(f"einsum: {subscripts!r} has {len(terms)} terms for {len(operands)} operands")
    free = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in subscripts]
    widest = 0
    for n, (term, x) in enumerate(zip(terms, operands, strict=True)):
        ndim = np.ndim(x)
        if "..." in term:
            hidden = ndim - len(term) + 3
            widest = max(widest, hidden)
            terms[n] = term.replace("...", "".join(free[:hidden][::-1]))
        if len(terms[n]) != ndim:
            raise ValueError(
                f"einsum: the term {term!r} names {len(terms[n])} axes of an operand of shape {np.shape(x)}"
            )
    lead = "".join(free[:widest][::-1])
    if arrow:
        if widest and "..." not in result:
            raise ValueError(f"einsum: the result of {subscripts!r} has to name the ellipsis of its terms")
        result = result.replace("...", lead)
    else:
        every = "".join(terms)
        result = lead + "".join(sorted(c for c in set(every) if every.count(c) == 1 and c not in lead))
    return einsum_explicit(*operands, terms=tuple(terms), result=result)


def _tril(x: Array, k: int = 0) -> Array:
    r"""Matrices with zeros above a diagonal: :math:`y_{ij} = x_{ij}` where :math:`j - i \le k`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.tril(ad.ones((2, 2)))
    Tensor([[1., 0.],
            [1., 1.]])
    """
    return np.tril(x, k)


def _triu(x: Array, k: int = 0) -> Array:
    r"""Matrices with zeros below a diagonal: :math:`y_{ij} = x_{ij}` where :math:`j - i \ge k`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.triu(ad.ones((2, 2)))
    Tensor([[1., 1.],
            [0., 1.]])
    """
    return np.triu(x, k)


def _triangle_calls(d: Any) -> Any:
    return (d.array(min_dims=2),), {"k": d.integer(-2, 2)}


tril = linear(
    _tril, lambda g, y, x, k: np.tril(g, k), name="tril", tex=r"\operatorname{tril} #1", domain=_triangle_calls
)
triu = linear(
    _triu, lambda g, y, x, k: np.triu(g, k), name="triu", tex=r"\operatorname{triu} #1", domain=_triangle_calls
)


# Functions of these


@implements(np.tensordot)
def tensordot(a: Array, b: Array, axes: Any = 2) -> Array:
    r"""Sum of products over pairs of axes: :math:`y_{ij} = \sum_{kl} a_{ikl} b_{klj}` for two.

    Parameters
    ----------
    a, b : array
    axes : int or pair of sequences of ints
        The last so many axes of `a` with the first of `b`, or which axes of `a` with which of `b`.

    Raises
    ------
    ValueError
        If axes that are paired differ in length.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.tensordot(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]), ad.Tensor([1.0, 1.0]), 1)
    Tensor([3., 7.])
    """
    shape_a, shape_b = np.shape(a), np.shape(b)
    if isinstance(axes, (int, np.integer)):
        of_a, of_b = list(range(len(shape_a) - int(axes), len(shape_a))), list(range(int(axes)))
    else:
        of_a, of_b = (
            list(normalize_axis_tuple(x, len(shape))) for x, shape in zip(axes, (shape_a, shape_b), strict=True)
        )
    if [shape_a[i] for i in of_a] != [shape_b[i] for i in of_b]:
        raise ValueError(f"tensordot: axes {of_a} of shape {shape_a} do not match axes {of_b} of shape {shape_b}")
    rest_a = [i for i in range(len(shape_a)) if i not in of_a]
    rest_b = [i for i in range(len(shape_b)) if i not in of_b]
    summed = math.prod(shape_a[i] for i in of_a)
    rows = math.prod(shape_a[i] for i in rest_a)
    columns = math.prod(shape_b[i] for i in rest_b)
    left = reshape(permute_dims(a, (*rest_a, *of_a)), (rows, summed))
    right = reshape(permute_dims(b, (*of_b, *rest_b)), (summed, columns))
    return reshape(matmul(left, right), (*(shape_a[i] for i in rest_a), *(shape_b[i] for i in rest_b)))


@implements(np.dot)
def dot(a: Array, b: Array) -> Array:
    r"""NumPy's dot product: of vectors :math:`\sum_i a_i b_i`, of matrices their product."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return multiply(a, b)
    if np.ndim(b) <= 2:
        return matmul(a, b)
    return tensordot(a, b, axes=((-1,), (-2,)))


@implements(np.vdot)
def vdot(a: Array, b: Array) -> Array:
    r"""Product of two arrays as vectors: :math:`\sum_i \bar a_i b_i`."""
    return matmul(conj(reshape(a, -1)), reshape(b, -1))


@implements(np.inner)
def inner(a: Array, b: Array) -> Array:
    r"""Sum of products over the last axes: :math:`y_{ij} = \sum_k a_{ik} b_{jk}`."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return multiply(a, b)
    return tensordot(a, b, axes=((-1,), (-1,)))


@implements(np.outer)
def outer(a: Array, b: Array) -> Array:
    r"""Every product of two vectors' elements: :math:`y_{ij} = a_i b_j`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.outer(ad.Tensor([1.0, 2.0]), ad.Tensor([3.0, 4.0]))
    Tensor([[3., 4.],
            [6., 8.]])
    """
    return multiply(reshape(a, (-1, 1)), reshape(b, (1, -1)))


@implements(np.vecdot)
def vecdot(a: Array, b: Array, axis: int = -1) -> Array:
    r"""Product of vectors along an axis: :math:`y = \sum_i \bar a_i b_i`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.vecdot(ad.Tensor([1.0, 2.0]), ad.Tensor([3.0, 4.0]))
    Tensor(11.0)
    """
    product = matmul(expand_dims(conj(moveaxis(a, axis, -1)), -2), expand_dims(moveaxis(b, axis, -1), -1))
    return reshape(product, np.shape(product)[:-2])


@implements(np.matvec) if hasattr(np, "matvec") else lambda f: f
def matvec(a: Array, x: Array) -> Array:
    r"""Matrices times vectors: :math:`y_i = \sum_j a_{ij} x_j`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.matvec(ad.Tensor([[1.0, 2.0], [3.0, 4.0]]), ad.Tensor([1.0, 1.0]))
    Tensor([3., 7.])
    """
    product = matmul(a, expand_dims(x, -1))
    return reshape(product, np.shape(product)[:-1])


@implements(np.vecmat) if hasattr(np, "vecmat") else lambda f: f
def vecmat(x: Array, a: Array) -> Array:
    r"""Vectors times matrices: :math:`y_j = \sum_i \bar x_i a_{ij}`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.vecmat(ad.Tensor([1.0, 1.0]), ad.Tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([4., 6.])
    """
    product = matmul(expand_dims(conj(x), -2), a)
    return reshape(product, (*np.shape(product)[:-2], np.shape(product)[-1]))
