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
    eigen,
    einsum,
    exponentials,
    fft,
    folds,
    gamma,
    histograms,
    indexing,
    inverses,
    matrices,
    normalization,
    norms,
    padding,
    polynomials,
    pooling,
    products,
    quantiles,
    rearranging,
    reductions,
    running,
    selective,
    sets,
    shapes,
    singular,
    sorting,
    special,
    statistics,
    trigonometry,
    windows,
)

families = (
    # Element by element
    arithmetic,  # sums, products, powers, signs, extremes, rounding, complex parts, comparisons, bits
    exponentials,  # exponentials and logarithms
    trigonometry,  # sine and its kin, hyperbolic functions, their inverses, angles
    special,  # the error function, the normal distribution, entropies
    gamma,  # gamma, beta and their logarithms; the incomplete ones
    bessel,  # Bessel functions, sinc
    activations,  # sigmoid, ReLU, GELU, softmax and others; the losses' elementwise parts
    # Along axes
    reductions,  # sums, means, extremes, products, logsumexp, norms, variances
    running,  # running sums and products
    selective,  # reductions with NumPy's where=, initial= and dtype=, and those without NaN
    folds,  # reduce, accumulate, reduceat and outer of NumPy's ufuncs
    statistics,  # averages, covariances, correlations, ranges
    histograms,  # counts in bins
    sorting,  # sort, partition, elements by rank, searchsorted
    quantiles,  # medians, quantiles, percentiles
    normalization,  # mean 0 and variance 1
    # Where elements are
    shapes,  # reshape, transpose, broadcast, join, split, repeat
    indexing,  # x[key], its transpose, its assignment; where, take, diagonal
    rearranging,  # insert, delete, rotate; NumPy's stacks and splits
    choosing,  # select, choose, piecewise; functions applied along axes
    padding,  # pad, in every mode
    sets,  # distinct elements, unions, intersections
    # Linear algebra
    products,  # matmul, tensordot, dot, outer, kron, cross, chains of matrices
    einsum,  # Einstein's summation
    matrices,  # triangles, diagonals; what the following share: conjugate transposes, checks of shapes
    decompositions,  # Cholesky, QR; what no decomposition determines
    eigen,  # eigenvalues and eigenvectors
    singular,  # singular values and their vectors, rank
    inverses,  # inverses, powers, systems of equations, least squares
    determinants,  # determinants and their logarithms
    norms,  # norms of vectors and matrices, condition numbers
    # Signals and functions
    fft,  # Fourier transforms
    windows,  # what a kernel meets: for convolution and pooling
    convolution,  # convolution and its transposes, np.convolve
    pooling,  # the greatest or the mean of windows
    calculus,  # differences, slopes, integrals, interpolation on samples
    polynomials,  # NumPy's polynomials
)

for family in families:
    for row in vars(family).values():
        if isinstance(row, Op):
            enter(row)
