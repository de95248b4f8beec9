"""Files: weights, and whole states of training, in the safetensors format; weights in NumPy's, too.

A file is written under another name in the same folder, flushed to the disk and renamed: whatever happens meanwhile,
under its own name there is the file of before or the new one, whole.  Nothing is pickled.  What is not an array goes
into the header as JSON, and a checksum with it; a file that is damaged, or does not fit, changes nothing.
"""

from __future__ import annotations

import math
import os
import stat
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, overload

import numpy as np

import autodiff as ad
from nn.data.files import StrPath, read_npz
from nn.module import IncompatibleKeys, Module, StateDictError
from nn.random import generator

Array = np.ndarray[Any, Any]

#: What the format calls the dtypes that NumPy has too.
_DTYPES = {
    **{"F64": "<f8", "F32": "<f4", "F16": "<f2", "C64": "<c8", "BOOL": "u1"},
    **{"I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1"},
}

#: The version of what `save_checkpoint` writes; the keys of the header that are ours.
_VERSION, _STATE, _CHECKSUM = 1, "autodiff-nn", "crc32"


# Weights


def save(model_or_state: Module | Mapping[str, Any], path: StrPath) -> None:
    """Write a model's state, or a dict of arrays, to a safetensors file, for :func:`load`, PyTorch and others to read.

    Parameters
    ----------
    model_or_state : Module or mapping
        A model, or arrays or Tensors by name.
    path : path

    Raises
    ------
    TypeError
        If an array's dtype is not one of the format's.

    Examples
    --------
    >>> import nn, os, tempfile
    >>> model = nn.Linear(2, 1, rng=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.safetensors")
    ...     nn.save(model, path)
    ...     nn.load(path, nn.Linear(2, 1))
    IncompatibleKeys(missing_keys=[], unexpected_keys=[])
    """
    _write(path, _arrays("save", model_or_state), {"format": "pt"})


@overload
def load(path: StrPath) -> dict[str, Array]: ...
@overload
def load(path: StrPath, model: Module, *, strict: bool = True) -> IncompatibleKeys: ...
def load(path: StrPath, model: Module | None = None, *, strict: bool = True) -> dict[str, Array] | IncompatibleKeys:
    """Read the arrays of a safetensors file, into a model if one is given.

    Numbers of dtype bfloat16, which NumPy does not have, become float32.

    Parameters
    ----------
    path : path
    model : Module, optional
    strict : bool
        Whether the names have to be exactly the model's.

    Returns
    -------
    dict of str to array, or what ``model.load_state_dict`` returns.

    Raises
    ------
    ValueError
        If it is not such a file, or is damaged.
    StateDictError
        A KeyError and a ValueError, if it does not fit the model, which is then as it was.

    Examples
    --------
    >>> import nn, numpy as np, os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "arrays.safetensors")
    ...     nn.save({"x": np.arange(3)}, path)
    ...     nn.load(path)
    {'x': array([0, 1, 2])}
    """
    return _given(path, _read(path)[0], model, strict)


def save_numpy(model_or_state: Module | Mapping[str, Any], path: StrPath) -> None:
    """Write a model's state, or a dict of arrays, to an NPZ file, which ``numpy.load`` reads."""
    import zipfile

    arrays = _arrays("save_numpy", model_or_state)
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"save_numpy: {name!r} holds objects, which would have to be pickled")
    with replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)


@overload
def load_numpy(path: StrPath) -> dict[str, Array]: ...
@overload
def load_numpy(path: StrPath, model: Module, *, strict: bool = True) -> IncompatibleKeys: ...
def load_numpy(
    path: StrPath, model: Module | None = None, *, strict: bool = True
) -> dict[str, Array] | IncompatibleKeys:
    """Read the arrays of an NPZ file, into a model if one is given; all else is as for :func:`load`.

    Examples
    --------
    >>> import nn, numpy as np, os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.npz")
    ...     np.savez(path, weight=[[1.0, 2.0]], bias=[0.0])
    ...     nn.load_numpy(path, nn.Linear(2, 1))
    IncompatibleKeys(missing_keys=[], unexpected_keys=[])
    """
    return _given(path, read_npz(path), model, strict)


