"""Programs: a recorded computation as plain data that can be run again, printed as Python, and drawn."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import autodiff as ad
from autodiff.graph import Graph, Node, Vertex, graph
from autodiff.op import Array, Op, part, table
from autodiff.tensor import Tensor, bare
from autodiff.testing.source import numbers, source
from autodiff.trees import leaves

if TYPE_CHECKING:
    from autodiff.drawing import Drawing

#: What a leaf cannot be called in the code of a program, whatever its name.
_TAKEN = re.compile(r"ad|np|table|y|[vx]\d+")


@dataclass(frozen=True, slots=True)
class Step:
    """One operation of a program: on which values, by their numbers, and with which parameters."""

    op: Op
    inputs: tuple[int, ...]
    params: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Program:
    """A computation without branches: leaves, then steps, each of values before it.

    The values are numbered: the leaves, the constants, the results of the steps.  Calling a program runs it on whatever
    it is given: arrays give arrays, Tensors give recorded Tensors; one output comes as itself, several as a tuple.

    Attributes
    ----------
    names : tuple of str
        What the leaves are called.
    args : tuple of arrays
        An example of the leaves: ``program(*program.args)``.
    constants : tuple
        The arrays and numbers that are no leaves.
    steps : tuple of Step
    outputs : tuple of int

    Examples
    --------
    >>> import autodiff as ad
    >>> x = ad.Tensor(3.0, requires_grad=True)
    >>> program = Program.of(x * x + 1.0)
    >>> program
    import autodiff as ad
    <BLANKLINE>
    x0 = ad.Tensor(3.0, requires_grad=True)
    v0 = ad.multiply(x0, x0)
    v1 = ad.add(v0, 1.0)
    y = v1
    >>> program(2.0)
    np.float64(5.0)
    >>> ad.grad(program)(2.0)
    np.float64(4.0)
    """

    names: tuple[str, ...]
    args: tuple[Array, ...]
    constants: tuple[Any, ...]
    steps: tuple[Step, ...]
    outputs: tuple[int, ...]

    @classmethod
    def of(cls, *outputs: Node) -> Program:
        """The program that computed some values; its leaves are the Tensors that require a gradient.

        Parameters
        ----------
        *outputs : Tensor

        Raises
        ------
        TypeError
            If something else than Tensors is given.
        """
        recorded = graph(*outputs)
        given = [vertex for vertex in recorded.nodes if vertex.op is None]
        args = [vertex for vertex in given if vertex.node is not None and vertex.requires_grad]
        constants = [vertex for vertex in given if vertex.node is None or not vertex.requires_grad]
        made = [(vertex, vertex.op) for vertex in recorded.nodes if vertex.op is not None]
        number = {vertex.id: i for i, vertex in enumerate([*args, *constants, *(vertex for vertex, _ in made)])}
        return cls(
            _names(args),
            tuple(np.array(vertex.value) for vertex in args),
            tuple(np.array(v) if isinstance(v := vertex.value, np.ndarray) else v for vertex in constants),
            tuple(Step(op, tuple(number[i] for i in vertex.inputs), vertex.params) for vertex, op in made),
            tuple(number[i] for i in recorded.outputs),
        )

    def __call__(self, *args: Any) -> Any:
        """Run it.

        Raises
        ------
        TypeError
            If it has another number of leaves.
        """
        if len(args) != len(self.args):
            raise TypeError(f"the program has {len(self.args)} leaves ({', '.join(self.names)}), got {len(args)}")
        values = [*map(_plain, args), *self.constants]
        for step in self.steps:
            xs = [values[i] for i in step.inputs]
            values.append(xs[0][step.params["index"]] if step.op is part else _plain(step.op.on(*xs, **step.params)))
        outputs = tuple(values[i] for i in self.outputs)
        return outputs if len(outputs) > 1 else outputs[0]

    def recorded(self) -> tuple[Tensor, ...]:
        """The outputs as Tensors that remember how they were made, computed from new leaves."""
        given = [Tensor(x, requires_grad=True, name=name) for x, name in zip(self.args, self.names, strict=True)]
        return tuple(leaves(self(*given)))

    def graph(self) -> Graph:
        """The graph of the outputs, as `autodiff.graph` gives it."""
        return graph(*self.recorded())

    def draw(self, **options: Any) -> Drawing:
        """The graph of the outputs as a picture, as `autodiff.draw` draws it."""
        from autodiff.drawing import draw

        return draw(self.recorded(), **options)

    def code(self) -> str:
        """Python source that computes the same from the same leaves, to the last bit, and names it `y` at the end.

        Operations that are not in the table of operations are called by their bare names.
        """
        given = map("{} = ad.Tensor({}, requires_grad=True)".format, self.names, map(numbers, self.args))
        made, outputs = self._lines()
        return _with_imports("\n".join([*given, *made, f"y = {outputs}"]))

    def definition(self, name: str = "program") -> str:
        """Python source of a function of the leaves that computes the same."""
        made, outputs = self._lines()
        body = "".join(f"    {line}\n" for line in [*made, f"return {outputs}"])
        return _with_imports(f"def {name}({', '.join(self.names)}):\n{body}")

    def _lines(self) -> tuple[list[str], str]:
        """A line for each step, and the names of the outputs."""
        names = [*self.names, *map(source, self.constants), *(f"v{i}" for i in range(len(self.steps)))]
        made = [f"v{i} = {_call(step, [names[k] for k in step.inputs])}" for i, step in enumerate(self.steps)]
        return made, ", ".join(names[i] for i in self.outputs)

    __str__ = __repr__ = code

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What Hypothesis and IPython show: the code."""
        for line in self.code().splitlines():
            printer.text(line)
            printer.break_()


