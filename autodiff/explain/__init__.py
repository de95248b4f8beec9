"""Recorded computations explained: each step forward and back as a formula, with its numbers."""

from autodiff.explain.document import Equation, Step

__all__ = ["Equation", "Step"]
