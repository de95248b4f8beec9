"""Activations as modules; what they compute stands in `autodiff` and `nn.functional`.

`inplace` is PyTorch's and changes nothing here: no value is ever overwritten.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from nn import checks, functional
from nn.module import Module, Parameter
from nn.random import Rng, generator


class _Activation(Module):
    """A function of each element, with settings but without parameters."""

    def extra_repr(self) -> str:
        shown = {name: value for name, value in vars(self).items() if name[0] != "_" and name != "training"}
        if not shown.get("inplace"):
            shown.pop("inplace", None)
        return ", ".join(f"{name}={value!r}" for name, value in shown.items())


class ReLU(_Activation):
    r"""Rectifier: :math:`\max(x, 0)`, with derivative 0 at 0.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.ReLU()(ad.tensor([-1.0, 2.0]))
    Tensor([0., 2.])
    """

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace

    def forward(self, input: Any) -> ad.Tensor:
        return ad.relu(input)


class ReLU6(_Activation):
    r"""Rectifier with a ceiling: :math:`\min(\max(x, 0), 6)`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.ReLU6()(ad.tensor([-1.0, 7.0]))
    Tensor([0., 6.])
    """

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace

    def forward(self, input: Any) -> ad.Tensor:
        return ad.relu6(input)


class LeakyReLU(_Activation):
    r"""Leaky rectifier: x where positive, :math:`a x` elsewhere, where a is `negative_slope`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.LeakyReLU(0.5)(ad.tensor([-1.0, 2.0]))
    Tensor([-0.5,  2. ])
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Any) -> ad.Tensor:
        return ad.leaky_relu(input, self.negative_slope)


class ELU(_Activation):
    r"""Exponential linear unit: x where positive, :math:`\alpha (e^x - 1)` elsewhere (Clevert et al. 2015).

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.ELU()(ad.tensor([-1.0, 2.0]))
    Tensor([-0.63212056,  2.        ])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Any) -> ad.Tensor:
        return ad.elu(input, self.alpha)


class SELU(_Activation):
    r"""Self-normalising ELU: :math:`\lambda \operatorname{ELU}_\alpha(x)`, with the constants of Klambauer et al. 2017.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.SELU()(ad.tensor([-1.0, 1.0]))
    Tensor([-1.11133074,  1.05070099])
    """

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace

    def forward(self, input: Any) -> ad.Tensor:
        return ad.selu(input)


class CELU(_Activation):
    r"""Continuously differentiable ELU: x where positive, :math:`\alpha (e^{x / \alpha} - 1)` elsewhere (Barron 2017).

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.CELU(2.0)(ad.tensor([-1.0, 2.0]))
    Tensor([-0.78693868,  2.        ])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Any) -> ad.Tensor:
        return ad.celu(input, self.alpha)


class GELU(_Activation):
    r"""Gaussian error linear unit: :math:`x \, \Phi(x)` (Hendrycks and Gimpel 2016).

    Parameters
    ----------
    approximate : {"none", "tanh"}
        The normal distribution's :math:`\Phi` itself, or its approximation by a hyperbolic tangent.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.GELU()(ad.tensor([-1.0, 1.0]))
    Tensor([-0.15865525,  0.84134475])
    """

    def __init__(self, approximate: str = "none") -> None:
        if approximate not in ("none", "tanh"):
            raise ValueError(f"GELU: approximate is 'none' or 'tanh', got {approximate!r}")
        self.approximate = approximate

    def forward(self, input: Any) -> ad.Tensor:
        return ad.gelu(input, self.approximate)


class SiLU(_Activation):
    r"""Sigmoid linear unit: :math:`x \, \sigma(x)`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.SiLU()(ad.tensor([0.0, 1.0]))
    Tensor([0.        , 0.73105858])
    """

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace

    def forward(self, input: Any) -> ad.Tensor:
        return ad.silu(input)


class Mish(_Activation):
    r"""Mish: :math:`x \tanh(\log(1 + e^x))` (Misra 2019).

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.Mish()(ad.tensor([0.0, 1.0]))
    Tensor([0.        , 0.86509839])
    """

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace

    def forward(self, input: Any) -> ad.Tensor:
        return ad.mish(input)


