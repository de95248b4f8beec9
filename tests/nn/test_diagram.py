"""The textbook's picture shows NumPy's numbers, every weight once, and nothing on top of anything else."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autodiff as ad
import nn
from autodiff.drawing.layout import render
from nn.diagram.dot import dot
from nn.diagram.lanes import labels
from nn.diagram.scene import Circle, Line, Text
from nn.diagram.themes import THEMES

SVG = "{http://www.w3.org/2000/svg}"
PNG = b"\x89PNG\r\n\x1a\n"
#: Activations, and what NumPy makes of them.
FUNCTIONS = {
    nn.ReLU: lambda z: np.maximum(z, 0),
    nn.Sigmoid: lambda z: 1 / (1 + np.exp(-z)),
    nn.Tanh: np.tanh,
    None: lambda z: z,
}


def texts(diagram):
    """The lines of text of an SVG document, in order."""
    drawn = ElementTree.fromstring(diagram.svg()).iter(f"{SVG}text")
    return ["".join(part.text or "" for part in text.iter(f"{SVG}tspan")) for text in drawn]


def numbers(diagram):
    """The numbers of all equations such as w12(1) = −0.5, by their left sides."""
    found = [text.rsplit(" = ", 1) for text in texts(diagram) if " = " in text and "Σ" not in text]
    assert len(found) == len({name for name, _ in found})
    return {name: float(number.replace("−", "-")) for name, number in found}


def reference():
    rng = np.random.default_rng(3)
    return nn.Sequential(nn.Linear(3, 4, rng=rng), nn.ReLU(), nn.Linear(4, 1, rng=rng), nn.Sigmoid())


X = [0.5, -1.0, 2.0]


@st.composite
def networks(draw, most=6):
    """Sizes, weights, biases and activations."""
    sizes = draw(st.lists(st.integers(1, most), min_size=2, max_size=4))
    values = st.floats(-3, 3, width=32)
    layers = []
    for before, size in pairwise(sizes):
        weight = draw(hnp.arrays(np.float64, (size, before), elements=values))
        bias = draw(st.none() | hnp.arrays(np.float64, size, elements=values))
        layers.append((weight, bias, draw(st.sampled_from(list(FUNCTIONS)))))
    return layers, draw(hnp.arrays(np.float64, sizes[0], elements=values))


def built(layers):
    modules = []
    for weight, bias, activation in layers:
        layer = nn.Linear(*weight.shape[::-1], bias=bias is not None, dtype=np.float64)
        layer.weight.data = weight
        if bias is not None:
            layer.bias.data = bias
        modules += [layer] if activation is None else [layer, activation()]
    return nn.Sequential(*modules)


def expected(layers, x):
    """What a textbook writes beside such a network, and NumPy's numbers."""
    found = {f"x{k}": value for k, value in enumerate(x, 1)}
    a = x
    for number, (weight, bias, activation) in enumerate(layers, 1):
        last = number == len(layers)
        for j, row in enumerate(weight, 1):
            found |= {f"w{j}{k}({number})": value for k, value in enumerate(row, 1)}
        if bias is not None:
            found |= {f"b{j}({number})": value for j, value in enumerate(bias, 1)}
        z = weight @ a + (0 if bias is None else bias)
        a = FUNCTIONS[activation](z)
        for j, (before, after) in enumerate(zip(z, a, strict=True), 1):
            name = ("ŷ" if len(z) == 1 else f"ŷ{j}") if last else f"a{j}({number})"
            inner = f"z{j}({number})"
            found |= {f"{name} = {inner}": before} if activation is None else {inner: before, name: after}
    return found


# Numbers and labels


def test_the_reference_case():
    model = reference()
    w1, b1, w2, b2 = (p.numpy() for p in model.parameters())
    drawn = texts(nn.diagram(model, X))
    for number, weight in (("1", w1), ("2", w2)):
        for (j, k), value in np.ndenumerate(weight):
            label = f"w{j + 1}{k + 1}({number}) = {value:.3g}".replace("-", "−")
            assert drawn.count(label) == 1
    a1 = np.maximum(w1 @ X + b1, 0)
    y = 1 / (1 + np.exp(-(w2 @ a1 + b2)))
    assert f"ŷ = {y[0]:.3g}" in drawn
    assert sum(text.startswith("w") and "(" in text for text in drawn) == 16
    assert {"input", "3 numbers", "hidden layer 1", "4 neurons, ReLU", "output", "1 neuron, Sigmoid"} <= set(drawn)


