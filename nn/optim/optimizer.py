"""What optimizers have in common: groups of parameters, steps, states that are saved and restored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

import autodiff as ad
from nn.module import StateDictError
from nn.optim import rules


class Optimizer:
    """Base class: a step replaces every parameter's values by what a rule of `nn.optim.rules` makes of them.

    A subclass names its `rule` and calls ``super().__init__(params, defaults)``.  Arrays that somebody else holds are
    not written: a parameter gets a new one.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        What to optimize; a dict ``{"params": [...], "lr": 0.1}`` is a group with settings of its own.
    defaults : dict
        The settings: those of the rule, and of PyTorch's choices of how to compute it (`foreach`, `capturable`,
        `differentiable`, `fused`) those that it takes, all of which are left at their defaults here.

    Attributes
    ----------
    param_groups : list of dict
        The groups, each with its ``"params"`` and settings, which may be changed between steps.
    state : dict
        What the rule remembers for each parameter.

    Raises
    ------
    TypeError
        If `params` are not Tensors.
    ValueError
        If there are none, if one of them is there twice, has no ``requires_grad`` or was computed from others, or if a
        setting is out of its range.
    """

    rule: ClassVar[rules.Rule]

    #: Whether there was a step; a scheduler asks.
    _stepped = False

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        if isinstance(params, (ad.Tensor, Mapping, str)) or not isinstance(params, Iterable):
            raise TypeError(
                f"{type(self).__name__} takes an iterable of Tensors or of dicts, such as model.parameters(), got "
                f"{type(params).__name__}"
            )
        self.defaults = _plain(defaults)
        self.state: dict[ad.Tensor, dict[str, Any]] = {}
        self.param_groups: list[dict[str, Any]] = []
        groups = list(params)
        if not groups:
            raise ValueError(f"{type(self).__name__} got no parameters")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def check(self, settings: dict[str, Any]) -> None:
        """Refuse settings that are out of their range; for subclasses to extend."""
        for name in _AT_LEAST_ZERO:
            if name in settings:
                at_least_zero(name, settings[name])
        for name in _UP_TO_ONE:
            if name in settings:
                up_to_one(name, settings[name])
        if "betas" in settings:
            _two_below_one(settings["betas"])
        for name, default in _COMPUTED.items():
            if settings.get(name):
                raise ValueError(
                    f"{type(self).__name__} computes with NumPy, one parameter after the other: {name} is {default}, "
                    f"got {settings[name]!r}"
                )

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Optimize more parameters, with settings of their own."""
        if not isinstance(param_group, dict) or "params" not in param_group:
            raise TypeError(f"a group is a dict with 'params', got {param_group!r}")
        params = param_group["params"]
        params = [params] if isinstance(params, ad.Tensor) else list(params)
        known = {p for group in self.param_groups for p in group["params"]}
        for p in params:
            if not isinstance(p, ad.Tensor):
                raise TypeError(f"{type(self).__name__} optimizes Tensors, got {type(p).__name__}")
            if not p.is_leaf:
                raise ValueError(f"a tensor that was computed cannot be optimized: {described(p)}")
            if not p.requires_grad:
                raise ValueError(
                    f"a parameter without requires_grad cannot be optimized: {described(p)}; leave it out, or call "
                    "requires_grad_()"
                )
            if p in known:
                raise ValueError(f"a parameter is given twice: {described(p)}")
            known.add(p)
        group = {**self.defaults, **_plain({key: value for key, value in param_group.items() if key != "params"})}
        group = {"params": params, **group}
        self.check(group)
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, or (`set_to_none` False) make those that are there zero."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none or p.grad is None:
                    p.grad = None
                else:
                    p.grad = ad.zeros_like(p)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient.

        Parameters
        ----------
        closure : callable, optional
            Computes the loss and its gradients first, and returns the loss.

        Returns
        -------
        What the closure returned, or None.

        Raises
        ------
        ValueError
            If a gradient does not have its parameter's shape.
        """
        loss = None
        if closure is not None:
            with ad.enable_grad():
                loss = closure()
        self._stepped = True
        state = self.state
        updates: dict[Any, Any] = {}
        names = [name for name in self.defaults if name not in _COMPUTED]
        for group in self.param_groups:
            settings = {name: group[name] for name in names}
            if "lr" in settings:
                settings["lr"] = float(settings["lr"])
            for p in group["params"]:
                gradient = gradient_of(p)
                if gradient is None:
                    continue
                dtype = gradient.dtype
                if dtype not in updates:
                    updates[dtype] = rules.in_place(type(self).rule, dtype)
                p.data, after = updates[dtype](p.data, gradient, state.get(p, {}), **settings)
                if after:
                    state[p] = after
        return loss

    def state_dict(self) -> dict[str, Any]:
        """The settings, and copies of what is remembered, in PyTorch's form: parameters are numbers, in their order.

        Examples
        --------
        >>> import nn
        >>> nn.optim.SGD(nn.Linear(3, 4).parameters(), lr=0.1).state_dict()["param_groups"][0]["params"]
        [0, 1]
        """
        numbers = {p: i for i, p in enumerate(self._parameters())}
        return {
            "state": {numbers[p]: _remembered(state) for p, state in self.state.items()},
            "param_groups": [{**group, "params": [numbers[p] for p in group["params"]]} for group in self.param_groups],
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from what `state_dict` gave; if it does not fit, nothing is changed.

        Raises
        ------
        StateDictError
            A KeyError and a ValueError, if groups, parameters or shapes differ.
        """
        name = type(self).__name__
        if not isinstance(state_dict, Mapping) or not {"state", "param_groups"} <= state_dict.keys():
            raise StateDictError(f"the state of {name} has 'state' and 'param_groups'")
        given = state_dict["param_groups"]
        own_sizes, sizes = ([len(group["params"]) for group in groups] for groups in (self.param_groups, given))
        if own_sizes != sizes:
            raise StateDictError(f"{name} has groups of {own_sizes} parameters, the state has groups of {sizes}")
        numbers = [i for group in given for i in group["params"]]
        parameters = dict(zip(numbers, self._parameters(), strict=True))
        problems = []
        states = {}
        for number, remembered in state_dict["state"].items():
            if number not in parameters:
                problems.append(f"there is no parameter {number}")
                continue
            p = parameters[number]
            states[p] = _remembered(remembered, p.dtype)
            for key, value in states[p].items():
                expected = self._shape(key, p)
                problems += [
                    f"{key} of parameter {number} has shape {expected}, got {np.shape(array)}"
                    for array in (value if isinstance(value, list) else [value])
                    if np.shape(array) != expected
                ]
        groups = []
        for i, (own, group) in enumerate(zip(self.param_groups, given, strict=True)):
            absent = [key for key in self.defaults if key not in group and key not in _LATER]
            if absent:
                problems.append(f"group {i} lacks {', '.join(absent)}")
                continue
            as_here = {key: own[key] for key in _LATER if key in own and (key in _COMPUTED or key not in group)}
            settings = {**_plain({key: value for key, value in group.items() if key != "params"}), **as_here}
            self.check(settings)
            groups.append({"params": own["params"], **settings})
        if problems:
            raise StateDictError("\n  ".join([f"the state does not fit {name}:", *problems]))
        self.state = states
        for own, group in zip(self.param_groups, groups, strict=True):
            own.clear()
            own.update(group)

    def _shape(self, key: str, p: ad.Tensor) -> tuple[int, ...]:
        """The shape of what is remembered by a name."""
        return () if key in _NUMBERS else p.shape

    def _parameters(self) -> list[ad.Tensor]:
        return [p for group in self.param_groups for p in group["params"]]

    def __repr__(self) -> str:
        lines = []
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return "\n".join([f"{type(self).__name__} (", *lines, ")"])


