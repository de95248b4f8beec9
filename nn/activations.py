"""Activations as modules; what they compute stands in `autodiff`.

`inplace` is PyTorch's and changes nothing here: no value is ever overwritten.
"""

from __future__ import annotations

from typing import Any

import autodiff as ad
from nn import functional
from nn.module import Module


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
