"""What is done with many parameters at once: gradients clipped, values as one vector."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

import autodiff as ad
from nn import checks


def _listed(name: str, parameters: Any) -> list[ad.Tensor]:
    """Parameters, given one by one or together."""
    found = [parameters] if isinstance(parameters, ad.Tensor) else list(parameters)
    for parameter in found:
        if not isinstance(parameter, ad.Tensor):
            raise TypeError(f"{name} takes Tensors, got {type(parameter).__name__}")
    return found


def clip_grad_norm_(
    parameters: ad.Tensor | Iterable[ad.Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
) -> ad.Tensor:
    r"""Scale all gradients alike, so that their norm is at most m: :math:`g \leftarrow g \min(1, m / \lVert g \rVert)`.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensors
        Those without a gradient are left out.
    max_norm : float
        m.
    norm_type : float
        The p of the norm :math:`(\sum_i |g_i|^p)^{1/p}` of all gradients together; infinity for the greatest.
    error_if_nonfinite : bool
        Whether a norm that is infinite or NaN is an error; if not, the gradients become what they become.

    Returns
    -------
    Tensor
        The norm before.

    Raises
    ------
    RuntimeError
        If the norm is not finite, and `error_if_nonfinite`.

    Notes
    -----
    As in PyTorch, the norm that m is divided by is 1e-6 more.  Pascanu et al., "On the difficulty of training recurrent
    neural networks" (2013).

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> p = nn.Parameter([1.0, 1.0])
    >>> p.grad = ad.tensor([3.0, 4.0], dtype=ad.float32)
    >>> nn.utils.clip_grad_norm_(p, 1.0)
    Tensor(5.0, dtype=float32)
    >>> p.grad.data.round(4)
    array([0.6, 0.8], dtype=float32)
    """
    checks.at_least_0("clip_grad_norm_", "max_norm", max_norm)
    checks.positive("clip_grad_norm_", "norm_type", norm_type)
    gradients = [p.grad for p in _listed("clip_grad_norm_", parameters) if p.grad is not None]
    if not gradients:
        return ad.tensor(0.0, dtype=np.float32)
    norms = np.stack([np.linalg.norm(g.data.reshape(-1), norm_type) for g in gradients])
    total = np.linalg.norm(norms, norm_type)
    if error_if_nonfinite and not math.isfinite(total):
        raise RuntimeError(f"clip_grad_norm_: the norm of {len(gradients)} gradients is {total}")
    scale = max_norm / (total + norms.dtype.type(1e-6))
    if not scale >= 1:
        for g in gradients:
            g.data = g.data * scale.astype(g.dtype)
    return ad.asarray(total)


def clip_grad_value_(parameters: ad.Tensor | Iterable[ad.Tensor], clip_value: float) -> None:
    r"""Cut every number of all gradients off: :math:`g_i \leftarrow \min(\max(g_i, -v), v)`.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> p = nn.Parameter([1.0, 1.0])
    >>> p.grad = ad.tensor([0.25, -4.0], dtype=ad.float32)
    >>> nn.utils.clip_grad_value_(p, 1.0)
    >>> p.grad
    Tensor([ 0.25, -1.  ], dtype=float32)
    """
    checks.at_least_0("clip_grad_value_", "clip_value", clip_value)
    for parameter in _listed("clip_grad_value_", parameters):
        if parameter.grad is not None:
            parameter.grad.data = np.clip(parameter.grad.data, -clip_value, clip_value)


def parameters_to_vector(parameters: Iterable[ad.Tensor]) -> ad.Tensor:
    """All parameters as one vector, one behind the other; what is computed from it is differentiated.

    Raises
    ------
    ValueError
        If there are none.

    Examples
    --------
    >>> import nn
    >>> nn.utils.parameters_to_vector([nn.Parameter([[1.0, 2.0]]), nn.Parameter([3.0])]).data
    array([1., 2., 3.], dtype=float32)
    """
    found = _listed("parameters_to_vector", parameters)
    if not found:
        raise ValueError("parameters_to_vector takes at least one Tensor, got none")
    return ad.concat([ad.reshape(p, -1) for p in found])


def vector_to_parameters(vec: Any, parameters: Iterable[ad.Tensor]) -> None:
    """Write the parts of a vector to parameters: the inverse of :func:`parameters_to_vector`.

    Raises
    ------
    ValueError
        If the vector has not as many numbers as all parameters together.

    Examples
    --------
    >>> import nn
    >>> one, other = nn.Parameter([[1.0, 2.0]]), nn.Parameter([3.0])
    >>> nn.utils.vector_to_parameters([4.0, 5.0, 6.0], [one, other])
    >>> one.data, other.data
    (array([[4., 5.]], dtype=float32), array([6.], dtype=float32))
    """
    found = _listed("vector_to_parameters", parameters)
    values = np.array(vec.data if isinstance(vec, ad.Tensor) else vec)
    sizes = [p.size for p in found]
    if values.shape != (sum(sizes),):
        raise ValueError(f"vector_to_parameters takes {sum(sizes)} numbers for {len(found)}, got shape {values.shape}")
    for parameter, part in zip(found, np.split(values, np.cumsum(sizes)[:-1]), strict=True):
        parameter.data = part.reshape(parameter.shape)
