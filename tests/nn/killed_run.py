"""A training that may be killed at any moment, for test_fit: python killed_run.py CHECKPOINT RESULT."""

import sys

import numpy as np

import nn


def train(checkpoint, result):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(96, 4)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] > 0).astype(np.int64)
    model = nn.Sequential(
        nn.Linear(4, 32, rng=rng), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 2, rng=rng)
    )
    nn.manual_seed(5)
    optimizer = nn.optim.Adam(model.parameters(), lr=0.02)
    data = nn.data.TensorDataset(x, y)
    learn, rest = nn.data.random_split(data, [64, 32], rng=1)
    best, stopping = nn.training.BestWeights(), nn.training.EarlyStopping(patience=12)
    history = nn.fit(
        model,
        nn.CrossEntropyLoss(),
        nn.data.DataLoader(learn, 16, shuffle=True, prefetch=2, rng=2),
        optimizer=optimizer,
        epochs=60,
        validation=nn.data.DataLoader(rest, 16, shuffle=True),
        metrics=[nn.training.accuracy],
        callbacks=[stopping, best],
        scheduler=nn.optim.lr_scheduler.CosineAnnealingLR(optimizer, 60),
        accumulate=2,
        clip_grad_norm=1.0,
        checkpoint=checkpoint,
        progress=False,
    )
    nn.save_checkpoint(result, model=model, optimizer=optimizer, history=history, stopping=stopping)


if __name__ == "__main__":
    train(*sys.argv[1:])