def _arrays(function: str, state: Any) -> dict[str, Array]:
    """What is to be written: a model's state, or what was given by name."""
    if isinstance(state, Module):
        return state.state_dict()
    if not isinstance(state, Mapping):
        raise TypeError(f"{function} takes a Module or a mapping from names to arrays, got {type(state).__name__}")
    arrays = {}
    for name, value in state.items():
        if not isinstance(name, str):
            raise TypeError(f"{function}: names are strings, got {name!r}")
        arrays[name] = value.data if isinstance(value, ad.Tensor) else np.asarray(value)
    return arrays


def _given(path: StrPath, arrays: dict[str, Array], model: Module | None, strict: bool) -> Any:
    """What was read, or what a model says to it."""
    if model is None:
        return arrays
    try:
        return model.load_state_dict(arrays, strict)
    except StateDictError as error:
        raise StateDictError(f"{path}: {error}") from error


# The state of a training


def save_checkpoint(path: StrPath, **parts: Any) -> None:
    """Write everything that a training needs to go on, to a safetensors file.

    Parameters
    ----------
    path : path
    **parts
        By names of your choice: modules, optimizers, schedulers and whatever else has a `state_dict`; NumPy's
        generators; lists and dicts of these; and plain data: numbers, text, arrays, None, tuples, lists, dicts.  With a
        module goes the state of the generators in it, and of the one that is used where none was given.

    Raises
    ------
    TypeError
        If a part is none of these.

    Examples
    --------
    >>> import nn, numpy as np, os, tempfile
    >>> model, rng = nn.Linear(2, 1), np.random.default_rng(0)
    >>> optimizer = nn.optim.Adam(model.parameters())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "checkpoint.safetensors")
    ...     nn.save_checkpoint(path, model=model, optimizer=optimizer, rng=rng, epoch=3)
    ...     nn.load_checkpoint(path, model=model, optimizer=optimizer, rng=rng)
    {'epoch': 3}
    """
    import json

    arrays: dict[str, Array] = {}
    tree = {name: _packed(part, arrays, name) for name, part in parts.items()}
    text = json.dumps({"version": _VERSION, "parts": tree}, allow_nan=False)
    _write(path, arrays, {"format": "pt", _STATE: text})


def load_checkpoint(path: StrPath, **parts: Any) -> dict[str, Any]:
    """Set what is given to the state that :func:`save_checkpoint` wrote under the same names; returns the plain data.

    Everything is read and checked first: if anything does not fit, nothing is changed.

    Parameters
    ----------
    path : path
    **parts
        Modules, optimizers, generators, and lists and dicts of these, built in the same way as those that were written.

    Returns
    -------
    dict
        The parts that were not given, by name; of what had a state, that state.

    Raises
    ------
    ValueError
        If it is not such a file, or is damaged.
    StateDictError
        A KeyError and a ValueError, if it does not fit what is given.
    """
    import json

    arrays, metadata = _read(path)
    if _STATE not in metadata:
        raise ValueError(f"{path}: the file has arrays but no state of a training: read it with nn.load")
    if _CHECKSUM not in metadata:
        raise ValueError(f"{path}: the file is damaged: it has no checksum")
    try:
        found = json.loads(metadata[_STATE], parse_constant=_refused, object_pairs_hook=_once)
        if found["version"] != _VERSION:
            raise ValueError(f"its version is {found['version']!r}, this library reads {_VERSION}")
        kept = {name: _unpacked(tree, arrays) for name, tree in found["parts"].items()}
    except (LookupError, TypeError, AttributeError, ValueError, OverflowError, RecursionError) as error:
        raise ValueError(f"{path}: the state of the training cannot be read: {error}") from error
    steps: list[tuple[str, Callable[[], Any], Callable[[Any], Any], Any]] = []
    drawn: dict[int, Any] = {}
    for name, part in parts.items():
        if name not in kept:
            raise StateDictError(f"{path}: there is no {name!r}, there are {list(found['parts'])}")
        try:
            _plan(name, part, kept.pop(name), steps, drawn)
        except ValueError as error:
            raise StateDictError(f"{path}: {error}") from error
    done: list[tuple[Callable[[Any], Any], Any]] = []
    for name, current, put, state in steps:
        done.append((put, current()))
        try:
            put(state)
        except Exception as error:  # whatever an object makes of a state that is not its own
            for put, before in reversed(done):
                put(before)
            raise StateDictError(f"{path}: the state does not fit {name!r}: {error}") from error
    return {name: _plain(value) for name, value in kept.items()}


