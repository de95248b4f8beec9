"""Groups of a graph: nested, complete, found where something repeats itself; what is seen of them has no cycles."""

from collections import Counter
from contextlib import ExitStack

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import autodiff as ad
import nn
from autodiff.drawing.outline import Group, _repetitions, closed, outline, seen
from autodiff.testing.strategies import programs

SCOPES = [(), ("net",), ("net", "0: Linear"), ("net", "1: ReLU"), ("loss",), ("",)]
OPERATIONS = [ad.tanh, ad.sin, ad.arctan, ad.negative, ad.sigmoid]


@st.composite
def scoped(draw):
    """The graph of a random program of scalars that enters and leaves scopes."""
    made = [ad.Tensor(0.5, requires_grad=True, name=name) for name in ("a", None)]
    for which, i, j, scope in draw(
        st.lists(
            st.tuples(st.integers(0, 6), st.integers(0, 99), st.integers(0, 99), st.sampled_from(SCOPES)), max_size=60
        )
    ):
        a, b = made[i % len(made)], made[j % len(made)]
        with ExitStack() as stack:
            for part in scope:
                stack.enter_context(ad.name_scope(part))
            made.append(a * b if which >= len(OPERATIONS) else OPERATIONS[which](a * 0.5))
    return ad.graph(*made[-3:])


graphs = scoped() | programs().map(lambda program: program.graph())


def around(divided, number):
    """The groups around a group, itself included, from the inside to the outside."""
    while number is not None:
        yield divided.groups[number]
        number = divided.groups[number].parent


def op_ids(graph):
    return [vertex.id for vertex in graph.nodes if vertex.op is not None]


@given(graphs)
def test_groups_are_nested_and_numbered_in_order(graph):
    divided = outline(graph)
    assert len(divided.home) == len(graph.nodes)
    inside = {group.number: [] for group in divided.groups}
    for i, home in enumerate(divided.home):
        for group in around(divided, home):
            inside[group.number].append(i)
    for number, group in enumerate(divided.groups):
        assert group.number == number
        assert group.parent is None or group.parent < number
        assert (group.size, group.first, group.last) == (len(inside[number]), inside[number][0], inside[number][-1])
    assert [group.first for group in divided.groups] == sorted(group.first for group in divided.groups)


@given(graphs)
def test_groups_of_operations_are_without_gaps(graph):
    divided, ids = outline(graph), op_ids(graph)
    for group in divided.groups:
        held = [i for i in ids if group in around(divided, divided.home[i])]
        assert held == [i for i in ids if held and held[0] <= i <= held[-1]]
        assert bool(held) == (group.kind != "leaves")


@given(graphs)
def test_an_operation_is_in_the_groups_of_its_scopes(graph):
    divided = outline(graph)
    for i in op_ids(graph):
        scopes = [group for group in around(divided, divided.home[i]) if group.kind == "scope"]
        assert tuple(group.label for group in reversed(scopes)) == graph.nodes[i].scope
        assert all(group.path == graph.nodes[i].scope[: len(group.path)] for group in around(divided, divided.home[i]))


@given(graphs)
def test_a_leaf_is_where_all_its_uses_are(graph):
    divided = outline(graph)
    for vertex in graph.nodes:
        if vertex.op is None and not (vertex.name and vertex.node is not None and not vertex.requires_grad):
            users = [after.id for after in graph.nodes if vertex.id in after.inputs]
            homes = [{group.number for group in around(divided, divided.home[user])} for user in users]
            own = {g.number for g in around(divided, divided.home[vertex.id]) if g.kind != "leaves"}
            assert own == (set.intersection(*homes) if homes else set())


@given(graphs, st.data())
def test_what_is_seen(graph, data):
    """Whatever is closed: every vertex is in one box, every use that is not inside of one is counted, in order."""
    divided = outline(graph)
    shut = data.draw(st.sets(st.integers(0, max(len(divided.groups) - 1, 0))))
    view = seen(graph, divided, shut)
    place = {}
    for at, box in enumerate(view.boxes):
        if isinstance(box, Group):
            assert box.number in shut
            members = [i for i, home in enumerate(divided.home) if box in around(divided, home)]
        else:
            members = [box]
        assert not place.keys() & set(members)
        place |= dict.fromkeys(members, at)
    assert [place[i] for i in range(len(graph.nodes))] == list(view.place)
    expected = Counter((place[a], place[b]) for a, b in graph.edges if place[a] != place[b])
    assert sum((Counter({(edge.start, edge.end): edge.count}) for edge in view.edges), Counter()) == expected
    assert all(edge.start < edge.end for edge in view.edges)
    for at, box in enumerate(view.boxes):
        entering = [edge for edge in view.edges if edge.end == at]
        if isinstance(box, int):
            assert [place[i] for i in graph.nodes[box].inputs] == [edge.start for edge in entering]
            assert [edge.argument for edge in entering] == list(range(len(entering)))
        else:
            assert {edge.argument for edge in entering} <= {None}
            assert len({edge.start for edge in entering}) == len(entering)


@given(graphs, st.integers(0, 100))
def test_a_budget_is_kept_and_used(graph, budget):
    divided = outline(graph)
    shut = closed(divided, budget)
    count = len(seen(graph, divided, shut).boxes)
    assert count <= max(budget, len(seen(graph, divided, range(len(divided.groups))).boxes))
    assert budget < len(graph.nodes) or not shut
    assert all(group.number in shut for group in divided.groups if group.parent in shut)


