"""Themes: text can be read on whatever it stands on, and one SVG is light or dark as its reader prefers."""

import itertools
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import autodiff as ad
from autodiff.drawing import draw
from autodiff.drawing.themes import DARK, KINDS, LIGHT, PRINT

THEMES = {"light": LIGHT, "dark": DARK, "print": PRINT}


def luminance(colour):
    """Relative luminance, as the Web Content Accessibility Guidelines 2.2 define it."""
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(a, b):
    low, high = sorted([luminance(a), luminance(b)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_text_can_be_read(theme):
    """4.5 is what the guidelines ask for (level AA)."""
    cards = [theme.card(kind)[0] for kind in KINDS]
    for colour, paper in itertools.product([theme.ink, theme.quiet, theme.mark], [*cards, theme.page]):
        assert contrast(colour, paper) >= 4.5, (colour, paper)
    for colour, paper in itertools.product([theme.ink, theme.gradient], [theme.page, *theme.frames, *cards]):
        assert contrast(colour, paper) >= 4.5, (colour, paper)
    assert min(contrast(theme.ink, shade) for shade in theme.heat) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_kinds_and_heat_can_be_told_apart(theme):
    assert len({theme.card(kind) for kind in KINDS}) == len(KINDS)
    steps = [luminance(shade) for shade in theme.heat]
    assert steps == sorted(steps, reverse=theme is LIGHT)  # without colour, too


def net():
    x = ad.Tensor([1.0, 2.0], requires_grad=True, name="x")
    with ad.name_scope("scope"):
        return ad.sum(x * 2.0)


def test_every_colour_of_an_automatic_picture_has_a_dark_one():
    pairs = set(zip(LIGHT.colours(), DARK.colours(), strict=True))
    assert len(pairs) == len({light for light, _ in pairs})
    svg = draw(net(), legend=True, heat=True).svg()
    (style,) = ElementTree.fromstring(svg).findall("{http://www.w3.org/2000/svg}style")
    assert "prefers-color-scheme: dark" in style.text
    used = set(re.findall(r'(?:fill|stroke)="(#\w+)"', svg.replace(style.text, "")))
    assert used <= set(re.findall(r'="(#\w+)"\]', style.text))
    dark = {light.lower(): dark.lower() for light, dark in pairs}
    turned = re.sub(r'((?:fill|stroke)=")(#\w+)', lambda m: m[1] + dark[m[2]], svg.replace(style.text, ""))
    assert sorted(re.findall(r"#\w{6}", turned)) == sorted(
        re.findall(r"#\w{6}", draw(net(), legend=True, heat=True, theme="dark").svg())
    )


@pytest.mark.parametrize("theme", THEMES)
def test_a_chosen_theme_is_kept(theme):
    svg = draw(net(), theme=theme).svg()
    assert "prefers-color-scheme" not in svg
    assert THEMES[theme].page.lower() in svg


def test_print_needs_no_colour():
    for colour in PRINT.colours():
        assert len({colour[1:3], colour[3:5], colour[5:7]}) == 1
