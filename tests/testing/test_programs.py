"""Programs: printed they compute the same, they hold what random tests need, and they shrink to what matters."""

import re

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

import autodiff as ad
from autodiff import Tensor
from autodiff.op import Elementwise, part, table
from autodiff.testing.programs import Program
from autodiff.testing.strategies import programs
from autodiff.trees import leaves

quick = settings(max_examples=2000, derandomize=True, database=None)


def bits(outputs):
    """Every digit of some values."""
    arrays = [np.asarray(y.data if isinstance(y, Tensor) else y) for y in leaves(outputs)]
    return [(y.dtype, y.shape, y.tobytes()) for y in arrays]


def executed(program):
    """What the code of a program calls y."""
    namespace = {}
    exec(str(program), namespace)
    return namespace["y"]


def names(program):
    return [step.op.name for step in program.steps]


# Running and printing


@given(programs())
def test_code_arrays_and_tensors_compute_the_same_to_the_last_bit(program):
    assert bits(executed(program)) == bits(program(*program.args)) == bits(program.recorded())


@given(programs())
def test_the_program_of_what_a_program_computes_is_itself(program):
    assert str(Program.of(*program.recorded())) == str(program) == repr(program)


x = Tensor([[1.0, -0.0], [0.1, 1e-300]], requires_grad=True)
v = Tensor(np.array([0.1, 2.0, 3.0], np.float32), requires_grad=True, name="weights")
COMPUTED = {
    "slices": x[0, :1],
    "a step": x[::-1, 1:],
    "new axes": x[..., None, 0],
    "one slice": x[1:],
    "a mask": x[np.array([[True, False], [False, True]])],
    "repeated integers": x[np.array([0, 0]),],
    "nothing": x[np.zeros((0, 3), int)],
    "single precision": v * np.float32(0.1) + np.array([1, 2, 3], np.int8),
    "infinities": ad.where(np.array([True, False]), x, np.inf) * np.array([[np.nan, -np.inf]]),
    "a dtype": v.astype(np.float64),
    "parameters": ad.sum(ad.softmax(x, axis=0), axis=(0, 1), keepdims=True),
    "a default": ad.fft.fft(x) * 1j,
    "several arrays": ad.stack([x, x, 2 * x], axis=-1),
    "several results": ad.linalg.svd(x)[1] + ad.linalg.eigh(x)[1][0],
    "an empty leaf": ad.sum(Tensor(np.zeros((2, 0)), requires_grad=True), axis=1),
    "no step": x,
}


@pytest.mark.parametrize("output", COMPUTED.values(), ids=COMPUTED.keys())
def test_every_kind_of_value_is_written_so_that_python_reads_it(output):
    program = Program.of(output)
    assert bits(executed(program)) == bits(program(*program.args)) == bits(output)


def test_what_is_printed_is_what_the_outputs_need_in_the_order_of_making():
    a, b = Tensor(2.0, requires_grad=True, name="a"), Tensor([1.0, 2.0], requires_grad=True, name="class")
    c = a * b
    ad.exp(c)
    program = Program.of(ad.sum(c), c[0] + 1.0)
    assert str(program).split("\n\n")[1].splitlines() == [
        "a = ad.Tensor(2.0, requires_grad=True)",
        "x1 = ad.Tensor([1.0, 2.0], requires_grad=True)",
        "v0 = ad.multiply(a, x1)",
        "v1 = ad.sum(v0)",
        "v2 = v0[0]",
        "v3 = ad.add(v2, 1.0)",
        "y = v1, v3",
    ]


def test_results_of_one_operation_are_steps_of_their_own():
    values, vectors = ad.linalg.eigh(x)
    program = Program.of(vectors, values)
    assert [step.op for step in program.steps][-2:] == [part, part]
    assert [y.shape for y in program(*program.args)] == [(2, 2), (2,)]
    _, pull = ad.vjp(program, *program.args)
    assert np.all(np.isfinite(pull((np.ones((2, 2)), np.ones(2)))[0]))


