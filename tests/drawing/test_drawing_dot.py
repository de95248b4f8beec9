"""DOT: exactly the values and uses of the graph, in order; names that are only names; scopes as clusters."""

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from contextlib import ExitStack

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autodiff as ad
import nn
from autodiff.drawing import draw
from autodiff.drawing.themes import LIGHT

UNARY = [ad.negative, ad.tanh, ad.exp, lambda x: x[..., :1], lambda x: ad.sum(x, axis=0), ad.sum]
BINARY = [ad.add, ad.subtract, ad.multiply, lambda a, b: ad.where(a > b, a, b)]
SCOPES = [(), ("net",), ("net", "0: Linear"), ("net", "1: ReLU"), ("loss",), ("<b>&", '"]; x [', "")]
names = st.none() | st.text(max_size=5) | st.sampled_from(["<script>", '"]; x [', "\\N", "&amp;", "a\nb", "%3", "ŷ"])


@st.composite
def programs(draw):
    """Recipes of small programs: what to make of which values made so far, in which scope, with which name."""
    leaves = draw(
        st.lists(st.tuples(st.sampled_from([(), (2,), (3, 4), (5, 3)]), st.booleans(), names), min_size=1, max_size=3)
    )
    steps = st.tuples(st.integers(0, 9), st.integers(0, 99), st.integers(0, 99), st.sampled_from(SCOPES), names)
    return leaves, draw(st.lists(steps, max_size=8)), draw(st.booleans())


def run(program):
    """The last value of a program; everything is computed alike in every run."""
    leaves, steps, backward = program
    made = [
        ad.Tensor(np.linspace(-1, 1, int(np.prod(dims))).reshape(dims), requires_grad=i == 0 or grad, name=name)
        for i, (dims, grad, name) in enumerate(leaves)
    ]
    for which, i, j, scope, name in steps:
        a, b = made[i % len(made)], made[j % len(made)]
        with ExitStack() as stack:
            for part in scope:
                stack.enter_context(ad.name_scope(part))
            if which >= len(UNARY) and a.shape == b.shape:
                result = BINARY[which - len(UNARY)](a, b)
            else:
                result = UNARY[which % len(UNARY)](a) if a.ndim else ad.exp(a * 0.5)
        result.name = name
        made.append(result)
    output = made[-1]
    if backward and output.requires_grad:
        output.backward(np.ones(output.shape))
    return output


def edges(source):
    """(from, port, to) of every edge in a DOT source, in its order."""
    found = re.findall(r"^\tn(\d+):[es] -> n(\d+):(?:(\d+):)?[wn](?: \[.*\])?$", source, re.MULTILINE)
    return [(int(start), int(port) if port else None, int(end)) for start, end, port in found]


def places(source):
    """The path of cluster labels that each node stands in."""
    path, found = [], {}
    for line in source.splitlines():
        line = line.strip()
        if line.startswith("subgraph"):
            path.append(None)
        elif line.startswith("graph [") and path:
            path[-1] = re.search(r"label=<(.*)> labelloc", line).group(1)
        elif line == "}" and path:
            path.pop()
        elif node := re.match(r"n(\d+) \[", line):
            assert int(node.group(1)) not in found
            found[int(node.group(1))] = tuple(path)
    return found


@given(programs(), st.sampled_from(["LR", "TB"]), st.booleans(), st.booleans())
def test_every_value_is_a_node_and_every_use_an_edge(program, direction, values, gradients):
    output = run(program)
    graph = ad.graph(output)
    source = draw(output, direction=direction, values=values, gradients=gradients).source
    assert sorted(places(source)) == [vertex.id for vertex in graph.nodes]
    assert [(start, end) for start, _, end in edges(source)] == list(graph.edges)
    for vertex in graph.nodes:
        ports = [port for _, port, end in edges(source) if end == vertex.id]
        assert ports == (list(range(len(ports))) if len(ports) > 1 else [None] * len(ports))
        assert places(source)[vertex.id][: len(vertex.scope)] or not vertex.scope


@given(programs())
def test_the_same_program_gives_the_same_source(program):
    assert draw(run(program)).source == draw(run(program)).source