class Softplus(_Activation):
    r"""Smooth rectifier: :math:`\frac{1}{\beta} \log(1 + e^{\beta x})`, and x where :math:`\beta x >` `threshold`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.Softplus()(ad.tensor([0.0, 100.0]))
    Tensor([  0.69314718, 100.        ])
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Any) -> ad.Tensor:
        return functional.softplus(input, self.beta, self.threshold)


class Sigmoid(_Activation):
    r"""Logistic function: :math:`\sigma(x) = 1 / (1 + e^{-x})`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.Sigmoid()(ad.tensor([0.0, 100.0]))
    Tensor([0.5, 1. ])
    """

    def forward(self, input: Any) -> ad.Tensor:
        return ad.sigmoid(input)


class LogSigmoid(_Activation):
    r"""Logarithm of the logistic function: :math:`\log \sigma(x)`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.LogSigmoid()(ad.tensor([0.0, -100.0]))
    Tensor([  -0.69314718, -100.        ])
    """

    def forward(self, input: Any) -> ad.Tensor:
        return ad.log_sigmoid(input)


class Hardtanh(_Activation):
    r"""Clipped identity: :math:`\min(\max(x, \text{min\_val}), \text{max\_val})`.

    Raises
    ------
    ValueError
        If `max_val` is not above `min_val`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.Hardtanh()(ad.tensor([-3.0, 0.5]))
    Tensor([-1. ,  0.5])
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        if not max_val > min_val:
            raise ValueError(f"Hardtanh: max_val is above min_val, got min_val={min_val} and max_val={max_val}")
        self.min_val = min_val
        self.max_val = max_val
        self.inplace = inplace

    def forward(self, input: Any) -> ad.Tensor:
        return ad.hardtanh(input, self.min_val, self.max_val)


class Hardsigmoid(_Activation):
    r"""Clipped line: :math:`\min(\max(x / 6 + 1 / 2, 0), 1)`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.Hardsigmoid()(ad.tensor([0.0, 9.0]))
    Tensor([0.5, 1. ])
    """

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace

    def forward(self, input: Any) -> ad.Tensor:
        return ad.hardsigmoid(input)


class Hardswish(_Activation):
    r"""Hard sigmoid linear unit: :math:`x \min(\max(x / 6 + 1 / 2, 0), 1)` (Howard et al. 2019).

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.Hardswish()(ad.tensor([-9.0, 9.0]))
    Tensor([-0.,  9.])
    """

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace

    def forward(self, input: Any) -> ad.Tensor:
        return ad.hardswish(input)


class Softsign(_Activation):
    r"""Softsign: :math:`x / (1 + |x|)`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.Softsign()(ad.tensor([-1.0, 3.0]))
    Tensor([-0.5 ,  0.75])
    """

    def forward(self, input: Any) -> ad.Tensor:
        return ad.softsign(input)


class Tanh(_Activation):
    r"""Hyperbolic tangent: :math:`\tanh x`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.Tanh()(ad.tensor([0.0, 100.0]))
    Tensor([0., 1.])
    """

    def forward(self, input: Any) -> ad.Tensor:
        return ad.tanh(input)


class Softmax(_Activation):
    r"""Positive and of sum 1: :math:`y_i = e^{x_i} / \sum_j e^{x_j}` along the axis `dim`.

    `dim` may be left out for one axis, and for two, of which the second is meant.

    Raises
    ------
    ValueError
        If it is called with more axes and no `dim`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.Softmax(dim=1)(ad.tensor([[0.0, 0.0], [0.0, 1000.0]]))
    Tensor([[0.5, 0.5],
            [0. , 1. ]])
    """

    def __init__(self, dim: int | None = None) -> None:
        self.dim = dim

    def forward(self, input: Any) -> ad.Tensor:
        return functional.softmax(input, self.dim)


class LogSoftmax(_Activation):
    r"""Logarithm of the softmax: :math:`y_i = x_i - \log \sum_j e^{x_j}`; `dim` as for :class:`Softmax`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.LogSoftmax(dim=0)(ad.tensor([0.0, 1000.0]))
    Tensor([-1000.,     0.])
    """

    def __init__(self, dim: int | None = None) -> None:
        self.dim = dim

    def forward(self, input: Any) -> ad.Tensor:
        return functional.log_softmax(input, self.dim)


class Softmin(_Activation):
    r"""The softmax of what is turned round: :math:`y_i = e^{-x_i} / \sum_j e^{-x_j}`; `dim` as for :class:`Softmax`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.Softmin(dim=0)(ad.tensor([0.0, 1000.0]))
    Tensor([1., 0.])
    """

    def __init__(self, dim: int | None = None) -> None:
        self.dim = dim

    def forward(self, input: Any) -> ad.Tensor:
        return functional.softmin(input, self.dim)


