"""Update rules are their formulas; optimizers apply them as PyTorch's do."""

import copy
import math
import pickle
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autodiff as ad
import nn
from nn.optim import LBFGS, SGD, Adam, AdamW, adam, lion, rules, sgd
from nn.optim.lbfgs import Point, direction, strong_wolfe

arrays = hnp.arrays(np.float64, 3, elements=st.floats(-10, 10))
rates = st.floats(0, 1)
OPTIONS = {
    "sgd": {"momentum": [0.0, 0.9]},
    "adam": {"amsgrad": [False, True], "decoupled_weight_decay": [False, True]},
    "adamw": {"amsgrad": [False, True]},
    "nadam": {"decoupled_weight_decay": [False, True]},
    "radam": {"betas": [(0.9, 0.999), (0.9, 0.9)]},
    "adamax": {},
    "adagrad": {"lr_decay": [0.0, 0.1], "initial_accumulator_value": [0.0, 0.5]},
    "adadelta": {},
    "rmsprop": {"momentum": [0.0, 0.9], "centered": [False, True]},
    "lion": {},
}
settings = {
    getattr(rules, name): st.fixed_dictionaries(
        {
            "lr": rates,
            **{key: st.sampled_from(values) for key, values in {**options, "weight_decay": [0.0, 0.1]}.items()},
        }
    )
    for name, options in OPTIONS.items()
}
each_rule = pytest.mark.parametrize("rule", list(settings), ids=list(OPTIONS))
NAMES = ["SGD", "Adam", "AdamW", "NAdam", "RAdam", "Adamax", "Adagrad", "Adadelta", "RMSprop", "Lion"]
each_name = pytest.mark.parametrize("name", NAMES)


def steps(rule, parameter, gradients, **how):
    """The parameter after some steps, and the state."""
    state = {}
    for gradient in gradients:
        parameter, state = rule(parameter, gradient, state, **how)
    return parameter, state


# Rules


@each_rule
@given(data=st.data(), p=arrays, g=arrays, dtype=st.sampled_from([np.float32, np.float64]))
def test_a_rule_is_pure_and_keeps_the_dtype(rule, data, p, g, dtype):
    how = data.draw(settings[rule])
    p, g = p.astype(dtype), g.astype(dtype)
    p, g = np.array(p), np.array(g)
    for array in (p, g):
        array.flags.writeable = False
    after, state = rule(p, g, {}, **how)
    kept = copy.deepcopy(state)
    for value in state.values():
        if isinstance(value, np.ndarray):
            assert value.dtype == dtype
            value.flags.writeable = False
    twice, _ = rule(after, g, state, **how)
    assert after.dtype == twice.dtype == dtype
    assert state.keys() == kept.keys()
    for name in state:
        np.testing.assert_array_equal(state[name], kept[name])


@each_rule
@given(data=st.data(), p=arrays, gs=st.lists(arrays, min_size=1, max_size=4))
def test_the_same_in_place(rule, data, p, gs):
    how = data.draw(settings[rule])
    expected, state = steps(rule, p, gs, **how)
    after, own = steps(rules.in_place(rule, p.dtype), p, gs, **how)
    np.testing.assert_array_equal(after, expected)
    assert state.keys() == own.keys()
    for name in state:
        np.testing.assert_array_equal(own[name], state[name])
    before = dict(own)
    _, own = rules.in_place(rule, p.dtype)(after, gs[0], own, **how)
    for name, value in before.items():
        assert own[name] is value or not isinstance(value, np.ndarray)


@each_rule
@given(data=st.data(), p=arrays, gs=st.lists(arrays, min_size=1, max_size=4))
def test_going_uphill_is_going_down_the_negative(rule, data, p, gs):
    how = data.draw(settings[rule])
    down, _ = steps(rule, p, gs, **how)
    up, _ = steps(rule, p, [-g for g in gs], maximize=True, **how)
    np.testing.assert_array_equal(down, up)


