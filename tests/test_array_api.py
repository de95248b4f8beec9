"""The Python array API standard: every name, every signature, and what the standard asks of the values.

The names and signatures stand in array_api_signatures.txt; docs/array-api.md says how to run the public suite.
"""

import inspect
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autodiff as ad
from autodiff import Tensor
from autodiff.testing.numerical import directional_derivative


def check_derivative(function, *xs):
    """Forward mode is what differences say, and reverse mode its transpose."""
    vs = [np.cos(1.0 + np.arange(x.size)).reshape(x.shape) for x in xs]
    slope, error = directional_derivative(lambda *ps: np.asarray(function(*ps)), list(xs), vs)
    y, dy = ad.jvp(function, xs, vs)
    np.testing.assert_allclose(dy, slope, atol=1e-6 + 10 * np.max(error, initial=0.0))
    g = np.sin(1.0 + np.arange(np.size(y))).reshape(np.shape(y))
    gradients = ad.vjp(function, *xs)[1](g)
    np.testing.assert_allclose(
        sum(np.vdot(a, v) for a, v in zip(gradients, vs, strict=True)), np.vdot(g, dy), atol=1e-12
    )


# Names and signatures

WHERE = {
    "namespace": lambda: (ad, np),
    "linalg": lambda: (ad.linalg, np.linalg),
    "fft": lambda: (ad.fft, np.fft),
    "array": lambda: (ad.Tensor([[1.0, 2.0], [3.0, 4.0]]), None),
    "info": lambda: (ad.__array_namespace_info__(), None),
}


#: Where NumPy writes its default in another way: None for "backward", <no value> for None.
NUMPYS_DEFAULT = {"norm", "rtol"}


def signature_of(text):
    """What `inspect` says of a line such as ``clip(x, /, min=None, max=None)``."""
    scope = {}
    exec(f"def {text}: pass", scope)
    return inspect.signature(scope[text.partition("(")[0]])


def standard():
    """A section, a name and a signature for each line; None for an attribute."""
    section = None
    for line in (Path(__file__).parent / "array_api_signatures.txt").read_text().splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            yield section, line.partition("(")[0], signature_of(line) if "(" in line else None


STANDARD = [pytest.param(*row, id=f"{row[0]}.{row[1]}") for row in standard()]
FUNCTIONS = [case for case in STANDARD if case.values[0] in ("namespace", "linalg", "fft")]


def test_the_table_is_whole():
    assert len(STANDARD) > 220


@pytest.mark.parametrize(("section", "name", "signature"), STANDARD)
def test_every_name_takes_the_arguments_of_the_standard(section, name, signature):
    found = getattr(WHERE[section]()[0], name)
    if signature is None:
        return
    ours = inspect.signature(found).parameters
    in_order = [p for p in ours.values() if p.kind is not p.KEYWORD_ONLY]
    for i, p in enumerate(signature.parameters.values()):
        if p.kind is p.KEYWORD_ONLY:
            assert ours[p.name].kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)
            assert ours[p.name].default == p.default or p.name in NUMPYS_DEFAULT, f"the default of {p.name}"
        else:
            assert in_order[i].kind is p.kind or p.kind is p.POSITIONAL_ONLY
            assert in_order[i].name == p.name or p.kind in (p.POSITIONAL_ONLY, p.VAR_POSITIONAL)


# Values: NumPy's, called as the standard says

POSITIVE = np.array([[0.3, 0.9, 0.1], [0.7, 0.2, 0.5]])
OTHER = np.array([[0.5, 0.4, 0.1], [0.1, 0.8, 0.6]])
DEFINITE = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])
VECTOR = np.array([3.0, 1.0, 3.0, 2.0])
INTEGERS = np.array([[5, 2, 7], [1, 3, 3]])

