"""An explanation as one self-contained page: formulas in MathML, beside them the graph, played along."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from importlib.resources import files
from string import Template

from autodiff.drawing.page import Parts, document
from autodiff.explain.document import Equation, Step, written
from autodiff.formulas.mathml import markup

_PHASES = {
    "given": "Given",
    "forward": "Forward pass",
    "backward": "Backward pass",
    "update": "Update",
    "summary": "Put together",
    "paths": "One weight's story",
    "words": "",
}


def page(title: str, steps: Iterable[Step], picture: Parts) -> str:
    """The whole page."""
    told = tuple(steps)
    markup = Template(_read("explanation.html")).substitute(
        heading=_sentence(title),
        phases="".join(_phases(told)),
        steps="".join(_steps(told)),
        graph=picture.markup,
    )
    style, script = picture.style + _read("explanation.css"), picture.script + _read("explanation.js")
    return document(Parts(markup, style, script), title.replace("$", ""))


def fragment(title: str, steps: Iterable[Step]) -> str:
    """The steps alone, for a notebook."""
    style = f"<style>{_read('explanation.css')}</style>"
    return f'{style}<div class="explanation"><h1>{_sentence(title)}</h1><ol>{"".join(_steps(tuple(steps)))}</ol></div>'


def _phases(steps: tuple[Step, ...]) -> Iterator[str]:
    """A link to the first step of each phase."""
    seen: set[str] = set()
    for number, step in enumerate(steps, 1):
        if _PHASES[step.phase] and step.phase not in seen:
            seen.add(step.phase)
            yield f'<a href="#step-{number}">{_PHASES[step.phase]}</a>'


def _steps(steps: tuple[Step, ...]) -> Iterator[str]:
    played = 0  # the steps forward and back are those of the picture, too
    for number, step in enumerate(steps, 1):
        played += step.phase in ("forward", "backward")
        place = f' data-goto="{played}"' if step.phase in ("forward", "backward") else ""
        vertices = " ".join(map(str, step.vertices))
        body = "".join(f"<p>{_sentence(part)}</p>" if isinstance(part, str) else _equation(part) for part in step.parts)
        yield (
            f'<li id="step-{number}" class="{step.phase}" data-vertices="{vertices}"{place}>'
            f'<h2><a href="#step-{number}">{number}</a> {_sentence(step.title)}</h2>{body}</li>'
        )


def _equation(shown: Equation) -> str:
    """An equation with each of its forms in a row of its own."""
    rows = []
    for i, form in enumerate(shown.forms or ("",)):
        left = markup(shown.left, display=True) if not i else ""
        sign = markup(shown.sign) if form else ""
        conditions = ", ".join(map(markup, shown.conditions)) if not i else ""
        note = f' <span class="if">if {conditions}</span>' if conditions else ""
        rows.append(
            f"<tr><td>{left}</td><td>{sign}</td><td>{markup(form, display=True) if form else ''}{note}</td></tr>"
        )
    return f'<div class="equation"><table>{"".join(rows)}</table></div>'


def _sentence(words: str) -> str:
    """Words with their formulas; everything else is text."""
    return written(words, html.escape, markup)


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