@each_rule
@given(data=st.data(), p=arrays, gs=st.lists(arrays, min_size=1, max_size=4), decay=st.floats(0.01, 1))
def test_weight_decay_is_the_gradient_of_a_penalty_or_shrinks_the_parameter(rule, data, p, gs, decay):
    how = {**data.draw(settings[rule]), "weight_decay": 0.0}
    decoupled = rule in (lion, rules.adamw) or how.get("decoupled_weight_decay", False)
    one, other, state, state2 = p, p, {}, {}
    for g in gs:
        one, state = rule(one, g, state, **{**how, "weight_decay": decay})
        if decoupled:
            other, state2 = rule((1 - how["lr"] * decay) * other, g, state2, **how)
        else:
            other, state2 = rule(other, g + decay * other, state2, **how)
    np.testing.assert_allclose(one, other, rtol=1e-12)


@each_rule
@given(data=st.data(), parts=hnp.arrays(np.float64, (4, 3), elements=st.floats(-10, 10)))
def test_complex_numbers_are_pairs(rule, data, parts):
    how = data.draw(settings[rule])
    p, q, g, h = parts
    together, _ = steps(rule, p + 1j * q, [g + 1j * h] * 3, **how)
    np.testing.assert_array_equal(together.real, steps(rule, p, [g] * 3, **how)[0])
    np.testing.assert_array_equal(together.imag, steps(rule, q, [h] * 3, **how)[0])


@each_rule
@given(data=st.data(), p=arrays, gs=st.lists(arrays, min_size=1, max_size=4))
def test_elements_do_not_know_of_each_other(rule, data, p, gs):
    how = data.draw(settings[rule])
    together, _ = steps(rule, p, gs, **how)
    for i in range(3):
        single, state = steps(rule, p[i, ...], [g[i, ...] for g in gs], **how)
        np.testing.assert_array_equal(single, together[i])
        assert {np.shape(value) for value in state.values()} <= {()}


far = arrays.filter(lambda g: (abs(g) > 0.1).all())


@pytest.mark.parametrize("name", ["adam", "nadam", "adamax", "adagrad", "rmsprop", "lion"])
@given(gs=st.lists(far, min_size=1, max_size=5), scale=st.sampled_from([0.25, 8.0, 1024.0]))
def test_steps_do_not_depend_on_the_scale_of_the_gradients(name, gs, scale):
    how = {} if name == "lion" else {"eps": 0.0}
    rule = getattr(rules, name)
    expected, _ = steps(rule, np.ones(3), gs, **how)
    after, _ = steps(rule, np.ones(3), [scale * g for g in gs], **how)
    np.testing.assert_allclose(after, expected, rtol=1e-12)


