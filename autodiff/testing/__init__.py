"""Testing gradients: a numerical oracle, strategies that draw calls of operations, and the laws every operation keeps.

Hypothesis is imported only where it is used: `pip install 'autodiff-nn[testing]'`.
"""