@given(programs(), st.sampled_from(["LR", "TB"]))
@settings(max_examples=20)
def test_every_program_can_be_laid_out(program, direction):
    output = run(program)
    svg = ElementTree.fromstring(draw(output, direction=direction).svg())
    groups = [group for group in svg.iter("{http://www.w3.org/2000/svg}g") if group.get("class") in ("node", "edge")]
    titles = Counter(re.sub(r":[\d:a-z]*", "", group[0].text) for group in groups)
    graph = ad.graph(output)
    expected = [f"n{vertex.id}" for vertex in graph.nodes] + [f"n{start}->n{end}" for start, end in graph.edges]
    assert titles == Counter(expected)


GOLDEN = """\
digraph computation {
	graph [bgcolor="#FFFFFF" fontcolor="#1A1A1A" fontname=Helvetica fontsize=11 labeljust=l nodesep=0.2 pad=0.1 \
rankdir=LR ranksep=0.4]
	node [fontcolor="#1A1A1A" fontname=Helvetica fontsize=11 height=0 margin=0 shape=box style="rounded,filled" width=0]
	edge [arrowsize=0.6 color="#7F7F7F" fontcolor="#8A3C00" fontname=Helvetica fontsize=8]
	subgraph cluster_0 {
		graph [color="#C4C4C4" fillcolor="#F6F6F6" label=<line> labelloc=t style="rounded,filled"]
		n0 [label=<<table border="0" cellborder="0" cellspacing="0" cellpadding="3"><tr><td colspan="2">\
<b>&#160;w&#160;</b><br/>\
<font point-size="9" color="#595959">&#160;&#160;parameter · scalar&#160;&#160;</font></td></tr>\
<hr/><tr><td><font point-size="9" color="#595959">&#160;value&#160;</font></td>\
<td align="left"><font face="Courier" point-size="10" color="#1A1A1A">3 <br align="left"/></font></td></tr>\
<hr/><tr><td><font point-size="9" color="#595959">&#160;grad&#160;</font></td>\
<td align="left"><font face="Courier" point-size="10" color="#8A3C00">2 <br align="left"/></font></td></tr></table>> \
color="#B87F00" fillcolor="#FCE8C3"]
		n1 [label=<<font point-size="9">2</font>> color="#A0A0A0" fillcolor="#FEFEFE" margin="0.05,0.03" \
style="rounded,filled,dashed"]
		n2 [label=<<table border="0" cellborder="0" cellspacing="0" cellpadding="3" columns="*">\
<tr><td cellpadding="0"><table border="0" cellborder="0" cellspacing="0" cellpadding="3" rows="*">\
<tr><td port="0"><font point-size="9" color="#595959">&#160;1&#160;</font></td></tr>\
<tr><td port="1"><font point-size="9" color="#595959">&#160;2&#160;</font></td></tr></table></td>\
<td cellpadding="0"><table border="0" cellborder="0" cellspacing="0" cellpadding="3">\
<tr><td colspan="2">&#160;<b>y</b> = multiply&#160;\
<br/><font point-size="9" color="#595959">&#160;&#160;output · scalar&#160;&#160;</font></td></tr>\
<hr/><tr><td><font point-size="9" color="#595959">&#160;value&#160;</font></td>\
<td align="left"><font face="Courier" point-size="10" color="#1A1A1A">6 <br align="left"/></font></td></tr>\
<hr/><tr><td><font point-size="9" color="#595959">&#160;grad&#160;</font></td>\
<td align="left"><font face="Courier" point-size="10" color="#8A3C00">1 <br align="left"/></font></td></tr>\
</table></td></tr></table>> \
color="#00795A" fillcolor="#CDEBE1" penwidth=2]
	}
	n0:e -> n2:0:w [label=" 2 "]
	n1:e -> n2:1:w
}
"""


def test_golden():
    w = ad.Tensor(3.0, requires_grad=True, name="w")
    with ad.name_scope("line"):
        y = w * 2.0
    y.name = "y"
    assert draw(y).source == GOLDEN


def test_a_square_is_two_edges():
    x = ad.Tensor(3.0, requires_grad=True)
    assert edges(draw(x * x).source) == [(0, 0, 1), (0, 1, 1)]


def test_ports_have_the_names_of_the_arguments():
    x, w, b = (ad.Tensor(v, requires_grad=True) for v in ([1.0], [[2.0]], [3.0]))
    assert cards(ad.affine(x, w, b))[3][:3] == ["x", "weight", "bias"]
    assert cards(ad.where(True, x, b))[3][:3] == cards(ad.concat([x, b, x]))[2][:3] == ["1", "2", "3"]
    assert cards(x - b)[2][:2] == cards(np.hypot(x, b))[2][:2] == ["1", "2"]  # not a and b, x1 and x2


