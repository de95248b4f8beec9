"""What layers and losses ask of what they are given: the checks, and the errors."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

import autodiff as ad

Array = np.ndarray[Any, Any]


# Settings


def whole(where: str, name: str, value: Any, least: int) -> int:
    """A whole number that is not too small."""
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool):
        raise TypeError(f"{where}: {name} is a whole number, got {value!r}")
    if value < least:
        raise ValueError(f"{where}: {name} is at least {least}, got {value}")
    return int(value)


def size(layer: str, name: str, value: Any) -> int:
    """A number of features: a whole number of at least 0."""
    return whole(layer, name, value, 0)


def count(layer: str, name: str, value: Any) -> int:
    """A whole number of at least 1."""
    return whole(layer, name, value, 1)


def each(layer: str, name: str, value: Any, dims: int, least: int) -> tuple[int, ...]:
    """A whole number for each axis, of one for all of them or one for each."""
    given = tuple(value) if isinstance(value, (tuple, list)) else (value,) * dims
    if len(given) != dims:
        raise ValueError(f"{layer}: {name} is a whole number, or {dims} of them, got {value!r}")
    numbers = tuple(size(layer, name, n) for n in given)
    if min(numbers) < least:
        raise ValueError(f"{layer}: {name} is at least {least}, got {value!r}")
    return numbers


def groups(layer: str, name: str, channels: int, groups: Any) -> int:
    """Into how many groups channels are divided, if they can be."""
    if channels % count(layer, name, groups):
        raise ValueError(f"{layer}: {name}={groups} does not divide {channels} channels")
    return int(groups)


def one_of(where: str, name: str, value: Any, known: Collection[str]) -> Any:
    """One of a few words."""
    if value not in known:
        raise ValueError(f"{where}: {name} is {' or '.join(map(repr, known))}, got {value!r}")
    return value


def fraction(where: str, name: str, value: float) -> float:
    """A number from 0 to 1."""
    if not 0 <= value <= 1:
        raise ValueError(f"{where}: {name} is from 0 to 1, got {value}")
    return value


def positive(where: str, name: str, value: float) -> float:
    """A number above 0."""
    if not value > 0:
        raise ValueError(f"{where}: {name} is above 0, got {value}")
    return value


def at_least_0(where: str, name: str, value: float) -> float:
    """A number of at least 0."""
    if not value >= 0:
        raise ValueError(f"{where}: {name} is at least 0, got {value}")
    return value


def reduction(value: str) -> str:
    """How the losses of the elements become one number."""
    if value not in ("mean", "sum", "none"):
        raise ValueError(f"reduction is 'mean', 'sum' or 'none', got {value!r}")
    return value


# What layers are called with


def floats(where: str, input: Any) -> ad.Tensor:
    """An input, or a prediction, as a Tensor of floating-point numbers."""
    x = input if isinstance(input, ad.Tensor) else ad.asarray(input)
    if x.dtype.kind != "f":
        raise TypeError(f"{where} takes floating-point numbers, got dtype {x.dtype}")
    return x


def channels(where: str, x: ad.Tensor, n: int, ndims: Collection[int]) -> None:
    """Refuse what has not so many axes, or other than `n` channels on the second."""
    if x.ndim not in ndims or x.shape[1] != n:
        shapes = " or ".join(f"(N, {', '.join((str(n), 'C', 'L', 'H', 'W')[i] for i in _AXES[k])})" for k in ndims)
        raise ValueError(f"{where} takes shape {shapes}, got {x.shape}")


#: Which letters stand for the axes of an input of so many, after that of samples.
_AXES = {2: (0,), 3: (0, 2), 4: (0, 3, 4)}


def indices(where: str, input: Any, n: int) -> Array:
    """Whole numbers from 0 to before n."""
    array = np.asarray(_raw(input))
    if array.dtype.kind not in "iu" and array.size:
        raise TypeError(f"{where} takes indices, whole numbers, got dtype {array.dtype}")
    if array.size and not (array.min() >= 0 and array.max() < n):
        raise ValueError(f"{where} takes indices from 0 to {n - 1}, got {first((array < 0) | (array >= n), array)}")
    return array.astype(np.intp, copy=False)


# Predictions, targets, weights


def like(loss: str, x: ad.Tensor, target: Any) -> Any:
    """The target in the prediction's dtype, if it has its shape: an array, or a Tensor if it is one."""
    if not isinstance(target, (np.ndarray, ad.Tensor)):
        target = _array(loss, "the target", target)
    if target.shape != x.shape:
        raise ValueError(f"{loss}: the prediction has shape {x.shape}, the target {target.shape}")
    if target.dtype != x.dtype:
        _refuse_unreal(loss, "the target", target)
        target = target.astype(x.dtype)
    return target


