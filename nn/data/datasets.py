"""Datasets: samples by number, and how samples become a batch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import autodiff as ad
from nn.random import Rng, generator

Array = np.ndarray[Any, Any]


class Dataset:
    """Base class of what has samples: a subclass defines ``__len__`` and ``__getitem__``.

    Whatever else has both, such as a list, serves a `DataLoader` as well; a subclass that can give many samples at once
    faster than one by one also defines `batch`.

    Examples
    --------
    >>> import nn
    >>> class Squares(nn.data.Dataset):
    ...     def __len__(self):
    ...         return 4
    ...
    ...     def __getitem__(self, i):
    ...         return float(i), float(i * i)
    >>> Squares().batch([1, 3])
    (array([1., 3.]), array([1., 9.]))
    """

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} does not define __len__")

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not define __getitem__")

    def batch(self, indices: Any) -> Any:
        """The samples of these numbers, as a batch."""
        return default_collate([self[int(i)] for i in indices])


class TensorDataset(Dataset):
    """Arrays side by side: sample i is the i-th element of each.

    Parameters
    ----------
    *tensors : array_like
        Of one length.  Arrays are not copied, and a memory-mapped one (``np.load(path, mmap_mode="r")``, or
        `read_idx` with ``mmap=True``) is read where a batch asks for it and nowhere else.

    Raises
    ------
    ValueError
        If the lengths differ, or there is nothing.

    Examples
    --------
    >>> import numpy as np, nn
    >>> data = nn.data.TensorDataset(np.arange(6.0).reshape(3, 2), np.array([0, 1, 1]))
    >>> data[1]
    (array([2., 3.]), np.int64(1))
    """

    def __init__(self, *tensors: Any) -> None:
        self.tensors = tuple(map(np.asarray, tensors))
        if not self.tensors:
            raise ValueError("TensorDataset takes at least one array, got none")
        shapes = [array.shape for array in self.tensors]
        if () in shapes or len({shape[0] for shape in shapes}) > 1:
            raise ValueError(f"TensorDataset takes arrays of one length, got shapes {', '.join(map(str, shapes))}")

    def __len__(self) -> int:
        return len(self.tensors[0])

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        return tuple(array[index] for array in self.tensors)

    def batch(self, indices: Any) -> tuple[Array, ...]:
        indices = np.asarray(indices)
        return tuple(array.take(indices, axis=0) for array in self.tensors)


class Subset(Dataset):
    """Some samples of a dataset.

    Parameters
    ----------
    dataset : Dataset or sequence
    indices : array_like of int
        Their numbers.

    Raises
    ------
    IndexError
        If the dataset has no sample of a number.

    Examples
    --------
    >>> import nn
    >>> nn.data.Subset(["a", "b", "c"], [2, 0])[0]
    'c'
    """

    def __init__(self, dataset: Any, indices: Any) -> None:
        self.dataset = dataset
        self.indices = np.asarray(indices)
        if not self.indices.size:
            self.indices = self.indices.astype(np.int64)
        if self.indices.ndim != 1 or self.indices.dtype.kind not in "iu":
            raise TypeError(
                f"Subset takes the numbers of samples, one axis of integers, got dtype {self.indices.dtype} and shape "
                f"{self.indices.shape}"
            )
        size = len(dataset)
        wrong = self.indices[(self.indices < -size) | (self.indices >= size)]
        if wrong.size:
            raise IndexError(f"Subset: there are {size} samples, none of number {wrong[0]}")

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: Any) -> Any:
        return self.dataset[int(self.indices[index])]

    def batch(self, indices: Any) -> Any:
        return taken(self.dataset, self.indices[np.asarray(indices)])


def random_split(dataset: Any, lengths: Sequence[float], rng: Rng = None) -> list[Subset]:
    """Parts of a dataset that have no sample in common, at random.

    Parameters
    ----------
    dataset : Dataset or sequence
    lengths : sequence of int, or of float
        How many samples each part has, or fractions of all: what rounding down leaves goes to the first parts, one
        each.
    rng : Generator or int, optional

    Raises
    ------
    ValueError
        If the lengths do not add up to all samples, or the fractions to 1.

    Examples
    --------
    >>> import nn
    >>> learn, test = nn.data.random_split(range(10), [0.75, 0.25], rng=0)
    >>> len(learn), len(test)
    (8, 2)
    """
    size = len(dataset)
    parts = list(lengths)
    if not parts or any(isinstance(n, bool) or not isinstance(n, (int, float, np.number)) or n < 0 for n in parts):
        raise ValueError(f"random_split: lengths are numbers of at least 0, got {lengths!r}")
    if all(isinstance(n, (int, np.integer)) for n in parts) and sum(parts) == size:
        counts = [int(n) for n in parts]
    elif math.isclose(sum(parts), 1, abs_tol=1e-6):
        counts = [math.floor(size * fraction) for fraction in parts]
        for i in range(size - sum(counts)):
            counts[i % len(counts)] += 1
    else:
        raise ValueError(f"random_split: lengths add up to {size} samples, or fractions to 1, got {lengths!r}")
    order = generator(rng).permutation(size)
    return [Subset(dataset, part) for part in np.split(order, np.cumsum(counts)[:-1])]


def taken(dataset: Any, indices: Any) -> Any:
    """The samples of these numbers, as a batch, in the way that the dataset knows best."""
    if isinstance(dataset, Dataset):
        return dataset.batch(indices)
    if isinstance(dataset, np.ndarray):
        return dataset.take(indices, axis=0)
    return default_collate([dataset[int(i)] for i in indices])


def default_collate(samples: Sequence[Any]) -> Any:
    """Samples as a batch: arrays and numbers stacked, tuples, lists and dicts part by part, anything else as a list.

    Raises
    ------
    ValueError
        If the samples do not have one structure and one shape.

    Examples
    --------
    >>> import nn
    >>> nn.data.default_collate([{"x": [1.0, 2.0], "id": "a"}, {"x": [3.0, 4.0], "id": "b"}])
    {'x': [array([1., 3.]), array([2., 4.])], 'id': ['a', 'b']}
    """
    if not len(samples):
        raise ValueError("a batch is made of at least one sample, got none")
    first = samples[0]
    if isinstance(first, ad.Tensor):
        return default_collate([np.asarray(sample) for sample in samples])
    if isinstance(first, (np.ndarray, np.generic, bool, int, float, complex)):
        arrays = [np.asarray(sample) for sample in samples]
        for i, array in enumerate(arrays):
            if array.shape != arrays[0].shape:
                raise ValueError(
                    f"samples of a batch have one shape, sample 0 has {arrays[0].shape}, sample {i} {array.shape}: pad "
                    f"them, or pass a collate_fn"
                )
        return np.stack(arrays)
    for i, sample in enumerate(samples):
        if type(sample) is not type(first):
            raise ValueError(
                f"samples of a batch are alike, sample 0 is a {type(first).__name__}, sample {i} a "
                f"{type(sample).__name__}"
            )
    if isinstance(first, Mapping):
        for i, sample in enumerate(samples):
            if sample.keys() != first.keys():
                raise ValueError(f"samples of a batch are alike, sample 0 has {list(first)}, sample {i} {list(sample)}")
        return {key: default_collate([sample[key] for sample in samples]) for key in first}
    if isinstance(first, (tuple, list)):
        for i, sample in enumerate(samples):
            if len(sample) != len(first):
                raise ValueError(
                    f"samples of a batch are alike, sample 0 has {len(first)} parts, sample {i} {len(sample)}"
                )
        parts = [default_collate(part) for part in zip(*samples, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else type(first)(parts)
    return list(samples)