def test_many_arguments_have_no_ports():
    x = ad.Tensor([1.0], requires_grad=True)
    assert edges(draw(ad.concat([x] * 9)).source) == [(0, None, 1)] * 9


NAMES = ["<script>", '"]; x [', "</b></td>", "&amp;", "\\N \\G", "}", "--", "n1", "→ŷ", "a\nb", "\x00\x1b", "\ud800"]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_is_only_a_name(name):
    x = ad.Tensor(2.0, requires_grad=True, name=name)
    with ad.name_scope(name):
        y = x * 3.0
    y.name = name
    drawing = draw(y)
    texts = [
        element.text.replace("\xa0", " ").strip()
        for element in ElementTree.fromstring(drawing.svg()).iter("{http://www.w3.org/2000/svg}text")
    ]
    shown = re.sub(r"[\x00\x1b\ud800]", "\N{REPLACEMENT CHARACTER}", " ".join(name.split()))
    assert texts.count(shown) >= 3  # on the parameter, on the result, on the frame
    assert len(edges(drawing.source)) == 2


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_is_none(name):
    x = ad.Tensor(2.0, requires_grad=True, name=name)
    with ad.name_scope(name):
        y = x * 3.0
    y.name = name
    drawing = draw(y)
    assert cards(y)[0][0] == "parameter"
    assert cards(y)[2][2] == "× multiply"
    ElementTree.fromstring(drawing.svg())


def test_a_long_name_is_shortened():
    source = draw(ad.Tensor(2.0, name="x" * 1000)).source
    assert "x" * 39 + "…" in source
    assert "x" * 40 not in source


# What is drawn where


def test_scopes_are_nested_clusters():
    w, b, shared = (ad.Tensor(2.0, requires_grad=True, name=name) for name in ("w", "b", "shared"))
    x = ad.Tensor(3.0, name="x")
    with ad.name_scope("Sequential"):
        with ad.name_scope("0: Linear"):
            h = w * x + b + shared + ad.Tensor(7.0)
        with ad.name_scope("1: Scale"):
            h = h * 2.0 * shared
    y = ad.exp(h)
    found = {vertex.name or vertex.op or vertex.value: vertex for vertex in ad.graph(y).nodes}
    place = places(draw(y).source)
    assert place[found["w"].id] == place[found["b"].id] == ("Sequential", "0: Linear")  # where their only uses are
    assert place[found["shared"].id] == ("Sequential",)  # around all its uses
    assert place[found[2.0].id] == ("Sequential", "1: Scale")  # a constant of the scope
    assert place[found["x"].id] == ()  # data that have a name come from outside
    assert place[found[7.0].id] == ("Sequential", "0: Linear")
    assert place[found[ad.exp].id] == ()
    assert place[found[ad.multiply].id] == ("Sequential", "1: Scale")


def test_a_leaf_alone_is_drawn():
    source = draw(ad.Tensor([1.0, 2.0], name="x")).source
    assert places(source) == {0: ()}
    assert "1  2" in source


def cards(output, **choices):
    """The text of each card, by the vertex's number."""
    source = draw(output, **choices).source
    found = re.findall(r"^\t*n(\d+) \[label=<(.*)> color", source, re.MULTILINE)
    lines = {int(i): re.sub(r"<[^>]*>", "\n", label).replace("&#160;", "") for i, label in found}
    return {i: [line.strip() for line in text.split("\n") if line.strip()] for i, text in lines.items()}


def test_cards_say_what_there_is():
    w = ad.Tensor(np.arange(20.0, dtype=np.float32).reshape(4, 5), requires_grad=True, name="w")
    x = ad.Tensor([1.0, 0.0, -1.0, 0.5, 0.0], name="x")
    y = ad.sum((w @ x)[1:, None], axis=0)
    assert cards(y) == {
        0: [
            *["w", "parameter · 4 × 5 · float32"],
            *["value", "min       0", "mean    9.5", "max      19", "norm   49.7"],
            *["grad", "min      -1", "mean  0.075", "max       1", "norm  2.598"],
        ],
        1: ["x", "data · 5", "value", "1.0  0  -1.0  0.5  0"],
        2: ["1", "2", "@ matmul", "4", "value", "-0.5  2.0  4.5  7.0", "grad", "0    1    1    1"],
        3: ["getitem", "3 × 1", "key=(1:, None)", "value", "2.0", "4.5", "7.0", "grad", "1", "1", "1"],
        4: ["∑ sum", "output · 1", "axis=0", "value", "13.5", "grad", "1"],
    }