class _Kept:
    """The state of an object that had one, as it was read."""

    def __init__(self, kind: str, state: Any, generators: Any) -> None:
        self.kind = kind
        self.state = state
        self.generators = generators


def _generators(module: Module) -> dict[str, np.random.Generator]:
    """The generators that a module's modules hold, and the one that is used where none was given."""
    found = {"": generator()}
    for path, part in module.named_modules():
        for name, value in vars(part).items():
            if isinstance(value, np.random.Generator):
                found[f"{path}.{name}"] = value
    return found


def _packed(value: Any, arrays: dict[str, Array], path: str) -> Any:
    """A part as JSON, with its arrays put aside; dicts with a key that starts with $ are what JSON does not have."""
    if isinstance(value, Module):
        states = {name: rng.bit_generator.state for name, rng in _generators(value).items()}
        state = {name: _packed(array, arrays, f"{path}.{name}") for name, array in value.state_dict().items()}
        return {"$": "Module", "state": state, "generators": _packed(states, arrays, f"{path}.generators")}
    if isinstance(value, np.random.Generator):
        return {"$": "Generator", "state": _packed(value.bit_generator.state, arrays, path)}
    if hasattr(value, "state_dict"):
        return {"$": "object", "type": type(value).__name__, "state": _packed(value.state_dict(), arrays, path)}
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, np.generic):
        return value if math.isfinite(value) else {"$": "float", "value": repr(value)}
    if isinstance(value, (np.ndarray, np.generic, ad.Tensor)):
        array = value.data if isinstance(value, ad.Tensor) else np.asarray(value)
        order = sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))
        key = _unused(path, arrays)
        arrays[key] = array.transpose(order)
        return {"$": "scalar" if isinstance(value, np.generic) else "array", "name": key, "order": order}
    if isinstance(value, (list, tuple)):
        parts = [_packed(part, arrays, f"{path}.{i}") for i, part in enumerate(value)]
        return parts if isinstance(value, list) else {"$": "tuple", "parts": parts}
    if isinstance(value, Mapping):
        pairs = [(key, _packed(part, arrays, f"{path}.{key}")) for key, part in value.items()]
        if all(isinstance(key, str) and key != "$" for key, _ in pairs):
            return dict(pairs)
        return {"$": "dict", "pairs": [[_packed(key, arrays, path), part] for key, part in pairs]}
    raise TypeError(
        f"a checkpoint holds what has a state_dict, generators, numbers, text and arrays, got {type(value).__name__} "
        f"as {path}"
    )


def _unused(name: str, arrays: Mapping[str, Any]) -> str:
    """A name for another array."""
    return name if name not in arrays else next(new for i in range(len(arrays)) if (new := f"{name}~{i}") not in arrays)


def _unpacked(tree: Any, arrays: Mapping[str, Array]) -> Any:
    """What `_packed` was given."""
    if isinstance(tree, list):
        return [_unpacked(part, arrays) for part in tree]
    if not isinstance(tree, dict):
        return tree
    kind = tree.get("$")
    if kind is None:
        return {key: _unpacked(part, arrays) for key, part in tree.items()}
    if kind == "Module":
        return _Kept("Module", _unpacked(tree["state"], arrays), _unpacked(tree["generators"], arrays))
    if kind in ("Generator", "object"):
        return _Kept(str(tree.get("type", kind)), _unpacked(tree["state"], arrays), {})
    if kind == "float":
        return float(tree["value"])
    if kind in ("array", "scalar"):
        array = arrays[tree["name"]]
        array = array.transpose(np.argsort(tree["order"])) if array.ndim else array
        return array[()] if kind == "scalar" else array
    if kind == "tuple":
        return tuple(_unpacked(part, arrays) for part in tree["parts"])
    if kind == "dict":
        return {_unpacked(key, arrays): _unpacked(part, arrays) for key, part in tree["pairs"]}
    raise ValueError(f"unknown kind {kind!r}")


