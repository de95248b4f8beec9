"""Batches: in order or shuffled, made when they are asked for or ahead, by a thread."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

import numpy as np

from nn import checks
from nn.data.datasets import taken
from nn.random import Rng, generator


class DataLoader:
    """The samples of a dataset in batches, once through them each time it is iterated over.

    Parameters
    ----------
    dataset : Dataset or sequence
        What has samples: ``len(dataset)`` of them, ``dataset[i]`` each.
    batch_size : int
    shuffle : bool
        Whether every round has an order of its own.
    drop_last : bool
        Leave out what does not fill a batch at the end.
    collate_fn : callable, optional
        Makes a batch of a list of samples; left out, `default_collate` does.
    prefetch : int
        So many batches are made ahead, by a thread, while others are used; an error there is raised where the batch
        would have come.  Leaving the loop early ends the thread.
    rng : Generator or int, optional
        Where the orders come from.  They are drawn before a round starts, in the thread that asks for it.

    Raises
    ------
    ValueError
        If `batch_size` is not at least 1, or `prefetch` not at least 0.

    Examples
    --------
    >>> import numpy as np, nn
    >>> data = nn.data.TensorDataset(np.arange(5), np.arange(5) ** 2)
    >>> for x, y in nn.data.DataLoader(data, batch_size=2, shuffle=True, rng=0):
    ...     print(x, y)
    [2 4] [ 4 16]
    [3 0] [9 0]
    [1] [1]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        *,
        drop_last: bool = False,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        prefetch: int = 0,
        rng: Rng = None,
    ) -> None:
        if isinstance(dataset, tuple):
            raise TypeError("DataLoader takes a dataset, got a tuple: of arrays, make a TensorDataset(*arrays)")
        if not hasattr(dataset, "__getitem__") or not hasattr(dataset, "__len__"):
            raise TypeError(f"DataLoader takes what has __len__ and __getitem__, got {type(dataset).__name__}")
        self.dataset = dataset
        self.batch_size = checks.count("DataLoader", "batch_size", batch_size)
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.collate_fn = collate_fn
        self.prefetch = checks.size("DataLoader", "prefetch", prefetch)
        self.rng = None if rng is None else generator(rng)

    def __len__(self) -> int:
        """The number of batches."""
        whole, rest = divmod(len(self.dataset), self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[Any]:
        size = len(self.dataset)
        order = generator(self.rng).permutation(size) if self.shuffle else np.arange(size)
        parts = [order[i * self.batch_size : (i + 1) * self.batch_size] for i in range(len(self))]
        return _ahead(self._made, parts, self.prefetch) if self.prefetch else map(self._made, parts)

    def _made(self, indices: Any) -> Any:
        """The batch of these samples."""
        if self.collate_fn is None:
            return taken(self.dataset, indices)
        return self.collate_fn([self.dataset[int(i)] for i in indices])

    def __repr__(self) -> str:
        return (
            f"DataLoader({len(self.dataset)} samples, batch_size={self.batch_size}, shuffle={self.shuffle}, "
            f"drop_last={self.drop_last}, prefetch={self.prefetch})"
        )


def _ahead(make: Callable[[Any], Any], parts: list[Any], prefetch: int) -> Iterator[Any]:
    """What a function makes of the parts, so many of them ahead, by a thread that ends when the loop is left."""
    free = threading.Semaphore(prefetch)
    left = threading.Event()
    made: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()

    def work() -> None:
        for part in parts:
            free.acquire()
            if left.is_set():
                return
            try:
                made.put((make(part), None))
            except BaseException as error:
                made.put((None, error))
                return

    thread = threading.Thread(
        target=contextvars.copy_context().run, args=(work,), name="nn.data.DataLoader", daemon=True
    )
    thread.start()
    try:
        for _ in parts:
            batch, error = made.get()
            if error is not None:
                raise error
            free.release()
            yield batch
    finally:
        left.set()
        free.release()
        thread.join()