def test_values_and_gradients_can_be_left_out():
    x = ad.Tensor(2.0, requires_grad=True, name="x")
    y = x * 3.0
    assert cards(y, values=False)[0] == ["x", "parameter · scalar", "grad", "3"]
    assert cards(y, gradients=False)[0] == ["x", "parameter · scalar", "value", "2"]
    assert cards(y, values=False, gradients=False) == {
        0: ["x", "parameter · scalar"],
        1: ["constant"],
        2: ["1", "2", "× multiply", "output · scalar"],
    }


SIGNS = {"+": ad.add, "−": ad.subtract, "×": ad.multiply, "÷": ad.divide, "^": ad.power, "@": ad.matmul}


@pytest.mark.parametrize("sign", SIGNS)
def test_operators_have_signs(sign):
    x = ad.Tensor([2.0], requires_grad=True)
    assert f"{sign} {SIGNS[sign].name}" in cards(SIGNS[sign](x, x))[1]


mapped = ad.elementwise(lambda x, f=np.abs: f(x), lambda y, x, f: 0, name="mapped")

PARAMETERS = {
    "the usual ones are not said": (lambda x: ad.sum(x), ["scalar"]),
    "several": (lambda x: ad.sum(x, axis=0, keepdims=True), ["1 × 3", "axis=0, keepdims=True"]),
    "a slice": (lambda x: x[::2, 1], ["1", "key=(::2, 1)"]),
    "an ellipsis": (lambda x: x[..., 0], ["2", "key=(..., 0)"]),
    "a small array": (lambda x: x[np.array([0, 1, 0])], ["3 × 3", "key=[0, 1, 0]"]),
    "a large array": (lambda x: x[np.zeros(20, int)], ["20 × 3", "key=array(20)"]),
    "a sequence of sequences": (lambda x: ad.pad(x, 1), ["4 × 5", "widths=((1, 1), (1, 1))"]),
    "a function": (lambda x: mapped(x, f=np.sin), ["2 × 3", "f=sin"]),
    "a dtype": (lambda x: x.astype(np.float32), ["2 × 3", "dtype=float32"]),
}


@pytest.mark.parametrize(("made", "facts"), PARAMETERS.values(), ids=PARAMETERS)
def test_parameters_of_the_call(made, facts):
    x = ad.Tensor(np.ones((2, 3)), requires_grad=True)
    card = cards(made(x), values=False, gradients=False)[1]
    shown = [line.removeprefix("output · ").replace("&gt;", ">") for line in card]
    assert shown[-len(facts) :] == facts


def test_several_outputs():
    x = ad.Tensor(2.0, requires_grad=True)
    a, b = x * 2.0, ad.exp(x)
    assert sum("output · scalar" in card for card in cards([a, b]).values()) == 2
    assert draw([a, a]).source == draw(a).source


def test_kinds_have_their_colours():
    w, x = ad.Tensor(2.0, requires_grad=True), ad.Tensor(3.0)
    source = draw(ad.exp(w * x + 1.0)).source
    fills = dict(re.findall(r"^\t*n(\d+) \[label=.* fillcolor=\"(#\w+)\"", source, re.MULTILINE))
    parameter, data, product, constant, total, output = (fills[str(i)] for i in range(6))
    assert product == total
    assert len({parameter, data, constant, product, output}) == 5


# Gradients and contributions


def labels(source):
    """What stands at the edges: (from, to, port) and the label."""
    found = re.findall(r"^\tn(\d+):[es] -> n(\d+):(?:(\d+):)?[wn] \[label=\"([^\"]*)\"", source, re.MULTILINE)
    return {(int(a), int(b), port): text.strip() for a, b, port, text in found}


