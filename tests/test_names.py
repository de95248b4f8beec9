"""What has a meaning on Tensors by NumPy's name has it by ours too, and the meaning is the same."""

import inspect

import numpy as np
import pytest

import autodiff as ad
from autodiff import Tensor
from autodiff.op import numpy_functions

#: What writes somewhere, which Tensors refuse, and what only describes an array.
NUMPYS_OWN = {
    *("copyto", "fill_diagonal", "place", "put", "put_along_axis", "putmask"),
    *("save", "savetxt", "savez", "savez_compressed"),
    *("array2string", "array_repr", "array_str", "common_type", "copy", "einsum_path", "ix_", "may_share_memory"),
    *("min_scalar_type", "ndim", "packbits", "rollaxis", "shape", "shares_memory", "size", "unpackbits"),
}
NAMED = {f.__name__: f for f in numpy_functions if getattr(np, getattr(f, "__name__", ""), None) is f}


def test_every_numpy_function_that_takes_tensors_is_reachable():
    assert {name for name in NAMED if name not in ad.__all__} <= NUMPYS_OWN


@pytest.mark.parametrize("module", ["linalg", "fft"])
def test_every_function_of_numpys_submodules_is_reachable(module):
    ours, theirs = getattr(ad, module), getattr(np, module)
    assert [
        name for name in theirs.__all__ if not inspect.isclass(getattr(theirs, name)) and not hasattr(ours, name)
    ] == []


ONE = [
    *("argwhere", "conjugate", "deg2rad", "fix", "flatnonzero", "isreal", "iscomplex", "isposinf", "isneginf"),
    *("around", "nanargmax", "nanargmin", "rad2deg", "lexsort", "iscomplexobj", "isrealobj"),
]
MORE = [
    ("allclose", ([1.0, 2.0], [1.0, 2.0 + 1e-12])),
    ("array_equal", ([1.0, 2.0], [1.0, 3.0])),
    ("array_equiv", ([1.0, 1.0], 1.0)),
    ("argpartition", ([3.0, 1.0, 2.0], 1)),
    ("digitize", ([0.5, 2.5], [1.0, 2.0])),
    ("isclose", ([1.0, np.nan], [1.0, np.nan])),
    ("geomspace", (1.0, 8.0, 4)),
    ("logspace", (0.0, 3.0, 4)),
    ("invert", ([1, 2],)),
    ("left_shift", ([1, 2], 3)),
    ("right_shift", ([8, 9], 2)),
    ("unravel_index", ([1, 5], (2, 3))),
    ("ravel_multi_index", (([0, 1], [1, 2]), (2, 3))),
    ("tril_indices_from", (np.ones((3, 3)),)),
    ("triu_indices_from", (np.ones((3, 3)),)),
    ("diag_indices_from", (np.ones((3, 3)),)),
]


@pytest.mark.parametrize(
    ("name", "args"),
    [*((name, ([[-1.5, 0.0], [0.0, 2.25]],)) for name in ONE), *MORE],
    ids=[*ONE, *(m[0] for m in MORE)],
)
def test_the_result_is_numpys(name, args):
    expected = getattr(np, name)(*map(np.asarray, args)) if name != "ravel_multi_index" else np.ravel_multi_index(*args)
    ours = getattr(ad, name)
    given = args if name in ("geomspace", "logspace", "ravel_multi_index", "unravel_index") else map(np.asarray, args)
    first, *rest = given
    results = [ours(first, *rest)]
    if not isinstance(first, tuple):
        results.append(ours(Tensor(first), *rest))
    for result in results:
        parts, wanted = (result, expected) if isinstance(result, tuple) else ((result,), (expected,))
        for part, value in zip(parts, wanted, strict=True):
            np.testing.assert_allclose(np.asarray(part), value, rtol=1e-15)


@pytest.mark.parametrize("name", ["isclose", "allclose", "argwhere"])
def test_what_has_no_gradient_says_so_under_its_own_name(name):
    assert getattr(ad, name).__name__ == name
    assert "no gradient" in inspect.getdoc(getattr(ad, name))
    assert list(inspect.signature(getattr(ad, name)).parameters) == list(
        inspect.signature(getattr(np, name)).parameters
    )


def test_ends_of_geometric_spaces_differentiate():
    """Of y_i = b^(a + t_i (c - a)), the derivatives by a, b and c; of y_i = a (b / a)^t_i, those by a and b."""
    t = np.linspace(0, 1, 5)
    a, b, c = 0.3, 2.5, 1.7
    powers, exponents = b ** (a + t * (c - a)), a + t * (c - a)
    expected = [powers * np.log(b) * (1 - t), powers * exponents / b, powers * np.log(b) * t]
    found = ad.jacobian(lambda a, b, c: ad.logspace(a, c, 5, base=b), argnums=(0, 1, 2))(a, b, c)
    np.testing.assert_allclose(found, expected, rtol=1e-13)
    y = a * (b / a) ** t
    found = ad.jacobian(lambda a, b: ad.geomspace(a, b, 5), argnums=(0, 1))(a, b)
    np.testing.assert_allclose(found, [y * (1 - t) / a, y * t / b], rtol=1e-13)