@given(networks())
def test_numbers_are_numpys(network):
    layers, x = network
    found = numbers(nn.diagram(built(layers), x, most=6, digits=9))
    wanted = expected(layers, x)
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-7, atol=1e-12)


@given(networks())
def test_without_a_sample_only_parameters_have_numbers(network):
    layers, x = network
    found = numbers(nn.diagram(built(layers), most=6, digits=9))
    assert found.keys() == {name for name in expected(layers, x) if name[0] in "wb"}


def test_all_digits_are_shown_when_pointed_at():
    model = reference()
    titles = [title.text for title in ElementTree.fromstring(nn.diagram(model, X).svg()).iter(f"{SVG}title")]
    for (j, k), value in np.ndenumerate(model[0].weight.numpy()):
        found = [title.split(" = ")[1] for title in titles if title.startswith(f"0.weight[{j}, {k}] = ")]
        assert len(found) == 2  # of the line, and of its label
        assert {np.float32(text) for text in found} == {value}
    assert f"0.bias[2] = {model[0].bias.numpy()[2]!s}" in titles


def test_thickness_and_looks_tell_size_and_sign():
    layer = nn.Linear(5, 1, bias=False, dtype=np.float64)
    layer.weight.data = np.array([[-2.0, -1.0, 0.0, 1.5, np.nan]])
    lines = [item for item in nn.diagram(layer).scene.items if isinstance(item, Line) and item.title]
    assert [line.role for line in lines] == ["negative", "negative", "zero", "positive", "zero"]
    least, *_, most = sorted(line.width for line in lines)
    shares = [(line.width - least) / (most - least) for line in lines]
    np.testing.assert_allclose(shares, [1, 0.5, 0, 0.75, 1])


@pytest.mark.parametrize(
    ("activation", "function"),
    [
        (nn.ReLU(), FUNCTIONS[nn.ReLU]),
        (nn.LeakyReLU(0.5), lambda z: np.where(z > 0, z, 0.5 * z)),
        (nn.PReLU(), lambda z: np.where(z > 0, z, 0.25 * z)),
        (nn.RReLU(0.0, 0.5), lambda z: np.where(z > 0, z, 0.25 * z)),
        (nn.Tanh(), np.tanh),
        (nn.Threshold(-9.0, 0.0), lambda z: z),
    ],
)
def test_the_curve_in_a_neuron_is_its_activation(activation, function):
    items = nn.diagram(nn.Sequential(nn.Linear(1, 1), activation)).scene.items
    (curve,) = (item for item in items if isinstance(item, Line) and item.role == "curve")
    x, down = np.array(curve.points).T
    z = 6 * (x - x[0]) / (x[-1] - x[0]) - 3
    y = function(z)
    np.testing.assert_allclose((down.max() - down) / np.ptp(down), (y - y.min()) / np.ptp(y), atol=1e-6)


@pytest.mark.parametrize("activation", [nn.Softmax(-1), nn.LogSoftmax(-1), nn.PReLU(2)])
def test_what_is_no_curve_is_named_in_the_neuron(activation):
    diagram = nn.diagram(nn.Sequential(nn.Linear(1, 2), activation))
    assert not any(item.role == "curve" for item in diagram.scene.items)
    assert texts(diagram).count(type(activation).__name__.lower()) == 2


# Places


def box(text):
    """What a line of text covers, its scripts included."""
    return text.x - text.width / 2, text.y - 9, text.x + text.width / 2, text.y + 9


def apart(one, other):
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


@given(st.lists(st.integers(1, 7), min_size=2, max_size=4), st.booleans(), st.integers(1, 9), st.integers(2, 7))
def test_nothing_lies_on_anything_else(sizes, sample, digits, most):
    layers = [nn.Linear(*pair, rng=0) for pair in pairwise(sizes)]
    model = nn.Sequential(*(module for layer in layers for module in (layer, nn.Tanh())))
    scene = nn.diagram(model, np.ones(sizes[0]) if sample else None, most=most, digits=digits).scene
    circles = [item for item in scene.items if isinstance(item, Circle) and item.role != "dot"]
    written = [item for item in scene.items if isinstance(item, Text)]
    outside = [t for t in written if all(np.hypot(t.x - c.x, t.y - c.y) > c.radius for c in circles)]
    assert len(written) - len(outside) == len(circles)  # each has its name in it
    covered = [box(text) for text in outside]
    covered += [(c.x - c.radius, c.y - c.radius, c.x + c.radius, c.y + c.radius) for c in circles]
    assert all(apart(one, other) for one, other in combinations(covered, 2))
    for left, top, right, bottom in covered:
        assert scene.left <= left <= right <= scene.left + scene.width
        assert 0 <= top <= bottom <= scene.height


