"""Nested dicts, lists and tuples of arrays: their leaves, and the same nesting again with others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from autodiff.tensor import Tensor, bare

#: An array, or a dict, list or tuple of trees.
Tree = Any


def leaves(tree: Tree) -> list[Any]:
    """The leaves of nested dicts, lists and tuples, in order."""
    if isinstance(tree, dict):
        return [leaf for key in tree for leaf in leaves(tree[key])]
    if isinstance(tree, (list, tuple)):
        return [leaf for part in tree for leaf in leaves(part)]
    return [tree]


def tensors(tree: Tree) -> list[Tensor]:
    """The leaves as Tensors."""
    return [leaf if isinstance(leaf, Tensor) else Tensor(leaf) for leaf in leaves(tree)]


def leaves_as(tree: Tree, like: Tree, what: str) -> list[Any]:
    """The leaves of a tree, as Tensors and arrays, in the order of another one, which it has to match key by key."""
    if isinstance(like, dict):
        if not isinstance(tree, dict) or tree.keys() != like.keys():
            raise ValueError(f"{what}: expected a dict with the keys {list(like)}, got {_shown(tree)}")
        return [leaf for key in like for leaf in leaves_as(tree[key], like[key], what)]
    if isinstance(like, (list, tuple)):
        if not isinstance(tree, (list, tuple)) or len(tree) != len(like):
            raise ValueError(f"{what}: expected {len(like)} parts, got {_shown(tree)}")
        return [leaf for part, other in zip(tree, like, strict=True) for leaf in leaves_as(part, other, what)]
    return [tree if isinstance(tree, Tensor) else bare(np.asarray(tree))]


def _shown(tree: Tree) -> str:
    return f"a dict with the keys {list(tree)}" if isinstance(tree, dict) else f"{type(tree).__name__} {tree!r:.60}"


def rebuilt(tree: Tree, new: Iterable[Any]) -> Tree:
    """The same nesting with other leaves."""
    rest = iter(new)
    return mapped(lambda _: next(rest), tree)


def mapped(function: Callable[[Any], Any], tree: Tree) -> Tree:
    """The same nesting with a function of every leaf in place of it."""
    if isinstance(tree, dict):
        return {key: mapped(function, tree[key]) for key in tree}
    if isinstance(tree, (list, tuple)):
        parts: Iterator[Any] = (mapped(function, part) for part in tree)
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return function(tree)
