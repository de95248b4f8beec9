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
rng = np.random.default_rng(3)

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

# The network
model = nn.Sequential(nn.Linear(3, 4, rng=rng), nn.ReLU(), nn.Linear(4, 1, rng=rng), nn.Sigmoid())
cost = nn.BCELoss()
print(model, "\n")

print("One penguin (x: bill length, bill depth, flipper length) goes forward, and the chain rule goes back\n")
x, y = ad.Tensor(X[0], name="x"), ad.Tensor(Y[0], name="y")
loss = cost(model(x), y)
lesson = ad.explain(loss, learning_rate=0.1)
print(lesson)
page = lesson.save(OUTPUT / "lesson.html")
picture = ad.draw(loss, direction="TB").save(OUTPUT / "graph.svg")

print("The step itself: w <- w - 0.1 dC/dw")
optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
loss.backward()
optimizer.step()
print(f"  the cost before: {loss.item():.4f}, after: {cost(model(x), y).item():.4f}")

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
print(f"The lesson above, as a page: {page}\nThe graph of the first pass: {picture}\nThe learning curve: {curve}")
