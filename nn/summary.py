"""Summary: what a model's modules give, hold and cost, found by running it once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import autodiff as ad
from nn.module import Module, modes_kept
from nn.random import generator


class Row:
    """One module of a model.

    Attributes
    ----------
    name, kind : str
        Its path, and its class.
    output : str
        The shape of what it gave when it was called last.
    parameters : int
        How many numbers it holds itself that can be learned.
    memory : int
        Bytes of what was computed in it and in no module below it, which a backward pass needs kept.
    multiply_adds : int
        Of the products of matrices and convolutions in it and in no module below it.
    """

    def __init__(self, name: str, kind: str, output: str, parameters: int) -> None:
        self.name = name
        self.kind = kind
        self.output = output
        self.parameters = parameters
        self.memory = 0
        self.multiply_adds = 0


class Summary:
    """What `summary` found; it prints as a table.

    Attributes
    ----------
    rows : list of Row
        The model and the modules in it.
    parameters, memory, multiply_adds : int
        Of the whole model.
    held : int
        Bytes of the parameters and buffers.
    """

    def __init__(self, rows: list[Row], held: int) -> None:
        self.rows = rows
        self.held = held
        self.parameters = sum(row.parameters for row in rows)
        self.memory = sum(row.memory for row in rows)
        self.multiply_adds = sum(row.multiply_adds for row in rows)

    def __str__(self) -> str:
        table = [("layer", "output", "parameters", "memory", "multiply-adds")]
        above: list[str] = []
        for row in self.rows:
            while above and not row.name.startswith(above[-1]):
                above.pop()
            name = row.name[len(above[-1]) :] if above else ""
            label = "  " * len(above) + (f"{name}: {row.kind}" if name else row.kind)
            above.append(f"{row.name}." if row.name else "")
            table.append((label, row.output, f"{row.parameters:,}", _readable(row.memory), f"{row.multiply_adds:,}"))
        table.append(("total", "", f"{self.parameters:,}", _readable(self.memory), f"{self.multiply_adds:,}"))
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [
            "  ".join((str.ljust if i < 2 else str.rjust)(cell, widths[i]) for i, cell in enumerate(row))
            for row in table
        ]
        rule = "-" * len(lines[0])
        end = f"parameters and buffers take {_readable(self.held)}"
        return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1], end])

    __repr__ = __str__


def summary(model: Module, *inputs: Any) -> Summary:
    """The modules of a model: the shapes of what they give, their parameters, memory and multiply-adds.

    The model is run once, in evaluation mode, and what was recorded says what it cost; afterwards it is as it was.

    Parameters
    ----------
    model : Module
    *inputs
        What to call it with, such as an array.

    Examples
    --------
    >>> import numpy as np, nn
    >>> model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    >>> nn.summary(model, np.zeros((64, 784), np.float32))
    layer        output     parameters    memory  multiply-adds
    -----------------------------------------------------------
    Sequential   (64, 10)            0       0 B              0
      0: Linear  (64, 128)     100,480  32.0 KiB      6,422,528
      1: ReLU    (64, 128)           0  32.0 KiB              0
      2: Linear  (64, 10)        1,290   2.5 KiB         81,920
    -----------------------------------------------------------
    total                      101,770  66.5 KiB      6,504,448
    parameters and buffers take 397.5 KiB
    """
    rows: dict[Module, Row] = {}
    counted: set[ad.Tensor] = set()
    for name, module in model.named_modules():
        own = set(module.parameters(recurse=False)) - counted
        counted |= own
        output = "" if module._transparent else "not called"
        rows[module] = Row(name, type(module).__name__, output, sum(p.size for p in own))
    results: list[ad.Tensor] = []
    scopes: dict[tuple[str, ...], Row] = {}
    with modes_kept(model), _watched(rows, scopes, results):
        model(*map(_followed, inputs))
    _count(rows[model], scopes, results)
    return Summary(list(rows.values()), sum(t.data.nbytes for t in (*model.parameters(), *model.buffers())))


@contextmanager
def _watched(rows: dict[Module, Row], scopes: dict[tuple[str, ...], Row], results: list[ad.Tensor]) -> Iterator[None]:
    """Let every module say what it gives, and in which scope it runs; record everything; leave no trace."""
    modules = list(rows)
    model = modules[0]
    buffers = [(buffer, np.array(buffer.data)) for buffer in model.buffers()]
    held = [value for module in modules for value in vars(module).values() if isinstance(value, np.random.Generator)]
    drawn = [(rng, rng.bit_generator.state) for rng in (generator(), *held)]
    frozen = [p for p in model.parameters() if not p.requires_grad]
    forwards = [vars(module).get("forward") for module in modules]
    try:
        model.eval().requires_grad_()
        for module in modules:
            vars(module)["forward"] = _watching(module.forward, rows[module], scopes, results)
        with ad.enable_grad():
            yield
    finally:
        for module, forward in zip(modules, forwards, strict=True):
            vars(module).pop("forward", None)
            if forward is not None:
                vars(module)["forward"] = forward
        for parameter in frozen:
            parameter.requires_grad_(False)
        for buffer, array in buffers:
            buffer.data = array
        for rng, state in drawn:
            rng.bit_generator.state = state


def _watching(
    forward: Callable[..., Any], row: Row, scopes: dict[tuple[str, ...], Row], results: list[ad.Tensor]
) -> Callable[..., Any]:
    """A module's forward, which also notes what it gives and where it runs."""

    def watched(*args: Any, **kwargs: Any) -> Any:
        here = ad.graph(+ad.ones((), requires_grad=True)).nodes[-1].scope
        scopes[here] = row
        result = forward(*args, **kwargs)
        row.output = _shapes(result)
        results.extend(x for x in _tensors(result) if x.requires_grad)
        return result

    return watched