#: What a parameter of that name is given, and what one function in particular is given.
BY_NAME = {
    "namespace": {
        "x": POSITIVE,
        "x1": POSITIVE,
        "x2": OTHER,
        "condition": POSITIVE > 0.4,
        "arrays": [POSITIVE, OTHER],
        "shape": (2, 3),
        "fill_value": 7.5,
    },
    "linalg": {"x": DEFINITE, "x1": DEFINITE, "x2": DEFINITE + 1, "n": 3},
    "fft": {"x": POSITIVE, "n": 5},
}
IN_PARTICULAR = {
    "arange": [5],
    "asarray": [[1.0, 2.0]],
    "astype": [POSITIVE, np.float32],
    "broadcast_arrays": [POSITIVE, VECTOR[:3]],
    "broadcast_shapes": [(2, 1), (3,)],
    "broadcast_to": [POSITIVE, (4, 2, 3)],
    "can_cast": [np.float32, np.float64],
    "cross": [VECTOR[:3], VECTOR[1:]],
    "cumulative_prod": [VECTOR],
    "cumulative_sum": [VECTOR],
    "expand_dims": [POSITIVE, 1],
    "eye": [3, 2],
    "from_dlpack": [VECTOR],
    "isdtype": [np.float32, "real floating"],
    "linspace": [1, 3, 5],
    "meshgrid": [VECTOR, VECTOR[:2]],
    "moveaxis": [POSITIVE, 0, 1],
    "outer": [VECTOR, VECTOR[:2]],
    "permute_dims": [POSITIVE, (1, 0)],
    "repeat": [VECTOR, 2],
    "reshape": [POSITIVE, (3, 2)],
    "result_type": [np.float32, np.int8],
    "roll": [POSITIVE, 1],
    "searchsorted": [VECTOR[[1, 3, 0]], OTHER],
    "squeeze": [POSITIVE[None], 0],
    "take": [VECTOR, np.array([2, 0])],
    "take_along_axis": [POSITIVE, np.array([[2], [0]])],
    "tile": [POSITIVE, (2, 1)],
    "unique_all": [VECTOR],
    "unique_counts": [VECTOR],
    "unique_inverse": [VECTOR],
    "unique_values": [VECTOR],
    "matmul": [POSITIVE, OTHER.T],
    "bitwise_invert": [INTEGERS],
    **{f"bitwise_{name}": [INTEGERS, INTEGERS[::-1]] for name in ("and", "or", "xor", "left_shift", "right_shift")},
    **{f"logical_{name}": [POSITIVE > 0.4, OTHER > 0.4] for name in ("and", "or", "xor")},
}
#: finfo and iinfo are objects of our own; what lies in empty arrays is nobody's business.
WITHOUT_VALUES = {"__array_namespace_info__", "finfo", "iinfo", "empty", "empty_like", "tensordot", "vecdot"}


def parts(result):
    return list(result) if isinstance(result, (tuple, list)) else [result]


def on_tensors(argument):
    if isinstance(argument, list) and isinstance(argument[0], np.ndarray):
        return [Tensor(a) for a in argument]
    return Tensor(argument) if isinstance(argument, np.ndarray) else argument


@pytest.mark.parametrize(("section", "name", "signature"), FUNCTIONS)
def test_every_function_gives_what_numpy_gives(section, name, signature):
    if name in WITHOUT_VALUES:
        return
    ours, theirs = (getattr(module, name) for module in WHERE[section]())
    given, by_name = signature.parameters.values(), {}
    args = IN_PARTICULAR.get(name)
    if args is None:
        args = [BY_NAME[section][p.name] for p in given if p.kind is not p.KEYWORD_ONLY and p.default is p.empty]
    by_name = {p.name: p.default for p in given if p.kind is p.KEYWORD_ONLY}
    with np.errstate(all="ignore"):
        found, expected = ours(*map(on_tensors, args), **by_name), theirs(*args)
    assert len(parts(found)) == len(parts(expected))
    for a, b in zip(parts(found), parts(expected), strict=True):
        if name in ("eig", "eigvals"):  # complex even where they need not be, from NumPy 2.5 on
            b = np.real_if_close(b)
        assert isinstance(a, Tensor) == isinstance(b, (np.ndarray, np.generic))
        assert np.shape(a) == np.shape(b)
        if isinstance(a, Tensor):
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a.data, b, rtol=1e-13, atol=1e-14)
        else:
            assert a == b


# Dtypes

DTYPES = ad.__array_namespace_info__().dtypes()
dtypes = st.sampled_from(list(DTYPES.values()))


