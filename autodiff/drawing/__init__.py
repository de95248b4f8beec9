"""Pictures of recorded computations: a graph as DOT, laid out by Graphviz."""

from autodiff.drawing.picture import Drawing, draw

__all__ = ["Drawing", "draw"]
