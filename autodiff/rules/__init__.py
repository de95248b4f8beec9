"""The table: every operation, one file per family.

To add one, write a row in the file of its family (:func:`autodiff.elementwise`, :func:`autodiff.linear` or
:func:`autodiff.primitive`) and name it in ``autodiff/__init__.py``.  It is then differentiated in both modes and any
order, drawn, and tested: nothing else has to be told.
"""

from autodiff.op import Op, enter
from autodiff.rules import (
    activations,
    arithmetic,
    exponentials,
    indexing,
    linear_algebra,
    reductions,
    shapes,
    special,
    trigonometry,
)

families = (
    arithmetic,
    exponentials,
    trigonometry,
    special,
    reductions,
    shapes,
    indexing,
    linear_algebra,
    activations,
)

for family in families:
    for row in vars(family).values():
        if isinstance(row, Op):
            enter(row)
