"""Where in a program a wrong derivative is from: the smallest part that has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autodiff.graph import history
from autodiff.tensor import Tensor
from autodiff.testing.claims import Arguments, Claim, of_call, of_tensors
from autodiff.testing.report import Mistake
from autodiff.trees import leaves

#: So many operations of a program are looked at.
_SEARCHED = 100
#: Nearer to a kink than this is at it.
_AT = 1e-12


def _recorded(function: Callable[..., Any], given: Arguments) -> list[Tensor]:
    """The recorded results of a call."""
    ys = leaves(function(*given.replaced([Tensor(x, requires_grad=True) for x in given.xs])))
    return [y for y in ys if isinstance(y, Tensor) and y.requires_grad]


@np.errstate(all="ignore")
def culprit(
    function: Callable[..., Any], given: Arguments, mistakes_of: Callable[[Claim], list[Mistake]]
) -> tuple[list[Tensor], list[Mistake]] | None:
    """The results of the first operation of a program whose own derivative is wrong, computed alone; its mistakes."""
    for node in history(*_recorded(function, given), check=False)[::-1][:_SEARCHED]:
        op = node._op
        assert op is not None
        if not op.differentiable or any(isinstance(x, tuple) for x in node._values):
            continue
        call, at = of_call(op, node._values, node._params)
        try:
            if mistakes := mistakes_of(of_tensors(call, at)):
                return _recorded(call, at), mistakes
        except (TypeError, ValueError, ArithmeticError):
            continue
    return None


@np.errstate(all="ignore")
def kinks(function: Callable[..., Any], given: Arguments) -> list[str]:
    """The operations of a program that are at a kink of theirs."""
    found: dict[str, None] = {}
    for node in history(*_recorded(function, given), check=False):
        op = node._op
        assert op is not None
        if op.kinks is not None and not op.clear(node._values, node._params, _AT):
            found[op.name] = None
    return list(found)
