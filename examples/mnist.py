"""Nielsen's network on MNIST, whose files you give: python examples/mnist.py DIR

DIR holds the four files of LeCun, Cortes and Burges, as they are distributed, compressed or not: 60,000 handwritten
digits of 28 by 28 pixels to learn from, 10,000 to test.  The network and the three ideas are those of `digits.py`; here
they are read from IDX files, and regularisation with lmbda = 5 is his.  With --quick: one epoch.

His book reports about 95.4 % for the quadratic cost (chapter 1), 96.5 % with cross-entropy and regularisation (3).
"""

import sys
from pathlib import Path

import numpy as np
from digits import improve

import nn

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def find(folder, name):
    """The path of a file, by any of the names it goes under."""
    for candidate in (name, f"{name}.gz", name.replace("-idx", ".idx"), name.replace("-idx", ".idx") + ".gz"):
        if (folder / candidate).is_file():
            return folder / candidate
    sys.exit(f"mnist.py: there is no {name} (or {name}.gz) in {folder}")


def read(folder, images, labels):
    """Pixels from 0 to 1, one row for each digit; and the digits."""
    x = nn.data.read_idx(find(folder, images))
    return x.reshape(len(x), -1).astype(np.float32) / 255, nn.data.read_idx(find(folder, labels))


if __name__ == "__main__":
    quick = "--quick" in sys.argv
    folders = [argument for argument in sys.argv[1:] if argument != "--quick"]
    if len(folders) != 1:
        sys.exit(
            f"mnist.py needs the folder of the MNIST files ({', '.join(FILES)}):\n    python mnist.py DIR [--quick]"
        )
    folder = Path(folders[0])
    if not folder.is_dir():
        sys.exit(f"mnist.py: there is no folder {folder}")
    training_data, test_data = read(folder, *FILES[:2]), read(folder, *FILES[2:])
    print(f"{len(training_data[0])} digits to learn from, {len(test_data[0])} held out")
    means = improve(training_data, test_data, epochs=1 if quick else 30, seeds=1, lmbda=len(training_data[0]) * 1e-4)
    if len(training_data[0]) == 60_000:  # the real ones
        assert means[-1] > (0.9 if quick else 0.96)
