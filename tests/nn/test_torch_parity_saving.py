"""Weights go from PyTorch's safetensors files into the same architecture here and back; skipped without PyTorch."""

import numpy as np
import pytest

import autodiff as ad
import nn

torch = pytest.importorskip("torch")
safetensors_torch = pytest.importorskip("safetensors.torch")


def build(module):
    return module.Sequential(
        module.Conv2d(2, 3, 3), module.BatchNorm2d(3), module.ReLU(), module.Flatten(), module.Linear(12, 2)
    )


def inputs(seed):
    return np.random.default_rng(seed).normal(size=(5, 2, 4, 4)).astype(np.float32)


def outputs(ours, theirs):
    x = inputs(1)
    ours.eval(), theirs.eval()
    with ad.no_grad(), torch.no_grad():
        return ours(x).numpy(), theirs(torch.tensor(x)).numpy()


def test_from_pytorch(tmp_path):
    ours, theirs = build(nn), build(torch.nn)
    theirs(torch.tensor(inputs(0)))
    safetensors_torch.save_file(theirs.state_dict(), tmp_path / "model.safetensors")
    assert nn.load(tmp_path / "model.safetensors", ours) == ([], [])
    for name, tensor in theirs.state_dict().items():
        np.testing.assert_array_equal(ours.state_dict()[name], tensor.numpy())
    np.testing.assert_allclose(*outputs(ours, theirs), rtol=1e-5, atol=1e-6)


def test_to_pytorch(tmp_path):
    ours, theirs = build(nn), build(torch.nn)
    ours(inputs(0))
    nn.save(ours, tmp_path / "model.safetensors")
    theirs.load_state_dict(safetensors_torch.load_file(tmp_path / "model.safetensors"))
    for name, array in ours.state_dict().items():
        assert theirs.state_dict()[name].numpy().tobytes() == array.tobytes()
    np.testing.assert_allclose(*outputs(ours, theirs), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_other_precisions(dtype, tmp_path):
    theirs = torch.nn.Linear(3, 2).to(getattr(torch, dtype))
    safetensors_torch.save_file(theirs.state_dict(), tmp_path / "x")
    ours = nn.Linear(3, 2)
    nn.load(tmp_path / "x", ours)
    np.testing.assert_array_equal(ours.weight.data, theirs.weight.detach().float().numpy())
