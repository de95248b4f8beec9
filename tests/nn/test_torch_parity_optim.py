"""Optimizers and schedulers do what PyTorch's do; skipped where it is not installed."""

import copy
import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autodiff as ad
import nn
from nn.optim import lr_scheduler

torch = pytest.importorskip("torch")

dtypes = st.sampled_from([np.float32, np.float64])
seeds = st.integers(0, 2**32 - 1)
flag = st.booleans()


def some(**choices):
    """Settings: each one of some values, or left out."""
    return st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, values in choices.items()})


DECAY = {"weight_decay": [0.0, 0.01, 0.3], "maximize": [False, True]}
MOMENTS = {"betas": [(0.9, 0.999), (0.3, 0.9), (0.0, 0.99)], "eps": [1e-8, 1e-3], **DECAY}
OPTIMIZERS = {
    "SGD": st.one_of(
        some(momentum=[0.0, 0.5, 0.9], dampening=[0.0, 0.3], **DECAY),
        st.fixed_dictionaries({"momentum": st.sampled_from([0.5, 0.9]), "nesterov": st.just(True)}),
    ),
    "Adam": some(**MOMENTS, amsgrad=[False, True], decoupled_weight_decay=[False, True]),
    "AdamW": some(**MOMENTS, amsgrad=[False, True]),
    "NAdam": some(**MOMENTS, momentum_decay=[0.0, 4e-3, 0.3], decoupled_weight_decay=[False, True]),
    "RAdam": some(**MOMENTS, decoupled_weight_decay=[False, True]),
    "Adamax": some(**MOMENTS),
    "Adagrad": some(lr_decay=[0.0, 0.1], initial_accumulator_value=[0.0, 0.5], eps=[1e-10, 1e-3], **DECAY),
    "Adadelta": some(rho=[0.9, 0.5], eps=[1e-6, 1e-2], **DECAY),
    "RMSprop": some(alpha=[0.99, 0.9], eps=[1e-8, 1e-2], momentum=[0.0, 0.9], centered=[False, True], **DECAY),
}
each_optimizer = pytest.mark.parametrize("name", list(OPTIMIZERS))


@pytest.fixture(autouse=True)
def double_precision():
    """PyTorch computes its own numbers, such as NAdam's product of momenta, in the default dtype."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def same(ours, theirs, factor=1.0):
    """Equal to 1e-5 in float32, to 1e-10 in float64, of themselves or of the size at which they began, which is 1."""
    theirs = theirs.detach().numpy()
    assert ours.dtype == theirs.dtype
    tolerance = factor * (1e-5 if theirs.dtype == np.float32 else 1e-10)
    np.testing.assert_allclose(ours.data, theirs, rtol=tolerance, atol=tolerance * abs(theirs).max(initial=1))


def as_arrays(state):
    """A state of PyTorch's, its tensors as arrays."""
    if isinstance(state, dict):
        return {key: as_arrays(value) for key, value in state.items()}
    if isinstance(state, (list, tuple)):
        return type(state)(map(as_arrays, state))
    return state.numpy().copy() if isinstance(state, torch.Tensor) else state


def as_tensors(state):
    if isinstance(state, dict):
        return {key: as_tensors(value) for key, value in state.items()}
    return torch.tensor(state) if isinstance(state, np.ndarray) else state


class Pair:
    """The same parameters, in two groups, and the same optimizers, here and there."""

    def __init__(self, name, dtype, seed, how, how_of_second):
        self.name, self.how = name, how
        self.rng = np.random.default_rng(seed)
        start = [self.rng.normal(size=shape).astype(dtype) for shape in ((3, 4), (4,), ())]
        self.ours = [nn.Parameter(a) for a in start]
        self.theirs = [torch.nn.Parameter(torch.tensor(a)) for a in start]
        self.groups = [
            [{"params": p[:2]}, {"params": p[2:], **how_of_second}] for p in (list(self.ours), list(self.theirs))
        ]
        self.one, self.other = self.new()

    def new(self):
        return [
            getattr(m.optim, self.name)([dict(g) for g in groups], **self.how)
            for m, groups in zip((nn, torch), self.groups, strict=True)
        ]

    def go(self, steps):
        """Steps with the same gradients; sometimes a parameter has none."""
        for _ in range(steps):
            for p, q in zip(self.ours, self.theirs, strict=True):
                g = np.asarray(self.rng.normal(size=p.shape), p.dtype)
                absent = self.rng.random() < 0.2
                p.grad, q.grad = (None, None) if absent else (ad.tensor(g), torch.tensor(g))
            self.one.step()
            self.other.step()

    def agree(self, factor=1.0):
        for p, q in zip(self.ours, self.theirs, strict=True):
            same(p, q, factor)


