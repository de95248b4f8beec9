"""Tensor: an array that remembers how it was made."""

from __future__ import annotations

import difflib
import opcode
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

import numpy as np

from autodiff.graph import Node, clock, rejoin, shapes_of, whereabouts, wrote
from autodiff.op import Op, Parts, numpy_functions, part
from autodiff.operand import Operand
from autodiff.recording import enable_grad, is_grad_enabled
from autodiff.recording import state as recording_state
from autodiff.reverse import outward, pull_back
from autodiff.rules import (
    activations,
    arithmetic,
    exponentials,
    indexing,
    products,
    reductions,
    running,
    shapes,
    trigonometry,
)

#: The versions of the Python array API standard that `autodiff` keeps; docs/array-api.md says how far.
STANDARD_VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12", "2025.12")

#: The parameters of a call that has none.
NO_PARAMS: dict[str, Any] = {}

#: The instruction of Python's that a[i] = x is.
_STORE = opcode.opmap["STORE_SUBSCR"]

_new = object.__new__
_PLAIN = frozenset({int, float, bool, complex, np.ndarray, np.float64, np.float32, np.int64, np.bool})


# Calling an operation


def _plain(x: Any) -> Any:
    """An operand that is not a Tensor: a number or an array as it is, a sequence as an array."""
    if isinstance(x, (np.ndarray, np.generic)):
        if x.dtype.kind not in "biufc":
            raise TypeError(f"expected numbers, got dtype {x.dtype}")
        return _unmasked(x).view(np.ndarray) if isinstance(x, np.ndarray) else x
    if x is None or isinstance(x, (int, float, complex)):
        return x
    if not isinstance(x, (list, tuple)):
        raise TypeError(f"expected a Tensor, an array or a number, got {type(x).__name__}")
    return numbers(x)


def _unmasked(x: Any) -> Any:
    """The same, if it is not a masked array."""
    if isinstance(x, np.ndarray) and hasattr(x, "mask"):
        raise TypeError("a masked array would lose its mask: use its data, and autodiff.where(mask, 0, …)")
    return x


def numbers(x: Any, dtype: Any = None, *, copy: bool | None = None) -> Any:
    """An array of numbers, of anything that NumPy takes for one."""
    try:
        array = np.array(_unmasked(x), dtype=dtype, copy=copy)
    except ValueError as error:
        raise ValueError(f"cannot make a tensor of {type(x).__name__}: {error}") from None
    if array.dtype.kind not in "biufc":
        raise TypeError(f"a tensor holds numbers, got {type(x).__name__} of dtype {array.dtype}")
    return array


def unwrapped(x: Any) -> Any:
    """The same with the arrays of Tensors in place of them, also inside lists, tuples and slices."""
    if isinstance(x, Tensor):
        return x._value
    if isinstance(x, (list, tuple)):
        return type(x)(map(unwrapped, x))
    if isinstance(x, slice):
        return slice(unwrapped(x.start), unwrapped(x.stop), unwrapped(x.step))
    return x


def host(device: Any) -> None:
    """Refuse any device but the one there is."""
    if device not in (None, "cpu"):
        raise ValueError(f"the only device is 'cpu', got {device!r}")


def bare(array: Any) -> Any:
    """An array as values are kept: a NumPy scalar where that is all it is."""
    return array if array.ndim else array[()]


def wrap(y: Any) -> Tensor:
    """A Tensor of a result, which it owns."""
    out = _new(Tensor)
    out._value = y
    out._op = out._extra = out.grad = None
    out._requires_grad = False
    return out


