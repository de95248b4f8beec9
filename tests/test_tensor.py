"""The Tensor and its graph, as a user meets them."""

import asyncio
import copy
import gc
import pickle
import threading
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autodiff as ad
from autodiff import Tensor

finite = st.floats(-10, 10)


def leaf(data, **kwargs):
    return Tensor(data, requires_grad=True, **kwargs)


# What it is


def test_scalars_are_micrograds_experience():
    a, b = leaf(2.0), leaf(3.0)
    y = a * b**2
    y.backward()
    assert (y.item(), a.grad.item(), b.grad.item()) == (18.0, 9.0, 12.0)
    assert repr(Tensor(2.0) * Tensor(3.0) ** 2) == "Tensor(18.0)"


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (Tensor(2.0), "Tensor(2.0)"),
        (Tensor(3), "Tensor(3)"),
        (Tensor([1.0, 2.0], dtype=np.float32), "Tensor([1., 2.], dtype=float32)"),
        (leaf(2.0, name="w"), "Tensor(2.0, requires_grad=True, name='w')"),
        (leaf(2.0) * 3, "Tensor(6.0, op=multiply)"),
        (Tensor([[1, 2], [3, 4]]), "Tensor([[1, 2],\n        [3, 4]])"),
        (Tensor([]), "Tensor([])"),
    ],
)
def test_repr(tensor, text):
    assert repr(tensor) == text


def test_data_are_copied_and_asarray_shares():
    a = np.zeros(3)
    copied, shared = Tensor(a), ad.asarray(a)
    a[0] = 5
    assert copied.data[0] == 0
    assert shared.data[0] == 5


def test_attributes():
    t = leaf(np.zeros((2, 3), np.float32), name="t")
    assert (t.shape, t.ndim, t.size, t.dtype, t.is_leaf, t.op, t.inputs) == ((2, 3), 2, 6, np.float32, True, None, ())
    y = t * 2
    assert (y.is_leaf, y.op.name, y.requires_grad) == (False, "multiply", True)
    assert y.inputs[0] is t
    assert y.inputs[1].item() == 2
    assert t.T.shape == t.mT.shape == (3, 2)
    assert len(t) == 2
    assert [row.shape for row in t] == [(3,), (3,)]
    assert f"{leaf(1.25):.1f}" == "1.2"
    assert (float(leaf(2.5)), int(Tensor(2)), bool(Tensor(0.0)), [10, 20][Tensor(1)]) == (2.5, 2, False, 20)


def test_data_of_a_scalar_can_be_written_in_place():
    t = leaf(1.0)
    t.data[...] = 5.0
    assert t.item() == 5.0
    t.data -= 1.0
    assert t.item() == 4.0


def test_data_keeps_shape_and_dtype():
    t = Tensor([1.0, 2.0], dtype=np.float32)
    t.data = np.array([3.0, 4.0])
    assert t.dtype == np.float32
    with pytest.raises(ValueError, match=r"\(2,\).*\(3,\)"):
        t.data = np.zeros(3)


# dtype


@pytest.mark.parametrize(
    "other", [2, 2.0, True, np.float32(2), np.ones(3, np.float32), Tensor(np.float32(2))], ids=repr
)
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_single_precision_stays(other, dtype):
    if dtype is np.float16 and np.asarray(getattr(other, "data", other)).dtype == np.float32:
        return
    x = leaf(np.ones(3), dtype=dtype)
    for y in (x + other, other - x, x * other, other / x, x**2, x.sum(), x.mean(), ad.maximum(x, other)):
        assert y.dtype == dtype
        x.zero_grad()
        y.backward(np.ones(y.shape))
        assert x.grad.dtype == dtype


def test_mixed_precision_follows_numpy_and_gradients_return_to_their_own():
    single, double = leaf(np.ones(2, np.float32)), leaf(np.ones(2))
    y = (single * double).sum()
    assert y.dtype == np.float64
    y.backward()
    assert (single.grad.dtype, double.grad.dtype) == (np.float32, np.float64)


# The chain rule


def test_gradients_add_up_over_uses_and_calls():
    x = leaf(3.0)
    y = x * x + x
    assert len(ad.graph(x * x).edges) == 2
    y.backward()
    y.backward()
    assert x.grad.item() == 14.0
    x.zero_grad()
    y.backward()
    assert x.grad.item() == 7.0


