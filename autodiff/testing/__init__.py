"""Testing gradients, of our operations and of anyone's: checks with a verdict, strategies, the laws of operations.

Hypothesis is imported only where it is used, in `strategies`: `pip install 'autodiff-nn[testing]'`.
"""

from autodiff.testing.checks import check_grads, check_jvp, check_vjp
from autodiff.testing.report import GradientError, InconclusiveWarning, Mistake, Report

__all__ = ["GradientError", "InconclusiveWarning", "Mistake", "Report", "check_grads", "check_jvp", "check_vjp"]
