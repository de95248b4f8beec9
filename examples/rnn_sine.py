"""An LSTM predicts a noisy sine from what it has seen of it, then goes on by itself.

The noise cannot be predicted: the best that any predictor can do is an error of its deviation, 0.1.  To say that the
next value is the last one is wrong by the sine's step as well as twice by the noise.  The network has to find out phase
and frequency, different in each sequence, from noisy values.  The network comes to 0.110, and 20 steps ahead without
seeing anything more it is 0.105 away from the sine.
"""

import sys

import numpy as np

import autodiff as ad
import nn

quick = "--quick" in sys.argv
rng = np.random.default_rng(0)
noise = 0.1


def sines(count, length):
    """Sequences of one number each time, (count, length, 1), with and without noise."""
    frequency, phase = rng.uniform(0.2, 0.5, (count, 1)), rng.uniform(0, 2 * np.pi, (count, 1))
    clean = np.sin(frequency * np.arange(length) + phase)[:, :, None]
    return (clean + noise * rng.normal(size=clean.shape)).astype(np.float32), clean.astype(np.float32)


class Predictor(nn.Module):
    def __init__(self):
        self.memory = nn.LSTM(1, 32, batch_first=True, rng=rng)
        self.output = nn.Linear(32, 1, rng=rng)

    def forward(self, x):
        """What comes after each value, as far as the values up to it tell."""
        states, _ = self.memory(x)
        return self.output(states)

    def go_on(self, x, count):
        """Predict one value after the other, each from the predictions before it; only the state is kept."""
        states, state = self.memory(x)
        values = [self.output(states[:, -1:])]
        for _ in range(count - 1):
            states, state = self.memory(values[-1], state)
            values.append(self.output(states))
        return ad.concat(values, axis=1)


model = Predictor()
epochs = 20 if quick else 30
training, _ = sines(256 if quick else 1024, 41)
test, clean = sines(200, 60)
optimizer = nn.optim.Adam(model.parameters(), lr=0.01)
history = nn.fit(
    model,
    nn.MSELoss(),
    (training[:, :-1], training[:, 1:]),  # the target of each value is the next one
    optimizer=optimizer,
    epochs=epochs,
    scheduler=nn.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs),
    clip_grad_norm=1.0,  # a sequence of 40 steps can give a gradient that is far too long
    rng=rng,
)
print(f"loss {history['loss'][0]:.4f} after the first epoch, {history['loss'][-1]:.4f} after the last\n")

seen = 40
with ad.no_grad():
    prediction = model(test[:, :-1]).numpy()
    future = model.go_on(test[:, :seen], 20).numpy()


def error(a, b):
    return np.sqrt(np.square(a - b).mean())


late = slice(20, 39)  # when it has seen enough to know the frequency
network, last = error(prediction[:, late], test[:, 1:][:, late]), error(test[:, late], test[:, 1:][:, late])
print(f"error of the next value: the last one {last:.3f}, the network {network:.3f}, the noise alone {noise:.3f}")
ahead = error(future, clean[:, seen:])
print(
    f"error of 20 steps by itself, of the sine without noise: {ahead:.3f} (saying 0: {error(0, clean[:, seen:]):.3f})\n"
)

print("  by itself    -1" + " " * 17 + "0" + " " * 17 + "1     o sine, + network")
for k in range(0, 20, 2):
    line = [" "] * 41
    line[round(20 + 18 * clean[0, seen + k, 0])] = "o"
    line[int(np.clip(round(20 + 18 * future[0, k, 0]), 0, 40))] = "+"
    print(f"  step {k + 1:>2}   {''.join(line).rstrip()}")
assert network < (0.2 if quick else 0.125)
assert quick or ahead < 0.3
