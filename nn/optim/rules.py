"""Update rules: pure functions from a parameter, its gradient and a state to the next parameter and state.

All are arrays; none is written, what is returned is new.  The state is a dict with PyTorch's names, empty at first.
Every rule works element by element, on the real and imaginary parts of complex numbers as on two numbers.

The rules are written as what they do to a state that is theirs to write.  Called as functions they are given a copy of
it; who owns the state and has no use for the old one, as an optimizer, calls what `in_place` gives.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

Array = np.ndarray[Any, Any]
State = dict[str, Any]
Rule = Callable[..., tuple[Array, State]]
Update = TypeVar("Update", bound=Rule)


def pure(update: Update) -> Update:
    """A pure function of an update that writes its state."""

    @functools.wraps(update)
    def rule(parameter: Array, gradient: Array, state: State, **settings: Any) -> tuple[Array, State]:
        parameter = np.asarray(parameter)
        copied = {key: value.copy() if isinstance(value, np.ndarray) else value for key, value in state.items()}
        return in_place(rule, parameter.dtype)(parameter, np.asarray(gradient), copied, **settings)

    vars(rule)["in_place"] = update
    return cast("Update", rule)


def in_place(rule: Rule, dtype: Any) -> Rule:
    """What a rule does with parameters of a dtype and a state that it may write; the rule itself, if it is another's.

    Examples
    --------
    >>> import numpy as np
    >>> from nn.optim import rules
    >>> mean = np.zeros(1)
    >>> update = rules.in_place(rules.lion, mean.dtype)
    >>> _ = update(np.ones(1), np.ones(1), {"exp_avg": mean}, betas=(0.9, 0.75))
    >>> mean
    array([0.25])
    """
    update: Rule | None = getattr(rule, "in_place", None)
    if update is None:
        return rule
    return functools.partial(_by_parts, update) if np.dtype(dtype).kind == "c" else update


def _by_parts(update: Rule, parameter: Array, gradient: Array, state: State, **settings: Any) -> tuple[Array, State]:
    """An update of complex numbers as pairs of real ones."""
    gradient = gradient.astype(parameter.dtype, copy=False)
    parts = {key: _parts(value) if isinstance(value, np.ndarray) else value for key, value in state.items()}
    after, parts = update(_parts(parameter), _parts(gradient), parts, **settings)
    whole = {key: _whole(value) if isinstance(value, np.ndarray) else value for key, value in parts.items()}
    return _whole(after), whole


def _parts(z: Array) -> Array:
    """The real and imaginary parts as a last axis of two, in the same memory."""
    return z[..., None].view(z.real.dtype)


def _whole(parts: Array) -> Array:
    """The complex numbers of which these are the parts, in the same memory."""
    return parts.view(np.result_type(parts.dtype, np.complex64))[..., 0]


# What rules are made of


def _buffers(state: State, parameter: Array, *names: str) -> list[Array]:
    """Arrays that the state holds, zeros at first."""
    for name in names:
        if name not in state:
            state[name] = np.zeros_like(parameter)
    return [state[name] for name in names]


def _next_step(state: State) -> int:
    """How many steps there are with this one."""
    step = state["step"] = state.get("step", 0) + 1
    return cast("int", step)


def _decayed(
    parameter: Array, gradient: Array, lr: float, weight_decay: float, maximize: bool, decoupled: bool = False
) -> tuple[Array, Array]:
    """The parameter and the gradient to go down, with weight decay in one of them."""
    if maximize:
        gradient = -gradient
    if weight_decay and decoupled:
        parameter = parameter * (1 - lr * weight_decay)
    elif weight_decay:
        gradient = gradient + weight_decay * parameter
    return parameter, gradient


def _average(mean: Array, x: Array, decay: float, work: Array) -> None:
    """A mean that forgets: decay times itself and the rest of x."""
    np.subtract(x, mean, out=work)
    work *= 1 - decay
    mean += work


def _average_square(mean: Array, x: Array, decay: float, work: Array) -> None:
    """The same of the squares of x."""
    np.multiply(x, x, out=work)
    work *= 1 - decay
    mean *= decay
    mean += work


def _moments(
    state: State, parameter: Array, gradient: Array, betas: tuple[float, float]
) -> tuple[int, Array, Array, Array]:
    """Adam's: which step this is, the means of gradients and of their squares, and room to work in."""
    step = _next_step(state)
    mean, square = _buffers(state, parameter, "exp_avg", "exp_avg_sq")
    work = np.empty_like(parameter)
    _average(mean, gradient, betas[0], work)
    _average_square(square, gradient, betas[1], work)
    return step, mean, square, work


