"""Two lessons about the network with 3 inputs, 4 ReLU neurons and 1 sigmoid output, told by the network itself.

The first is its forward pass, the second the whole derivation, from a neuron to the epochs of its training. Both are
printed, and written to a folder (the argument; examples/output if it is left out) as a page, Markdown and LaTeX.
"""

import sys
from pathlib import Path

import numpy as np

import autodiff as ad
import nn
from autodiff.explain import Equation, Step

ETA, EPOCHS = 0.5, 20
model = nn.Sequential(nn.Linear(3, 4, dtype=np.float64), nn.ReLU(), nn.Linear(4, 1, dtype=np.float64), nn.Sigmoid())
model[0].weight.data[:] = [[0.2, -0.4, 0.1], [-0.5, 0.3, 0.2], [0.4, 0.1, -0.3], [0.1, 0.2, 0.5]]
model[0].bias.data[:] = [0.4, -0.2, 0.3, 0.0]
model[2].weight.data[:] = [[0.3, -0.1, 0.5, -0.2]]
model[2].bias.data[:] = [0.1]
x, y = ad.Tensor([1.0, 0.5, -1.0], name="x"), ad.Tensor([1.0], name="y")

y_hat = model(x)
cost = nn.functional.binary_cross_entropy(y_hat, y)
told = ad.explain(cost, names={y_hat: r"\hat{y}"}, learning_rate=ETA, element=("2.weight", (0, 2)))


def phase(*names):
    """The steps of some phases."""
    return [step for name in names for step in told.steps if step.phase == name]


def words(title, *parts):
    """A step of words."""
    return Step("words", title, parts)


def trained():
    """The cost before each epoch, and after the last."""
    optimizer, costs = nn.optim.SGD(model.parameters(), lr=ETA), []
    for _ in range(EPOCHS + 1):
        now = nn.functional.binary_cross_entropy(model(x), y)
        optimizer.zero_grad()
        now.backward()
        optimizer.step()
        costs.append(now.item())
    return costs


forward = told.with_steps(
    "The forward pass of the 3-4-1 network",
    [
        words(
            "The labels",
            "$w_{jk}^{(l)}$ is the weight on the line to neuron $j$ of layer $l$ from neuron $k$ of the layer before. "
            "So row $j$ of the matrix $W^{(l)}$ holds all weights of neuron $j$, and $b_j^{(l)}$ is its bias.",
        ),
        *phase("given", "forward"),
        words(
            "The prediction and the label",
            f"The network says ${{\\hat{{y}}}} = {y_hat.item():.4f}$: so sure is it of the label 1, which is right. "
            f"What is missing to $y = 1$ is ${1 - y_hat.item():.4f}$, and costs ${cost.item():.4f}$.",
        ),
    ],
)
costs = trained()
derivation = told.with_steps(
    "Backpropagation in the 3-4-1 network, derived",
    [
        words(
            "A neuron",
            "A neuron weighs what it is given, adds its bias, and bends the sum by its activation $\\sigma$:",
            Equation("a_j", (r"\sigma(z_j)",)),
            Equation("z_j", (r"\sum_k w_{jk} \, x_k + b_j",)),
        ),
        words(
            "The labels",
            "In a network of several layers all of these get the number of their layer: $w_{jk}^{(l)}$ goes to neuron "
            "$j$ of layer $l$ from neuron $k$ of layer $l - 1$.",
        ),
        words(
            "The matrix form",
            "All neurons of a layer at once are a matrix times a vector, for weights with one row for each neuron:",
            Equation("z^{(l)}", (r"W^{(l)} a^{(l-1)} + b^{(l)}",)),
        ),
        *phase("given", "forward"),
        words(
            "Gradient descent",
            "The cost falls fastest against its gradient. So every weight takes a small step there, of length $\\eta$:",
            Equation("w", (r"w - \eta \frac{\partial C}{\partial w}",), sign=r"\leftarrow"),
            "What is needed are the derivatives of the cost by every weight and bias. The chain rule gives them all in "
            "one walk back.",
        ),
        *phase("backward", "summary", "paths", "update"),
        words(
            "Epochs",
            f"The same again, {EPOCHS} times: forward, back, a step. The cost falls from ${costs[0]:.4f}$ "
            f"to ${costs[1]:.4f}$ in the first epoch, and to ${costs[-1]:.4f}$ in all.",
            Equation("C", (", ".join(f"{c:.3f}" for c in costs[:: EPOCHS // 5]),)),
        ),
    ],
)

folder = Path(sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] != "--quick" else Path(__file__).parent / "output")
folder.mkdir(exist_ok=True)
for name, lesson in (("forward_3_4_1", forward), ("backpropagation_3_4_1", derivation)):
    print(lesson)
    for suffix in (".html", ".md", ".tex"):
        lesson.save(folder / f"{name}{suffix}")
