"""Pictures of networks as textbooks draw them: neurons in columns, weights on lines.

A model becomes a chain (`chain`), its parts are named (`columns`) and put at their places (`layout`, `lanes`); the
scene that this gives (`scene`) is written as SVG (`svg`) or for Graphviz (`dot`), in the colours of a theme (`themes`).
"""

from nn.diagram.picture import Diagram, diagram

__all__ = ["Diagram", "diagram"]