def test_dtypes_are_numpys():
    assert len(DTYPES) == 13
    for name, dtype in DTYPES.items():
        assert getattr(ad, name) is getattr(np, name)
        assert dtype == getattr(ad, name)
        assert isinstance(dtype, np.dtype)
        assert ad.zeros(2, dtype=dtype).dtype == dtype


@given(dtypes, dtypes)
def test_promotion_is_numpys(a, b):
    expected = np.result_type(a, b)
    for pair in ((a, b), (Tensor([1], dtype=a), b), (Tensor([1], dtype=a), Tensor(1, dtype=b))):
        assert ad.result_type(*pair) == expected
    assert ad.can_cast(Tensor(1, dtype=a), b) == ad.can_cast(a, b) == np.can_cast(a, b)
    if "b" not in a.kind + b.kind:
        assert (Tensor([1], dtype=a) + Tensor(1, dtype=b)).dtype == expected


@given(dtypes)
def test_a_python_number_takes_the_dtype_of_the_array(dtype):
    x = Tensor([1], dtype=dtype)
    number = {"b": True, "i": 2, "u": 2, "f": 2.0, "c": 2j}[dtype.kind]
    assert ad.result_type(x, number) == ad.result_type(number, dtype) == dtype
    if dtype.kind != "b":
        for function in (ad.add, ad.multiply, ad.pow, ad.subtract):
            assert function(x, number).dtype == function(number, x).dtype == dtype


@pytest.mark.parametrize("name", ["float16", "float32", "float64", "complex64", "complex128"])
def test_finfo(name):
    dtype = getattr(ad, name)
    theirs = np.finfo(dtype)
    for one in (dtype, Tensor([1.0], dtype=dtype), np.ones(1, dtype), name):
        ours = ad.finfo(one)
        assert ours.dtype == theirs.dtype
        for limit in ("bits", "eps", "max", "min", "smallest_normal"):
            assert getattr(ours, limit) == getattr(theirs, limit)
            assert type(getattr(ours, limit)) is (int if limit == "bits" else float)
    with pytest.raises(ValueError, match="int8"):
        ad.finfo(ad.int8)


@pytest.mark.parametrize("name", [n for n in DTYPES if "int" in n])
def test_iinfo(name):
    dtype = getattr(ad, name)
    for one in (dtype, Tensor([1], dtype=dtype), np.ones(1, dtype), name):
        ours = ad.iinfo(one)
        assert (ours.min, ours.max) == (np.iinfo(dtype).min, np.iinfo(dtype).max)
        assert (ours.bits, ours.dtype) == (8 * np.dtype(dtype).itemsize, dtype)
    with pytest.raises(ValueError, match="float32"):
        ad.iinfo(ad.float32)


def test_kinds_of_dtypes():
    info = ad.__array_namespace_info__()
    kinds = ["bool", "signed integer", "unsigned integer", "real floating", "complex floating"]
    assert {n: d for kind in kinds for n, d in info.dtypes(kind=kind).items()} == DTYPES
    assert info.dtypes(kind=("bool", "integral", "real floating", "complex floating")) == DTYPES
    assert set(info.dtypes(kind="numeric")) == set(DTYPES) - {"bool"}
    assert set(info.default_dtypes().values()) < set(DTYPES.values())
    assert all(value is not None for value in info.capabilities().values())


@given(dtypes, dtypes)
def test_astype(a, b):
    if a.kind == "c" and b.kind != "c":
        return
    x = Tensor([0, 1], dtype=a)
    y = ad.astype(x, b)
    assert y.dtype == b
    assert y is not x
    assert not np.may_share_memory(x.data, y.data)
    assert (ad.astype(x, b, copy=False) is x) == (a == b)
    assert isinstance(ad.astype(x.numpy(), b, copy=False), Tensor)


def test_astype_gives_the_gradient_in_the_dtype_of_its_argument():
    x = Tensor([1.0, 2.0], dtype=ad.float32, requires_grad=True)
    ad.sum(ad.astype(x, ad.float64) ** 2).backward()
    assert x.grad.dtype == ad.float32
    assert x.grad.tolist() == [2, 4]
    assert np.astype(x, np.float64).requires_grad


# Devices, versions, scalars


