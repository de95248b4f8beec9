"""The interactive page in a real browser: its numbers are NumPy's at every step, and it can be used without a mouse."""

import numpy as np
import pytest
from browser import browser, show_page, wait_until  # noqa: F401 - fixtures

import autodiff as ad
import nn
from autodiff.drawing import draw


@pytest.fixture
def show(show_page):  # noqa: F811
    """Show the graph of something in a tab of its own."""
    return lambda output, **options: show_page(draw(output).html(), **options)


@pytest.fixture(scope="module")
def network():
    """The textbook's network, its loss, and NumPy's numbers for every value and gradient that has a name here."""
    rng = np.random.default_rng(3)
    w1, b1, w2, b2 = (rng.normal(size=shape) for shape in ((4, 3), (4,), (1, 4), (1,)))
    x, y = np.array([[0.5, -1.25, 2.0]]), np.array([[1.0]])
    model = nn.Sequential(nn.Linear(3, 4, rng=rng), nn.ReLU(), nn.Linear(4, 1, rng=rng), nn.Sigmoid())
    for parameter, value in zip(model.parameters(), (w1, b1, w2, b2), strict=True):
        parameter.data[...] = value
    w1, b1, w2, b2 = (parameter.numpy() for parameter in model.parameters())
    loss = nn.BCELoss()(model(ad.Tensor(x, name="x")), ad.Tensor(y, name="y"))
    loss.name = "loss"
    z1 = x @ w1.T + b1
    a1 = np.maximum(z1, 0)
    z2 = a1 @ w2.T + b2
    a2 = 1 / (1 + np.exp(-z2))
    delta2 = a2 - y
    delta1 = delta2 @ w2 * (z1 > 0)
    values = {"relu": a1, "sigmoid": a2, "loss": np.mean(-np.log(a2))}
    gradients = {
        "weight W⁽¹⁾": delta1.T @ x,
        "bias b⁽¹⁾": delta1.sum(0),
        "weight W⁽²⁾": delta2.T @ a1,
        "bias b⁽²⁾": delta2.sum(0),
        "sigmoid": -1 / a2,
        "relu": delta2 @ w2,
    }
    return loss, values, gradients


CARDS = """() => Object.fromEntries([...document.querySelectorAll(".card")].map((card) => {
  const [title, letter] = ["b", ".letter"].map((part) => card.querySelector(part)?.textContent ?? "");
  const numbers = (part) => card.querySelector(part + " .rows")?.textContent ?? null;
  const name = ["weight", "bias"].includes(title) ? title + " " + letter : title.split(" ").at(-1);
  return [name, { key: card.dataset.key, value: numbers(".value"), gradient: numbers(".gradient") }];
}))"""


def close_to(text, numbers):
    return np.allclose([float(word) for word in text.split()], np.ravel(numbers), rtol=2e-3, atol=1e-4)


def test_the_sliders_numbers_are_numpys(show, network):
    loss, values, gradients = network
    tab = show(loss)
    slider = tab.get_by_role("slider", name="Step")
    slider.focus()
    tab.keyboard.press("Home")
    steps = tab.evaluate("window.graph.steps")
    seen = set()
    for step in range(len(steps) + 1):
        assert tab.evaluate("window.graph.step") == step
        cards = tab.evaluate(CARDS)
        for name, number in values.items():
            computed = int(cards[name]["key"][1:]) in {each["vertex"] for each in steps[:step]}
            assert computed == bool(cards[name]["value"])
            assert not computed or close_to(cards[name]["value"], number)
        for name, number in gradients.items():
            if cards[name]["gradient"]:
                assert steps[step - 1]["phase"] == "backward"
                assert close_to(cards[name]["gradient"], number)
                seen.add(name)
        tab.keyboard.press("ArrowRight")
    assert seen == set(gradients)


def test_all_digits_are_told(show, network):
    loss, _, gradients = network
    tab = show(loss)
    card = tab.evaluate(CARDS)["weight W⁽¹⁾"]["key"]
    tab.evaluate(f"window.graph.select({card[1:]})")
    told = tab.locator(".details .exact").last.text_content()
    dtype = loss.dtype
    np.testing.assert_allclose(
        [dtype.type(word) for word in told.split()], np.ravel(gradients["weight W⁽¹⁾"]), rtol=1e-5
    )


