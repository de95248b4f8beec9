"""Softmax regression, written with plain tensors, explains itself: every step, and what they come to in the end.

    z_n = W x_n + b,   C = -1/N sum_n sum_k y_nk log softmax(z_n)_k

It is printed, and written to a folder (the argument; examples/output if it is left out).
"""

import sys
from pathlib import Path

import numpy as np

import autodiff as ad

X = ad.Tensor([[0.5, 1.0], [-1.0, 0.5], [1.5, -0.5], [-0.5, -1.0]], name="X")  # four samples, two features
Y = ad.Tensor(np.eye(3)[[0, 1, 2, 1]], name="Y")  # the class of each, of three
W = ad.Tensor([[0.1, 0.4], [-0.3, 0.2], [0.5, -0.2]], requires_grad=True, name="W")
b = ad.Tensor([0.1, 0.0, -0.1], requires_grad=True, name="b")

Z = X @ W.T + b
C = -ad.sum(Y * ad.log_softmax(Z, axis=1)) / len(X)
Z.name, C.name = "Z", "C"

lesson = ad.explain(C, learning_rate=1.0, element=("W", (2, 0)))
print(lesson)

folder = Path(sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] != "--quick" else Path(__file__).parent / "output")
folder.mkdir(exist_ok=True)
for suffix in (".html", ".md"):
    lesson.save(folder / f"softmax_regression{suffix}")
