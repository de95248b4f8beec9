"""A model as a chain of layers of neurons and of other modules, with the numbers of one sample that goes through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeGuard, TypeVar

import numpy as np

import autodiff as ad
from nn.activations import GLU, PReLU, _Activation
from nn.containers import Sequential
from nn.layers import Linear
from nn.module import Module, modes_kept

Array = np.ndarray[Any, Any]
_Kind = TypeVar("_Kind", bound=Module)
#: How far from 0 the curve of an activation is drawn, and at how many points.
_POINTS = np.linspace(-3.0, 3.0, 25)


@dataclass(frozen=True)
class Dense:
    r"""A layer of neurons: :math:`z_j = \sum_k w_{jk} x_k + b_j` and :math:`a_j = f(z_j)`.

    Attributes
    ----------
    path : str
        Of the module that holds the weights.
    weight : array
        Of shape (neurons, neurons of the layer before).
    bias : array or None
    activation : str or None
        The name of f.
    curve : array or None
        The values of f from -3 to 3, where it is a function of one number.
    z, a : array or None
        The numbers of the sample.
    """

    path: str
    weight: Array
    bias: Array | None
    activation: str | None
    curve: Array | None
    z: Array | None
    a: Array | None


@dataclass(frozen=True)
class Block:
    """Any other module.

    Attributes
    ----------
    path, kind, settings : str
        Its name in the model, its class, and its settings as `repr` shows them.
    value : array or None
        What it gives for the sample.
    """

    path: str
    kind: str
    settings: str
    value: Array | None


@dataclass(frozen=True)
class Chain:
    """What is drawn, in order; `sample` is what goes in, if it was given."""

    sample: Array | None
    stages: tuple[Dense | Block, ...]

    @property
    def name(self) -> str:
        """Its layers by their sizes, other modules by their classes: ``3-4-1``."""
        first = self.stages[0]
        inputs = [str(first.weight.shape[1])] if isinstance(first, Dense) else []
        parts = [str(len(stage.weight)) if isinstance(stage, Dense) else stage.kind for stage in self.stages]
        return "-".join(inputs + parts)


def chain(model: Any, x: Any = None) -> Chain:
    """Part a model into layers of neurons, each with its activation, and other modules.

    It is looked at in evaluation mode, and is afterwards as it was.

    Parameters
    ----------
    model : Sequential or Linear
        A Sequential may hold others, and any modules.
    x : array_like, optional
        One sample, without an axis of samples.

    Raises
    ------
    TypeError
        If the model is something else: it may do anything in its `forward`.
    ValueError
        If it is empty, if one layer does not fit the next, or if the sample does not fit.
    """
    if not _computes_as(model, Linear) and not _computes_as(model, Sequential):
        raise TypeError(
            f"diagram draws chains of modules, an nn.Sequential, got {type(model).__name__}: draw what it computes "
            f"with autodiff.draw(model(x))"
        )
    steps = list(_steps(model, ""))
    if not steps:
        raise ValueError(f"diagram: there is nothing to draw in an empty {type(model).__name__}")
    sample = None if x is None else np.array(ad.asarray(x).detach())
    first = steps[0][1]
    if sample is not None and _computes_as(first, Linear) and sample.shape != (first.in_features,):
        raise ValueError(
            f"diagram takes one sample x, without an axis of samples, here of shape ({first.in_features},), got "
            f"{sample.shape}"
        )
    with modes_kept(model), ad.no_grad():
        model.eval()
        return Chain(sample, tuple(_stages(steps, _values(steps, sample))))


def _computes_as(module: Any, kind: type[_Kind]) -> TypeGuard[_Kind]:
    """Whether a module is of a kind, or of one made from it that has no `forward` of its own."""
    return isinstance(module, kind) and type(module).forward is kind.forward


def _steps(module: Module, path: str) -> Iterator[tuple[str, Module]]:
    """The modules that are called one after the other, with their paths."""
    if not _computes_as(module, Sequential):
        yield path, module
        return
    for name, part in module._held().items():
        yield from _steps(part, f"{path}.{name}" if path else name)


def _values(steps: list[tuple[str, Module]], sample: Array | None) -> list[Array | None]:
    """What each module gives for the sample."""
    if sample is None:
        return [None] * len(steps)
    values: list[Array | None] = []
    value: Any = ad.asarray(sample[None])
    for _, module in steps:
        value = module(value)
        values.append(np.array(value)[0] if isinstance(value, ad.Tensor) else None)
    return values


def _stages(steps: list[tuple[str, Module]], values: list[Array | None]) -> Iterator[Dense | Block]:
    width: int | None = None  # of the layer of neurons right before
    i = 0
    while i < len(steps):
        (path, module), value = steps[i], values[i]
        i += 1
        if not _computes_as(module, Linear) or (value is not None and value.ndim > 1):  # many positions: no one number
            yield Block(path, type(module).__name__, module.extra_repr(), value)
            width = None
            continue
        if width not in (None, module.in_features):
            raise ValueError(f"diagram: {path} is {module!r}, after a layer of {width} neurons")
        width = module.out_features
        bias = None if module.bias is None else module.bias.data
        if i < len(steps) and _acts_on_neurons(activation := steps[i][1]):
            name = type(activation).__name__
            yield Dense(path, module.weight.data, bias, name, _curve(activation), value, values[i])
            i += 1
        else:
            yield Dense(path, module.weight.data, bias, None, None, value, value)


def _acts_on_neurons(module: Module) -> bool:
    """Whether a module gives one number for every neuron."""
    return isinstance(module, (_Activation, PReLU)) and not isinstance(module, GLU)


def _curve(activation: Module) -> Array | None:
    """The values of an activation from -3 to 3; None if it is not a function of one number, as the softmax is not."""
    try:
        one_by_one, together = (np.array(activation(x)).ravel() for x in (_POINTS[:, None], _POINTS[None]))
    except ValueError:  # PReLU with a slope for each neuron, Softmax2d
        return None
    return one_by_one if np.allclose(one_by_one, together) else None