def _moved(parameter: Array, rate: float, direction: Array, scale: Array, work: Array) -> Array:
    """The parameter minus rate · direction / scale, in `work`, which may be one of the two."""
    np.divide(direction, scale, out=work)
    work *= rate
    return np.subtract(parameter, work, out=work)


# The rules


@pure
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
    parameter, gradient = _decayed(parameter, gradient, lr, weight_decay, maximize)
    work = np.empty_like(parameter)
    if momentum:
        buffer = state.get("momentum_buffer")
        if buffer is None:
            buffer = state["momentum_buffer"] = np.array(gradient, parameter.dtype)
        else:
            np.multiply(gradient, 1 - dampening, out=work)
            buffer *= momentum
            buffer += work
        gradient = gradient + momentum * buffer if nesterov else buffer
    np.multiply(gradient, lr, out=work)
    return np.subtract(parameter, work, out=work), state


@pure
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
    decoupled_weight_decay: bool = False,
) -> tuple[Array, State]:
    r"""Adam: :math:`\theta' = \theta - \eta \, \hat m / (\sqrt{\hat v} + \epsilon)`.

    Where :math:`m' = \beta_1 m + (1 - \beta_1) g`, :math:`v' = \beta_2 v + (1 - \beta_2) g^2`, and
    :math:`\hat m = m' / (1 - \beta_1^t)`, :math:`\hat v = v' / (1 - \beta_2^t)` at step t; g is the gradient, negated
    to `maximize`, plus `weight_decay` times the parameter.  With `decoupled_weight_decay` the decay is left out of g
    (:func:`adamw`); with `amsgrad`, :math:`v'` is the greatest so far.

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
    parameter, gradient = _decayed(parameter, gradient, lr, weight_decay, maximize, decoupled_weight_decay)
    step, mean, square, work = _moments(state, parameter, gradient, betas)
    if amsgrad:
        (greatest,) = _buffers(state, parameter, "max_exp_avg_sq")
        square = np.maximum(greatest, square, out=greatest)
    bias = math.sqrt(1 - beta2**step)  # of √v, taken out of √v + ε
    np.sqrt(square, out=work)
    work += bias * eps
    return _moved(parameter, lr * bias / (1 - beta1**step), mean, work, work), state


@pure
def adamw(
    parameter: Array,
    gradient: Array,
    state: State,
    *,
    weight_decay: float = 1e-2,
    decoupled_weight_decay: bool = True,
    **settings: Any,
) -> tuple[Array, State]:
    r"""AdamW: :math:`\theta' = (1 - \eta \lambda) \theta - \eta \, \hat m / (\sqrt{\hat v} + \epsilon)`.

    :func:`adam` with the weight decay :math:`\lambda` apart from the gradient, as Loshchilov and Hutter, "Decoupled
    weight decay regularization" (2017).

    Examples
    --------
    >>> import numpy as np
    >>> from nn.optim import adamw
    >>> adamw(np.array([1.0]), np.array([0.0]), {}, lr=0.1, weight_decay=0.5)[0]
    array([0.95])
    """
    settings |= {"weight_decay": weight_decay, "decoupled_weight_decay": decoupled_weight_decay}
    return in_place(adam, parameter.dtype)(parameter, gradient, state, **settings)


@pure
def nadam(
    parameter: Array,
    gradient: Array,
    state: State,
    *,
    lr: float = 2e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum_decay: float = 4e-3,
    decoupled_weight_decay: bool = False,
    maximize: bool = False,
) -> tuple[Array, State]:
    r"""NAdam: :math:`\theta' = \theta - \eta \left(
    \frac{1 - \mu_t}{1 - \prod_{i \le t} \mu_i} g + \frac{\mu_{t + 1}}{1 - \prod_{i \le t + 1} \mu_i} m'
    \right) / (\sqrt{\hat v} + \epsilon)`.

    Adam that looks ahead as Nesterov's momentum does, with :math:`\mu_t = \beta_1 (1 - 0.96^{t \psi} / 2)`, where
    :math:`\psi` is `momentum_decay`, and g, m', :math:`\hat v` and the weight decay as in :func:`adam`.

    Dozat, "Incorporating Nesterov momentum into Adam" (2016).

    Examples
    --------
    >>> import numpy as np
    >>> from nn.optim import nadam
    >>> nadam(np.array([1.0]), np.array([2.0]), {}, lr=0.1)[0].round(4)
    array([0.8944])
    """
    beta1, beta2 = betas
    parameter, gradient = _decayed(parameter, gradient, lr, weight_decay, maximize, decoupled_weight_decay)
    step, mean, square, work = _moments(state, parameter, gradient, betas)
    now, ahead = (beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay)) for t in (step, step + 1))
    product = state["mu_product"] = state.get("mu_product", 1.0) * now
    np.divide(square, 1 - beta2**step, out=work)
    np.sqrt(work, out=work)
    work += eps
    direction = (1 - now) / (1 - product) * gradient + ahead / (1 - product * ahead) * mean
    return _moved(parameter, lr, direction, work, work), state


@pure
def radam(
    parameter: Array,
    gradient: Array,
    state: State,
    *,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    decoupled_weight_decay: bool = False,
    maximize: bool = False,
) -> tuple[Array, State]:
    r"""RAdam: :math:`\theta' = \theta - \eta \, r_t \, \hat m \sqrt{1 - \beta_2^t} / (\sqrt{v'} + \epsilon)`.

    Where :math:`r_t^2 = \frac{(\rho_t - 4)(\rho_t - 2) \rho_\infty}{(\rho_\infty - 4)(\rho_\infty - 2) \rho_t}` undoes
    the greater variance of the first steps, :math:`\rho_\infty = \frac{2}{1 - \beta_2} - 1`,
    :math:`\rho_t = \rho_\infty - 2 t \beta_2^t / (1 - \beta_2^t)`, and the rest is as in :func:`adam`.  While
    :math:`\rho_t \le 5`, :math:`\theta' = \theta - \eta \, \hat m`.

    Liu et al., "On the variance of the adaptive learning rate and beyond" (2019).

    Examples
    --------
    >>> import numpy as np
    >>> from nn.optim import radam
    >>> radam(np.array([1.0]), np.array([2.0]), {}, lr=0.1)[0]
    array([0.8])
    """
    beta1, beta2 = betas
    parameter, gradient = _decayed(parameter, gradient, lr, weight_decay, maximize, decoupled_weight_decay)
    step, mean, square, work = _moments(state, parameter, gradient, betas)
    rate, bias = lr / (1 - beta1**step), 1 - beta2**step
    limit = 2 / (1 - beta2) - 1
    length = limit - 2 * step * beta2**step / bias
    if length <= 5:
        np.multiply(mean, rate, out=work)
        return np.subtract(parameter, work, out=work), state
    rectified = (length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length)
    np.sqrt(square, out=work)
    work += eps
    return _moved(parameter, rate * math.sqrt(bias * rectified), mean, work, work), state


@pure
def adamax(
    parameter: Array,
    gradient: Array,
    state: State,
    *,
    lr: float = 2e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    maximize: bool = False,
) -> tuple[Array, State]:
    r"""Adamax: :math:`\theta' = \theta - \eta \, \hat m / u'`, where :math:`u' = \max(\beta_2 u, |g| + \epsilon)`.

    Adam with the greatest gradient, slowly forgotten, in place of the mean square; :math:`\hat m` and g are those of
    :func:`adam`, in the same paper, Kingma and Ba (2014).

    Examples
    --------
    >>> import numpy as np
    >>> from nn.optim import adamax
    >>> adamax(np.array([1.0]), np.array([2.0]), {}, lr=0.1)[0]
    array([0.9])
    """
    beta1, beta2 = betas
    parameter, gradient = _decayed(parameter, gradient, lr, weight_decay, maximize)
    step = _next_step(state)
    mean, greatest = _buffers(state, parameter, "exp_avg", "exp_inf")
    work = np.empty_like(parameter)
    _average(mean, gradient, beta1, work)
    np.abs(gradient, out=work)
    work += eps
    greatest *= beta2
    np.maximum(greatest, work, out=greatest)
    return _moved(parameter, lr / (1 - beta1**step), mean, greatest, work), state


@pure
def adagrad(
    parameter: Array,
    gradient: Array,
    state: State,
    *,
    lr: float = 1e-2,
    lr_decay: float = 0.0,
    weight_decay: float = 0.0,
    initial_accumulator_value: float = 0.0,
    eps: float = 1e-10,
    maximize: bool = False,
) -> tuple[Array, State]:
    r"""Adagrad: :math:`\theta' = \theta - \frac{\eta}{1 + (t - 1) \gamma} \, g / (\sqrt{s'} + \epsilon)`.

    Where :math:`s' = s + g^2`, which is `initial_accumulator_value` at first, :math:`\gamma` is `lr_decay`, and g the
    gradient, negated to `maximize`, plus `weight_decay` times the parameter.

    Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization" (2011).

    Examples
    --------
    >>> import numpy as np
    >>> from nn.optim import adagrad
    >>> adagrad(np.array([1.0]), np.array([2.0]), {}, lr=0.1)
    (array([0.9]), {'step': 1, 'sum': array([4.])})
    """
    parameter, gradient = _decayed(parameter, gradient, lr, weight_decay, maximize)
    step = _next_step(state)
    if "sum" not in state:
        state["sum"] = np.full_like(parameter, initial_accumulator_value)
    total = state["sum"]
    work = np.empty_like(parameter)
    np.multiply(gradient, gradient, out=work)
    total += work
    np.sqrt(total, out=work)
    work += eps
    return _moved(parameter, lr / (1 + (step - 1) * lr_decay), gradient, work, work), state


@pure
def adadelta(
    parameter: Array,
    gradient: Array,
    state: State,
    *,
    lr: float = 1.0,
    rho: float = 0.9,
    eps: float = 1e-6,
    weight_decay: float = 0.0,
    maximize: bool = False,
) -> tuple[Array, State]:
    r"""Adadelta: :math:`\theta' = \theta - \eta d`, where :math:`d = g \sqrt{u + \epsilon} / \sqrt{v' + \epsilon}`.

    Where :math:`v' = \rho v + (1 - \rho) g^2` and :math:`u' = \rho u + (1 - \rho) d^2`, so that steps have the unit of
    the parameter; g is the gradient, negated to `maximize`, plus `weight_decay` times the parameter.

    Zeiler, "ADADELTA: an adaptive learning rate method" (2012).

    Examples
    --------
    >>> import numpy as np
    >>> from nn.optim import adadelta
    >>> adadelta(np.array([1.0]), np.array([2.0]), {})[0].round(6)
    array([0.996838])
    """
    parameter, gradient = _decayed(parameter, gradient, lr, weight_decay, maximize)
    _next_step(state)
    square, moved = _buffers(state, parameter, "square_avg", "acc_delta")
    work, delta = np.empty_like(parameter), np.empty_like(parameter)
    _average_square(square, gradient, rho, work)
    np.add(moved, eps, out=delta)
    np.sqrt(delta, out=delta)
    np.add(square, eps, out=work)
    np.sqrt(work, out=work)
    delta /= work
    delta *= gradient
    _average_square(moved, delta, rho, work)
    delta *= lr
    return np.subtract(parameter, delta, out=delta), state


@pure
def rmsprop(
    parameter: Array,
    gradient: Array,
    state: State,
    *,
    lr: float = 1e-2,
    alpha: float = 0.99,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum: float = 0.0,
    centered: bool = False,
    maximize: bool = False,
) -> tuple[Array, State]:
    r"""RMSprop: :math:`\theta' = \theta - \eta \, g / (\sqrt{v'} + \epsilon)`.

    Where :math:`v' = \alpha v + (1 - \alpha) g^2`, and g is the gradient, negated to `maximize`, plus `weight_decay`
    times the parameter.  With `momentum` :math:`\mu`, :math:`\theta' = \theta - \eta b'`, where
    :math:`b' = \mu b + g / (\sqrt{v'} + \epsilon)`; `centered`, v' is replaced by :math:`v' - a'^2`, where
    :math:`a' = \alpha a + (1 - \alpha) g`.

    Tieleman and Hinton, "Lecture 6.5: RMSprop", Neural Networks for Machine Learning (2012); centered, Graves,
    "Generating sequences with recurrent neural networks" (2013).

    Examples
    --------
    >>> import numpy as np
    >>> from nn.optim import rmsprop
    >>> rmsprop(np.array([1.0]), np.array([2.0]), {}, lr=0.1, alpha=0.75)[0].round(4)
    array([0.8])
    """
    parameter, gradient = _decayed(parameter, gradient, lr, weight_decay, maximize)
    _next_step(state)
    (square,) = _buffers(state, parameter, "square_avg")
    work = np.empty_like(parameter)
    _average_square(square, gradient, alpha, work)
    if centered:
        (mean,) = _buffers(state, parameter, "grad_avg")
        _average(mean, gradient, alpha, work)
        np.multiply(mean, mean, out=work)
        square = np.subtract(square, work, out=work)
    np.sqrt(square, out=work)
    work += eps
    if not momentum:
        return _moved(parameter, lr, gradient, work, work), state
    (buffer,) = _buffers(state, parameter, "momentum_buffer")
    np.divide(gradient, work, out=work)
    buffer *= momentum
    buffer += work
    np.multiply(buffer, lr, out=work)
    return np.subtract(parameter, work, out=work), state


@pure
def lion(
    parameter: Array,
    gradient: Array,
    state: State,
    *,
    lr: float = 1e-4,
    betas: tuple[float, float] = (0.9, 0.99),
    weight_decay: float = 0.0,
    maximize: bool = False,
) -> tuple[Array, State]:
    r"""Lion: :math:`\theta' = (1 - \eta \lambda) \theta - \eta \operatorname{sign}(\beta_1 m + (1 - \beta_1) g)`.

    Where :math:`m' = \beta_2 m + (1 - \beta_2) g`, :math:`\lambda` is `weight_decay`, and g the gradient, negated to
    `maximize`.

    Chen et al., "Symbolic discovery of optimization algorithms" (2023).

    Examples
    --------
    >>> import numpy as np
    >>> from nn.optim import lion
    >>> lion(np.array([1.0, 1.0]), np.array([2.0, -0.1]), {}, lr=0.1)[0]
    array([0.9, 1.1])
    """
    beta1, beta2 = betas
    parameter, gradient = _decayed(parameter, gradient, lr, weight_decay, maximize, decoupled=True)
    (mean,) = _buffers(state, parameter, "exp_avg")
    work, after = np.empty_like(parameter), np.array(mean)
    _average(after, gradient, beta1, work)
    np.sign(after, out=after)
    after *= lr
    _average(mean, gradient, beta2, work)
    return np.subtract(parameter, after, out=after), state
