"""What an explanation is written as: text, Markdown, LaTeX, HTML, files."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from shutil import which

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autodiff as ad
import nn
from autodiff import Tensor
from autodiff.explain.latex_document import document
from autodiff.testing.strategies import programs
from autodiff.trees import leaves

hostile = st.one_of(
    st.sampled_from(
        ["<script>alert(1)</script>", '"]; x[', r"\end{document}", "$x$", "a_b^c", "100%", "{", "}", "\\", "`", "ж"]
    ),
    st.text(min_size=1, max_size=12),
)


def named(name):
    x = Tensor([1.0, 2.0], requires_grad=True, name=name)
    return ad.explain(ad.sum(ad.sqrt(x) * x) + x[0])


class Tags(HTMLParser):
    """The elements of a page, which have to be closed in order."""

    VOID = ("meta", "br", "input", "hr", "img", "link")

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def is_balanced(tex):
    """Whether braces and environments are closed in order, and dollar signs come in pairs."""
    tex = re.sub(r"\\[{}$\\%&#_]", "", re.sub(r"(?m)^%.*$", "", tex))
    stack = []
    for token in re.findall(r"\\begin\{\w+\*?\}|\\end\{\w+\*?\}|[{}]", tex):
        if token == "{" or token.startswith(r"\begin"):
            stack.append(token.replace(r"\begin", r"\end") if token != "{" else "}")
        elif not stack or stack.pop() != token:
            return False
    return not stack and tex.count("$") % 2 == 0


@settings(max_examples=40)
@given(hostile)
def test_a_name_is_just_a_name(name):
    explanation = named(name)
    assert is_balanced(explanation.latex())
    page = Tags()
    page.feed(explanation.html())
    assert not page.open
    assert sum(tag == "script" for tag, _ in page.seen) <= 2  # the page's own, and the data of its picture
    assert not any(key.startswith("on") for _, attributes in page.seen for key in attributes)
    assert "<script" not in re.sub(r"(?s)```.*?```|`.*?`", "", explanation.markdown())  # in code it is a name
    assert explanation.text()


@settings(max_examples=10)
@given(programs())
def test_latex_is_balanced_and_ascii(program):
    xs = [Tensor(x, requires_grad=True, name=name) for x, name in zip(program.args, program.names, strict=True)]
    outputs = [y for y in leaves(program(*xs)) if isinstance(y, Tensor) and y.requires_grad]
    tex = ad.explain(outputs[0]).latex()
    assert is_balanced(tex)
    assert all(ord(c) < 0x100 for c in tex)


@pytest.mark.skipif(which("pdflatex") is None, reason="there is no LaTeX on the PATH")
@pytest.mark.parametrize("name", ["x", r'<script>"]; x[ \\bad{$ _%&#~^ ж', "ŷ"])
def test_latex_compiles(name, tmp_path):
    path = named(name).save(tmp_path / "lesson.tex")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", path.name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=120)
    assert done.returncode == 0, done.stdout[-2000:]


def test_a_document_that_is_not_balanced_is_found():
    assert not is_balanced(r"\begin{aligned} { \end{aligned}")
    assert is_balanced(document("Title", []))


def test_it_is_saved_by_its_suffix(tmp_path):
    explanation = named("x")
    for suffix, content in (
        (".txt", explanation.text()),
        (".md", explanation.markdown()),
        (".tex", explanation.latex()),
    ):
        path = explanation.save(tmp_path / f"lesson{suffix}")
        assert path.read_text(encoding="utf-8") == content
    assert explanation.save(tmp_path / "lesson.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    with pytest.raises(ValueError, match=r"one of \.html \.md \.tex \.txt, got 'lesson\.pdf'"):
        explanation.save(tmp_path / "lesson.pdf")
    with pytest.raises(FileNotFoundError, match="no folder"):
        explanation.save(tmp_path / "nowhere" / "lesson.md")
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [".html", ".md", ".tex", ".txt"]


def test_a_page_needs_no_network_and_holds_every_step():
    explanation = named("x")
    page = Tags()
    page.feed(explanation.html())
    addresses = [a for _, attributes in page.seen for key, a in attributes.items() if key in ("src", "href")]
    assert all(address.startswith("#") for address in addresses)
    steps = [attributes for tag, attributes in page.seen if tag == "li" and "data-vertices" in attributes]
    assert len(steps) == len(explanation.steps)
    played = [int(step["data-goto"]) for step in steps if "data-goto" in step]
    assert played == list(range(1, len(played) + 1))


def test_an_explanation_is_a_snapshot():
    x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    explanation = ad.explain(ad.sum(x * x))
    before = explanation.text()
    x.data[...] = 7
    assert explanation.text() == before


def test_without_a_gradient_the_forward_pass_is_explained():
    explanation = ad.explain(nn.Linear(3, 2, rng=0)(np.ones(3, np.float32)))
    assert [step.phase for step in explanation.steps] == ["given", "forward"]
    assert [step.phase for step in ad.explain(Tensor(2.0, name="x")).steps] == ["given"]


def test_what_cannot_be_explained():
    with pytest.raises(TypeError, match="explain takes a Tensor, got float"):
        ad.explain(2.0)
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = ad.sum(x * x)
    y.backward(retain_graph=False)
    with pytest.raises(RuntimeError, match="was freed"):
        ad.explain(y)


def test_tensors_can_be_named():
    x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    y = ad.exp(x)
    lefts = [e.left for step in ad.explain(ad.sum(y), names={y: r"\hat{y}"}).steps for e in step.equations]
    assert r"\hat{y}" in lefts


def test_nothing_is_imported_before_it_is_needed():
    code = (
        "import autodiff, sys; print([m for m in sys.modules if 'latex2mathml' in m or m == 'autodiff.explain.steps'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
