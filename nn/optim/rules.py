"""Update rules: pure functions from a parameter, its gradient and a state to the next parameter and state.

All are arrays; none is written, what is returned is new.  The state is a dict with PyTorch's names, empty at first.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
State = dict[str, Any]


def sgd(
    parameter: Array,
    gradient: Array,
    state: State,
    *,
    lr: float = 1e-3,
    momentum: float = 0.0,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
    nesterov: bool = False,
    maximize: bool = False,
) -> tuple[Array, State]:
    r"""Gradient descent: :math:`b' = \mu b + (1 - \tau) g,\; \theta' = \theta - \eta b'`, and :math:`b' = g` at first.

    Where :math:`\eta` is `lr`, :math:`\mu` `momentum` (0: no b, :math:`\theta' = \theta - \eta g`), :math:`\tau`
    `dampening`, and :math:`g` the gradient, negated to `maximize`, plus `weight_decay` times the parameter.  With
    `nesterov`, :math:`\theta' = \theta - \eta (g + \mu b')`, as Sutskever et al., "On the importance of initialization
    and momentum in deep learning" (2013).

    Examples
    --------
    >>> import numpy as np
    >>> from nn.optim import sgd
    >>> sgd(np.array([1.0]), np.array([2.0]), {}, lr=0.1)
    (array([0.8]), {})
    """
    if maximize:
        gradient = -gradient
    if weight_decay:
        gradient = gradient + weight_decay * parameter
    if momentum:
        buffer = state.get("momentum_buffer")
        buffer = gradient.copy() if buffer is None else momentum * buffer + (1 - dampening) * gradient
        state = {"momentum_buffer": buffer}
        gradient = gradient + momentum * buffer if nesterov else buffer
    return parameter - lr * gradient, state


def adam(
    parameter: Array,
    gradient: Array,
    state: State,
    *,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    amsgrad: bool = False,
    maximize: bool = False,
) -> tuple[Array, State]:
    r"""Adam: :math:`\theta' = \theta - \eta \, \hat m / (\sqrt{\hat v} + \epsilon)`.

    Where :math:`m' = \beta_1 m + (1 - \beta_1) g`, :math:`v' = \beta_2 v + (1 - \beta_2) g^2`, and
    :math:`\hat m = m' / (1 - \beta_1^t)`, :math:`\hat v = v' / (1 - \beta_2^t)` at step t; g is the gradient, negated
    to `maximize`, plus `weight_decay` times the parameter.  With `amsgrad`, :math:`v'` is the greatest so far.

    Kingma and Ba, "Adam: a method for stochastic optimization" (2014); Reddi et al., "On the convergence of Adam and
    beyond" (2018).

    Examples
    --------
    >>> import numpy as np
    >>> from nn.optim import adam
    >>> parameter, state = adam(np.array([1.0]), np.array([2.0]), {}, lr=0.1)
    >>> parameter, state["step"]
    (array([0.9]), 1)
    """
    beta1, beta2 = betas
    if maximize:
        gradient = -gradient
    if weight_decay:
        gradient = gradient + weight_decay * parameter
    step = state.get("step", 0) + 1
    mean = state["exp_avg"] if state else np.zeros_like(parameter)
    square = state["exp_avg_sq"] if state else np.zeros_like(parameter)
    mean = mean + (1 - beta1) * (gradient - mean)
    square = beta2 * square + (1 - beta2) * (gradient * gradient)
    next_state = {"step": step, "exp_avg": mean, "exp_avg_sq": square}
    if amsgrad:
        square = np.maximum(state.get("max_exp_avg_sq", 0), square)
        next_state["max_exp_avg_sq"] = square
    scale = np.sqrt(square) / math.sqrt(1 - beta2**step) + eps
    return parameter - lr / (1 - beta1**step) * (mean / scale), next_state
