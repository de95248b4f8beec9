"""The loop over epochs: `fit`."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np

import autodiff as ad
from nn import checks
from nn.data import DataLoader, Dataset, TensorDataset
from nn.module import Module, modes_kept
from nn.optim import LBFGS, Optimizer
from nn.optim.lr_scheduler import ReduceLROnPlateau
from nn.random import Rng, generator
from nn.saving import load_checkpoint, remove_leftovers, save_checkpoint
from nn.training.callbacks import Callback
from nn.training.history import History
from nn.training.metrics import Metric
from nn.training.progress import Progress
from nn.utils import clip_grad_norm_, clip_grad_value_

Array = np.ndarray[Any, Any]

_ONCE = "an iterator can be gone through once, a list of batches or a DataLoader as often as wanted"


class NonFiniteError(FloatingPointError):
    """A training met a NaN or an infinity; the message says where it was made.

    Attributes
    ----------
    history : History
        Of the epochs before.
    epoch, step : int
        Where it was, counted from 1; the step is that of all epochs.
    """

    def __init__(self, message: str, history: History, epoch: int, step: int) -> None:
        super().__init__(message)
        self.history = history
        self.epoch = epoch
        self.step = step


def fit(
    model: Module,
    loss: Callable[[Any, Any], ad.Tensor],
    data: Any,
    *,
    optimizer: Optimizer,
    epochs: int = 1,
    validation: Any = None,
    metrics: Sequence[Any] | Mapping[str, Any] = (),
    callbacks: Sequence[Any] = (),
    scheduler: Any = None,
    schedule: str = "epoch",
    batch_size: int | None = None,
    rng: Rng = None,
    accumulate: int = 1,
    clip_grad_norm: float | None = None,
    clip_grad_value: float | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = True,
    progress: bool = True,
) -> History:
    """Train a model: for each batch, predict, compare, differentiate, step.

    Parameters
    ----------
    model : Module
    loss : callable
        Of prediction and target; it gives one number, a mean over the batch.
    data : DataLoader, Dataset, pair of arrays (x, y), or iterable of batches (x, y)
        A batch of more than two parts has several inputs, and the target last.  Arrays and datasets are shuffled.
    optimizer : Optimizer
    epochs : int
        How often to go through the data, those before a checkpoint included.
    validation : like `data`, optional
        What the model is not trained on; its loss and metrics are there as ``val_loss`` and so on.
    metrics : sequence, or dict by name, of callables or Metric
        What to measure beside the loss: functions of prediction and target that give a mean over the batch, such as
        `nn.training.accuracy`, and metrics of the whole epoch.
    callbacks : sequence of Callback or callable
        A plain function is called with the run after each epoch.
    scheduler : LRScheduler, optional
        Steps after each epoch, or (`schedule` "step") after each step of the optimizer.
    schedule : {"epoch", "step"}
    batch_size : int, optional
        Of batches made from arrays or a dataset; 32 if left out.
    rng : Generator or int, optional
        What shuffles arrays or a dataset.
    accumulate : int
        How many batches make one step: its gradient is that of all their samples together.
    clip_grad_norm : float, optional
        The greatest norm of all gradients together, for `nn.utils.clip_grad_norm_`.
    clip_grad_value : float, optional
        The greatest size of each number in the gradients, for `nn.utils.clip_grad_value_`; comes first.
    checkpoint : path, optional
        A file that the whole state of the training is written to after each epoch.
    resume : bool
        Go on from that file, if it is there.  What comes is to the last bit what would have come without the break, if
        the data come from arrays, a dataset or a DataLoader.
    progress : bool
        Show a bar, or lines in a log.

    Returns
    -------
    History
        Also after an interrupt (Ctrl-C), which ends the training after the last whole step.

    Raises
    ------
    NonFiniteError
        If the loss, a gradient or a parameter becomes NaN or infinite.  The batch is run again under
        `autodiff.detect_anomaly`, so that the message names the operation; the model has its last finite weights.

    Examples
    --------
    >>> import numpy as np, nn
    >>> x = np.linspace(-1, 1, 64, dtype=np.float32)[:, None]
    >>> model = nn.Linear(1, 1, rng=0)
    >>> optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
    >>> history = nn.fit(model, nn.MSELoss(), (x, 2 * x), optimizer=optimizer, epochs=20, rng=0, progress=False)
    >>> history["loss"][-1] < 0.01 < history["loss"][0]
    True
    """
    from pathlib import Path

    checks.whole("fit", "epochs", epochs, 0)
    checks.whole("fit", "accumulate", accumulate, 1)
    for name, limit in (("clip_grad_norm", clip_grad_norm), ("clip_grad_value", clip_grad_value)):
        if limit is not None and not limit > 0:
            raise ValueError(f"fit: {name} is above 0, got {limit}")
    if schedule not in ("epoch", "step"):
        raise ValueError(f"fit: schedule is 'epoch' or 'step', got {schedule!r}")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"fit: optimizer is an Optimizer of nn.optim, got {type(optimizer).__name__}")
    run = Run(model, loss, optimizer, scheduler)
    run.data = _batches("data", data, batch_size, True, rng)
    run.validation = None if validation is None else _batches("validation", validation, batch_size, False, None)
    run.metrics = _named(metrics)
    run.callbacks = [c if isinstance(c, Callback) else _Function(c) for c in callbacks]
    run.schedule, run.accumulate, run.clips = schedule, accumulate, (clip_grad_norm, clip_grad_value)
    if checkpoint is not None and resume and Path(checkpoint).exists():
        run.epoch, run.step = _restored(checkpoint, run)
    if checkpoint is not None:
        remove_leftovers(checkpoint)
    steps = len(run.data) if hasattr(run.data, "__len__") else None
    shown = Progress(epochs, steps, run.epoch) if progress else None
    try:
        with modes_kept(model), _interrupts(run):
            _train(run, epochs, checkpoint, shown)
    finally:
        if shown is not None:
            shown.close()
    return run.history


class Run:
    """A training under way, as callbacks see it.

    Attributes
    ----------
    model, loss_function, optimizer, scheduler
        What `fit` was given.
    history : History
    epoch, step : int
        How many have begun, and how many steps of the optimizer were made.
    loss : float
        Of the latest batch.
    """

    def __init__(self, model: Module, loss_function: Callable[[Any, Any], Any], optimizer: Any, scheduler: Any) -> None:
        self.model = model
        self.loss_function = loss_function
        self.optimizer = optimizer
        self.scheduler = scheduler
        self.history = History()
        self.epoch = 0
        self.step = 0
        self.loss = math.nan
        self.data: Any = None
        self.validation: Any = None
        self.metrics: dict[str, Any] = {}
        self.callbacks: list[Callback] = []
        self.schedule = "epoch"
        self.accumulate = 1
        self.clips: tuple[float | None, float | None] = (None, None)
        #: Whether the optimizer is at work, and whether an interrupt came meanwhile.
        self.stepping = False
        self.interrupted = False

    def stop(self, reason: str) -> None:
        """End the training after this epoch."""
        self.history.stopped = reason

    def parts(self) -> dict[str, Any]:
        """What has a state that belongs into a checkpoint."""
        found = {"model": self.model, "optimizer": self.optimizer, "history": self.history, "callbacks": self.callbacks}
        if isinstance(self.loss_function, Module):
            found["loss"] = self.loss_function
        if self.scheduler is not None:
            found["scheduler"] = self.scheduler
        loaders = {"data": self.data, "validation": self.validation}
        found["rng"] = {k: generator(v.rng) for k, v in loaders.items() if isinstance(v, DataLoader)}
        return found


class _Function(Callback):
    """A plain function as a callback."""

    def __init__(self, function: Any) -> None:
        if not callable(function):
            raise TypeError(f"fit: a callback is a Callback or a function of the run, got {type(function).__name__}")
        self.function = function

    def on_epoch_end(self, run: Run) -> None:
        self.function(run)


# What is given


def _batches(name: str, data: Any, batch_size: int | None, shuffle: bool, rng: Rng) -> Any:
    """Something to iterate over, batch by batch, once for each epoch."""
    if isinstance(data, (tuple, list)) and len(data) > 1 and all(isinstance(a, (np.ndarray, ad.Tensor)) for a in data):
        data = TensorDataset(*data)
    if isinstance(data, Dataset):
        return DataLoader(data, 32 if batch_size is None else batch_size, shuffle, rng=rng)
    if not isinstance(data, Iterable):
        raise TypeError(
            f"fit: {name} is a DataLoader, a pair of arrays (x, y) or an iterable of such batches, got "
            f"{type(data).__name__}"
        )
    if (shuffle and batch_size is not None) or rng is not None:
        raise ValueError(f"fit: batch_size and rng are for arrays and datasets, {name} comes in batches")
    return data


def _named(metrics: Any) -> dict[str, Any]:
    """Metrics by name."""
    if not isinstance(metrics, Mapping):
        metrics = {getattr(metric, "__name__", type(metric).__name__): metric for metric in metrics}
    for name, metric in metrics.items():
        if not isinstance(metric, Metric) and not callable(metric):
            raise TypeError(
                f"fit: a metric is a function of prediction and target, or a Metric, got {name}: {metric!r}"
            )
    return dict(metrics)


def _split(batch: Any) -> tuple[Any, Any]:
    """The inputs and the target of a batch."""
    if not isinstance(batch, (tuple, list)) or len(batch) < 2:
        size = f" of {len(batch)} parts" if isinstance(batch, (tuple, list)) else ""
        raise TypeError(f"fit: a batch is a pair (x, y), got a {type(batch).__name__}{size}")
    return batch[:-1], batch[-1]


def _samples(target: Any) -> int:
    """How many samples a batch has."""
    shape = np.shape(target)
    return shape[0] if shape else 1


# Epochs


def _train(run: Run, epochs: int, checkpoint: Any, shown: Progress | None) -> None:
    """Go through the epochs that are left."""
    try:
        for callback in run.callbacks:
            callback.on_train_begin(run)
        while run.epoch < epochs and run.history.stopped is None:
            run.epoch += 1
            for callback in run.callbacks:
                callback.on_epoch_begin(run)
            rates = [group["lr"] for group in run.optimizer.param_groups]
            row: dict[str, float] = {"epoch": run.epoch, **_learn(run, shown)}
            if run.validation is not None:
                row.update(_validated(run))
            row.update({f"lr_{i}" if i else "lr": float(rate) for i, rate in enumerate(rates)})
            run.history.rows.append(row)
            if run.scheduler is not None and run.schedule == "epoch":
                _schedule(run, row.get("val_loss", row["loss"]))
            for callback in run.callbacks:
                callback.on_epoch_end(run)
            if checkpoint is not None:
                save_checkpoint(checkpoint, epoch=run.epoch, step=run.step, **run.parts())
            if shown is not None:
                shown.epoch(row)
    except KeyboardInterrupt:
        run.optimizer.zero_grad()
        run.stop(f"interrupted in epoch {run.epoch}, after {run.step} steps")
    for callback in run.callbacks:
        callback.on_train_end(run)


def _schedule(run: Run, value: float) -> None:
    if isinstance(run.scheduler, ReduceLROnPlateau):
        run.scheduler.step(value)
    else:
        run.scheduler.step()


def _restored(checkpoint: Any, run: Run) -> tuple[int, int]:
    """Set everything to where a checkpoint was written; gives how many epochs and steps that was."""
    found = load_checkpoint(checkpoint, **run.parts())
    epoch, step = found.get("epoch"), found.get("step")
    if not isinstance(epoch, int) or not isinstance(step, int):
        raise ValueError(f"{checkpoint}: the file was not written by fit: epoch is {epoch!r}, step is {step!r}")
    return epoch, step


class _Means:
    """The means of the loss and of metrics over the samples of an epoch."""

    def __init__(self, metrics: dict[str, Any]) -> None:
        self.samples, self.loss = 0, 0.0
        self.functions = {name: metric for name, metric in metrics.items() if not isinstance(metric, Metric)}
        self.whole = {name: metric for name, metric in metrics.items() if isinstance(metric, Metric)}
        self.sums = dict.fromkeys(self.functions, 0.0)
        self.order = list(metrics)
        for metric in self.whole.values():
            metric.reset()

    def add(self, loss: float, prediction: Any, target: Any, samples: int) -> None:
        self.samples += samples
        self.loss += loss * samples
        if self.order:
            x, t = (_raw(part) for part in (prediction, target))
            for name, function in self.functions.items():
                self.sums[name] += float(function(x, t)) * samples
            for metric in self.whole.values():
                metric.update(x, t)

    def row(self, prefix: str = "") -> dict[str, float]:
        found = {"loss": self.loss / self.samples}
        for name in self.order:
            found[name] = self.sums[name] / self.samples if name in self.sums else float(self.whole[name].compute())
        return {prefix + name: value for name, value in found.items()}


def _raw(value: Any) -> Any:
    return value.data if isinstance(value, ad.Tensor) else np.asarray(value)


def _validated(run: Run) -> dict[str, float]:
    """The loss and the metrics of what the model is not trained on."""
    run.model.eval()
    means = _Means(run.metrics)
    with ad.no_grad():
        for batch in run.validation:
            inputs, target = _split(batch)
            prediction = run.model(*inputs)
            means.add(_one_number(run.loss_function(prediction, target)).item(), prediction, target, _samples(target))
    if not means.samples:
        raise ValueError(
            "fit: validation gave no samples; an iterator can be gone through once, a list as often as wanted"
        )
    return means.row("val_")


def _one_number(loss: Any) -> ad.Tensor:
    if not isinstance(loss, ad.Tensor) or loss.size != 1:
        got = f"shape {loss.shape}" if isinstance(loss, ad.Tensor) else type(loss).__name__
        raise TypeError(f"fit: the loss gives one number, a Tensor of shape (), got {got}")
    return loss


# Steps


def _learn(run: Run, shown: Progress | None) -> dict[str, float]:
    """One epoch of training; gives the means of loss and metrics."""
    run.model.train()
    means = _Means(run.metrics)
    state = _State(run)
    after = [c for c in run.callbacks if type(c).on_step_end is not Callback.on_step_end]
    group: list[tuple[Any, Any, int]] = []
    for batch in run.data:
        inputs, target = _split(batch)
        samples = _samples(target)
        group.append((inputs, target, samples))
        means.add(*state.derive(group), target, samples)  # no name keeps the prediction, and with it the graph
        if len(group) == run.accumulate:
            _step(run, state, group, after)
            group = []
        if shown is not None:
            shown.step(run.loss)
    if group:
        _step(run, state, group, after)
    if not means.samples:
        raise ValueError(f"fit: data gave no samples in epoch {run.epoch}; {_ONCE}")
    state.check()
    return means.row()


def _step(run: Run, state: _State, group: list[Any], after: list[Callback]) -> None:
    """A step of the optimizer, and what comes after it."""
    state.step(group)
    if run.scheduler is not None and run.schedule == "step":
        _schedule(run, run.loss)
    for callback in after:
        callback.on_step_end(run)


class _State:
    """The numbers of a model in training, those of before, and what changes them."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.named = {**dict(run.model.named_parameters()), **dict(run.model.named_buffers())}
        self.learned = [p for group in run.optimizer.param_groups for p in group["params"]]
        self.tensors = list(dict.fromkeys([*self.named.values(), *self.learned]))
        modules = [part for part in (run.model, run.loss_function) if isinstance(part, Module)]
        held = [v for part in modules for m in part.modules() for v in vars(m).values()]
        generators = [generator(), *(v for v in held if isinstance(v, np.random.Generator))]
        self.generators = list({id(g): g for g in generators}.values())
        self.start = [np.array(buffer.data) for buffer in run.model.buffers()]
        #: The arrays before this step, which gives new ones.
        self.now: list[Array] = []

    def derive(self, group: list[Any]) -> tuple[float, Any]:
        """The loss and the prediction for the last batch of a group, whose gradients are added to the others'."""
        run = self.run
        if len(group) == 1:
            run.optimizer.zero_grad()
            self.now = [t.data for t in self.tensors]
            self.drawn: list[Any] = []
        self.drawn.append([g.bit_generator.state for g in self.generators])
        inputs, target, samples = group[-1]
        prediction = run.model(*inputs)
        try:
            loss = run.loss_function(prediction, target)
        except ValueError:  # it may not take what is not finite
            if not _finite(_raw(prediction)):
                self.refuse(group, f"the prediction is {_first_bad(_raw(prediction))}")
            raise
        value = _one_number(loss).item()
        run.loss = value
        self.back(loss, samples)
        if not math.isfinite(value):
            self.refuse(group, f"the loss is {value}")
        return value, prediction

    def back(self, loss: ad.Tensor, samples: int) -> None:
        """Add the gradients of a batch, by its samples where several batches make a step."""
        loss.backward(np.full(loss.shape, samples, loss.dtype) if self.run.accumulate > 1 else None)

    def step(self, group: list[Any]) -> None:
        """Change the weights, once, by the gradients of a group of batches; an interrupt waits until that is done."""
        run = self.run
        self.gather(group)
        run.stepping = True
        try:
            if isinstance(run.optimizer, LBFGS):
                run.optimizer.step(lambda: self.again(group))
            else:
                run.optimizer.step()
        except KeyboardInterrupt:
            self.restore()
            raise
        finally:
            run.stepping = False
        self.verify(group)
        run.step += 1
        if run.interrupted:
            raise KeyboardInterrupt

    def again(self, group: list[Any]) -> ad.Tensor:
        """The loss of a group of batches, and its gradients, anew."""
        self.run.optimizer.zero_grad()
        total = 0.0
        for inputs, target, samples in group:
            loss = self.run.loss_function(self.run.model(*inputs), target)
            self.back(loss, samples)
            total += loss.item() * samples
        self.gather(group)
        return ad.tensor(total / sum(samples for _, _, samples in group))

    def gather(self, group: list[Any]) -> None:
        """Make the gradients those of the mean over a group of batches, and clip them."""
        run = self.run
        if run.accumulate == 1 and run.clips == (None, None):
            return
        learned = [p for p in self.learned if p.grad is not None]
        if run.accumulate > 1:
            count = sum(samples for _, _, samples in group)
            for p in learned:
                p.grad = ad.asarray(_raw(p.grad) / count)
        norm, value = run.clips
        if (norm is not None or value is not None) and (bad := self.bad_gradient()):
            self.refuse(group, bad)
        if value is not None:
            clip_grad_value_(learned, value)
        if norm is not None:
            clip_grad_norm_(learned, norm)

    def name(self, tensor: Any) -> str:
        return next((name for name, other in self.named.items() if other is tensor), tensor.name or "a parameter")

    def restore(self) -> None:
        """Set parameters and buffers to what they were; a buffer that was written in place, to what began the epoch."""
        for tensor, array in zip(self.tensors, self.now, strict=True):
            tensor.data = array
        for buffer, array in zip(self.run.model.buffers(), self.start, strict=True):
            if not _finite(buffer.data):
                buffer.data = array

    def bad_gradient(self) -> str:
        """The first gradient that is not finite, or nothing."""
        for p in self.learned:
            if p.grad is not None and not _finite(_raw(p.grad)):
                return f"the gradient of {self.name(p)} is {_first_bad(_raw(p.grad))}"
        return ""

    def verify(self, group: list[Any]) -> None:
        """Look at the weights; if they are not finite, take back the step that made them so, and end."""
        if math.isfinite(_square(p.data for p in self.learned)):
            return
        bad = next((t for t in self.tensors if not _finite(t.data)), None)
        if bad is not None:
            self.forget()
            optimizer = self.run.optimizer
            rates = ", ".join(f"{group['lr']:g}" for group in optimizer.param_groups)
            made = f"{self.name(bad)} {_first_bad(bad.data)}"
            self.refuse(group, f"{type(optimizer).__name__} with learning rate {rates} made {made}")

    def forget(self) -> None:
        """Make the optimizer forget what is not finite."""
        state = self.run.optimizer.state
        for p, remembered in list(state.items()):
            if not all(_finite(v) for v in remembered.values() if isinstance(v, np.ndarray)):
                del state[p]

    def check(self) -> None:
        """Look at the buffers, at the end of an epoch."""
        self.now = [t.data for t in self.tensors]
        for name, tensor in self.named.items():
            if not _finite(tensor.data):
                self.refuse([], f"{name} is {_first_bad(tensor.data)}")

    def refuse(self, group: list[Any], what: str) -> NoReturn:
        """End the training with a diagnosis, and with the last finite weights."""
        run = self.run
        self.restore()
        bad = next((name for name, tensor in self.named.items() if not _finite(tensor.data)), None)
        if bad is not None:
            found = f"{bad} was {_first_bad(self.named[bad].data)} before the step"
        else:
            found = self.diagnosis(group)
            self.restore()
        run.optimizer.zero_grad()
        message = f"epoch {run.epoch}, step {run.step + 1}: {what}; {found}"
        raise NonFiniteError(message, run.history, run.epoch, run.step + 1)

    def diagnosis(self, group: list[Any]) -> str:
        """Which operation makes what is not finite of these batches."""
        run = self.run
        for (inputs, target, samples), drawn in zip(group, self.drawn, strict=True):
            for rng, state in zip(self.generators, drawn, strict=True):
                rng.bit_generator.state = state
            try:
                with np.errstate(all="ignore"), ad.detect_anomaly():
                    loss = run.loss_function(run.model(*inputs), target)
                    loss.backward(np.full(loss.shape, samples, loss.dtype))
            except (RuntimeError, ValueError) as error:
                return str(error)
        return "no operation made it when the batch was run again under autodiff.detect_anomaly"


def _square(arrays: Iterable[Array]) -> float:
    """The sum of all numbers' squares, the cheapest look at them: finite only if all of them are, and not too great."""
    return sum(float(np.vdot(array, array).real) for array in arrays)


def _finite(array: Array) -> bool:
    return bool(np.isfinite(array).all())


def _first_bad(array: Array) -> str:
    """The first number that is not finite, and where it is."""
    return checks.first(~np.isfinite(array), array)


# Interrupts


@contextmanager
def _interrupts(run: Run) -> Iterator[None]:
    """Let an interrupt wait while the optimizer is at work, so that no step is half done."""
    import signal

    if threading.current_thread() is not threading.main_thread() or (
        signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        yield
        return

    def interrupted(number: int, frame: Any) -> None:
        if run.stepping:
            run.interrupted = True
        else:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