@given(
    p=arrays,
    gs=st.lists(arrays, min_size=1, max_size=6),
    lr=rates,
    betas=st.tuples(st.floats(0, 0.99), st.floats(0, 0.99)),
    decay=rates,
)
def test_lion_is_the_program_of_its_paper(p, gs, lr, betas, decay):
    w, m = p, np.zeros(3)
    for g in gs:  # Chen et al. (2023), Program 1
        update = m + (g - m) * (1 - betas[0])
        update = np.sign(update)
        m = m + (g - m) * (1 - betas[1])
        update = update + w * decay
        update = update * lr
        w = w - update
    after, state = steps(lion, p, gs, lr=lr, betas=betas, weight_decay=decay)
    np.testing.assert_allclose(after, w, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(state["exp_avg"], m, rtol=1e-9, atol=1e-12)


@given(p=arrays, g=arrays, lr=rates)
def test_plain_gradient_descent(p, g, lr):
    after, state = sgd(p, g, {}, lr=lr)
    np.testing.assert_array_equal(after, p - lr * g)
    assert state == {}


@given(a=st.floats(0.1, 2), lr=st.floats(0.01, 0.5), n=st.integers(1, 30))
def test_gradient_descent_in_a_parabola_shrinks_by_a_constant(a, lr, n):
    x = np.array([3.0])
    for _ in range(n):
        x, _ = sgd(x, a * x, {}, lr=lr)
    np.testing.assert_allclose(x, 3 * (1 - lr * a) ** n, rtol=1e-9, atol=1e-12)


@given(
    mu=st.floats(0.1, 0.99),
    tau=st.floats(0, 1),
    lr=rates,
    gs=st.lists(arrays, min_size=1, max_size=6),
    nesterov=st.booleans(),
)
def test_momentum_is_a_weighted_sum_of_all_gradients(mu, tau, lr, gs, nesterov):
    tau = 0.0 if nesterov else tau
    after, state = steps(sgd, np.zeros(3), gs, lr=lr, momentum=mu, dampening=tau, nesterov=nesterov)

    def buffer(t):
        return mu**t * gs[0] + sum(mu ** (t - i) * (1 - tau) * gs[i] for i in range(1, t + 1))

    moved = sum(gs[t] + mu * buffer(t) if nesterov else buffer(t) for t in range(len(gs)))
    np.testing.assert_allclose(state["momentum_buffer"], buffer(len(gs) - 1), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(after, -lr * moved, rtol=1e-9, atol=1e-9)


@given(g=arrays.filter(lambda g: (abs(g) > 0.1).all()), lr=rates)
def test_adam_first_goes_one_rate_against_the_sign(g, lr):
    after, state = adam(np.zeros(3), g, {}, lr=lr, eps=0.0)
    np.testing.assert_allclose(after, -lr * np.sign(g), rtol=1e-12, atol=1e-15)
    assert state["step"] == 1


@given(gs=st.lists(arrays, min_size=1, max_size=6), lr=rates, b1=st.floats(0, 0.99), b2=st.floats(0.1, 0.999))
def test_adam_is_its_formula(gs, lr, b1, b2):
    expected = np.ones(3)
    for t in range(1, len(gs) + 1):
        m = sum((1 - b1) * b1 ** (t - i) * gs[i - 1] for i in range(1, t + 1)) / (1 - b1**t)
        v = sum((1 - b2) * b2 ** (t - i) * gs[i - 1] ** 2 for i in range(1, t + 1)) / (1 - b2**t)
        expected = expected - lr * m / (np.sqrt(v) + 1e-3)
    after, _ = steps(adam, np.ones(3), gs, lr=lr, betas=(b1, b2), eps=1e-3)
    np.testing.assert_allclose(after, expected, rtol=1e-7, atol=1e-9)


@given(gs=st.lists(arrays, min_size=2, max_size=6))
def test_amsgrad_never_forgets_the_greatest(gs):
    state, p, greatest = {}, np.zeros(3), np.zeros(3)
    for g in gs:
        p, state = adam(p, g, state, amsgrad=True)
        greatest = np.maximum(greatest, state["exp_avg_sq"])
        np.testing.assert_array_equal(state["max_exp_avg_sq"], greatest)


# Optimizers


def problem(seed=0, dtype=np.float64):
    """A small network, and a function that computes its gradients."""
    rng = np.random.default_rng(seed)
    model = nn.Sequential(nn.Linear(3, 4, rng=rng, dtype=dtype), nn.Tanh(), nn.Linear(4, 2, rng=rng, dtype=dtype))
    x, t = rng.normal(size=(5, 3)).astype(dtype), rng.integers(0, 2, 5)

    def loss():
        model.zero_grad()
        value = nn.functional.cross_entropy(model(x), t)
        value.backward()
        return value

    return model, loss


OPTIMIZERS = [
    (SGD, sgd, {"lr": 0.1}),
    (SGD, sgd, {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.01}),
    (SGD, sgd, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "maximize": True}),
    (Adam, adam, {"lr": 0.1}),
    (Adam, adam, {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-4, "weight_decay": 0.1, "amsgrad": True}),
]
each_optimizer = pytest.mark.parametrize(("kind", "rule", "how"), OPTIMIZERS)


@each_optimizer
def test_an_optimizer_applies_its_rule_to_every_parameter(kind, rule, how):
    model, loss = problem()
    optimizer = kind(model.parameters(), **how)
    expected = [(p.data.copy(), {}) for p in model.parameters()]
    for _ in range(5):
        loss()
        expected = [
            rule(value, p.grad.data, state, **how)
            for (value, state), p in zip(expected, model.parameters(), strict=True)
        ]
        assert optimizer.step() is None
    for (value, state), p in zip(expected, model.parameters(), strict=True):
        np.testing.assert_array_equal(p.data, value)
        assert optimizer.state.get(p, {}).keys() == state.keys()


@each_optimizer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_loss_falls_and_the_dtype_stays(kind, rule, how, dtype):
    model, loss = problem(dtype=dtype)
    optimizer = kind(model.parameters(), **{**how, "lr": 0.2, "maximize": False, "weight_decay": 0.0})
    first = loss().item()
    for _ in range(30):
        loss()
        optimizer.step()
    assert loss().item() < first / 2
    assert {p.dtype.type for p in model.parameters()} == {dtype}
    for state in optimizer.state.values():
        assert {v.dtype.type for v in state.values() if isinstance(v, np.ndarray)} <= {dtype}


@each_optimizer
def test_a_saved_optimizer_goes_on_as_if_nothing_had_happened(kind, rule, how):
    model, loss = problem()
    optimizer = kind(model.parameters(), **how)
    other, other_loss = problem(1)
    later = kind(other.parameters(), lr=99.0)

    def go(optimizer, loss):
        for _ in range(3):
            loss()
            optimizer.step()

    go(optimizer, loss)
    saved = pickle.loads(pickle.dumps((model.state_dict(), optimizer.state_dict())))
    go(optimizer, loss)
    model_state, optimizer_state = saved
    again, again_loss = problem()
    again.load_state_dict(model_state)
    other.load_state_dict(model_state)
    third = kind(again.parameters())
    third.load_state_dict(optimizer_state)
    later.load_state_dict(optimizer_state)
    go(third, again_loss)
    for p, q in zip(model.parameters(), again.parameters(), strict=True):
        np.testing.assert_array_equal(p.data, q.data)
    assert later.param_groups[0]["lr"] == how["lr"]
    assert other_loss().item() != pytest.approx(loss().item())


def test_a_state_dict_has_pytorchs_form_and_is_a_copy():
    model, loss = problem()
    optimizer = SGD([{"params": model[0].parameters()}, {"params": [model[2].bias], "lr": 0.5}], lr=0.1, momentum=0.9)
    loss()
    optimizer.step()
    state = optimizer.state_dict()
    assert list(state["state"]) == [0, 1, 2]
    assert [g["params"] for g in state["param_groups"]] == [[0, 1], [2]]
    assert [g["lr"] for g in state["param_groups"]] == [0.1, 0.5]
    state["state"][0]["momentum_buffer"][:] = 0
    assert optimizer.state[model[0].weight]["momentum_buffer"].any()


def test_a_state_that_does_not_fit_changes_nothing():
    model, loss = problem()
    optimizer = Adam(model.parameters())
    loss()
    optimizer.step()
    good = optimizer.state_dict()
    bad = copy.deepcopy(good)
    bad["state"][0]["exp_avg"] = np.zeros((9, 9))
    bad["state"][7] = {}
    del bad["param_groups"][0]["eps"]
    with pytest.raises(nn.StateDictError) as info:
        optimizer.load_state_dict(bad)
    assert str(info.value).split("\n  ") == [
        "the state does not fit Adam:",
        "exp_avg of parameter 0 has shape (4, 3), got (9, 9)",
        "there is no parameter 7",
        "group 0 lacks eps",
    ]
    with pytest.raises(nn.StateDictError, match="groups of"):
        Adam([model[0].bias]).load_state_dict(good)
    with pytest.raises(nn.StateDictError, match="'state' and 'param_groups'"):
        optimizer.load_state_dict({})
    np.testing.assert_array_equal(optimizer.state_dict()["state"][0]["exp_avg"], good["state"][0]["exp_avg"])


@each_name
def test_a_parabola_is_descended_to_its_known_bottom(name):
    bottom = np.array([1.0, -2.0, 0.5])
    x = ad.zeros(3, requires_grad=True)
    lr = {"SGD": 0.1, "Adagrad": 1.0, "Adadelta": 20.0, "Lion": 0.01}.get(name, 0.05)
    optimizer = getattr(nn.optim, name)([x], lr=lr, **({"weight_decay": 0.0} if name == "AdamW" else {}))
    schedule = nn.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.01, 400)
    for _ in range(500):
        optimizer.zero_grad()
        (np.array([1.0, 2.0, 0.5]) * (x - bottom) ** 2).sum().backward()
        optimizer.step()
        schedule.step()
    np.testing.assert_allclose(x.data, bottom, atol=0.05 if name == "Lion" else 0.01)


