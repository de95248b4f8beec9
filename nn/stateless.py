"""A module as a function of its parameters, for transforms such as `autodiff.grad` and `autodiff.hessian`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from operator import is_
from typing import Any

import numpy as np

import autodiff as ad
from nn.module import Module, Parameter


def functional_call(
    module: Module, parameters: Mapping[str, Any], args: Any = (), kwargs: Mapping[str, Any] | None = None
) -> Any:
    """The module's result with other parameters in place of its own, which stay as they are.

    Parameters
    ----------
    module : Module
    parameters : mapping
        Arrays or Tensors by the names that `named_parameters` gives; what is not named is the module's own.  One that
        the module uses under several names is replaced under all of them.
    args : tuple, or a single array or Tensor
        What to call the module with.
    kwargs : mapping, optional

    Raises
    ------
    KeyError
        If the module has no parameter of a name.
    ValueError
        If a shape is not that of the module's own parameter.

    Notes
    -----
    The module is changed while it runs, and is as it was afterwards: two threads need a copy each.

    Examples
    --------
    >>> import autodiff as ad, nn, numpy as np
    >>> model, x = nn.Linear(2, 1, rng=0), np.ones((3, 2), np.float32)
    >>> def cost(parameters):
    ...     return ad.sum(nn.functional_call(model, parameters, x) ** 2)
    >>> gradients = ad.grad(cost)({name: p.data for name, p in model.named_parameters()})
    >>> {name: g.shape for name, g in gradients.items()}
    {'weight': (1, 2), 'bias': (1,)}
    """
    with _replaced(module, parameters):
        return module(*(args if isinstance(args, tuple) else (args,)), **(kwargs or {}))


@contextmanager
def _replaced(module: Module, parameters: Mapping[str, Any]) -> Iterator[None]:
    own = dict(module.named_parameters(remove_duplicate=False))
    if unknown := parameters.keys() - own.keys():
        raise KeyError(f"{type(module).__name__} has no parameter {sorted(unknown)}, it has {list(own)}")
    others: dict[int, Any] = {}
    for name, value in parameters.items():
        if np.shape(value) != own[name].shape:
            raise ValueError(f"parameter {name!r} has shape {own[name].shape}, got {np.shape(value)}")
        others[id(own[name])] = ad.asarray(value)
    changed = []
    for part in list(module.modules()):
        attributes = vars(part)
        swapped = {name: (old, new) for name, old in attributes.items() if (new := _with(old, others)) is not old}
        changed.append((attributes, swapped))
    try:
        for attributes, swapped in changed:
            attributes.update({name: new for name, (_, new) in swapped.items()})
        yield
    finally:
        for attributes, swapped in changed:
            attributes.update({name: old for name, (old, _) in swapped.items()})


def _with(value: Any, others: dict[int, Any]) -> Any:
    """An attribute with other parameters in it."""
    if isinstance(value, Parameter):
        return others.get(id(value), value)
    if isinstance(value, (list, tuple)):
        parts = [_with(part, others) for part in value]
        return value if all(map(is_, parts, value)) else type(value)(parts)
    if isinstance(value, dict):
        named = {key: _with(part, others) for key, part in value.items()}
        return value if all(map(is_, named.values(), value.values())) else named
    return value