def _with_imports(body: str) -> str:
    imports = ["import autodiff as ad"]
    if "np." in body:
        imports.insert(0, "import numpy as np")
    if "table[" in body:
        imports.append("from autodiff.op import table")
    return "\n".join(imports) + "\n\n" + body


def _plain(y: Any) -> Any:
    """A value as the engine keeps it: a NumPy scalar where that is all it is."""
    return bare(np.asarray(y)) if isinstance(y, (np.ndarray, np.generic, int, float, complex, list)) else y


def _names(args: Sequence[Vertex]) -> tuple[str, ...]:
    """A name for each leaf: its own, where Python takes it for one and no other leaf has it."""
    own = [vertex.name or "" for vertex in args]
    good = [name.isidentifier() and not keyword.iskeyword(name) and not _TAKEN.fullmatch(name) for name in own]
    return tuple(
        name if fine and own.count(name) == 1 else f"x{i}" for i, (name, fine) in enumerate(zip(own, good, strict=True))
    )


# Source text


def _key(key: Any) -> str:
    """An index as it stands between brackets."""
    if isinstance(key, slice):
        start, stop, step = ("" if bound is None else repr(bound) for bound in (key.start, key.stop, key.step))
        return f"{start}:{stop}:{step}" if step else f"{start}:{stop}"
    if key is ...:
        return "..."
    if isinstance(key, tuple) and key:
        return ", ".join(map(_key, key)) + "," * (len(key) == 1)
    return source(key)


def _call(step: Step, xs: list[str]) -> str:
    """The expression of one step."""
    op, params = step.op, step.params
    if op is part:
        return f"{xs[0]}[{params['index']}]"
    if op.name == "getitem":
        return f"{xs[0]}[{_key(params['key'])}]"
    given = xs + [f"{k}={source(v)}" for k, v in params.items() if not _left_out(op, k, v)]
    return f"{_callee(op)}({', '.join(given)})"


def _left_out(op: Op, name: str, value: Any) -> bool:
    """Whether a parameter has its default, and need not be written."""
    default = op.parameters.get(name, ...)
    return type(value) is type(default) and not isinstance(value, np.ndarray) and bool(value == default)


def _callee(op: Op) -> str:
    """How an operation is reached."""
    for where, module in (("ad", ad), ("ad.linalg", ad.linalg), ("ad.fft", ad.fft)):
        if getattr(module, op.name, None) is op:
            return f"{where}.{op.name}"
    return f'table["{op.name}"]' if table.get(op.name) is op else op.name