@each_optimizer
@settings(max_examples=15)
@given(data=st.data(), dtype=dtypes, seed=seeds, lr=st.sampled_from([0.001, 0.05]), via=st.sampled_from("-otO"))
def test_fifty_steps_with_a_state_saved_and_restored_between(name, data, dtype, seed, lr, via):
    how = {"lr": lr, **data.draw(OPTIMIZERS[name])}
    second = data.draw(OPTIMIZERS[name])
    if name == "SGD":  # nesterov goes with the other settings
        second = {"momentum": 0.0, "dampening": 0.0, "nesterov": False, **second}
    if name == "Adagrad":  # PyTorch starts from that of the first group in all
        second.pop("initial_accumulator_value", None)
    pair = Pair(name, dtype, seed, how, second)
    pair.go(20)
    states = pair.one.state_dict(), pair.other.state_dict()
    one, other = pair.new()
    if via == "o":  # ours goes on from ours
        one.load_state_dict(states[0])
        pair.one = one
    elif via == "t":  # ours goes on from PyTorch's
        one.load_state_dict(as_arrays(states[1]))
        pair.one = one
    elif via == "O":  # PyTorch's goes on from ours
        other.load_state_dict(as_tensors(copy.deepcopy(states[0])))
        pair.other = other
    pair.go(30)
    pair.agree()
    a, b = pair.one.state_dict(), as_arrays(pair.other.state_dict())
    assert a["param_groups"] == b["param_groups"]
    for number, theirs in b["state"].items():
        theirs = {key: value for key, value in theirs.items() if value is not None and theirs.get("step") != 0}
        assert a["state"].get(number, {}).keys() == theirs.keys()
        for key, value in theirs.items():
            tolerance = 1e-5 if dtype == np.float32 else 1e-10
            found = a["state"][number][key]
            np.testing.assert_allclose(found, value, rtol=tolerance, atol=tolerance * abs(value).max(initial=1))


@each_optimizer
def test_defaults(name):
    p, q = nn.Parameter(np.ones(2)), torch.nn.Parameter(torch.ones(2))
    one, other = getattr(nn.optim, name)([p]), getattr(torch.optim, name)([q])
    assert one.defaults == other.defaults


@each_optimizer
@given(seed=seeds)
@settings(max_examples=3)
def test_complex_parameters(name, seed):
    rng = np.random.default_rng(seed)

    def number():
        return rng.normal(size=(3, 2)) + 1j * rng.normal(size=(3, 2))

    start = number()
    p, q = ad.tensor(start, requires_grad=True), torch.tensor(start, requires_grad=True)
    how = {"weight_decay": 0.1, "lr": 0.05}
    one, other = getattr(nn.optim, name)([p], **how), getattr(torch.optim, name)([q], **how)
    for _ in range(10):
        g = number()
        p.grad, q.grad = ad.tensor(g), torch.tensor(g)
        one.step()
        other.step()
    np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=1e-10)
    assert {v.dtype for v in one.state.get(p, {}).values() if isinstance(v, np.ndarray)} <= {np.dtype(complex)}


# L-BFGS


class Valley:
    """A convex function of two vectors, here and there, and how often it was asked for."""

    def __init__(self, seed, dtype):
        rng = np.random.default_rng(seed)
        start, self.c, self.a = (rng.normal(size=shape).astype(dtype) for shape in ((2, 4), (2, 4), (4, 4)))
        self.ours, self.theirs = [nn.Parameter(x) for x in start], [torch.nn.Parameter(torch.tensor(x)) for x in start]
        self.calls = [0, 0]

    def loss(self, i, m, params, a, c):
        self.calls[i] += 1
        for p in params:
            p.grad = None
        x, y = params
        u = 0.3 * (a @ (x - c[0]))
        value = (u * u).sum() + ((x - c[0]) ** 2).sum() + m.sqrt(1 + (y - x - c[1]) ** 2).sum()
        value.backward()
        return value

    def here(self):
        return self.loss(0, ad, self.ours, self.a, self.c)

    def there(self):
        return self.loss(1, torch, self.theirs, torch.tensor(self.a), torch.tensor(self.c))

    def agree(self, factor=1.0):
        for p, q in zip(self.ours, self.theirs, strict=True):
            same(p, q, factor)