HEIGHTS = st.floats(0, 300)


@example(ends=[(5.0 * i, 5.0 * i) for i in range(9)], before=0.0, after=0.0)
@given(st.lists(st.tuples(HEIGHTS, HEIGHTS), max_size=12), st.floats(0, 50), st.floats(0, 50))
def test_labels_of_any_lines_are_apart(ends, before, after):
    length, places = labels(ends, 80.0, 20.0, before, after)
    assert all(abs(x - u) >= 80 - 1e-9 or abs(y - v) >= 20 for (x, y), (u, v) in combinations(places, 2))
    for (start, end), (x, y) in zip(ends, places, strict=True):
        assert before + 40 <= x + 1e-9 <= length - after - 40 + 2e-9
        assert y == pytest.approx(start + (end - start) * x / length)


def test_labels_stand_on_their_lines():
    items = nn.diagram(reference()).scene.items
    lines = {item.title: np.array(item.points) for item in items if isinstance(item, Line) and item.title}
    labels = [item for item in items if isinstance(item, Text) and item.title]
    assert len(labels) == len(lines) == 16
    for label in labels:
        (x0, y0), (x1, y1) = lines[label.title]
        assert x0 < label.x < x1
        assert label.y == pytest.approx(y0 + (y1 - y0) * (label.x - x0) / (x1 - x0))


@given(st.integers(0, 40), st.integers(2, 9))
def test_of_wide_layers_the_first_and_the_last_are_shown(size, most):
    diagram = nn.diagram(nn.Linear(size, 1, rng=0), most=most)
    shown = list(range(1, size + 1)) if size <= most else [*range(1, most), size]
    inputs = [item for item in diagram.scene.items if isinstance(item, Circle) and item.role == "input"]
    assert len(inputs) == len(shown)
    drawn = texts(diagram)
    assert [int(text[1:]) for text in drawn if re.fullmatch(r"x\d+", text)] == shown
    comma = {k: "," if k > 9 else "" for k in shown}
    labels = [text.partition("(")[0] for text in drawn if text.startswith("w") and "(" in text]
    assert labels == [f"w1{comma[k]}{k}" for k in shown]
    more = [text for text in drawn if text.endswith(" more")]
    assert more == ([] if size <= most else [f"{size - most} more"])
    assert f"{size} number" + ("" if size == 1 else "s") in drawn


def test_mnists_network():
    model = nn.Sequential(nn.Linear(784, 128, rng=0), nn.Sigmoid(), nn.Linear(128, 10, rng=0))
    drawn = texts(nn.diagram(model))
    assert repr(nn.diagram(model)) == "<Diagram of Sequential, 784-128-10>"
    assert [text for text in drawn if text.endswith(" more")] == ["779 more", "123 more", "5 more"]
    assert any(text.startswith("w128,784(1) = ") for text in drawn)


# Other modules


def test_other_modules_are_cards_between_the_columns():
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3, rng=0),
        nn.ReLU(),
        nn.Sequential({"pool": nn.MaxPool2d(2), "flat": nn.Flatten()}),
        nn.Linear(8, 3, rng=0),
        nn.BatchNorm1d(3),
        nn.Tanh(),
        nn.Dropout(0.5),
        nn.Linear(3, 2, rng=0),
    )
    model[4].running_mean.data += 0.5
    model[6].eval()
    before = {name: value.copy() for name, value in model.state_dict().items()}
    x = np.random.default_rng(0).random((1, 6, 6), np.float32)
    diagram = nn.diagram(model, x)
    assert repr(diagram) == "<Diagram of Sequential, Conv2d-ReLU-MaxPool2d-Flatten-3-BatchNorm1d-Tanh-Dropout-2>"
    drawn = texts(diagram)
    cards = ["0: Conv2d", "1: ReLU", "2.pool: MaxPool2d", "2.flat: Flatten", "4: BatchNorm1d", "5: Tanh", "6: Dropout"]
    assert [text for text in drawn if re.match(r"[\w.]+: ", text)] == cards
    assert [text for text in drawn if text.startswith("gives")] == [
        *("gives 2 × 4 × 4", "gives 2 × 4 × 4", "gives 2 × 2 × 2", "gives 8", "gives 3", "gives 3", "gives 3")
    ]
    assert "8 numbers" in drawn
    modes = [module.training for module in model.modules()]
    assert modes.count(False) == 1
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, before[name])
    found = numbers(nn.diagram(model, x, digits=9))
    with ad.no_grad():
        y = model.eval()(x[None]).numpy()[0]
    np.testing.assert_allclose([found["ŷ1 = z1(2)"], found["ŷ2 = z2(2)"]], y, rtol=1e-6)
    assert len([text for text in texts(nn.diagram(model)) if text.startswith("gives")]) == 0


