"""Modules find their parameters where they are, give and take their state, and say what they are."""

import copy
import pickle
from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
import nn


class Net(nn.Module):
    """Everything that can hold a parameter, and no call of super().__init__()."""

    def __init__(self):
        self.layers = [nn.Linear(2, 3, rng=0), nn.ReLU()]
        self.heads = {"a": nn.Linear(3, 1, rng=1), "b": (nn.Linear(3, 1, bias=False, rng=2),)}
        self.scale = nn.Parameter(2.0)
        self.shared = self.layers[0]
        self.steps = 7

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.scale * self.heads["a"](x) + self.heads["b"][0](x)


NAMES = ["scale", "layers.0.weight", "layers.0.bias", "heads.a.weight", "heads.a.bias", "heads.b.0.weight"]


class Point(nn.Module):
    """A module that is pickled and compared."""

    def __init__(self, x):
        self.x = nn.Parameter(x)

    def forward(self, y):
        return self.x * y


modules = st.recursive(
    st.one_of(
        st.builds(nn.Linear, st.integers(1, 3), st.integers(1, 3), st.booleans(), rng=st.integers(0, 9)),
        st.builds(nn.ReLU),
        st.builds(lambda x: Point(np.float64(x)), st.floats(-5, 5)),
    ),
    lambda parts: st.one_of(
        st.lists(parts, min_size=1, max_size=3).map(lambda ms: nn.Sequential(*ms)),
        st.lists(parts, max_size=3).map(nn.ModuleList),
        st.dictionaries(st.sampled_from(["a", "b", "c"]), parts, max_size=3).map(nn.ModuleDict),
    ),
    max_leaves=8,
)


# Finding


def test_parameters_are_found_in_attributes_lists_tuples_and_dicts_its_own_first_and_once():
    net = Net()
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert [p is q for p, (_, q) in zip(net.parameters(), net.named_parameters(), strict=True)] == [True] * 6
    assert [name for name, _ in net.named_parameters(recurse=False)] == ["scale"]
    assert [name for name, _ in net.named_parameters("net")][:2] == ["net.scale", "net.layers.0.weight"]
    assert len(list(net.named_parameters(remove_duplicate=False))) == 8


def test_modules_are_found_and_given_once():
    net = Net()
    assert [name for name, _ in net.named_modules()] == ["", "layers.0", "layers.1", "heads.a", "heads.b.0"]
    assert [name for name, _ in net.named_children()] == ["layers.0", "layers.1", "heads.a", "heads.b.0"]
    assert next(net.modules()) is net
    assert next(net.children()) is net.shared
    assert "shared" in dict(net.named_modules(remove_duplicate=False))


def test_a_module_that_contains_itself_ends_every_walk():
    net = Net()
    net.me = net
    net.layers.append(net)
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert [name for name in net.state_dict() if "me" in name] == []
    assert "..." in repr(net)


def test_a_list_that_grew_later_is_found_and_its_modules_learn_their_names():
    net = Net()
    net.layers.append(nn.Linear(3, 3))
    assert "layers.2.bias" in dict(net.named_parameters())
    (vertex,) = [v for v in ad.graph(net.layers[2](ad.ones(3))).nodes if v.op is not None]
    assert vertex.scope == ("layers.2: Linear",)


def test_only_parameters_are_learned():
    net = Net()
    net.data = ad.ones(2, requires_grad=True)
    net.table = np.ones(3)
    assert [name for name, _ in net.named_parameters()] == NAMES


def test_a_parameter_is_called_as_its_first_attribute():
    net = Net()
    assert net.layers[0].weight.name == "weight"
    assert net.scale.name == "scale"
    net.other = net.scale
    assert net.other.name == "scale"
    net.named = nn.Parameter(1.0, name="theta")
    assert net.named.name == "theta"


# Parameters


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        ([1, 2], np.float32),
        (3.0, np.float32),
        (np.ones(2), np.float64),
        (np.ones(2, np.float16), np.float16),
        (np.float64(1), np.float64),
        (ad.ones(2), np.float64),
        (ad.ones(2, dtype=np.float32), np.float32),
        (nn.Parameter([1.0]), np.float32),
    ],
)
def test_parameters_keep_a_dtype_and_are_float32_without_one(data, dtype):
    p = nn.Parameter(data)
    assert p.dtype == dtype
    assert p.requires_grad
    assert p.is_leaf