@settings(max_examples=20)
@given(
    seed=seeds,
    how=some(
        lr=[1, 0.3],
        max_iter=[1, 4, 20],
        max_eval=[None, 3, 10],
        history_size=[1, 3, 100],
        tolerance_grad=[1e-7, 1e-3],
        tolerance_change=[1e-9, 1e-3],
        line_search_fn=[None, "strong_wolfe"],
    ),
    via=st.sampled_from("-ot"),
)
def test_lbfgs(seed, how, via):
    valley = Valley(seed, np.float64)
    one, other = nn.optim.LBFGS(valley.ours, **how), torch.optim.LBFGS(valley.theirs, **how)
    for step in range(4):
        same(one.step(valley.here), other.step(valley.there))
        valley.agree(factor=10)
        assert valley.calls[0] == valley.calls[1]
        if step == 1 and via != "-":
            state = one.state_dict() if via == "o" else as_arrays(other.state_dict())
            one = nn.optim.LBFGS(valley.ours)
            one.load_state_dict(state)
    assert set(one.state_dict()["state"][0]) | {"al"} >= set(other.state_dict()["state"][0])
    assert one.state_dict()["param_groups"] == other.state_dict()["param_groups"]


@settings(max_examples=20)
@given(seed=seeds, how=some(lr=[1, 0.3], history_size=[1, 100], line_search_fn=[None, "strong_wolfe"]))
def test_lbfgs_in_float32(seed, how):
    valley = Valley(seed, np.float32)  # a few iterations: more of them would tell of rounding
    nn.optim.LBFGS(valley.ours, max_iter=3, **how).step(valley.here)
    torch.optim.LBFGS(valley.theirs, max_iter=3, **how).step(valley.there)
    valley.agree(factor=10)


class Bowl(Valley):
    """Least squares, well conditioned: elsewhere each step makes the last one's rounding greater, and ways part."""

    def __init__(self, seed, dtype):
        super().__init__(seed, dtype)
        left, values, right = np.linalg.svd(self.a)
        self.a = ((left * np.clip(values, 0.5, 1.5)) @ right).astype(dtype)

    def loss(self, i, m, params, a, c):
        self.calls[i] += 1
        for p in params:
            p.grad = None
        x, y = params
        value = ((a @ (x - c[0])) ** 2).sum() + ((x + 2 * y - c[1]) ** 2).sum()
        value.backward()
        return value


LENGTHS = {
    "lr": [1, 0.5],
    "max_iter": [1, 2, 20],
    "history_size": [1, 3, 100],
    "line_search_fn": [None, "strong_wolfe"],
}
STOPS = {"tolerance_grad": [1e-7, 1e-3], "tolerance_change": [1e-9, 1e-4]}


@settings(max_examples=20)
@given(
    seed=seeds,
    case=st.one_of(
        st.tuples(st.just(np.float64), some(**LENGTHS, **STOPS)),
        # to the lowest point: a stop on the way there keeps what rounding has made of the way
        st.tuples(st.just(np.float32), some(**LENGTHS).map(lambda how: how | dict.fromkeys(STOPS, 0.0))),
    ),
)
def test_fifty_steps_of_lbfgs(seed, case):
    dtype, how = case
    bowl = Bowl(seed, dtype)
    one, other = nn.optim.LBFGS(bowl.ours, **how), torch.optim.LBFGS(bowl.theirs, **how)
    for _ in range(50):
        one.step(bowl.here)
        other.step(bowl.there)
    bowl.agree()


# Schedulers

