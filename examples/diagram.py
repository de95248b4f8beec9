"""A network as textbooks draw it: 3 inputs, 4 ReLU neurons, 1 sigmoid output, and every number of one forward pass.

The same for a network on images of digits, of whose 784 inputs the first ones and the last are drawn.
"""

from pathlib import Path

import numpy as np

import nn

OUTPUT = Path(__file__).parent / "output"
OUTPUT.mkdir(exist_ok=True)
rng = np.random.default_rng(2)

model = nn.Sequential(nn.Linear(3, 4, rng=rng), nn.ReLU(), nn.Linear(4, 1, rng=rng), nn.Sigmoid())
x = np.array([0.5, -1.0, 2.0])
picture = nn.diagram(model, x)
print(f"{picture}, with all its numbers: {picture.save(OUTPUT / 'diagram.svg')}")
y_hat = model(x).item()
print(f"y-hat = {y_hat:.3g}")

digits = nn.Sequential(nn.Linear(784, 128, rng=rng), nn.Sigmoid(), nn.Linear(128, 10, rng=rng), nn.LogSoftmax(-1))
picture = nn.diagram(digits)
print(f"{picture}, of each layer a few: {picture.save(OUTPUT / 'digits.html')}")
assert f"> = {y_hat:.3g}<" in (OUTPUT / "diagram.svg").read_text(encoding="utf-8")
