"""`diagram`: the picture of a feed-forward network as textbooks draw it.

What draws is imported when something is drawn, so that `import nn` stays quick.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nn import checks

if TYPE_CHECKING:
    from pathlib import Path

    from nn.diagram.scene import Scene


class Diagram:
    """A drawn network: a snapshot, which shows the numbers of the moment when it was made.

    Attributes
    ----------
    scene : Scene
        What is drawn where, as plain data.
    """

    def __init__(self, scene: Scene, theme: str, description: str) -> None:
        self.scene = scene
        self._theme = theme
        self._description = description

    def svg(self) -> str:
        """The picture as an SVG document."""
        from nn.diagram.svg import svg

        return svg(self.scene, self._theme)

    def png(self) -> bytes:
        """The picture as a PNG file, at 144 dots per inch; of theme "auto", the light one.

        Raises
        ------
        RuntimeError
            If neither graphviz-pure nor Graphviz is installed.
        """
        from autodiff.drawing.layout import render
        from nn.diagram.dot import dot
        from nn.diagram.themes import THEMES

        return render(dot(self.scene, THEMES["light" if self._theme == "auto" else self._theme]), "png")

    def html(self) -> str:
        """A page that needs nothing else, with the picture and the model in words."""
        from nn.diagram.svg import page

        return page(self.scene, self._theme, self._description)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture as the suffix says; a file is there whole or not at all.

        Raises
        ------
        ValueError
            If the suffix is none of ``.svg .png .html``.
        FileNotFoundError
            If there is no such folder.
        """
        from pathlib import Path

        from nn.saving import replacing

        path = Path(path)
        writers: dict[str, Callable[[], bytes]] = {
            ".svg": lambda: self.svg().encode(),
            ".png": self.png,
            ".html": lambda: self.html().encode(),
        }
        if path.suffix.lower() not in writers:
            raise ValueError(f"a diagram is saved as one of {' '.join(writers)}, got {path.name!r}")
        content = writers[path.suffix.lower()]()
        with replacing(path) as file:
            file.write(content)
        return path

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """What a notebook shows."""
        return {"image/svg+xml": self.svg()}

    def __repr__(self) -> str:
        return f"<Diagram of {self.scene.title}>"


def diagram(model: Any, x: Any = None, *, theme: str = "auto", most: int = 5, digits: int = 3) -> Diagram:
    r"""The textbook's picture of a network: neurons in columns, every weight's line with its label and value.

    :math:`w_{jk}^{(l)}` stands on the line from neuron k of layer l - 1 to neuron j of layer l: it is in row j and
    column k of the weight of the l-th `Linear`, all counted from 1.  The larger a weight is in its layer, the thicker
    is its line; below 0 it has another colour, and dashes.  Activations right after a `Linear` are drawn in its
    neurons, anything else as a card between the columns.

    Parameters
    ----------
    model : Sequential
        Of any modules; or one `Linear`.
    x : array_like, optional
        One sample, without an axis of samples: z and a of every neuron are shown, as they are in evaluation mode.
    theme : {"auto", "light", "dark", "print"}
        "auto" follows the reader's choice of light or dark; "print" is black on white.
    most : int
        Of a layer of more neurons only the first ones and the last are drawn.
    digits : int
        Significant digits of numbers; SVG and HTML show all of them for what is pointed at.

    Returns
    -------
    Diagram
        With ``.svg()``, ``.png()``, ``.html()`` and ``.save(path)``; notebooks show it.

    Raises
    ------
    TypeError
        If the model is no chain of modules: draw what it computes with :func:`autodiff.draw`.
    ValueError
        If it is empty, if a layer does not fit the one before or the sample, or if the theme is unknown.

    Examples
    --------
    >>> import nn
    >>> model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1), nn.Sigmoid())
    >>> nn.diagram(model, [0.5, -1.0, 2.0])
    <Diagram of Sequential, 3-4-1>
    """
    from nn.diagram.chain import chain
    from nn.diagram.layout import scene
    from nn.diagram.themes import THEMES

    checks.one_of("diagram", "theme", theme, ("auto", *THEMES))
    checks.whole("diagram", "most", most, 2)
    checks.whole("diagram", "digits", digits, 1)
    parts = chain(model, x)
    title = f"{type(model).__name__}, {parts.name}"
    return Diagram(scene(parts, title, most, digits), theme, repr(model))