step_counts = st.integers(1, 12)
factors = st.floats(0.1, 1)
SCHEDULERS = {
    "StepLR": st.fixed_dictionaries({"step_size": step_counts, "gamma": factors}),
    "MultiStepLR": st.fixed_dictionaries({"milestones": st.lists(st.integers(1, 25)), "gamma": factors}),
    "ConstantLR": st.fixed_dictionaries({"factor": factors, "total_iters": step_counts}),
    "LinearLR": st.fixed_dictionaries(
        {"start_factor": factors, "end_factor": st.floats(0, 1), "total_iters": step_counts}
    ),
    "ExponentialLR": st.fixed_dictionaries({"gamma": st.floats(0.5, 1.1)}),
    "PolynomialLR": st.fixed_dictionaries({"total_iters": step_counts, "power": st.floats(0.5, 3)}),
    "CosineAnnealingLR": st.fixed_dictionaries(
        {"T_max": st.integers(1, 30), "eta_min": st.sampled_from([0.0, 0.001, 0.1])}
    ),
    "CosineAnnealingWarmRestarts": st.fixed_dictionaries(
        {"T_0": step_counts, "T_mult": st.integers(1, 3), "eta_min": st.sampled_from([0.0, 0.001])}
    ),
    "LambdaLR": st.just({"lr_lambda": lambda t: 1 / (1 + t)}),
    "MultiplicativeLR": st.just({"lr_lambda": [lambda t: 0.9, lambda t: 1 / t if t else 2.0]}),
    "OneCycleLR": st.fixed_dictionaries(
        {
            "max_lr": st.sampled_from([0.5, [0.5, 0.1]]),
            "total_steps": st.integers(40, 60),
            "pct_start": st.floats(0.1, 0.45),
            "anneal_strategy": st.sampled_from(["cos", "linear"]),
            "three_phase": flag,
            "cycle_momentum": flag,
            "div_factor": st.sampled_from([25.0, 3.0]),
            "base_momentum": st.sampled_from([0.85, [0.5, 0.6]]),
        }
    ),
    "CyclicLR": st.fixed_dictionaries(
        {
            "base_lr": st.sampled_from([0.01, [0.01, 0.002]]),
            "max_lr": st.floats(0.1, 1),
            "step_size_up": step_counts,
            "step_size_down": st.sampled_from([None, 3]),
            "mode": st.sampled_from(["triangular", "triangular2", "exp_range"]),
            "gamma": st.floats(0.8, 1),
            "scale_fn": st.sampled_from([None, lambda x: 1 / (1 + x)]),
            "scale_mode": st.sampled_from(["cycle", "iterations"]),
            "cycle_momentum": flag,
        }
    ),
}
each_scheduler = pytest.mark.parametrize("name", list(SCHEDULERS))
single = st.sampled_from([name for name in SCHEDULERS if name not in ("OneCycleLR", "CyclicLR")]).flatmap(
    lambda name: st.tuples(st.just(name), SCHEDULERS[name])
)


def optimizers(kind="SGD"):
    """Optimizers here and there with groups of different rates."""
    how = {"momentum": 0.9} if kind == "SGD" else {}
    p, q = ([m.ones(1, requires_grad=True) for _ in range(2)] for m in (ad, torch))
    return [
        getattr(m.optim, kind)([{"params": x[:1]}, {"params": x[1:], "lr": 0.02}], lr=0.1, **how)
        for m, x in ((nn, p), (torch, q))
    ]


def rates(optimizer):
    return [[g["lr"], g.get("momentum", g.get("betas"))] for g in optimizer.param_groups]


def rates_agree(one, other):
    for (lr, momentum), (lr2, momentum2) in zip(rates(one), rates(other), strict=True):
        assert lr == pytest.approx(lr2, rel=1e-12, abs=1e-15)
        assert momentum == pytest.approx(momentum2, rel=1e-12)


def step(one, other, schedulers, *metric):
    one.step()
    other.step()
    for scheduler in schedulers:
        scheduler.step(*metric)


def agree_for(steps, one, other, ours, theirs):
    for _ in range(steps):
        step(one, other, [*ours, *theirs])
        rates_agree(one, other)
        for a, b in zip(ours, theirs, strict=True):
            assert a.get_last_lr() == pytest.approx(b.get_last_lr(), rel=1e-12, abs=1e-15)


@each_scheduler
@settings(max_examples=40)
@given(data=st.data(), kind=st.sampled_from(["SGD", "Adam"]), via=st.sampled_from("-ot"))
def test_forty_rates(name, data, kind, via):
    how = data.draw(SCHEDULERS[name])
    one, other = optimizers(kind)

    def new(module, optimizer):
        return getattr(module, name)(optimizer, **copy.deepcopy(how))

    ours, theirs = new(lr_scheduler, one), new(torch.optim.lr_scheduler, other)
    rates_agree(one, other)
    agree_for(15, one, other, [ours], [theirs])
    keys = set(theirs.state_dict()) - {"_is_initial", "_get_lr_called_within_step"}
    assert set(ours.state_dict()) == keys
    if via != "-":
        state = copy.deepcopy((ours if via == "o" else theirs).state_dict())
        optimizer_state = one.state_dict()
        one, _ = optimizers(kind)
        ours = new(lr_scheduler, one)
        one.load_state_dict(optimizer_state)
        ours.load_state_dict(state)
    agree_for(25, one, other, [ours], [theirs])


@settings(max_examples=60)
@given(parts=st.lists(single, min_size=2, max_size=3), chained=flag, changed=st.none() | st.integers(1, 20))
def test_schedulers_together_and_rates_that_somebody_changes(parts, chained, changed):
    one, other = optimizers()
    ours, theirs = (
        [getattr(module, name)(optimizer, **how) for name, how in parts]
        for module, optimizer in ((lr_scheduler, one), (torch.optim.lr_scheduler, other))
    )
    rates_agree(one, other)
    if chained:
        ours = [lr_scheduler.ChainedScheduler(ours, optimizer=one)]
        theirs = [torch.optim.lr_scheduler.ChainedScheduler(theirs, optimizer=other)]
    agree_for(changed or 10, one, other, ours, theirs)
    if changed:
        for optimizer in (one, other):
            optimizer.param_groups[0]["lr"] *= 0.7
    agree_for(15, one, other, ours, theirs)


