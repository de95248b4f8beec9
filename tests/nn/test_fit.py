"""Training is the loop one would write by hand; what interrupts, kills or breaks it loses nothing."""

import json
import math
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autodiff as ad
import nn
from nn.data import DataLoader, TensorDataset
from nn.training import (
    BestWeights,
    Callback,
    EarlyStopping,
    History,
    NonFiniteError,
    R2Score,
    accuracy,
    binary_accuracy,
    mean_absolute_error,
    mean_squared_error,
)

X = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
Y = X @ np.array([[1.0], [-2.0], [0.5]], np.float32)


def line(seed=0, **how):
    model = nn.Linear(3, 1, rng=seed, **how)
    return model, nn.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def fit(model, optimizer, data=(X, Y), loss=None, **how):
    how = {"progress": False, "rng": None if isinstance(data, DataLoader) else 0, **how}
    return nn.fit(model, loss or nn.MSELoss(), data, optimizer=optimizer, **how)


def same(one, two):
    for (name, p), q in zip(one.state_dict().items(), two.state_dict().values(), strict=True):
        np.testing.assert_array_equal(p, q, err_msg=name)


# The loop


def test_it_is_the_loop_one_would_write():
    (one, by_fit), (two, by_hand) = line(), line()
    history = fit(one, by_fit, epochs=3, batch_size=16)
    loader = DataLoader(TensorDataset(X, Y), 16, shuffle=True, rng=0)
    losses = []
    for _ in range(3):
        total = 0.0
        for x, y in loader:
            by_hand.zero_grad()
            loss = nn.MSELoss()(two(x), y)
            loss.backward()
            by_hand.step()
            total += loss.item() * len(x)
        losses.append(total / len(X))
    same(one, two)
    assert history["loss"] == losses
    assert history["epoch"] == [1, 2, 3]
    assert history["lr"] == [0.1] * 3


@pytest.mark.parametrize(
    "data",
    [
        (X, Y),
        [X, Y],
        (ad.tensor(X), ad.tensor(Y)),
        TensorDataset(X, Y),
        DataLoader(TensorDataset(X, Y), 8),
        [(X[:20], Y[:20]), (X[20:], Y[20:])],
        {1: (X, Y), 2: (X, Y)}.values(),
    ],
)
def test_data_in_every_form(data):
    batched = not isinstance(data, TensorDataset) and not (isinstance(data, (tuple, list)) and len(data[0]) == 40)
    history = fit(*line(), data, rng=None if batched else 0, epochs=2, validation=data)
    assert history["val_loss"][1] < history["loss"][0]


def test_several_inputs_and_a_generator_of_batches():
    class Both(nn.Module):
        def __init__(self):
            self.one, self.two = nn.Linear(3, 1, rng=0), nn.Linear(3, 1, rng=1)

        def forward(self, x, z):
            return self.one(x) + self.two(z)

    model = Both()
    optimizer = nn.optim.SGD(model.parameters())
    assert len(fit(model, optimizer, (X, X, Y), epochs=2)) == 2
    with pytest.raises(ValueError, match="no samples in epoch 2; an iterator can be gone through once"):
        fit(model, optimizer, (batch for batch in [(X, X, Y)]), rng=None, epochs=2)


@settings(max_examples=10)
@given(accumulate=st.integers(1, 6), clip=st.sampled_from([None, 0.1]))
def test_accumulated_gradients_are_those_of_all_samples_together(accumulate, clip):
    (one, a), (two, b) = line(dtype=np.float64), line(dtype=np.float64)
    x, y = X.astype(np.float64), Y.astype(np.float64)
    small = [(x[i : i + 7], y[i : i + 7]) for i in range(0, 40, 7)]
    large = [(x[i : i + 7 * accumulate], y[i : i + 7 * accumulate]) for i in range(0, 40, 7 * accumulate)]
    fit(one, a, small, rng=None, epochs=2, accumulate=accumulate, clip_grad_norm=clip)
    fit(two, b, large, rng=None, epochs=2, clip_grad_norm=clip)
    np.testing.assert_allclose(one.weight.data, two.weight.data, rtol=1e-10)


