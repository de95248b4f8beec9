"""Mistakes that were found by trying to break the engine, each once."""

import gc
import math
import sys
import threading

import numpy as np
import pytest

import autodiff as ad
from autodiff import Tensor


def leaf(data):
    return Tensor(data, requires_grad=True)


def gradient_of(f, *args):
    leaves = [leaf(a) for a in args]
    y = f(*leaves)
    y.sum().backward()
    grads = [t.grad.data.tolist() for t in leaves]
    return grads[0] if len(grads) == 1 else grads


VALUES = {
    "forward mode of a padded constant": (
        lambda: ad.jvp(lambda x: ad.pad(x, 1, constant_values=5.0), (np.ones(2),), (np.ones(2),))[1].tolist(),
        [0, 1, 1, 0],
    ),
    "padding with a constant": (lambda: ad.pad(leaf([1.0]), 1, constant_values=5.0).tolist(), [5, 1, 5]),
    "an index in a nested tuple": (lambda: gradient_of(lambda x: x[((0, 0, 1),)], [1.0, 2.0, 3.0]), [2, 1, 0]),
    "an index in a tuple, along an axis": (lambda: gradient_of(lambda x: x[:, (0, 0)], [[1.0, 2.0]]), [[2, 0]]),
    "a pull's dict in another order": (
        lambda: ad.vjp(lambda x: {"a": x, "b": 2 * x}, 1.0)[1]({"b": 10.0, "a": 1.0}),
        (21.0,),
    ),
    "a tangent's dict in another order": (
        lambda: ad.jvp(lambda p: p["a"] * 3 + p["b"] * 5, ({"a": 1.0, "b": 1.0},), ({"b": 0.0, "a": 1.0},))[1],
        3.0,
    ),
    "a matrix is an array": (
        lambda: gradient_of(lambda a: a * np.matrix([[1.0, 2.0], [3.0, 4.0]]), [[1.0, 1.0], [1.0, 1.0]]),
        [[1, 2], [3, 4]],
    ),
    "forward mode through what does not count": (
        lambda: ad.jvp(lambda x: np.fmax(np.log(x), -9.0), (0.0,), (1.0,))[1],
        0.0,
    ),
    "forward mode through a maximum": (
        lambda: ad.jvp(lambda x: ad.max(ad.sqrt(x)), (np.array([0.0, 4.0]),), (np.ones(2),))[1],
        0.25,
    ),
    "a plain array summed where a tensor says": (lambda: np.sum(np.ones(3), where=leaf([1.0, -1.0, 2.0]) > 0), 2.0),
    "rounding": (lambda: (round(leaf(2.6)), round(leaf(2.61), 1).item()), (3, 2.6)),
    "quotient and remainder": (lambda: tuple(part.item() for part in divmod(leaf(7.0), 2.0)), (3.0, 1.0)),
    "clip with its bounds crossed": (lambda: gradient_of(ad.clip, 2.5, 3.0, 2.0), [0.0, 0.0, 1.0]),
    "clip, one side open": (lambda: gradient_of(lambda x, h: ad.clip(x, None, h), [1.0, 3.0], 2.0), [[1, 0], 1.0]),
    "prod that underflows": (
        lambda: gradient_of(ad.prod, np.float32([1e-30, 1e-30, 1e30])),
        [1.0, 1.0, 0.0],
    ),
    "variance with a great correction": (lambda: float(ad.var(Tensor([1.0, 3.0]), correction=3)), math.inf),
    "norm of small integers": (lambda: float(ad.norm(Tensor(np.int8([30, 40])))), 50.0),
    "sigmoid of unsigned integers": (lambda: float(ad.sigmoid(Tensor(np.uint8([0])))), 0.5),
    "softmax of integers": (lambda: ad.softmax(Tensor([1, 1])).tolist(), [0.5, 0.5]),
    "argsort by NumPy's arguments": (lambda: np.argsort(Tensor([1.0, 3.0, 2.0]), -1, "stable").tolist(), [0, 2, 1]),
    "p-norm at 0": (lambda: gradient_of(lambda x: ad.norm(x, 3, axis=1), [[0.0, 0.0], [1.0, 0.0]]), [[0, 0], [1, 0]]),
    "logsumexp beside infinity": (lambda: gradient_of(ad.logsumexp, [math.inf, 0.0])[1], 0.0),
    "a function of NaN that is masked": (
        lambda: gradient_of(lambda x: ad.where(x > 0, ad.exp(0.5 * ad.log(x)), 0.0), [-1.0, 0.0, 4.0]),
        [0, 0, 0.25],
    ),
    "a function of NaN that is masked by indexing": (
        lambda: gradient_of(lambda x: ad.exp(0.5 * ad.log(x))[x > 0], [-1.0, 4.0]),
        [0, 0.25],
    ),
    "jacobian, argument from the end": (
        lambda: ad.jacobian(lambda a, b: b * 2, argnums=-1)(np.ones(2), np.ones(2)).tolist(),
        [[2, 0], [0, 2]],
    ),
    "matmul without elements": (
        lambda: gradient_of(lambda a, b: a @ b, np.ones((2, 3, 0)), np.ones((0, 4)))[1],
        [],
    ),
    "einsum that stretches a summed axis": (
        lambda: gradient_of(lambda a, b: ad.einsum("i,i->", a, b), [2.0], [1.0, 2.0, 3.0]),
        [[6.0], [2.0, 2.0, 2.0]],
    ),
    "roll by a list": (
        lambda: gradient_of(lambda x: ad.roll(x, [1, 1], [0, 1]) * [[1.0, 2.0]], [[1.0, 1.0]]),
        [[2, 1]],
    ),
    "jvp of what has no derivative": (lambda: ad.jvp(lambda b: ad.heaviside(1.0, b), (0.5,), (1.0,))[1], 0.0),
    "copy of truth values": (lambda: Tensor([True]).copy().tolist(), [True]),
    "clip by NumPy's names": (lambda: np.clip(Tensor([-1.0, 5.0]), a_min=0, a_max=2).tolist(), [0, 2]),
    "uneven parts": (lambda: [len(p) for p in np.array_split(Tensor([1.0, 2.0, 3.0]), 2)], [2, 1]),
    "tile by an array": (lambda: np.tile(Tensor([1.0]), np.array([2, 1])).shape, (2, 1)),
    "einsum as NumPy calls it": (lambda: float(np.einsum("i,i", Tensor([2.0]), Tensor([3.0]), optimize=True)), 6.0),
    "divmod": (lambda: [float(v) for v in np.divmod(Tensor(7.0), 2.0)], [3.0, 1.0]),
    "modf": (lambda: [float(v) for v in np.modf(Tensor(-1.5))], [-0.5, -1.0]),
    "ldexp": (lambda: gradient_of(lambda x: np.ldexp(x, 3), 2.0), 8.0),
    "deg2rad": (lambda: gradient_of(np.deg2rad, 1.0), math.pi / 180),
    "std keeps single precision": (lambda: ad.std(Tensor(np.float32([1, 2]))).dtype, np.float32),
    "a power of nothing, by base and exponent": (
        lambda: [list(map(float, row)) for row in ad.hessian(lambda x, p: x**p, (0, 1))(2.0, 0.0)],
        [[0.0, 0.5], [0.5, math.log(2.0) ** 2]],
    ),
    "log_ndtr far on the right, twice": (lambda: float(ad.grad(ad.grad(ad.log_ndtr))(50.0)), 0.0),
    "log_ndtr at 0, twice": (lambda: float(ad.grad(ad.grad(ad.log_ndtr))(0.0)), -2 / math.pi),
    "fmod where a quotient is rounded up": (lambda: gradient_of(np.fmod, 1.0, 0.1), [1.0, -9.0]),
    "interp of unsigned integers": (lambda: gradient_of(lambda x: np.interp(x, [0, 1], np.uint8([2, 1])), 0.5), -1.0),
    "gradient by unsigned coordinates": (
        lambda: np.gradient(Tensor([1.0, 2.0, 4.0]), np.uint8([3, 2, 1])).tolist(),
        [-1.0, -1.5, -2.0],
    ),
    "average of bytes": (lambda: float(np.average(Tensor(np.uint8([200, 200])), weights=np.uint8([2, 2]))), 200.0),
    "average by whole weights keeps single precision": (
        lambda: np.average(Tensor(np.float32([1, 2])), weights=np.uint8([1, 2])).dtype,
        np.float32,
    ),
    "take by truth values": (
        lambda: gradient_of(lambda x: np.take(x, [True, False, True]), [1.0, 2.0, 3.0]),
        [1, 2, 0],
    ),
    "take nothing": (lambda: np.take(Tensor(np.ones((2, 3))), [], axis=0).shape, (0, 3)),
    "unique, forward, of so many that their squares have no room": (
        lambda: float(ad.jvp(np.unique, (np.arange(1e6) // 2,), (np.ones(10**6),))[1].sum()),
        5e5,
    ),
    "gradient of two samples": (lambda: np.gradient(Tensor([1.0, 2.0]), [0.0, 2.0]).tolist(), [0.5, 0.5]),
    "gradient keeps single precision": (lambda: np.gradient(Tensor(np.float32([1, 2])), [0.0, 2.0]).dtype, np.float32),
    "ediff1d keeps single precision": (lambda: np.ediff1d(Tensor(np.float32([1, 2])), to_end=[5.0]).dtype, np.float32),
    "select keeps single precision": (lambda: np.select([[True]], [Tensor(np.float32([1]))], 2.5).dtype, np.float32),
    "pad keeps single precision": (
        lambda: np.pad(Tensor(np.float32([1])), 1, constant_values=((1, 2.5),)).dtype,
        np.float32,
    ),
    "norm keeps single precision": (lambda: ad.norm(Tensor(np.float32([1, 2])), np.int64(3)).dtype, np.float32),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("call", "expected"), VALUES.values(), ids=VALUES.keys())
def test_value(call, expected):
    found = call()
    if isinstance(expected, float):
        assert found == pytest.approx(expected)
    elif isinstance(expected, list):
        assert flat(found) == pytest.approx(flat(expected))
    else:
        assert found == expected


def flat(nested):
    return [x for part in nested for x in flat(part)] if isinstance(nested, list) else [nested]


x, matrix = leaf([1.0, 2.0]), leaf(np.ones((2, 2)))


def fill(array):
    array[0] = x[0]


def generates():
    yield


ERRORS = {
    "take, axis": (lambda: ad.take(matrix, [0], axis=2), np.exceptions.AxisError, "2"),
    "take_along_axis, axis": (lambda: ad.take_along_axis(matrix, [[0]], axis=5), np.exceptions.AxisError, "5"),
    "take_along_axis, shape": (lambda: ad.take_along_axis(matrix, [0, 1], axis=1), ValueError, r"\(2,\).*\(2, 2\)"),
    "moveaxis": (lambda: np.moveaxis(matrix, 5, 0), np.exceptions.AxisError, "5"),
    "vecdot": (lambda: ad.vecdot(matrix, matrix, axis=3), np.exceptions.AxisError, "3"),
    "tensordot": (lambda: ad.tensordot(matrix, matrix, ((3,), (0,))), np.exceptions.AxisError, "3"),
    "einsum without its ellipsis": (lambda: ad.einsum("...i->i", matrix), ValueError, "ellipsis"),
    "a parameter given twice": (lambda: ad.sum(matrix, 0, axis=1), TypeError, "axis once"),
    "a parameter that goes by name": (lambda: ad.argsort(x, -1, True), TypeError, "descending once, by name"),
    "a number for an array's element": (lambda: fill(np.zeros(2)), ValueError, "sequence"),
    "a number for NumPy's function": (lambda: np.vectorize(lambda v: v * x[0], otypes=[float])(1.0), ValueError, "seq"),
    "a masked array as operand": (lambda: x * np.ma.array([1.0, 2.0], mask=[0, 1]), TypeError, "masked array"),
    "a masked array as data": (lambda: Tensor(np.ma.array([1.0, 2.0])), TypeError, "masked array"),
    "a masked array's function": (lambda: np.ma.sin(x), TypeError, "lost"),
    "objects as operand": (lambda: x * np.array([1, None], dtype=object), TypeError, "dtype object"),
    "times as operand": (lambda: x * np.timedelta64(1, "s"), TypeError, "dtype timedelta64"),
    "truth of several": (lambda: bool(x), ValueError, r"autodiff.any\(t\)"),
    "a method that is a function": (lambda: x.sort(), AttributeError, r"autodiff.sort\(t\)"),
    "no_grad of a generator function": (lambda: ad.no_grad()(generates), TypeError, "generates.*inside of it"),
    "checkpoint of no function": (lambda: ad.checkpoint(3), TypeError, "got int"),
    "axes of transpose": (lambda: Tensor(np.ones((2, 3))).transpose(0), ValueError, "axes"),
    "shapes, names and origins": (
        lambda: ad.matmul(ad.relu(matrix), Tensor([1.0, 2.0, 3.0], name="w")),
        ValueError,
        r"\(2, 2\) of relu\(\), 'w' \(3,\)",
    ),
    "open meshes": (lambda: np.ix_(x, x), TypeError, "reshape"),
    "a tangent with other keys": (
        lambda: ad.jvp(lambda p: p["a"], ({"a": 1.0},), ({"b": 1.0},)),
        ValueError,
        "'a'.*'b'",
    ),
}


def test_threads_add_to_one_gradient_without_loss():
    w = leaf(1.0)

    def work():
        for _ in range(200):
            (w * 3.0).backward()

    threads = [threading.Thread(target=work) for _ in range(8)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert w.grad.item() == 8 * 200 * 3.0


def test_many_assignments_take_linear_time():
    t, w = ad.zeros(10), leaf(2.0)
    for i in range(20_000):
        t[i % 10] = w * t[(i + 1) % 10] * 0.5 + 1.0
    t.sum().backward()
    assert np.isfinite(w.grad.item())


def test_hooks_are_freed_by_reference_counting():
    gc.collect()
    gc.disable()
    try:
        t = leaf([1.0])
        t.register_hook(lambda g: g)
        del t
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.parametrize(("call", "error", "text"), ERRORS.values(), ids=ERRORS.keys())
def test_error(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_forward_mode_refuses_a_freed_graph():
    def f(t):
        y = t * t
        y.backward(retain_graph=False)
        return y

    with pytest.raises(RuntimeError, match="freed"):
        ad.jvp(f, (3.0,), (1.0,))


# Writing behind a name of one's own: the memory counts, not the Tensor


def detached(t):
    t.detach()[0] = 100.0


def shared(t):
    ad.asarray(t.data)[0] = 100.0


def viewed(t):
    t.detach()[:1][0] = 100.0


@pytest.mark.parametrize("write", [detached, shared, viewed])
def test_writing_through_an_alias_is_noticed(write):
    t = leaf([1.0, 2.0])
    y = (t * t).sum()
    write(t)
    with pytest.raises(RuntimeError, match="multiply"):
        y.backward()


def test_writing_a_condition_is_noticed_and_an_index_is_copied():
    condition, t = Tensor([True, True]), leaf([1.0, 1.0])
    y = ad.where(condition, t, 0.0).sum()
    condition[0] = False
    with pytest.raises(RuntimeError, match="where"):
        y.backward()
    for index in (Tensor([0, 1]), np.array([0, 1])):
        t = leaf([1.0, 1.0, 1.0])
        y = t[index].sum()
        index[0] = 2
        y.backward()
        assert t.grad.tolist() == [1, 1, 0]


def test_recorded_gradients_are_not_shared():
    a, b, g = leaf([1.0]), leaf([1.0]), Tensor([1.0])
    (a + b).sum().backward(create_graph=True)
    assert not np.may_share_memory(a.grad.data, b.grad.data)
    a.zero_grad()
    (+a).backward(g, create_graph=True)
    assert not np.may_share_memory(a.grad.data, g.data)
    left, right = ad.grad(lambda a, b: (a + b).sum(), (0, 1))(leaf([1.0]), leaf([1.0]))
    assert not np.may_share_memory(left.data, right.data)
    v = np.ones(2)
    assert not np.may_share_memory(ad.jvp(lambda t: t, (np.ones(2),), (v,))[1], v)


def test_a_hook_keeps_the_dtype():
    t = leaf(np.float32([1.0]))
    t.register_hook(lambda g: g.data.astype(np.float64) * 2)
    (t * 3).sum().backward()
    assert t.grad.dtype == np.float32
    assert t.grad.tolist() == [6.0]


def test_graphs_with_several_results_and_array_parameters_print():
    t = leaf(np.eye(3))
    assert "svd" in repr(ad.graph(ad.linalg.svd(t)[0]))
    picked = ad.graph(t[np.array([[0, 1, 2], [2, 1, 0]])])
    assert len(str(picked).splitlines()) == len(picked.nodes)