def test_the_only_device_is_the_cpu():
    x = Tensor([1.0], requires_grad=True)
    info = ad.__array_namespace_info__()
    assert x.device == info.default_device() == "cpu"
    assert info.devices() == ("cpu",)
    assert x.to_device("cpu") is x
    assert ad.zeros(2, device="cpu").device == "cpu"
    for call in (
        lambda: x.to_device("cuda"),
        lambda: x.to_device("cpu", stream=1),
        lambda: ad.zeros(2, device="cuda"),
        lambda: ad.asarray(x, device="cuda"),
        lambda: ad.astype(x, ad.float32, device="cuda"),
        lambda: ad.from_dlpack(np.ones(2), device="cuda"),
        lambda: info.dtypes(device="cuda"),
    ):
        with pytest.raises(ValueError, match="cpu"):
            call()


def test_versions():
    x = Tensor(1.0)
    assert x.__array_namespace__() is x.__array_namespace__(api_version=ad.__array_api_version__) is ad
    assert x.__array_namespace__(api_version="2024.12") is ad
    with pytest.raises(ValueError, match="2019"):
        x.__array_namespace__(api_version="2019.12")


def test_constants():
    assert (ad.e, ad.pi, ad.inf, ad.newaxis) == (np.e, np.pi, np.inf, None)
    assert np.isnan(ad.nan)
    assert Tensor([1.0])[ad.newaxis].shape == (1, 1)


def test_one_element_as_a_python_number():
    assert float(Tensor(1.5)) == 1.5
    assert int(Tensor(2)) == 2
    assert complex(Tensor(1j)) == 1j
    assert bool(Tensor(True))
    assert [10, 20, 30][Tensor(1)] == 20
    with pytest.raises(TypeError, match="float64"):
        [10][Tensor(0.0)]


def test_sizes_in_bytes():
    x = ad.zeros((2, 3), dtype=ad.float32)
    assert (x.itemsize, x.nbytes) == (4, 24)


def test_text_of_a_tensor():
    assert f"{Tensor([1.0])}" == "Tensor([1.])"
    assert f"{Tensor(1.0)}" == "Tensor(1.0)"
    assert f"{Tensor(1.0):.2f}" == "1.00"


def test_in_place_operators_make_a_new_value():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = x
    y *= 3
    y += x
    y **= 2
    ad.sum(y).backward()
    assert x.tolist() == [1, 2]
    assert x.grad.tolist() == [32, 64]


# Creation

CREATED = [
    (ad.empty, ((2, 3),)),
    (ad.zeros, ((2, 3),)),
    (ad.ones, ((2, 3),)),
    (ad.full, ((2, 3), 7)),
    (ad.arange, (5,)),
    (ad.linspace, (0, 1, 5)),
    (ad.eye, (3,)),
    (ad.empty_like, (np.ones(3),)),
    (ad.zeros_like, (np.ones(3),)),
    (ad.ones_like, (np.ones(3),)),
    (ad.full_like, (np.ones(3), 7)),
]


@pytest.mark.parametrize(("function", "args"), CREATED, ids=lambda x: getattr(x, "__name__", ""))
def test_creation(function, args):
    for dtype in (ad.float32, ad.int64, ad.complex128):
        x = function(*args, dtype=dtype, device=None)
        assert x.dtype == dtype
        assert not x.requires_grad
        x.data[...] = 0  # its own memory
    x = function(*args, dtype=ad.float32, device="cpu", requires_grad=True)
    assert x.requires_grad
    assert x.is_leaf
    with pytest.raises(TypeError, match="int64"):
        function(*args, dtype=ad.int64, requires_grad=True)


def test_arange():
    assert ad.arange(3).tolist() == [0, 1, 2]
    assert ad.arange(1, 3).tolist() == [1, 2]
    assert ad.arange(3, step=2).tolist() == [0, 2]
    assert ad.arange(3, 0, -2).tolist() == [3, 1]


def test_asarray_copies_when_told():
    a, x = np.ones(2), Tensor([1.0], requires_grad=True)
    assert ad.asarray(a, copy=False).data is a
    assert ad.asarray(a).data is a
    assert not np.may_share_memory(ad.asarray(a, copy=True).data, a)
    assert ad.asarray(x) is x
    assert ad.asarray(x, copy=True) is not x
    assert ad.asarray(x, copy=True).requires_grad
    assert ad.asarray(x, dtype=ad.float32).requires_grad
    assert ad.asarray([[1, 2], [3, 4]], dtype=ad.float32).dtype == ad.float32
    for one in (a, x):
        with pytest.raises(ValueError, match="copy"):
            ad.asarray(one, dtype=ad.float32, copy=False)
    with pytest.raises(ValueError, match="copy"):
        ad.reshape(ad.asarray(np.ones((2, 3)).T), -1, copy=False)