def test_clipping_bounds_every_step():
    model = nn.Linear(3, 1, rng=0)
    optimizer = nn.optim.SGD(model.parameters(), lr=1.0)
    sizes = []

    class Watch(Callback):
        def on_step_end(self, run):
            sizes.append(math.sqrt(sum(float((p.grad.data**2).sum()) for p in model.parameters())))

    fit(model, optimizer, (X, 1000 * Y), clip_grad_norm=0.5, callbacks=[Watch()])
    assert max(sizes) == pytest.approx(0.5, rel=1e-4)
    fit(model, optimizer, (X, 1000 * Y), clip_grad_value=0.01, callbacks=[Watch()])
    assert sizes[-1] <= 0.02 + 1e-6
    model.weight.register_hook(lambda g: g * np.inf)
    with (
        pytest.raises(NonFiniteError, match=r"the gradient of weight is -?(inf|nan) at index"),
        np.errstate(all="ignore"),
    ):
        fit(model, optimizer, clip_grad_value=0.01)
    assert np.isfinite(model.weight.data).all()


def test_schedulers_step_after_epochs_or_steps():
    model, optimizer = line()
    schedule = nn.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    assert fit(model, optimizer, epochs=3, scheduler=schedule)["lr"] == [0.1, 0.05, 0.025]
    model, optimizer = line()
    schedule = nn.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)
    assert fit(model, optimizer, epochs=2, batch_size=10, scheduler=schedule, schedule="step")["lr"] == [0.1, 0.1 / 16]
    model, optimizer = line()
    plateau = nn.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, threshold=1e9)
    history = fit(model, optimizer, epochs=4, validation=(X, Y), scheduler=plateau)
    assert history["lr"][-1] < history["lr"][0]


def test_lbfgs():
    model, _ = line()
    fit(model, nn.optim.LBFGS(model.parameters()), [(X, Y)], rng=None, epochs=3)
    np.testing.assert_allclose(model.weight.data, [[1.0, -2.0, 0.5]], atol=1e-3)


def test_modes_are_those_of_before_and_validation_is_in_evaluation_mode():
    seen = []

    class Net(nn.Sequential):
        def forward(self, x):
            seen.append((self.training, ad.is_grad_enabled()))
            return super().forward(x)

    model = Net(nn.Linear(3, 1), nn.Dropout(0.5))
    model[1].eval()
    fit(model, nn.optim.SGD(model.parameters()), [(X, Y)], rng=None, validation=[(X, Y)])
    assert seen == [(True, True), (False, False)]
    assert (model.training, model[0].training, model[1].training) == (True, True, False)


# Metrics


@given(size=st.integers(2, 20), cut=st.integers(0, 20), seed=st.integers(0, 99))
def test_r2_is_its_formula_however_it_is_cut(size, cut, seed):
    x, t = np.random.default_rng(seed).normal(size=(2, size))
    score = R2Score()
    score.update(x[:cut], t[:cut])
    score.update(x[cut:], t[cut:])
    assert score.compute() == pytest.approx(1 - ((x - t) ** 2).sum() / ((t - t.mean()) ** 2).sum())


def test_metrics_are_means_over_the_epoch():
    model, optimizer = line()
    optimizer.param_groups[0]["lr"] = 0.0
    metrics = {"mae": mean_absolute_error, "mse": mean_squared_error, "r2": R2Score()}
    history = fit(model, optimizer, batch_size=7, metrics=metrics, validation=(X, Y))
    p = model(X).numpy()
    for name, value in (("mae", abs(p - Y).mean()), ("mse", ((p - Y) ** 2).mean()), ("loss", ((p - Y) ** 2).mean())):
        assert history[name] == pytest.approx([value], rel=1e-5)
        assert history[f"val_{name}"] == pytest.approx([value], rel=1e-5)
    assert history["r2"] == pytest.approx([1 - ((p - Y) ** 2).sum() / ((Y - Y.mean()) ** 2).sum()], rel=1e-5)


def test_accuracies():
    assert accuracy(ad.tensor([[1.0, 2.0], [3.0, 1.0]]), [[0.0, 1.0], [0.0, 1.0]]) == 0.5
    assert accuracy(np.eye(3)[None].transpose(0, 2, 1), [[0, 1, 1]]) == pytest.approx(2 / 3)
    assert binary_accuracy([[0.4], [0.6]], [[0], [1]], threshold=0.5) == 1.0
    with pytest.raises(ValueError, match=r"\(N, C, \.\.\.\).*\(2,\) and \(2,\)"):
        accuracy([1.0, 2.0], [0, 1])
    with pytest.raises(ValueError, match=r"\(2, 1\), the target \(2,\)"):
        binary_accuracy([[1.0], [2.0]], [0, 1])