@given(st.lists(st.tuples(st.sampled_from("*+-t"), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=9))
def test_what_stands_at_the_edges_adds_up_to_the_gradients(steps):
    """Chain rule by hand: differentials of scalars, pushed forward in NumPy from each value to the output."""
    made = [ad.Tensor(0.75, requires_grad=True), ad.Tensor(-1.25, requires_grad=True)]
    for sign, i, j in steps:
        a, b = made[-1 - i % len(made)], made[-1 - j % len(made)]
        made.append({"*": a * b, "+": a + b, "-": a - b, "t": ad.tanh(a)}[sign])
    graph = ad.graph(made[-1])
    found = labels(draw(made[-1]).source)
    for vertex in graph.nodes:
        slope = np.zeros(len(graph.nodes))
        slope[vertex.id] = 1.0
        for after in graph.nodes[vertex.id + 1 :]:
            if after.op is not None:
                values = [float(graph.nodes[i].value) for i in after.inputs]
                partials = {
                    "multiply": lambda a, b: (b, a),
                    "add": lambda a, b: (1, 1),
                    "subtract": lambda a, b: (1, -1),
                    "tanh": lambda a: (1 - np.tanh(a) ** 2,),
                }[after.op.name](*values)
                slope[after.id] = sum(slope[i] * d for i, d in zip(after.inputs, partials, strict=True))
        added = [float(text) for (start, _, _), text in found.items() if start == vertex.id]
        if vertex.id not in graph.outputs:
            assert sum(added) == pytest.approx(slope[graph.outputs[0]], rel=2e-3, abs=2e-3 * sum(map(abs, added)))


def test_a_sum_that_undoes_a_broadcast_is_said():
    b = ad.Tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True, name="b")
    y = ad.sum(ad.Tensor(np.ones((8, 4))) * b)
    assert labels(draw(y).source)[1, 2, "1"] == "|16|\\n∑ 8 × 4 → 4"
    assert "∑" not in "".join(labels(draw(ad.sum(b * b)).source).values())


def test_a_gradient_of_several_uses_says_so():
    x = ad.Tensor(3.0, requires_grad=True)
    assert cards(x * x)[0] == ["parameter", "scalar", "value", "3", "grad = ∑ of 2", "6"]
    assert cards(ad.exp(x))[0][-2] == "grad"


def test_gradients_are_those_of_the_output_and_no_tensor_is_touched():
    x = ad.Tensor(2.0, requires_grad=True)
    h = x * x
    y = ad.exp(h) * 0.0 + h * 5.0
    assert cards(y)[1][-2:] == ["grad = ∑ of 2", "5"]
    assert x.grad is h.grad is None


# Large graphs


def box_titles(source):
    """The first line of each closed group's card."""
    found = re.findall(r"^\t*g\d+ \[label=<<table[^>]*><tr><td[^>]*><b>(.*?)</b>", source, re.MULTILINE)
    return [text.replace("&#160;", "") for text in found]


def chain(n, scope=None):
    h = ad.Tensor(0.5, requires_grad=True)
    for i in range(n):
        with ad.name_scope(scope(i)) if scope else ExitStack():
            h = ad.tanh(h) if i % 2 else h * 0.5
    return h


@pytest.mark.parametrize("scope", [None, lambda i: f"{i // 10}: Layer"], ids=["alone", "in scopes"])
def test_a_large_graph_is_collapsed(scope):
    source = draw(chain(3000, scope)).source
    assert source.count(" [label=<<") < 60
    assert any("of" in text for text in box_titles(source))
    assert source == draw(chain(3000, scope)).source
    ElementTree.fromstring(draw(chain(3000, scope)).svg())


def test_a_deep_graph_is_drawn_without_recursion_and_in_linear_time():
    assert box_titles(draw(chain(20_000)).source) == ["2–9999 of 10000 × (multiply, tanh)", "step 10000"]


def test_scopes_may_be_nested_deeper_than_python_can_recurse():
    with ExitStack() as stack:
        for i in range(1500):
            stack.enter_context(ad.name_scope(str(i)))
        y = chain(1)
    assert draw(y).source.count("subgraph") == 1500


def test_a_parameter_that_every_step_uses_is_one_thick_edge():
    w = ad.Tensor(0.5, requires_grad=True)
    h = w
    for _ in range(150):
        h = ad.tanh(h * w)
    assert '[label=" 148× " penwidth=4]' in draw(h).source


def test_of_a_tangle_no_more_is_shown_than_can_be_followed():
    rng = np.random.default_rng(0)
    made = [ad.Tensor(0.5, requires_grad=True) for _ in range(20)]
    for a, b in rng.integers(0, 500, (2000, 2)):
        made.append(ad.tanh(made[-1 - a % len(made)] * made[-1 - b % len(made)]))
    source = draw(sum(made[-500:])).source
    assert 2 < len(box_titles(source)) < 40
    assert source.count("->") <= 3 * len(box_titles(source))


