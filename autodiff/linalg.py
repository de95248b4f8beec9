"""Linear algebra: the Array API standard's `linalg` extension, and the rest of `numpy.linalg`.

Here are only names: the rules stand in `autodiff/rules/`, in `linalg.py` (inverses and systems of equations),
`determinants.py`, `decompositions.py` (Cholesky, QR), `spectra.py` (eigenvalues, singular values), `norms.py`,
`products.py` and `linear_algebra.py`.
"""

from numpy.linalg import LinAlgError

from autodiff.rules.decompositions import cholesky, qr
from autodiff.rules.determinants import det, slogdet
from autodiff.rules.eigen import eig, eigh, eigvals, eigvalsh
from autodiff.rules.linalg import inv, lstsq, pinv, solve, tensorinv, tensorsolve
from autodiff.rules.linear_algebra import matmul, tensordot, vecdot
from autodiff.rules.norms import cond, matrix_norm, norm, vector_norm
from autodiff.rules.products import cross_of_three as cross
from autodiff.rules.products import diagonal, matrix_power, multi_dot, outer, trace
from autodiff.rules.shapes import matrix_transpose
from autodiff.rules.singular import matrix_rank, svd, svdvals

__all__ = [
    "LinAlgError",
    "cholesky",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "inv",
    "lstsq",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "multi_dot",
    "norm",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "tensordot",
    "tensorinv",
    "tensorsolve",
    "trace",
    "vecdot",
    "vector_norm",
]
