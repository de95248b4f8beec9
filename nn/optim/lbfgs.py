"""L-BFGS: Newton's method with the curvature of the last steps, and a line search."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

import autodiff as ad
from nn.optim.optimizer import Optimizer, at_least_zero, described, gradient_of

Array = np.ndarray[Any, Any]

#: What the state keeps of the size of all parameters together; the rest are numbers.
_VECTORS = ("d", "prev_flat_grad", "old_dirs", "old_stps")


def direction(
    gradient: Array, changes: Sequence[Array], steps: Sequence[Array], densities: Sequence[float], scale: float
) -> Array:
    r"""Minus the inverse Hessian times the gradient: :math:`-H g`, by the two loops over the last steps.

    Where H is `scale` times the identity, made to satisfy :math:`H y_i = s_i` for each step :math:`s_i` and change of
    the gradient :math:`y_i` in turn: :math:`H \leftarrow (1 - \rho s y^T) H (1 - \rho y s^T) + \rho s s^T`, with the
    `densities` :math:`\rho_i = 1 / y_i \cdot s_i`.

    Nocedal, "Updating quasi-Newton matrices with limited storage" (1980).

    Examples
    --------
    >>> import numpy as np
    >>> from nn.optim.lbfgs import direction
    >>> direction(np.array([2.0, 3.0]), [np.array([4.0, 0.0])], [np.array([1.0, 0.0])], [0.25], 1.0)
    array([-0.5, -3. ])
    """
    q = -gradient
    weights = [0.0] * len(steps)
    for i in reversed(range(len(steps))):
        weights[i] = float(steps[i] @ q) * densities[i]
        q -= weights[i] * changes[i]
    q *= scale
    for y, s, weight, density in zip(changes, steps, weights, densities, strict=True):
        q += (weight - float(y @ q) * density) * s
    return q


class Point(NamedTuple):
    """A step of a line search, the value and the slope there, and the gradient that the slope comes from."""

    step: float
    value: float
    slope: float
    gradient: Array


def cubic_minimum(a: Point, b: Point, bounds: tuple[float, float]) -> float:
    """Where the cubic through two points with their slopes is least within bounds; the middle if it has no minimum.

    Nocedal and Wright, "Numerical optimization" (2006), equation 3.59.

    Examples
    --------
    >>> import numpy as np
    >>> from nn.optim.lbfgs import Point, cubic_minimum
    >>> left, right = (Point(x, (x - 2) ** 2, 2 * (x - 2), np.zeros(0)) for x in (0.0, 3.0))
    >>> cubic_minimum(left, right, (0.0, 3.0))
    2.0
    """
    if a.step > b.step:
        a, b = b, a
    low, high = bounds
    between = (low + high) / 2
    if a.step == b.step:
        return between
    middle = a.slope + b.slope - 3 * (a.value - b.value) / (a.step - b.step)
    square = middle * middle - a.slope * b.slope
    if not square >= 0:
        return between
    root = math.sqrt(square)
    slopes = b.slope - a.slope + 2 * root
    if slopes == 0:
        return between
    return min(max(b.step - (b.step - a.step) * ((b.slope + root - middle) / slopes), low), high)


def strong_wolfe(
    along: Callable[[float], Point],
    start: Point,
    step: float,
    *,
    c1: float = 1e-4,
    c2: float = 0.9,
    tolerance: float = 1e-9,
    max_evaluations: int = 25,
) -> tuple[Point, int]:
    r"""A step that goes far enough down: :math:`f(t) \le f(0) + c_1 t f'(0)` and :math:`|f'(t)| \le c_2 |f'(0)|`.

    Steps grow until two of them are on both sides of such a one, and then the interval shrinks, both by cubic
    interpolation.

    Parameters
    ----------
    along : callable
        The point at a step.
    start : Point
        That of step 0.
    step : float
        Where to begin.
    c1, c2 : float
    tolerance : float
        How short an interval is not divided any more.
    max_evaluations : int
        How often `along` may be called after the first time.

    Returns
    -------
    The point, and how often `along` was called.

    Notes
    -----
    Nocedal and Wright, "Numerical optimization" (2006), algorithms 3.5 and 3.6, with the safeguards of Mark Schmidt's
    minFunc, which PyTorch has too.

    Examples
    --------
    >>> import numpy as np
    >>> from nn.optim.lbfgs import Point, strong_wolfe
    >>> def along(t):
    ...     return Point(t, (t - 2) ** 2, 2 * (t - 2), np.zeros(0))
    >>> point, evaluations = strong_wolfe(along, along(0.0), 0.1)
    >>> point.step, evaluations
    (1.0, 2)
    """

    def too_high(point: Point) -> bool:
        return point.value > start.value + c1 * point.step * start.slope

    def flat(point: Point) -> bool:
        return abs(point.slope) <= -c2 * start.slope

    before, point = start, along(step)
    count = 0
    while count < max_evaluations:
        if too_high(point) or (count > 1 and point.value >= before.value):
            break
        if flat(point):
            return point, count + 1
        if point.slope >= 0:
            break
        bounds = (point.step + 0.01 * (point.step - before.step), 10 * point.step)
        before, point = point, along(cubic_minimum(before, point, bounds))
        count += 1
    else:
        before = start

    bracket = [before, point]
    low = int(bracket[0].value > bracket[1].value)
    stuck = False
    while count < max_evaluations:
        left, right = sorted((bracket[0].step, bracket[1].step))
        if right - left <= tolerance:
            break
        step = cubic_minimum(bracket[0], bracket[1], (left, right))
        margin = 0.1 * (right - left)
        near_the_edge = min(right - step, step - left) < margin
        if near_the_edge and (stuck or not left < step < right):
            step = right - margin if right - step < step - left else left + margin
            stuck = False
        else:
            stuck = near_the_edge
        point = along(step)
        count += 1
        if too_high(point) or point.value >= bracket[low].value:
            bracket[1 - low] = point
            low = int(bracket[0].value > bracket[1].value)
            continue
        if flat(point):
            return point, count + 1
        if point.slope * (bracket[1 - low].step - bracket[low].step) >= 0:
            bracket[1 - low] = bracket[low]
        bracket[low] = point
    return bracket[low], count + 1


class LBFGS(Optimizer):
    r"""L-BFGS: :math:`\theta' = \theta - t H g`, where H is what the last steps tell of the inverse Hessian.

    A step is up to `max_iter` such iterations, so it is given a closure, which computes the loss and its gradients.
    The step length t is `lr`, less in the very first iteration, or what :func:`nn.optim.lbfgs.strong_wolfe` finds from
    there; H is what :func:`nn.optim.lbfgs.direction` makes of the steps.

    Liu and Nocedal, "On the limited memory BFGS method for large scale optimization" (1989).

    Parameters
    ----------
    params : iterable of Tensor, or of one dict
        Of real numbers; there is only one group.
    lr : float
    max_iter, max_eval : int
        How many iterations and (left out, 5/4 as many) evaluations there are at most in a step.
    tolerance_grad, tolerance_change : float
        A step ends when no element of the gradient, or no change of the parameters or of the loss, is greater.
    history_size : int
        How many of the last steps are remembered.
    line_search_fn : None or 'strong_wolfe'

    Raises
    ------
    TypeError
        If parameters are complex, or `step` is given no closure.
    ValueError
        If a setting is out of its range, or there are several groups.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> x = ad.tensor([-1.2, 1.0], requires_grad=True)
    >>> optimizer = nn.optim.LBFGS([x], max_iter=100, line_search_fn="strong_wolfe")
    >>> def rosenbrock():
    ...     optimizer.zero_grad()
    ...     loss = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    ...     loss.backward()
    ...     return loss
    >>> optimizer.step(rosenbrock).item()
    24.199999999999996
    >>> x.numpy().round(4)
    array([1., 1.])
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        settings = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, settings)

    def check(self, settings: dict[str, Any]) -> None:
        super().check(settings)
        for name in ("max_iter", "max_eval", "tolerance_grad", "tolerance_change"):
            at_least_zero(name, settings[name])
        if not settings["history_size"] >= 1:
            raise ValueError(f"history_size is at least 1, got {settings['history_size']}")
        if settings["line_search_fn"] not in (None, "strong_wolfe"):
            raise ValueError(f"line_search_fn is None or 'strong_wolfe', got {settings['line_search_fn']!r}")

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        if self.param_groups:
            raise ValueError("LBFGS has one group: its steps are of all parameters together")
        super().add_param_group(param_group)
        for p in self._parameters():
            if p.dtype.kind == "c":
                raise TypeError(f"LBFGS optimizes real numbers, got {described(p)} and dtype {p.dtype}")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Go on by up to `max_iter` iterations.

        Parameters
        ----------
        closure : callable
            Computes the loss and its gradients, and returns the loss.

        Returns
        -------
        What the closure returned first.
        """
        if closure is None:
            raise TypeError("LBFGS computes the loss several times in a step: step takes a closure that returns it")
        (settings,) = self.param_groups
        lr = float(settings["lr"])
        max_iter, max_eval = settings["max_iter"], settings["max_eval"]
        least_slope, least_change = settings["tolerance_grad"], settings["tolerance_change"]
        self._stepped = True

        def evaluate() -> tuple[Any, float, Array]:
            with ad.enable_grad():
                loss = closure()
            return loss, float(loss), self._gradient()

        first, loss, gradient = evaluate()
        evaluations = 1
        state = self.state.setdefault(settings["params"][0], {"func_evals": 0, "n_iter": 0})
        state["func_evals"] += 1
        if np.abs(gradient).max() <= least_slope:
            return first
        for iteration in range(1, max_iter + 1):
            state["n_iter"] += 1
            if state["n_iter"] == 1:
                d = -gradient
                state |= {"old_dirs": [], "old_stps": [], "ro": [], "H_diag": 1.0}
            else:
                self._learn(state, gradient - state["prev_flat_grad"], float(state["t"]) * state["d"])
                d = direction(
                    gradient,
                    state["old_dirs"],
                    state["old_stps"],
                    [float(x) for x in state["ro"]],
                    float(state["H_diag"]),
                )
            t = lr * min(1.0, 1 / float(np.abs(gradient).sum())) if state["n_iter"] == 1 else lr
            before = loss
            state |= {"d": d, "t": t, "prev_flat_grad": gradient, "prev_loss": before}
            slope = float(gradient @ d)
            if slope > -least_change:
                break
            origin = [p.data for p in settings["params"]]
            count = 0
            if settings["line_search_fn"] is not None:

                def along(step: float, origin: list[Array] = origin, d: Array = d) -> Point:
                    self._go(origin, step * d)
                    _, value, gradient = evaluate()
                    return Point(step, value, float(gradient @ d), gradient)

                point, count = strong_wolfe(
                    along,
                    Point(0.0, loss, slope, gradient),
                    t,
                    tolerance=least_change / float(np.abs(d).max()),
                    max_evaluations=max_eval - evaluations,
                )
                t = state["t"] = point.step
                loss, gradient = point.value, point.gradient
                self._go(origin, t * d)
            else:
                self._go(origin, t * d)
                if iteration < max_iter:
                    _, loss, gradient = evaluate()
                    count = 1
            evaluations += count
            state["func_evals"] += count
            if (
                evaluations >= max_eval
                or np.abs(gradient).max() <= least_slope
                or np.abs(t * d).max() <= least_change
                or abs(loss - before) < least_change
            ):
                break
        return first

    def _learn(self, state: dict[str, Any], change: Array, step: Array) -> None:
        """Remember a step and what it changed in the gradient, if the slope became greater along it."""
        product = float(change @ step)
        if product <= 1e-10:
            return
        if len(state["old_dirs"]) == self.param_groups[0]["history_size"]:
            for name in ("old_dirs", "old_stps", "ro"):
                state[name].pop(0)
        state["old_dirs"].append(change)
        state["old_stps"].append(step)
        state["ro"].append(1 / product)
        state["H_diag"] = product / float(change @ change)

    def _gradient(self) -> Array:
        """The gradients of all parameters as one vector."""
        gradients = ((gradient_of(p), p.data) for p in self._parameters())
        return np.concatenate([(np.zeros_like(x) if g is None else g).ravel() for g, x in gradients])

    def _go(self, origin: list[Array], step: Array) -> None:
        """Set the parameters to a step from where they were."""
        at = 0
        for p, start in zip(self._parameters(), origin, strict=True):
            p.data = start + step[at : at + start.size].reshape(start.shape)
            at += start.size

    def _shape(self, key: str, p: ad.Tensor) -> tuple[int, ...]:
        return (sum(p.size for p in self._parameters()),) if key in _VECTORS else ()
