"""Containers behave as the lists and dicts that they stand for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
import nn


class Add(nn.Module):
    def __init__(self, n):
        self.n = n

    def forward(self, x):
        return x * 10 + self.n


def numbers(container):
    return [m.n for m in container]


def names(container):
    return [name for name, _ in container.named_children()]


ns = st.lists(st.integers(0, 9), max_size=5)


@pytest.mark.parametrize("kind", [lambda ms: nn.Sequential(*ms), nn.ModuleList], ids=["Sequential", "ModuleList"])
@given(ns=ns, data=st.data())
def test_an_ordered_container_is_a_list(kind, ns, data):
    box, plain = kind([Add(n) for n in ns]), list(ns)
    assert len(box) == len(plain)
    index = st.integers(-6, 6)
    for _ in range(4):
        action = data.draw(st.sampled_from(["get", "slice", "set", "del", "append", "insert", "extend"]))
        i = data.draw(index)
        if action == "slice":
            key = slice(i, data.draw(index), data.draw(st.sampled_from([None, 1, 2, -1])))
            part = box[key]
            assert numbers(part) == plain[key]
            assert type(part) is type(box)
        elif action in ("get", "set", "del") and not -len(plain) <= i < len(plain):
            with pytest.raises(IndexError):
                box[i]
        elif action == "get":
            assert box[i].n == plain[i]
        elif action == "set":
            box[i] = Add(7)
            plain[i] = 7
        elif action == "del":
            del box[i]
            del plain[i]
        elif action == "append":
            assert box.append(Add(8)) is box
            plain.append(8)
        elif action == "insert":
            box.insert(i, Add(9))
            plain.insert(i, 9)
        else:
            box.extend([Add(1), Add(2)])
            plain.extend([1, 2])
        assert numbers(box) == plain
        assert len(box) == len(plain)
        assert names(box) == [str(k) for k in range(len(plain))]


@given(ns)
def test_sequential_calls_one_after_the_other(ns):
    expected = 0
    for n in ns:
        expected = expected * 10 + n
    assert nn.Sequential(*map(Add, ns))(ad.tensor(0)).item() == expected


def test_sequential_takes_names():
    box = nn.Sequential({"first": Add(1), "second": Add(2)})
    assert names(box) == ["first", "second"]
    assert box.first.n == 1
    assert box[1] is box.second
    part = box[1:]
    assert names(part) == ["second"]
    assert part(ad.tensor(0)).item() == 2
    assert len(box) == 2


def test_a_slice_shares_the_modules_and_keeps_what_a_subclass_has():
    class Twice(nn.Sequential):
        def __init__(self, factor, *modules):
            super().__init__(*modules)
            self.factor = factor

        def forward(self, x):
            return super().forward(x) * self.factor

    box = Twice(2, nn.Linear(2, 2), nn.ReLU())
    part = box[:1]
    assert part[0] is box[0]
    assert part.factor == 2
    assert len(box) == 2
    model = nn.ModuleList([nn.ReLU(), nn.Tanh()])
    holder = nn.Module()
    holder.blocks = model
    assert names(model[1:]) == ["0"]
    (vertex,) = [v for v in ad.graph(model[1](ad.ones(1, requires_grad=True))).nodes if v.op is not None]
    assert vertex.scope == ("blocks.1: Tanh",)


def test_a_slice_may_go_backwards():
    plain = [1, 2, 3]
    assert numbers(nn.Sequential(*map(Add, plain))[::-1]) == [3, 2, 1]
    backwards = nn.ModuleList(map(Add, plain))[::-1]
    assert numbers(backwards) == [3, 2, 1]
    assert names(backwards) == ["0", "1", "2"]


def test_a_module_that_is_added_later_carries_the_containers_name():
    holder = nn.Module()
    holder.blocks = nn.ModuleList()
    holder.blocks.append(nn.Tanh())
    holder.blocks += [nn.ModuleDict()]
    holder.blocks[1]["x"] = nn.Tanh()
    x = ad.ones(1, requires_grad=True)
    scopes = [ad.graph(m(x)).nodes[-1].scope for m in (holder.blocks[0], holder.blocks[1]["x"])]
    assert scopes == [("blocks.0: Tanh",), ("blocks.1.x: Tanh",)]


@given(st.dictionaries(st.sampled_from("abcd"), st.integers(0, 9)), st.sampled_from("abcde"))
def test_a_module_dict_is_a_dict(numbers, key):
    box = nn.ModuleDict({k: Add(n) for k, n in numbers.items()})
    assert list(box) == list(box.keys()) == list(numbers)
    assert [m.n for m in box.values()] == list(numbers.values())
    assert [(k, m.n) for k, m in box.items()] == list(numbers.items())
    assert (key in box) == (key in numbers)
    box[key] = Add(5)
    assert box[key].n == 5
    assert box.pop(key).n == 5
    assert key not in box
    box.update([("z", Add(1))])
    del box["z"]
    box.clear()
    assert len(box) == 0


def test_equal_neighbours_in_a_list_are_shown_once():
    box = nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Tanh(), nn.ReLU()])
    assert repr(box) == "ModuleList(\n  (0-1): 2 x ReLU()\n  (2): Tanh()\n  (3): ReLU()\n)"