def _plain(value: Any) -> Any:
    """What was read, with the states of objects in their places."""
    if isinstance(value, _Kept):
        return _plain(value.state)
    if isinstance(value, (list, tuple)):
        return type(value)(map(_plain, value))
    return {key: _plain(part) for key, part in value.items()} if isinstance(value, dict) else value


def _plan(name: str, part: Any, kept: Any, steps: list[Any], drawn: dict[int, Any]) -> None:
    """Add what has to be done to set a part to what was kept: how to get its state, how to set it, to what."""
    if isinstance(part, (list, tuple, Mapping)):
        pairs = list(part.items()) if isinstance(part, Mapping) else list(enumerate(part))
        if not isinstance(kept, dict if isinstance(part, Mapping) else (list, tuple)) or len(kept) != len(pairs):
            raise ValueError(f"{name!r} was not written from {len(pairs)} parts")
        for key, inner in pairs:
            if isinstance(kept, dict) and key not in kept:
                raise ValueError(f"{name!r} has no part {key!r}, it has {list(kept)}")
            _plan(f"{name}.{key}", inner, kept[key], steps, drawn)
        return
    kind = next((k.__name__ for k in (Module, np.random.Generator) if isinstance(part, k)), type(part).__name__)
    if kind not in ("Module", "Generator") and not hasattr(part, "load_state_dict"):
        raise TypeError(f"load_checkpoint sets what has a load_state_dict, and generators, got {kind} as {name!r}")
    if not isinstance(kept, _Kept) or kept.kind != kind:
        written = kept.kind if isinstance(kept, _Kept) else type(kept).__name__
        raise ValueError(f"{name!r} was written from {written}, got {kind}")
    if kind == "Generator":
        _plan_generator(name, part, kept.state, steps, drawn)
        return
    steps.append((name, part.state_dict, part.load_state_dict, kept.state))
    if kind == "Module":
        own = _generators(part)
        if not isinstance(kept.generators, dict) or kept.generators.keys() != own.keys():
            raise ValueError(f"{name!r} has generators {sorted(own)}, it was written with {sorted(kept.generators)}")
        for path, rng in own.items():
            _plan_generator(f"{name}{path}", rng, kept.generators[path], steps, drawn)


def _plan_generator(name: str, rng: np.random.Generator, state: Any, steps: list[Any], drawn: dict[int, Any]) -> None:
    bits = rng.bit_generator
    if not _alike(bits.state, state):
        raise ValueError(
            f"{name!r} is a generator with {type(bits).__name__}, which cannot have the state that was kept"
        )
    if repr(drawn.setdefault(id(rng), state)) != repr(state):
        raise ValueError(f"{name!r} is a generator that was another one, in another state, when it was written")
    steps.append((name, lambda: bits.state, lambda value: setattr(bits, "state", value), state))


def _alike(own: Any, given: Any) -> bool:
    """Whether a generator can have a state: NumPy itself does not look where a counter points."""
    if isinstance(own, dict):
        return (
            isinstance(given, dict)
            and own.keys() == given.keys()
            and all(_alike(own[k], given[k]) for k in own)
            and (0 <= given.get("pos", 0) <= 624 and 0 <= given.get("buffer_pos", 0) <= 4)
        )
    if isinstance(own, np.ndarray):
        return isinstance(given, np.ndarray) and (own.shape, own.dtype) == (given.shape, given.dtype)
    if isinstance(own, str):
        return bool(own == given)
    return isinstance(given, int) and not isinstance(given, bool) and given >= 0


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A dict, if no key is there twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


# Files