@each_name
@given(g=arrays, dtype=st.sampled_from([np.float32, np.float64]))
def test_single_and_double_precision_stay_with_rates_of_numpy(name, g, dtype):
    p = nn.Parameter(np.ones(3, dtype))
    optimizer = getattr(nn.optim, name)([p], lr=np.float64(0.1))
    for _ in range(2):
        p.grad = g  # float64
        optimizer.step()
        optimizer.param_groups[0]["lr"] = np.float64(0.05)
    assert p.dtype == dtype
    assert {v.dtype.type for v in optimizer.state.get(p, {}).values() if isinstance(v, np.ndarray)} <= {dtype}


def test_an_optimizer_that_decouples_its_decay_stays_so_with_the_state_of_one_that_does_not():
    p, q = nn.Parameter(np.ones(2)), nn.Parameter(np.ones(2))
    optimizer = AdamW([q])
    optimizer.load_state_dict(Adam([p], weight_decay=0.3).state_dict())
    assert optimizer.param_groups[0]["weight_decay"] == 0.3
    assert optimizer.param_groups[0]["decoupled_weight_decay"]


def test_a_state_may_lack_what_an_older_pytorch_did_not_have():
    p = nn.Parameter(np.ones(2))
    state = Adam([p], maximize=True, lr=0.5).state_dict()
    for name in ("maximize", "foreach", "capturable", "differentiable", "fused", "decoupled_weight_decay"):
        del state["param_groups"][0][name]
    optimizer = Adam([p])
    optimizer.load_state_dict(state)
    assert optimizer.param_groups[0] == {**Adam([p], lr=0.5).param_groups[0]}


