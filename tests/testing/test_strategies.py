"""Strategies draw what code is wrong for, keep what they are asked for, and shrink to what is simple."""

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

import autodiff as ad
from autodiff import Tensor
from autodiff.op import table
from autodiff.testing.strategies import LAYOUTS, arrays, broadcastable, laid_out, op_calls, tensors

quick = settings(max_examples=2000, derandomize=True, database=None)
dtypes = st.sampled_from([np.float16, np.float32, np.float64, np.complex64, np.complex128])

#: What a wrong rule is found by.
NASTY = {
    "no axes": lambda x: x.ndim == 0,
    "three axes": lambda x: x.ndim == 3 and x.size,
    "empty": lambda x: x.size == 0,
    "an axis of one": lambda x: x.ndim > 1 and 1 in x.shape and x.size > 1,
    "negative strides": lambda x: x.size > 1 and min(x.strides) < 0,
    "stride zero": lambda x: x.size > 1 and x.ndim and 0 in x.strides,
    "Fortran's order": lambda x: x.flags.f_contiguous and not x.flags.c_contiguous,
    "gaps": lambda x: x.size > 1 and x.ndim and min(x.strides) > x.itemsize and x.shape[-1] > 1,
    "read-only": lambda x: not x.flags.writeable,
    "a view inside of another": lambda x: x.base is not None and x.base.size > x.size > 0,
    "zero": lambda x: np.any(x == 0),
    "minus zero": lambda x: np.any((x == 0) & np.signbit(x)),
    "a tie": lambda x: x.base is None and 1 < x.size > len(np.unique(x)),
    "a tie of broken numbers": lambda x: 0 not in x.strides and np.any(np.diff(np.sort(x[x % 1 != 0], axis=None)) == 0),
    "tiny": lambda x: np.any((np.abs(x) < 1e-25) & (x != 0)),
    "small": lambda x: np.any((np.abs(x) < 1e-7) & (np.abs(x) > 1e-10)),
    "large": lambda x: np.any((np.abs(x) > 6e3) & (np.abs(x) < 1e5)),
    "huge": lambda x: np.any(np.abs(x) > 1e7),
    "tiny beside huge": lambda x: x.size > 1 and np.any(np.abs(x) > 1e7) and np.any((np.abs(x) < 1e-25) & (x != 0)),
}


@pytest.mark.parametrize("condition", NASTY.values(), ids=NASTY.keys())
def test_everything_nasty_is_drawn(condition):
    assert find(arrays(), condition, settings=quick).size <= 3 * 3 * 3


NEAR = {
    "at a place": lambda x: np.any(x == 0.75),
    "one unit above": lambda x: np.any(x == np.nextafter(0.75, 1)),
    "one unit below": lambda x: np.any(x == np.nextafter(0.75, 0)),
    "1e-12 off": lambda x: np.any(np.abs(np.abs(x - 0.75) - 1e-12) < 1e-15),
    "0.001 off": lambda x: np.any(np.abs(np.abs(x - 0.75) - 1e-3) < 1e-15),
    "at another place": lambda x: np.any(x == -0.3),
    "at the lower bound": lambda x: np.any(x == -0.9),
    "next to the upper bound": lambda x: np.any(x == np.nextafter(0.9, 0)),
}


@pytest.mark.parametrize("condition", NEAR.values(), ids=NEAR.keys())
def test_numbers_lie_near_the_places_that_are_given(condition):
    find(arrays(near=[0.75, -0.3], low=-0.9, high=0.9), condition, settings=quick)


@given(dtypes, st.data())
def test_dtype_shape_and_bounds_are_kept(dtype, data):
    shape = data.draw(st.sampled_from([(), (0,), (2, 3), (3, 1, 2)]))
    low, high = data.draw(st.sampled_from([(0.25, 4.0), (-1.0, None), (None, 0.0), (None, None), (7.0, 7.0)]))
    x = data.draw(arrays(dtype, shape, low=low, high=high, near=[0.5]))
    assert x.dtype == dtype
    assert x.shape == shape
    assert np.all(np.isfinite(x))
    for part in (x.real, x.imag) if x.dtype.kind == "c" else (x,):
        assert np.all(part >= (-np.inf if low is None else low))
        assert np.all(part <= (np.inf if high is None else high))


def test_integers_are_refused():
    with pytest.raises(TypeError, match="int64"):
        find(arrays(np.int64), lambda x: True)


@pytest.mark.parametrize(
    ("condition", "simplest"),
    [
        (lambda x: x.size, 1.0),
        (lambda x: x.size and np.all(x > 1), 2.0),
        (lambda x: x.size and np.all(x < 0), -1.0),
        (lambda x: x.size and np.all(x % 1 != 0), 0.5),
    ],
    ids=["any", "above one", "negative", "broken"],
)
def test_numbers_shrink_to_simple_ones(condition, simplest):
    x = find(arrays(), condition, settings=quick)
    assert x.size == 1
    assert x == simplest


def test_shapes_shrink():
    assert find(arrays(), lambda x: x.ndim > 1 and x.size > 3, settings=quick).size <= 6
    assert find(arrays(), lambda x: True, settings=quick).size <= 1


@given(arrays(), st.sampled_from(LAYOUTS))
def test_a_layout_changes_no_number(x, layout):
    y = laid_out(x, layout)
    assert y.dtype == x.dtype
    assert y.shape == x.shape
    assert np.array_equal(y, x)


@given(tensors())
def test_tensors_ask_for_gradients(t):
    assert isinstance(t, Tensor)
    assert t.requires_grad
    assert t.is_leaf


@given(tensors(requires_grad=False))
def test_tensors_may_ask_for_none(t):
    assert not t.requires_grad


@pytest.mark.parametrize("name", ["negative strides", "stride zero", "Fortran's order", "gaps", "read-only"])
def test_tensors_keep_the_layout(name):
    find(tensors(), lambda t: NASTY[name](t.data), settings=quick)


@given(broadcastable(3, np.float32, low=-1.0, high=1.0))
def test_shapes_broadcast(triple):
    total = triple[0] + triple[1] + triple[2]
    assert total.shape == np.broadcast_shapes(*(t.shape for t in triple))
    assert total.dtype == np.float32
    ad.sum(total).backward()
    for t in triple:
        copies = total.size // t.size if t.size else 0
        assert t.grad.shape == t.shape
        assert np.all(t.grad.data == copies)


@pytest.mark.parametrize("stretched", [True, False])
def test_broadcasting_does_and_does_not_happen(stretched):
    find(broadcastable(2), lambda pair: pair[0].size and (pair[0].shape != pair[1].shape) == stretched, settings=quick)


@pytest.mark.parametrize(("name", "simplest"), [("exp", 1.0), ("asin", 0.5), ("acosh", 2.0), ("logit", 0.5)])
def test_calls_shrink_to_simple_numbers(name, simplest):
    (x,), _ = find(op_calls(table[name]), lambda call: call[0][0].size, settings=quick)
    assert x.size == 1
    assert x == simplest


def test_distinct_numbers_are_distinct_and_shrink_to_whole_ones():
    (x,), _ = find(op_calls(table["max"]), lambda call: call[0][0].size == 3, settings=quick)
    assert sorted(np.ravel(x)) == [-2, 0, 2]