def test_what_creation_is_given_keeps_its_graph():
    a, b = np.array(0.5), np.array([1.0, 2.0])
    check_derivative(lambda v: ad.full((2, 3), v), a)
    check_derivative(lambda v: ad.full_like(ad.zeros(3), v), a)
    check_derivative(lambda v, w: ad.linspace(v, w, 4), a, b)
    check_derivative(lambda v, w: ad.linspace(v, w, 4, endpoint=False), b, b[:, None])
    np.testing.assert_allclose(ad.linspace(Tensor(a), Tensor(b), 4).data, np.linspace(a, b, 4), rtol=1e-15)
    assert ad.linspace(Tensor(0.0, dtype=ad.float32), 1.0, 3).dtype == ad.float32
    for dtype in (None, ad.float32):
        filled = ad.full(3, Tensor(2.0), dtype=dtype)
        filled.data[0] = 1
        assert filled.tolist() == [1, 2, 2]


@given(st.lists(hnp.arrays(np.float64, st.tuples(st.integers(0, 3)), elements=st.floats(-9, 9)), max_size=3), st.data())
def test_meshgrid(arrays, data):
    how = {
        "indexing": data.draw(st.sampled_from(["xy", "ij"])),
        "sparse": data.draw(st.booleans()),
        "copy": data.draw(st.booleans()),
    }
    ours, theirs = ad.meshgrid(*map(ad.asarray, arrays), **how), np.meshgrid(*arrays, **how)
    assert isinstance(ours, tuple)
    assert all(np.array_equal(a.data, b) for a, b in zip(ours, theirs, strict=True))
    if how["copy"]:
        assert all(y.data.flags.writeable and not np.may_share_memory(y.data, a) for y in ours for a in arrays)
    if arrays:
        check_derivative(lambda *xs: ad.concat([x.reshape(-1) for x in ad.meshgrid(*xs, **how)]), *arrays)


# DLPack


@given(hnp.arrays(np.float64, hnp.array_shapes(min_side=0)))
def test_dlpack_both_ways_with_numpy(a):
    x = ad.from_dlpack(a)
    assert np.array_equal(x.data, a, equal_nan=True)
    back = np.from_dlpack(x)
    assert np.shares_memory(back, a) or not a.size
    assert not np.may_share_memory(ad.from_dlpack(a, copy=True).data, a)


@pytest.mark.parametrize("name", DTYPES)
def test_dlpack_keeps_dtype_and_layout(name):
    x = ad.asarray(np.arange(6).reshape(2, 3).astype(name))
    for y in (x, x.T, x[:, ::2]):
        there = np.from_dlpack(y)
        assert there.dtype == name
        assert there.strides == y.data.strides
        assert np.array_equal(ad.from_dlpack(there).data, y.data)
    assert x.__dlpack_device__() == (1, 0)


def test_dlpack_of_scalars_and_read_only_memory():
    assert float(ad.from_dlpack(Tensor(2.5))) == 2.5
    assert np.from_dlpack(ad.sum(Tensor([1.0, 2.0]))) == 3
    assert np.from_dlpack(ad.broadcast_to(Tensor(1.0), (2,))).tolist() == [1, 1]


def test_dlpack_does_not_lose_a_gradient():
    x = Tensor([1.0], requires_grad=True)
    for lost in (x, x * 2):
        with pytest.raises(TypeError, match="detach"):
            np.from_dlpack(lost)
    assert np.from_dlpack(x.detach()).tolist() == [1]
    with ad.no_grad():
        assert np.from_dlpack(x).tolist() == [1]


def test_dlpack_both_ways_with_torch():
    torch = pytest.importorskip("torch")
    x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    there = torch.from_dlpack(x)
    there[0, 0] = 9.0
    assert x.tolist() == [[9, 2], [3, 4]]
    back = ad.from_dlpack(there)
    assert np.array_equal(back.data, x.data)
    with pytest.raises(TypeError, match="detach"):
        torch.from_dlpack(x.requires_grad_())


