"""Schedulers: `nn.optim.schedules` applied to the learning rates of an optimizer, with PyTorch's face.

``scheduler.step()`` after each ``optimizer.step()``, or after each epoch, sets ``group["lr"]`` of every group.
Schedulers that scale the rate may be used together, each with its own ``step``: a rate that somebody else has changed
meanwhile is scaled as the schedule scales the initial one.
"""

from __future__ import annotations

import copy
import math
import types
import warnings
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from nn.module import StateDictError
from nn.optim import schedules
from nn.optim.optimizer import Optimizer, up_to_one

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]

#: What PyTorch's schedulers save and ours have no use for.
_FLAGS = {"_is_initial", "_get_lr_called_within_step"}


class LRScheduler:
    """Base class: at every step, each group's learning rate becomes what `get_lr` gives for it.

    A subclass defines `get_lr` by ``self.last_epoch``, the number of steps, and ``self.base_lrs``, the initial rates.

    Parameters
    ----------
    optimizer : Optimizer
    last_epoch : int
        -1 begins; with a greater number the groups have an ``"initial_lr"``, and it goes on from there.

    Raises
    ------
    TypeError
        If it is not given an optimizer.
    KeyError
        If `last_epoch` is not -1 and a group has no ``"initial_lr"``.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> class Halving(nn.optim.lr_scheduler.LRScheduler):
    ...     def get_lr(self):
    ...         return [rate / 2**self.last_epoch for rate in self.base_lrs]
    >>> optimizer = nn.optim.SGD([ad.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = Halving(optimizer)
    >>> for _ in range(2):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    optimizer: Optimizer
    last_epoch: int
    base_lrs: list[float]
    _step_count: int
    _last_lr: list[float]
    #: Whether this is the step that the constructor makes.
    _is_initial = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = _optimizer(self, optimizer)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(f"to go on from last_epoch={last_epoch}, group {i} needs an 'initial_lr'")
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._initial_step()

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_lr(self) -> list[float]:
        """The rate of each group at step `last_epoch`; for subclasses to define, and for `step` to call."""
        raise NotImplementedError(f"{type(self).__name__} does not define get_lr")

    def get_last_lr(self) -> list[float]:
        """The rate of each group, as the last step set it."""
        return self._last_lr

    def step(self, epoch: Any = None) -> None:
        """Set the rates of the next step, or of a certain one."""
        if self._step_count == 1 and not self.optimizer._stepped:
            warnings.warn(
                "scheduler.step() was called before optimizer.step(): the first learning rate is not used",
                UserWarning,
                stacklevel=2,
            )
        self._step_count += 1
        self._update_lr(epoch)

    def _update_lr(self, epoch: Any = None) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.base_lrs):
            raise ValueError(
                f"{type(self).__name__} was made for {len(self.base_lrs)} groups, the optimizer has {len(groups)}"
            )
        if epoch is None:
            self.last_epoch += 1
            rates = self.get_lr()
        else:
            self.last_epoch = math.floor(epoch)
            rates = self._get_closed_form_lr()
        for group, rate in zip(groups, rates, strict=True):
            group["lr"] = rate
        self._last_lr = self._rates()

    def _get_closed_form_lr(self) -> list[float]:
        """The rates by the number of steps alone."""
        return self.get_lr()

    def _rates(self) -> list[float]:
        return [group["lr"] for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """A copy of everything but the optimizer; of functions, only the attributes of those that are objects.

        Examples
        --------
        >>> import autodiff as ad, nn
        >>> optimizer = nn.optim.SGD([ad.ones(1, requires_grad=True)], lr=1.0)
        >>> nn.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5).state_dict()
        {'gamma': 0.5, 'base_lrs': [1.0], 'last_epoch': 0, '_step_count': 1, '_last_lr': [1.0]}
        """
        return copy.deepcopy({key: value for key, value in vars(self).items() if key not in {"optimizer", *_FLAGS}})

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave; if it does not fit, nothing is changed.

        Raises
        ------
        StateDictError
            A KeyError and a ValueError, if something is missing or unexpected.
        """
        vars(self).update(self._fitting(state_dict))

    def _fitting(self, state_dict: Mapping[str, Any]) -> dict[str, Any]:
        """A copy of a state, if it is one of such a scheduler."""
        own = self.state_dict().keys()
        given = state_dict.keys() - _FLAGS
        problems = [f"missing: {key!r}" for key in sorted(own - given)]
        problems += [f"unexpected: {key!r}" for key in sorted(given - own)]
        if problems:
            raise StateDictError("\n  ".join([f"the state does not fit {type(self).__name__}:", *problems]))
        return copy.deepcopy({key: state_dict[key] for key in own})


