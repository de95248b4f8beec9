"""NumPy's own functions on Tensors reach the table; what has no rule, or would lose the graph, raises."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
from autodiff import Tensor
from autodiff.op import numpy_functions, table
from autodiff.testing.strategies import op_calls

NAMES_OF_NUMPY = sorted(
    name for name, op in table.items() if numpy_functions.get(getattr(np, name, None)) is op and name != "astype"
)


def test_most_rows_have_numpys_name():
    assert len(NAMES_OF_NUMPY) > 70


@pytest.mark.parametrize("name", NAMES_OF_NUMPY)
@given(data=st.data())
def test_numpys_function_reaches_the_row(name, data):
    op = table[name]
    args, params = data.draw(op_calls(op))
    params = {k: v for k, v in params.items() if v is not None}
    tensors = [Tensor(x, requires_grad=x.dtype.kind == "f") for x in map(np.asarray, args)]
    with np.errstate(all="ignore"):
        ours, theirs = getattr(np, name)(*tensors, **params), getattr(np, name)(*args, **params)
    if isinstance(ours, tuple):
        return
    assert isinstance(ours, Tensor)
    np.testing.assert_allclose(ours.data, theirs, rtol=1e-14, atol=1e-14)
    assert ours.requires_grad == (op.differentiable and np.asarray(theirs).dtype.kind == "f")


x = Tensor([1.0, 2.0, 3.0], requires_grad=True, name="x")
matrix = Tensor(np.eye(3), requires_grad=True)
plain = Tensor([1.0, 2.0, 3.0])

#: what would drop the graph, or has no rule: the call, and what the error names
RAISES = {
    "np.array of tensors": (lambda: np.array([x, x]), "detach"),
    "np.asarray": (lambda: np.asarray(x), "detach"),
    "Tensor of tensors": (lambda: Tensor([x, x]), "stack"),
    "ndarray.dot": (lambda: np.ones(3).dot(x), "detach"),
    "assignment into an array": (lambda: np.zeros(3).__setitem__(slice(None), x), "detach"),
    "out= an array": (lambda: np.add(x, x, out=np.zeros(3)), "out="),
    "out= a tensor": (lambda: np.add(plain, plain, out=plain), "out="),
    "in place on an array": (lambda: np.zeros(3).__iadd__(x), "out="),
    "no rule": (lambda: np.busday_count(x, x), r"numpy\.busday_count"),
    "out= of a function": (lambda: np.sum(x, out=np.zeros(())), "out="),
    "no rule, ufunc": (lambda: np.isnat(x), "isnat"),
    "no rule, ufunc method": (lambda: np.divmod.outer(x, x), "divmod"),
    "no rule, parameter": (lambda: np.add(x, x, where=[True, False, True]), "where"),
    "no rule, padding": (lambda: np.pad(x, 1, mode="empty"), "empty"),
    "copyto": (lambda: np.copyto(np.zeros(3), x), "copyto"),
    "no rule, mode": (lambda: np.linalg.qr(matrix, "raw"), "raw"),
    "a static parameter": (lambda: ad.leaky_relu(x, x[0]), "negative_slope"),
    "an index": (lambda: plain[x], "index|integer|detach"),
}


@pytest.mark.parametrize(("call", "names"), RAISES.values(), ids=RAISES.keys())
def test_what_would_lose_the_graph_raises(call, names):
    with pytest.raises((TypeError, IndexError), match=names):
        call()


@pytest.mark.parametrize(("name", "nearest"), [("arctan", "arctan[2h]"), ("nancumprod", "nan.*prod"), ("roll", "roll")])
def test_the_error_names_the_nearest_function(monkeypatch, name, nearest):
    function = getattr(np, name)
    monkeypatch.delitem(numpy_functions, function)
    with pytest.raises(TypeError, match=rf"numpy\.{name} has no rule.*nearest that has one is numpy\.{nearest}"):
        function(x, 1) if name == "roll" else function(x)


def test_without_a_graph_to_lose_numpy_may_have_the_values():
    assert np.array_equal(np.asarray(plain), [1, 2, 3])
    assert np.array_equal(np.array([plain, plain]), [[1, 2, 3]] * 2)
    a = np.zeros(3)
    a += plain
    a[:] = plain
    assert np.array_equal(a, [1, 2, 3])
    with ad.no_grad():
        assert np.array_equal(np.asarray(x), [1, 2, 3])
    assert np.array_equal(x.numpy(), [1, 2, 3])


def test_arrays_on_the_left():
    ones = [1.0, 1.0, 1.0]
    for y in (np.ones(3) + x, np.float32(1) + x, ones + x, 1 + x, np.array(1.0) + x):
        assert isinstance(y, Tensor)
        assert np.array_equal(y.data, [2, 3, 4])
    assert isinstance(np.ones((2, 3)) @ x, Tensor)


def test_answers_about_values():
    assert np.allclose(x, [1, 2, 3])
    assert np.array_equal(x, plain)
    assert np.isclose(x, plain).data.all()
    assert np.shape(x) == (3,)
    assert np.ndim(x) == 1
    assert np.size(x) == 3
    assert np.result_type(x, np.float32) == np.float64
    assert np.array_equal(np.zeros_like(x).data, [0, 0, 0])
    assert np.array_equal(np.full_like(x, 2).data, [2, 2, 2])


def test_comparisons_and_positions_are_plain():
    for y in (x > 1, x == plain, ad.argmax(x), ad.any(x), ad.isnan(x), x.argsort(), ad.count_nonzero(x)):
        assert isinstance(y, Tensor)
        assert not y.requires_grad
    assert x != None  # noqa: E711
    assert x.argsort(descending=True).tolist() == [2, 1, 0]


def test_namespace():
    assert x.__array_namespace__() is ad
    assert all(hasattr(ad, name) for name in ad.__all__)
    public = {name for name in vars(ad) if not name.startswith("_")}
    modules = {name for name in public if type(getattr(ad, name)).__name__ == "module"}
    assert public - (modules - set(ad.__all__)) == {name for name in ad.__all__ if not name.startswith("_")}
