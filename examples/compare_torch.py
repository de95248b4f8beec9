"""The same training by PyTorch and by us: accuracy and time of an epoch, side by side.

Both start from the same weights and see the same batches, so the accuracies differ by rounding only; what is left to
compare is time.  The digits are those of `digits.py`, the networks its own and one like that of `convnet.py`.  Needs
pip install 'autodiff-nn[sklearn,parity]'.  With one thread each, on a machine that others used at the same time:

    network    batch  epochs   library      accuracy   epoch, median   ratio
    digits        10      30   PyTorch        98.33%         71.4 ms    1.00
    digits        10      30   autodiff-nn    98.33%         46.1 ms    0.64
    convnet       32      10   PyTorch        97.50%        123.2 ms    1.00
    convnet       32      10   autodiff-nn    97.50%        133.2 ms    1.08
"""

import os
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # one thread each: such small products gain nothing by more

import numpy as np
import torch
from sklearn.datasets import load_digits

import autodiff as ad
import nn

quick = "--quick" in sys.argv
torch.set_num_threads(1)
torch.manual_seed(0)
images, labels = load_digits(return_X_y=True)
images = (images / 16).reshape(-1, 1, 8, 8).astype(np.float32)
order = np.random.default_rng(0).permutation(len(images))
test, training = order[:360], order[360:]


def digits(library):
    """Nielsen's network: the names of the layers are the same in both libraries."""
    return library.Sequential(library.Flatten(), library.Linear(64, 30), library.Sigmoid(), library.Linear(30, 10))


def convnet(library):
    return library.Sequential(
        library.Conv2d(1, 16, 3, padding=1),
        library.ReLU(),
        library.MaxPool2d(2),
        library.Conv2d(16, 32, 3, padding=1),
        library.ReLU(),
        library.MaxPool2d(2),
        library.Flatten(),
        library.Linear(32 * 2 * 2, 10),
    )


def train(model, loss_function, optimizer, array, batches):
    """One epoch; the seconds that it took."""
    start = time.perf_counter()
    for batch in batches:
        optimizer.zero_grad()
        loss_function(model(array(images[batch])), array(labels[batch])).backward()
        optimizer.step()
    return time.perf_counter() - start


print(f"PyTorch {torch.__version__}, NumPy {np.__version__}\n")
print(f"{'network':<10}{'batch':>6}{'epochs':>8}   {'library':<12}{'accuracy':>9}{'epoch, median':>16}{'ratio':>8}")
for build, batch_size, lr, epochs in [(digits, 10, 0.01, 30), (convnet, 32, 0.003, 10)]:
    epochs = 2 if quick else epochs
    theirs, ours = build(torch.nn), build(nn)
    ours.load_state_dict({name: value.numpy() for name, value in theirs.state_dict().items()})
    their_optimizer = torch.optim.Adam(theirs.parameters(), lr=lr)
    our_optimizer = nn.optim.Adam(ours.parameters(), lr=lr)
    their_times, our_times = [], []
    rng = np.random.default_rng(0)
    for _ in range(epochs):  # in turn, so that whatever else the machine does slows both
        batches = np.split(rng.permutation(training), range(batch_size, len(training), batch_size))
        their_times.append(train(theirs, torch.nn.CrossEntropyLoss(), their_optimizer, torch.from_numpy, batches))
        our_times.append(train(ours, nn.CrossEntropyLoss(), our_optimizer, np.asarray, batches))

    with torch.no_grad():
        their_answers = theirs(torch.from_numpy(images[test])).numpy().argmax(axis=1)
    with ad.no_grad():
        our_answers = ours(images[test]).numpy().argmax(axis=1)
    for name, answers, times in [("PyTorch", their_answers, their_times), ("autodiff-nn", our_answers, our_times)]:
        accuracy, median = (answers == labels[test]).mean(), np.median(times)
        row = f"{build.__name__:<10}{batch_size:>6}{epochs:>8}   {name:<12}{accuracy:>9.2%}{median * 1e3:>13.1f} ms"
        print(f"{row}{median / np.median(their_times):>8.2f}", flush=True)
    assert (their_answers != our_answers).mean() < 0.02, "the same work gives the same answers, but for rounding"
