"""Optimizers: update rules with PyTorch's face."""

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
        The settings: those of the rule.

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

    rule: ClassVar[Callable[..., tuple[Any, dict[str, Any]]]]

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        if isinstance(params, (ad.Tensor, Mapping, str)) or not isinstance(params, Iterable):
            raise TypeError(
                f"{type(self).__name__} takes an iterable of Tensors or of dicts, such as model.parameters(), got "
                f"{type(params).__name__}"
            )
        self.defaults = defaults
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
        for name in ("lr", "weight_decay"):
            _at_least_zero(name, settings[name])

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
                raise ValueError(f"a tensor that was computed cannot be optimized: {_described(p)}")
            if not p.requires_grad:
                raise ValueError(
                    f"a parameter without requires_grad cannot be optimized: {_described(p)}; leave it out, or call "
                    "requires_grad_()"
                )
            if p in known:
                raise ValueError(f"a parameter is given twice: {_described(p)}")
            known.add(p)
        group = {**param_group, "params": params}
        for name, value in self.defaults.items():
            group.setdefault(name, value)
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
        state = self.state
        rule = type(self).rule
        defaults = self.defaults
        for group in self.param_groups:
            settings = {name: group[name] for name in defaults}
            for p in group["params"]:
                grad = p.grad
                if grad is None:
                    continue
                value, gradient = p.data, grad.data if type(grad) is ad.Tensor else np.asarray(grad)
                if gradient.shape != value.shape:
                    raise ValueError(f"the gradient of {_described(p)} has shape {gradient.shape}")
                p.data, after = rule(value, gradient, state.get(p, {}), **settings)
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
            "state": {numbers[p]: _copied(state) for p, state in self.state.items()},
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
        for number, remembered in state_dict["state"].items():
            if number not in parameters:
                problems.append(f"there is no parameter {number}")
                continue
            shape = parameters[number].shape
            for key, value in remembered.items():
                if key != "step" and np.shape(value) != shape:
                    problems.append(f"{key} of parameter {number} has shape {shape}, got {np.shape(value)}")
        for i, group in enumerate(given):
            absent = [key for key in self.defaults if key not in group]
            if absent:
                problems.append(f"group {i} lacks {', '.join(absent)}")
            else:
                self.check(dict(group))
        if problems:
            raise StateDictError("\n  ".join([f"the state does not fit {name}:", *problems]))
        self.state = {
            parameters[number]: _copied(remembered, parameters[number].dtype)
            for number, remembered in state_dict["state"].items()
        }
        for own, group in zip(self.param_groups, given, strict=True):
            params = own["params"]
            own.clear()
            own.update({**group, "params": params})

    def _parameters(self) -> list[ad.Tensor]:
        return [p for group in self.param_groups for p in group["params"]]

    def __repr__(self) -> str:
        lines = []
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return "\n".join([f"{type(self).__name__} (", *lines, ")"])


def _described(p: ad.Tensor) -> str:
    return f"{p.name or type(p).__name__} of shape {p.shape}"


def _at_least_zero(name: str, value: Any) -> None:
    if not value >= 0:
        raise ValueError(f"{name} is at least 0, got {value}")


def _copied(remembered: Mapping[str, Any], dtype: Any = None) -> dict[str, Any]:
    return {key: int(value) if key == "step" else np.array(value, dtype=dtype) for key, value in remembered.items()}


class SGD(Optimizer):
    r"""Gradient descent: :math:`\theta' = \theta - \eta g`, with momentum if wanted; see :func:`nn.optim.sgd`.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
    lr : float
        The learning rate :math:`\eta`.
    momentum, dampening, weight_decay : float
    nesterov, maximize : bool

    Raises
    ------
    ValueError
        If a setting is negative, or `nesterov` is asked for without momentum or with dampening.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> x = ad.tensor([1.0], requires_grad=True)
    >>> optimizer = nn.optim.SGD([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> x
    Tensor([0.8], requires_grad=True)
    """

    rule = staticmethod(rules.sgd)

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        settings = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        super().__init__(params, {**settings, "nesterov": nesterov, "maximize": maximize})

    def check(self, settings: dict[str, Any]) -> None:
        super().check(settings)
        _at_least_zero("momentum", settings["momentum"])
        if settings["nesterov"] and (settings["momentum"] <= 0 or settings["dampening"] != 0):
            raise ValueError(
                f"nesterov needs momentum above 0 and no dampening, got momentum={settings['momentum']} and "
                f"dampening={settings['dampening']}"
            )


class Adam(Optimizer):
    r"""Adam: steps scaled by the moments of the gradient; see :func:`nn.optim.adam`.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
    lr : float
        The learning rate :math:`\eta`.
    betas : pair of float
        How slowly the two moments change: :math:`\beta_1, \beta_2`, at least 0 and below 1.
    eps : float
        :math:`\epsilon`, which keeps the division finite.
    weight_decay : float
    amsgrad, maximize : bool

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> x = ad.tensor([1.0], requires_grad=True)
    >>> optimizer = nn.optim.Adam([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> x
    Tensor([0.9], requires_grad=True)
    """

    rule = staticmethod(rules.adam)

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        settings = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**settings, "amsgrad": amsgrad, "maximize": maximize})

    def check(self, settings: dict[str, Any]) -> None:
        super().check(settings)
        _at_least_zero("eps", settings["eps"])
        if len(settings["betas"]) != 2 or not all(0 <= beta < 1 for beta in settings["betas"]):
            raise ValueError(f"betas are two numbers of at least 0 and below 1, got {settings['betas']}")
