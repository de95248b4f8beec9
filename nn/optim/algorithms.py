"""Optimizers: the rules of `nn.optim.rules` with PyTorch's face."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nn.optim import rules
from nn.optim.optimizer import Optimizer


class SGD(Optimizer):
    r"""Gradient descent: :math:`\theta' = \theta - \eta g`, with momentum if wanted; see :func:`nn.optim.rules.sgd`.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
    lr : float
        The learning rate :math:`\eta`.
    momentum, dampening, weight_decay : float
    nesterov, maximize : bool
    foreach, differentiable, fused
        PyTorch's choices of how to compute; they stay at their defaults.

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
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        settings = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, settings)

    def check(self, settings: dict[str, Any]) -> None:
        super().check(settings)
        if settings["nesterov"] and (settings["momentum"] <= 0 or settings["dampening"] != 0):
            raise ValueError(
                f"nesterov needs momentum above 0 and no dampening, got momentum={settings['momentum']} and "
                f"dampening={settings['dampening']}"
            )


class Adam(Optimizer):
    r"""Adam: steps scaled by the moments of the gradient; see :func:`nn.optim.rules.adam`.

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
    amsgrad, maximize, decoupled_weight_decay : bool
    foreach, capturable, differentiable, fused
        PyTorch's choices of how to compute; they stay at their defaults.

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
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        settings = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "foreach": foreach,
            "maximize": maximize,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, settings)


class AdamW(Adam):
    r"""Adam with the weight decay apart from the gradient; see :func:`nn.optim.rules.adamw`.

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
    foreach, capturable, differentiable, fused
        PyTorch's choices of how to compute; they stay at their defaults.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> x = ad.tensor([1.0], requires_grad=True)
    >>> optimizer = nn.optim.AdamW([x], lr=0.1, weight_decay=0.5)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> x
    Tensor([0.85], requires_grad=True)
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        super().load_state_dict(state_dict)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True


class NAdam(Optimizer):
    r"""Adam with Nesterov's momentum; see :func:`nn.optim.rules.nadam`.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
    lr : float
        The learning rate :math:`\eta`.
    betas : pair of float
        How slowly the two moments change: :math:`\beta_1, \beta_2`, at least 0 and below 1.
    eps : float
        :math:`\epsilon`, which keeps the division finite.
    weight_decay, momentum_decay : float
    decoupled_weight_decay, maximize : bool
    foreach, capturable, differentiable
        PyTorch's choices of how to compute; they stay at their defaults.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> x = ad.tensor([1.0], requires_grad=True)
    >>> optimizer = nn.optim.NAdam([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> x
    Tensor([0.89435482], requires_grad=True)
    """

    rule = staticmethod(rules.nadam)

    def __init__(
        self,
        params: Any,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        settings = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, settings)


class RAdam(Optimizer):
    r"""Adam with small steps while the moments are uncertain; see :func:`nn.optim.rules.radam`.

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
    decoupled_weight_decay, maximize : bool
    foreach, capturable, differentiable
        PyTorch's choices of how to compute; they stay at their defaults.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> x = ad.tensor([1.0], requires_grad=True)
    >>> optimizer = nn.optim.RAdam([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> x
    Tensor([0.8], requires_grad=True)
    """

    rule = staticmethod(rules.radam)

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        settings = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, settings)


class Adamax(Optimizer):
    r"""Adam with the greatest gradient for its mean square; see :func:`nn.optim.rules.adamax`.

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
    maximize : bool
    foreach, differentiable, capturable
        PyTorch's choices of how to compute; they stay at their defaults.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> x = ad.tensor([1.0], requires_grad=True)
    >>> optimizer = nn.optim.Adamax([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> x
    Tensor([0.9], requires_grad=True)
    """

    rule = staticmethod(rules.adamax)

    def __init__(
        self,
        params: Any,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        settings = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, settings)


class Adagrad(Optimizer):
    r"""Steps scaled by all gradients so far; see :func:`nn.optim.rules.adagrad`.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
    lr : float
        The learning rate :math:`\eta`.
    lr_decay, weight_decay, initial_accumulator_value : float
    eps : float
        :math:`\epsilon`, which keeps the division finite.
    maximize : bool
    foreach, differentiable, fused
        PyTorch's choices of how to compute; they stay at their defaults.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> x = ad.tensor([1.0], requires_grad=True)
    >>> optimizer = nn.optim.Adagrad([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> x
    Tensor([0.9], requires_grad=True)
    """

    rule = staticmethod(rules.adagrad)

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        settings = {
            "lr": lr,
            "lr_decay": lr_decay,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "eps": eps,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, settings)


class Adadelta(Optimizer):
    r"""Steps with the unit of the parameter; see :func:`nn.optim.rules.adadelta`.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
    lr : float
        The learning rate :math:`\eta`.
    rho : float
        How slowly the mean squares change: :math:`\rho`, from 0 to 1.
    eps : float
        :math:`\epsilon`, which keeps the division finite.
    weight_decay : float
    maximize : bool
    foreach, capturable, differentiable
        PyTorch's choices of how to compute; they stay at their defaults.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> x = ad.tensor([1.0], requires_grad=True)
    >>> optimizer = nn.optim.Adadelta([x], lr=10.0)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> x
    Tensor([0.96837726], requires_grad=True)
    """

    rule = staticmethod(rules.adadelta)

    def __init__(
        self,
        params: Any,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        settings = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "capturable": capturable,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, settings)


class RMSprop(Optimizer):
    r"""Steps scaled by the mean square of the gradient; see :func:`nn.optim.rules.rmsprop`.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
    lr : float
        The learning rate :math:`\eta`.
    alpha : float
        How slowly the mean square changes: :math:`\alpha`, from 0 to 1.
    eps : float
        :math:`\epsilon`, which keeps the division finite.
    weight_decay, momentum : float
    centered, maximize : bool
    capturable, foreach, differentiable
        PyTorch's choices of how to compute; they stay at their defaults.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> x = ad.tensor([1.0], requires_grad=True)
    >>> optimizer = nn.optim.RMSprop([x], lr=0.1, alpha=0.75)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> x
    Tensor([0.8], requires_grad=True)
    """

    rule = staticmethod(rules.rmsprop)

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        settings = {
            "lr": lr,
            "alpha": alpha,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "centered": centered,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, settings)


class Lion(Optimizer):
    r"""Steps of one size against the sign of the momentum; see :func:`nn.optim.rules.lion`.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
    lr : float
        The learning rate :math:`\eta`.
    betas : pair of float
        How slowly the momentum changes, in the step and after it: :math:`\beta_1, \beta_2`, at least 0 and below 1.
    weight_decay : float
    maximize : bool

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> x = ad.tensor([1.0], requires_grad=True)
    >>> optimizer = nn.optim.Lion([x], lr=0.1)
    >>> (x * x).backward()
    >>> optimizer.step()
    >>> x
    Tensor([0.9], requires_grad=True)
    """

    rule = staticmethod(rules.lion)

    def __init__(
        self,
        params: Any,
        lr: float = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        settings = {
            "lr": lr,
            "betas": betas,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, settings)