def _checksum(arrays: Mapping[str, Array], metadata: Mapping[str, str]) -> str:
    """A number that changes if anything in the file does."""
    found = zlib.crc32(repr(sorted((k, v) for k, v in metadata.items() if k != _CHECKSUM)).encode())
    for name in sorted(arrays):
        array = arrays[name]
        found = zlib.crc32(f"{name} {array.dtype.name} {array.shape}".encode(), found)
        found = zlib.crc32(array.reshape(-1).view(np.uint8).data, found) if array.size else found
    return f"{found:08x}"


def _write(path: StrPath, arrays: Mapping[str, Array], metadata: dict[str, str]) -> None:
    """Write arrays and text to a safetensors file."""
    from safetensors import SafetensorError
    from safetensors.numpy import save as as_bytes

    laid = {name: np.asarray(array, array.dtype.newbyteorder("="), order="C") for name, array in arrays.items()}
    if "__metadata__" in laid:
        raise ValueError("'__metadata__' is the format's own: an array needs another name")
    for name, array in laid.items():
        if array.dtype.kind not in "biufc" or array.dtype.itemsize > 8:
            raise TypeError(f"safetensors files have numbers of up to 8 bytes, {name!r} has dtype {array.dtype}")
    try:
        data = as_bytes(laid, {**metadata, _CHECKSUM: _checksum(laid, metadata)})
    except SafetensorError as error:
        raise ValueError(f"{path}: {error}") from error
    with replacing(path) as file:
        file.write(data)


def _read(path: StrPath) -> tuple[dict[str, Array], dict[str, str]]:
    """The arrays and the text of a safetensors file, which is refused if anything is wrong with it."""
    import json
    from pathlib import Path

    from safetensors import SafetensorError, deserialize

    data = Path(path).read_bytes()
    try:
        entries = deserialize(data)  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise ValueError(f"{path}: not a safetensors file, or a damaged one: {error}") from error
    length = int.from_bytes(data[:8], "little")
    try:
        header = json.loads(data[8 : 8 + length], parse_constant=_refused, object_pairs_hook=_once)
        arrays = {name: _array(name, entry) for name, entry in entries}
    except (ValueError, OverflowError, RecursionError) as error:
        raise ValueError(f"{path}: a damaged safetensors file: {error}") from error
    metadata = header.get("__metadata__") or {}
    if _CHECKSUM in metadata and metadata[_CHECKSUM] != _checksum(arrays, metadata):
        raise ValueError(f"{path}: the file is damaged: its checksum is not the one that was written")
    return arrays, metadata


def _array(name: str, entry: Mapping[str, Any]) -> Array:
    """One array of a file."""
    kind, shape = entry["dtype"], entry["shape"]
    if kind == "BF16":
        wide = np.frombuffer(entry["data"], "<u2").astype(np.uint32) << np.uint32(16)
        return wide.view(np.float32).reshape(shape)
    if kind not in _DTYPES:
        raise ValueError(f"{name!r} has dtype {kind}, which NumPy does not have")
    dtype = np.dtype(_DTYPES[kind])
    array = np.frombuffer(entry["data"], dtype).reshape(shape)
    return array != 0 if kind == "BOOL" else array.astype(dtype.newbyteorder("="), copy=False)


@contextmanager
def replacing(path: StrPath) -> Iterator[IO[bytes]]:
    """A new file that takes the place of the one of this name, if there is any, when it is whole and on the disk."""
    from pathlib import Path

    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(f"{path} is a folder: give the name of a file")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {target.parent} to write {target.name} to")
    temporary = target.with_name(f".{target.name}.{os.urandom(4).hex()}.tmp")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            temporary.chmod(stat.S_IMODE(target.stat().st_mode))
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if os.name == "posix":
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def remove_leftovers(path: StrPath) -> None:
    """Remove what writers of this file left that were killed."""
    import glob
    from pathlib import Path

    target = Path(os.path.realpath(path))
    for temporary in target.parent.glob(f".{glob.escape(target.name)}.????????.tmp"):
        temporary.unlink(missing_ok=True)
