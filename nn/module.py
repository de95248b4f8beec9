"""Module: a function with parameters, found by looking at its attributes."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

import autodiff as ad


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
    and ``super().__init__()`` may be left out.

    Attributes
    ----------
    training : bool
        Whether layers such as dropout act as in training; set by `train` and `eval`.

    Raises
    ------
    TypeError
        If an attribute that is a Parameter is set to what is neither one nor None: it would no longer be learned.

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

    # State

    def _state(self) -> dict[str, Parameter]:
        """Its parameters by every name they have."""
        state: dict[str, Parameter] = {}
        for name, parameter in self.named_parameters(remove_duplicate=False):
            if state.setdefault(name, parameter) is not parameter:
                raise ValueError(f"two parameters of {type(self).__name__} have the same name {name!r}")
        return state

    def state_dict(self) -> dict[str, np.ndarray[Any, Any]]:
        """Copies of all parameters' values, by name; a shared parameter is there by each of its names.

        Examples
        --------
        >>> import nn
        >>> nn.Linear(1, 2, bias=False, rng=0).state_dict()
        {'weight': array([[ 0.27392337],
               [-0.46042657]], dtype=float32)}
        """
        return {name: np.array(parameter.data) for name, parameter in self._state().items()}

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> IncompatibleKeys:
        """Set all parameters' values from what `state_dict` gave.

        Everything is checked first: if anything is wrong, nothing is changed.

        Parameters
        ----------
        state : mapping
            From names to arrays or Tensors; they are copied, in the dtype of the parameters.
        strict : bool
            Ask for exactly the right names; if not, parameters that are missing keep their values.

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
        given: dict[Parameter, tuple[str, np.ndarray[Any, Any]]] = {}
        for name, parameter in own.items():
            if name in state:
                array, problem = _fitting(state[name], parameter)
                if not problem:
                    first, other = given.setdefault(parameter, (name, array))
                    if not np.array_equal(array, other, equal_nan=True):
                        problem = f"is the same parameter as {first!r}, but their values differ"
                if problem:
                    problems.append(f"{name!r} {problem}")
        if problems:
            raise StateDictError("\n  ".join([f"the state does not fit {type(self).__name__}:", *problems]))
        for parameter, (_, array) in given.items():
            parameter.data = array
        return IncompatibleKeys(missing, unexpected)

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


def _fitting(value: Any, parameter: Parameter) -> tuple[np.ndarray[Any, Any], str]:
    """A copy of a value in a parameter's dtype; else, what is wrong with it."""
    own = parameter.data
    if not hasattr(value, "__array__"):
        return own, f"needs an array or a Tensor, got {type(value).__name__}"
    array = value.data if isinstance(value, ad.Tensor) else np.asarray(value)
    if array.shape != own.shape:
        return own, f"has shape {own.shape}, got {array.shape}"
    if array.dtype.kind != own.dtype.kind:
        return own, f"has dtype {own.dtype}, got {array.dtype}"
    return array.astype(own.dtype), ""