def _call(op: Op, *args: Any, **params: Any) -> Any:
    """Compute an operation, and record it if a gradient can be asked for."""
    if params or len(args) != op.arity or op.required:
        args, params = op.bind(args, params)
        for name, value in params.items():
            if isinstance(value, (Tensor, np.ndarray, list, tuple)):
                params[name] = _static(op, name, value)
    else:
        params = op.parameters
    needed = False
    inputs: list[Tensor | None] = []
    values = []
    for x in args:
        if isinstance(x, Tensor):
            inputs.append(x)
            values.append(x._value)
            if x._requires_grad:
                needed = True
        else:
            if type(x) not in _PLAIN:
                if isinstance(x, Operand):
                    return x.apply(op, args, params)
                x = _plain(x)
            inputs.append(None)
            values.append(x if op.keeps_numbers or type(x) is np.ndarray else np.asarray(x))
    try:
        y = op.forward(*values, **params) if params else op.forward(*values)
    except (ValueError, IndexError) as error:
        raise _explained(error, op, values, inputs) from error
    several = None
    if type(y) is not np.ndarray and not isinstance(y, np.generic):
        if isinstance(y, tuple):
            several = y
            y = Parts(bare(np.asarray(result)) for result in several)
        else:
            y = bare(np.asarray(y))
    if not (needed and op.differentiable and (state := recording_state.get())[0] and y.dtype.kind in "fc"):
        if y.dtype.kind not in "biufc":
            raise TypeError(f"{op.name} takes numbers, and would give dtype {y.dtype}")
        return wrap(y) if several is None else _as(several, map(wrap, y))
    out = _new(Tensor)
    out._value = y
    out._op = op
    if op.arity == 1:
        out._input_a = inputs[0]
        out._value_a = values[0]
        out._more = out._input_b = out._value_b = None
    elif op.arity == 2:
        out._input_a, out._input_b = inputs
        out._value_a, out._value_b = values
        out._more = None
    else:
        out._more = tuple(inputs), tuple(values)
    out._params = params
    out._requires_grad = True
    out._scope = state[1]
    out._made = clock()
    out._extra = out.grad = None
    if state[0] is not True:
        state[0].made(out)
    if several is None:
        return out
    return _as(several, (part(out, index=i, of=len(several)) for i in range(len(several))))


def _as(results: tuple[Any, ...], tensors: Iterable[Tensor]) -> Any:
    """The several results of an operation as Tensors, in the kind of tuple that it gives."""
    return type(results)(*tensors) if hasattr(results, "_fields") else tuple(tensors)


def _static(op: Op, name: str, value: Any) -> Any:
    """A parameter is no input: a Tensor that requires a gradient would lose it there.  Arrays are copied."""
    parts = value if isinstance(value, (list, tuple)) else (value,)
    if any(map(_needs_grad, parts)) and is_grad_enabled():
        raise TypeError(f"{op.name} is not differentiated with respect to {name}: pass {name}.detach()")
    return _copied(value)


def _copied(x: Any) -> Any:
    """A parameter that nobody else can write to."""
    if isinstance(x, (list, tuple)):
        return type(x)(map(_copied, x))
    if isinstance(x, (Tensor, np.ndarray)):
        return bare(np.array(unwrapped(x)))
    return unwrapped(x)


def _explained(error: Exception, op: Op, values: Any, inputs: Any) -> Exception:
    given = ", ".join(map(_described, values, inputs))
    return type(error)(f"{op.name} of shapes {given}: {error}")


def _described(value: Any, x: Tensor | None) -> str:
    """The shape of an argument; of a Tensor, its name and what made it, as far as they are known."""
    shape = shapes_of(value)
    if x is None:
        return shape
    name = f"{x.name!r} " if x.name else ""
    made = f" of {x._op.name}(){whereabouts(x)}" if x._op is not None else ""
    return f"{name}{shape}{made}"


Op.__call__ = _call  # type: ignore[method-assign]


def _operator(op: Op, *, reflected: bool = False) -> Callable[[Tensor, Any], Tensor]:
    """A binary operator: `_call` for two operands, with nothing in it that two operands do not need."""
    forward = op.forward
    differentiable = op.differentiable

    def method(self: Tensor, other: Any) -> Tensor:
        a = self._value
        b = other
        source: Tensor | None = None
        needed = self._requires_grad
        kind = type(other)
        if kind is not float:
            if isinstance(other, Tensor):
                b = other._value
                source = other
                needed = needed or other._requires_grad
            elif kind not in _PLAIN or (kind is np.ndarray and other.dtype.kind not in "biufc"):
                if not isinstance(other, (np.ndarray, np.generic, int, float, complex, list)):
                    return NotImplemented
                b = _plain(other)
        try:
            if reflected:
                y = forward(b, a)
                if type(y) is complex:  # Python's own product of a complex and a float64, which it takes for a float
                    y = np.complex128(y)
            else:
                y = forward(a, b)
        except ValueError as error:
            given = ((b, a), (source, self)) if reflected else ((a, b), (self, source))
            raise _explained(error, op, *given) from error
        if needed and differentiable and (state := recording_state.get())[0]:
            out = _new(Tensor)
            out._value = y
            out._op = op
            if reflected:
                out._input_a = source
                out._input_b = self
                out._value_a = b
                out._value_b = a
            else:
                out._input_a = self
                out._input_b = source
                out._value_a = a
                out._value_b = b
            out._params = NO_PARAMS
            out._more = out._extra = out.grad = None
            out._requires_grad = True
            out._scope = state[1]
            out._made = clock()
            if state[0] is not True:
                state[0].made(out)
            return out
        return wrap(y)

    method.__name__ = f"__{'r' if reflected else ''}{op.name}__"
    method.__doc__ = op.__doc__
    return method