def test_a_gradient_grows_with_every_use(show):
    x = ad.Tensor(3.0, requires_grad=True, name="x")
    tab = show(x * x + x)
    grown = []
    for step in range(6):
        tab.evaluate(f"window.graph.goto({step})")
        chips = sorted(tab.locator(".chip").all_text_contents())
        grown.append((tab.evaluate(CARDS)["x"]["gradient"], chips))
    assert grown == [("", []), ("", []), ("", []), ("", []), ("1", ["+ 1", "+ 1"]), ("7", ["+ 1", "+ 1", "+ 3", "+ 3"])]


def test_groups_open_and_close(show, network):
    tab = show(network[0])
    before = tab.locator(".card").count()
    header = tab.get_by_role("button", name="Group 0: Linear, open")
    header.click()
    closed = tab.get_by_role("button", name="Group 0: Linear, 1 operation, closed")
    assert closed.get_attribute("aria-expanded") == "false"
    assert tab.locator(".card").count() == before - 2  # weight, bias and affine have become one card
    closed.click()
    assert tab.locator(".card").count() == before
    header.focus()
    tab.keyboard.press("Enter")
    assert closed.evaluate("card => card === document.activeElement")
    tab.locator("[data-do=close]").click()
    assert tab.locator(".frame").count() == 0
    tab.locator("[data-do=open]").click()
    assert tab.locator(".card").count() == before


def test_search_opens_what_is_around(show, network):
    tab = show(network[0])
    tab.locator("[data-do=close]").click()
    tab.keyboard.press("/")
    tab.keyboard.type("sigm")
    assert "sigmoid" in " ".join(tab.get_by_role("option").all_text_contents())
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    assert "sigmoid" in tab.evaluate("document.activeElement.textContent")
    assert tab.locator(".details h2").text_content()


def test_the_keyboard_alone_is_enough(show, network):
    tab = show(network[0])
    tab.evaluate(f"window.graph.select({tab.evaluate(CARDS)['x']['key'][1:]})")
    names = []
    for _ in range(3):
        names.append(tab.evaluate("document.activeElement.querySelector('b').textContent"))
        tab.keyboard.press("ArrowRight")
    assert names == ["x", "affine", "relu"]
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    tab.keyboard.press("Home")
    assert tab.evaluate("window.graph.step") == 0
    tab.keyboard.press(".")
    tab.keyboard.press(".")
    tab.keyboard.press(",")
    assert tab.evaluate("window.graph.step") == 1
    tab.locator(".speed").select_option("5")
    tab.locator(".viewport [tabindex='0']").first.focus()
    tab.keyboard.press("p")
    wait_until(tab, "window.graph.step > 2")
    tab.keyboard.press("p")
    step = tab.evaluate("window.graph.step")
    tab.wait_for_timeout(400)
    assert tab.evaluate("window.graph.step") == step
    stops = set()
    for _ in range(25):
        tab.keyboard.press("Tab")
        stops.add(tab.evaluate("document.activeElement.className || document.activeElement.dataset.do"))
    assert {"slider", "speed", "play", "fit", "details"} <= stops


def test_other_pages_can_follow_and_lead(show, network):
    tab = show(network[0])
    tab.evaluate("window.heard = []; document.addEventListener('graph:step', (e) => window.heard.push(e.detail))")
    tab.evaluate("window.graph.goto(2)")
    assert tab.evaluate("window.heard")[-1] | {"vertex": None} == {"step": 2, "phase": "forward", "vertex": None}
    tab.evaluate("window.graph.highlight([0])")
    assert tab.locator(".marked").get_attribute("data-key") == "v0"


@pytest.mark.parametrize("width", [360, 768])
def test_a_narrow_screen_scrolls_in_no_direction(show, network, width):
    tab = show(network[0], viewport={"width": width, "height": 740}, has_touch=True)
    for step in (None, 2, 9):
        if step is not None:
            tab.evaluate(f"window.graph.goto({step})")
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.evaluate("document.documentElement.scrollHeight") <= 740
    for each in tab.locator(".bar button, .bar input, .player button, .player input, .player select").all():
        box = each.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["height"] >= 22


