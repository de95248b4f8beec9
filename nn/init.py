"""Initial values: each function writes a tensor and returns it.

All take ``rng=`` (a `numpy.random.Generator`, a seed, or None for the default) where they draw.  They draw in float64
and round, so that a seed gives the same numbers for every dtype.  `fan_in` and `fan_out` are how many numbers an output
and an input of a layer are connected with.
"""

from __future__ import annotations

import math
from typing import Any, TypeVar

import numpy as np

import autodiff as ad
from nn.random import Rng, generator

T = TypeVar("T", bound=ad.Tensor)


def _write(tensor: T, values: Any) -> T:
    tensor.data = values
    return tensor


def _checked(tensor: Any, name: str, ndim: int = 0) -> None:
    """Refuse what is not a tensor of floating-point numbers, or has too few axes."""
    if not isinstance(tensor, ad.Tensor):
        raise TypeError(f"{name} writes a Tensor, got {type(tensor).__name__}")
    if tensor.dtype.kind != "f":
        raise TypeError(f"{name} writes floating-point numbers, got a tensor of dtype {tensor.dtype}")
    if tensor.ndim < ndim:
        raise ValueError(f"{name} needs {ndim} axes at least, got shape {tensor.shape}")


def uniform_(tensor: T, a: float = 0.0, b: float = 1.0, *, rng: Rng = None) -> T:
    r"""Draw from :math:`U(a, b)`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.init.uniform_(ad.zeros(2), -1.0, 1.0, rng=0)
    Tensor([ 0.27392337, -0.46042657])
    """
    _checked(tensor, "uniform_")
    if not a <= b:
        raise ValueError(f"uniform_ draws from a to b, got a={a} and b={b}")
    return _write(tensor, generator(rng).uniform(a, b, tensor.shape))


def normal_(tensor: T, mean: float = 0.0, std: float = 1.0, *, rng: Rng = None) -> T:
    r"""Draw from the normal distribution :math:`N(\text{mean}, \text{std}^2)`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.init.normal_(ad.zeros(2), rng=0)
    Tensor([ 0.12573022, -0.13210486])
    """
    _checked(tensor, "normal_")
    if not std >= 0:
        raise ValueError(f"normal_ needs a standard deviation of at least 0, got {std}")
    return _write(tensor, generator(rng).normal(mean, std, tensor.shape))


def trunc_normal_(
    tensor: T, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, *, rng: Rng = None
) -> T:
    r"""Draw from :math:`N(\text{mean}, \text{std}^2)` cut off at `a` and `b`: :math:`\Phi^{-1}(u)`, u uniform.

    Raises
    ------
    ValueError
        If `std` is not positive, `a` is not below `b`, or nothing of the distribution lies between them.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.init.trunc_normal_(ad.zeros(2), rng=0)
    Tensor([ 0.33378711, -0.58206491])
    """
    from statistics import NormalDist

    _checked(tensor, "trunc_normal_")
    if not (std > 0 and a < b):
        raise ValueError(f"trunc_normal_ needs std > 0 and a < b, got std={std}, a={a}, b={b}")
    normal = NormalDist(mean, std)
    low, high = normal.cdf(a), normal.cdf(b)
    if not low < high:
        raise ValueError(f"trunc_normal_: nothing of the normal distribution ({mean}, {std}) lies from {a} to {b}")
    ranks = np.clip(generator(rng).uniform(low, high, tensor.size), 1e-300, 1 - 2**-53)
    values = np.array([normal.inv_cdf(u) for u in ranks.tolist()])
    return _write(tensor, np.clip(values, a, b).reshape(tensor.shape))


def constant_(tensor: T, val: float) -> T:
    """One value everywhere."""
    _checked(tensor, "constant_")
    return _write(tensor, np.full(tensor.shape, val, tensor.dtype))


def zeros_(tensor: T) -> T:
    """Zeros."""
    _checked(tensor, "zeros_")
    return _write(tensor, np.zeros(tensor.shape, tensor.dtype))


def ones_(tensor: T) -> T:
    """Ones."""
    _checked(tensor, "ones_")
    return _write(tensor, np.ones(tensor.shape, tensor.dtype))