def _optimizer(scheduler: Any, optimizer: Any) -> Optimizer:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(scheduler).__name__} takes an Optimizer, got {type(optimizer).__name__}")
    return optimizer


def _per_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """One value for each group: those given, or the same for all."""
    count = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [value] * count
    if len(value) != count:
        raise ValueError(f"{name} is one value or one for each of {count} groups, got {len(value)}")
    return list(value)


def _at_least(name: str, value: Any, least: int) -> None:
    if not isinstance(value, int):
        raise TypeError(f"{name} is a whole number, got {value!r}")
    if value < least:
        raise ValueError(f"{name} is at least {least}, got {value}")


# Schedules that scale the rate


class _Scaling(LRScheduler):
    """A closed form of the step and the initial rate, by which a rate that was changed is scaled too."""

    #: What is scaled is the rate above this one.
    eta_min = 0.0

    def _rate(self, t: int, lr: float) -> float:
        raise NotImplementedError

    def _scaled(self, rate: float, base: float) -> float:
        """The next rate: where the closed form is, if the last one was there too."""
        t, floor = self.last_epoch, self.eta_min
        if rate == (self._rate(t - 1, base) if t else base):
            return self._rate(t, base)
        before, after = (self._rate(step, floor + 1) - floor if step >= 0 else 1.0 for step in (t - 1, t))
        if before == 0:
            return rate + (base - floor) * after
        return rate if before == after else floor + (rate - floor) * (after / before)

    def get_lr(self) -> list[float]:
        if self._is_initial and self.last_epoch > 0:
            return self._rates()
        return [self._scaled(rate, base) for rate, base in zip(self._rates(), self.base_lrs, strict=True)]

    def _get_closed_form_lr(self) -> list[float]:
        return [self._rate(self.last_epoch, base) for base in self.base_lrs]