def test_how_another_machine_computed_is_not_taken_over():
    p = nn.Parameter(np.ones(2))
    optimizer = Adam([p])
    state = optimizer.state_dict()
    state["param_groups"][0]["fused"] = True
    optimizer.load_state_dict(state)
    assert optimizer.param_groups[0]["fused"] is None


BAD = [
    ("SGD", {"lr": -1.0}, "lr is at least 0, got -1.0"),
    ("SGD", {"momentum": float("nan")}, "momentum is at least 0, got nan"),
    ("SGD", {"nesterov": True}, "nesterov needs momentum above 0 and no dampening, got momentum=0.0 and dampening=0.0"),
    ("Adam", {"betas": (0.9, 1.0)}, "betas are two numbers of at least 0 and below 1, got (0.9, 1.0)"),
    ("AdamW", {"eps": -1e-8}, "eps is at least 0, got -1e-08"),
    ("NAdam", {"momentum_decay": -1.0}, "momentum_decay is at least 0, got -1.0"),
    ("Adagrad", {"initial_accumulator_value": -1.0}, "initial_accumulator_value is at least 0, got -1.0"),
    ("Adadelta", {"rho": 1.5}, "rho is from 0 to 1, got 1.5"),
    ("RMSprop", {"alpha": -0.1}, "alpha is from 0 to 1, got -0.1"),
    ("Lion", {"betas": (0.9,)}, "betas are two numbers of at least 0 and below 1, got (0.9,)"),
    ("LBFGS", {"line_search_fn": "armijo"}, "line_search_fn is None or 'strong_wolfe', got 'armijo'"),
    ("LBFGS", {"history_size": 0}, "history_size is at least 1, got 0"),
    (
        "Adam",
        {"fused": True},
        "Adam computes with NumPy, one parameter after the other: fused is None, got True",
    ),
    (
        "RMSprop",
        {"differentiable": True},
        "RMSprop computes with NumPy, one parameter after the other: differentiable is False, got True",
    ),
]