def test_tensors_without_gradient_are_constants():
    program = Program.of(x * Tensor([3.0, 4.0]))
    assert len(program.args) == 1
    assert np.array_equal(program.constants[0], [3, 4])


def test_a_program_is_a_function():
    program = Program.of(ad.sum(x * x))
    assert np.array_equal(ad.grad(program)(np.ones((2, 2))), 2 * np.ones((2, 2)))
    assert isinstance(program(Tensor([1.0], requires_grad=True)), Tensor)
    assert program([1.0, 2.0]) == 5
    with pytest.raises(TypeError, match=r"1 leaves \(x0\), got 2"):
        program(1.0, 2.0)


def test_a_program_does_not_see_later_writes():
    w, c = Tensor([1.0], requires_grad=True), np.array([2.0])
    program = Program.of(w * c)
    w.data[:] = c[:] = 9.0
    assert program(*program.args) == 2


@given(programs())
def test_graph_and_drawing_show_the_steps(program):
    made = [vertex for vertex in program.graph().nodes if vertex.op is not None]
    assert [vertex.op for vertex in made] == [step.op for step in program.steps]
    assert repr(program.draw()) == f"<Drawing of {len(program.graph().nodes)} values>"


# What random programs are made of


def features(program):
    """Which kinds of things a program holds."""
    first = len(program.args) + len(program.constants)
    constants = range(len(program.args), first)
    shapes = [np.shape(y) for y in (*program.args, *program.constants)]
    shapes += [
        () if isinstance(v.value, tuple) else np.shape(v.value) for v in program.graph().nodes if v.op is not None
    ]
    uses = [[i for i in step.inputs if i not in constants] for step in program.steps]
    paths = [dict.fromkeys(range(first), 0)] * first
    found = {"several outputs"} if len(program.outputs) > 1 else set()
    for k, (step, used) in enumerate(zip(program.steps, uses, strict=True)):
        count = {}
        for i in used:
            for j, n in {**(paths[i] if i >= first else {}), i: 1}.items():
                count[j] = count.get(j, 0) + n
        paths.append(count)
        if max(count.values(), default=0) > 1:
            found.add("diamond")
        if len(set(used)) < len(used):
            found.add("used twice by one operation")
        if isinstance(step.op, Elementwise) and any(shapes[i] != shapes[first + k] for i in step.inputs):
            found.add("broadcasting")
        if step.op.name in ("getitem", "scatter", "index_put"):
            found.add("indexing")
        if "keepdims" in step.params:
            found.add("reduction")
        if step.op is part:
            found.add("several results")
    everything = [i for used in uses for i in set(used)]
    if len(set(everything)) < len(everything):
        found.add("reuse")
    return found


LEAST = {
    "diamond": 0.25,
    "reuse": 0.35,
    "used twice by one operation": 0.05,
    "broadcasting": 0.3,
    "indexing": 0.12,
    "reduction": 0.1,
    "several outputs": 0.3,
    "several results": 0.02,
}


def test_programs_have_diamonds_reuse_broadcasting_indexing_reductions_and_several_outputs():
    found = []

    @settings(max_examples=300, derandomize=True, database=None, phases=[Phase.generate])
    @given(programs())
    def collect(program):
        found.append(features(program))

    collect()
    shares = {name: np.mean([name in held for held in found]) for name in LEAST}
    assert all(shares[name] >= least for name, least in LEAST.items()), shares


@pytest.mark.parametrize("name", sorted(name for name, op in table.items() if op.differentiable))
def test_every_row_takes_part_on_what_others_computed(name):
    if name.startswith(("gammainc", "betainc")):
        pytest.importorskip("scipy")

    def continued(program):
        first = len(program.args) + len(program.constants)
        return any(s.op.name == name and max(s.inputs) >= first for s in program.steps)

    assert find(programs([name, "multiply"]), continued, settings=settings(quick, phases=[Phase.generate]))


