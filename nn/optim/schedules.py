"""Schedules: the learning rate as a pure function of the step t, from 0 on, and the initial rate.

`nn.optim.lr_scheduler` applies them to an optimizer.  The last one, for a plateau, is no function of t: it is a rule
from a metric and a state to the next state.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple


def steps(t: int, lr: float, *, step_size: int, gamma: float = 0.1) -> float:
    r""":math:`\eta_t = \eta_0 \gamma^{\lfloor t / s \rfloor}`: less every s steps, which is `step_size`.

    Examples
    --------
    >>> from nn.optim import schedules
    >>> [schedules.steps(t, 1.0, step_size=2, gamma=0.5) for t in range(5)]
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    return lr * gamma ** (t // step_size)


def milestones(t: int, lr: float, *, milestones: Sequence[int], gamma: float = 0.1) -> float:
    r""":math:`\eta_t = \eta_0 \gamma^k`, where k is how many of the milestones, which are sorted, were reached.

    Examples
    --------
    >>> from nn.optim import schedules
    >>> [schedules.milestones(t, 1.0, milestones=[1, 3], gamma=0.5) for t in range(5)]
    [1.0, 0.5, 0.5, 0.25, 0.25]
    """
    return lr * gamma ** bisect_right(milestones, t)


def constant(t: int, lr: float, *, factor: float = 1 / 3, total_iters: int = 5) -> float:
    r""":math:`\eta_t = \eta_0 f` for `total_iters` steps, then :math:`\eta_0`.

    Examples
    --------
    >>> from nn.optim import schedules
    >>> [schedules.constant(t, 1.0, factor=0.5, total_iters=2) for t in range(4)]
    [0.5, 0.5, 1.0, 1.0]
    """
    return lr if t >= total_iters else lr * factor


def linear(t: int, lr: float, *, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5) -> float:
    r""":math:`\eta_t = \eta_0 (a + (b - a) \min(t, T) / T)`: from factor a to factor b in T steps, `total_iters`.

    Examples
    --------
    >>> from nn.optim import schedules
    >>> [schedules.linear(t, 1.0, start_factor=0.5, total_iters=2) for t in range(4)]
    [0.5, 0.75, 1.0, 1.0]
    """
    if t >= total_iters:
        return lr * end_factor
    return lr * (start_factor + (end_factor - start_factor) * t / total_iters)


def exponential(t: int, lr: float, *, gamma: float) -> float:
    r""":math:`\eta_t = \eta_0 \gamma^t`.

    Examples
    --------
    >>> from nn.optim import schedules
    >>> [schedules.exponential(t, 1.0, gamma=0.5) for t in range(4)]
    [1.0, 0.5, 0.25, 0.125]
    """
    return lr * gamma**t


def polynomial(t: int, lr: float, *, total_iters: int = 5, power: float = 1.0) -> float:
    r""":math:`\eta_t = \eta_0 (1 - \min(t, T) / T)^p`: down to 0 in T steps, `total_iters`.

    Examples
    --------
    >>> from nn.optim import schedules
    >>> [schedules.polynomial(t, 1.0, total_iters=4, power=2.0) for t in range(6)]
    [1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]
    """
    return lr * (1 - min(total_iters, t) / total_iters) ** power


def cosine(t: float, lr: float, *, T_max: float, eta_min: float = 0.0) -> float:  # noqa: N803 - PyTorch's name
    r""":math:`\eta_t = \eta_{\min} + (\eta_0 - \eta_{\min}) (1 + \cos(\pi t / T)) / 2`: down in T steps, then up again.

    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts" (2016).

    Examples
    --------
    >>> from nn.optim import schedules
    >>> [round(schedules.cosine(t, 1.0, T_max=2), 9) for t in range(5)]
    [1.0, 0.5, 0.0, 0.5, 1.0]
    """
    return eta_min + (lr - eta_min) * (1 + math.cos(math.pi * t / T_max)) / 2


def warm_restart(t: float, *, T_0: int, T_mult: int = 1) -> tuple[float, int]:  # noqa: N803 - PyTorch's names
    r"""How far a step is in its cycle, and how long that is: :math:`T_0, T_0 m, T_0 m^2 \dots` steps, m being `T_mult`.

    Examples
    --------
    >>> from nn.optim import schedules
    >>> [schedules.warm_restart(t, T_0=2, T_mult=2) for t in (0, 1, 2, 5, 6)]
    [(0, 2), (1, 2), (0, 4), (3, 4), (0, 8)]
    """
    if T_mult == 1:
        return t % T_0, T_0
    length = T_0
    while t >= length:
        t -= length
        length *= T_mult
    return t, length


def triangle(t: int, low: float, high: float, *, up: float, down: float, scale: Callable[[int, int], float]) -> float:
    r"""From low to high in `up` steps and back in `down` ones, again and again: :math:`l + (h - l) \, w_t \, s(c, t)`.

    Where :math:`w_t` is how high the triangle is, from 0 to 1, and s the scale in cycle c, which counts from 1.

    Smith, "Cyclical learning rates for training neural networks" (2015).

    Examples
    --------
    >>> from nn.optim import schedules
    >>> [schedules.triangle(t, 0.0, 1.0, up=2, down=2, scale=lambda cycle, t: 0.5 ** (cycle - 1)) for t in range(9)]
    [0.0, 0.5, 1.0, 0.5, 0.0, 0.25, 0.5, 0.25, 0.0]
    """
    total = up + down
    ratio = up / total
    cycle = math.floor(1 + t / total)
    x = 1 + t / total - cycle
    height = x / ratio if x <= ratio else (x - 1) / (ratio - 1)
    return low + (high - low) * height * scale(cycle, t)


def annealed(start: float, end: float, part: float, strategy: str = "cos") -> float:
    """Between two values, a part of the way: along half a cosine ('cos') or a line ('linear').

    Examples
    --------
    >>> from nn.optim import schedules
    >>> schedules.annealed(1.0, 3.0, 0.25, "linear")
    1.5
    """
    if strategy == "linear":
        return (end - start) * part + start
    return end + (start - end) / 2 * (1 + math.cos(math.pi * part))


def one_cycle(t: int, values: Sequence[float], ends: Sequence[float], strategy: str = "cos") -> float:
    r"""Annealed from each value to the next, the i-th time until step `ends[i]`.

    Smith and Topin, "Super-convergence: very fast training of neural networks using large learning rates" (2017).

    Examples
    --------
    >>> from nn.optim import schedules
    >>> [schedules.one_cycle(t, [0.0, 1.0, 0.0], [2, 6], "linear") for t in range(7)]
    [0.0, 0.5, 1.0, 0.75, 0.5, 0.25, 0.0]
    """
    phase = next((i for i, end in enumerate(ends[:-1]) if t <= end), len(ends) - 1)
    start = ends[phase - 1] if phase else 0.0
    length = ends[phase] - start
    return annealed(values[phase], values[phase + 1], (t - start) / length if length else 1.0, strategy)


class Plateau(NamedTuple):
    """What is known of a metric: its best value, how long it is no better, and how long that does not count."""

    best: float
    num_bad_epochs: int = 0
    cooldown_counter: int = 0


def plateau(
    metric: float,
    state: Plateau,
    *,
    mode: str = "min",
    patience: int = 10,
    threshold: float = 1e-4,
    threshold_mode: str = "rel",
    cooldown: int = 0,
) -> tuple[bool, Plateau]:
    """Whether to lower the learning rate, since a metric was no better more than `patience` times, and the next state.

    Better than the best so far by more than `threshold`, as a part of it ('rel') or not ('abs'), and lower or, by
    `mode` 'max', higher; after a reduction, `cooldown` times do not count.

    Examples
    --------
    >>> from nn.optim import schedules
    >>> lower, state = schedules.plateau(1.0, schedules.Plateau(best=1.0, num_bad_epochs=2), patience=2, cooldown=3)
    >>> lower, state
    (True, Plateau(best=1.0, num_bad_epochs=0, cooldown_counter=3))
    """
    best, bad, cooling = state
    sign = 1 if mode == "min" else -1
    limit = best * (1 - sign * threshold) if threshold_mode == "rel" else best - sign * threshold
    if sign * metric < sign * limit:
        best, bad = metric, 0
    else:
        bad += 1
    if cooling > 0:
        cooling, bad = cooling - 1, 0
    if bad > patience:
        return True, Plateau(best, 0, cooldown)
    return False, Plateau(best, bad, cooling)
