r"""The typical element of a formula: :math:`W x + b` is :math:`\sum_k w_{jk} x_k + b_j`.

Broadcasting, axes of length 1 and transposition, which formulas of whole arrays leave to the reader, become indices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from autodiff.formulas.figures import is_one_number
from autodiff.formulas.latex import latex
from autodiff.formulas.simplify import made_by
from autodiff.formulas.symbols import Symbol, Written, computed, example
from autodiff.formulas.templates import PREFIX
from autodiff.op import Elementwise, Op, table

#: Letters for indices; for those that are summed over, the ones that are left.
_LETTERS = "jkilmnpqrs"

#: What writes the element of a name with such indices.
Naming = Callable[[str], str]
#: A number for every index, from 0.
Places = Mapping[str, int]


class Element(NamedTuple):
    """An element of an array as a formula.

    Attributes
    ----------
    indices : tuple of str
        One for each axis.
    tex : str
    at : callable
        The number itself, for numbers in place of the indices.
    """

    indices: tuple[str, ...]
    tex: str
    at: Callable[[Places], Any]


def indices_of(ndim: int) -> tuple[str, ...]:
    """Letters for the axes of an array: j; jk for matrices; i j k for what has more axes.

    Examples
    --------
    >>> indices_of(1), indices_of(2), indices_of(3)
    (('j',), ('j', 'k'), ('i', 'j', 'k'))
    """
    return tuple({0: "", 1: "j", 2: "jk", 3: "ijk"}.get(ndim, "hijklmnpqrs"[:ndim]))


def element(tree: Any, named: Mapping[Symbol, Naming]) -> Element | None:
    r"""The typical element of a formula; None where it is made of operations that are not written by elements.

    Parameters
    ----------
    tree : Symbol or array
    named : mapping
        How the elements of the formula's names are written.

    Examples
    --------
    >>> W, x = Symbol("W", np.ones((2, 3))), Symbol("x", np.ones(3))
    >>> found = element(np.tanh(W @ x), {W: lambda i: f"w_{{{i}}}", x: lambda i: f"x_{i}"})
    >>> found.tex, float(found.at({"j": 1}))
    ('\\tanh (\\sum_k w_{jk} \\, x_k)', 0.9950547536867305)
    """
    indices = indices_of(np.ndim(tree))
    try:
        tex, at = _Elements(named, indices).of(tree, indices)
    except _NotByElementsError:
        return None
    return Element(indices, latex(tex), at)


class _NotByElementsError(Exception):
    """Something is not written by elements."""


#: A formula for an element, and the number that it is.
_Found = tuple[Any, Callable[[Places], Any]]


class _Elements:
    def __init__(self, named: Mapping[Symbol, Naming], used: Sequence[str]) -> None:
        self._named = named
        self._fresh = [letter for letter in _LETTERS if letter not in used]
        self._leaves: dict[tuple[Symbol, tuple[str, ...]], Symbol] = {}  # the same element is the same symbol

    def of(self, x: Any, at: tuple[str, ...]) -> _Found:
        """The element of a formula at these indices."""
        if not isinstance(x, Symbol):
            return self._constant(np.asarray(x))
        if x.of is None:
            if x not in self._named:
                raise _NotByElementsError
            return self._leaf(x, at)
        if not isinstance(x.of, Op) or isinstance(x.value, tuple):
            raise _NotByElementsError
        form = _FORMS.get(x.of.name)
        if form is not None:
            return form(self, x, at)
        if isinstance(x.of, Elementwise):
            return self._elementwise(x, at)
        raise _NotByElementsError

    def _constant(self, x: Any) -> _Found:
        if x.dtype.kind not in "biuf" or not is_one_number(x):
            raise _NotByElementsError
        number = x.flat[0]
        return number, lambda places: number

    def _leaf(self, x: Symbol, at: tuple[str, ...]) -> _Found:
        value: Any = np.asarray(x.value)
        if (x, at) not in self._leaves:
            self._leaves[x, at] = Symbol(self._named[x]("".join(at)), _example(x))
        return self._leaves[x, at], lambda places: value[tuple(0 if i == _ONLY else places[i] for i in at)]

    def _elementwise(self, x: Symbol, at: tuple[str, ...]) -> _Found:
        assert isinstance(x.of, Op)
        op, params = x.of, dict(x.params)
        if any(isinstance(value, (Symbol, np.ndarray)) for value in params.values()):
            raise _NotByElementsError
        parts = [self.of(a, _aligned(a, x, at)) for a in x.args]
        return (
            Symbol("", _example(x), op, tuple(tree for tree, _ in parts), params),
            lambda places: computed(op, tuple(number(places) for _, number in parts), params),
        )

    def summed(self, axes: Mapping[str, int], part: _Found) -> _Found:
        """A sum of elements over indices, with the lengths of their axes."""
        axes = {letter: n for letter, n in axes.items() if n != 1}
        tree, number = part

        def total(places: Places, left: tuple[str, ...] = tuple(axes)) -> Any:
            if not left:
                return number(places)
            return sum(total({**places, left[0]: i}, left[1:]) for i in range(axes[left[0]]))

        if not axes:
            return tree, total
        inner = latex(tree)
        bracketed = f"({inner})" if made_by(tree, "add") or made_by(tree, "subtract") else inner
        below = next(iter(axes)) if len(axes) == 1 else f"{{{''.join(axes)}}}"
        return Written(rf"\sum_{below} {bracketed}", example(tree), PREFIX), total

    def fresh(self) -> str:
        """A letter for an index that nothing has yet."""
        if not self._fresh:
            raise _NotByElementsError
        return self._fresh.pop(0)


def _example(x: Symbol) -> Any:
    return np.ravel(x.value)[0] if np.size(x.value) else np.zeros((), x.dtype)[()]


def _aligned(a: Any, x: Any, at: tuple[str, ...]) -> tuple[str, ...]:
    """The indices of what is broadcast: those of the last axes."""
    own = at[len(at) - np.ndim(a) :]
    if np.shape(a) != np.shape(x)[np.ndim(x) - np.ndim(a) :]:  # an axis of length 1 is stretched
        raise _NotByElementsError
    return own


def _same_axes(elements: _Elements, x: Symbol, at: tuple[str, ...]) -> _Found:
    """New axes of length 1, or none of them: the other axes keep their indices."""
    inner = x.args[0]
    if not isinstance(inner, Symbol):
        return elements.of(inner, ())
    if x.of is table["broadcast_to"]:
        return elements.of(inner, _aligned(inner, x, at))
    kept = [i for i, n in zip(at, x.shape, strict=True) if n != 1]
    unit = [i for i, n in zip(at, x.shape, strict=True) if n == 1 and i != _ONLY]
    if [n for n in x.shape if n != 1] != [n for n in inner.shape if n != 1]:
        raise _NotByElementsError
    return elements.of(inner, tuple(kept.pop(0) if n != 1 else unit.pop(0) if unit else _ONLY for n in inner.shape))


#: The index of an axis of length 1.
_ONLY = "1"


def _permuted(elements: _Elements, x: Symbol, at: tuple[str, ...]) -> _Found:
    inner = x.args[0]
    axes = x.params["axes"] or tuple(range(x.ndim))[::-1]
    places = dict(zip((a % x.ndim for a in axes), at, strict=True))
    return elements.of(inner, tuple(places[a] for a in range(x.ndim)))


def _product(elements: _Elements, x: Symbol, at: tuple[str, ...]) -> _Found:
    """One element of a product of matrices: a sum of products."""
    a, b = x.args
    if np.ndim(a) > 2 or np.ndim(b) > 2:
        raise _NotByElementsError
    k = elements.fresh() if np.shape(a)[-1] != 1 else _ONLY
    left, right = (at[:1] if np.ndim(a) == 2 else ()), (at[-1:] if np.ndim(b) == 2 else ())
    return elements.summed({k: np.shape(a)[-1]}, _times(elements.of(a, (*left, k)), elements.of(b, (k, *right))))


def _affine(elements: _Elements, x: Symbol, at: tuple[str, ...]) -> _Found:
    samples, weight, bias = x.args
    k = elements.fresh() if np.shape(weight)[1] != 1 else _ONLY
    product = _times(elements.of(weight, (at[-1], k)), elements.of(samples, (*at[:-1], k)))
    total = elements.summed({k: np.shape(weight)[1]}, product)
    (tree, number), (offset, offset_number) = total, elements.of(bias, at[-1:])
    return (
        Symbol("", _example(x), table["add"], (tree, offset)),
        lambda places: number(places) + offset_number(places),
    )


def _times(a: _Found, b: _Found) -> _Found:
    (left, left_number), (right, right_number) = a, b
    return (
        Symbol("", example(left) * example(right), table["multiply"], (left, right)),
        lambda places: left_number(places) * right_number(places),
    )


def _sum(elements: _Elements, x: Symbol, at: tuple[str, ...]) -> _Found:
    inner = x.args[0]
    axis = x.params.get("axis")
    axes = range(inner.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    summed = {a % inner.ndim for a in axes}
    kept = [i for a, i in enumerate(at) if a not in summed] if x.params.get("keepdims") else list(at)
    letters: list[str] = []
    for a, n in enumerate(inner.shape):
        letters.append((elements.fresh() if n != 1 else _ONLY) if a in summed else kept.pop(0))
    lengths = {letter: n for a, (letter, n) in enumerate(zip(letters, inner.shape, strict=True)) if a in summed}
    return elements.summed(lengths, elements.of(inner, tuple(letters)))


def _mean(elements: _Elements, x: Symbol, at: tuple[str, ...]) -> _Found:
    inner = x.args[0]
    tree, number = _sum(elements, x, at)
    n = inner.size // max(x.size, 1)
    if n == 1:
        return tree, number
    return (
        Symbol("", _example(x), table["multiply"], (Written(rf"\frac{{1}}{{{n}}}", 1 / n, PREFIX - 1), tree)),
        lambda places: number(places) / n,
    )


def _cast(elements: _Elements, x: Symbol, at: tuple[str, ...]) -> _Found:
    tree, number = elements.of(x.args[0], at)
    return Symbol("", _example(x), x.of, (tree,), x.params), lambda places: number(places).astype(x.dtype)


_FORMS: dict[str, Callable[[_Elements, Symbol, tuple[str, ...]], _Found]] = {
    **dict.fromkeys(("broadcast_to", "expand_dims", "squeeze", "reshape"), _same_axes),
    "astype": _cast,
    "permute_dims": _permuted,
    "matmul": _product,
    "affine": _affine,
    "sum": _sum,
    "mean": _mean,
}
