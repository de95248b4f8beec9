"""Schedules are their formulas; schedulers apply them to the groups of an optimizer."""

import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
import nn
from nn.optim import SGD, Adam, lr_scheduler, schedules
from nn.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiplicativeLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)

times = st.integers(0, 40)
factors = st.floats(0.1, 1)


def optimizer(*rates, kind=SGD, **how):
    return kind([{"params": [ad.ones(1, requires_grad=True)], "lr": lr} for lr in rates or (0.1, 0.02)], **how)


def stepped(opt, scheduler, steps):
    """The rates of all groups at first and after each of some steps."""
    rates = [[group["lr"] for group in opt.param_groups]]
    for _ in range(steps):
        opt.step()
        scheduler.step()
        rates.append(scheduler.get_last_lr())
        assert rates[-1] == [group["lr"] for group in opt.param_groups]
    return rates


# Each scheduler, and its schedule in other words: a function of the step and the initial rate
CASES = {
    "StepLR": (lambda o: StepLR(o, 4, 0.5), lambda t, lr: lr / 2 ** (t // 4)),
    "MultiStepLR": (lambda o: MultiStepLR(o, [7, 3, 3], 0.5), lambda t, lr: lr / (1 if t < 3 else 4 if t < 7 else 8)),
    "ConstantLR": (lambda o: ConstantLR(o, 0.25, 3), lambda t, lr: lr / 4 if t < 3 else lr),
    "LinearLR": (lambda o: LinearLR(o, 0.5, 0.1, 8), lambda t, lr: lr * max(0.5 - 0.05 * t, 0.1)),
    "ExponentialLR": (lambda o: ExponentialLR(o, 0.9), lambda t, lr: lr * math.exp(t * math.log(0.9))),
    "PolynomialLR": (lambda o: PolynomialLR(o, 10, 2.0), lambda t, lr: lr * max(1 - t / 10, 0) ** 2),
    "CosineAnnealingLR": (
        lambda o: CosineAnnealingLR(o, 10, 0.01),
        lambda t, lr: 0.01 + (lr - 0.01) * math.cos(math.pi * t / 20) ** 2,
    ),
    "CosineAnnealingWarmRestarts": (
        lambda o: CosineAnnealingWarmRestarts(o, 3, 2),
        lambda t, lr: lr * math.cos(math.pi / 2 * (t / 3 if t < 3 else (t - 3) / 6 if t < 9 else (t - 9) / 12)) ** 2,
    ),
    "LambdaLR": (lambda o: LambdaLR(o, lambda t: 1 / (1 + t)), lambda t, lr: lr / (1 + t)),
    "MultiplicativeLR": (lambda o: MultiplicativeLR(o, lambda t: 1 + 1 / t), lambda t, lr: lr * (1 + t)),
    "SequentialLR": (
        lambda o: SequentialLR(o, [LinearLR(o, 0.2, total_iters=5), ExponentialLR(o, 0.5)], [5]),
        lambda t, lr: lr * (0.2 + 0.16 * t) if t < 5 else lr * 0.5 ** (t - 5),
    ),
    "ChainedScheduler": (
        lambda o: ChainedScheduler([StepLR(o, 4, 0.5), CosineAnnealingLR(o, 30)]),
        lambda t, lr: lr / 2 ** (t // 4) * math.cos(math.pi * t / 60) ** 2,
    ),
}
each = pytest.mark.parametrize("name", list(CASES))


@each
def test_rates_are_those_of_the_closed_form(name):
    make, formula = CASES[name]
    opt = optimizer(0.1, 0.02)
    rates = stepped(opt, make(opt), 20)
    for t, found in enumerate(rates):
        assert found == pytest.approx([formula(t, 0.1), formula(t, 0.02)], rel=1e-12, abs=1e-15)


@each
@given(before=st.integers(0, 15))
def test_a_saved_scheduler_goes_on_as_if_nothing_had_happened(name, before):
    make, _ = CASES[name]
    opt = optimizer()
    scheduler = make(opt)
    stepped(opt, scheduler, before)
    saved = opt.state_dict(), scheduler.state_dict()
    if name not in ("LambdaLR", "MultiplicativeLR"):
        saved = pickle.loads(pickle.dumps(saved))
    expected = stepped(opt, scheduler, 10)
    again = optimizer(9.0, 9.0)
    other = make(again)
    again.load_state_dict(saved[0])
    other.load_state_dict(saved[1])
    assert stepped(again, other, 10) == expected


@given(gamma=factors, start=factors, steps=times)
def test_schedulers_used_together_multiply(gamma, start, steps):
    opt = optimizer(0.1)
    exponential, linear = ExponentialLR(opt, gamma), LinearLR(opt, start, total_iters=10)
    for _ in range(steps):
        opt.step()
        exponential.step()
        linear.step()
    expected = 0.1 * gamma**steps * schedules.linear(steps, 1.0, start_factor=start, total_iters=10)
    assert opt.param_groups[0]["lr"] == pytest.approx(expected, rel=1e-12)


@given(change=factors, when=st.integers(1, 8))
def test_a_rate_that_somebody_changes_is_scaled_from_there(change, when):
    opt, other = optimizer(0.1), optimizer(0.1)
    scheduler, untouched = CosineAnnealingLR(opt, 10, 0.01), CosineAnnealingLR(other, 10, 0.01)
    stepped(opt, scheduler, when)
    stepped(other, untouched, when)
    group = opt.param_groups[0]
    group["lr"] = 0.01 + change * (group["lr"] - 0.01)
    rates = zip(stepped(opt, scheduler, 10 - when), stepped(other, untouched, 10 - when), strict=True)
    for (changed,), (rate,) in rates:
        assert changed - 0.01 == pytest.approx(change * (rate - 0.01), rel=1e-9, abs=1e-15)


@given(
    total=st.integers(10, 60),
    start=st.floats(0.2, 0.8),
    strategy=st.sampled_from(["cos", "linear"]),
    kind=st.sampled_from([SGD, Adam]),
)
def test_one_cycle_rises_to_its_maximum_and_falls_while_the_momentum_does_the_opposite(total, start, strategy, kind):
    opt = optimizer(1.0, kind=kind)
    scheduler = OneCycleLR(opt, 2.0, total, pct_start=start, anneal_strategy=strategy)
    (group,) = opt.param_groups
    rates, momenta = [], []
    for i in range(total):
        rates.append(group["lr"])
        momenta.append(group["betas"][0] if kind is Adam else group["momentum"])
        opt.step()
        if i < total - 1:
            scheduler.step()
    assert rates[0] == pytest.approx(2 / 25)
    assert rates[-1] == pytest.approx(2 / 25 / 1e4)
    assert momenta[0] == momenta[-1] == pytest.approx(0.95)
    top = rates.index(max(rates))
    assert abs(top - (start * total - 1)) <= 1
    assert rates == sorted(rates[:top]) + sorted(rates[top:], reverse=True)
    low = momenta.index(min(momenta))
    assert abs(low - top) <= 1
    assert momenta == sorted(momenta[:low], reverse=True) + sorted(momenta[low:])
    if kind is Adam:
        assert group["betas"][1] == 0.999
    scheduler.step()
    with pytest.raises(ValueError, match=f"OneCycleLR is for {total} steps, this is step {total + 1}"):
        scheduler.step()


@given(up=st.integers(1, 8), down=st.integers(1, 8), mode=st.sampled_from(["triangular", "triangular2", "exp_range"]))
def test_triangles_touch_their_corners(up, down, mode):
    opt = optimizer(1.0, momentum=0.5)
    scheduler = CyclicLR(opt, 0.1, 0.5, up, down, mode=mode, gamma=0.9)
    rates = [rate for (rate,) in stepped(opt, scheduler, 3 * (up + down))]
    for cycle in range(3):
        low = cycle * (up + down)
        height = {"triangular": 1, "triangular2": 0.5**cycle, "exp_range": 0.9 ** (low + up)}[mode]
        assert rates[low] == pytest.approx(0.1)
        assert rates[low + up] == pytest.approx(0.1 + 0.4 * height)
    assert opt.param_groups[0]["momentum"] == pytest.approx(0.9)


@given(patience=st.integers(0, 4), cooldown=st.integers(0, 4), mode=st.sampled_from(["min", "max"]))
def test_on_a_plateau_a_rate_falls_every_few_steps_down_to_the_least(patience, cooldown, mode):
    opt = optimizer(1.0)
    scheduler = ReduceLROnPlateau(opt, mode, factor=0.5, patience=patience, cooldown=cooldown, min_lr=0.1)
    scheduler.step(3.0)
    for n in range(1, 40):
        scheduler.step(3.0)
        times = 0 if n <= patience else 1 + (n - patience - 1) // (cooldown + patience + 1)
        assert scheduler.get_last_lr() == [max(0.5**times, 0.1)]


def test_a_metric_that_improves_leaves_the_rate():
    opt = optimizer(1.0)
    scheduler = ReduceLROnPlateau(opt, patience=0, threshold=0.1, threshold_mode="abs")
    for metric in [3.0, 2.5, 2.0, ad.tensor(1.5)]:
        scheduler.step(metric)
    assert scheduler.get_last_lr() == [1.0]
    scheduler.step(1.45)
    assert scheduler.get_last_lr() == [0.1]


def test_objects_that_are_called_are_saved_and_functions_are_not():
    class Decay:
        def __init__(self, rate):
            self.rate = rate

        def __call__(self, t):
            return self.rate**t

    opt = optimizer()
    scheduler = LambdaLR(opt, [Decay(0.5), lambda t: 1.0])
    state = scheduler.state_dict()
    assert state["lr_lambdas"] == [{"rate": 0.5}, None]
    other = LambdaLR(optimizer(), [Decay(0.9), lambda t: 1.0])
    other.load_state_dict(state)
    assert other.lr_lambdas[0].rate == 0.5


def test_a_state_of_another_scheduler_is_refused():
    opt = optimizer()
    with pytest.raises(nn.StateDictError) as info:
        StepLR(opt, 2).load_state_dict(CosineAnnealingLR(opt, 2).state_dict())
    assert str(info.value).split("\n  ") == [
        "the state does not fit StepLR:",
        "missing: 'gamma'",
        "missing: 'step_size'",
        "unexpected: 'T_max'",
        "unexpected: 'eta_min'",
    ]
    scheduler = SequentialLR(opt, [StepLR(opt, 2), StepLR(opt, 3)], [4])
    state = scheduler.state_dict()
    state["_schedulers"].pop()
    with pytest.raises(nn.StateDictError, match="has 2 schedulers, the state has 1"):
        scheduler.load_state_dict(state)


def test_a_step_before_the_optimizers_first_warns():
    opt = optimizer()
    scheduler = StepLR(opt, 2)
    with pytest.warns(UserWarning, match=r"called before optimizer\.step"):
        scheduler.step()


def test_groups_added_later_are_named():
    opt = optimizer()
    scheduler = StepLR(opt, 2)
    opt.add_param_group({"params": [ad.ones(1, requires_grad=True)]})
    opt.step()
    with pytest.raises(ValueError, match="StepLR was made for 2 groups, the optimizer has 3"):
        scheduler.step()


BAD = [
    (lambda o: StepLR([], 2), TypeError, "StepLR takes an Optimizer, got list"),
    (lambda o: StepLR(o, 0), ValueError, "step_size is at least 1, got 0"),
    (lambda o: StepLR(o, 2.5), TypeError, "step_size is a whole number, got 2.5"),
    (lambda o: StepLR(o, 2, last_epoch=3), KeyError, "group 0 needs an 'initial_lr'"),
    (lambda o: ConstantLR(o, 1.5), ValueError, "factor is from 0 to 1, got 1.5"),
    (lambda o: LinearLR(o, 0.0), ValueError, "start_factor is above 0 and at most 1, got 0.0"),
    (lambda o: LinearLR(o, end_factor=2.0), ValueError, "end_factor is from 0 to 1, got 2.0"),
    (lambda o: PolynomialLR(o, 0), ValueError, "total_iters is at least 1, got 0"),
    (lambda o: CosineAnnealingLR(o, 0), ValueError, "T_max is above 0, got 0"),
    (lambda o: CosineAnnealingWarmRestarts(o, 0), ValueError, "T_0 is at least 1, got 0"),
    (lambda o: LambdaLR(o, 0.5), TypeError, "lr_lambda is a function of the step, got 0.5"),
    (lambda o: LambdaLR(o, [len]), ValueError, "lr_lambda is one value or one for each of 2 groups, got 1"),
    (lambda o: OneCycleLR(o, 1.0), ValueError, "needs total_steps, or epochs and steps_per_epoch"),
    (lambda o: OneCycleLR(o, 1.0, 10, anneal_strategy="log"), ValueError, "'cos' or 'linear', got 'log'"),
    (lambda o: OneCycleLR(o, 1.0, 10, pct_start=2.0), ValueError, "pct_start is from 0 to 1, got 2.0"),
    (
        lambda o: OneCycleLR(optimizer(kind=nn.optim.Adagrad), 1.0, 10),
        ValueError,
        "Adagrad has neither momentum nor betas to cycle: it needs cycle_momentum=False",
    ),
    (lambda o: CyclicLR(o, 0.1, 0.2, mode="square"), ValueError, "or 'exp_range', got 'square'"),
    (lambda o: ReduceLROnPlateau(o, "least"), ValueError, "mode is 'min' or 'max', got 'least'"),
    (lambda o: ReduceLROnPlateau(o, factor=1.0), ValueError, "factor is below 1, got 1.0"),
    (lambda o: ReduceLROnPlateau(o, threshold_mode="x"), ValueError, "'rel' or 'abs', got 'x'"),
    (lambda o: ChainedScheduler([]), ValueError, "takes at least one scheduler, got none"),
    (lambda o: SequentialLR(o, [StepLR(o, 2)], [3]), ValueError, "got 1 for 1"),
    (
        lambda o: SequentialLR(o, [ReduceLROnPlateau(o)], []),
        ValueError,
        "no metric for the ReduceLROnPlateau at",
    ),
    (lambda o: SequentialLR(o, [StepLR(optimizer(), 2)], []), ValueError, "that at index 0 is of another"),
    (lambda o: LRScheduler(o), NotImplementedError, "LRScheduler does not define get_lr"),
]


@pytest.mark.parametrize(("make", "kind", "message"), BAD, ids=[message for _, _, message in BAD])
def test_bad_arguments(make, kind, message):
    with pytest.raises(kind) as info:
        make(optimizer())
    assert message in str(info.value)


def test_the_module_names_all_its_schedulers():
    defined = {
        name
        for name, value in vars(lr_scheduler).items()
        if isinstance(value, type) and issubclass(value, lr_scheduler.LRScheduler) and not name.startswith("_")
    }
    assert defined == set(lr_scheduler.__all__)
