"""Exponentials and logarithms."""

from __future__ import annotations

import numpy as np

from autodiff.op import elementwise
from autodiff.rules.arithmetic import POSITIVE

LN2 = float(np.log(2.0))
LN10 = float(np.log(10.0))

exp = elementwise(np.exp, lambda y, x: y, tex="e^{#1}")
exp2 = elementwise(np.exp2, lambda y, x: y * LN2, tex="2^{#1}")
expm1 = elementwise(np.expm1, lambda y, x: y + 1, tex="e^{#1} - 1")
log = elementwise(np.log, lambda y, x: 1 / x, tex=r"\log #1", domain=(POSITIVE,))
log2 = elementwise(np.log2, lambda y, x: 1 / (x * LN2), tex=r"\log_2 #1", domain=(POSITIVE,))
log10 = elementwise(np.log10, lambda y, x: 1 / (x * LN10), tex=r"\log_{10} #1", domain=(POSITIVE,))
log1p = elementwise(np.log1p, lambda y, x: 1 / (1 + x), tex=r"\log(1 + #1)", domain=((-0.9, 5.0),))
logaddexp = elementwise(
    np.logaddexp, lambda y, a, b: np.exp(a - y), lambda y, a, b: np.exp(b - y), tex=r"\log(e^{#1} + e^{#2})"
)
logaddexp2 = elementwise(
    np.logaddexp2, lambda y, a, b: np.exp2(a - y), lambda y, a, b: np.exp2(b - y), tex=r"\log_2(2^{#1} + 2^{#2})"
)