class StepLR(_Scaling):
    r"""Less every `step_size` steps: :func:`nn.optim.schedules.steps`.

    Parameters
    ----------
    optimizer : Optimizer
    step_size : int
    gamma : float
    last_epoch : int

    Raises
    ------
    ValueError
        If `step_size` is not at least 1.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> optimizer = nn.optim.SGD([ad.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = nn.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> for _ in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        _at_least("step_size", step_size, 1)
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _rate(self, t: int, lr: float) -> float:
        return schedules.steps(t, lr, step_size=self.step_size, gamma=self.gamma)


class MultiStepLR(_Scaling):
    r"""Less at each of some steps: :func:`nn.optim.schedules.milestones`.

    Parameters
    ----------
    optimizer : Optimizer
    milestones : iterable of int
        Those steps, in any order; one that is there twice counts twice.
    gamma : float
    last_epoch : int

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> optimizer = nn.optim.SGD([ad.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = nn.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[1, 3], gamma=0.5)
    >>> for _ in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _rate(self, t: int, lr: float) -> float:
        return schedules.milestones(t, lr, milestones=sorted(self.milestones.elements()), gamma=self.gamma)


class ConstantLR(_Scaling):
    r"""Less by one factor at first: :func:`nn.optim.schedules.constant`.

    Parameters
    ----------
    optimizer : Optimizer
    factor : float
    total_iters : int
        How many steps that is.
    last_epoch : int

    Raises
    ------
    ValueError
        If `factor` is not from 0 to 1, or `total_iters` negative.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> optimizer = nn.optim.SGD([ad.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = nn.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=4)
    >>> for _ in range(3):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, factor: float = 1 / 3, total_iters: int = 5, last_epoch: int = -1) -> None:
        up_to_one("factor", factor)
        _at_least("total_iters", total_iters, 0)
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _rate(self, t: int, lr: float) -> float:
        return schedules.constant(t, lr, factor=self.factor, total_iters=self.total_iters)


class LinearLR(_Scaling):
    r"""From one factor to another: :func:`nn.optim.schedules.linear`.

    Parameters
    ----------
    optimizer : Optimizer
    start_factor, end_factor : float
    total_iters : int
        In how many steps.
    last_epoch : int

    Raises
    ------
    ValueError
        If a factor is not from 0 to 1, `start_factor` is 0, or `total_iters` negative.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> optimizer = nn.optim.SGD([ad.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = nn.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=4)
    >>> for _ in range(2):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.75]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ValueError(f"start_factor is above 0 and at most 1, got {start_factor}")
        up_to_one("end_factor", end_factor)
        _at_least("total_iters", total_iters, 0)
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _rate(self, t: int, lr: float) -> float:
        return schedules.linear(
            t, lr, start_factor=self.start_factor, end_factor=self.end_factor, total_iters=self.total_iters
        )


class ExponentialLR(_Scaling):
    r"""Less by one factor every step: :func:`nn.optim.schedules.exponential`.

    Parameters
    ----------
    optimizer : Optimizer
    gamma : float
    last_epoch : int

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> optimizer = nn.optim.SGD([ad.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = nn.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> for _ in range(3):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.125]
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _rate(self, t: int, lr: float) -> float:
        return schedules.exponential(t, lr, gamma=self.gamma)


class PolynomialLR(_Scaling):
    r"""Down to zero as a power: :func:`nn.optim.schedules.polynomial`.

    Parameters
    ----------
    optimizer : Optimizer
    total_iters : int
        In how many steps.
    power : float
    last_epoch : int

    Raises
    ------
    ValueError
        If `total_iters` is not at least 1.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> optimizer = nn.optim.SGD([ad.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = nn.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=4, power=2.0)
    >>> for _ in range(2):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        _at_least("total_iters", total_iters, 1)
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def _rate(self, t: int, lr: float) -> float:
        return schedules.polynomial(t, lr, total_iters=self.total_iters, power=self.power)


class CosineAnnealingLR(_Scaling):
    r"""Down along a cosine: :func:`nn.optim.schedules.cosine`.

    Parameters
    ----------
    optimizer : Optimizer
    T_max : int
        In how many steps.
    eta_min : float
        The least rate.
    last_epoch : int

    Raises
    ------
    ValueError
        If `T_max` is not above 0.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> optimizer = nn.optim.SGD([ad.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = nn.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4, eta_min=0.2)
    >>> for _ in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.2]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_max: int,  # noqa: N803 - PyTorch's name
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        if not T_max > 0:
            raise ValueError(f"T_max is above 0, got {T_max}")
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def _rate(self, t: int, lr: float) -> float:
        return schedules.cosine(t, lr, T_max=self.T_max, eta_min=self.eta_min)


class MultiplicativeLR(LRScheduler):
    r"""Scaled by what a function gives, every step: :math:`\eta_t = \eta_{t - 1} f(t)`.

    Parameters
    ----------
    optimizer : Optimizer
    lr_lambda : callable, or list of them
        The function of the step, or one for each group.
    last_epoch : int

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> optimizer = nn.optim.SGD([ad.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = nn.optim.lr_scheduler.MultiplicativeLR(optimizer, lambda t: 1 / t)
    >>> for _ in range(3):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.16666666666666666]
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Any, last_epoch: int = -1) -> None:
        self.lr_lambdas = _functions(self, optimizer, lr_lambda)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        if self._is_initial:
            return self._rates()
        return [rate * f(self.last_epoch) for rate, f in zip(self._rates(), self.lr_lambdas, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        return _with_functions(super().state_dict(), self.lr_lambdas)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        vars(self).update(_into_functions(self._fitting(state_dict), self.lr_lambdas))


# Schedules that set the rate


class LambdaLR(LRScheduler):
    r"""Scaled by a function of the step: :math:`\eta_t = \eta_0 f(t)`.

    Parameters
    ----------
    optimizer : Optimizer
    lr_lambda : callable, or list of them
        The function, or one for each group.
    last_epoch : int

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> optimizer = nn.optim.SGD([ad.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = nn.optim.lr_scheduler.LambdaLR(optimizer, lambda t: 1 / (1 + t))
    >>> for _ in range(3):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Any, last_epoch: int = -1) -> None:
        self.lr_lambdas = _functions(self, optimizer, lr_lambda)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return [base * f(self.last_epoch) for base, f in zip(self.base_lrs, self.lr_lambdas, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        return _with_functions(super().state_dict(), self.lr_lambdas)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        vars(self).update(_into_functions(self._fitting(state_dict), self.lr_lambdas))


def _functions(scheduler: Any, optimizer: Any, lr_lambda: Any) -> list[Callable[[int], float]]:
    functions = _per_group("lr_lambda", _optimizer(scheduler, optimizer), lr_lambda)
    for f in functions:
        if not callable(f):
            raise TypeError(f"lr_lambda is a function of the step, got {f!r}")
    return functions


def _attributes(f: Any) -> dict[str, Any] | None:
    """What is saved of a function: nothing, unless it is an object that may be called."""
    return None if isinstance(f, types.FunctionType) or not hasattr(f, "__dict__") else copy.deepcopy(vars(f))


def _with_functions(state: dict[str, Any], functions: list[Any]) -> dict[str, Any]:
    return {**state, "lr_lambdas": [_attributes(f) for f in functions]}


def _into_functions(state: dict[str, Any], functions: list[Any]) -> dict[str, Any]:
    """A state that was loaded, with our own functions, which get the attributes that it has for them."""
    for f, attributes in zip(functions, state["lr_lambdas"], strict=True):
        if attributes is not None:
            vars(f).update(attributes)
    return {**state, "lr_lambdas": functions}


class CosineAnnealingWarmRestarts(LRScheduler):
    r"""Down along a cosine again and again: :func:`nn.optim.schedules.warm_restart`, :func:`nn.optim.schedules.cosine`.

    ``step(epoch)`` goes to any moment, also within an epoch.

    Parameters
    ----------
    optimizer : Optimizer
    T_0 : int
        How many steps the first cycle has.
    T_mult : int
        How much longer each is than the one before.
    eta_min : float
        The least rate.
    last_epoch : int

    Raises
    ------
    ValueError
        If `T_0` or `T_mult` is not at least 1, or `step` is given a negative epoch.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> optimizer = nn.optim.SGD([ad.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = nn.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2)
    >>> for _ in range(3):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,  # noqa: N803 - PyTorch's names
        T_mult: int = 1,  # noqa: N803
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        _at_least("T_0", T_0, 1)
        _at_least("T_mult", T_mult, 1)
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        return [schedules.cosine(self.T_cur, base, T_max=self.T_i, eta_min=self.eta_min) for base in self.base_lrs]

    def _update_lr(self, epoch: Any = None) -> None:
        t = self.last_epoch + 1 if epoch is None else epoch
        if t < 0:
            raise ValueError(f"an epoch is at least 0, got {t}")
        self.T_cur, self.T_i = schedules.warm_restart(t, T_0=self.T_0, T_mult=self.T_mult)
        super()._update_lr(t)


class _Cycling(LRScheduler):
    """A schedule that sets the momentum too, or the first of the betas."""

    cycle_momentum: bool
    use_beta1: bool

    def _begin_momentum(self, optimizer: Optimizer, base_momentum: Any, max_momentum: Any, last_epoch: int) -> None:
        """Begin with the greatest momentum; the groups keep both bounds."""
        if not self.cycle_momentum:
            return
        if not {"momentum", "betas"} & optimizer.defaults.keys():
            raise ValueError(
                f"{type(optimizer).__name__} has neither momentum nor betas to cycle: it needs cycle_momentum=False"
            )
        self.use_beta1 = "betas" in optimizer.defaults
        if last_epoch != -1:
            return
        bounds = (_per_group(name, optimizer, value) for name, value in _bounds(base_momentum, max_momentum))
        for group, low, high in zip(optimizer.param_groups, *bounds, strict=True):
            group["max_momentum"] = high
            group["base_momentum"] = low
            self._set_momentum(group, high)

    def _set_momentum(self, group: dict[str, Any], momentum: float) -> None:
        if self.use_beta1:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum

    def _momentum(self, group: dict[str, Any]) -> float:
        raise NotImplementedError

    def _update_lr(self, epoch: Any = None) -> None:
        super()._update_lr(epoch)
        if self.cycle_momentum:
            for group in self.optimizer.param_groups:
                self._set_momentum(group, self._momentum(group))


def _bounds(base_momentum: Any, max_momentum: Any) -> list[tuple[str, Any]]:
    return [("base_momentum", base_momentum), ("max_momentum", max_momentum)]


class OneCycleLR(_Cycling):
    r"""Up to `max_lr` and down to almost nothing, once; momentum the other way: :func:`nn.optim.schedules.one_cycle`.

    Parameters
    ----------
    optimizer : Optimizer
    max_lr : float, or list of float
        The greatest rate, or that of each group.
    total_steps : int, optional
        How many steps there are; left out, `epochs` times `steps_per_epoch`.
    epochs, steps_per_epoch : int, optional
    pct_start : float
        Which part of them goes up.
    anneal_strategy : 'cos' or 'linear'
    cycle_momentum : bool
        Whether momentum, or the first of the betas, goes down from `max_momentum` to `base_momentum` and up again.
    base_momentum, max_momentum : float, or list of float
    div_factor : float
        By how much the first rate is less than `max_lr`.
    final_div_factor : float
        By how much the last rate is less than the first.
    three_phase : bool
        Come down to the first rate in as many steps as it took to go up, and then to the last.
    last_epoch : int

    Raises
    ------
    ValueError
        If the number of steps is not known, more are made, a setting is out of its range, or the optimizer has no
        momentum to cycle.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> optimizer = nn.optim.SGD([ad.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = nn.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=2.0, total_steps=10)
    >>> for _ in range(2):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [2.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.85,
        max_momentum: float | Sequence[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        _optimizer(self, optimizer)
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("OneCycleLR needs total_steps, or epochs and steps_per_epoch")
            _at_least("epochs", epochs, 1)
            _at_least("steps_per_epoch", steps_per_epoch, 1)
            total_steps = epochs * steps_per_epoch
        _at_least("total_steps", total_steps, 1)
        up_to_one("pct_start", pct_start)
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy is 'cos' or 'linear', got {anneal_strategy!r}")
        self.total_steps = total_steps
        self._anneal_func_type = anneal_strategy
        ends: list[float] = [pct_start * total_steps - 1, total_steps - 1]
        rates, momenta = ["initial_lr", "max_lr", "min_lr"], ["max_momentum", "base_momentum", "max_momentum"]
        if three_phase:
            ends.insert(1, 2 * pct_start * total_steps - 2)
            rates.insert(2, "initial_lr")
            momenta.append("max_momentum")
        #: As PyTorch saves them: when a phase ends, and what it goes from and to, by its name in the groups.
        self._schedule_phases = [
            {
                "end_step": end,
                "start_lr": rates[i],
                "end_lr": rates[i + 1],
                "start_momentum": momenta[i],
                "end_momentum": momenta[i + 1],
            }
            for i, end in enumerate(ends)
        ]
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, _per_group("max_lr", optimizer, max_lr), strict=True):
                group["initial_lr"] = rate / div_factor
                group["max_lr"] = rate
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        self._begin_momentum(optimizer, base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def _at(self, group: dict[str, Any], what: str) -> float:
        phases: list[dict[str, Any]] = self._schedule_phases
        values = [group[phases[0][f"start_{what}"]], *(group[phase[f"end_{what}"]] for phase in phases)]
        ends = [phase["end_step"] for phase in phases]
        return schedules.one_cycle(self.last_epoch, values, ends, self._anneal_func_type)

    def get_lr(self) -> list[float]:
        if self.last_epoch > self.total_steps:
            raise ValueError(f"OneCycleLR is for {self.total_steps} steps, this is step {self.last_epoch}")
        return [self._at(group, "lr") for group in self.optimizer.param_groups]

    def _momentum(self, group: dict[str, Any]) -> float:
        return self._at(group, "momentum")


class CyclicLR(_Cycling):
    r"""Up and down in triangles, momentum the other way: :func:`nn.optim.schedules.triangle`.

    Parameters
    ----------
    optimizer : Optimizer
    base_lr, max_lr : float, or list of float
        The bounds, or those of each group.
    step_size_up, step_size_down : int
        How many steps it takes to go up, and (left out: as many) down.
    mode : 'triangular', 'triangular2' or 'exp_range'
        Whether every cycle is alike, half as high as the one before, or scaled by `gamma` to the power of the step.
    gamma : float
    scale_fn : callable, optional
        Scales instead of `mode`, by the number of the cycle, from 1 on, or of the step.
    scale_mode : 'cycle' or 'iterations'
        Which of them `scale_fn` takes.
    cycle_momentum : bool
        Whether momentum, or the first of the betas, goes between `max_momentum` and `base_momentum`.
    base_momentum, max_momentum : float, or list of float
    last_epoch : int

    Raises
    ------
    ValueError
        If a setting is out of its range, or the optimizer has no momentum to cycle.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> optimizer = nn.optim.SGD([ad.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = nn.optim.lr_scheduler.CyclicLR(optimizer, base_lr=1.0, max_lr=2.0, step_size_up=4)
    >>> for _ in range(5):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [1.75]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | Sequence[float],
        max_lr: float | Sequence[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.8,
        max_momentum: float | Sequence[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        base_lrs = _per_group("base_lr", _optimizer(self, optimizer), base_lr)
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, base_lrs, strict=True):
                group["lr"] = rate
        self.max_lrs = _per_group("max_lr", optimizer, max_lr)
        _at_least("step_size_up", step_size_up, 1)
        down = step_size_up if step_size_down is None else step_size_down
        _at_least("step_size_down", down, 1)
        self.total_size = float(step_size_up + down)
        self.step_ratio = step_size_up / self.total_size
        if scale_fn is None and mode not in ("triangular", "triangular2", "exp_range"):
            raise ValueError(f"mode is 'triangular', 'triangular2' or 'exp_range', got {mode!r}")
        if scale_mode not in ("cycle", "iterations"):
            raise ValueError(f"scale_mode is 'cycle' or 'iterations', got {scale_mode!r}")
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = "iterations" if scale_fn is None and mode == "exp_range" else scale_mode
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums = _per_group("base_momentum", optimizer, base_momentum)
            self.max_momentums = _per_group("max_momentum", optimizer, max_momentum)
        self._begin_momentum(optimizer, base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def _scale(self, cycle: int, t: int) -> float:
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(cycle if self.scale_mode == "cycle" else t)
        if self.mode == "exp_range":
            return self.gamma**t
        return 0.5 ** (cycle - 1) if self.mode == "triangular2" else 1.0

    def _between(self, low: float, high: float) -> float:
        up = self.total_size * self.step_ratio
        return schedules.triangle(self.last_epoch, low, high, up=up, down=self.total_size - up, scale=self._scale)

    def get_lr(self) -> list[float]:
        return [self._between(low, high) for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def _momentum(self, group: dict[str, Any]) -> float:
        return self._between(group["max_momentum"], group["base_momentum"])

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "_scale_fn_custom": _attributes(self._scale_fn_custom)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        state = self._fitting(state_dict)
        attributes = state.pop("_scale_fn_custom")
        if attributes is not None:
            vars(self._scale_fn_custom).update(attributes)
        vars(self).update(state)


class ReduceLROnPlateau(LRScheduler):
    r"""Less when a metric no longer improves: :func:`nn.optim.schedules.plateau`.

    Parameters
    ----------
    optimizer : Optimizer
    mode : 'min' or 'max'
        Which way the metric improves.
    factor : float
        What the rate is multiplied with, below 1.
    patience : int
        How many times it may fail to improve.
    threshold : float
        How much better is better, as a part of the best value or (`threshold_mode` 'abs') not.
    threshold_mode : 'rel' or 'abs'
    cooldown : int
        How many times do not count after a reduction.
    min_lr : float, or list of float
        The least rate, or that of each group.
    eps : float
        Smaller reductions are not made.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> optimizer = nn.optim.SGD([ad.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = nn.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> for loss in [3.0, 2.0, 2.0, 2.0]:
    ...     scheduler.step(loss)
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        if not factor < 1:
            raise ValueError(f"factor is below 1, got {factor}")
        if mode not in ("min", "max"):
            raise ValueError(f"mode is 'min' or 'max', got {mode!r}")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold_mode is 'rel' or 'abs', got {threshold_mode!r}")
        self.optimizer = _optimizer(self, optimizer)
        self.factor = factor
        self.min_lrs = _per_group("min_lr", optimizer, min_lr)
        self.default_min_lr = None if isinstance(min_lr, (list, tuple)) else min_lr
        self.patience = patience
        self.cooldown = cooldown
        self.eps = eps
        self.last_epoch = 0
        self._last_lr = self._rates()
        self.mode = mode
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.best, self.num_bad_epochs, self.cooldown_counter = schedules.Plateau(self.mode_worse)

    def step(self, metrics: Any, epoch: Any = None) -> None:  # type: ignore[override]
        """Look at the metric, and lower the rates if it has not improved for too long."""
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        lower, state = schedules.plateau(
            float(metrics),
            schedules.Plateau(self.best, self.num_bad_epochs, self.cooldown_counter),
            mode=self.mode,
            patience=self.patience,
            threshold=self.threshold,
            threshold_mode=self.threshold_mode,
            cooldown=self.cooldown,
        )
        self.best, self.num_bad_epochs, self.cooldown_counter = state
        if lower:
            least = self.min_lrs if self.default_min_lr is None else self.default_min_lr
            for group, bound in zip(
                self.optimizer.param_groups, _per_group("min_lr", self.optimizer, least), strict=True
            ):
                rate = max(group["lr"] * self.factor, bound)
                if group["lr"] - rate > self.eps:
                    group["lr"] = rate
        self._last_lr = self._rates()


# Schedulers made of others


class _Composed(LRScheduler):
    _schedulers: list[LRScheduler]

    def _take(self, optimizer: Optimizer | None, schedulers: Sequence[LRScheduler]) -> None:
        """Be made of these, which are of one optimizer and are stepped without a metric."""
        name = type(self).__name__
        if not schedulers:
            raise ValueError(f"{name} takes at least one scheduler, got none")
        for i, scheduler in enumerate(schedulers):
            if not isinstance(scheduler, LRScheduler):
                raise TypeError(f"{name} takes schedulers, got {type(scheduler).__name__} at index {i}")
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(f"{name} has no metric for the ReduceLROnPlateau at index {i}")
            if scheduler.optimizer is not (schedulers[0].optimizer if optimizer is None else optimizer):
                raise ValueError(f"{name} takes schedulers of one optimizer, that at index {i} is of another")
        self._schedulers = list(schedulers)
        self.optimizer = schedulers[0].optimizer

    def state_dict(self) -> dict[str, Any]:
        own = {key: value for key, value in vars(self).items() if key not in ("optimizer", "_schedulers")}
        return {**copy.deepcopy(own), "_schedulers": [scheduler.state_dict() for scheduler in self._schedulers]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        state = self._fitting(state_dict)
        states = state.pop("_schedulers")
        if len(states) != len(self._schedulers):
            raise StateDictError(
                f"{type(self).__name__} has {len(self._schedulers)} schedulers, the state has {len(states)}"
            )
        for scheduler, inner in zip(self._schedulers, states, strict=True):
            scheduler._fitting(inner)
        for scheduler, inner in zip(self._schedulers, states, strict=True):
            scheduler.load_state_dict(inner)
        vars(self).update(state)


class ChainedScheduler(_Composed):
    """All of some schedulers, one after the other at every step.

    Parameters
    ----------
    schedulers : sequence of LRScheduler
    optimizer : Optimizer, optional
        That of all of them.

    Raises
    ------
    ValueError
        If there are none, they are of several optimizers, or one is a ReduceLROnPlateau.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> from nn.optim.lr_scheduler import ChainedScheduler, ConstantLR, ExponentialLR
    >>> optimizer = nn.optim.SGD([ad.ones(1, requires_grad=True)], lr=1.0)
    >>> scheduler = ChainedScheduler([ConstantLR(optimizer, factor=0.25), ExponentialLR(optimizer, gamma=0.5)])
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.125]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        self._take(optimizer, schedulers)
        self._last_lr = self._rates()

    def step(self, epoch: Any = None) -> None:
        """A step of each scheduler."""
        for scheduler in self._schedulers:
            scheduler.step(epoch)
        self._last_lr = self._rates()


class SequentialLR(_Composed):
    """One scheduler after another: each begins at its milestone.

    Parameters
    ----------
    optimizer : Optimizer
    schedulers : list of LRScheduler
    milestones : list of int
        At which steps the second and those after it begin.
    last_epoch : int

    Raises
    ------
    ValueError
        If there is not one milestone less than there are schedulers, these are of several optimizers, or one is a
        ReduceLROnPlateau.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> from nn.optim.lr_scheduler import ConstantLR, ExponentialLR, SequentialLR
    >>> optimizer = nn.optim.SGD([ad.ones(1, requires_grad=True)], lr=1.0)
    >>> warm, cool = ConstantLR(optimizer, factor=0.25), ExponentialLR(optimizer, gamma=0.5)
    >>> scheduler = SequentialLR(optimizer, [warm, cool], milestones=[2])
    >>> rates = [optimizer.param_groups[0]["lr"]]
    >>> for _ in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    ...     rates += scheduler.get_last_lr()
    >>> rates
    [0.25, 0.25, 1.0, 0.5, 0.25]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Sequence[int],
        last_epoch: int = -1,
    ) -> None:
        self._take(_optimizer(self, optimizer), schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"SequentialLR takes one milestone less than schedulers, got {len(milestones)} for {len(schedulers)}"
            )
        self._milestones = list(milestones)
        self.last_epoch = last_epoch + 1
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        _take_back(self)
        first = self._schedulers[bisect_right(self._milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def step(self, epoch: Any = None) -> None:
        """A step of the scheduler whose turn it is."""
        if epoch is not None:
            raise TypeError("SequentialLR steps from one step to the next, step takes no epoch")
        self.last_epoch += 1
        index = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[index]
        if index > 0 and self._milestones[index - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


def _take_back(scheduler: LRScheduler) -> None:
    """Undo the first step of the schedulers that one is made of, at any depth."""
    if isinstance(scheduler, _Composed):
        for part in scheduler._schedulers:
            _take_back(part)
    else:
        scheduler.last_epoch -= 1
