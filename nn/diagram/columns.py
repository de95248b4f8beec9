"""What stands beside what in the picture: columns of neurons and cards of other modules, from left to right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from nn.diagram.chain import Array, Block, Chain, Dense

#: How long headings of cards and the lines under them are at most, and how many of these there are.
_HEADING, _ACROSS, _LINES = 30, 26, 3
#: What `scene.formula` takes.
Parts = list[Any]


@dataclass(frozen=True)
class Neuron:
    """One circle: its name in it, the bias above it, its numbers below it; `title` is shown when it is pointed at."""

    index: int
    name: Parts
    above: Parts
    below: tuple[Parts, ...] = ()
    title: str = ""


@dataclass(frozen=True)
class Column:
    """Neurons one above the other; of many only the first ones and the last.

    Attributes
    ----------
    role : {"input", "hidden", "output", "port"}
        A port is what a module gives that has no neurons.
    size : int
        How many neurons there are.
    neurons : tuple of Neuron
        Those that are shown.
    heading : tuple of str
    layer : Dense or None
        Whose neurons these are.
    number : int
        Of this layer, from 1.
    """

    role: str
    size: int
    neurons: tuple[Neuron, ...]
    heading: tuple[str, ...] = ()
    layer: Dense | None = None
    number: int = 0

    @property
    def elided(self) -> int:
        """How many are not shown."""
        return self.size - len(self.neurons)


@dataclass(frozen=True)
class Card:
    """A module without neurons of its own, in lines of text."""

    heading: str
    lines: tuple[str, ...]


def columns(chain: Chain, most: int, digits: int) -> list[Column | Card]:
    """The columns and cards of a chain; of no column more than `most` neurons are shown, of numbers so many digits."""
    return list(_columns(chain, most, digits))


def _columns(chain: Chain, most: int, digits: int) -> Iterator[Column | Card]:
    sample, first = chain.sample, chain.stages[0]
    if isinstance(first, Dense):
        yield _inputs(first.weight.shape[1], sample, most, digits)
    else:
        yield Card("input", () if sample is None else (_shape(sample),))
    number = 0
    before: Dense | Block | None = None
    for stage in chain.stages:
        if isinstance(stage, Dense):
            if isinstance(before, Block):
                yield _ports(stage.weight.shape[1], before.value, most, digits)
            number += 1
            yield _neurons(stage, number, stage is chain.stages[-1], most, digits)
        else:
            given = () if stage.value is None else (f"gives {_shape(stage.value)}",)
            yield Card(_line(f"{stage.path}: {stage.kind}", _HEADING), (*_wrapped(stage.settings), *given))
        before = stage


def written(number: Any, digits: int) -> str:
    """A number with so many significant digits.

    Examples
    --------
    >>> written(-0.12345, 3), written(2.0, 3), written(-0.0, 3)
    ('−0.123', '2', '0')
    """
    return f"{number + 0.0:.{digits}g}".replace("-", "\N{MINUS SIGN}")


def indices(*numbers: int) -> str:
    """Numbers counted from 0 as subscripts counted from 1, with a comma where they would run together.

    Examples
    --------
    >>> indices(0, 2), indices(0, 9)
    ('13', '1,10')
    """
    texts = [str(number + 1) for number in numbers]
    return ("," if any(len(text) > 1 for text in texts) else "").join(texts)


def _shown(size: int, most: int) -> Sequence[int]:
    return range(size) if size <= most else [*range(most - 1), size - 1]


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def _shape(value: Array) -> str:
    return " × ".join(f"{n:,}" for n in value.shape) or "1 number"


def _line(text: str, longest: int) -> str:
    """One line, and not too long."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _wrapped(settings: str) -> list[str]:
    """What is said about a module, in few short lines."""
    return wrap(_line(settings, _LINES * _ACROSS), _ACROSS, max_lines=_LINES, placeholder=" …")


def _equation(symbol: Any, number: Any, digits: int) -> Parts:
    return [symbol, f" = {written(number, digits)}"]


def _inputs(size: int, sample: Array | None, most: int, digits: int) -> Column:
    neurons = []
    for k in _shown(size, most):
        symbol = ("x", indices(k), "")
        below = () if sample is None else (_equation(symbol, sample[k], digits),)
        title = f"x[{k}]" if sample is None else f"x[{k}] = {sample[k]!s}"
        neurons.append(Neuron(k, [symbol], [], below, title))
    return Column("input", size, tuple(neurons), ("input", _counted(size, "number")))


def _ports(size: int, value: Array | None, most: int, digits: int) -> Column:
    known = value is not None and value.shape == (size,)
    neurons = []
    for k in _shown(size, most):
        below: tuple[Parts, ...] = ([written(value[k], digits)],) if value is not None and known else ()
        neurons.append(Neuron(k, [indices(k)], [], below))
    return Column("port", size, tuple(neurons), ("", _counted(size, "number")))


def _neurons(layer: Dense, number: int, last: bool, most: int, digits: int) -> Column:
    size = layer.weight.shape[0]
    neurons = []
    for j in _shown(size, most):
        above, title = [], f"neuron {j}"
        name = ("ŷ", indices(j) if size > 1 else "", "") if last else ("a", indices(j), f"({number})")
        if layer.bias is not None:
            above = _equation(("b", indices(j), f"({number})"), layer.bias[j], digits)
            title = f"{_attribute(layer, 'bias')}[{j}] = {layer.bias[j]!s}"
        neurons.append(Neuron(j, [name], above, _numbers(layer, number, name, j, digits), title))
    heading = "output" if last else f"hidden layer {number}"
    about = [_counted(size, "neuron"), *([layer.activation] if layer.activation else [])]
    return Column("output" if last else "hidden", size, tuple(neurons), (heading, ", ".join(about)), layer, number)


def _numbers(layer: Dense, number: int, name: Any, j: int, digits: int) -> tuple[Parts, ...]:
    """z and a of a neuron, if there is a sample; they are the same where there is no activation."""
    if layer.z is None or layer.a is None:
        return ()
    z = ("z", indices(j), f"({number})")
    if layer.activation is None:
        return ([name, " = ", z, f" = {written(layer.z[j], digits)}"],)
    return _equation(z, layer.z[j], digits), _equation(name, layer.a[j], digits)


def weight(layer: Dense, number: int, j: int, k: int, digits: int) -> tuple[Parts, str]:
    """The label of a weight, and where it is in the model with all its digits."""
    value = layer.weight[j, k]
    symbol = ("w", indices(j, k), f"({number})")
    return _equation(symbol, value, digits), f"{_attribute(layer, 'weight')}[{j}, {k}] = {value!s}"


def _attribute(layer: Dense, name: str) -> str:
    return f"{layer.path}.{name}" if layer.path else name