#: Settings that are at least 0 in whichever rule they are.
_AT_LEAST_ZERO = (
    "lr",
    "momentum",
    "weight_decay",
    "eps",
    "momentum_decay",
    "lr_decay",
    "initial_accumulator_value",
)

#: Settings that are from 0 to 1.
_UP_TO_ONE = ("rho", "alpha")

#: PyTorch's choices of how to compute, which do not change what is computed.
_COMPUTED = {"foreach": None, "capturable": False, "differentiable": False, "fused": None}

#: Settings that a state saved by an older PyTorch may lack.
_LATER = {*_COMPUTED, "maximize", "decoupled_weight_decay"}

#: What is remembered as a Python number.
_NUMBERS = {"step": int, "mu_product": float}


def described(p: ad.Tensor) -> str:
    """What an error calls a parameter."""
    return f"{p.name or type(p).__name__} of shape {p.shape}"


def gradient_of(p: ad.Tensor) -> np.ndarray[Any, Any] | None:
    """The gradient of a parameter as an array of its dtype, if it has one."""
    grad: Any = p.grad
    if grad is None:
        return None
    gradient: np.ndarray[Any, Any] = grad.data if type(grad) is ad.Tensor else np.asarray(grad)
    value = p.data
    if gradient.shape != value.shape:
        raise ValueError(f"the gradient of {described(p)} has shape {gradient.shape}")
    return gradient if gradient.dtype == value.dtype else gradient.astype(value.dtype, casting="same_kind")


def at_least_zero(name: str, value: Any) -> None:
    """Refuse what is not a number of at least 0."""
    if not isinstance(value, (int, float)):
        raise TypeError(f"{name} is a number, got {value!r}")
    if not value >= 0:
        raise ValueError(f"{name} is at least 0, got {value}")


def up_to_one(name: str, value: float) -> None:
    """Refuse what is not from 0 to 1."""
    if not 0 <= value <= 1:
        raise ValueError(f"{name} is from 0 to 1, got {value}")


def _two_below_one(betas: Any) -> None:
    if len(betas) != 2 or not all(0 <= beta < 1 for beta in betas):
        raise ValueError(f"betas are two numbers of at least 0 and below 1, got {betas}")


def _plain(value: Any) -> Any:
    """Settings as Python's numbers: with NumPy's, float32 would become float64."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(map(_plain, value))
    return value.item() if isinstance(value, (np.generic, np.ndarray, ad.Tensor)) and value.size == 1 else value


def _remembered(state: Mapping[str, Any], dtype: Any = None) -> dict[str, Any]:
    """A copy of what is remembered of a parameter, as rules have it."""

    def copied(key: str, value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [copied(key, part) for part in value]
        if key in _NUMBERS:
            return _NUMBERS[key](value)
        return value if isinstance(value, (int, float)) else np.array(value, dtype)

    return {key: copied(key, value) for key, value in state.items() if value is not None}
