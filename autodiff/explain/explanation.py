"""`explain`: what a program computes and how its gradient comes about, step by step, with its numbers."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autodiff.explain.document import Step
from autodiff.explain.text import sentence
from autodiff.files import write_by_suffix
from autodiff.graph import Node

if TYPE_CHECKING:
    from autodiff.drawing.page import Parts


class Explanation:
    """A program, explained.

    An explanation is a snapshot: it has the numbers of the moment when it was made.

    Attributes
    ----------
    title : str
    steps : tuple of Step
        Each with its `phase` ("given", "forward", "backward", "update", "summary", "paths" or "words"), its `title`,
        its `parts` (sentences, with mathematics between dollar signs, and equations: `left`, the `forms` that it is
        equal to, in LaTeX, and the engine's `value`) and the `vertices` of the graph that it is about.
    """

    def __init__(self, title: str, steps: tuple[Step, ...], picture: Callable[[], Parts]) -> None:
        self.title = title
        self.steps = steps
        self._picture = picture

    def text(self) -> str:
        """All steps as plain text: formulas in Unicode, matrices over several lines."""
        from autodiff.explain.text import text

        return text(self.title, self.steps)

    def markdown(self) -> str:
        """All steps in Markdown, with formulas as GitHub renders them."""
        from autodiff.explain.markdown import document

        return document(self.title, self.steps)

    def latex(self) -> str:
        """All steps as a LaTeX document."""
        from autodiff.explain.latex_document import document

        return document(self.title, self.steps)

    def html(self) -> str:
        """All steps as one self-contained page: formulas in MathML, beside them the graph, played along."""
        from autodiff.explain.html import page

        return page(self.title, self.steps, self._picture())

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the explanation as the suffix says; a file is there whole or not at all.

        Raises
        ------
        ValueError
            If the suffix is none of ``.html .md .tex .txt``.
        FileNotFoundError
            If there is no such folder.
        """
        makers = {".html": self.html, ".md": self.markdown, ".tex": self.latex, ".txt": self.text}
        encoded = {suffix: (lambda make=make: make().encode()) for suffix, make in makers.items()}
        return write_by_suffix(path, encoded, "an explanation")

    def with_steps(self, title: str, steps: Sequence[Step]) -> Explanation:
        """Another explanation of the same program: a lesson of some of these steps, and of one's own.

        Parameters
        ----------
        title : str
        steps : sequence of Step

        Examples
        --------
        >>> import autodiff as ad
        >>> from autodiff.explain import Step
        >>> found = ad.explain(ad.Tensor(3.0, requires_grad=True, name="x") ** 2.0)
        >>> lesson = found.with_steps("A square", [Step("words", "First", ("Look at $x$.",)), *found.steps])
        >>> lesson.text().splitlines()[:6]
        ['A square', '========', '', '1. First', '--------', 'Look at x.']
        """
        return Explanation(title, tuple(steps), self._picture)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from autodiff.explain.html import fragment

        return fragment(self.title, self.steps)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<{sentence(self.title)}, in {len(self.steps)} steps>"


def explain(
    output: Node,
    *,
    element: tuple[Any, Any] | None = None,
    names: Mapping[Node, str] | None = None,
    learning_rate: float = 0.1,
) -> Explanation:
    r"""Explain a program: each step forward and back as a formula, with its shapes and its numbers.

    The forward pass shows the rule of each operation, :math:`y = W x + b`, the same in this program's names,
    :math:`z^{(1)} = W^{(1)} x + b^{(1)}`, and with numbers.  The backward pass shows for each operation the gradient
    that comes in, :math:`\partial C / \partial z`, the derivative that the operation's own rule gives when it is fed
    with symbols, and their product; where a broadcast is undone or a value was used several times, the sum.  Then come
    a step of gradient descent, :math:`w \leftarrow w - \eta \, \partial C / \partial w`, and all steps put together:
    for a network, the equations of backpropagation.

    Parameters
    ----------
    output : Tensor
        What the program ends in.  If it is not a single number that requires a gradient, only the forward pass is
        explained.
    element : (tensor or name, index), optional
        One element, such as ``("0.weight", (2, 1))``: every path from it to the output, the product of the derivatives
        along each, and their sum.  Names are those of `state_dict`, or the tensors' own; indices start at 0.
    names : mapping, optional
        LaTeX for some of the program's tensors: ``{prediction: r"\hat{y}"}``.
    learning_rate : float
        The :math:`\eta` of the step of gradient descent.

    Returns
    -------
    Explanation

    Raises
    ------
    TypeError
        If something else than a Tensor is given.
    RuntimeError
        If the graph was freed, or a value that a derivative needs was written since.
    ValueError, IndexError
        If there is no such element.

    References
    ----------
    M. Nielsen, *Neural Networks and Deep Learning* (2015), chapter 2: the notation of networks.

    Examples
    --------
    >>> import autodiff as ad
    >>> x = ad.Tensor(3.0, requires_grad=True, name="x")
    >>> found = ad.explain(x * x)
    >>> found
    <How f comes about, in 6 steps>
    >>> [step.phase for step in found.steps]
    ['given', 'forward', 'backward', 'backward', 'update', 'summary']
    >>> found.steps[-1].equations[0].forms
    ('2 x', '2 \\cdot 3', '6')
    """
    from autodiff.drawing.whole import Plan
    from autodiff.explain.program import Program
    from autodiff.explain.steps import steps
    from autodiff.explain.story import story
    from autodiff.explain.summary import summary
    from autodiff.graph import graph

    if not isinstance(output, Node):
        raise TypeError(f"explain takes a Tensor, got {type(output).__name__}")
    program = Program(graph(output), names)
    told = [*steps(program, learning_rate), *summary(program)]
    if element is not None:
        told.append(story(program, element))
    name = program.names[program.output]
    title = f"How ${name.tex}$ comes about" if name is not None else "How a number comes about"
    return Explanation(title, tuple(told), Plan([output]).parts(names))
