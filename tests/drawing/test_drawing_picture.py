"""`draw` and what it returns: pictures, files that are there whole or not at all, notebooks, errors."""

import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from base64 import b64decode
from pathlib import Path
from shutil import which

import numpy as np
import pytest

import autodiff as ad
from autodiff.drawing import Drawing, draw, layout


@pytest.fixture
def y():
    x = ad.Tensor([1.0, 2.0], requires_grad=True, name="x")
    y = ad.sum(x * x)
    y.backward()
    return y


PNG = b"\x89PNG\r\n\x1a\n"


def test_pictures(y):
    drawing = draw(y)
    assert isinstance(drawing, Drawing)
    svg = ElementTree.fromstring(drawing.svg())
    assert svg.tag == "{http://www.w3.org/2000/svg}svg"
    assert drawing.png().startswith(PNG)
    assert repr(drawing) == "<Drawing of 3 values>"


def test_fonts_have_better_ones_before_them(y):
    fonts = {
        text.get("font-family")
        for text in ElementTree.fromstring(draw(y).svg()).iter("{http://www.w3.org/2000/svg}text")
    }
    assert {font.split(",")[0] for font in fonts} == {"Helvetica", "Menlo"}
    assert all("," in font for font in fonts)


def test_a_drawing_is_a_snapshot(y):
    drawing = draw(y)
    before = drawing.source
    y.inputs[0].inputs[0].data[:] = 9.0
    y.zero_grad()
    assert drawing.source == before
    assert draw(y).source != before


def test_drawing_changes_nothing():
    x = ad.Tensor(2.0, requires_grad=True)
    y = x * x
    y.backward()
    kinds = type(x._value), type(x.grad._value), type(y._value)
    draw(y).svg()
    assert (type(x._value), type(x.grad._value), type(y._value)) == kinds
    y.backward()
    assert x.grad.item() == 8.0


def test_gradients_that_are_recorded_can_be_drawn():
    x = ad.Tensor(2.0, requires_grad=True, name="x")
    y = x * x * x
    y.backward(create_graph=True)
    assert ">12 <" in draw(y).source
    assert repr(draw(x.grad)).startswith("<Drawing of")


@pytest.mark.parametrize("name", ["x.svg", "x.PNG", "x.dot", "x.gv", "a b.ü.svg"])
def test_save(y, tmp_path, name):
    drawing = draw(y)
    path = tmp_path / name
    path.write_text("what was there before")
    assert drawing.save(str(path)) == path
    content = path.read_bytes()
    expected = {"svg": drawing.svg().encode(), "png": PNG}.get(path.suffix[1:].lower(), drawing.source.encode())
    assert content.startswith(expected)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(which("dot") is None, reason="only the system's Graphviz writes PDF")
def test_save_pdf(y, tmp_path):
    assert draw(y).save(tmp_path / "x.pdf").read_bytes().startswith(b"%PDF")
    assert "<svg" in draw(y, engine="dot").svg()


@pytest.mark.parametrize("name", ["x", "x.jpg", "x.svg.gz", ".svg"])
def test_an_unknown_suffix(y, tmp_path, name):
    with pytest.raises(ValueError, match=r"one of \.svg \.png \.pdf \.html \.dot \.gv, got '"):
        draw(y).save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_missing_folder(y, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no folder '.*nowhere' to save 'x\.svg' in"):
        draw(y).save(tmp_path / "nowhere" / "x.svg")


def test_a_failing_layout_leaves_the_file_as_it_was(y, tmp_path, monkeypatch):
    monkeypatch.setattr(layout, "_find_pure", lambda: None)
    monkeypatch.setattr(layout, "_find_dot", lambda: None)
    drawing = draw(y)
    (tmp_path / "x.svg").write_text("before")
    with pytest.raises(RuntimeError, match="pip install graphviz-pure"):
        drawing.save(tmp_path / "x.svg")
    assert (tmp_path / "x.svg").read_text() == "before"
    assert drawing.save(tmp_path / "x.dot").read_text(encoding="utf-8") == drawing.source
    assert len(list(tmp_path.iterdir())) == 2


def test_a_failing_write_leaves_the_file_as_it_was(y, tmp_path, monkeypatch):
    path = tmp_path / "x.dot"
    path.write_text("before")
    write = Path.write_bytes

    def full(self, content):
        write(self, content[: len(content) // 2])
        raise OSError("no space left")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space left"):
        draw(y).save(path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_notebooks(y):
    assert draw(y)._repr_mimebundle_(include=None, exclude=None) == {"image/svg+xml": draw(y).svg()}
    ((kind, content),) = draw(y, format="png")._repr_mimebundle_().items()
    assert kind == "image/png"
    assert b64decode(content).startswith(PNG)


X = ad.Tensor(1.0, requires_grad=True)
BAD = {
    "no Tensor": (lambda: draw(3.0), TypeError, "a Tensor, or a list of Tensors, got float"),
    "an array": (lambda: draw(np.ones(2)), TypeError, "got ndarray"),
    "a list with something else in it": (lambda: draw([X, None]), TypeError, r"got \['Tensor', 'NoneType'\]"),
    "nothing": (lambda: draw([]), ValueError, "nothing to draw"),
    "a direction": (lambda: draw(X, direction="up"), ValueError, "direction is one of 'LR', 'TB', got 'up'"),
    "a format": (lambda: draw(X, format="pdf"), ValueError, "format is one of 'svg', 'png', got 'pdf'"),
    "a theme": (lambda: draw(X, theme="x"), ValueError, "theme is one of 'auto', 'light', 'dark', 'print', got 'x'"),
    "a depth": (lambda: draw(X, depth=-1), ValueError, "depth is a number of levels, 0 or more, got -1"),
    "a depth that is no number": (lambda: draw(X, depth="1"), ValueError, "0 or more, got '1'"),
    "a backward pass of many numbers": (
        lambda: draw(ad.exp(ad.ones(2, requires_grad=True)), backward=True),
        ValueError,
        r"backward=True is for single numbers, got shapes \[\(2,\)\]",
    ),
    "an engine": (lambda: draw(X, engine="x"), ValueError, "engine is one of None, 'graphviz-pure', 'dot', got 'x'"),
}


@pytest.mark.parametrize(("call", "kind", "message"), BAD.values(), ids=BAD)
def test_bad_input(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_nothing_that_draws_is_imported_before_something_is_drawn():
    code = (
        "import sys, autodiff\n"
        "assert not {'graphviz', 'autodiff.drawing.dot', 'autodiff.drawing.layout'} & sys.modules.keys()\n"
        "autodiff.draw(autodiff.Tensor(1.0))\n"
        "assert 'graphviz' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