class Softmax2d(_Activation):
    r"""The softmax of channels: :math:`y_{c h w} = e^{x_{c h w}} / \sum_d e^{x_{d h w}}`.

    Where x and y have shape (N, C, H, W) or (C, H, W).

    Raises
    ------
    ValueError
        If it is called with another number of axes.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.Softmax2d()(ad.zeros((4, 1, 1))).data.ravel()
    array([0.25, 0.25, 0.25, 0.25])
    """

    def forward(self, input: Any) -> ad.Tensor:
        if np.ndim(input) not in (3, 4):
            raise ValueError(f"Softmax2d takes shape (N, C, H, W) or (C, H, W), got {np.shape(input)}")
        return ad.softmax(input, axis=-3)


class Hardshrink(_Activation):
    r"""x where :math:`|x| > \lambda`, 0 elsewhere; :math:`\lambda` is `lambd`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.Hardshrink()(ad.tensor([-0.5, 2.0]))
    Tensor([0., 2.])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = lambd

    def forward(self, input: Any) -> ad.Tensor:
        return functional.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


class Softshrink(_Activation):
    r"""Moved towards 0: :math:`x - \lambda \operatorname{sign} x` where :math:`|x| > \lambda`, else 0.

    Where :math:`\lambda` is `lambd`.

    Raises
    ------
    ValueError
        If it is negative.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.Softshrink()(ad.tensor([-0.25, -2.0, 2.0]))
    Tensor([ 0. , -1.5,  1.5])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = checks.at_least_0("Softshrink", "lambd", lambd)

    def forward(self, input: Any) -> ad.Tensor:
        return functional.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


class Tanhshrink(_Activation):
    r"""What the hyperbolic tangent takes away: :math:`x - \tanh x`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.Tanhshrink()(ad.tensor([0.0, 100.0]))
    Tensor([ 0., 99.])
    """

    def forward(self, input: Any) -> ad.Tensor:
        return functional.tanhshrink(input)


class Threshold(_Activation):
    r"""x where :math:`x >` `threshold`, `value` elsewhere.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.Threshold(1.0, -3.0)(ad.tensor([0.5, 2.0]))
    Tensor([-3.,  2.])
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input: Any) -> ad.Tensor:
        return functional.threshold(input, self.threshold, self.value)


class GLU(_Activation):
    r"""Gated linear unit: :math:`a \odot \sigma(b)`, where a and b are the halves of x along the axis `dim`.

    Dauphin et al., "Language modeling with gated convolutional networks" (2017).

    Raises
    ------
    ValueError
        If it is called with what has no halves.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.GLU()(ad.tensor([3.0, 4.0, 0.0, 100.0]))
    Tensor([1.5, 4. ])
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, input: Any) -> ad.Tensor:
        return functional.glu(input, self.dim)


class PReLU(Module):
    r"""Leaky rectifier that learns: x where positive, :math:`a x` elsewhere.

    Where a is one number, or one for each of the channels, which are on the second axis of x.  He et al., "Delving deep
    into rectifiers" (2015).

    Parameters
    ----------
    num_parameters : int
        1, or the number of channels.
    init : float
        What a starts as.
    dtype : dtype
        Of a.

    Raises
    ------
    ValueError
        If it is called with another number of channels.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.PReLU(dtype=float)(ad.tensor([-1.0, 2.0])).data
    array([-0.25,  2.  ])
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, *, dtype: Any = np.float32) -> None:
        self.num_parameters = checks.count("PReLU", "num_parameters", num_parameters)
        self.init = init
        self.weight = Parameter(np.full(num_parameters, init, dtype))

    def reset_parameters(self) -> None:
        """Start anew."""
        self.weight.data = np.full_like(self.weight.data, self.init)

    def forward(self, input: Any) -> ad.Tensor:
        return functional.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class RReLU(_Activation):
    r"""Leaky rectifier at random: x where positive, :math:`a x` elsewhere, with :math:`a \sim U(l, u)` for each number.

    In evaluation mode a is the mean :math:`(l + u) / 2`.  Xu et al., "Empirical evaluation of rectified activations in
    convolutional network" (2015).

    Raises
    ------
    ValueError
        If `upper` is below `lower`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.RReLU(0.0, 0.5).eval()(ad.tensor([-1.0, 2.0]))
    Tensor([-0.25,  2.  ])
    """

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False, *, rng: Rng = None) -> None:
        if not lower <= upper:
            raise ValueError(f"RReLU: lower is at most upper, got lower={lower} and upper={upper}")
        self.lower = lower
        self.upper = upper
        self.inplace = inplace
        self.rng = None if rng is None else generator(rng)

    def forward(self, input: Any) -> ad.Tensor:
        return functional.rrelu(input, self.lower, self.upper, self.training, rng=self.rng)

    def extra_repr(self) -> str:
        return f"lower={self.lower}, upper={self.upper}" + (", inplace=True" if self.inplace else "")