@pytest.mark.parametrize(("name", "how", "message"), BAD, ids=[message for _, _, message in BAD])
def test_bad_settings(name, how, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        getattr(nn.optim, name)([nn.Parameter(1.0)], **how)


def test_a_rate_that_is_no_number():
    with pytest.raises(TypeError, match=r"^lr is a number, got '0\.1'$"):
        SGD([nn.Parameter(1.0)], lr="0.1")


# L-BFGS


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 6))
def test_with_all_steps_the_direction_is_newtons(seed, n):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(n, n))
    hessian = a @ a.T + np.eye(n)
    found = []  # conjugate steps, whose changes tell everything about a quadratic function
    for v in np.eye(n):
        found.append(v - sum((s @ hessian @ v) / (s @ hessian @ s) * s for s in found))
    changes = [hessian @ s for s in found]
    densities = [1 / (s @ y) for s, y in zip(found, changes, strict=True)]
    g = rng.normal(size=n)
    np.testing.assert_allclose(
        direction(g, changes, found, densities, 1.0), -np.linalg.solve(hessian, g), rtol=1e-6, atol=1e-8
    )


@given(
    minimum=st.floats(0.1, 50),
    first=st.floats(0.01, 100),
    power=st.sampled_from([2, 4]),
    wave=st.floats(0, 0.5),
)
def test_the_line_search_keeps_its_two_conditions(minimum, first, power, wave):
    def along(t):
        x = t / minimum - 1
        slope = (power * x ** (power - 1) + 5 * wave * np.sin(5 * x)) / minimum
        return Point(t, x**power + wave * (1 - np.cos(5 * x)), slope, np.array([slope]))

    start = along(0.0)
    if start.slope >= 0:
        return
    point, evaluations = strong_wolfe(along, start, first, tolerance=0.0, max_evaluations=100)
    assert evaluations < 100
    assert point.value <= start.value + 1e-4 * point.step * start.slope
    assert abs(point.slope) <= 0.9 * abs(start.slope)


@given(seed=st.integers(0, 2**32 - 1), search=st.sampled_from([None, "strong_wolfe"]))
def test_lbfgs_finds_the_bottom_of_a_bowl(seed, search):
    rng = np.random.default_rng(seed)
    a, bottom = 0.3 * rng.normal(size=(5, 5)), rng.normal(size=5)
    x, y = nn.Parameter(np.zeros(2)), nn.Parameter(np.zeros(3))
    optimizer = LBFGS([x, y], max_iter=100, line_search_fn=search)

    def closure():
        optimizer.zero_grad()
        u = ad.concat([x, y]) - bottom
        loss = (u * u).sum() + ((a @ u) ** 2).sum()
        loss.backward()
        return loss

    with ad.no_grad():
        optimizer.step(closure)
    np.testing.assert_allclose(np.concatenate([x.data, y.data]), bottom, atol=1e-4)


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_a_saved_lbfgs_goes_on_as_if_nothing_had_happened(search):
    def train(optimizer, loss, steps):
        for _ in range(steps):
            optimizer.step(loss)

    model, loss = problem()
    optimizer = LBFGS(model.parameters(), lr=0.5, max_iter=3, history_size=2, line_search_fn=search)
    train(optimizer, loss, 3)
    saved = pickle.loads(pickle.dumps((model.state_dict(), optimizer.state_dict())))
    train(optimizer, loss, 3)
    again, again_loss = problem()
    again.load_state_dict(saved[0])
    other = LBFGS(again.parameters())
    other.load_state_dict(saved[1])
    train(other, again_loss, 3)
    for p, q in zip(model.parameters(), again.parameters(), strict=True):
        np.testing.assert_array_equal(p.data, q.data)