@settings(max_examples=60)
@given(data=st.data(), parts=st.lists(single, min_size=1, max_size=3), via=st.sampled_from("-ot"))
def test_schedulers_in_sequence(data, parts, via):
    count = len(parts) - 1
    milestones = sorted(data.draw(st.lists(st.integers(1, 25), min_size=count, max_size=count, unique=True)))
    one, other = optimizers()

    def new(module, optimizer):
        schedulers = [getattr(module, name)(optimizer, **how) for name, how in parts]
        return module.SequentialLR(optimizer, schedulers, milestones)

    ours, theirs = new(lr_scheduler, one), new(torch.optim.lr_scheduler, other)
    rates_agree(one, other)
    agree_for(12, one, other, [ours], [theirs])
    if via != "-":
        state = copy.deepcopy((ours if via == "o" else theirs).state_dict())
        optimizer_state = one.state_dict()
        one, _ = optimizers()
        ours = new(lr_scheduler, one)
        one.load_state_dict(optimizer_state)
        ours.load_state_dict(state)
    agree_for(20, one, other, [ours], [theirs])


@settings(max_examples=60)
@given(
    metrics=st.lists(st.floats(-2, 2) | st.sampled_from([0.0, 1.0, math.nan, math.inf]), min_size=1, max_size=40),
    how=some(
        mode=["min", "max"],
        factor=[0.1, 0.5],
        patience=[0, 1, 3],
        threshold=[1e-4, 0.3],
        threshold_mode=["rel", "abs"],
        cooldown=[0, 2],
        min_lr=[0, 0.03, [0.01, 0.001]],
        eps=[1e-8, 1e-2],
    ),
    via=st.sampled_from("-ot"),
)
def test_a_plateau(metrics, how, via):
    one, other = optimizers()
    ours = lr_scheduler.ReduceLROnPlateau(one, **how)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(other, **how)
    for i, metric in enumerate(metrics):
        step(one, other, [ours, theirs], metric)
        rates_agree(one, other)
        assert ours.num_bad_epochs == theirs.num_bad_epochs
        if i == 10 and via != "-":
            state = (ours if via == "o" else theirs).state_dict()
            ours = lr_scheduler.ReduceLROnPlateau(one)
            ours.load_state_dict(state)
    assert ours.state_dict().keys() == theirs.state_dict().keys()


@given(epochs=st.lists(st.floats(0, 40), max_size=10), t_0=step_counts, t_mult=st.integers(1, 3))
def test_warm_restarts_within_epochs(epochs, t_0, t_mult):
    one, other = optimizers()
    ours = lr_scheduler.CosineAnnealingWarmRestarts(one, t_0, t_mult)
    theirs = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(other, t_0, t_mult)
    step(one, other, [])
    for epoch in epochs:
        ours.step(epoch)
        theirs.step(epoch)
        for (lr, _), (lr2, _) in zip(rates(one), rates(other), strict=True):
            assert lr == pytest.approx(lr2, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", ["ExponentialLR", "CosineAnnealingLR", "LambdaLR", "LinearLR"])
def test_schedulers_go_on_from_a_last_epoch(name):
    one, other = optimizers()
    how = {"ExponentialLR": (0.9,), "CosineAnnealingLR": (9,), "LambdaLR": (lambda t: 0.5**t,), "LinearLR": ()}[name]
    for optimizer in (one, other):
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
    if name == "CosineAnnealingLR":
        for optimizer in (one, other):
            for group in optimizer.param_groups:
                group["lr"] *= (1 + math.cos(math.pi * 4 / 9)) / 2
    ours = getattr(lr_scheduler, name)(one, *how, last_epoch=3)
    theirs = getattr(torch.optim.lr_scheduler, name)(other, *how, last_epoch=3)
    rates_agree(one, other)
    agree_for(10, one, other, [ours], [theirs])


def test_a_scheduler_that_steps_first_warns_as_there():
    one, other = optimizers()
    for optimizer, module in ((one, lr_scheduler), (other, torch.optim.lr_scheduler)):
        scheduler = module.StepLR(optimizer, 2)
        with pytest.warns(UserWarning, match=r"before .?optimizer\.step"):
            scheduler.step()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            scheduler.step()