def _method(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the table as a method of its first argument."""

    def method(self: Tensor, *args: Any, **params: Any) -> Any:
        return function(self, *args, **params)

    method.__doc__ = function.__doc__
    return method


class _Elsewhere:
    """What arrays have and Tensors do not, with what to write instead (a `__getattr__` would slow every attribute)."""

    def __init__(self, instead: str) -> None:
        self._instead = instead

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, tensor: Any, owner: type) -> Any:
        if tensor is None:
            return self
        raise AttributeError(f"Tensor has no attribute {self._name!r}, which would write in place: {self._instead}")


class Tensor(Node):
    r"""An array that remembers how it was made, so that :math:`\partial L / \partial x` can be asked for.

    Parameters
    ----------
    data : array_like
        Numbers; they are copied, and their dtype follows NumPy's rules.
    dtype : dtype, optional
    requires_grad : bool
        Whether what is computed from it is recorded.
    name : str, optional
        Shown by `repr`, in drawings and in errors.

    Attributes
    ----------
    grad : Tensor or None
        The gradients that `backward` has added up here.
    data : numpy.ndarray
        The values themselves, not a copy.  Assigning (``t.data = v``, ``t.data -= v``) writes them, outside of any
        recording, and `backward` knows of it.  Writing into the array (``t.data[i] = v``) is noticed by
        `detect_anomaly` only: write ``t[i] = v`` under `no_grad`.
    op : Op or None
        The operation that made it; None for a leaf.
    inputs : tuple of Tensor
        What that operation was applied to.

    Raises
    ------
    TypeError
        If `data` are not numbers, or a gradient is required of integers.

    Examples
    --------
    >>> from autodiff import Tensor
    >>> a, b = Tensor(2.0, requires_grad=True), Tensor(3.0, requires_grad=True)
    >>> y = a * b**2
    >>> y
    Tensor(18.0, op=multiply)
    >>> y.backward()
    >>> a.grad, b.grad
    (Tensor(9.0), Tensor(12.0))
    """

    __slots__ = ()

    def __init__(self, data: Any, *, dtype: Any = None, requires_grad: bool = False, name: str | None = None) -> None:
        if type(data) is not np.ndarray:
            data = _unwrapped_safely(data)
        self._value = bare(numbers(data, dtype, copy=True))
        self._op = self._extra = self.grad = None
        self._requires_grad = False
        if requires_grad:
            self.requires_grad_()
        if name is not None:
            self.name = name

    # What it is

    @property
    def data(self) -> np.ndarray[Any, Any]:
        if type(self._value) is not np.ndarray:
            self._value = np.asarray(self._value)
        return self._value

    @data.setter
    def data(self, value: Any) -> None:
        array = value._value if isinstance(value, Tensor) else value
        old = self._value
        if array is not old and not (
            type(array) is np.ndarray is type(old) and array.shape == old.shape and array.dtype is old.dtype
        ):
            array = np.asarray(array)
            if array.shape != self._value.shape:
                raise ValueError(f"data of shape {self._value.shape} cannot become data of shape {array.shape}")
            array = array.astype(self._value.dtype, casting="same_kind", copy=False)
        in_place = array is old
        self._value = bare(array)
        wrote(self, in_place=in_place)

    @property
    def requires_grad(self) -> bool:
        """Whether operations on it are recorded."""
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Ask that operations on it be recorded, or no longer; returns itself."""
        if self._op is not None:
            if not requires_grad:
                raise RuntimeError(f"the result of {self._op.name} requires a gradient: use detach()")
        elif requires_grad and self._value.dtype.kind not in "fc":
            raise TypeError(f"only floating-point tensors can require a gradient, got dtype {self._value.dtype}")
        else:
            self._requires_grad = bool(requires_grad)
        return self

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of its axes."""
        return self._value.shape

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return self._value.ndim

    @property
    def size(self) -> int:
        """How many elements it has."""
        return self._value.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its elements."""
        return self._value.dtype

    @property
    def T(self) -> Tensor:  # noqa: N802 - NumPy's name
        """With its axes reversed."""
        return shapes.permute_dims(self)

    @property
    def mT(self) -> Tensor:  # noqa: N802 - the standard's name
        """With each matrix transposed."""
        return shapes.matrix_transpose(self)

    @property
    def nbytes(self) -> int:
        """How many bytes its elements take."""
        return self._value.nbytes

    @property
    def itemsize(self) -> int:
        """How many bytes one element takes."""
        return self._value.itemsize

    @property
    def device(self) -> str:
        """Where its elements are: ``"cpu"``, always."""
        return "cpu"

    def to_device(self, device: Any, /, *, stream: Any = None) -> Tensor:
        """The tensor itself, for it is on the only device there is.

        Raises
        ------
        ValueError
            For any other device than ``"cpu"``, and for a stream, which it does not have.
        """
        host(device)
        if stream is not None:
            raise ValueError(f"the device 'cpu' has no streams, got stream={stream!r}")
        return self

    @property
    def real(self) -> Tensor:
        """The real part."""
        return arithmetic.real(self)

    @property
    def imag(self) -> Tensor:
        """The imaginary part."""
        return arithmetic.imag(self)

    @property
    def is_leaf(self) -> bool:
        """Whether it was given, not computed."""
        return self._op is None

    @property
    def op(self) -> Op | None:
        return self._whole._op

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        rejoin(self._whole)
        return tuple(
            x if isinstance(x, Tensor) else wrap(bare(np.asarray(v)))
            for x, v in zip(self._whole._inputs, self._whole._values, strict=True)
        )

    @property
    def _whole(self) -> Node:
        """Where it is one of an operation's several results: the value that was recorded for all of them."""
        return self._input_a if self._op is part and self._input_a is not None else self

    def __repr__(self) -> str:
        if type(self._value) is Parts:  # what stands behind the several results of an operation
            text = ", ".join(map(str, self._value))
        elif self.ndim:
            text = np.array2string(self._value, separator=", ", prefix="Tensor(", threshold=1000)
        else:
            text = str(self._value)
        facts = []
        if self._value.dtype not in (np.float64, np.int64, np.bool):
            facts.append(f"dtype={self._value.dtype}")
        if self._op is not None:
            facts.append(f"op={self._op.name}")
        elif self._requires_grad:
            facts.append("requires_grad=True")
        if self.name is not None:
            facts.append(f"name={self.name!r}")
        return f"Tensor({', '.join([text, *facts])})"

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("a 0-d tensor has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        for i in range(len(self)):
            yield self[i]

    # Out of the graph

    def item(self) -> Any:
        """The one element, as a Python number.

        Raises
        ------
        ValueError
            If there is not exactly one.
        """
        if self._value.size != 1:
            raise ValueError(f"item() needs exactly one element, got shape {self.shape}")
        return self._value.item()

    def numpy(self) -> np.ndarray[Any, Any]:
        """The values as an array, not a copy, and without any recording: writing into it is noticed by nobody."""
        return self.data

    def tolist(self) -> Any:
        """The values as nested lists of Python numbers."""
        return self._value.tolist()

    def detach(self) -> Tensor:
        """The same values, not a copy, as a leaf that requires no gradient."""
        return wrap(self._value)

    def __float__(self) -> float:
        return float(self._number())

    def __int__(self) -> int:
        return int(self._number())

    def __complex__(self) -> complex:
        return complex(self._number())

    def _number(self) -> Any:
        """The one element, for who asked for a number: a person may, an array that it is to be written to may not."""
        if self._requires_grad and _asked_by_an_array(sys._getframe(2)):
            self._refuse_to_lose(
                "an array asked for the number", "build the array of Tensors with autodiff.stack, or write"
            )
        return self.item()

    def __round__(self, ndigits: int | None = None) -> Any:
        return int(self._number().__round__()) if ndigits is None else arithmetic.round(self, ndigits)

    def __divmod__(self, other: Any) -> Any:
        return arithmetic.divmod(self, other)

    def __rdivmod__(self, other: Any) -> Any:
        return arithmetic.divmod(other, self)

    def __bool__(self) -> bool:
        if self._value.size != 1:
            raise ValueError(
                f"a tensor of shape {self.shape} is neither true nor false: use autodiff.any(t) or autodiff.all(t), or "
                f"autodiff.where(t, a, b) in place of a if t else b"
            )
        return bool(self._value)

    def __index__(self) -> int:
        if self._value.dtype.kind not in "biu":
            raise TypeError(f"only integers are indices, got dtype {self._value.dtype}")
        return int(self.item())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        self._refuse_to_lose(
            "NumPy asked for a plain array", "use a function that has a rule (autodiff.stack for np.array([t, u])), or"
        )
        return np.array(self._value, dtype=dtype, copy=copy)

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[Any, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        """The memory, for another library's ``from_dlpack``; NumPy's own answer.

        Raises
        ------
        TypeError
            If a gradient is required, which would be lost.
        """
        self._refuse_to_lose("another library asked for the memory", "pass")
        return self.data.__dlpack__(stream=stream, max_version=max_version, dl_device=dl_device, copy=copy)

    def __dlpack_device__(self) -> tuple[int, int]:
        """Where the memory is: DLPack's number for the CPU, and 0."""
        return self.data.__dlpack_device__()

    def _refuse_to_lose(self, why: str, instead: str) -> None:
        if self._requires_grad and is_grad_enabled():
            raise TypeError(
                f"{why} of a tensor that requires a gradient, which would be lost: {instead} t.detach(), or t.numpy()"
            )

    # Gradients

    def backward(self, gradient: Any = None, *, retain_graph: bool = True, create_graph: bool = False) -> None:
        r"""Add :math:`\partial L / \partial x` to the `grad` of every leaf x that this value L depends on.

        Parameters
        ----------
        gradient : array_like, optional
            The gradient of something further on with respect to this value; may be left out for a single number.
        retain_graph : bool
            Keep the graph, so that it can be walked again; False frees its memory on the way.
        create_graph : bool
            Record the computation of the gradients, so that they can be differentiated again.

        Notes
        -----
        The gradient with respect to a complex number :math:`a + ib` is
        :math:`\partial L / \partial a + i \, \partial L / \partial b`, PyTorch's convention: docs/complex.md.

        Raises
        ------
        RuntimeError
            If nothing was recorded, if a value that is still needed was written, if the graph was freed, or if the
            value is not a single number and no `gradient` is given.

        Examples
        --------
        >>> from autodiff import Tensor
        >>> x = Tensor([1.0, 2.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> x.grad
        Tensor([2., 4.])
        """
        data = self._value
        if not self._requires_grad:
            raise RuntimeError(
                "backward() on a tensor that does not require a gradient: nothing was recorded (no input has "
                "requires_grad=True, or it was computed under no_grad, or detached)"
            )
        seed: Any
        if gradient is None:
            if data.size != 1:
                raise RuntimeError(
                    f"backward() needs a single number, got shape {data.shape}: reduce it, or pass gradient="
                )
            seed = data.dtype.type(1) if data.ndim == 0 else np.ones(data.shape, data.dtype)
        else:
            if isinstance(gradient, Tensor) and create_graph:
                seed = gradient
            else:
                seed = bare(numbers(unwrapped(gradient), data.dtype, copy=True))
            if seed.shape != data.shape:
                raise ValueError(f"the gradient of a value of shape {data.shape} has shape {seed.shape}")
        if create_graph:
            with enable_grad():
                seed = seed if isinstance(seed, Tensor) else wrap(seed)
                leaves = pull_back([(self, outward(seed))], record=True, visit=_visit, release=not retain_graph)
                for leaf, g in leaves.items():
                    _settle(leaf, g)
        else:
            leaves = pull_back([(self, outward(seed))], visit=_visit, release=not retain_graph)
            for leaf, g in leaves.items():
                _settle(leaf, g)

    def zero_grad(self) -> None:
        """Forget the gradient."""
        self.grad = None

    def retain_grad(self) -> None:
        """Ask `backward` to keep the gradient here, though this is no leaf.

        Raises
        ------
        RuntimeError
            If the tensor requires no gradient.
        """
        if not self._requires_grad:
            raise RuntimeError("retain_grad() on a tensor that does not require a gradient")
        if self._op is not None:
            self._extra = {**(self._extra or {}), "retain": True}

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """Call a function with the gradient when it is known; what it returns, if anything, takes the gradient's place.

        Raises
        ------
        RuntimeError
            If the tensor requires no gradient.

        Examples
        --------
        >>> from autodiff import Tensor
        >>> x = Tensor(3.0, requires_grad=True)
        >>> handle = x.register_hook(lambda g: 10 * g)
        >>> (x * x).backward()
        >>> x.grad
        Tensor(60.0)
        >>> handle.remove()
        """
        if not self._requires_grad:
            raise RuntimeError("register_hook() on a tensor that does not require a gradient")
        self._extra = self._extra or {}
        hooks = self._extra.setdefault("hooks", {})
        handle = RemovableHandle(hooks)
        hooks[handle._key] = hook
        return handle

    # Copies

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        copied = type(self).__new__(type(self))
        memo[id(self)] = copied
        copied.__setstate__(self.__getstate__())
        return copied

    def __reduce__(self) -> tuple[Any, ...]:
        return (_new, (type(self),), self.__getstate__())

    def __getstate__(self) -> dict[str, Any]:
        if self._op is not None:
            raise TypeError(f"only leaves can be copied or pickled, this is the result of {self._op.name}: detach() it")
        return {
            "data": np.array(self._value),
            "requires_grad": self._requires_grad,
            "name": self.name,
            "grad": None if self.grad is None else np.array(self.grad.detach()._value),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        Tensor.__init__(self, state["data"], requires_grad=state["requires_grad"], name=state["name"])
        self.grad = None if state["grad"] is None else Tensor(state["grad"])

    # Indexing

    def __getitem__(self, key: Any) -> Tensor:
        return indexing.getitem(self, key=unwrapped(key) if type(key) is not int else key)

    def __setitem__(self, key: Any, value: Any) -> None:
        """Write elements; where gradients are asked for, what was computed from the old ones keeps to those.

        Raises
        ------
        TypeError
            If it would have to be recorded and cannot be: into a leaf that requires a gradient, or into a view of
            another tensor's memory.
        """
        if not ((self._requires_grad or _needs_grad(value)) and is_grad_enabled()):
            self.data[unwrapped(key)] = unwrapped(value)
            wrote(self, in_place=True)
            return
        instead = "write t = autodiff.index_put(t, value, key), or, to write without a gradient, do so under no_grad()"
        if self._requires_grad and (self._op is None or (self._extra or {}).get("followed")):
            raise TypeError(f"assignment into a leaf that requires a gradient cannot be recorded: {instead}")
        if isinstance(self._value, np.ndarray) and self._value.base is not None:
            raise TypeError(f"assignment into a view of another array cannot be recorded: assign to that, or {instead}")
        old = self._copy_node()
        self._become(indexing.index_put(old, value, key=unwrapped(key)), old)

    # NumPy's protocols

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        out = kwargs.pop("out", None)
        if out is not None:
            if any(isinstance(o, Tensor) for o in out) or (is_grad_enabled() and any(map(_needs_grad, inputs))):
                raise TypeError(f"numpy.{ufunc.__name__} with out= would lose the graph: use its result")
            return getattr(ufunc, method)(*unwrapped(inputs), out=out, **_unwrapped_values(kwargs))
        function = ufunc if method == "__call__" else getattr(ufunc, method)
        ours = numpy_functions.get(function)
        if ours is None:
            raise _no_rule(function, ufunc.__name__, method)
        return ours(*inputs, **kwargs)

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        ours = numpy_functions.get(function)
        if ours is None:
            raise _no_rule(function, function.__name__)
        if kwargs.pop("out", None) is not None:
            raise TypeError(f"numpy.{function.__name__} with out= would lose the graph: use its result")
        return ours(*args, **kwargs)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        """The module whose functions are meant for Tensors: `autodiff`.

        Raises
        ------
        ValueError
            For a version of the array API standard that it does not keep.
        """
        if api_version not in (None, *STANDARD_VERSIONS):
            raise ValueError(f"autodiff keeps the array API standard of {STANDARD_VERSIONS}, not {api_version!r}")
        return sys.modules["autodiff"]

    # Operators

    __hash__ = Node.__hash__
    __add__ = _operator(arithmetic.add)
    __radd__ = _operator(arithmetic.add, reflected=True)
    __sub__ = _operator(arithmetic.subtract)
    __rsub__ = _operator(arithmetic.subtract, reflected=True)
    __mul__ = _operator(arithmetic.multiply)
    __rmul__ = _operator(arithmetic.multiply, reflected=True)
    __truediv__ = _operator(arithmetic.divide)
    __rtruediv__ = _operator(arithmetic.divide, reflected=True)
    __floordiv__ = _operator(arithmetic.floor_divide)
    __rfloordiv__ = _operator(arithmetic.floor_divide, reflected=True)
    __mod__ = _operator(arithmetic.remainder)
    __rmod__ = _operator(arithmetic.remainder, reflected=True)
    __pow__ = _operator(arithmetic.power)
    __rpow__ = _operator(arithmetic.power, reflected=True)
    __matmul__ = _operator(products.matmul)
    __rmatmul__ = _operator(products.matmul, reflected=True)
    __lt__ = _operator(arithmetic.less)
    __le__ = _operator(arithmetic.less_equal)
    __gt__ = _operator(arithmetic.greater)
    __ge__ = _operator(arithmetic.greater_equal)
    __eq__ = _operator(arithmetic.equal)  # type: ignore[assignment]
    __ne__ = _operator(arithmetic.not_equal)  # type: ignore[assignment]
    __and__ = _operator(arithmetic.bitwise_and)
    __rand__ = _operator(arithmetic.bitwise_and, reflected=True)
    __or__ = _operator(arithmetic.bitwise_or)
    __ror__ = _operator(arithmetic.bitwise_or, reflected=True)
    __xor__ = _operator(arithmetic.bitwise_xor)
    __rxor__ = _operator(arithmetic.bitwise_xor, reflected=True)
    __lshift__ = _operator(arithmetic.bitwise_left_shift)
    __rlshift__ = _operator(arithmetic.bitwise_left_shift, reflected=True)
    __rshift__ = _operator(arithmetic.bitwise_right_shift)
    __rrshift__ = _operator(arithmetic.bitwise_right_shift, reflected=True)

    def __neg__(self) -> Tensor:
        return arithmetic.negative(self)

    def __pos__(self) -> Tensor:
        return arithmetic.positive(self)

    def __abs__(self) -> Tensor:
        return arithmetic.abs(self)

    def __invert__(self) -> Tensor:
        return arithmetic.bitwise_invert(self)

    # Methods

    def astype(self, dtype: Any) -> Tensor:
        """With another type of elements; the gradient comes back in this one's."""
        return arithmetic.astype(self, dtype=np.dtype(dtype))

    def copy(self) -> Tensor:
        """A copy, which remembers that it is one."""
        return arithmetic.positive(self) if self.dtype != np.bool else wrap(self._value.copy())

    def reshape(self, *shape: Any) -> Tensor:
        """The same elements in another shape."""
        return shapes.reshape(self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Tensor:
        """With its axes in another order; reversed if none is given."""
        return shapes.permute_dims(self, axes[0] if len(axes) == 1 else axes or None)

    def flatten(self) -> Tensor:
        """All elements in one axis."""
        return shapes.ravel(self)

    fill = _Elsewhere("use autodiff.full_like(t, value)")
    partition = _Elsewhere("use autodiff.partition(t, kth)")
    put = _Elsewhere("use autodiff.index_put(t, values, key)")
    resize = _Elsewhere("use autodiff.resize(t, shape)")
    sort = _Elsewhere("use autodiff.sort(t)")

    abs = _method(arithmetic.abs)
    all = _method(reductions.all)
    any = _method(reductions.any)
    argmax = _method(reductions.argmax)
    argmin = _method(reductions.argmin)
    argsort = _method(reductions.argsort)
    clip = _method(arithmetic.clip)
    conj = _method(arithmetic.conj)
    cos = _method(trigonometry.cos)
    cumprod = _method(running.cumprod)
    cumsum = _method(running.cumsum)
    diagonal = _method(indexing.diagonal)
    dot = _method(products.dot)
    exp = _method(exponentials.exp)
    log = _method(exponentials.log)
    log_softmax = _method(activations.log_softmax)
    logsumexp = _method(reductions.logsumexp)
    matmul = _method(products.matmul)
    max = _method(reductions.max)
    mean = _method(reductions.mean)
    min = _method(reductions.min)
    nonzero = _method(indexing.nonzero)
    prod = _method(reductions.prod)
    ravel = _method(shapes.ravel)
    relu = _method(activations.relu)
    repeat = _method(shapes.repeat)
    round = _method(arithmetic.round)
    sigmoid = _method(activations.sigmoid)
    sin = _method(trigonometry.sin)
    softmax = _method(activations.softmax)
    sqrt = _method(arithmetic.sqrt)
    squeeze = _method(shapes.squeeze)
    std = _method(reductions.std)
    sum = _method(reductions.sum)
    swapaxes = _method(shapes.swapaxes)
    take = _method(indexing.take)
    tanh = _method(trigonometry.tanh)
    trace = _method(indexing.trace)
    var = _method(reductions.var)


class RemovableHandle:
    """Takes a hook off its tensor again."""

    def __init__(self, hooks: dict[object, Any]) -> None:
        self._hooks = hooks
        self._key = object()  # not the handle itself, which holds the hooks: that would be a cycle

    def remove(self) -> None:
        """Take the hook off; a second time does nothing."""
        self._hooks.pop(self._key, None)


def _asked_by_an_array(frame: Any) -> bool:
    """Whether a number is asked for by a[i] = t, or by code of NumPy's or SciPy's, to which Tensors are numbers."""
    module = frame.f_globals.get("__name__", "")
    if module.partition(".")[0] in ("numpy", "scipy"):
        return not module.endswith("arrayprint")  # which writes it as text
    return frame.f_lasti >= 0 and frame.f_code.co_code[frame.f_lasti] == _STORE


def _needs_grad(x: Any) -> bool:
    return isinstance(x, Tensor) and x._requires_grad


def _unwrapped_values(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {name: unwrapped(value) for name, value in kwargs.items()}


def _unwrapped_safely(data: Any) -> Any:
    """The arrays of Tensors in place of them; only where no gradient is lost by it."""
    if isinstance(data, (list, tuple)):
        return [_unwrapped_safely(part) for part in data]
    if isinstance(data, Tensor):
        return data.__array__()
    return data


def _hooked(node: Tensor, g: Any) -> Any:
    """A gradient as the node's hooks leave it."""
    extra = node._extra
    if extra is None or not (hooks := extra.get("hooks")):
        return g
    gradient = g if isinstance(g, Tensor) else wrap(g.copy())
    with np.errstate(all="warn"):
        for hook in list(hooks.values()):
            replaced = hook(gradient)
            if replaced is not None:
                if np.shape(replaced) != gradient.shape:
                    raise ValueError(f"a hook made a gradient of shape {np.shape(replaced)} of one of {gradient.shape}")
                gradient = replaced if isinstance(replaced, Tensor) else Tensor(replaced)
                gradient = gradient if gradient.dtype == g.dtype else gradient.astype(g.dtype)
    return gradient if isinstance(g, Tensor) else gradient._value


#: Held while a gradient is added to the one that is there: several threads may come to the same leaf.
_adding = threading.Lock()


def _add_to(node: Tensor, g: Any) -> None:
    """Add to the gradient that is there; the first one shares its memory with nothing."""
    with _adding:
        if isinstance(g, Tensor):
            node.grad = g if node.grad is None else node.grad + g
        elif node.grad is None:
            node.grad = wrap(g if g.base is None else g.copy())
        else:
            node.grad = wrap(node.grad._value + g)


def _visit(node: Any, g: Any) -> Any:
    """What a recorded value does when its gradient is known."""
    if type(g) is Parts:
        return g
    g = outward(_hooked(node, outward(g)))
    if node._extra.get("retain"):
        _add_to(node, outward(g.copy()))
    return g


def _settle(leaf: Any, g: Any) -> None:
    """What a leaf does when its gradient is known."""
    _add_to(leaf, _hooked(leaf, outward(g)))


def _no_rule(function: Any, name: str, method: str = "") -> TypeError:
    """The error for a NumPy function that the table does not have."""
    module = getattr(function, "__module__", None) or ("numpy" if hasattr(np, name) else "the ufunc")
    full = f"{module}.{name}".replace("the ufunc.", "the ufunc ") + (
        f".{method}" if method not in ("", "__call__") else ""
    )
    if module.startswith("numpy"):
        ours, known = "numpy", [near for f in numpy_functions if hasattr(np, near := getattr(f, "__name__", ""))]
    else:
        ours, known = "autodiff", sys.modules["autodiff"].__all__
    (near,) = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
    hint = f"the nearest that has one is {ours}.{near}"
    return TypeError(
        f"{full} has no rule for Tensors; {hint}. For values without a gradient, call it on t.numpy(); to add a rule, "
        f"see autodiff.elementwise, autodiff.linear and autodiff.primitive"
    )


def tensor(data: Any, *, dtype: Any = None, requires_grad: bool = False, name: str | None = None) -> Tensor:
    """A Tensor of a copy of the data: the same as :class:`Tensor`.

    Examples
    --------
    >>> import autodiff as ad
    >>> ad.tensor([1.0, 2.0])
    Tensor([1., 2.])
    """
    return Tensor(data, dtype=dtype, requires_grad=requires_grad, name=name)