# Searching, sets, running totals

small = hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=4, min_side=0), elements=st.integers(-2, 2))


@given(small)
def test_sets(a):
    values, indices, inverse, counts = ad.unique_all(Tensor(a))
    assert np.array_equal(values.data[inverse.data], a)
    assert np.array_equal(a.reshape(-1)[indices.data], values.data)
    assert counts.data.sum() == a.size
    for ours, theirs in (
        (ad.unique_counts(a), np.unique_counts(a)),
        (ad.unique_inverse(a), np.unique_inverse(a)),
        (np.unique(Tensor(a), True, True, True), np.unique(a, True, True, True)),
    ):
        for x, y in zip(ours, theirs, strict=True):
            assert isinstance(x, Tensor)
            assert np.array_equal(x.data, y)
        assert getattr(ours, "_fields", None) == getattr(theirs, "_fields", None)


@given(small.filter(lambda a: a.size > 0))
def test_equal_elements_share_the_gradient(a):
    x = Tensor(a, requires_grad=True)
    values, _, inverse, counts = ad.unique_all(x)
    g = np.arange(1.0, values.size + 1)
    values.backward(g)
    assert np.array_equal(x.grad.data, (g / counts.data)[inverse.data])
    v = np.cos(np.arange(a.size)).reshape(a.shape)
    _, dy = ad.jvp(ad.unique_values, (a,), (v,))
    np.testing.assert_allclose(np.sum(g * dy), np.sum(x.grad.data * v), atol=1e-12)


def test_nan_is_equal_to_nothing_but_for_numpy():
    a = Tensor([np.nan, 1.0, np.nan])
    assert ad.unique_values(a).size == 3
    assert np.unique(a).size == 2
    with pytest.raises(TypeError, match="axis"):
        np.unique(a, axis=0)


@given(small, small, st.booleans())
def test_isin(a, b, invert):
    assert np.array_equal(ad.isin(Tensor(a), Tensor(b), invert=invert).data, np.isin(a, b, invert=invert))
    assert np.array_equal(ad.isin(Tensor(a), 1).data, a == 1)
    assert np.array_equal(np.isin(Tensor(a), b).data, np.isin(a, b))


@given(
    hnp.arrays(np.float64, st.integers(0, 5), elements=st.integers(-3, 3)), small, st.sampled_from(["left", "right"])
)
def test_searchsorted(line, values, side):
    order = np.argsort(line)
    expected = np.searchsorted(np.sort(line), values, side)
    assert np.array_equal(ad.searchsorted(Tensor(np.sort(line)), Tensor(values), side=side).data, expected)
    assert np.array_equal(ad.searchsorted(Tensor(line), values, side=side, sorter=Tensor(order)).data, expected)
    assert np.array_equal(np.searchsorted(Tensor(np.sort(line)), values, side).data, expected)


@given(
    hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=3), elements=st.floats(0.5, 2)),
    st.booleans(),
    st.data(),
)
def test_running_totals(a, include_initial, data):
    axis = data.draw(st.integers(-a.ndim, a.ndim - 1))
    how = {"axis": axis, "include_initial": include_initial}
    for ours, theirs in ((ad.cumulative_sum, np.cumulative_sum), (ad.cumulative_prod, np.cumulative_prod)):
        np.testing.assert_allclose(ours(Tensor(a), **how).data, theirs(a, **how), rtol=1e-14)
        np.testing.assert_allclose(theirs(Tensor(a), **how).data, theirs(a, **how), rtol=1e-14)
        check_derivative(lambda x, ours=ours: ours(x, **how), a)
        for dtype in (np.float32, np.int8, bool):
            assert ours(Tensor(a).astype(dtype), axis=axis).dtype == theirs(a.astype(dtype), axis=axis).dtype
            assert ours(Tensor(a), dtype=dtype, **how).dtype == dtype


def test_running_totals_need_an_axis():
    assert ad.cumulative_sum(Tensor([1, 2])).tolist() == [1, 3]
    for x in (Tensor(1.0), Tensor([[1.0]])):
        with pytest.raises(ValueError, match="axis"):
            ad.cumulative_sum(x)
