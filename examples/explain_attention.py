"""One attention head explains itself: what three words ask, what they offer, and what they learn from each other.

    Attention(Q, K, V) = softmax(Q K^T / sqrt(d)) V,   with Q = X W_Q, K = X W_K, V = X W_V

It is printed, and written to a folder (the argument; examples/output if it is left out).
"""

import sys
from pathlib import Path

import numpy as np

import autodiff as ad

X = ad.Tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], name="X")  # three words, as vectors of two numbers
W_Q = ad.Tensor([[0.5, -0.5], [0.25, 1.0]], requires_grad=True, name="W_Q")
W_K = ad.Tensor([[1.0, 0.0], [-0.5, 0.5]], requires_grad=True, name="W_K")
W_V = ad.Tensor([[0.0, 1.0], [1.0, 0.5]], requires_grad=True, name="W_V")

Q, K, V = X @ W_Q, X @ W_K, X @ W_V
S = Q @ K.T / np.sqrt(2)
A = ad.softmax(S, axis=1)
H = A @ V
for tensor, name in ((Q, "Q"), (K, "K"), (V, "V"), (S, "S"), (A, "A"), (H, "H")):
    tensor.name = name
C = ad.sum((H - X.data) ** 2)
C.name = "C"

lesson = ad.explain(C, element=("W_Q", (0, 1)))
print(lesson)

folder = Path(sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] != "--quick" else Path(__file__).parent / "output")
folder.mkdir(exist_ok=True)
for suffix in (".html", ".md"):
    lesson.save(folder / f"attention{suffix}")