# Callbacks


def test_early_stopping_and_the_best_weights():
    values = iter([3.0, 2.0, 2.5, 1.9, 2.6, 2.7, 1.0])
    kept = []
    model, optimizer = line()

    class Set(Callback):
        def on_epoch_end(self, run):
            run.history.rows[-1]["score"] = next(values)
            kept.append(run.model.state_dict())

    stopping = EarlyStopping("score", patience=2, min_delta=0.05)
    history = fit(model, optimizer, epochs=20, callbacks=[Set(), stopping, BestWeights("score")])
    assert len(history) == 6
    assert history.stopped == "score was best in epoch 4, with 1.9"
    np.testing.assert_array_equal(model.weight.data, kept[3]["weight"])
    assert history.best("score")["epoch"] == 4


def test_the_best_weights_as_a_file_and_a_function_as_a_callback(tmp_path):
    model, optimizer = line()
    epochs = []
    callbacks = [BestWeights("loss", tmp_path / "best"), lambda run: epochs.append(run.epoch)]
    fit(model, optimizer, epochs=3, callbacks=callbacks)
    np.testing.assert_array_equal(nn.load(tmp_path / "best")["weight"], model.weight.data)
    assert epochs == [1, 2, 3]


# What is not finite


class Root(nn.Module):
    """Its derivative at 0 is infinite, its value below is NaN."""

    def __init__(self):
        self.line = nn.Linear(3, 1, rng=0)
        self.norm = nn.BatchNorm1d(1)

    def forward(self, x):
        return self.norm(ad.sqrt(self.line(x) + 10))


@pytest.mark.parametrize("accumulate", [1, 3])
def test_a_nan_stops_with_the_operation_and_the_last_finite_weights(accumulate):
    model = Root()
    optimizer = nn.optim.SGD(model.parameters(), lr=0.001)
    bad = [(X[:5], Y[:5])] * 6
    bad[4] = (X[:5] * 1e4, Y[:5])
    states = []

    class Keep(Callback):
        def on_step_end(self, run):
            states.append(run.model.state_dict())

    with (
        pytest.raises(NonFiniteError, match=r"epoch 1, step .*the loss is nan; sqrt\(\) in Root made nan") as caught,
        np.errstate(all="ignore"),
    ):
        fit(model, optimizer, bad, rng=None, callbacks=[Keep()], accumulate=accumulate)
    step = 5 if accumulate == 1 else 2
    assert (caught.value.epoch, caught.value.step, len(caught.value.history)) == (1, step, 0)
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, states[-1][name])


def test_an_infinite_gradient_is_taken_back():
    weight = nn.Parameter([0.0, 1.0])

    class Model(nn.Module):
        def __init__(self):
            self.weight = weight

        def forward(self, x):
            return ad.sqrt(self.weight) * x

    model = Model()
    with (
        pytest.raises(NonFiniteError, match=r"step 1: SGD .* made weight inf at index 0; the derivative of sqrt\(\)"),
        np.errstate(all="ignore"),
    ):
        fit(model, nn.optim.SGD([weight]), [(np.ones(2), np.ones(2))], rng=None)
    np.testing.assert_array_equal(weight.data, [0.0, 1.0])


def test_a_step_that_overflows_is_taken_back():
    model = nn.Linear(3, 1, rng=0)
    before = model.state_dict()
    optimizer = nn.optim.SGD(model.parameters(), lr=1e38, momentum=0.9)
    with (
        pytest.raises(NonFiniteError, match=r"step 1: SGD with learning rate 1e\+38 made weight -?inf .*no operation"),
        np.errstate(all="ignore"),
    ):
        fit(model, optimizer, (1e3 * X, Y))
    np.testing.assert_array_equal(model.weight.data, before["weight"])
    model.bias.data = np.array([np.nan], np.float32)
    with pytest.raises(NonFiniteError, match="the loss is nan; bias was nan at index 0 before the step"):
        fit(model, optimizer)


