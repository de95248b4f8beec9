"""checkpoint changes nothing but memory and time, or raises."""

import gc
import tracemalloc
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
import nn
from autodiff import Tensor

x = np.array([0.3, -1.2, 0.8])


def block(v):
    for _ in range(5):
        v = ad.sin(v) * 1.1
    return v


w = Tensor([0.5, 2.0, -1.0], requires_grad=True)
FUNCTIONS = {
    "a chain": block,
    "no operation at all": lambda v: v,
    "other tensors": lambda v: block(v * w) + w,
    "a computed tensor from outside": lambda v, inner=w * w: ad.sum(v * inner) * inner,
    "an argument that is also used from outside": lambda v: v * v + ad.exp(v),
    "a decomposition": lambda v: ad.linalg.eigh(ad.outer(v, v) + np.diag([1.0, 2.0, 4.0]))[0],
}


@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_every_derivative_is_the_same(f):
    def plain(v):
        return ad.sum(f(v) ** 2)

    def checkpointed(v):
        return ad.sum(ad.checkpoint(f, v) ** 2)

    results = []
    for function in (plain, checkpointed):
        v = Tensor(x, requires_grad=True)
        w.zero_grad()
        y = function(v)
        y.backward()
        y.backward(create_graph=True)
        results.append(
            [
                y.data,
                v.grad.data,
                0 if w.grad is None else w.grad.data,
                ad.grad(function)(x),
                ad.jvp(function, (x,), (np.ones(3),))[1],
                ad.jacobian(f if function is plain else ad.checkpoint(f), mode="forward")(x),
                ad.jacobian(f if function is plain else ad.checkpoint(f), mode="reverse")(x),
                ad.hessian(function)(x),
                ad.hvp(function, (x,), (np.ones(3),)),
                ad.grad(lambda v, function=function: ad.sum(ad.hessian(function)(v)))(x),
            ]
        )
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(
            a.data if isinstance(a, Tensor) else a, b.data if isinstance(b, Tensor) else b, rtol=1e-12, atol=1e-13
        )


@given(st.integers(1, 4), st.booleans())
def test_trees_in_and_out_with_unused_parts(n, use_all):
    def f(p, scale=1.0):
        return {"s": ad.sin(p["a"]) * scale, "n": 3, "t": (p["a"] * p["b"][0], p["b"][0])}

    def loss(p, wrapped):
        out = wrapped(p, scale=2.0)
        return ad.sum(out["t"][0]) + (ad.sum(out["s"]) * out["n"] + out["t"][1] if use_all else 0.0)

    p = {"a": np.linspace(0, 1, n), "b": [2.0]}
    plain, saved = ad.grad(loss)(p, f), ad.grad(loss)(p, ad.checkpoint(f))
    np.testing.assert_allclose(plain["a"], saved["a"])
    np.testing.assert_allclose(plain["b"], saved["b"])


def test_the_peak_falls():
    values = np.random.default_rng(0).normal(size=50_000)

    def peak(wrapped):
        v = Tensor(values, requires_grad=True)
        tracemalloc.start()
        try:
            y = v
            for _ in range(20):
                y = wrapped(y)
            ad.sum(y).backward()
            return tracemalloc.get_traced_memory()[1], v.grad.data
        finally:
            tracemalloc.stop()

    whole, expected = peak(block)
    less, found = peak(ad.checkpoint(block))
    np.testing.assert_array_equal(found, expected)
    assert less < 0.25 * whole


def test_dropout_draws_the_same_numbers_again_and_goes_on_where_it_was():
    def run(wrapped):
        model = nn.Sequential(nn.Linear(3, 8, rng=0), nn.Dropout(0.5, rng=np.random.default_rng(5)))
        out = [wrapped(model)(np.ones((4, 3), np.float32)) for _ in range(2)]
        ad.sum(out[0] * out[1]).backward()
        return out[1].data, model[0].weight.grad.data

    (plain, expected), (saved, found) = run(lambda model: model), run(ad.checkpoint)
    np.testing.assert_array_equal(plain, saved)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_nested_checkpoints_share_what_was_drawn():
    def run(wrapped):
        generator = np.random.default_rng(3)

        def inner(v):
            return v * ad.replayable(generator).normal(size=3)

        v = Tensor(x, requires_grad=True)
        y = ad.sum(wrapped(lambda v: ad.sin(wrapped(inner)(v)))(v))
        generator.normal()  # somebody else draws before it is computed again
        y.backward()
        return v.grad.data, generator.normal()

    np.testing.assert_array_equal(run(lambda f: f)[0], run(ad.checkpoint)[0])
    assert run(lambda f: f)[1] == run(ad.checkpoint)[1]


def test_an_argument_that_the_function_also_reads_from_outside():
    def second_derivative(wrapped):
        t = Tensor(x, requires_grad=True)
        y = ad.sum(wrapped(lambda v: v * t * t)(t))
        y.backward(create_graph=True)
        slope, t.grad = t.grad, None
        ad.sum(slope).backward()
        return slope.data, t.grad.data

    for found in (second_derivative(lambda f: f), second_derivative(ad.checkpoint)):
        np.testing.assert_allclose(found, (3 * x**2, 6 * x), rtol=1e-14)


def test_a_function_that_gives_something_else_is_refused():
    generator = np.random.default_rng(0)
    y = ad.checkpoint(lambda v: v * generator.normal(), Tensor(x, requires_grad=True))
    with pytest.raises(RuntimeError, match=r"another result.*replayable"):
        ad.sum(y).backward()
    scale = [2.0]
    y = ad.checkpoint(lambda v: v * scale[0], Tensor(x, requires_grad=True))
    scale[0] = 3.0
    with pytest.raises(RuntimeError, match="another result"):
        ad.sum(y).backward()


def test_writing_what_is_still_needed_raises():
    weight = Tensor(2.0, requires_grad=True)
    y = ad.checkpoint(lambda v: v * weight, Tensor(x, requires_grad=True))
    weight.data -= 0.5
    with pytest.raises(RuntimeError, match="written after checkpoint"):
        ad.sum(y).backward()


def test_nothing_is_recorded_that_need_not_be():
    assert not ad.checkpoint(block, Tensor(x)).requires_grad
    assert ad.checkpoint(lambda v: v + 1, 1) == 2
    with ad.no_grad():
        assert ad.checkpoint(block, Tensor(x, requires_grad=True)).is_leaf
    assert ad.checkpoint(block).__name__ == "block"


def test_what_was_computed_on_the_way_is_freed_by_reference_counting():
    seen = []

    def watched(v):
        u = ad.sin(v)
        seen.append(weakref.ref(u))
        return ad.exp(u)

    gc.collect()
    gc.disable()
    try:
        v = Tensor(x, requires_grad=True)
        y = ad.checkpoint(watched, v)
        assert seen[0]() is None
        ad.sum(y).backward()
        assert seen[1]() is None
        alive = weakref.ref(y)
        del y
        assert alive() is None
        assert gc.collect() == 0
    finally:
        gc.enable()