def test_lbfgs_says_what_it_needs():
    p = nn.Parameter(np.ones(2))
    with pytest.raises(TypeError, match="takes a closure"):
        LBFGS([p]).step()
    with pytest.raises(ValueError, match="LBFGS has one group"):
        LBFGS([{"params": p}, {"params": nn.Parameter(1.0)}])
    with pytest.raises(TypeError, match="LBFGS optimizes real numbers"):
        LBFGS([ad.tensor([1j], requires_grad=True)])


# Groups


def test_groups_have_settings_of_their_own():
    a, b, c = (ad.ones(1, requires_grad=True) for _ in range(3))
    optimizer = SGD([{"params": a, "lr": 1.0}, {"params": [b]}], lr=0.1)
    optimizer.add_param_group({"params": [c], "weight_decay": 1.0})
    (a + b + c).backward()
    optimizer.step()
    np.testing.assert_allclose([a.item(), b.item(), c.item()], [0, 0.9, 0.8])
    optimizer.param_groups[1]["lr"] = 0.5
    optimizer.step()
    assert b.item() == pytest.approx(0.4)


def test_parameters_without_a_gradient_stay():
    a, b = (ad.ones(1, requires_grad=True) for _ in range(2))
    optimizer = Adam([a, b], weight_decay=1.0)
    a.grad = ad.ones(1)
    optimizer.step()
    assert b.item() == 1
    assert list(optimizer.state) == [a]
    optimizer.zero_grad(set_to_none=False)
    assert a.grad.item() == 0
    assert b.grad is None
    optimizer.zero_grad()
    assert a.grad is None


def test_a_gradient_may_be_an_array():
    p = ad.ones(2, requires_grad=True)
    p.grad = np.array([1.0, 2.0])
    SGD([p], lr=0.5).step()
    assert p.tolist() == [0.5, 0]


def test_arrays_that_somebody_holds_are_not_written():
    p = ad.ones(2, requires_grad=True)
    held = p.data
    (p * 3).sum().backward()
    gradient = p.grad
    SGD([p], lr=1.0).step()
    assert held.tolist() == [1, 1]
    assert gradient.tolist() == [3, 3]
    assert p.tolist() == [-2, -2]


def test_a_step_is_noticed_by_a_graph_that_needs_the_old_values():
    p = ad.ones(2, requires_grad=True)
    loss = (p * p).sum()
    loss.backward()
    SGD([p], lr=1.0).step()
    with pytest.raises(RuntimeError, match="written"):
        loss.backward()


def test_a_closure_is_called_with_recording_on():
    p = ad.tensor(2.0, requires_grad=True)
    optimizer = SGD([p], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = p * p
        loss.backward()
        return loss

    with ad.no_grad():
        assert optimizer.step(closure).item() == 4
    assert p.item() == 1


def test_single_numbers_are_parameters_too():
    p = nn.Parameter(2.0)
    for kind in (SGD, Adam):
        optimizer = kind([p], lr=0.25)
        optimizer.zero_grad()
        (p * p).backward()
        optimizer.step()
    assert p.shape == ()
    assert p.dtype == np.float32
    assert p.item() == pytest.approx(0.75)


def test_optimizers_are_copied_with_their_parameters():
    model, loss = problem()
    optimizer = SGD(model.parameters(), momentum=0.9)
    loss()
    optimizer.step()
    twin_model, twin = copy.deepcopy((model, optimizer))
    assert twin.param_groups[0]["params"][0] is twin_model[0].weight
    assert list(twin.state) == list(twin_model.parameters())


def test_repr():
    assert repr(SGD([ad.ones(1, requires_grad=True)], lr=0.1)).split("\n")[:3] == [
        "SGD (",
        "Parameter Group 0",
        "    dampening: 0.0",
    ]


def test_a_network_learns_xor():
    x, t = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32), np.array([[0], [1], [1], [0]], np.float32)
    model = nn.Sequential(nn.Linear(2, 8, rng=0), nn.Tanh(), nn.Linear(8, 1, rng=1))
    optimizer = Adam(model.parameters(), lr=0.05)
    criterion = nn.BCEWithLogitsLoss()
    for _ in range(200):
        optimizer.zero_grad()
        loss = criterion(model(x), t)
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05
    assert math.isfinite(loss.item())
