"""Module: a function with parameters, found by looking at its attributes."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np

import autodiff as ad

if TYPE_CHECKING:
    from nn.summary import Summary


class Parameter(ad.Tensor):
    r"""A tensor that is to be learned: a leaf with ``requires_grad=True``, which modules and optimizers find.

    Parameters
    ----------
    data : array_like
        The initial values; they are copied.  Arrays and Tensors keep their dtype, anything else becomes float32.
    requires_grad : bool
    dtype : dtype, optional
    name : str, optional
        Left out, it becomes the name of the attribute of the first module that the parameter is given to.

    Raises
    ------
    TypeError
        If the data are integers, or a Tensor that was computed from what requires a gradient: detach it first.

    Examples
    --------
    >>> import nn
    >>> nn.Parameter([1.0, 2.0])
    Tensor([1., 2.], dtype=float32, requires_grad=True)
    """

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True, *, dtype: Any = None, name: str | None = None) -> None:
        if isinstance(data, ad.Tensor) and data.is_leaf:
            data = data.detach()
        elif dtype is None and not isinstance(data, (np.ndarray, np.generic, ad.Tensor)):
            dtype = np.float32
        super().__init__(data, dtype=dtype, requires_grad=requires_grad, name=name)


class StateDictError(KeyError, ValueError):
    """A state dict does not fit a module, or an optimizer; the message lists everything that is wrong with it."""

    def __str__(self) -> str:
        return str(self.args[0])


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict` did not find, and what it did not use."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module:
    r"""Base class of everything with parameters: :math:`y = f_\theta(x)`.

    A subclass sets parameters and other modules as attributes and defines `forward`; calling the module runs `forward`
    in a name scope of its own, which drawings show as a frame.  Parameters and submodules are found where they are: in
    attributes, and in lists, tuples and dicts there, at any depth (``layers.0.weight``).  Nothing has to be registered,
    and ``super().__init__()`` may be left out; only a tensor that is kept but not learned says so, by
    `register_buffer`.

    Attributes
    ----------
    training : bool
        Whether layers such as dropout act as in training; set by `train` and `eval`.

    Raises
    ------
    TypeError
        If an attribute that is a Parameter is set to what is neither one nor None: it would no longer be learned; or a
        buffer to what is neither a Tensor nor None.

    Examples
    --------
    >>> import autodiff as ad, nn
    >>> class Line(nn.Module):
    ...     def __init__(self):
    ...         self.slope = nn.Parameter(2.0)
    ...
    ...     def forward(self, x):
    ...         return self.slope * x
    >>> line = Line()
    >>> line(ad.tensor([3.0, 4.0]))
    Tensor([6., 8.], op=multiply)
    >>> [name for name, _ in line.named_parameters()]
    ['slope']
    """

    training: bool = True

    #: What it is called in the module that holds it, and the name scope that it runs in.
    _name: str | None = None
    _scope: ad.name_scope
    #: Whether it is never called itself, so that the modules in it have to carry its name too.
    _transparent: ClassVar[bool] = False
    #: Its buffers' names, and whether they belong to the state.
    _buffers: Mapping[str, bool] = MappingProxyType({})

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._scope = ad.name_scope(cls.__name__)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with self._scope:
            return self.forward(*args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; every subclass that is called defines it."""
        raise NotImplementedError(f"{type(self).__name__} does not define forward")

    # Names, parameters and submodules

    def __setattr__(self, name: str, value: Any) -> None:
        if not (value is None or isinstance(value, Parameter)) and isinstance(vars(self).get(name), Parameter):
            raise TypeError(
                f"{type(self).__name__}.{name} is a Parameter, it can become another or None, got "
                f"{type(value).__name__}; to write its values, assign to {name}.data"
            )
        if name in self._buffers and not (value is None or isinstance(value, ad.Tensor)):
            raise TypeError(
                f"{type(self).__name__}.{name} is a buffer, it can become another Tensor or None, got "
                f"{type(value).__name__}; to write its values, assign to {name}.data"
            )
        object.__setattr__(self, name, value)
        if isinstance(value, _HOLDERS):
            for path, member in _found(name, value):
                self._introduce(path, member, again=True)

    def _introduce(self, path: str, member: Module | Parameter, *, again: bool = False) -> None:
        """Tell a member its name; a module that has one gets a new one only with `again`, a parameter never does."""
        if isinstance(member, Parameter):
            if member.name is None:
                member.name = path
        elif again or member._name is None:
            name = f"{self._name}.{path}" if self._transparent and self._name else path
            member._name = name
            member._scope = ad.name_scope(f"{name}: {type(member).__name__}")
            if member._transparent:
                for inner, part in member._members():
                    member._introduce(inner, part, again=True)

    def _members(self) -> Iterator[tuple[str, Module | Parameter]]:
        """Its own parameters and the modules right below it, by name; what is new in a list learns its name here."""
        for name, value in list(vars(self).items()):
            if isinstance(value, _HOLDERS):
                for path, member in _found(name, value):
                    self._introduce(path, member)
                    yield path, member

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules right below it, with their names; one that is there twice is given once."""
        met: set[int] = set()
        for name, member in self._members():
            if isinstance(member, Module) and id(member) not in met:
                met.add(id(member))
                yield name, member

    def children(self) -> Iterator[Module]:
        """The modules right below it."""
        for _, module in self.named_children():
            yield module

    def named_modules(self, prefix: str = "", remove_duplicate: bool = True) -> Iterator[tuple[str, Module]]:
        """Itself and all modules below it, with their paths.

        Parameters
        ----------
        prefix : str
            Its own path.
        remove_duplicate : bool
            Give a module that is there twice once.

        Examples
        --------
        >>> import nn
        >>> [name for name, _ in nn.Sequential(nn.Sequential(nn.ReLU()), nn.Tanh()).named_modules()]
        ['', '0', '0.0', '1']
        """
        yield from _descend(self, prefix, set(), remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """Itself and all modules below it."""
        for _, module in self.named_modules():
            yield module

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """All parameters, its own first, with their paths.

        Parameters
        ----------
        prefix : str
            Put before every path.
        recurse : bool
            Also those of the modules below it.
        remove_duplicate : bool
            Give a parameter that is there twice once.

        Examples
        --------
        >>> import nn
        >>> [(name, p.shape) for name, p in nn.Sequential(nn.Linear(3, 4), nn.ReLU()).named_parameters()]
        [('0.weight', (4, 3)), ('0.bias', (4,))]
        """
        met: set[int] = set()
        for path, module in self.named_modules(prefix, remove_duplicate) if recurse else ((prefix, self),):
            for name, member in module._members():
                if isinstance(member, Parameter) and not (remove_duplicate and id(member) in met):
                    met.add(id(member))
                    yield _joined(path, name), member

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters, its own first."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    # Buffers

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        """Keep a tensor that is not learned as an attribute, and in the state: running means, say.

        Parameters
        ----------
        name : str
        tensor : array_like or None
            A Tensor is kept as it is, anything else becomes one.
        persistent : bool
            Whether it belongs to the state.

        Raises
        ------
        KeyError
            If the name is empty, has a dot, or is that of another attribute.
        TypeError
            If it is a Tensor that requires a gradient: it is learned, or was computed from what is.

        Examples
        --------
        >>> import nn
        >>> class Counter(nn.Module):
        ...     def __init__(self):
        ...         self.register_buffer("calls", 0)
        ...
        ...     def forward(self, x):
        ...         self.calls.data += 1
        ...         return x
        >>> counter = Counter()
        >>> counter(1), counter(2), counter.state_dict()
        (1, 2, {'calls': array(2)})
        """
        if not isinstance(name, str) or not name or "." in name:
            raise KeyError(f"the name of a buffer is a string that is not empty and has no dot, got {name!r}")
        if hasattr(self, name) and name not in self._buffers:
            raise KeyError(f"{type(self).__name__} has an attribute {name!r} already")
        if isinstance(tensor, ad.Tensor) and tensor.requires_grad:
            raise TypeError(f"a buffer requires no gradient, got one for {name!r} that does: detach it first")
        self._buffers = {**self._buffers, name: persistent}
        setattr(self, name, tensor if tensor is None or isinstance(tensor, ad.Tensor) else ad.tensor(tensor))

    def _own_buffers(self, *, persistent: bool) -> Iterator[tuple[str, ad.Tensor]]:
        """Its own buffers that are there, by name; or (`persistent`) only those that belong to the state."""
        for name, kept in self._buffers.items():
            buffer = vars(self).get(name)
            if buffer is not None and (kept or not persistent):
                yield name, buffer

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, ad.Tensor]]:
        """All buffers, its own first, with their paths; the arguments are those of `named_parameters`."""
        met: set[int] = set()
        for path, module in self.named_modules(prefix, remove_duplicate) if recurse else ((prefix, self),):
            for name, buffer in module._own_buffers(persistent=False):
                if not (remove_duplicate and id(buffer) in met):
                    met.add(id(buffer))
                    yield _joined(path, name), buffer

    def buffers(self, recurse: bool = True) -> Iterator[ad.Tensor]:
        """All buffers, its own first."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    # State

    def _state(self) -> dict[str, ad.Tensor]:
        """Its parameters and buffers by every name they have, module by module."""
        state: dict[str, ad.Tensor] = {}
        for path, module in self.named_modules(remove_duplicate=False):
            for own in (module._members(), module._own_buffers(persistent=True)):
                for name, member in own:
                    if not isinstance(member, Module) and state.setdefault(_joined(path, name), member) is not member:
                        raise ValueError(
                            f"two parameters of {type(self).__name__} have the same name {_joined(path, name)!r}"
                        )
        return state

    def state_dict(self) -> dict[str, np.ndarray[Any, Any]]:
        """Copies of the values of all parameters and buffers, by name; what is shared is there by each of its names.

        Examples
        --------
        >>> import nn
        >>> nn.Linear(1, 2, bias=False, rng=0).state_dict()
        {'weight': array([[ 0.27392337],
               [-0.46042657]], dtype=float32)}
        """
        return {name: np.array(parameter.data) for name, parameter in self._state().items()}

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> IncompatibleKeys:
        """Set the values of all parameters and buffers from what `state_dict` gave.

        Everything is checked first: if anything is wrong, nothing is changed.

        Parameters
        ----------
        state : mapping
            From names to arrays or Tensors; they are copied, in the dtype of the parameters and buffers.
        strict : bool
            Ask for exactly the right names; if not, what is missing keeps its values.

        Returns
        -------
        IncompatibleKeys
            The lists `missing_keys` and `unexpected_keys`.

        Raises
        ------
        StateDictError
            A KeyError and a ValueError, which lists everything that is wrong: names that are missing or (both if
            `strict`) unexpected, shapes and kinds of dtype that differ, one parameter given two values.

        Examples
        --------
        >>> import nn
        >>> nn.Linear(3, 4).load_state_dict(nn.Linear(3, 5, bias=False).state_dict())
        Traceback (most recent call last):
        ...
        nn.module.StateDictError: the state does not fit Linear:
          missing: 'bias'
          'weight' has shape (4, 3), got (5, 3)
        """
        if not isinstance(state, Mapping):
            raise TypeError(f"load_state_dict takes a mapping from names to arrays, got {type(state).__name__}")
        own = self._state()
        missing = [name for name in own if name not in state]
        unexpected = [name for name in state if name not in own]
        problems = []
        if strict and missing:
            problems.append(f"missing: {', '.join(map(repr, missing))}")
        if strict and unexpected:
            problems.append(f"unexpected: {', '.join(map(repr, unexpected))}")
        given: dict[ad.Tensor, tuple[str, np.ndarray[Any, Any]]] = {}
        for name, tensor in own.items():
            if name in state:
                array, problem = _fitting(state[name], tensor)
                if not problem:
                    first, other = given.setdefault(tensor, (name, array))
                    if not np.array_equal(array, other, equal_nan=True):
                        problem = f"is the same parameter as {first!r}, but their values differ"
                if problem:
                    problems.append(f"{name!r} {problem}")
        if problems:
            raise StateDictError("\n  ".join([f"the state does not fit {type(self).__name__}:", *problems]))
        for tensor, (_, array) in given.items():
            tensor.data = array
        return IncompatibleKeys(missing, unexpected)

    def to(self, dtype: Any) -> Self:
        """Cast all parameters, their gradients and all buffers of floating-point numbers; returns itself.

        Raises
        ------
        TypeError
            If the dtype is not one of floating-point numbers.

        Examples
        --------
        >>> import numpy as np, nn
        >>> nn.Linear(2, 1).to(np.float64).weight.dtype
        dtype('float64')
        """
        dtype = np.dtype(dtype)
        if dtype.kind != "f":
            raise TypeError(f"{type(self).__name__} is cast to a dtype of floating-point numbers, got {dtype}")
        for parameter in self.parameters():
            gradient = parameter.grad
            Parameter.__init__(parameter, parameter.data, parameter.requires_grad, dtype=dtype, name=parameter.name)
            parameter.grad = None if gradient is None else ad.astype(gradient, dtype)
        for module in self.modules():
            for name, buffer in module._own_buffers(persistent=False):
                if buffer.dtype.kind == "f":
                    setattr(module, name, ad.astype(buffer, dtype))
        return self

    def half(self) -> Self:
        """Cast to float16: see `to`."""
        return self.to(np.float16)

    def float(self) -> Self:
        """Cast to float32: see `to`."""
        return self.to(np.float32)

    def double(self) -> Self:
        """Cast to float64: see `to`."""
        return self.to(np.float64)

    def train(self, mode: bool = True) -> Self:
        """Put it and all modules below it in training mode, or (False) evaluation mode."""
        if not isinstance(mode, bool):
            raise ValueError(f"train takes True or False, got {mode!r}")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """Put it and all modules below it in evaluation mode."""
        return self.train(False)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all parameters' gradients, or (`set_to_none` False) make those that are there zero."""
        for parameter in self.parameters():
            if set_to_none or parameter.grad is None:
                parameter.grad = None
            else:
                parameter.grad = ad.zeros_like(parameter)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Ask that all parameters be learned, or (False) be left as they are."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call a function with every module below it, then with itself.

        Examples
        --------
        >>> import nn
        >>> def centre(module):
        ...     if isinstance(module, nn.Linear):
        ...         nn.init.zeros_(module.bias)
        >>> nn.Sequential(nn.Linear(3, 2)).apply(centre)[0].bias
        Tensor([0., 0.], dtype=float32, requires_grad=True, name='bias')
        """
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    # How it is shown

    def summary(self, *inputs: Any) -> Summary:
        """What its modules give, hold and cost when it is called so: see :func:`nn.summary`."""
        from nn.summary import summary

        return summary(self, *inputs)

    def extra_repr(self) -> str:
        """What `repr` shows in the brackets beside the submodules; for subclasses to define."""
        return ""

    def _shown_children(self) -> list[str]:
        """One text for every submodule."""
        return [f"({name}): {member!r}" for name, member in self._members() if isinstance(member, Module)]

    @reprlib.recursive_repr()
    def __repr__(self) -> str:
        extra = self.extra_repr()
        name = type(self).__name__
        children = self._shown_children()
        if not children and "\n" not in extra:
            return f"{name}({extra})"
        lines = [line for text in [extra, *children] if text for line in text.split("\n")]
        return "\n".join([f"{name}(", *(f"  {line}" for line in lines), ")"])


Module._scope = ad.name_scope("Module")


@contextmanager
def modes_kept(model: Module) -> Iterator[None]:
    """Afterwards, every module is in training or in evaluation mode as it was before."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