@pytest.mark.parametrize(
    ("model", "x", "name"),
    [
        (nn.Linear(2, 3), None, "Linear, 2-3"),
        (nn.Sequential(nn.ReLU()), [1.0, -1.0], "Sequential, ReLU"),
        (nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 2)), 4, "Sequential, Embedding-2"),
        (nn.Sequential(nn.Embedding(5, 3), nn.Linear(3, 2)), [4, 1], "Sequential, Embedding-Linear"),
        (nn.Sequential(nn.LSTM(3, 2)), np.ones((4, 3), np.float32), "Sequential, LSTM"),
        (nn.Sequential(nn.Linear(3, 4), nn.GLU(-1), nn.Linear(2, 2)), [1.0, 2.0, 3.0], "Sequential, 3-4-GLU-2"),
        (nn.Sequential(nn.Linear(2, 0), nn.Linear(0, 1)), [1.0, 2.0], "Sequential, 2-0-1"),
        (nn.Linear(2, 1, rng=0), ad.Tensor([1.0, 2.0], requires_grad=True), "Linear, 2-1"),
    ],
)
def test_any_chain_can_be_drawn(model, x, name):
    diagram = nn.diagram(model, x)
    assert repr(diagram) == f"<Diagram of {name}>"
    assert diagram.png().startswith(PNG)


class Residual(nn.Sequential):
    def forward(self, x):
        return x + super().forward(x)


NET = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
BAD = {
    "a forward of its own": (
        lambda: nn.diagram(Residual(nn.Linear(1, 1))),
        TypeError,
        r"got Residual: .*autodiff\.draw",
    ),
    "no chain": (lambda: nn.diagram(nn.ModuleList([nn.Linear(1, 1)])), TypeError, "nn.Sequential, got ModuleList"),
    "no module": (lambda: nn.diagram(3), TypeError, "got int"),
    "an empty one": (lambda: nn.diagram(nn.Sequential(nn.Sequential())), ValueError, "nothing to draw in an empty Seq"),
    "layers that do not fit": (
        lambda: nn.diagram(nn.Sequential(nn.Linear(3, 4), nn.Linear(5, 1))),
        ValueError,
        r"1 is Linear\(in_features=5, .* after a layer of 4 neurons",
    ),
    "an axis of samples": (lambda: nn.diagram(NET, [X]), ValueError, r"one sample x, .* shape \(3,\), got \(1, 3\)"),
    "too long a sample": (lambda: nn.diagram(NET, [1.0] * 4), ValueError, r"shape \(3,\), got \(4,\)"),
    "text": (lambda: nn.diagram(NET, "abc"), TypeError, "numbers"),
    "a theme": (
        lambda: nn.diagram(NET, theme="blue"),
        ValueError,
        "'auto' or 'light' or 'dark' or 'print', got 'blue'",
    ),
    "most": (lambda: nn.diagram(NET, most=1), ValueError, "most is at least 2, got 1"),
    "digits": (lambda: nn.diagram(NET, digits=2.5), TypeError, "digits is a whole number, got 2.5"),
}


