"""Metrics: what is measured beside the loss, from predictions and targets."""

from __future__ import annotations

from typing import Any

import numpy as np


def accuracy(prediction: Any, target: Any) -> float:
    r"""The share of right classes: how often :math:`\arg\max_c x_c` is the label.

    Parameters
    ----------
    prediction : array_like
        Scores, logits or probabilities of shape (N, C, …).
    target : array_like
        Labels of shape (N, …), or probabilities of the prediction's shape.

    Examples
    --------
    >>> from nn.training import accuracy
    >>> accuracy([[0.1, 0.9], [0.8, 0.2]], [1, 1])
    0.5
    """
    x, t = _arrays(prediction, target)
    if x.ndim < 2 or t.shape not in (x.shape, x.shape[:1] + x.shape[2:]):
        raise ValueError(
            f"accuracy takes scores of shape (N, C, ...) and labels of shape (N, ...), got {x.shape} and {t.shape}"
        )
    labels = t if t.ndim < x.ndim else t.argmax(1)
    return float((x.argmax(1) == labels).mean())


def binary_accuracy(prediction: Any, target: Any, threshold: float = 0.0) -> float:
    """The share of right answers to a yes-or-no question: how often x > threshold is t > 1/2.

    The threshold 0 is for logits, 0.5 for probabilities.

    Examples
    --------
    >>> from nn.training import binary_accuracy
    >>> binary_accuracy([-1.0, 2.0, 3.0, 4.0], [0, 1, 1, 0])
    0.75
    """
    x, t = _alike("binary_accuracy", prediction, target)
    return float(((x > threshold) == (t > 0.5)).mean())


def mean_absolute_error(prediction: Any, target: Any) -> float:
    """The mean of |x - t|."""
    x, t = _alike("mean_absolute_error", prediction, target)
    return float(np.abs(x - t).mean())


def mean_squared_error(prediction: Any, target: Any) -> float:
    """The mean of (x - t)²."""
    x, t = _alike("mean_squared_error", prediction, target)
    return float(np.square(x - t).mean())


class Metric:
    """Base class of what is measured over a whole epoch and is no mean over its batches: it collects, then computes.

    A subclass defines `reset`, `update`, which is given each batch's predictions and targets as arrays, and `compute`.
    """

    def reset(self) -> None:
        """Forget everything."""
        raise NotImplementedError(f"{type(self).__name__} does not define reset")

    def update(self, prediction: Any, target: Any) -> None:
        """Take one more batch into account."""
        raise NotImplementedError(f"{type(self).__name__} does not define update")

    def compute(self) -> float:
        """The number, of all batches since `reset`."""
        raise NotImplementedError(f"{type(self).__name__} does not define compute")


class R2Score(Metric):
    r"""Coefficient of determination: :math:`1 - \sum (x - t)^2 / \sum (t - \bar t)^2`, of all numbers together.

    Examples
    --------
    >>> from nn.training import R2Score
    >>> score = R2Score()
    >>> score.update([1.0, 2.0], [1.0, 2.0])
    >>> score.update([3.0], [4.0])
    >>> round(score.compute(), 4)
    0.7857
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._count, self._mean, self._spread, self._error = 0, 0.0, 0.0, 0.0

    def update(self, prediction: Any, target: Any) -> None:
        x, t = _alike("R2Score", prediction, target)
        x, t = x.astype(np.float64), t.astype(np.float64)
        if not t.size:
            return
        self._error += float(np.square(x - t).sum())
        # the spread of two sets together: Chan, Golub and LeVeque, "Updating formulae" (1979)
        mean, n, m = float(t.mean()), t.size, self._count
        self._spread += float(np.square(t - mean).sum()) + (mean - self._mean) ** 2 * n * m / (n + m)
        self._mean += (mean - self._mean) * n / (n + m)
        self._count = n + m

    def compute(self) -> float:
        return 1 - self._error / self._spread if self._spread else float("nan")


def _arrays(prediction: Any, target: Any) -> tuple[Any, Any]:
    detached = (x.detach() if hasattr(x, "detach") else x for x in (prediction, target))
    x, t = map(np.asarray, detached)
    return x, t


def _alike(name: str, prediction: Any, target: Any) -> tuple[Any, Any]:
    x, t = _arrays(prediction, target)
    if x.shape != t.shape:
        raise ValueError(f"{name}: the prediction has shape {x.shape}, the target {t.shape}")
    return x, t
