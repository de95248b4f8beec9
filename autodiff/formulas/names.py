r"""What the values of a recorded computation are called in formulas: :math:`W^{(1)}`, :math:`x`, :math:`z^{(1)}`.

Tensors keep their names, parameters of modules get the textbooks' letters and the number of their layer, and what a
layer makes of its parameters is its :math:`z`, the function of that its activation :math:`a`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from autodiff.formulas.figures import escaped
from autodiff.graph import Graph, Node, Vertex
from autodiff.op import Elementwise

_GREEK = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "lambda", "mu", "nu", "xi"),
    *("pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega"),
)
_ACCENTS = {"\N{COMBINING CIRCUMFLEX ACCENT}": "hat", "\N{COMBINING MACRON}": "bar", "\N{COMBINING TILDE}": "tilde"}
#: What means something to LaTeX even where it is escaped, and signs that look like it.
_ALIKE = str.maketrans({"\\": "∖", "^": "ˆ", "~": "∼", "&": "＆"})
#: The letters of what nobody named.
_PARAMETER, _DATA, _TARGET, _RESULT, _COST, _FUNCTION = r"\theta", "x", "y", "v", "C", "f"


@dataclass(frozen=True, slots=True)
class Name:
    """A name in formulas.

    Attributes
    ----------
    letter : str
        In LaTeX.
    below : str
        What stands below it, after the indices of an element.
    layer : str
        The number of its layer, which stands above in parentheses.
    """

    letter: str
    below: str = ""
    layer: str = ""

    @property
    def tex(self) -> str:
        """The name of the whole.

        Examples
        --------
        >>> Name("W", layer="2").tex, Name("b", below="1").tex
        ('W^{(2)}', 'b_1')
        """
        return self._with(self.letter, self.below)

    def element(self, index: str) -> str:
        r"""The name of an element, as the textbooks write it: a small letter with indices.

        Examples
        --------
        >>> Name("W", layer="2").element("jk"), Name(r"\hat{y}").element("j")
        ('w_{jk}^{(2)}', '\\hat{y}_j')
        """
        if not index:
            return self.tex
        letter = self.letter.lower() if len(self.letter) == 1 else self.letter
        return self._with(letter, f"{self.below}, {index}" if self.below else index)

    def _with(self, letter: str, below: str) -> str:
        sub = "" if not below else f"_{below}" if len(below) == 1 else f"_{{{below}}}"
        return letter + sub + (f"^{{({self.layer})}}" if self.layer else "")


def spoken(name: str) -> Name:
    r"""A name of Python's as one of mathematics.

    Examples
    --------
    >>> [spoken(name).tex for name in ("x", "W1", "y_hat", "ŷ", "alpha", "in_proj_weight", "a<b")]
    ['x', 'W_1', '\\hat{y}', '\\hat{y}', '\\alpha', 'W_{\\text{in proj}}', '\\text{a<b}']
    """
    parts = [part for part in name.split("_") if part]
    for word, letter in (("weight", "W"), ("bias", "b")):
        if word in parts:
            parts.remove(word)
            return Name(letter, rf"\text{{{escaped(' '.join(parts))}}}" if parts else "")
    decomposed = unicodedata.normalize("NFD", name)
    if len(decomposed) == 2 and decomposed[1] in _ACCENTS:
        return Name(rf"\{_ACCENTS[decomposed[1]]}{{{decomposed[0]}}}")
    if len(parts) == 2 and parts[1] in _ACCENTS.values() and len(parts[0]) == 1:
        return Name(rf"\{parts[1]}{{{parts[0]}}}")
    if match := re.fullmatch(r"([^\W\d_]+)_?(\d+)", name):
        inner = spoken(match[1])
        return Name(inner.letter, match[2])
    if re.fullmatch(r"[A-Za-z]_[A-Za-z]", name):
        return Name(name[0], name[2])
    if name in _GREEK:
        return Name(rf"\{name}")
    if len(name) == 1 and name.isalpha():
        return Name(_in_latex(name))
    return Name(rf"\text{{{_as_text(name)}}}")


def _in_latex(letter: str) -> str:
    """One letter; a Greek one by its command."""
    word = unicodedata.name(letter, "").lower()
    if word.startswith("greek small letter ") and (known := word.split()[3].replace("lamda", "lambda")) in _GREEK:
        return rf"\{known}"
    return letter


def _as_text(name: str) -> str:
    """A name, whatever it is made of, between the braces of ``\\text``."""
    line = " ".join(name.split())
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
    line = line if len(line) <= 30 else f"{line[:29]}…"
    return escaped(line.translate(_ALIKE))


def path(vertex: Vertex, scope: tuple[str, ...]) -> str:
    """Where a leaf belongs, as `state_dict` says it: ``"0.weight"``; `scope` is where it is used.

    Examples
    --------
    >>> from autodiff import Tensor, graph
    >>> leaf = graph(Tensor(1.0, name="weight")).nodes[0]
    >>> path(leaf, ("Sequential", "0: Linear"))
    '0.weight'
    """
    parts = [part.partition(": ")[0] for part in scope[1:]]
    return ".".join([*parts, vertex.name or ""])


def homes(graph: Graph) -> dict[int, tuple[str, ...]]:
    """The scope in which each leaf is first used."""
    found: dict[int, tuple[str, ...]] = {}
    for vertex in graph.nodes:
        for i in vertex.inputs:
            if graph.nodes[i].op is None:
                found.setdefault(i, vertex.scope)
    return found


def names(graph: Graph, given: Mapping[Node, str] | None = None) -> tuple[Name | None, ...]:
    r"""A name for every value of a graph; None for a number, which is written as it is.

    Parameters
    ----------
    graph : Graph
    given : mapping, optional
        LaTeX for some of its tensors.

    Examples
    --------
    >>> import autodiff as ad
    >>> x = ad.Tensor([1.0, 2.0], name="x")
    >>> w = ad.Tensor([3.0, 4.0], requires_grad=True, name="w")
    >>> [name.tex for name in names(ad.graph(ad.sum(w * x)))]
    ['w', 'x', 'v_1', 'f']
    """
    return _Naming(graph, given or {}).names()


class _Naming:
    def __init__(self, graph: Graph, given: Mapping[Node, str]) -> None:
        self._nodes = graph.nodes
        self._outputs = graph.outputs
        self._homes = homes(graph)
        self._given = given
        self._taken: set[str] = set()
        self._names: list[Name | None] = [None] * len(graph.nodes)
        self._counts: dict[str, int] = {}
        owners = [self._homes[v.id] for v in graph.nodes if self._is_owned(v)]
        layers = list(dict.fromkeys(owners))
        #: The number of each layer: a scope that has parameters.
        self._layers = {scope: str(i + 1) if len(layers) > 1 else "" for i, scope in enumerate(layers)}

    def names(self) -> tuple[Name | None, ...]:
        for vertex in self._nodes:  # what has a name of its own comes first, so that nothing else takes it
            if vertex.node is not None and vertex.node in self._given:
                self._enter(vertex, Name(self._given[vertex.node]))
            elif vertex.name:
                layer = self._layers[self._homes[vertex.id]] if self._is_owned(vertex) else ""
                said = spoken(vertex.name)
                self._enter(vertex, Name(said.letter, said.below, layer))
        self._name_layers()
        last_parameter = max(
            (v.id for v in self._nodes for i in v.inputs if self._nodes[i].op is None and self._nodes[i].requires_grad),
            default=-1,
        )
        uses = self._first_uses()
        for vertex in self._nodes:
            if self._names[vertex.id] is not None or (vertex.node is None and np.ndim(vertex.value) == 0):
                continue
            if vertex.id in self._outputs and vertex.op is not None:
                self._count(vertex, _COST if self._layers else _FUNCTION, len(self._outputs) > 1)
            elif vertex.op is not None:
                self._count(vertex, _RESULT, True)
            elif vertex.requires_grad:
                self._count(vertex, _PARAMETER, True)
            else:
                is_target = uses.get(vertex.id, -1) > last_parameter >= 0
                self._count(vertex, _TARGET if is_target else _DATA, False)
        return tuple(self._names)

    def _is_owned(self, vertex: Vertex) -> bool:
        """Whether a leaf is a parameter of a module."""
        return bool(vertex.op is None and vertex.requires_grad and vertex.name and self._homes.get(vertex.id))

    def _first_uses(self) -> dict[int, int]:
        found: dict[int, int] = {}
        for vertex in self._nodes:
            for i in vertex.inputs:
                found.setdefault(i, vertex.id)
        return found

    def _name_layers(self) -> None:
        """What a layer makes of its parameters last is its z; the function of that, and of nothing else, its a."""
        of_parameters: set[int] = set()  # values that depend on parameters alone
        makes: dict[tuple[str, ...], Vertex] = {}
        for vertex in self._nodes:
            if vertex.op is None:
                if self._is_owned(vertex):
                    of_parameters.add(vertex.id)
            elif vertex.inputs and all(i in of_parameters for i in vertex.inputs):
                of_parameters.add(vertex.id)
            elif vertex.scope in self._layers and of_parameters & set(vertex.inputs):
                makes[vertex.scope] = vertex
        activations = {
            vertex.inputs[0]: vertex
            for vertex in reversed(self._nodes)
            if isinstance(vertex.op, Elementwise) and len(vertex.inputs) == 1
        }
        for scope, vertex in makes.items():
            layer = self._layers[scope]
            if self._names[vertex.id] is None:
                self._enter(vertex, Name("z", layer=layer))
            activation = activations.get(vertex.id)
            if activation is not None and self._names[activation.id] is None:
                self._enter(activation, Name("a", layer=layer))

    def _count(self, vertex: Vertex, letter: str, always: bool) -> None:
        """Name it by a letter and, from the second on or always, a number."""
        while True:
            count = self._counts[letter] = self._counts.get(letter, 0) + 1
            name = Name(letter, str(count) if always or count > 1 else "")
            if name.tex not in self._taken:
                break
        self._enter(vertex, name)

    def _enter(self, vertex: Vertex, name: Name) -> None:
        tex, primes = name.tex, 0
        while tex in self._taken:
            primes += 1
            tex = Name(name.letter + "'" * primes, name.below, name.layer).tex
        self._taken.add(tex)
        self._names[vertex.id] = Name(name.letter + "'" * primes, name.below, name.layer)
