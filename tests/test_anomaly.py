"""detect_anomaly: what went wrong first, where, and in which line; and arrays that changed behind the graph's back."""

import asyncio
import threading

import numpy as np
import pytest

import autodiff as ad
import nn
from autodiff import Tensor

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def leaf(values, name=None):
    return Tensor(values, requires_grad=True, name=name)


def backward(y):
    y.backward()


class Log(nn.Module):
    def forward(self, x):
        return ad.log(x)


#: name: what is done, and what the error has to say (the line is this file's).
FOUND = {
    "NaN made": (
        lambda: ad.log(leaf([[1.0, 3.0, -2.0]], "x")) * 2,
        [r"^log\(\) made nan, in 1 of 3 elements", r"first at index \(0, 2\)", r"'x' of shape \(1, 3\), there -2.0"],
    ),
    "infinity made": (lambda: 1 / leaf([0.0, 0.0, 1.0]), [r"divide\(\) made inf, in 2 of 3 elements", "there 0.0"]),
    "NaN of infinities": (lambda: leaf(np.inf) - np.inf, [r"subtract\(\) made nan", "there inf, .*there inf"]),
    "NaN given": (
        lambda: leaf([1.0, 2.0]) * np.array([3.0, np.nan]),
        [r"multiply\(\) was given a NaN, in 1 of 2 elements of argument 2"],
    ),
    "in a module": (
        lambda: nn.Sequential(nn.Identity(), Log())(leaf([0.0, 1.0])),
        [r"log\(\) in Sequential / 1: Log made -inf"],
    ),
    "backwards": (
        lambda: backward(ad.sum(ad.sqrt(leaf([4.0, 0.0])))),
        [r"the derivative of sqrt\(\) made inf, in 1 of 2 elements, first at index \(1,\)"],
    ),
    "backwards, NaN": (
        lambda: backward(ad.sum(ad.power(leaf([0.0, 4.0]), 0.5) * 0.0 * 1.0) + ad.sum(leaf([-1.0]) ** leaf([2.0]))),
        [r"the derivative of power\(\) made nan"],
    ),
    "forward mode": (
        lambda: ad.jvp(ad.sqrt, (np.zeros(2),), (np.ones(2),)),
        [r"the derivative of sqrt\(\) made inf, in 2 of 2"],
    ),
    "in the derivative's own graph": (
        lambda: ad.hessian(lambda v: ad.sum(ad.sqrt(v)))(np.array([0.0, 1.0])),
        [r"divide\(\) made inf"],
    ),
    "several results": (
        lambda: ad.linalg.slogdet(leaf(np.zeros((2, 2))))[1] * 1.0,
        [r"slogdet\(\) made -inf|matrix|log\(\) made -inf"],
    ),
}


@pytest.mark.parametrize(("action", "texts"), FOUND.values(), ids=FOUND.keys())
def test_found(action, texts):
    with pytest.raises(RuntimeError) as error, ad.detect_anomaly():
        action()
    for text in texts:
        assert error.match(text)
    assert "test_anomaly.py:" in str(error.value)


FINE = {
    "an infinity that was given": lambda: ad.sum(ad.softmax(leaf([1.0, 2.0]) + np.array([0.0, -np.inf]))).backward(),
    "what is masked": lambda: backward(ad.sum(ad.where(leaf([0.0, 4.0]).detach() > 0, leaf([0.0, 4.0]), 1.0))),
    "a training step": lambda: backward(
        nn.functional.cross_entropy(nn.Linear(3, 2, rng=0)(np.ones((4, 3))), [0, 1, 1, 0])
    ),
    "second order": lambda: ad.hessian(lambda v: ad.sum(ad.exp(v) * v[0]))(np.ones(3)),
    "integers and comparisons": lambda: leaf([1.0, 2.0])[np.array([1, 1])] > 1,
    "a checkpoint": lambda: backward(ad.sum(ad.checkpoint(ad.tanh, leaf([1.0, 2.0])))),
    "not recorded": lambda: ad.log(Tensor([0.0])),
}


@pytest.mark.parametrize("action", FINE.values(), ids=FINE.keys())
def test_no_false_alarm(action):
    with ad.detect_anomaly():
        action()


@pytest.mark.parametrize("position", [0, 1])
def test_arrays_changed_behind_the_graphs_back(position):
    values = np.array([1.0, 2.0, 3.0])
    x = leaf([4.0, 5.0, 6.0])
    with ad.detect_anomaly():
        y = ad.sum(x * values if position else values * x)
        values[1] = 9.0
        with pytest.raises(
            RuntimeError, match=r"argument \d of multiply\(\), shape \(3,\), was changed.*test_anomaly.py:"
        ):
            y.backward()


def test_memory_of_a_tensor_written_through_numpy():
    x = leaf([4.0, 5.0], "x")
    with ad.detect_anomaly():
        y = ad.sum(x * x)
        x.data[0] = 1.0
        with pytest.raises(RuntimeError, match=r"argument 1 of multiply\(\), 'x' of shape \(2,\), was changed"):
            y.backward()


def test_the_line_is_known_afterwards_and_asked_for_before():
    x = leaf([0.0])
    with ad.detect_anomaly():
        y = ad.sum(ad.sqrt(x))
    y.backward()  # nobody looks
    with pytest.raises(RuntimeError, match=r"test_anomaly.py:"), ad.detect_anomaly():
        y.backward()
    y = ad.sum(ad.sqrt(x))
    with pytest.raises(RuntimeError, match="run the forward pass inside detect_anomaly"), ad.detect_anomaly():
        y.backward()


def test_errors_name_scope_and_line_when_they_are_known():
    x = leaf(2.0, "x")
    with ad.name_scope("model"), ad.detect_anomaly():
        y = x * x
    x.data -= 1.0
    with pytest.raises(RuntimeError, match=r"'x'.*multiply\(\) \(in model, .*test_anomaly.py:\d+, in test_errors"):
        y.backward()


def test_as_a_decorator_nested_in_other_states_and_left_again():
    @ad.detect_anomaly()
    def looked_at():
        with ad.no_grad():
            assert not ad.is_grad_enabled()
            ad.log(leaf(0.0))
            with ad.enable_grad(), pytest.raises(RuntimeError, match="log"):
                ad.log(leaf(0.0))
        with ad.name_scope("s"), pytest.raises(RuntimeError, match="log"):
            ad.log(leaf(0.0))

    looked_at()
    ad.log(leaf(0.0))
    with ad.no_grad(), ad.detect_anomaly():
        assert not ad.is_grad_enabled()
        assert not ad.log(leaf(0.0)).requires_grad


def test_one_threads_or_tasks_alone():
    met = []

    def other():
        met.append(ad.log(leaf(0.0)).item())

    async def both():
        async def looks():
            with ad.detect_anomaly():
                await asyncio.sleep(0)
                with pytest.raises(RuntimeError):
                    ad.log(leaf(0.0))

        async def does_not():
            await asyncio.sleep(0)
            other()

        await asyncio.gather(looks(), does_not(), looks(), does_not())

    with ad.detect_anomaly():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    asyncio.run(both())
    assert met == [-np.inf] * 3
