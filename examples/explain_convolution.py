"""One convolution explains itself: a 2 x 2 kernel slides over a 3 x 3 picture, and learns from where it fits.

It is printed, and written to a folder (the argument; examples/output if it is left out).
"""

import sys
from pathlib import Path

import numpy as np

import autodiff as ad
import nn

layer = nn.Conv2d(1, 1, kernel_size=2, dtype=np.float64)
layer.weight.data[:] = [[[[1.0, -1.0], [0.5, 0.0]]]]
layer.bias.data[:] = [0.25]
picture = ad.Tensor([[[[0.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 1.0]]]], name="x")

a = nn.functional.relu(layer(picture))
C = ad.sum((a - np.array([[1.0, 0.0], [0.0, 1.0]])) ** 2)
C.name = "C"

lesson = ad.explain(C, element=("weight", (0, 0, 1, 0)))
print(lesson)

folder = Path(sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] != "--quick" else Path(__file__).parent / "output")
folder.mkdir(exist_ok=True)
for suffix in (".html", ".md"):
    lesson.save(folder / f"convolution{suffix}")