@given(
    st.lists(st.sampled_from(OPERATIONS), max_size=5),
    st.lists(st.sampled_from(OPERATIONS), min_size=2, max_size=12),
    st.integers(4, 30),
    st.sampled_from([(), ("loop",)]),
)
def test_a_loop_is_found(before, body, times, scope):
    h = ad.Tensor(0.5, requires_grad=True)
    for function in before:
        h = function(h)
    with ExitStack() as stack:
        for part in scope:
            stack.enter_context(ad.name_scope(part))
        for _ in range(times):
            for function in body:
                h = function(h)
    graph = ad.graph(h)
    divided = outline(graph)
    repeats = [group for group in divided.groups if group.kind == "repeat"]
    assert any(group.size >= (times - 1) * len(body) for group in repeats)


@given(st.integers(0, 3).flatmap(lambda most: st.lists(st.integers(0, most), max_size=60)), st.integers(1, 5))
@example([0] * 6 + [1, 0] * 4, 5)
def test_what_is_said_to_repeat_itself_does(symbols, weight):
    free = 0
    for run in _repetitions(symbols, [weight] * len(symbols)):
        body = symbols[run.start : run.start + run.period]
        assert run.start >= free
        assert symbols[run.start :][: run.period * run.count] == body * run.count
        assert run.count >= 3
        free = run.start + run.period * run.count


def test_alike_layers_are_folded():
    layer = nn.TransformerEncoderLayer(8, 2, 16, rng=0, batch_first=True)
    model = nn.TransformerEncoder(layer, 12)
    graph = ad.graph(ad.sum(model(np.ones((1, 3, 8), np.float32))))
    divided = outline(graph)
    (folded,) = [group for group in divided.groups if group.kind == "repeat"]
    assert (folded.label, folded.count) == ("TransformerEncoderLayer", 12)
    inside = [group for group in divided.groups if group.parent == folded.number]
    assert [group.label for group in inside] == [
        "layers.0: TransformerEncoderLayer",
        "2–11",
        "layers.11: TransformerEncoderLayer",
    ]
    parameters = [v for v in graph.nodes if v.op is None and v.requires_grad]
    assert all(folded in around(divided, divided.home[vertex.id]) for vertex in parameters)
    assert folded in seen(graph, divided, closed(divided, 2)).boxes


def test_layers_of_other_widths_are_not_alike():
    model = nn.Sequential(*(nn.Linear(n, n + 1, rng=0) for n in range(2, 12)))
    assert {group.kind for group in outline(ad.graph(model(ad.ones((1, 2))))).groups} == {"scope"}


def test_the_first_of_alike_blocks_is_opened_as_an_example():
    h = ad.Tensor(0.5, requires_grad=True)
    for i in range(12):
        with ad.name_scope(f"block {i}"):
            h = ad.tanh(ad.sin(ad.exp(h)))
    graph = ad.graph(h)
    divided = outline(graph)
    opened = [len(seen(graph, divided, closed(divided, budget)).boxes) for budget in (1, 3, 5, 6, 36, 37)]
    assert opened == [1, 3, 3, 6, 6, 37]


def test_a_module_that_is_entered_twice_is_two_groups():
    linear = nn.Linear(2, 2, rng=0)
    graph = ad.graph(linear(ad.exp(linear(ad.ones((1, 2))))))
    divided = outline(graph)
    assert [group.label for group in divided.groups] == ["Linear", "Linear"]
    assert len(seen(graph, divided, {0, 1}).boxes) == 5  # two parameters, two calls, and what is between


def test_a_leaf_that_a_group_uses_late_stands_before_it():
    x, w = ad.Tensor(1.0, requires_grad=True), ad.Tensor(2.0, requires_grad=True)
    with ad.name_scope("scope"):
        h = ad.exp(x) * w
    graph = ad.graph(h + w)
    view = seen(graph, outline(graph), {0})
    assert [box if isinstance(box, int) else box.label for box in view.boxes] == [2, "scope", 4]


def test_doublings_stay_few():
    x = ad.Tensor(1.0, requires_grad=True)
    for _ in range(16):
        x = x + x
    graph = ad.graph(x)
    view = seen(graph, outline(graph), ())
    assert (len(view.boxes), len(view.edges)) == (17, 32)


@pytest.mark.parametrize("many", [9, 1000])
def test_many_parameters_in_one_place_are_a_group(many):
    leaves = [ad.Tensor(float(i), requires_grad=True, name=f"w{i}") for i in range(many)]
    graph = ad.graph(sum(leaves[1:], leaves[0]) + ad.stack(leaves).sum())
    divided = outline(graph)
    groups = [group for group in divided.groups if group.kind == "leaves"]
    assert (groups[0].label, groups[0].size) == (f"{many:,} parameters", many)
    assert len(seen(graph, divided, closed(divided, 60)).boxes) <= 60


@given(st.integers(0, 2**32 - 1))
def test_any_long_program_is_seen_in_few_boxes(seed):
    rng = np.random.default_rng(seed)
    made = [ad.Tensor(0.5, requires_grad=True) for _ in range(30)]
    for which, a, b in rng.integers(0, [5, 1000, 1000], (600, 3)):
        made.append(OPERATIONS[which](made[-1 - a % len(made)] * made[-1 - b % len(made)]))
    graph = ad.graph(*made[-20:])
    divided = outline(graph)
    assert len(seen(graph, divided, closed(divided, 60)).boxes) <= 60


def test_a_deep_graph_is_divided_without_recursion():
    h = ad.Tensor(1.0, requires_grad=True)
    for i in range(20_000):
        h = ad.tanh(h) if i % 3 else h * h
    graph = ad.graph(h)
    divided = outline(graph)
    assert len(seen(graph, divided, closed(divided, 60)).boxes) <= 60
    assert seen(graph, divided, ()).edges[-1].end == 20_000
