"""The table: every operation, one file per family.

To add one, write a row in the file of its family (:func:`autodiff.elementwise`, :func:`autodiff.linear` or
:func:`autodiff.primitive`) and name it in ``autodiff/__init__.py``.  It is then differentiated in both modes and any
order, drawn, and tested: nothing else has to be told.
"""

from autodiff.op import Op, enter
from autodiff.rules import (
    activations,
    arithmetic,
    bessel,
    calculus,
    choosing,
    convolution,
    decompositions,
    determinants,
    exponentials,
    fft,
    folds,
    gamma,
    indexing,
    linalg,
    linear_algebra,
    normalization,
    norms,
    padding,
    polynomials,
    products,
    rearranging,
    reductions,
    searching,
    selective,
    sets,
    shapes,
    sorting,
    special,
    spectra,
    statistics,
    trigonometry,
)

families = (
    arithmetic,
    exponentials,
    trigonometry,
    special,
    gamma,
    bessel,
    reductions,
    shapes,
    indexing,
    sorting,
    selective,
    searching,
    linear_algebra,
    decompositions,
    spectra,
    linalg,
    determinants,
    norms,
    products,
    fft,
    activations,
    convolution,
    normalization,
    calculus,
    statistics,
    polynomials,
    rearranging,
    choosing,
    padding,
    sets,
    folds,
)

for family in families:
    for row in vars(family).values():
        if isinstance(row, Op):
            enter(row)
