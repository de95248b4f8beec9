"""Einstein's summation."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.op import Array, implements, linear


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
