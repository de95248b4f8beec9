"""Readers of local files: IDX (MNIST's format), CSV, NPZ.

A file that is cut short, or says of itself what is not so, is refused with an error that says what is wrong with it;
memory is asked for what is there, not for what a header claims.  Nothing is ever unpickled.
"""

from __future__ import annotations

import math
import os
import re
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np

if TYPE_CHECKING:
    from zipfile import ZipInfo

Array = np.ndarray[Any, Any]
StrPath = str | os.PathLike[str]

# IDX

_IDX_DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: StrPath, *, mmap: bool = False) -> Array:
    r"""The array of an IDX file, the format of MNIST; one that is compressed by gzip is read as well.

    A file is two zero bytes, one for the dtype, one for the number n of axes, n lengths of four bytes, and the numbers,
    all with the highest byte first.

    Parameters
    ----------
    path : path
    mmap : bool
        Leave the numbers in the file until they are used: the array is read-only, with the file's order of bytes.

    Raises
    ------
    ValueError
        If it is not such a file, is cut short, or is longer than it says; or if `mmap` is asked for a compressed one.

    Examples
    --------
    >>> import nn, os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "labels.idx")
    ...     with open(path, "wb") as file:
    ...         _ = file.write(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    ...     nn.data.read_idx(path)
    array([7, 2, 1], dtype=uint8)
    """
    import gzip
    from pathlib import Path

    with Path(path).open("rb") as raw:
        compressed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        if mmap and compressed:
            raise ValueError(f"{path}: a compressed file cannot be memory-mapped: decompress it first")
        file = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if compressed else raw
        try:
            dtype, shape = _idx_header(path, file)
            size = math.prod(shape) * dtype.itemsize
            start = file.tell()
            if mmap:
                found = raw.seek(0, os.SEEK_END) - start
            else:
                data = _at_most(file, size)
                found = len(data) + len(file.read(1))
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ValueError(f"{path}: the compressed data are damaged: {error}") from error
    if found != size:
        raise ValueError(
            f"{path}: an array of {dtype.name} and shape {shape} takes {size} bytes, {_found(found, size)}"
        )
    try:
        if mmap:
            return np.memmap(path, dtype, "r", start, shape) if size else np.zeros(shape, dtype)
        return np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{path}: {error}, got shape {shape}") from error


def _idx_header(path: StrPath, file: IO[bytes]) -> tuple[np.dtype[Any], tuple[int, ...]]:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _IDX_DTYPES:
        raise ValueError(f"{path}: not an IDX file: one starts with 00 00, a dtype and a number of axes, got {magic!r}")
    axes = magic[3]
    lengths = file.read(4 * axes)
    if len(lengths) < 4 * axes:
        raise ValueError(f"{path}: the file is cut short: it has {axes} axes, and no length of each")
    return np.dtype(_IDX_DTYPES[magic[2]]), struct.unpack(f">{axes}I", lengths)


def _at_most(file: IO[bytes], size: int) -> bytearray:
    """So many bytes, or as many as there are."""
    data = bytearray()
    while len(data) < size and (piece := file.read(min(size - len(data), 1 << 20))):
        data += piece
    return data


def _found(found: int, size: int) -> str:
    return f"the file has {found}: it is cut short" if found < size else "the file has more"


# CSV

_INTEGER = re.compile(r"\s*[+-]?[0-9]{1,18}\s*")
_NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?|inf|nan|NaN)\s*")


def read_csv(
    path: StrPath,
    *,
    delimiter: str = ",",
    header: bool = True,
    dtype: Any = None,
    missing: float | None = None,
    encoding: str = "utf-8-sig",
) -> dict[str, Array]:
    """The columns of a table of text, by name.

    Parameters
    ----------
    path : path
    delimiter : str
        What separates the cells of a row.
    header : bool
        Whether the first row has the columns' names; if not, they are '0', '1', ….
    dtype : dtype, or dict of str to dtype, optional
        Of all columns, or of some.  Left out, a column is int64 if all its cells are integers, else float64 if all are
        numbers, else text.
    missing : float, optional
        What an empty cell among numbers stands for, such as NaN; left out, it is an error.
    encoding : str

    Raises
    ------
    ValueError
        If rows differ in length, a cell is not of its column's dtype, a quotation does not end, or the text does not
        have the encoding; it names the line.

    Examples
    --------
    >>> import nn, os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "table.csv")
    ...     with open(path, "w") as file:
    ...         _ = file.write("size,kind\\n1.5,a\\n2.5,b\\n")
    ...     nn.data.read_csv(path)
    {'size': array([1.5, 2.5]), 'kind': array(['a', 'b'], dtype='<U1')}
    """
    rows, lines = _rows(path, delimiter, encoding)
    if not rows:
        raise ValueError(f"{path}: the file is empty")
    names = rows.pop(0) if header else [str(i) for i in range(len(rows[0]))]
    if header:
        del lines[0]
    if len(set(names)) < len(names):
        raise ValueError(f"{path}: columns have names of their own, got {names}")
    dtypes = dict(dtype) if isinstance(dtype, Mapping) else dict.fromkeys(names, dtype)
    if unknown := dtypes.keys() - set(names):
        raise ValueError(f"{path}: no column {sorted(unknown)}, there are {names}")
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(names):
            raise ValueError(f"{path}, line {line}: {len(names)} cells are expected, got {len(row)}")
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return {
        name: _column(list(cells), lines, f"{path}, column {name!r}", dtypes.get(name), missing)
        for name, cells in zip(names, columns, strict=True)
    }