@given(programs(max_leaves=2, max_outputs=2, max_steps=5, dtype=np.float32), st.data())
def test_what_is_asked_of_programs_is_kept(program, data):
    assert 1 <= len(program.args) <= 2
    assert 1 <= len(program.outputs) <= 2
    assert all(x.dtype == np.float32 for x in program.args)
    for y in leaves(program.recorded()):
        assert y.requires_grad
        assert not y.is_leaf
        assert y.dtype.kind == "f"
        assert np.all(np.isfinite(y.data))


@given(programs(ops=["multiply", table["sum"]]))
def test_operations_can_be_chosen(program):
    helpers = {"reshape", "broadcast_to", "getitem", "atan", "add"}
    assert set(names(program)) <= {"multiply", "sum"} | helpers


# Shrinking


def smallest(condition, *ops):
    return find(programs(ops or None), condition, settings=quick)


def is_simple(program):
    return all(x.size <= 2 and np.all(np.abs(x) <= 1) for x in program.args)


def test_tanh_of_a_sum_shrinks_to_those_two():
    def tanh_of_a_sum(program):
        first = len(program.args) + len(program.constants)
        made = [*[""] * first, *names(program)]
        return any(s.op.name == "tanh" and made[s.inputs[0]] == "add" for s in program.steps)

    program = smallest(tanh_of_a_sum, "add", "multiply", "exp", "tanh", "sum")
    assert names(program) == ["add", "tanh"]
    assert is_simple(program)


@pytest.mark.parametrize("name", ["exp", "max", "matmul", "concatenated", "scatter"])
def test_an_operation_shrinks_to_a_call_of_it(name):
    program = smallest(lambda program: name in names(program), "add", "multiply", "sin", "sum", name)
    assert names(program)[-1] == name
    assert len(program.steps) <= 2
    assert is_simple(program)


def test_a_diamond_shrinks_to_a_value_used_twice():
    program = smallest(lambda program: "diamond" in features(program), "add", "multiply", "sin")
    assert names(program) == ["add"]
    assert is_simple(program)


@pytest.mark.parametrize("name", ["sinh", "tanh", "logsumexp"])
def test_a_broken_rule_shrinks_to_a_call_of_it(name, monkeypatch):
    def disagrees(program):
        (outputs, pull), (_, dy) = ad.vjp(program, *program.args), ad.jvp(program, program.args, program.args)
        g = outputs
        left = sum(np.sum(a * b) for a, b in zip(leaves(g), leaves(dy), strict=True))
        right = sum(np.sum(a * b) for a, b in zip(pull(g), program.args, strict=True))
        return not np.isclose(left, right, rtol=1e-6, atol=1e-9)

    ops = ["add", "multiply", "divide", "exp", "sum", "getitem", "reshape", name]
    right = table[name].pulls[0]
    monkeypatch.setattr(table[name], "pulls", (lambda g, y, xs, params: 1.01 * right(g, y, xs, params),))
    if isinstance(table[name], Elementwise):
        monkeypatch.setattr(Elementwise, "push", _true_push(name, right))
    program = smallest(disagrees, *ops)
    assert names(program).count(name) == 1
    assert len(program.steps) <= 2
    assert is_simple(program)


def _true_push(name, right):
    """The push of an elementwise operation, of which the pull was broken, as it was before."""
    push = Elementwise.push

    def pushed(op, dxs, y, xs, params, masked=False):
        return right(dxs[0], y, xs, params) if op.name == name else push(op, dxs, y, xs, params, masked)

    return pushed


def test_a_falsified_test_shows_the_code():
    @settings(database=None, print_blob=False, derandomize=True)
    @given(program=programs(["exp"]))
    def check(program):
        assert "exp" not in names(program)

    with pytest.raises(AssertionError) as failure:
        check()
    assert re.search(r"v0 = ad\.exp\(x0\)\n\s*y = v0", "\n".join(failure.value.__notes__))
