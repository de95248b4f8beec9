"""What the comparisons with PyTorch have in common: the same module here and there, its results and gradients."""

import numpy as np
import pytest
from hypothesis import strategies as st

import autodiff as ad
import nn

torch = pytest.importorskip("torch")

dtypes = st.sampled_from([np.float32, np.float64])
seeds = st.integers(0, 2**32 - 1)
reductions = st.sampled_from(["mean", "sum", "none"])

#: How much may differ, of the greatest number.
TOLERANCES = {np.dtype(np.float32): 1e-5, np.dtype(np.float64): 1e-10}


def tensor(x):
    """An array as PyTorch's; anything else as it is."""
    return torch.tensor(x) if isinstance(x, np.ndarray) else x


def flat(results):
    """The tensors in nested tuples."""
    if isinstance(results, (tuple, list)):
        return [t for part in results for t in flat(part)]
    return [results]


def compare(what, ours, theirs, size=0.0):
    """Equal but for rounding, that of numbers of a size."""
    a, b = np.asarray(ours.data), theirs.detach().numpy()
    assert a.shape == b.shape, what
    assert a.dtype == b.dtype, what
    if b.dtype.kind != "f":
        np.testing.assert_array_equal(a, b, err_msg=what)
        return
    scale = max(abs(b).max(initial=0), size)
    np.testing.assert_allclose(a, b, rtol=0, atol=TOLERANCES[b.dtype] * scale, err_msg=what)


def pair(make, dtype):
    """The same module here and there, with PyTorch's initial values, all changed a little; the keys are the same."""
    ours, theirs = make(nn, {"dtype": dtype}), make(torch.nn, {"dtype": tensor(np.zeros(0, dtype)).dtype})
    state = theirs.state_dict()
    assert list(ours.state_dict()) == list(state)
    for key, value in state.items():
        if value.dtype.is_floating_point and "running" not in key:
            state[key] = value + 0.1 * torch.randn(value.shape, dtype=value.dtype)
    theirs.load_state_dict(state)
    arrays = {key: value.numpy() for key, value in state.items()}
    assert ours.load_state_dict(arrays) == ([], [])
    for key, value in ours.state_dict().items():
        assert value.dtype == arrays[key].dtype, key
        np.testing.assert_array_equal(value, arrays[key])
    return ours, theirs


def alike(ours, theirs, arrays, seed, call=None, size=0.0):
    """Two functions, or modules, of arrays have the same results, gradients and state.

    Arrays of floating-point numbers are differentiated; `call` says how to call them, given one of them, their
    arguments, and a function that makes tensors of constants.  What comes in from behind has the size 1; where it
    cancels, rounding is that of numbers of a `size`.
    """
    rng = np.random.default_rng(seed)
    float_ = [x.dtype.kind == "f" for x in arrays]
    one = [ad.tensor(x, requires_grad=True) if f else x for x, f in zip(arrays, float_, strict=True)]
    other = [torch.tensor(x, requires_grad=f) for x, f in zip(arrays, float_, strict=True)]
    call = call or (lambda f, xs, constant: f(*xs))
    y, z = flat(call(ours, one, lambda x: x)), flat(call(theirs, other, tensor))
    loss = other_loss = 0.0
    assert len(y) == len(z)
    for i, (a, b) in enumerate(zip(y, z, strict=True)):
        assert (a is None) == (b is None)
        if a is not None:
            compare(f"result {i}", a, b, size)
            g = rng.normal(size=a.shape).astype(a.dtype)
            loss, other_loss = loss + ad.sum(a * g), other_loss + (b * tensor(g)).sum()
    for module in (ours, theirs):
        if isinstance(module, (nn.Module, torch.nn.Module)):
            module.zero_grad()
    loss.backward()
    other_loss.backward()
    for i, (p, q) in enumerate(zip(one, other, strict=True)):
        if isinstance(p, ad.Tensor) and q.grad is not None:
            compare(f"gradient of argument {i}", p.grad, q.grad, size)
    if isinstance(ours, nn.Module):
        named = dict(theirs.named_parameters())
        for name, p in ours.named_parameters():
            q = named[name]
            if q.grad is None:
                assert p.grad is None or not p.grad.data.any(), name
            else:
                compare(f"gradient of {name}", p.grad, q.grad, size)
        for name, b in theirs.named_buffers():
            compare(name, dict(ours.named_buffers())[name], b, size)