def test_a_parameter_is_a_copy():
    data = np.ones(2)
    p = nn.Parameter(data)
    data[0] = 5
    np.testing.assert_array_equal(p.data, [1, 1])
    assert nn.Parameter([1], dtype=np.float64).dtype == np.float64
    assert not nn.Parameter([1.0], requires_grad=False).requires_grad


def test_a_parameter_may_be_replaced_or_taken_away():
    layer = nn.Linear(2, 1)
    layer.weight = nn.Parameter(np.zeros((1, 2)))
    layer.bias = None
    assert [name for name, _ in layer.named_parameters()] == ["weight"]
    assert layer(np.ones(2)).item() == 0
    del layer.weight
    assert list(layer.parameters()) == []


# Calling


def test_a_call_is_recorded_in_the_scopes_of_the_modules():
    class Root(nn.Module):
        def __init__(self):
            self.body = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
            self.many = nn.ModuleList([nn.ModuleDict({"x": nn.Tanh()})])

        def forward(self, x):
            return self.many[0]["x"](self.body(x))

    nodes = ad.graph(Root()(ad.ones((1, 2)))).nodes
    assert [v.scope for v in nodes if v.op is not None] == [
        ("Root", "body: Sequential", "0: Linear"),
        ("Root", "body: Sequential", "1: ReLU"),
        ("Root", "many.0.x: Tanh"),
    ]
    assert [v.name for v in nodes if v.op is None and v.name] == ["weight", "bias"]


def test_forward_takes_any_arguments():
    class Sum(nn.Module):
        def forward(self, x, *, times=1):
            return x * times

    assert Sum()(ad.ones(1), times=3).item() == 3


def test_attributes_are_plain():
    net = Net()
    assert net.steps == 7
    assert set(vars(net)) == {"layers", "heads", "scale", "shared", "steps"}
    with pytest.raises(AttributeError, match="stpes"):
        _ = net.stpes
    with pytest.raises(TypeError):
        nn.Module(3)


def test_the_scope_is_left_when_forward_raises():
    class Bad(nn.Module):
        def forward(self):
            raise KeyError("oh")

    with pytest.raises(KeyError, match="oh"):
        Bad()()
    x = ad.ones(1, requires_grad=True)
    assert ad.graph(x * 2).nodes[-1].scope == ()


# Modes, gradients, apply


def test_train_and_eval_reach_all_and_may_be_overridden():
    class Frozen(nn.Module):
        def __init__(self):
            self.inner = nn.Dropout()

        def train(self, mode=True):
            super().train(mode)
            self.inner.eval()
            return self

    net = nn.Sequential(nn.Dropout(), Frozen())
    assert net.eval() is net
    assert not any(m.training for m in net.modules())
    net.train()
    assert net.training
    assert net[0].training
    assert net[1].training
    assert not net[1].inner.training


def test_zero_grad_and_requires_grad():
    net = Net()
    net(ad.ones((1, 2))).sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    net.zero_grad(set_to_none=False)
    assert all(not p.grad.data.any() for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())
    assert net.requires_grad_(False) is net
    assert not net(ad.ones((1, 2))).requires_grad


def test_apply_goes_from_the_leaves_to_the_root():
    met = []
    net = Net()
    assert net.apply(met.append) is net
    assert met == [*net.children(), net]


# State


@given(modules)
def test_a_state_goes_from_a_module_to_its_like(module):
    state = module.state_dict()
    assert list(state) == [name for name, _ in module.named_parameters()]
    twin = copy.deepcopy(module)
    for p in twin.parameters():
        p.data = p.data + 1
    assert twin.load_state_dict(state) == ([], [])
    for k, v in twin.state_dict().items():
        np.testing.assert_array_equal(v, state[k])
        assert v.dtype == state[k].dtype


@given(modules, modules)
def test_a_state_of_other_names_or_shapes_is_refused(module, other):
    state, before = module.state_dict(), other.state_dict()
    if {k: v.shape for k, v in state.items()} != {k: v.shape for k, v in before.items()}:
        with pytest.raises(nn.StateDictError):
            other.load_state_dict(state)
        for k, v in other.state_dict().items():
            np.testing.assert_array_equal(v, before[k])


