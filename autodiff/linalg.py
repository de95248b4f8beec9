"""Linear algebra: the Array API standard's `linalg` extension, and the rest of `numpy.linalg`.

Here are only names: the rules stand in `autodiff/rules/`, in `products.py`, `matrices.py`, `inverses.py` (and systems
of equations), `determinants.py`, `decompositions.py` (Cholesky, QR), `eigen.py`, `singular.py` and `norms.py`.
"""

from numpy.linalg import LinAlgError

from autodiff.rules.decompositions import cholesky, qr
from autodiff.rules.determinants import det, slogdet
from autodiff.rules.eigen import eig, eigh, eigvals, eigvalsh
from autodiff.rules.inverses import inv, lstsq, matrix_power, pinv, solve, tensorinv, tensorsolve
from autodiff.rules.matrices import diagonal, trace
from autodiff.rules.norms import cond, matrix_norm, norm, vector_norm
from autodiff.rules.products import cross_of_three as cross
from autodiff.rules.products import matmul, multi_dot, tensordot, vecdot
from autodiff.rules.products import outer_of_vectors as outer
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