CONTRASTS = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].map((part) => part / 255);
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((part, i) => part * a + under[i] * (1 - a));
  const beneath = (element) => {
    if (!element) return [1, 1, 1];
    const frames = element.closest(".cards") === element ? [...document.querySelectorAll(".frame")].at(-1) : null;
    return over(rgba(getComputedStyle(element).backgroundColor), beneath(frames ?? element.parentElement));
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const written = [...document.querySelectorAll(".graph *")].filter((element) => element.checkVisibility() &&
    !element.closest("svg") && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  return written.map((element) => {
    const ground = beneath(element);
    const [a, b] = [light(over(rgba(getComputedStyle(element).color), ground)), light(ground)];
    return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), `${element.className} ${element.textContent}`];
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(show, network, scheme):
    tab = show(network[0], color_scheme=scheme)
    ground = tab.evaluate("getComputedStyle(document.querySelector('.graph')).backgroundColor")
    assert (sum(map(int, ground[4:-1].split(","))) > 384) == (scheme == "light")
    for step in (3, 9):
        tab.evaluate(f"window.graph.goto({step})")
        found = tab.evaluate(CONTRASTS)
        assert len(found) > 60
        assert min(found)[0] >= 4.5, min(found)
    tab.keyboard.press("t")
    assert tab.evaluate("getComputedStyle(document.querySelector('.graph')).backgroundColor") != ground
    assert min(tab.evaluate(CONTRASTS))[0] >= 4.5


def test_who_wants_no_motion_sees_none(show, network):
    tab = show(network[0], reduced_motion="reduce")
    tab.evaluate("window.graph.goto(9)")
    acting = tab.locator(".edge[data-acting]").first
    assert acting.evaluate("line => getComputedStyle(line).animationName") == "none"


def test_a_name_is_just_a_name(show):
    name = "</script><img src=x onerror='window.hacked=1'><script>window.hacked=1</script>"
    x = ad.Tensor(2.0, requires_grad=True, name=name)
    with ad.name_scope(name):
        y = x * x
    tab = show(y)
    tab.evaluate("window.graph.select(0)")
    assert tab.locator(".details h2").text_content() == name
    tab.keyboard.press("/")
    tab.keyboard.type("img")
    assert tab.get_by_role("option").count() > 1
    assert tab.evaluate("window.hacked") is None
    assert tab.locator("img").count() == 0


def freed():
    x = ad.Tensor(2.0, requires_grad=True)
    y = ad.exp(x * x)
    y.backward(retain_graph=False)
    return y


def many_leaves():
    return ad.sum(ad.stack([ad.Tensor(float(i), requires_grad=True, name=f"x{i}") for i in range(12)]) ** 2.0)


ODD = {
    "a graph that was freed": freed,
    "a group of leaves": many_leaves,
    "a leaf alone": lambda: ad.Tensor(1.0, name="x"),
    "many results": lambda: ad.sum(ad.linalg.svd(ad.Tensor([[2.0, 1.0], [0.0, 1.0]], requires_grad=True))[1]),
    "complex numbers": lambda: ad.abs(ad.Tensor(1 + 2j, requires_grad=True) ** 2.0),
    "no gradient": lambda: ad.Tensor([1.0, 2.0], requires_grad=True) * 2.0,
    "nothing at all": lambda: ad.sum(ad.Tensor(np.zeros((0, 3)), requires_grad=True)),
    "what is not finite": lambda: ad.log(ad.Tensor(0.0, requires_grad=True)),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
def test_odd_graphs_can_be_played(show, make):
    tab = show(make())
    for step in range(tab.evaluate("window.graph.steps.length") + 1):
        tab.evaluate(f"window.graph.goto({step})")
    for key in tab.evaluate("[...document.querySelectorAll('.card')].map((card) => card.dataset.key)"):
        if key.startswith("v"):
            tab.evaluate(f"window.graph.select({key[1:]})")
    assert tab.locator(".card").count() > 0


TIMES = """async () => {
  const start = performance.now();
  document.querySelector("[data-do=open]").click();
  const opened = performance.now() - start;
  const viewport = document.querySelector(".viewport");
  viewport.setPointerCapture = () => {};
  const pointer = (type, clientX) =>
    viewport.dispatchEvent(new PointerEvent(type, { pointerId: 1, clientX, clientY: 300, button: 0, bubbles: true }));
  pointer("pointerdown", 600);
  const frames = [];
  for (let i = 0; i < 40; i++) {
    const before = performance.now();
    pointer("pointermove", 600 - 10 * i);
    await new Promise(requestAnimationFrame);
    frames.push(performance.now() - before);
  }
  pointer("pointerup", 200);
  return { opened, frame: frames.sort((a, b) => a - b)[20] };
}"""


def test_five_hundred_operations_stay_smooth(show):
    h = ad.Tensor(np.ones((2, 3)), requires_grad=True, name="x")
    for i in range(125):
        with ad.name_scope(f"{i}: Layer"):
            h = ad.tanh(h * 0.5 + h / 3.0)
    tab = show(ad.sum(h))
    times = tab.evaluate(TIMES)
    assert tab.locator(".card").count() > 500
    assert times["opened"] < 5000  # a second on a machine of its own, which this one may not be
    assert times["frame"] < 100