@pytest.mark.parametrize("bad", range(1, 11))
@pytest.mark.parametrize("finite_loss", [True, False])
def test_the_step_that_made_it_is_found_among_many(bad, finite_loss):
    class Rows(nn.Module):
        def __init__(self):
            self.rows = nn.Parameter(np.zeros(12))

        def forward(self, i):
            return ad.sum(ad.sqrt(self.rows[i] - (i == bad)) if i == bad - 1 + finite_loss else self.rows[i] ** 2)

    model, states = Rows(), []

    class Keep(Callback):
        def on_step_end(self, run):
            states.append(run.model.state_dict()["rows"])

    batches = [(i if finite_loss else i - 1, np.zeros(())) for i in range(1, 12)]
    model.rows.data = np.where(np.arange(12) == bad, 1.0, 0.0) if finite_loss else np.zeros(12)
    start = model.rows.data
    with pytest.raises(NonFiniteError) as caught, np.errstate(all="ignore"):
        fit(model, nn.optim.SGD([model.rows]), batches, rng=None, callbacks=[Keep()], loss=lambda p, t: p)
    assert caught.value.step == bad
    assert "derivative of sqrt()" in str(caught.value)
    np.testing.assert_array_equal(model.rows.data, [start, *states][bad - 1])


def test_great_weights_are_not_infinite():
    model = nn.Linear(3, 1, bias=False, rng=0)
    model.weight.data = np.full((1, 3), 1e30, np.float32)
    assert len(fit(model, nn.optim.SGD(model.parameters(), lr=0.0), [(1e-30 * X, Y)], rng=None)) == 1


def test_moments_that_are_not_finite_are_forgotten():
    model = nn.Linear(3, 1, rng=0)
    optimizer = nn.optim.Adam(model.parameters())

    class Infinite(Callback):
        def on_epoch_begin(self, run):
            model.weight.register_hook(lambda g: g * np.inf if run.epoch == 2 else g)

    with (
        pytest.raises(NonFiniteError, match=r"epoch 2, step 2: Adam .* made weight nan .*no operation"),
        np.errstate(all="ignore"),
    ):
        fit(model, optimizer, [(X, Y)], rng=None, epochs=3, callbacks=[Infinite()])
    assert model.weight not in optimizer.state
    assert model.bias in optimizer.state


def test_a_nan_in_the_data_and_a_loss_that_refuses_it():
    x = X.copy()
    x[3, 1] = np.nan
    with pytest.raises(NonFiniteError, match=r"loss is nan; affine\(\) in Linear was given a NaN"):
        fit(*line(), [(x, Y)], rng=None)
    model = nn.Sequential(nn.Linear(3, 1), nn.Sigmoid())
    optimizer = nn.optim.SGD(model.parameters())
    with pytest.raises(NonFiniteError, match=r"prediction is nan at index \(3, 0\); affine\(\)"):
        fit(model, optimizer, [(x, np.ones((40, 1)))], rng=None, loss=nn.BCELoss())
    with pytest.raises(ValueError, match="target") as caught:
        fit(model, optimizer, [(X, 2 * np.ones((40, 1)))], rng=None, loss=nn.BCELoss())
    assert not isinstance(caught.value, NonFiniteError)


def test_noise_is_the_same_in_the_diagnosis():
    seen = []

    class Noisy(nn.Module):
        def __init__(self):
            self.line = nn.Linear(3, 1)
            self.noise = nn.Dropout(0.5)

        def forward(self, x):
            y = self.noise(self.line(x))
            seen.append(y.numpy().copy())
            return ad.log(-ad.abs(y))

    model = Noisy()
    with pytest.raises(NonFiniteError, match=r"log\(\) in Noisy made"), np.errstate(all="ignore"):
        fit(model, nn.optim.SGD(model.parameters()), [(X, Y)], rng=None)
    np.testing.assert_array_equal(*seen)


# Interrupts


@pytest.mark.parametrize("moment", ["data", "step", "callback"])
def test_ctrl_c_returns_with_the_last_whole_step(moment):
    model, optimizer = line()
    states = [model.state_dict()]

    def interrupt():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)

    class Keep(Callback):
        def on_step_end(self, run):
            states.append(run.model.state_dict())
            if moment == "callback" and run.step == 6:
                interrupt()

    class Data(TensorDataset):
        def batch(self, indices):
            if moment == "data" and len(states) == 7:
                interrupt()
            return super().batch(indices)

    update = optimizer.step

    def step():
        if moment == "step" and len(states) == 6:
            interrupt()
        update()
        if moment == "step" and len(states) == 6:
            states.append(model.state_dict())

    optimizer.step = step
    handler = signal.getsignal(signal.SIGINT)
    history = fit(model, optimizer, Data(X, Y), batch_size=10, epochs=9, callbacks=[Keep()])
    assert signal.getsignal(signal.SIGINT) is handler
    assert len(history) == 1
    assert history.stopped == "interrupted in epoch 2, after 6 steps"
    np.testing.assert_array_equal(model.weight.data, states[6]["weight"])
    assert model.training