def eye_(tensor: T) -> T:
    """The identity matrix, cut off or filled up with zeros where the tensor is not square."""
    _checked(tensor, "eye_")
    if tensor.ndim != 2:
        raise ValueError(f"eye_ needs 2 axes, got shape {tensor.shape}")
    return _write(tensor, np.eye(*tensor.shape, dtype=tensor.dtype))


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    r"""What to multiply a layer's standard deviation by, so that an activation after it keeps the scale.

    ======================================  =================================
    nonlinearity                            gain
    ======================================  =================================
    linear, conv1d …, sigmoid               1
    tanh                                    5/3
    relu                                    :math:`\sqrt 2`
    leaky_relu of slope `param` (0.01)      :math:`\sqrt{2 / (1 + a^2)}`
    selu                                    3/4
    ======================================  =================================

    Raises
    ------
    ValueError
        If the nonlinearity is not in this table.

    Examples
    --------
    >>> import nn
    >>> nn.init.calculate_gain("leaky_relu", 1.0)
    1.0
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ValueError(f"the slope of leaky_relu is a number, got {param!r}")
        return math.sqrt(2 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        raise ValueError(f"no gain is known for {nonlinearity!r}; known are leaky_relu, {', '.join(_GAINS)}")
    return _GAINS[nonlinearity]


_GAINS = {
    "linear": 1.0,
    "conv1d": 1.0,
    "conv2d": 1.0,
    "conv3d": 1.0,
    "conv_transpose1d": 1.0,
    "conv_transpose2d": 1.0,
    "conv_transpose3d": 1.0,
    "sigmoid": 1.0,
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "selu": 3 / 4,
}


def _fans(tensor: ad.Tensor) -> tuple[int, int]:
    """How many numbers an output, and an input, of a layer with these weights (out, in, …) is connected with."""
    outputs, inputs, *kernel = tensor.shape
    area = math.prod(kernel)
    return inputs * area, outputs * area


def _xavier_std(tensor: ad.Tensor, gain: float) -> float:
    return gain * math.sqrt(2 / (sum(_fans(tensor)) or 1))


def xavier_uniform_(tensor: T, gain: float = 1.0, *, rng: Rng = None) -> T:
    r"""Draw from :math:`U(-a, a)` with :math:`a = \text{gain} \sqrt{6 / (\text{fan\_in} + \text{fan\_out})}`.

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010).

    Raises
    ------
    ValueError
        If the tensor has less than 2 axes.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.init.xavier_uniform_(ad.zeros((1, 2)), rng=0)
    Tensor([[ 0.38738615, -0.6511415 ]])
    """
    _checked(tensor, "xavier_uniform_", 2)
    bound = math.sqrt(3) * _xavier_std(tensor, gain)
    return uniform_(tensor, -bound, bound, rng=rng)


def xavier_normal_(tensor: T, gain: float = 1.0, *, rng: Rng = None) -> T:
    r"""Draw from :math:`N(0, s^2)` with :math:`s = \text{gain} \sqrt{2 / (\text{fan\_in} + \text{fan\_out})}`.

    Glorot and Bengio (2010), as :func:`xavier_uniform_`.
    """
    _checked(tensor, "xavier_normal_", 2)
    return normal_(tensor, 0.0, _xavier_std(tensor, gain), rng=rng)


def _kaiming_std(tensor: ad.Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode is 'fan_in' or 'fan_out', got {mode!r}")
    fan = _fans(tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan or 1)


def kaiming_uniform_(
    tensor: T, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", *, rng: Rng = None
) -> T:
    r"""Draw from :math:`U(-b, b)` with :math:`b = \text{gain} \sqrt{3 / \text{fan}}`.

    He et al., "Delving deep into rectifiers" (2015).

    Parameters
    ----------
    tensor : Tensor
        Weights of shape (out, in, …).
    a : float
        The slope of the leaky rectifier that follows; 0 for the rectifier itself.
    mode : {"fan_in", "fan_out"}
        Keep the scale of values going forward, or of gradients going back.
    nonlinearity : str
        See :func:`calculate_gain`.

    Raises
    ------
    ValueError
        If the tensor has less than 2 axes, or mode or nonlinearity is unknown.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> nn.init.kaiming_uniform_(ad.zeros((1, 2)), rng=0)
    Tensor([[ 0.4744492 , -0.79748222]])
    """
    _checked(tensor, "kaiming_uniform_", 2)
    bound = math.sqrt(3) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, rng=rng)


def kaiming_normal_(
    tensor: T, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", *, rng: Rng = None
) -> T:
    r"""Draw from :math:`N(0, s^2)` with :math:`s = \text{gain} / \sqrt{\text{fan}}`: see :func:`kaiming_uniform_`."""
    _checked(tensor, "kaiming_normal_", 2)
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), rng=rng)


def orthogonal_(tensor: T, gain: float = 1.0, *, rng: Rng = None) -> T:
    r"""A random matrix with orthonormal rows or columns, :math:`Q^\top Q = 1` or :math:`Q Q^\top = 1`, times `gain`.

    All axes after the first count as one.  Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep
    linear neural networks" (2013).

    Raises
    ------
    ValueError
        If the tensor has less than 2 axes.

    Examples
    --------
    >>> import autodiff as ad, numpy as np, nn
    >>> q = nn.init.orthogonal_(ad.zeros((2, 3)), rng=0)
    >>> np.allclose(q @ q.T, np.eye(2))
    True
    """
    _checked(tensor, "orthogonal_", 2)
    if not tensor.size:
        return tensor
    rows = tensor.shape[0]
    draws = generator(rng).standard_normal((rows, tensor.size // rows))
    wide = draws.shape[0] < draws.shape[1]
    q, r = np.linalg.qr(draws.T if wide else draws)
    q = q * np.where(np.diag(r) < 0, -1.0, 1.0)  # makes the draw uniform
    return _write(tensor, gain * (q.T if wide else q).reshape(tensor.shape))
