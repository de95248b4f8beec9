"""What the interactive page is told: every value, use, step and number once, as the engine has them; and no way out."""

import json
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autodiff as ad
from autodiff.drawing import draw, numbers
from autodiff.drawing.page import page
from autodiff.testing.strategies import programs


class Reader(HTMLParser):
    """The elements of a page, and what stands in its scripts."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.scripts, self.inside = [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.inside = tag == "script"
        if self.inside:
            self.scripts.append("")

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, text):
        if self.inside:
            self.scripts[-1] += text

    @property
    def tags(self):
        return [tag for tag, _ in self.elements]


def told(graph, **options):
    """The data of a page, as a browser finds them in it."""
    return json.loads(Reader(page(graph, **options)).scripts[0])


def seeds_for(program):
    """The outputs of a program, recorded, and a gradient for each."""
    outputs = program.recorded()
    graph = ad.graph(*outputs)
    rng = np.random.default_rng(0)
    return graph, {i: np.asarray(rng.normal(size=np.shape(graph.nodes[i].value))) for i in set(graph.outputs)}


def shown(known, place):
    """A figure of the page as numbers, where it holds them, and as it is written."""
    figure = known["figures"][place]
    if "parts" in figure:
        return [None if part is None else shown(known, part) for part in figure["parts"]]
    return figure["exact"], figure["rows"]


def expected(value):
    if isinstance(value, tuple):
        return [None if part is None else expected(part) for part in value]
    exact = [str(x) for x in np.ravel(value)] if np.size(value) <= numbers.SMALL else []
    return exact, numbers.lines(value)[0]


@given(programs())
def test_every_value_and_every_use_stands_there_once(program):
    graph = program.graph()
    known = told(graph)
    assert len(known["vertices"]) == len(graph.nodes)
    assert [(i, end) for end, v in enumerate(known["vertices"]) for i in v["inputs"]] == list(graph.edges)
    for vertex, original in zip(known["vertices"], graph.nodes, strict=True):
        assert shown(known, vertex["value"]) == expected(original.value)
        assert vertex["op"] == (original.op.name if original.op else None)


@given(programs())
def test_values_are_computed_after_what_they_are_made_of(program):
    known = told(program.graph())
    there = {i for i, vertex in enumerate(known["vertices"]) if vertex["op"] is None}
    for step in known["steps"]:
        if step["phase"] == "forward":
            assert there.issuperset(known["vertices"][step["vertex"]]["inputs"])
            assert step["vertex"] not in there
            there.add(step["vertex"])
    assert len(there) == len(known["vertices"])


@given(programs())
def test_a_gradient_is_whole_before_it_goes_on(program):
    graph, seeds = seeds_for(program)
    known = told(graph, seeds=seeds)
    sums, passed = {}, set()
    for step in known["steps"]:
        if step["phase"] == "forward":
            continue
        if step["vertex"] is not None:
            assert sums[step["vertex"]] == known["vertices"][step["vertex"]]["gradient"]
            assert step["vertex"] not in passed
            passed.add(step["vertex"])
        sums |= dict(step["gradients"])
        assert not passed & {use["start"] for use in step["uses"]}
        assert all(known["vertices"][step["vertex"]]["inputs"][u["argument"]] == u["start"] for u in step["uses"])
    assert sums == {i: v["gradient"] for i, v in enumerate(known["vertices"]) if v["gradient"] is not None}


@given(programs())
def test_gradients_are_those_of_backward(program):
    graph, seeds = seeds_for(program)
    known = told(graph, seeds=seeds)
    _, pull = ad.vjp(program, *program.args)
    wanted = tuple(seeds[i] for i in graph.outputs)
    pulled = pull(wanted if len(wanted) > 1 else wanted[0])
    places = {vertex["name"]: vertex["gradient"] for vertex in known["vertices"] if vertex["op"] is None}
    for name, gradient in zip(program.names, pulled, strict=True):
        if places[name] is None:
            assert not np.any(gradient)
        elif np.size(gradient) <= numbers.SMALL:
            exact = [float(text) for text in known["figures"][places[name]]["exact"]]
            np.testing.assert_allclose(exact, np.ravel(gradient), rtol=1e-9, atol=1e-12)


def test_contributions_add_up_as_the_product_rule_says():
    x = ad.Tensor(3.0, requires_grad=True, name="x")
    known = told(ad.graph(x * x + x))
    uses = [use for step in known["steps"] for use in step["uses"] if use["start"] == 0]
    exact = [[known["figures"][use[what]]["exact"] for what in ("value", "total")] for use in uses]
    assert exact == [[["1.0"], ["1.0"]], [["3.0"], ["4.0"]], [["3.0"], ["7.0"]]]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, np.int64, np.complex128])
def test_numbers_come_back_to_the_last_bit(dtype):
    values = np.array([1 / 3, -0.0, 1e-7, 65504, 3], dtype)
    known = told(ad.graph(ad.Tensor(values, name="x")))
    figure = known["figures"][known["vertices"][0]["value"]]
    back = np.array([dtype(text) for text in figure["exact"]])
    assert np.array_equal(back, values)
    assert np.array_equal(np.signbit(back.real), np.signbit(values.real))
    assert figure["dtype"] == str(values.dtype)


def test_what_is_not_finite_can_be_told():
    known = told(ad.graph(ad.Tensor([np.nan, np.inf, -np.inf])))
    assert known["figures"][0]["exact"] == ["nan", "inf", "-inf"]


def test_a_million_numbers_are_a_few_lines():
    x = ad.Tensor(np.random.default_rng(0).normal(size=(1000, 1000)), requires_grad=True, name="x")
    assert len(page(ad.graph(ad.sum(x * x)))) < len(page(ad.graph(ad.sum(ad.Tensor(1.0) * 1.0)))) + 8000


HOSTILE = st.one_of(
    st.text(min_size=1),
    st.sampled_from(
        [
            "</script><script>alert(1)</script>",
            "<!--<script>",
            "]]>",
            "$title ${data}",
            r"\frac{1}{2}",
            r"\input{x}",
            "&lt;",
            "\u2028",
            "\ud800",
            "\ue000",
            "a" * 1000,
        ]
    ),
)


@given(HOSTILE, HOSTILE)
def test_a_name_is_just_a_name(name, scope):
    def recorded(name, scope):
        x = ad.Tensor([1.0, 2.0], requires_grad=True, name=name)
        with ad.name_scope(scope):
            y = ad.sum(x * x)
        y.name = name
        return ad.graph(y)

    text = page(recorded(name, scope), title=name)
    usual = page(recorded("x", "scope"), title="x")
    assert Reader(text).tags == Reader(usual).tags
    known = json.loads(Reader(text).scripts[0])
    assert known["vertices"][0]["name"] == name
    assert known["vertices"][1]["scope"] == [scope]
    assert "<" not in Reader(text).scripts[0]


def test_the_page_asks_for_nothing():
    read = Reader(page(ad.graph(ad.Tensor(1.0) * 2.0)))
    assert not [(tag, attributes) for tag, attributes in read.elements if {"src", "href"} & attributes.keys()]
    (policy,) = [a["content"] for _, a in read.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def test_a_graph_without_a_gradient_plays_forward_only():
    x = ad.Tensor([1.0, 2.0], requires_grad=True)
    assert {step["phase"] for step in told(ad.graph(x * x))["steps"]} == {"forward"}
    assert {step["phase"] for step in told(ad.graph(ad.sum(x * x)))["steps"]} == {"forward", "backward"}


def test_a_drawing_is_saved_as_a_page_of_what_was_there(tmp_path):
    x = ad.Tensor([1.0, 2.0], requires_grad=True, name="x")
    drawing = draw(ad.sum(x * x), theme="dark", direction="TB")
    x.data[:] = 9.0
    path = drawing.save(tmp_path / "graph.html")
    read = Reader(path.read_text(encoding="utf-8"))
    known = json.loads(read.scripts[0])
    assert known["figures"][known["vertices"][0]["value"]]["exact"] == ["1.0", "2.0"]
    assert known["direction"] == "TB"
    assert dict(read.elements[0][1]) == {"lang": "en", "data-theme": "dark"}