def _rows(path: StrPath, delimiter: str, encoding: str) -> tuple[list[list[str]], list[int]]:
    """The rows that are not empty, and on which lines they end."""
    import csv
    from pathlib import Path

    rows, lines = [], []
    with Path(path).open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        try:
            for row in reader:
                if row:
                    rows.append(row)
                    lines.append(reader.line_num)
        except (csv.Error, UnicodeDecodeError) as error:
            raise ValueError(f"{path}, after line {reader.line_num}: {error}") from error
    return rows, lines


def _column(cells: list[str], lines: list[int], where: str, dtype: Any, missing: float | None) -> Array:
    """The cells of a column, as an array."""
    filled = [cell for cell in cells if cell.strip()]
    whole = len(filled) == len(cells)
    if dtype is None:
        if not filled or not all(map(_NUMBER.fullmatch, filled)):
            return np.array(cells, dtype=np.str_)
        dtype = np.int64 if whole and all(map(_INTEGER.fullmatch, filled)) else np.float64
    dtype = np.dtype(dtype)
    if dtype.kind == "U":
        return np.array(cells, dtype=dtype)
    if dtype.kind not in "biuf":
        raise TypeError(f"{where}: the dtype is one of real numbers or of text, got {dtype}")
    convert: Callable[[str], Any] = float if dtype.kind == "f" else int
    if not whole and missing is None:
        line = lines[next(i for i, cell in enumerate(cells) if not cell.strip())]
        raise ValueError(f"{where}, line {line}: a cell is empty; pass missing=numpy.nan, or what it stands for")
    values = []
    for cell, line in zip(cells, lines, strict=True):
        if not cell.strip():
            values.append(missing)
            continue
        try:
            if not _NUMBER.fullmatch(cell):
                raise ValueError
            values.append(convert(cell))
        except ValueError:
            raise ValueError(f"{where}, line {line}: {cell!r} is not a number of dtype {dtype}") from None
    try:
        return np.array(values, dtype=dtype)
    except (OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"{where}: {error}") from error


# NPZ


def read_npz(path: StrPath) -> dict[str, Array]:
    """The arrays of an NPZ file, by name; objects, which would have to be unpickled, are refused.

    Raises
    ------
    ValueError
        If it is not such a file, or is damaged, or an array is not as long as it says or holds objects.

    Examples
    --------
    >>> import numpy as np, nn, os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "arrays.npz")
    ...     np.savez(path, x=np.arange(3))
    ...     nn.data.read_npz(path)
    {'x': array([0, 1, 2])}
    """
    import zipfile
    from pathlib import Path

    arrays: dict[str, Array] = {}
    with Path(path).open("rb") as raw:
        try:
            with zipfile.ZipFile(raw) as archive:
                for entry in archive.infolist():
                    name = entry.filename.removesuffix(".npy")
                    if name == entry.filename or name in arrays:
                        raise ValueError(f"it holds arrays of names of their own, got {entry.filename!r}")
                    with archive.open(entry) as file:
                        arrays[name] = _npy(file, entry)
        except Exception as error:  # whatever zipfile, zlib and NumPy's parser of headers make of damaged bytes
            raise ValueError(f"{path}: not an NPZ file that can be read: {error}") from error
    return arrays


def _npy(file: IO[bytes], entry: ZipInfo) -> Array:
    """The array of one entry of an archive."""
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"{entry.filename!r} has the unknown version {version}")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(file)
    if dtype.hasobject:
        raise ValueError(f"{entry.filename!r} holds objects, which are never unpickled")
    size = math.prod(shape) * dtype.itemsize
    found = entry.file_size - file.tell()
    if found != size or min(shape, default=0) < 0:
        raise ValueError(
            f"{entry.filename!r} of dtype {dtype} and shape {shape} takes {size} bytes, {_found(found, size)}"
        )
    data = _at_most(file, size)
    file.read(1)  # the end, where the checksum is compared
    if len(data) != size:
        raise ValueError(f"{entry.filename!r} is cut short")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")
