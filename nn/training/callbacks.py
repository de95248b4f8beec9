"""Callbacks: what acts in a training between steps and between epochs."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nn.saving import save
from nn.training.history import direction

if TYPE_CHECKING:
    from nn.training.loop import Run


class Callback:
    """Base class: a subclass defines what it does at some of these moments, and what of it belongs into a checkpoint.

    All are given the run: its `model`, `optimizer`, `scheduler`, `history`, `epoch`, `step` and `loss`, and `stop`.

    Examples
    --------
    >>> import nn
    >>> class Stop(nn.training.Callback):
    ...     def on_epoch_end(self, run):
    ...         if run.history["loss"][-1] < 0.1:
    ...             run.stop("the loss is below 0.1")
    """

    def on_train_begin(self, run: Run) -> None:
        """Before the first epoch, or the first one after a checkpoint."""

    def on_epoch_begin(self, run: Run) -> None:
        """Before an epoch."""

    def on_step_end(self, run: Run) -> None:
        """After the optimizer's step."""

    def on_epoch_end(self, run: Run) -> None:
        """After an epoch and its validation, when its row is in the history."""

    def on_train_end(self, run: Run) -> None:
        """At the end, however it came, except by an error."""

    def state_dict(self) -> dict[str, Any]:
        """What belongs into a checkpoint."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave."""


class _Monitor(Callback):
    """Looks after the best value of a column of the history."""

    def __init__(self, monitor: str = "val_loss", *, mode: str = "min", min_delta: float = 0.0) -> None:
        if not min_delta >= 0:
            raise ValueError(f"{type(self).__name__}: min_delta is at least 0, got {min_delta}")
        self.monitor = monitor
        self.mode = mode
        self.min_delta = min_delta
        self.best = direction(mode) * math.inf
        self.best_epoch = 0

    def improved(self, run: Run) -> bool:
        """Whether the latest epoch is the best so far, by more than `min_delta`; then it is remembered as that."""
        row = run.history.rows[-1]
        if self.monitor not in row:
            raise KeyError(f"{type(self).__name__} looks at {self.monitor!r}, an epoch gives {list(row)}")
        value = row[self.monitor]
        if direction(self.mode) * (self.best - value) > self.min_delta:
            self.best, self.best_epoch = value, run.epoch
            return True
        return False

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "best_epoch": self.best_epoch}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.best, self.best_epoch = float(state["best"]), int(state["best_epoch"])


class EarlyStopping(_Monitor):
    """Stops when a number has not become better for some epochs.

    Parameters
    ----------
    monitor : str
        A column of the history.
    patience : int
        For how many epochs in a row nothing may become better.
    mode : {"min", "max"}
        Whether lower or higher is better.
    min_delta : float
        By how much it has to be better to count.

    Examples
    --------
    >>> import nn
    >>> stopping = nn.training.EarlyStopping("val_accuracy", mode="max", patience=3)
    """

    def __init__(
        self, monitor: str = "val_loss", patience: int = 5, *, mode: str = "min", min_delta: float = 0.0
    ) -> None:
        super().__init__(monitor, mode=mode, min_delta=min_delta)
        if not patience >= 1:
            raise ValueError(f"EarlyStopping: patience is at least 1, got {patience}")
        self.patience = patience

    def on_epoch_end(self, run: Run) -> None:
        if not self.improved(run) and run.epoch - self.best_epoch >= self.patience:
            run.stop(f"{self.monitor} was best in epoch {self.best_epoch}, with {self.best:.5g}")


class BestWeights(_Monitor):
    """Keeps the weights of the best epoch, which the model has at the end.

    Parameters
    ----------
    monitor : str
        A column of the history.
    path : path, optional
        A file that the best weights are written to whenever there are new ones, by :func:`nn.save`.
    mode : {"min", "max"}
        Whether lower or higher is better.

    Examples
    --------
    >>> import nn
    >>> best = nn.training.BestWeights("loss")
    """

    def __init__(
        self, monitor: str = "val_loss", path: str | os.PathLike[str] | None = None, *, mode: str = "min"
    ) -> None:
        super().__init__(monitor, mode=mode)
        self.path = path
        self.weights: dict[str, Any] | None = None

    def on_epoch_end(self, run: Run) -> None:
        if self.improved(run):
            self.weights = run.model.state_dict()
            if self.path is not None:
                save(self.weights, self.path)

    def on_train_end(self, run: Run) -> None:
        if self.weights is not None:
            run.model.load_state_dict(self.weights)

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "weights": self.weights}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        super().load_state_dict(state)
        self.weights = None if state["weights"] is None else dict(state["weights"])