def test_a_value_used_many_times():
    x = leaf(np.arange(3.0))
    sum((x * k for k in range(10)), x).sum().backward()
    assert np.array_equal(x.grad.data, [46, 46, 46])


@given(st.integers(1, 60))
def test_doublings_stay_linear(n):
    x = leaf(1.0)
    y = x
    for _ in range(n):
        y = y + y
    y.backward()
    assert x.grad.item() == 2.0**n
    assert len(ad.graph(y).nodes) == n + 1


@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=3, min_side=0))
def test_broadcasting_is_undone(shapes):
    a, b = (leaf(np.full(shape, 2.0)) for shape in shapes.input_shapes)
    y = a * b
    y.sum().backward()
    assert a.grad.shape == a.shape
    assert b.grad.shape == b.shape
    assert np.all(a.grad.data == 2.0 * (y.size / a.size if a.size else 0))


def test_gradients_share_memory_with_nothing():
    x, z, seed = leaf(np.ones(3)), leaf(np.ones(3)), np.ones(3)
    ((x + z) * 1.0).backward(seed)
    assert not np.may_share_memory(x.grad.data, z.grad.data)
    assert not np.may_share_memory(x.grad.data, seed)
    x.reshape(3, 1).backward(seed[:, None])
    seed[:] = 9
    x.grad.data[0] = 7
    assert np.array_equal(z.grad.data, [1, 1, 1])
    assert np.array_equal(x.grad.data, [7, 2, 2])


def test_backward_with_a_gradient():
    x = leaf([1.0, 2.0])
    (x * x).backward([10.0, 1.0])
    assert np.array_equal(x.grad.data, [20, 4])


def test_retain_grad_and_hooks():
    x = leaf(3.0)
    h = x * x
    h.retain_grad()
    seen = []
    handle = h.register_hook(lambda g: seen.append(g.item()))
    doubled = x.register_hook(lambda g: 2 * g)
    y = h * 5
    y.backward()
    assert (h.grad.item(), seen, x.grad.item()) == (5.0, [5.0], 60.0)
    handle.remove()
    doubled.remove()
    doubled.remove()
    y.backward()
    assert (h.grad.item(), seen, x.grad.item()) == (10.0, [5.0], 90.0)


def test_create_graph_differentiates_again():
    x = leaf(2.0)
    (x**3).backward(create_graph=True)
    first = x.grad
    x.zero_grad()
    first.backward()
    assert (first.item(), x.grad.item()) == (12.0, 12.0)


def test_retain_graph_false_frees_and_says_so():
    x = leaf(2.0)
    h = x * x
    y = h * 3
    gone = weakref.ref(h)
    y.backward(retain_graph=False)
    del h
    assert gone() is None
    with pytest.raises(RuntimeError, match="freed"):
        y.backward()


def test_detach_and_requires_grad():
    x = leaf(2.0)
    y = (x * x).detach()
    assert y.is_leaf
    assert not y.requires_grad
    assert not (y * y).requires_grad
    assert x.requires_grad_(False) is x
    assert not (x * x).requires_grad
    x.requires_grad = True
    assert (x * x).requires_grad


# Whether operations are recorded


def test_no_grad_as_context_and_decorator():
    x = leaf(2.0)
    with ad.no_grad():
        assert not ad.is_grad_enabled()
        assert not (x * x).requires_grad
        with ad.enable_grad():
            assert (x * x).requires_grad
    assert (x * x).requires_grad

    @ad.no_grad()
    def f():
        return x * x

    assert not f().requires_grad
    with pytest.raises(KeyError), ad.no_grad():
        raise KeyError
    assert ad.is_grad_enabled()