@given(modules)
def test_copies_and_pickles_are_modules_of_their_own(module):
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert repr(twin) == repr(module)
        for (k, p), (k2, q) in zip(module.named_parameters(), twin.named_parameters(), strict=True):
            assert (k, p.name) == (k2, q.name)
            assert type(q) is nn.Parameter
            assert q is not p
            assert q.requires_grad
            np.testing.assert_array_equal(p.data, q.data)


def test_a_shared_parameter_stays_shared_in_a_copy():
    net = copy.deepcopy(Net())
    assert net.shared is net.layers[0]
    tied = Point(1.0)
    tied.y = tied.x
    twin = pickle.loads(pickle.dumps(tied))
    assert twin.y is twin.x
    assert list(tied.state_dict()) == ["x", "y"]
    assert [name for name, _ in tied.named_parameters()] == ["x"]


def test_a_state_is_a_copy_both_ways():
    net = nn.Linear(2, 1)
    state = net.state_dict()
    state["weight"][:] = 7
    assert not (net.weight.data == 7).any()
    net.load_state_dict(state)
    state["weight"][:] = 8
    assert (net.weight.data == 7).all()


def test_a_state_may_hold_tensors_nan_and_other_widths():
    net = nn.Linear(2, 1)
    net.load_state_dict({"weight": ad.tensor([[np.nan, 2.0]]), "bias": nn.Parameter([3.0])})
    assert net.weight.dtype == np.float32
    np.testing.assert_array_equal(net.weight.data, [[np.nan, 2]])
    assert net.bias.item() == 3


def test_everything_that_is_wrong_with_a_state_is_said_at_once_and_nothing_is_changed():
    net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    before = net.state_dict()
    state = {
        "0.weight": np.zeros((2, 3)),
        "0.bias": np.zeros(3, np.int64),
        "1.weight": np.zeros((1, 3)),
        "2.weight": 1,
        "3": 2,
    }
    with pytest.raises(nn.StateDictError) as info:
        net.load_state_dict(state)
    assert str(info.value).split("\n  ") == [
        "the state does not fit Sequential:",
        "missing: '1.bias'",
        "unexpected: '2.weight', '3'",
        "'0.weight' has shape (3, 2), got (2, 3)",
        "'0.bias' has dtype float32, got int64",
    ]
    assert isinstance(info.value, KeyError)
    assert isinstance(info.value, ValueError)
    with pytest.raises(nn.StateDictError, match="shape") as info:
        net.load_state_dict(state, strict=False)
    assert "missing" not in str(info.value)
    for k, v in net.state_dict().items():
        np.testing.assert_array_equal(v, before[k])


def test_without_strict_names_may_differ():
    net = nn.Linear(2, 1)
    bias = net.bias.data.copy()
    keys = net.load_state_dict({"weight": np.ones((1, 2)), "other": None}, strict=False)
    assert keys.missing_keys == ["bias"]
    assert keys.unexpected_keys == ["other"]
    np.testing.assert_array_equal(net.weight.data, [[1, 1]])
    np.testing.assert_array_equal(net.bias.data, bias)


def test_loading_marks_the_write():
    net = nn.Linear(2, 1)
    loss = (net(ad.ones((1, 2))) ** 2).sum()
    net.load_state_dict(net.state_dict())
    with pytest.raises(RuntimeError, match="written"):
        loss.backward()


# Showing

Case = namedtuple("Case", "module text")


@pytest.mark.parametrize(
    "case",
    [
        Case(nn.Linear(2, 3), "Linear(in_features=2, out_features=3, bias=True)"),
        Case(nn.ReLU(), "ReLU()"),
        Case(nn.Sequential(), "Sequential()"),
        Case(
            nn.Sequential(nn.Sequential(nn.ReLU()), nn.Dropout(0.25)),
            "Sequential(\n  (0): Sequential(\n    (0): ReLU()\n  )\n  (1): Dropout(p=0.25, inplace=False)\n)",
        ),
        Case(
            Net(),
            "Net(\n  (layers.0): Linear(in_features=2, out_features=3, bias=True)\n  (layers.1): ReLU()\n"
            "  (heads.a): Linear(in_features=3, out_features=1, bias=True)\n"
            "  (heads.b.0): Linear(in_features=3, out_features=1, bias=False)\n"
            "  (shared): Linear(in_features=2, out_features=3, bias=True)\n)",
        ),
    ],
    ids=lambda case: type(case.module).__name__,
)
def test_repr_is_a_tree(case):
    assert repr(case.module) == case.text
