"""Numbers as text: what they say can be read back, they stand in rows, and many of them become statistics."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autodiff.drawing.numbers import SMALL, bars, histogram, lines, shape, statistics

TEXTS = {
    "an integral float": (2.0, ["2"]),
    "a float": (-0.123456, ["-0.1235"]),
    "no more digits than there are": (0.5, ["0.5"]),
    "a small float": (1e-9, ["1.000e-09"]),
    "a large float": (12345678.0, ["1.235e+07"]),
    "float32": (np.float32(0.1), ["0.1"]),
    "longdouble": (np.longdouble(0.25), ["0.25"]),
    "an integer": (7, ["7"]),
    "an integer that only Python can hold": (10**30, ["1.000e+30"]),
    "a truth": (True, ["True"]),
    "a complex number": (1 - 2.5j, ["1-2.5j"]),
    "nothing": (None, ["None"]),
    "not a number": (np.nan, ["nan"]),
    "minus infinity": (-np.inf, ["-inf"]),
    "minus zero": (-0.0, ["0"]),
    "no element": (np.zeros((0, 3)), ["empty"]),
    "a vector": (np.array([1.0, -0.25, 0.0]), ["1.00  -0.25  0"]),
    "a matrix": (np.array([[0.0, 10.5], [0.25, -1.0]]), ["0     10.50", "0.25  -1.00"]),
    "a column of zeros": (np.array([[0.0, 0.5], [0.0, 1.5]]), ["0  0.5", "0  1.5"]),
    "two matrices": (np.ones((2, 1, 2)), ["1  1", "", "1  1"]),
    "a long vector": (np.arange(8), ["0  1  2  3  4  5", "6  7"]),
    "a long row in a stack of one": (np.arange(8).reshape(1, 1, 8), ["0  1  2  3  4  5", "6  7"]),
    "very different sizes": (np.array([1.0, 1e-8, 0.0]), ["1.00e+00  1.00e-08  0"]),
    "invalid elements": (np.array([[0.5, np.nan], [np.inf, 0.25]]), ["0.50   nan", " inf  0.25"]),
}


@pytest.mark.parametrize(("value", "expected"), TEXTS.values(), ids=TEXTS)
def test_text(value, expected):
    assert lines(value) == [expected]


def test_decimal_points_stand_under_each_other():
    (text,) = lines(np.array([[0.5, -12.25], [-7.0, 3.25], [100.0, -0.75]]))
    assert text == ["  0.50  -12.25", " -7.00    3.25", "100.00   -0.75"]


def test_an_exact_zero_stands_at_the_point():
    assert lines(np.array([[0.0, 1.0], [0.25, 0.0], [-0.5, 2.5]]))[0] == [" 0     1.00", " 0.25  0", "-0.50  2.50"]


def test_a_gradient_stands_under_its_value():
    value, gradient = lines(np.array([1.25, -10.0]), np.array([0.0, 0.0625]))
    assert value == ["1.25  -10.00"]
    assert gradient == ["   0  0.0625"]


# The largest floats are left out: rounded up to four digits they are infinite.
floats = st.floats(-1e300, 1e300) | st.sampled_from([np.nan, np.inf, -np.inf])
small_arrays = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=6).filter(lambda s: math.prod(s) <= SMALL),
    elements=floats,
)


@given(small_arrays)
def test_small_arrays_can_be_read_back(array):
    read = [float(word) for line in lines(array[()])[0] for word in line.split()]
    assert len(read) == array.size
    np.testing.assert_allclose(read, array.ravel(), rtol=0.06, atol=0, equal_nan=True)


@given(small_arrays)
def test_rows_are_rows(array):
    (text,) = lines(array)
    words = [len(line.split()) for line in text if line]
    across = min(array.shape[-1], 6) if array.ndim else 1
    assert all(count == across for count in words) or (array.shape[-1] > 6 and words == [6, array.size - 6])


many = st.integers(SMALL + 1, 40)


@given(
    hnp.arrays(np.float64, many, elements=floats)
    | hnp.arrays(np.complex128, many, elements=st.complex_numbers(max_magnitude=1e300))
    | st.sampled_from([np.float32, np.int64, np.bool_]).flatmap(lambda dtype: hnp.arrays(dtype, many))
)
def test_statistics(array):
    found = {name.strip(): float(figure) for name, figure in statistics(array)}
    wide = (np.abs(array) if array.dtype.kind == "c" else array).astype(np.float64)
    finite = wide[np.isfinite(wide)]
    assert found.get("nan", 0) == np.isnan(wide).sum()
    assert found.get("inf", 0) == np.isinf(wide).sum()
    if not finite.size:
        assert "min" not in found
        return
    assert found["min"] == pytest.approx(finite.min(), rel=1e-3)
    assert found["max"] == pytest.approx(finite.max(), rel=1e-3)
    assert found["mean"] == pytest.approx(
        math.fsum(x / finite.size for x in finite), rel=1e-3, abs=1e-12 * abs(finite).max()
    )
    assert found["norm"] == pytest.approx(math.hypot(*finite), rel=1e-3)


def test_statistics_of_float16_do_not_overflow():
    assert dict(statistics(np.full(100, 60000, np.float16)))["norm"] == "6e+05"


@pytest.mark.parametrize(("value", "text"), [(1.0, "scalar"), (np.ones(3), "3"), (np.ones((4, 0, 2)), "4 × 0 × 2")])
def test_shape(value, text):
    assert shape(value) == text


@given(hnp.arrays(np.float64, st.integers(1, 40), elements=st.integers(0, 8).map(float)))
def test_a_histogram_counts_as_numpy_does(array):
    heights = histogram(array, bins=4)
    if array.min() == array.max():
        assert heights == [1, 0, 0, 0]
    elif (array.max() - array.min()) % 4 == 0:  # edges between bins are exact
        counts = np.histogram(array, bins=4)[0]
        assert heights == (counts / counts.max()).tolist()


@given(hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(width=64)))
def test_every_array_has_a_histogram(array):
    heights = histogram(array)
    finite = np.isfinite(array).any()
    assert (len(heights), max(heights, default=None)) == ((16, 1) if finite else (0, None))
    assert len(bars(heights)) == len(heights)
    assert [c == " " for c in bars(heights)] == [height == 0 for height in heights]