def test_modules_below_a_depth_are_closed():
    h = ad.Tensor(0.5, requires_grad=True)
    for outer, inner in ("ab", "ac", "dx"):
        with ad.name_scope(outer), ad.name_scope(inner):
            h = ad.exp(ad.tanh(h))
    expected = {0: {"a", "d"}, 1: {"b", "c", "x"}, 2: set(), None: set()}
    assert {depth: set(box_titles(draw(h, depth=depth).source)) for depth in expected} == expected


def test_a_closed_group_says_what_is_in_it():
    w = ad.Tensor(np.ones((2, 3)), requires_grad=True, name="w")
    with ad.name_scope("<b>&"):
        y = ad.sum(ad.exp(w))
    source = draw(y, depth=0).source
    assert box_titles(source) == ["&lt;b&gt;&amp;"]
    assert "2 operations · 6 parameters" in source
    assert f"norm of their gradient {np.sqrt(6) * np.e:.3g}" in source


# More to be seen


def test_the_backward_pass_is_drawn_as_operations():
    x = ad.Tensor(2.0, requires_grad=True, name="x")
    y = ad.exp(x * x)
    y.name = "y"
    source = draw(y, backward=True).source
    assert "∂y/∂x" in source
    assert {path[0] for path in places(source).values() if path} == {"backward"}
    assert "218.4" in source  # 4 exp(4)
    assert x.grad is None
    forward = draw(y).source
    assert all(line in source for line in forward.splitlines() if "->" in line)


def test_hot_cards_have_larger_gradients():
    x = ad.Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(4):
        y = y * 10.0
    source = draw(y, heat=True).source
    fills = re.findall(r"^\t*n\d+ \[label=<<table.* fillcolor=\"(#\w+)\"", source, re.MULTILINE)
    assert fills == list(LIGHT.heat[::-1])


def test_gradients_of_any_size_have_a_heat():
    x = ad.Tensor(1.0, requires_grad=True)
    assert draw(x * 1e200 * 1e-200 * 1e-200 * 1e-100, heat=True).source


def test_formulas_are_those_of_the_operations():
    x = ad.Tensor(2.0, requires_grad=True, name="x")
    y = ad.exp(x * x) / 3.0
    shown = cards(y, formulas=True)
    weight = nn.Linear(2, 3, rng=0)(ad.ones((1, 2)))
    assert "W" in cards(weight, formulas=True)[1]
    assert [shown[i][-5] for i in (1, 2, 4)] == ["v₁ = x x", "v₂ = e^(v₁)", "f = v₂/3"]
    assert not any(" = " in line for card in cards(y, gradients=False).values() for line in card)


def explained(output, **choices):
    """The words of the legend."""
    (label,) = re.findall(
        r"^\tgraph \[.*label=<(.*?)> labeljust", draw(output, legend=True, **choices).source, re.MULTILINE
    )
    return [text for text in re.findall(r">([^<>]+)<", label) if text.strip()]


def test_the_legend_explains_what_occurs_and_nothing_else():
    w, x = ad.Tensor(2.0, requires_grad=True), ad.Tensor(3.0)
    cards = ["parameter: is learned", "data: is given", "what was asked for"]
    assert explained(w * x, gradients=False) == cards
    assert explained(w * x) == [*cards, "0.5", "what this use of a value adds to its gradient"]
    assert "graph [" in draw(w * x).source
    assert cards[0] not in draw(w * x).source
    v = ad.Tensor(np.ones(4), requires_grad=True)
    assert explained(ad.sum(v + np.ones((2, 4))))[-4:] == [
        "|0.5|",
        "its norm",
        "∑",
        "summed up, which undoes a broadcast",
    ]
    assert explained(chain(200))[-2:] == ["▲", "something is wrong here, or worth a look"]
    assert "computes gradients" in explained(w * x, backward=True)


def test_what_is_wrong_is_marked():
    x = ad.Tensor([1.0, -1.0], requires_grad=True)
    with np.errstate(invalid="ignore"):
        y = ad.sum(ad.log(x))
    shown = cards(y)
    assert "▲ NaN is made here, in 1 of 2 elements" in shown[1]
    assert not any("▲" in line for line in shown[2])
