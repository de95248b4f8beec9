"""Every example runs in its short form (`--quick`), and prints the results it is there for."""

import os
import re
import struct
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"

#: For each example: what it needs beside the package, and lines of its output, with a number and its bounds.
RESULTS = {
    "explain_3_4_1": ([], [(r"to (0\.\d+) in all", 0, 0.02)]),
    "explain_softmax_regression": ([], [(r"∂C/∂w₃₁ = .*\n +.*= −(0\.\d+)", 0.2126, 0.2126)]),
    "explain_convolution": ([], [(r"∂C/∂w₁₁₂₁ = 3\.5 \+ 1\.5\n +.*= (\d)", 5, 5)]),
    "explain_attention": ([], [(r"(\d+) paths lead from w_\(Q, 12\)", 1, 1000)]),
    "diagram": ([], [(r"y-hat = ([\d.]+)", 0.5, 0.6)]),
    "quickstart": ([], [(r"told right: ([\d.]+)%", 85, 100)]),
    "regression": (["scipy"], [(r"log-likelihood (-?[\d.]+)", -1000, 1000)]),
    "digits": (["sklearn"], [(r"quadratic cost +([\d.]+)%", 90, 100), (r"\+ regularisation +([\d.]+)%", 94, 100)]),
    "convnet": (["sklearn"], [(r"accuracy ([\d.]+)%", 93, 100)]),
    "char_transformer": ([], [(r"the model ([\d.]+)", 1, 3)]),
    "rnn_sine": ([], [(r"the network ([\d.]+), the noise", 0.1, 0.2)]),
    "penguins_regression": (["sklearn"], [(r"held out: R\^2 ([\d.]+)", 0.8, 1)]),
    "physics_informed": ([], [(r"greatest error ([\d.e+-]+)", 0, 1e-2)]),
    "fit_scipy": (["scipy"], [(r"greatest error ([\d.e+-]+)", 0, 1e-2)]),
    "compare_torch": (["torch", "sklearn"], [(r"digits .*autodiff-nn +([\d.]+)%", 80, 100)]),
}


def run(example, *arguments):
    """The finished process; one thread, for tests run side by side."""
    return subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", EXAMPLES / f"{example}.py", *map(str, arguments), "--quick"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1"},
    )


def printed(example, *arguments):
    """What it prints."""
    done = run(example, *arguments)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("example", RESULTS)
def test_the_example_gives_its_results(example):
    extras, lines = RESULTS[example]
    for extra in extras:
        if find_spec(extra) is None:
            pytest.skip(f"{example} needs {extra}")
    output = printed(example)
    for line, least, most in lines:
        found = re.search(line, output)
        assert found, f"no line {line!r} in:\n{output}"
        assert least <= float(found[1]) <= most


def test_every_example_is_tested():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == {*RESULTS, "mnist", "curve"}


# MNIST, in files of its format that are written here


def write_idx(path, array):
    """Two zero bytes, one for uint8, one for the number of axes, their lengths, the numbers: highest byte first."""
    header = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    path.write_bytes(header + array.astype(np.uint8).tobytes())


@pytest.fixture
def mnist(tmp_path):
    """A folder with few digits, each of which is a bright row of its own, and noise."""
    rng = np.random.default_rng(0)
    for part, count in (("train", 2000), ("t10k", 200)):
        labels = rng.integers(0, 10, count)
        images = rng.integers(0, 60, (count, 28, 28))
        images[np.arange(count), 4 + 2 * labels] = 255
        write_idx(tmp_path / f"{part}-images-idx3-ubyte", images)
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte", labels)
    return tmp_path


def test_mnist_learns_from_idx_files(mnist):
    output = printed("mnist", mnist)
    assert "2000 digits to learn from, 200 held out" in output
    assert float(re.search(r"\+ regularisation +([\d.]+)%", output)[1]) > 90


@pytest.mark.parametrize("missing", ["argument", "folder", "file"])
def test_mnist_says_what_is_missing(mnist, missing):
    arguments = {"argument": [], "folder": [mnist / "nowhere"], "file": [mnist]}[missing]
    (mnist / "t10k-labels-idx1-ubyte").unlink()
    done = run("mnist", *arguments)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert {"argument": "mnist.py DIR", "folder": "no folder", "file": "no t10k-labels-idx1-ubyte"}[
        missing
    ] in done.stderr