def test_recording_state_belongs_to_the_thread_and_the_task():
    barrier = threading.Barrier(2)
    results = {}

    def work(name, context):
        with context:
            barrier.wait()
            results[name] = ad.is_grad_enabled()
            barrier.wait()

    threads = [threading.Thread(target=work, args=a) for a in [("off", ad.no_grad()), ("on", ad.enable_grad())]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {"off": False, "on": True}

    async def task(context, pause):
        with context:
            await asyncio.sleep(pause)
            return ad.is_grad_enabled()

    async def both():
        return await asyncio.gather(task(ad.no_grad(), 0.02), task(ad.enable_grad(), 0.01), task(ad.no_grad(), 0))

    assert asyncio.run(both()) == [False, True, False]


def test_threads_do_not_disturb_each_other():
    shared = leaf(np.ones(4))
    results = []

    def work(k):
        mine = leaf(np.full(4, float(k)))
        for _ in range(50):
            mine.zero_grad()
            ((mine * shared.detach()) ** 2).sum().backward()
        results.append(np.array_equal(mine.grad.data, np.full(4, 2.0 * k)))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 8


def test_name_scopes_nest():
    x = leaf(2.0)
    with ad.name_scope("outer"):
        a = x * 2
        with ad.name_scope("inner"):
            b = a * 2
    c = b * 2
    assert [v.scope for v in ad.graph(c).nodes if v.op] == [("outer",), ("outer", "inner"), ()]


# Writing values


def written(write, build=lambda p: p * p):
    p = leaf([1.0, 2.0], name="p")
    y = build(p).sum()
    write(p)
    return y


@pytest.mark.parametrize(
    "write",
    [
        lambda p: setattr(p, "data", np.zeros(2)),
        lambda p: setattr(p, "data", np.subtract(p.data, 1.0, out=p.data)),
    ],
    ids=["rebound", "in place"],
)
def test_writing_a_value_that_is_still_needed_raises(write):
    y = written(write)
    with pytest.raises(RuntimeError, match=r"'p'.*\(2,\).*multiply"):
        y.backward()


def test_writing_through_a_view_raises():
    y = written(
        lambda p: setattr(p, "data", np.subtract(p.data, 1.0, out=p.data)), lambda p: ad.square(p.reshape(2, 1))
    )
    with pytest.raises(RuntimeError, match="square"):
        y.backward()


def test_writing_a_result_that_its_rule_needs_raises():
    x = leaf(1.0)
    y = ad.exp(x)
    y.data = 0.0
    with pytest.raises(RuntimeError, match="exp"):
        y.backward()


def test_writing_one_of_several_results_raises():
    w, _ = ad.linalg.eigh(leaf([[2.0, 0.5], [0.5, 1.0]]))
    total = w.sum()
    w.data -= 1.0
    with pytest.raises(RuntimeError, match=r"result of eigh\(\), of shape \(2,\) and \(2, 2\), was written"):
        total.backward()


def test_writing_a_value_that_is_not_needed_is_fine():
    p = leaf([1.0, 2.0])
    y = (p.reshape(2, 1) + p - 3.0).sum()
    p.data -= 1.0
    y.backward()
    assert np.array_equal(p.grad.data, [4, 4])


def test_writing_between_steps_is_fine():
    p = leaf(5.0)
    for _ in range(100):
        p.zero_grad()
        ((p - 1) ** 2).backward()
        p.data -= 0.1 * p.grad
    assert p.item() == pytest.approx(1.0)


def test_item_assignment():
    t = Tensor([1.0, 2.0, 3.0])
    t[1] = 5.0
    t[[0, 2]] = Tensor([7.0, 8.0])
    assert np.array_equal(t.data, [7, 5, 8])
    x, v = leaf([1.0, 2.0, 3.0]), leaf([7.0, 8.0])
    with pytest.raises(TypeError, match=r"leaf.*index_put.*no_grad"):
        x[0] = 3.0
    with pytest.raises(TypeError, match=r"view of another array"):
        (x * 2)[:2][0] = 3.0
    with pytest.raises(TypeError, match=r"leaf"):
        ad.hessian(lambda u: u.__setitem__(0, 2.0))(np.ones(2))
    y = ad.index_put(x, v, [0, 2])
    assert np.array_equal(y.data, [7, 2, 8])
    (x * y).sum().backward()
    assert np.array_equal(x.grad.data, [7, 4, 8])
    assert np.array_equal(v.grad.data, [1, 3])


@given(st.data())
def test_recorded_assignment_old_readers_see_the_old_value_and_new_readers_the_new_one(data):
    places = st.integers(0, 2)
    steps = data.draw(st.lists(st.tuples(st.sampled_from(["write", "read", "add", "all"]), places, places), max_size=8))
    begins_recorded = data.draw(st.booleans())

    def assigned(x):
        t = x * 1.0 if begins_recorded else ad.ones(3)
        total = ad.sum(x)
        for what, i, j in steps:
            if what == "write":
                t[i] = ad.sin(t[j]) * x[i]
            elif what == "read":
                total = total + t[i] * t[j]
            elif what == "add":
                t[i] += x[j] ** 2
            else:
                t[:] = t * x[j]
        return total + ad.sum(t * t)

    def without(x):
        t = [x[i] * 1.0 if begins_recorded else 1.0 for i in range(3)]
        total = ad.sum(x)
        for what, i, j in steps:
            if what == "write":
                t[i] = ad.sin(t[j]) * x[i]
            elif what == "read":
                total = total + t[i] * t[j]
            elif what == "add":
                t[i] = t[i] + x[j] ** 2
            else:
                t = [value * x[j] for value in t]
        return total + sum(value * value for value in t)

    x = np.array([0.7, -0.4, 1.2])
    for transform in (ad.grad, ad.hessian, lambda f: lambda x: ad.jvp(f, (x,), (x,))[1]):
        np.testing.assert_allclose(transform(assigned)(x), transform(without)(x), rtol=1e-12, atol=1e-12)


def test_recorded_assignment_keeps_names_hooks_and_graphs():
    x = leaf([1.0, 2.0])
    t = x * 3.0
    t.name = "t"
    seen = []
    t.register_hook(lambda g: seen.append(g.tolist()))
    t.retain_grad()
    before = t.sum()
    t[0] = x[1] ** 2
    assert (t.name, t.op.name) == ("t", "index_put")
    assert before.inputs[0].op.name == "multiply"
    (before + (t * t).sum()).backward()
    assert t.grad.tolist() == [8.0, 12.0]  # of the new value
    assert seen == [[1.0, 13.0]]  # of the old one
    assert x.grad.tolist() == [3.0, 39.0 + 8.0 * 4.0]
    assert "index_put" in str(ad.graph(t))


def test_of_several_values_for_one_place_the_last_stays():
    x, v = leaf([1.0, 2.0]), leaf([7.0, 8.0, 9.0])
    y = ad.index_put(x, v, [0, 1, 0])
    assert np.array_equal(y.data, [9, 8])
    y.sum().backward()
    assert np.array_equal(x.grad.data, [0, 0])
    assert np.array_equal(v.grad.data, [0, 1, 1])


def test_assignment_without_recording_is_a_write():
    x = leaf([1.0, 2.0])
    y = (x * x).sum()
    with ad.no_grad():
        x[0] = 5.0
    assert np.array_equal(x.data, [5, 2])
    with pytest.raises(RuntimeError, match=r"written after multiply"):
        y.backward()
    (x * x).sum().backward()
    assert np.array_equal(x.grad.data, [10, 4])


# Memory and depth


def test_a_million_operations_forwards_backwards_and_freed():
    x = leaf(1.0)
    y = x
    for _ in range(1_000_000):
        y = y + 1.0
    y.backward()
    assert x.grad.item() == 1.0
    assert y.item() == 1_000_001.0
    del y


def test_graphs_are_freed_by_reference_counting_alone():
    gc.collect()
    gc.disable()
    try:
        x = leaf(np.ones(3))
        h = x * x
        y = (h.exp() + h).sum()
        y.backward()
        y.backward(create_graph=True)
        gone = [weakref.ref(h), weakref.ref(y)]
        del h, y
        x.zero_grad()
        assert [r() for r in gone] == [None, None]
        assert gc.collect() == 0
    finally:
        gc.enable()


# Copies


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))], ids=["deepcopy", "pickle"])
def test_leaves_can_be_copied(copied):
    t = leaf(np.array([1.0, 2.0], np.float32), name="w")
    (t * t).sum().backward()
    u = copied(t)
    assert np.array_equal(u.data, t.data)
    assert np.array_equal(u.grad.data, t.grad.data)
    assert (u.dtype, u.requires_grad, u.name) == (np.float32, True, "w")
    u.data[0] = 9
    assert t.data[0] == 1
    with pytest.raises(TypeError, match="multiply"):
        copied(t * t)


# Complex numbers: the gradient of a real loss points uphill, as in PyTorch


def test_gradient_of_a_real_loss_of_complex_numbers():
    z = leaf([1 + 2j, -3 + 0.5j])
    (ad.abs(z) ** 2).sum().backward()
    np.testing.assert_allclose(z.grad.data, 2 * z.data)
    assert ad.grad(lambda x: ad.real(1j * x * x * (2 - 1j)))(3.0) == pytest.approx(6.0)
    assert ad.grad(lambda x: ad.imag(ad.exp(1j * x)))(0.3) == pytest.approx(np.cos(0.3))
    _, pushed = ad.jvp(lambda z: ad.abs(z), (3 + 4j,), (1.0 + 0j,))
    assert pushed == pytest.approx(0.6)
