"""Testing gradients, of our operations and of anyone's: checks with a verdict, strategies, the laws of operations.

Hypothesis is imported only where it is used, in `strategies`: `pip install 'autodiff-nn[testing]'`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from autodiff.testing.checks import check_grads, check_jvp, check_vjp
from autodiff.testing.report import GradientError, InconclusiveWarning, Mistake, Report

if TYPE_CHECKING:
    from autodiff.testing import strategies
else:

    def __getattr__(name):
        """`strategies`, when it is first used."""
        if name == "strategies":
            return import_module("autodiff.testing.strategies")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "GradientError",
    "InconclusiveWarning",
    "Mistake",
    "Report",
    "check_grads",
    "check_jvp",
    "check_vjp",
    "strategies",
]
