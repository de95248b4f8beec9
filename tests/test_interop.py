"""Code of others that follows the array API standard runs on Tensors: einops, SciPy, scikit-learn."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import autodiff as ad
from autodiff import Tensor

SHAPES = [
    ("rearrange", "a b c -> c (a b)", {}),
    ("rearrange", "a (b two) c -> two a b c", {"two": 2}),
    ("reduce", "a b c -> b", {"reduction": "mean"}),
    ("reduce", "a (b 2) c -> b c", {"reduction": "sum"}),
    ("reduce", "a b c -> c", {"reduction": "max"}),
    ("reduce", "a b c -> a 1 c", {"reduction": "prod"}),
    ("repeat", "a b c -> a (b 2) c r", {"r": 3}),
]


@pytest.mark.parametrize(("name", "pattern", "how"), SHAPES, ids=lambda x: x if isinstance(x, str) else "")
def test_einops(name, pattern, how):
    einops = pytest.importorskip("einops")
    theirs = pytest.importorskip("einops.array_api")
    a = np.random.default_rng(0).uniform(0.5, 1.5, (2, 4, 3))
    y = getattr(theirs, name)(Tensor(a, requires_grad=True), pattern, **how)
    np.testing.assert_allclose(y.data, getattr(einops, name)(a, pattern, **how), rtol=1e-14)
    v, h = np.cos(np.arange(a.size)).reshape(a.shape), 1e-6
    slope = (
        (getattr(einops, name)(a + h * v, pattern, **how) - getattr(einops, name)(a - h * v, pattern, **how)) / 2 / h
    )
    dy = ad.jvp(lambda x: getattr(theirs, name)(x, pattern, **how), (a,), (v,))[1]
    np.testing.assert_allclose(dy, slope, atol=1e-8)
    g = np.sin(1.0 + np.arange(y.size)).reshape(y.shape)
    (gradient,) = ad.vjp(lambda x: getattr(theirs, name)(x, pattern, **how), a)[1](g)
    np.testing.assert_allclose(np.sum(gradient * v), np.sum(g * dy))


def test_einops_takes_several_tensors():
    theirs = pytest.importorskip("einops.array_api")
    x = Tensor([[1.0, 2.0]], requires_grad=True)
    y = theirs.rearrange([x, 2 * x], "n a b -> a (n b)")
    packed, shapes = theirs.pack([y, x], "a *")
    assert packed.tolist() == [[1, 2, 2, 4, 1, 2]]
    ad.sum(packed).backward()
    assert x.grad.tolist() == [[4, 4]]
    assert [part.tolist() for part in theirs.unpack(packed, shapes, "a *")] == [y.tolist(), x.tolist()]


@pytest.mark.parametrize(("library", "version"), [("scipy", "1.17"), ("sklearn", "1.9")])
def test_library(library, version):
    pytest.importorskip(library, minversion=version)
    script = Path(__file__).with_name("interop_cases.py")
    run = subprocess.run([sys.executable, script, library], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert len(found) >= 14
    for name, case in found.items():
        assert case["difference"] < 1e-10, f"{name}: {case}"
        assert case["gradient"] is None or case["gradient"] < 1e-6, f"{name}: {case}"
    assert sum(case["type"] == "Tensor" for case in found.values()) >= 10
    assert sum(case["gradient"] is not None for case in found.values()) >= 4