#: What an attribute has to be to hold modules or parameters.
_HOLDERS = (Module, Parameter, list, tuple, dict)


def _found(name: str, value: Any) -> Iterator[tuple[str, Module | Parameter]]:
    """The modules and parameters that an attribute is, or holds in lists, tuples and dicts."""
    if isinstance(value, (Module, Parameter)):
        yield name, value
        return
    for key, part in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(part, _HOLDERS):
            yield from _found(f"{name}.{key}", part)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _descend(module: Module, path: str, met: set[int], once: bool) -> Iterator[tuple[str, Module]]:
    """A module and all below it; `met` are those that were given, or (not `once`) those that this one lies in."""
    if id(module) in met:
        return
    met.add(id(module))
    yield path, module
    for name, member in module._members():
        if isinstance(member, Module):
            yield from _descend(member, _joined(path, name), met, once)
    if not once:
        met.remove(id(module))


def _fitting(value: Any, tensor: ad.Tensor) -> tuple[np.ndarray[Any, Any], str]:
    """A copy of a value in a parameter's or buffer's dtype; else, what is wrong with it."""
    own = tensor.data
    if not hasattr(value, "__array__"):
        return own, f"needs an array or a Tensor, got {type(value).__name__}"
    array = value.data if isinstance(value, ad.Tensor) else np.asarray(value)
    if array.shape != own.shape:
        return own, f"has shape {own.shape}, got {array.shape}"
    if array.dtype.kind != own.dtype.kind:
        return own, f"has dtype {own.dtype}, got {array.dtype}"
    return array.astype(own.dtype), ""
