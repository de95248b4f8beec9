"""A neural network, from its first forward pass to a trained model: 3 inputs, 4 ReLU neurons, 1 sigmoid output.

It learns to tell the sex of a penguin from its bill and flippers, and shows every step of the mathematics on the way.
"""

from pathlib import Path

import numpy as np
from curve import learning_curve
from tqdm import trange

import autodiff as ad
import nn

HERE = Path(__file__).parent
OUTPUT = HERE / "output"
OUTPUT.mkdir(exist_ok=True)
np.set_printoptions(precision=4, suppress=True)
rng = np.random.default_rng(3)


def show(formula, value):
    print(f"  {formula:<22}{np.array2string(np.asarray(value), prefix=' ' * 24)}")


# The data: 333 penguins; three measurements each, put on one scale; one in four is held out.
table = np.genfromtxt(HERE / "data" / "penguins.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
features = np.stack([table[name] for name in ("bill_length_mm", "bill_depth_mm", "flipper_length_mm")], axis=1)
is_male = (table["sex"] == "male").astype(np.float32)[:, None]
held_out = np.arange(len(table)) % 4 == 0
rng.shuffle(held_out)
mean, std = features[~held_out].mean(axis=0), features[~held_out].std(axis=0)
inputs = ((features - mean) / std).astype(np.float32)
X, Y, X_test, Y_test = inputs[~held_out], is_male[~held_out], inputs[held_out], is_male[held_out]
print(f"{len(X)} penguins to learn from, {len(X_test)} held out\n")

# The network: z1 = W1 x + b1, a1 = ReLU(z1), z2 = W2 a1 + b2, y-hat = sigmoid(z2).
model = nn.Sequential(nn.Linear(3, 4, rng=rng), nn.ReLU(), nn.Linear(4, 1, rng=rng), nn.Sigmoid())
cost = nn.BCELoss()
W1, b1, W2, b2 = model.parameters()
print(model, "\n")

print("One penguin goes forward (x: bill length, bill depth, flipper length)")
x, y = ad.Tensor(X[:1], name="x"), ad.Tensor(Y[:1], name="y")
z1 = x @ W1.T + b1
a1 = ad.relu(z1)
z2 = a1 @ W2.T + b2
y_hat = ad.sigmoid(z2)
loss = cost(model(x), y)
loss.name = "loss"
for formula, value in [("x", x), ("W1", W1), ("b1", b1), ("z1 = W1 x + b1", z1), ("a1 = ReLU(z1)", a1), ("W2", W2)]:
    show(formula, value.numpy())
for formula, value in [("b2", b2), ("z2 = W2 a1 + b2", z2), ("y-hat = sigmoid(z2)", y_hat), ("y", y)]:
    show(formula, value.numpy())
show("L = -log(y-hat)" if y.item() else "L = -log(1 - y-hat)", loss.numpy())

print("\nThe chain rule goes backward")
loss.backward()
for formula, parameter in [("dL/dW2", W2), ("dL/db2", b2), ("dL/dW1", W1), ("dL/db1", b1)]:
    show(formula, parameter.grad.numpy())
picture = ad.draw(loss, direction="TB", legend=True).save(OUTPUT / "graph.svg")

print("\nOne step of gradient descent, w <- w - 0.1 dL/dw")
optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
optimizer.step()
show("W2", W2.numpy())
show("L before, L after", [loss.item(), cost(model(x), y).item()])

print("\nThe same, for every penguin, again and again")
history = {"learned from": [], "held out": []}
epochs = trange(300, desc="epochs", ncols=80)
for _ in epochs:
    for batch in np.array_split(rng.permutation(len(X)), 16):
        optimizer.zero_grad()
        loss = cost(model(X[batch]), Y[batch])
        loss.backward()
        optimizer.step()
    with ad.no_grad():
        history["learned from"].append(cost(model(X), Y).item())
        history["held out"].append(cost(model(X_test), Y_test).item())
    epochs.set_postfix_str(f"loss {history['learned from'][-1]:.4f}", refresh=False)

with ad.no_grad():
    right = ((model(X_test) > 0.5).numpy() == Y_test).mean()
majority = max(Y_test.mean(), 1 - Y_test.mean())
print(f"\nHeld-out penguins told right: {right:.1%} (always saying the more frequent sex: {majority:.1%})")
curve = learning_curve(history, OUTPUT / "curve.svg")
print(f"The graph of the first forward pass: {picture}\nThe learning curve: {curve}")
