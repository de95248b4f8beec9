"""The products with a Jacobian can be differentiated: in what they are applied to, and in where they are taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.op import Array
from autodiff.tensor import bare, unwrapped
from autodiff.testing.claims import Arguments, flat, of_moving, shaped
from autodiff.testing.examination import Examination
from autodiff.transforms import jvp, vjp


@np.errstate(all="ignore")
def differentiated(exam: Examination, function: Callable[..., Any], given: Arguments) -> None:
    r"""Compare derivatives of the products :math:`J^\top g` and :math:`J v` of a function of Tensors.

    :math:`J^\top g` is linear in g, so that its derivative along h is :math:`J^\top h`.  The gradient of
    :math:`\langle g, J v \rangle` is the same whether J v was pushed or :math:`J^\top g` pulled.
    """
    followed = of_moving(function, given)
    xs = list(map(bare, given.xs))
    g, h = (list(map(bare, shaped(exam.gradient(), exam.ys))) for _ in range(2))
    v = list(map(bare, shaped(exam.direction(), given.xs)))

    def pulled(*gs: Any) -> Any:
        return vjp(followed, *xs)[1](list(gs))

    first = _flat(pulled(*h))
    exam.same("J^T g differentiated in g", _flat(jvp(pulled, g, h)[1]), first, given.xs, first)
    _, over_push = vjp(lambda *at: jvp(followed, at, v)[1], *xs)
    _, over_pull = vjp(lambda *at: vjp(followed, *at)[1](g), *xs)
    ways = _flat(over_push(g)), _flat(over_pull(tuple(v)))
    exam.same("the gradient of <g, J v>, pushed and pulled", *ways, given.xs, first)


def _flat(products: Any) -> Array:
    return flat([unwrapped(product) for product in products])
