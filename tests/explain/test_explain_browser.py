"""The page of an explanation in a real browser: the words and the picture go together."""

import numpy as np
import pytest
from browser import browser, show_page, wait_until  # noqa: F401 - fixtures

import autodiff as ad
import nn

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
NOW = "document.querySelector('.lesson li.now').id"


@pytest.fixture(scope="module")
def lesson():
    model = nn.Sequential(nn.Linear(3, 4, rng=0), nn.ReLU(), nn.Linear(4, 1, rng=1), nn.Sigmoid())
    x = ad.Tensor(np.array([0.5, -1.0, 2.0], np.float32), name="x")
    loss = nn.functional.binary_cross_entropy(model(x), np.array([1.0], np.float32))
    return ad.explain(loss, element=("0.weight", (2, 1)))


def test_the_picture_follows_the_reader(show_page, lesson):  # noqa: F811
    tab = show_page(lesson.html())
    played = [step.phase in ("forward", "backward") for step in lesson.steps]
    for number in range(1, len(lesson.steps) + 1):
        tab.evaluate(f"location.hash = 'step-{number}'")
        if played[number - 1] and number < len(played) - 3:  # the last steps cannot be scrolled to the top
            wait_until(tab, f"{NOW} === 'step-{number}'")
            assert tab.evaluate("window.graph.step") == sum(played[:number])


@pytest.mark.parametrize("width", [900, 1200, 1800])
def test_the_header_hides_no_title(show_page, lesson, width):  # noqa: F811
    tab = show_page(lesson.html(), viewport={"width": width, "height": 800})
    tab.evaluate("location.hash = 'step-5'")
    wait_until(tab, f"{NOW} === 'step-5'")
    bottom, top = tab.evaluate("""() => [".lesson header", "#step-5"].map((where, i) => {
      const box = document.querySelector(where).getBoundingClientRect();
      return i ? box.top : box.bottom;
    })""")
    assert bottom <= top < bottom + 48


def test_keys_go_from_step_to_step(show_page, lesson):  # noqa: F811
    tab = show_page(lesson.html())
    wait_until(tab, f"{NOW} === 'step-1'")
    for key, number in (("j", 2), ("n", 3), ("k", 2), ("p", 1), ("p", 1)):
        tab.keyboard.press(key)
        wait_until(tab, f"{NOW} === 'step-{number}'")


def test_every_formula_is_there(show_page, lesson):  # noqa: F811
    tab = show_page(lesson.html())
    forms = sum(len(equation.forms) for step in lesson.steps for equation in step.equations)
    assert tab.locator(".equation tr").count() >= forms
    assert tab.evaluate("[...document.querySelectorAll('math')].every((m) => m.getBoundingClientRect().width > 0)")
    assert tab.evaluate("document.querySelectorAll('math merror').length") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(show_page, lesson, scheme):  # noqa: F811
    tab = show_page(lesson.html(), color_scheme=scheme, **PHONE)
    wait_until(tab, f"{NOW} === 'step-1'")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    ink, paper = tab.evaluate("""() => {
      const steps = document.querySelector(".lesson");
      return [getComputedStyle(steps.querySelector("p")).color, getComputedStyle(steps).backgroundColor];
    }""")
    assert contrast(ink, paper) > 7


def contrast(ink, paper):
    """The contrast of two colours, by WCAG 2."""

    def luminance(colour):
        values = [int(word) / 255 for word in colour.removeprefix("rgb(").rstrip(")").split(",")]
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted(map(luminance, (ink, paper)))
    return (lighter + 0.05) / (darker + 0.05)