def probabilities(loss: str, what: str, values: Any) -> None:
    """Refuse what is not from 0 to 1."""
    array = _raw(values)
    if array.size == 1:
        low = high = array.item()
    elif array.size:
        low, high = np.minimum.reduce(array, None), np.maximum.reduce(array, None)
    else:
        return
    if not (low >= 0 and high <= 1):
        raise ValueError(f"{loss}: {what} is from 0 to 1, got {first(~((array >= 0) & (array <= 1)), array)}")


def signs(loss: str, target: Any) -> None:
    """Refuse what is not 1 or -1."""
    array = _raw(target)
    wrong = np.abs(array) != 1
    if wrong.any():
        raise ValueError(f"{loss}: the target is 1 or -1, got {first(wrong, array)}")


def numbers(loss: str, target: Any) -> None:
    """Refuse NaN."""
    array = _raw(target)
    missing = np.isnan(array)
    if missing.any():
        raise ValueError(f"{loss}: the target holds numbers, got {first(missing, array)}")


def given_weights(loss: str, name: str, weight: Any) -> Array | None:
    """Weights that are kept for later: an array of real numbers, or None."""
    return None if weight is None else _array(loss, name, weight)


def weights(loss: str, name: str, weight: Any, x: ad.Tensor) -> Array:
    """Weights that broadcast against the prediction, in its dtype."""
    array = _array(loss, name, weight)
    try:
        fits = np.broadcast_shapes(array.shape, x.shape) == x.shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"{loss}: {name} of shape {array.shape} does not fit the prediction's shape {x.shape}")
    return array.astype(x.dtype, copy=False)


def class_weights(loss: str, weight: Any, classes: int, dtype: Any) -> Array:
    """One weight for each class, in the prediction's dtype."""
    array = _array(loss, "weight", weight)
    if array.shape != (classes,):
        raise ValueError(f"{loss}: weight has one number for each of {classes} classes, got shape {array.shape}")
    return array.astype(dtype, copy=False)


def class_axis(loss: str, x: ad.Tensor) -> int:
    """Which axis the classes are on."""
    if not x.ndim:
        raise ValueError(f"{loss}: the prediction has shape (C,), (N, C) or (N, C, d1, ...), got ()")
    axis = 0 if x.ndim == 1 else 1
    if not x.shape[axis]:
        raise ValueError(f"{loss}: the prediction of shape {x.shape} has no classes")
    return axis


def labels(loss: str, x: ad.Tensor, axis: int, target: Any, ignore_index: int) -> tuple[Array, Array | None]:
    """Class labels, and which of them count (None: all); those that do not are made 0."""
    array = np.asarray(_raw(target))
    shape = x.shape
    classes = shape[axis]
    expected = shape[:axis] + shape[axis + 1 :]
    if array.shape != expected:
        other = "" if loss == "nll_loss" else f", or class probabilities of shape {shape}"
        raise ValueError(
            f"{loss}: the prediction has shape {shape}, the target {array.shape}; it takes class labels of shape "
            f"{expected}{other}"
        )
    if not array.size:
        return array.astype(np.int64), None
    if array.dtype.kind not in "iu":
        raise TypeError(f"{loss}: class labels are integers, got dtype {array.dtype}")
    low, high = np.minimum.reduce(array, None), np.maximum.reduce(array, None)
    if low >= 0 and high < classes and not 0 <= ignore_index < classes:
        return array, None
    counted = array != ignore_index
    wrong = counted & ((array < 0) | (array >= classes))
    if wrong.any():
        raise ValueError(
            f"{loss}: class labels for {classes} classes are from 0 to {classes - 1}, got {first(wrong, array)}"
        )
    return np.where(counted, array, 0), counted


def distribution(loss: str, x: ad.Tensor, target: Any) -> Any:
    """Class probabilities in the prediction's dtype: an array, or a Tensor if they are one."""
    given = target if isinstance(target, (np.ndarray, ad.Tensor)) else np.asarray(target)
    if given.dtype.kind != "f":
        raise TypeError(
            f"{loss}: a target of the prediction's shape {x.shape} holds class probabilities, floating-point numbers, "
            f"got dtype {given.dtype}"
        )
    t = like(loss, x, given)
    probabilities(loss, "a class probability", t)
    return t


def _raw(x: Any) -> Any:
    return x.data if isinstance(x, ad.Tensor) else x


def _refuse_unreal(loss: str, what: str, array: Any) -> None:
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{loss}: {what} holds real numbers, got dtype {array.dtype}")


def _array(loss: str, what: str, values: Any) -> Array:
    """An array of real numbers."""
    array = np.asarray(_raw(values))
    _refuse_unreal(loss, what, array)
    return array


def first(wrong: Any, array: Array) -> str:
    """The first element that is wrong, and where it is."""
    if not array.ndim:
        return str(array.item())
    at = tuple(int(i) for i in np.argwhere(wrong)[0])
    return f"{array[at].item()} at index {at if len(at) > 1 else at[0]}"