@pytest.mark.parametrize(("call", "kind", "message"), BAD.values(), ids=BAD)
def test_bad_input(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


class Doubled(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


@pytest.mark.parametrize("module", [Residual(nn.Linear(2, 2)), Doubled(2, 2)])
def test_what_has_a_forward_of_its_own_is_a_card(module):
    assert repr(nn.diagram(nn.Sequential(module))) == f"<Diagram of Sequential, {type(module).__name__}>"


# Outputs


def test_the_same_network_gives_the_same_bytes():
    one, other = nn.diagram(reference(), X), nn.diagram(reference(), X)
    assert one.svg() == other.svg()
    assert one.html() == other.html()
    assert one.png() == other.png()


def test_a_diagram_is_a_snapshot():
    model = reference()
    diagram = nn.diagram(model, X)
    before = diagram.svg()
    model[0].weight.data[:] = 9.0
    assert diagram.svg() == before
    assert nn.diagram(model, X).svg() != before


@pytest.mark.parametrize("theme", THEMES)
def test_graphviz_is_told_every_text_and_line(theme):
    diagram = nn.diagram(nn.Sequential(*reference(), nn.Dropout(0.5)), X, theme=theme)
    ours = ElementTree.fromstring(diagram.svg())
    painted = ElementTree.fromstring(render(dot(diagram.scene, THEMES[theme]), "svg"))
    assert [t.text for t in painted.iter(f"{SVG}text")] == [t.text for t in ours.iter(f"{SVG}tspan")]
    places = [
        np.array([(float(t.get("x")), float(t.get("y"))) for t in svg.iter(SVG + tag)])
        for svg, tag in ((painted, "text"), (ours, "tspan"))
    ]
    moved = [-diagram.scene.left, -diagram.scene.height]  # the lower left corner is Graphviz's origin
    np.testing.assert_allclose(places[0] - places[1], np.broadcast_to(moved, places[0].shape), atol=3)  # baselines
    for theirs, tag in (("polyline", "polyline"), ("ellipse", "circle")):
        assert len(list(painted.iter(SVG + theirs))) == len(list(ours.iter(SVG + tag)))


def luminance(colour):
    """Relative luminance, as the Web Content Accessibility Guidelines define it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return np.dot(linear, [0.2126, 0.7152, 0.0722])


def contrast(one, other):
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_everything_can_be_read(theme):
    assert theme.keys() == THEMES["light"].keys()
    for ground in ("page", "halo", "input", "hidden", "output", "port", "card"):
        for ink in ("ink", "quiet"):
            assert contrast(theme[ink].fill, theme[ground].fill) >= 4.5
    for line in ("positive", "negative", "zero", "curve"):  # 3 is what graphics need
        assert contrast(theme[line].stroke, theme["page"].fill) >= 3
    assert theme["negative"].dashed
    assert not theme["positive"].dashed


def test_themes():
    drawn = {theme: nn.diagram(reference(), theme=theme).svg() for theme in ("auto", *THEMES)}
    colours = {theme: set(re.findall(r"#[0-9A-F]{6}", svg)) for theme, svg in drawn.items()}
    assert colours["print"] == {"#000000", "#FFFFFF"}
    assert colours["auto"] == colours["light"] | colours["dark"]
    assert [theme for theme, svg in drawn.items() if "prefers-color-scheme:dark" in svg] == ["auto"]


def hostile(name):
    """A module of a class of this name, which also is what it says about itself."""
    return type(name, (nn.Module,), {"forward": lambda self, x: x, "extra_repr": lambda self: name})()


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", '"]; x[', "\\", 'a\\"', "]]>", "&lt;\x01\n\u202e", "é中" * 99]
)
def test_hostile_names_are_just_names(name):
    diagram = nn.diagram(nn.Sequential({name.replace(".", ""): hostile(name), "l": nn.Linear(1, 1)}))
    drawn = texts(diagram)
    assert any(text.startswith(f"{name[:4].strip()}") for text in drawn) or not name.isprintable()
    assert all(text.isprintable() for text in drawn)
    assert diagram.png().startswith(PNG)
    assert "<script" not in diagram.html()
    assert len(ElementTree.fromstring(diagram.svg()).findall(f"{SVG}circle")) == 2


@pytest.mark.parametrize(("name", "start"), [("x.svg", b"<svg "), ("x.PNG", PNG), ("a b.ü.html", b"<!DOCTYPE html>")])
def test_save(tmp_path, name, start):
    path = tmp_path / name
    path.write_text("what was there before")
    assert nn.diagram(reference()).save(str(path)) == path
    assert path.read_bytes().startswith(start)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["x", "x.jpg", ".svg"])
def test_an_unknown_suffix(tmp_path, name):
    with pytest.raises(ValueError, match=r"one of \.svg \.png \.html, got '"):
        nn.diagram(reference()).save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder"):
        nn.diagram(reference()).save(tmp_path / "nowhere" / "x.svg")


def test_the_page_needs_nothing_else():
    page = nn.diagram(reference(), X).html()
    assert "(0): Linear(in_features=3, out_features=4, bias=True)" in page
    assert not re.search(r"<(script|link|img|iframe)|url\(|@import|src=", page)


def test_notebooks():
    diagram = nn.diagram(reference())
    assert diagram._repr_mimebundle_(include=None, exclude=None) == {"image/svg+xml": diagram.svg()}


def test_nothing_that_draws_is_imported_before_something_is_drawn():
    code = (
        "import sys, nn\n"
        "assert not {'nn.diagram.chain', 'nn.diagram.layout', 'nn.diagram.svg'} & sys.modules.keys()\n"
        "nn.diagram(nn.Linear(1, 1))\n"
        "assert 'nn.diagram.layout' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