def _followed(x: Any) -> Any:
    """An input whose use is recorded, if it is an array of floating-point numbers."""
    if isinstance(x, (np.ndarray, ad.Tensor)) and x.dtype.kind in "fc":
        return ad.asarray(x.data if isinstance(x, ad.Tensor) else x).requires_grad_()
    return x


def _tensors(result: Any) -> Iterator[ad.Tensor]:
    if isinstance(result, ad.Tensor):
        yield result
    elif isinstance(result, (tuple, list, dict)):
        for part in result.values() if isinstance(result, dict) else result:
            yield from _tensors(part)


def _shapes(result: Any) -> str:
    if isinstance(result, dict):
        return ", ".join(f"{name} {_shapes(part)}" for name, part in result.items())
    if isinstance(result, (tuple, list)):
        return ", ".join(map(_shapes, result))
    return str(np.shape(result)) if isinstance(result, (ad.Tensor, np.ndarray)) else type(result).__name__


def _count(whole: Row, scopes: dict[tuple[str, ...], Row], results: list[ad.Tensor]) -> None:
    """Add every recorded operation to the row of the innermost module that it was made in."""
    if not results:
        return
    nodes = ad.graph(*results).nodes
    known = {id(_owner(array)) for vertex in nodes if vertex.op is None for array in _arrays(vertex.value)}
    for vertex in nodes:
        if vertex.op is None:
            continue
        depths = range(len(vertex.scope), 0, -1)
        row = next((scopes[vertex.scope[:n]] for n in depths if vertex.scope[:n] in scopes), whole)
        row.multiply_adds += _multiply_adds(vertex, [np.shape(nodes[i].value) for i in vertex.inputs])
        for array in map(_owner, _arrays(vertex.value)):
            if id(array) not in known:
                known.add(id(array))
                row.memory += array.nbytes


def _arrays(value: Any) -> list[Any]:
    """The arrays of an operation's result or results."""
    return [np.asarray(part) for part in value] if isinstance(value, tuple) else [np.asarray(value)]


def _owner(array: Any) -> Any:
    """The array whose memory another one looks at."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _multiply_adds(vertex: Any, shapes: list[tuple[int, ...]]) -> int:
    """How many products an operation adds up."""
    name = vertex.op.name
    if name == "matmul":
        return int(np.size(vertex.value)) * shapes[0][-1]
    if name == "affine":
        return int(np.size(vertex.value)) * shapes[1][-1]
    if name == "convolution":
        return int(np.size(vertex.value)) * math.prod(shapes[1][1:])
    if name == "transposed_convolution":
        return math.prod(shapes[0]) * math.prod(shapes[1][1:])
    if name == "einsum_explicit":
        terms = "".join(vertex.params["terms"])
        sizes = dict(zip(terms, (n for shape in shapes for n in shape), strict=True))
        return math.prod(sizes.values()) * (len(shapes) - 1)
    return 0


def _readable(size: int) -> str:
    """A number of bytes."""
    amount, units = float(size), iter(("KiB", "MiB", "GiB", "TiB"))
    unit = "B"
    while amount >= 1024 and (larger := next(units, None)):
        amount, unit = amount / 1024, larger
    return f"{size} B" if unit == "B" else f"{amount:.1f} {unit}"
