"""A small GPT learns to write, character by character, from text that comes with Python.

The text is the Zen of Python (`import this`) and what `help()` knows of the language (`pydoc_data.topics`), one tenth
held out.  The model is a small copy of that of Radford et al., "Improving language understanding by generative
pre-training" (2018): each character is a vector, to which one for its place is added; in each block, attention lets it
look back at those before it; at the end stands a score for each character that could come next.

What it has to beat are counts: how often each character is there (a loss of 3.23 on the held-out text), and how often
each follows each other (2.32).  After 600 steps it has 1.80, and writes words, brackets and line breaks.
"""

import codecs
import contextlib
import io
import sys
from pydoc_data.topics import topics

import numpy as np
from tqdm import trange

import autodiff as ad
import nn

quick = "--quick" in sys.argv
length, width, blocks, steps = (32, 32, 1, 120) if quick else (64, 64, 2, 600)
rng = np.random.default_rng(0)

with contextlib.redirect_stdout(io.StringIO()):  # it prints itself when imported
    import this
text = codecs.decode(this.s, "rot13") + "".join(topics[name] for name in sorted(topics))
text = text.encode("ascii", "ignore").decode()
characters = sorted(set(text))
codes = np.searchsorted(characters, list(text))
training, test = codes[: len(codes) * 9 // 10], codes[len(codes) * 9 // 10 :]
count = len(characters)
print(f"{len(codes):,} characters, {count} different ones")


class GPT(nn.Module):
    def __init__(self):
        self.meaning = nn.Embedding(count, width, rng=rng)
        self.place = nn.Embedding(length, width, rng=rng)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, nhead=4, dim_feedforward=4 * width, dropout=0,
                batch_first=True, norm_first=True, rng=rng,
            )
            for _ in range(blocks)
        )  # fmt: skip
        self.norm = nn.LayerNorm(width)
        self.scores = nn.Linear(width, count, rng=rng)
        for table in (self.meaning, self.place):
            nn.init.normal_(table.weight, std=0.02, rng=rng)

    def forward(self, codes):
        x = self.meaning(codes) + self.place(np.arange(codes.shape[-1]))
        for block in self.blocks:
            x = block(x, is_causal=True)  # nobody looks at what comes after
        return self.scores(self.norm(x))


def loss_at(model, codes, starts):
    """How surprised the model is by each next character, in nats, for stretches of text from these places."""
    stretches = codes[starts[:, None] + np.arange(length + 1)]
    scores = model(stretches[:, :-1])
    return nn.functional.cross_entropy(scores.reshape(-1, count), stretches[:, 1:].reshape(-1))


def test_loss(model):
    with ad.no_grad():
        return loss_at(model, test, np.arange(0, len(test) - length - 1, 5 * length)).item()


def write(model, start, size, temperature=0.7):
    """Draw one character after the other, each from what the model says comes next."""
    written = list(np.searchsorted(characters, list(start)))
    with ad.no_grad():
        for _ in range(size):
            scores = model(np.array([written[-length:]]))[0, -1]
            written.append(rng.choice(count, p=ad.softmax(scores.astype(np.float64) / temperature).numpy()))
    return "".join(characters[k] for k in written)


def surprise(counts):
    """The loss on the held-out text of a table of counts, to which one is added: nothing is impossible."""
    p = (counts + 1) / (counts + 1).sum(axis=-1, keepdims=True)
    return -np.log(p[test[:-1], test[1:]]).mean()


pairs = np.zeros((count, count))
np.add.at(pairs, (training[:-1], training[1:]), 1)
by_frequency = surprise(np.tile(pairs.sum(axis=0), (count, 1)))
by_pairs = surprise(pairs)

model = GPT()
print(f"{sum(p.size for p in model.parameters()):,} parameters; before learning it writes:")
print(write(model, "The ", 40), "\n")

optimizer = nn.optim.AdamW(model.parameters(), weight_decay=0.01)
schedule = nn.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=5e-3, total_steps=steps, pct_start=0.1)
bar = trange(1, steps + 1, ncols=80, disable=None)
for step in bar:
    optimizer.zero_grad()
    loss = loss_at(model, training, rng.integers(0, len(training) - length - 1, size=16))
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    schedule.step()
    if step % (steps // 5) == 0:
        bar.write(f"step {step}: loss {loss.item():.3f}, held out {test_loss(model):.3f}")

print("\nNow it writes:\n" + write(model, "The ", 100 if quick else 400))
by_model = test_loss(model)
print(f"\nheld-out loss: frequencies {by_frequency:.3f}, pairs {by_pairs:.3f}, the model {by_model:.3f}")
assert by_model < (by_frequency if quick else 0.85 * by_pairs)