def test_in_another_thread():
    model, optimizer = line()
    thread = threading.Thread(target=fit, args=(model, optimizer))
    thread.start()
    thread.join()
    assert not np.array_equal(model.weight.data, line()[0].weight.data)


# Going on


def test_going_on_is_not_having_stopped(tmp_path):
    def run(epochs, path):
        model = nn.Sequential(nn.Linear(3, 4, rng=0), nn.Dropout(0.3, rng=1), nn.Linear(4, 1, rng=2))
        optimizer = nn.optim.Adam(model.parameters())
        return model, fit(model, optimizer, epochs=epochs, checkpoint=path, callbacks=[BestWeights("loss")])

    whole, history = run(6, None)
    for epochs in (2, 3, 6, 6):
        part, rows = run(epochs, tmp_path / "c")
    same(part, whole)
    assert rows.rows == history.rows
    (tmp_path / ".c.12345678.tmp").write_bytes(b"left by a writer that was killed")
    model, optimizer = line()
    fit(model, optimizer, checkpoint=tmp_path / "c", resume=False)
    assert [file.name for file in tmp_path.iterdir()] == ["c"]
    with pytest.raises(nn.StateDictError, match="c: "):
        run(9, tmp_path / "c")
    nn.save_checkpoint(tmp_path / "c", model=model, optimizer=optimizer, history=History(), callbacks=[], rng={})
    with pytest.raises(nn.StateDictError, match="'rng'"):
        fit(model, optimizer, checkpoint=tmp_path / "c")


KILLED = Path(__file__).with_name("killed_run.py")
#: How many runs are killed.
KILLS = int(os.environ.get("NN_KILLS", "4"))


def start(*paths):
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, KILLED, *paths], env=environment)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_a_run_killed_at_any_moment_goes_on_to_the_same_bits(tmp_path):
    begun = time.monotonic()
    assert start(tmp_path / "whole", tmp_path / "expected").wait() == 0
    length = time.monotonic() - begun
    kills = 0
    while kills < KILLS:
        for file in ("c", "result"):
            (tmp_path / file).unlink(missing_ok=True)
        while True:
            process = start(tmp_path / "c", tmp_path / "result")
            if kills < KILLS:
                # half of the time at once after a checkpoint began to be written, half at any moment
                pause, seen = random.uniform(0.2, 1.1) * length, time.monotonic()
                at_a_write = random.random() < 0.5
                while process.poll() is None and time.monotonic() - seen < pause:
                    if at_a_write and time.monotonic() - seen > pause / 2 and any(tmp_path.glob(".c.*.tmp")):
                        break
                    time.sleep(0.0005)
                process.kill()
            if (code := process.wait()) == 0:
                break
            assert code == -signal.SIGKILL
            kills += 1
        found, expected = (nn.load_checkpoint(tmp_path / name) for name in ("result", "expected"))
        assert repr(found["history"]) == repr(expected["history"])
        assert json.dumps(found["stopping"]) == json.dumps(expected["stopping"])
        for part in ("result", "c"):
            one, two = nn.load(tmp_path / part), nn.load(tmp_path / {"result": "expected", "c": "whole"}[part])
            assert {name: array.tobytes() for name, array in one.items()} == {n: a.tobytes() for n, a in two.items()}


# What it shows


