"""Modules made of modules: one after the other, in a list, in a dict."""

from __future__ import annotations

import copy
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from itertools import groupby
from operator import index as as_index
from typing import Any, ClassVar, Self, overload

from nn.module import Module


class _Container(Module):
    """Keeps modules as attributes."""

    def _held(self) -> dict[str, Module]:
        """The modules in it, by name."""
        return {name: value for name, value in vars(self).items() if isinstance(value, Module)}

    def _checked(self, name: Any, module: Any) -> Module:
        """A module that can be kept under a name, if it is one and the name is good."""
        kind = type(self).__name__
        if not isinstance(module, Module):
            raise TypeError(f"{kind} holds modules, got {type(module).__name__} for {name!r}")
        if not isinstance(name, str):
            raise TypeError(f"{kind} names modules by strings, got {name!r}")
        if not name or "." in name:
            raise KeyError(f"the name of a module is not empty and has no dot, got {name!r}")
        if hasattr(self, name) and name not in self._held():
            raise KeyError(f"{kind} has an attribute {name!r} of its own: choose another name for the module")
        return module

    def _put(self, name: Any, module: Any) -> None:
        """Keep a module under a name."""
        setattr(self, name, self._checked(name, module))

    def __len__(self) -> int:
        return len(self._held())


class _Ordered(_Container):
    """Modules that are named '0', '1', … unless they were given names."""

    #: Whether a slice has the names that its modules have here.
    _slices_keep_names: ClassVar[bool] = True

    def _name_at(self, i: Any) -> str:
        names = list(self._held())
        if not -len(names) <= as_index(i) < len(names):
            raise IndexError(f"index {i} is out of range for {type(self).__name__} of {len(names)} modules")
        return names[i]

    def _refill(self, modules: Iterable[Any]) -> None:
        """Hold other modules in place of those that are there, numbered anew."""
        kept = {str(i): self._checked(str(i), module) for i, module in enumerate(modules)}
        for name in self._held():
            delattr(self, name)
        for name, module in kept.items():
            setattr(self, name, module)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._held().values())

    @overload
    def __getitem__(self, i: slice) -> Self: ...
    @overload
    def __getitem__(self, i: int) -> Any: ...
    def __getitem__(self, i: int | slice) -> Any:
        if not isinstance(i, slice):
            return getattr(self, self._name_at(i))
        part = copy.copy(self)
        held = self._held()
        for name in held:
            del vars(part)[name]
        for number, (name, module) in enumerate(list(held.items())[i]):
            vars(part)[name if self._slices_keep_names else str(number)] = module
        return part

    def __setitem__(self, i: int, module: Module) -> None:
        self._put(self._name_at(i), module)

    def __delitem__(self, i: int | slice) -> None:
        modules = list(self)
        del modules[i]
        self._refill(modules)

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        name = str(len(self))
        if name in self._held():
            raise KeyError(f"{type(self).__name__} already has a module named {name!r}")
        self._put(name, module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add modules at the end."""
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Self:
        """Add a module before the one at an index; all are numbered anew."""
        modules = list(self)
        modules.insert(index, module)
        self._refill(modules)
        return self


class Sequential(_Ordered):
    r"""One module after the other: :math:`y = f_n(\dots f_2(f_1(x)))`.

    Parameters
    ----------
    *modules : Module or dict of str to Module
        Named '0', '1', … in this order; or one dict, which gives their names.

    Raises
    ------
    TypeError
        If something in it is not a module.

    Examples
    --------
    >>> import nn
    >>> model = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    >>> model
    Sequential(
      (0): Linear(in_features=3, out_features=4, bias=True)
      (1): ReLU()
    )
    >>> model[-1]
    ReLU()
    >>> nn.Sequential({"hidden": nn.Linear(3, 4), "output": nn.Linear(4, 1)}).output
    Linear(in_features=4, out_features=1, bias=True)
    """

    def __init__(self, *modules: Any) -> None:
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            for name, module in modules[0].items():
                self._put(name, module)
        else:
            self.extend(modules)

    def forward(self, input: Any) -> Any:
        for module in tuple(vars(self).values()):
            if isinstance(module, Module):
                input = module(input)
        return input


class ModuleList(_Ordered):
    """A list of modules, to be called one by one; the modules are named '0', '1', ….

    A plain list as an attribute of a module serves just as well; this one is a module itself: it can be nested, and
    printed.

    Parameters
    ----------
    modules : iterable of Module, optional

    Examples
    --------
    >>> import nn
    >>> nn.ModuleList(nn.Linear(4, 4) for _ in range(3))
    ModuleList(
      (0-2): 3 x Linear(in_features=4, out_features=4, bias=True)
    )
    """

    _transparent = True
    _slices_keep_names = False

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        self.extend(modules)

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)

    def _shown_children(self) -> list[str]:
        texts = []
        start = 0
        for text, group in groupby(map(repr, self)):
            n = len(list(group))
            texts.append(f"({start}): {text}" if n == 1 else f"({start}-{start + n - 1}): {n} x {text}")
            start += n
        return texts


class ModuleDict(_Container):
    """A dict of modules, to be called one by one, by their names.

    Parameters
    ----------
    modules : mapping or iterable of pairs, optional
        From names to modules.

    Raises
    ------
    KeyError
        If a name is empty, has a dot, or is that of a method.

    Examples
    --------
    >>> import nn
    >>> choices = nn.ModuleDict({"relu": nn.ReLU(), "gelu": nn.GELU()})
    >>> choices["relu"]
    ReLU()
    >>> list(choices)
    ['relu', 'gelu']
    """

    _transparent = True

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] = ()) -> None:
        self.update(modules)

    def __getitem__(self, name: str) -> Any:
        return self._held()[name]

    def __setitem__(self, name: str, module: Module) -> None:
        self._put(name, module)

    def __delitem__(self, name: str) -> None:
        self.pop(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._held())

    def __contains__(self, name: object) -> bool:
        return name in self._held()

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._held().keys()

    def values(self) -> ValuesView[Module]:
        """The modules."""
        return self._held().values()

    def items(self) -> ItemsView[str, Module]:
        """The names with their modules."""
        return self._held().items()

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add modules, or put them in place of those that have their names."""
        for name, module in dict(modules).items():
            self._put(name, module)

    def pop(self, name: str) -> Any:
        """Take a module out and return it."""
        module = self._held()[name]
        delattr(self, name)
        return module

    def clear(self) -> None:
        """Take all modules out."""
        for name in self._held():
            delattr(self, name)