def test_a_log_gets_lines_and_silence_is_silence(capsys):
    fit(*line(), epochs=3, progress=True)
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1].startswith("epoch 3/3: loss ")
    assert "\r" not in lines[-1]
    fit(*line(), epochs=3, progress=False)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_a_bar(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    fit(*line(), epochs=3, batch_size=10, progress=True)
    shown = capsys.readouterr().err
    assert "epoch 3/3" in shown
    assert "12/12" in shown
    assert "loss" in shown


ROWS = [{"epoch": 1, "loss": 0.5, "lr": 0.1}, {"epoch": 2, "loss": math.nan, "val_loss": math.inf, "lr": 0.1}]


def test_the_history_is_a_table(tmp_path):
    history = History(ROWS)
    history.stopped = "enough"
    assert str(history).splitlines() == [
        "epoch  loss   lr  val_loss",
        "    1   0.5  0.1",
        "    2   nan  0.1       inf",
        "stopped: enough",
    ]
    assert "<td>inf</td>" in history._repr_html_()
    assert history.to_csv(tmp_path / "h.csv") == "epoch,loss,lr,val_loss\n1,0.5,0.1,\n2,nan,0.1,inf\n"
    table = nn.data.read_csv(tmp_path / "h.csv", missing=np.nan)
    np.testing.assert_array_equal(table["loss"], [0.5, np.nan])
    json.loads(history.to_json(tmp_path / "h.json"), parse_constant=pytest.fail)
    again = History.from_json(tmp_path / "h.json")
    assert repr(again.rows) == repr(ROWS)
    assert again.stopped == "enough"
    assert repr(History()) == "History()"
    with pytest.raises(KeyError, match="no column 'los', it has"):
        history["los"]
    for wrong in ("", "[]", '{"rows": [{"epoch": []}], "stopped": null}', '{"rows": 3}', '{"rows": [], "stopped": 3}'):
        (tmp_path / "h.json").write_text(wrong)
        with pytest.raises(ValueError, match=r"h\.json: not a history"):
            History.from_json(tmp_path / "h.json")


def test_the_history_is_drawn():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    axes = History(ROWS).plot()
    assert [one.get_label() for one in axes.lines] == ["loss", "val_loss"]
    assert axes.lines[1].get_xdata().tolist() == [2]
    assert History(ROWS).plot("lr", ax=axes) is axes


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"data": 3}, TypeError, "a DataLoader, a pair of arrays .* got int"),
        ({"data": [X, Y], "batch_size": 0}, ValueError, "batch_size is at least 1, got 0"),
        ({"data": [(X, Y)], "batch_size": 3}, ValueError, "data comes in batches"),
        ({"data": [(X, Y)], "rng": 3}, ValueError, "data comes in batches"),
        ({"data": [X], "rng": None}, TypeError, "a pair .* got a ndarray"),
        ({"data": [(X,)], "rng": None}, TypeError, "a pair .* got a tuple of 1 parts"),
        ({"data": [], "rng": None}, ValueError, "no samples in epoch 1"),
        ({"validation": []}, ValueError, "validation gave no samples"),
        ({"data": (X, Y[:3])}, ValueError, "one length"),
        ({"epochs": -1}, ValueError, "epochs is at least 0, got -1"),
        ({"epochs": 1.5}, TypeError, "epochs is a whole number, got 1.5"),
        ({"accumulate": 0}, ValueError, "accumulate is at least 1"),
        ({"clip_grad_norm": 0}, ValueError, "clip_grad_norm is above 0"),
        ({"schedule": "batch"}, ValueError, "'epoch' or 'step', got 'batch'"),
        ({"callbacks": [3]}, TypeError, "a callback is"),
        ({"metrics": ["accuracy"]}, TypeError, "a metric is a function .* 'accuracy'"),
        ({"loss": nn.MSELoss(reduction="none")}, TypeError, r"one number.*shape \(32, 1\)"),
        ({"loss": lambda x, y: 0.0}, TypeError, "got float"),
        ({"callbacks": [EarlyStopping()]}, KeyError, r"'val_loss', an epoch gives \['epoch', 'loss', 'lr'\]"),
    ],
)
def test_what_is_refused(how, error, message):
    model, optimizer = line()
    with pytest.raises(error, match=message):
        fit(model, optimizer, **{"data": (X, Y), **how})


def test_settings_that_are_refused():
    with pytest.raises(TypeError, match=r"an Optimizer of nn\.optim, got type"):
        fit(line()[0], nn.optim.SGD)
    with pytest.raises(ValueError, match="patience is at least 1"):
        EarlyStopping(patience=0)
    with pytest.raises(ValueError, match="'min' or 'max', got 'auto'"):
        BestWeights(mode="auto")
    with pytest.raises(ValueError, match="min_delta is at least 0"):
        EarlyStopping(min_delta=-1)
