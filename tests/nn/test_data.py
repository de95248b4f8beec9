"""Datasets give samples, loaders give every sample once a round, readers give what is in a file or refuse it."""

import gzip
import io
import struct
import threading
import time
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autodiff as ad
import nn
from nn.data import (
    DataLoader,
    Dataset,
    Subset,
    TensorDataset,
    default_collate,
    random_split,
    read_csv,
    read_idx,
    read_npz,
)


class Squares(Dataset):
    """Samples made one by one."""

    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size

    def __getitem__(self, i):
        return np.float32(i), i * i


# Datasets


@given(size=st.integers(1, 30), data=st.data())
def test_a_batch_is_its_samples_stacked(size, data):
    arrays = TensorDataset(np.arange(2 * size).reshape(size, 2), np.arange(size) ** 2)
    numbers = data.draw(st.lists(st.integers(0, size - 1), min_size=1))
    subset = Subset(arrays, numbers)
    places = data.draw(st.lists(st.integers(0, len(numbers) - 1), min_size=1))
    for dataset, indices in ((arrays, numbers), (subset, places), (Squares(size), numbers)):
        stacked = default_collate([dataset[i] for i in indices])
        for ours, expected in zip(dataset.batch(indices), stacked, strict=True):
            np.testing.assert_array_equal(ours, expected)
            assert ours.dtype == expected.dtype


@given(size=st.integers(0, 50), fractions=st.lists(st.integers(1, 5), min_size=1, max_size=4), seed=st.integers(0, 9))
def test_a_split_has_every_sample_once(size, fractions, seed):
    parts = random_split(range(size), [f / sum(fractions) for f in fractions], rng=seed)
    assert sorted(i for part in parts for i in part) == list(range(size))
    assert all(abs(len(part) - size * f / sum(fractions)) <= 1 for part, f in zip(parts, fractions, strict=True))
    again = random_split(range(size), [len(part) for part in parts], rng=seed)
    assert [list(part) for part in again] == [list(part) for part in parts]


def test_samples_of_any_structure_become_a_batch():
    sample = {"x": (np.ones(2), 3), "y": [True, "text"], "t": ad.tensor([1.0])}
    batch = default_collate([sample, sample, sample])
    assert batch["x"][0].shape == (3, 2)
    assert batch["x"][1].tolist() == [3, 3, 3]
    assert batch["y"][0].dtype == bool
    assert batch["y"][1] == ["text"] * 3
    assert batch["t"].shape == (3, 1)


def test_a_memory_mapped_array_is_read_where_it_is_asked_for(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(12.0).reshape(6, 2))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    data = TensorDataset(mapped)
    assert np.shares_memory(data.tensors[0], mapped)
    (x,) = next(iter(DataLoader(data, 3)))
    np.testing.assert_array_equal(x, mapped[:3])
    assert not np.shares_memory(x, mapped)


# Loaders


@given(
    size=st.integers(0, 40),
    batch_size=st.integers(1, 9),
    shuffle=st.booleans(),
    drop_last=st.booleans(),
    prefetch=st.integers(0, 3),
    seed=st.integers(0, 9),
)
def test_a_round_gives_every_sample_once(size, batch_size, shuffle, drop_last, prefetch, seed):
    data = TensorDataset(np.arange(size))
    loader = DataLoader(data, batch_size, shuffle, drop_last=drop_last, prefetch=prefetch, rng=seed)
    batches = [x for (x,) in loader]
    assert len(batches) == len(loader)
    assert all(len(x) == batch_size for x in batches[: None if drop_last else -1])
    found = [i for x in batches for i in x]
    assert len(set(found)) == len(found) == (size - size % batch_size if drop_last else size)
    if not shuffle:
        assert found == list(range(len(found)))
    plain = DataLoader(data, batch_size, shuffle, drop_last=drop_last, rng=seed)
    rounds = [[x.tolist() for (x,) in each] for each in (plain, plain)]
    assert [x.tolist() for x in batches] == rounds[0]
    assert [x.tolist() for (x,) in loader] == rounds[1]


def ours():
    return [t for t in threading.enumerate() if t.name == "nn.data.DataLoader"]


class Failing(Squares):
    def __getitem__(self, i):
        if i == 5:
            raise OSError("the disk is gone")
        return super().__getitem__(i)


def test_an_error_in_the_thread_comes_where_the_batch_would_have():
    met = []
    with pytest.raises(OSError, match="the disk is gone"):
        met += [y.tolist() for _, y in iter_into(met, DataLoader(Failing(9), 2, prefetch=4))]
    assert met == [[0, 1], [4, 9]]
    assert ours() == []


def iter_into(met, loader):
    for batch in loader:
        met.append(batch[1].tolist())
        yield batch


@pytest.mark.parametrize("prefetch", [1, 3, 100])
def test_no_thread_is_left_behind(prefetch):
    loader = DataLoader(Squares(50), 2, prefetch=prefetch)
    for _ in loader:
        break
    assert ours() == []
    iterator = iter(loader)
    next(iterator)
    assert len(ours()) <= 1
    iterator.close()
    assert ours() == []
    list(loader)
    assert ours() == []


def test_batches_are_made_while_others_are_used_and_not_too_many():
    made = []

    class Slow(Squares):
        def batch(self, indices):
            made.append(list(indices))
            return super().batch(indices)

    iterator = iter(DataLoader(Slow(20), 2, prefetch=3))
    next(iterator)
    until = time.monotonic() + 5
    while len(made) < 4 and time.monotonic() < until:
        time.sleep(0.001)
    time.sleep(0.02)
    assert len(made) == 4
    iterator.close()


def test_the_default_generator_is_the_one_of_manual_seed():
    loader = DataLoader(range(10), 10, shuffle=True)
    nn.manual_seed(1)
    first = next(iter(loader)).tolist()
    nn.manual_seed(1)
    assert next(iter(loader)).tolist() == first != list(range(10))


# IDX

IDX = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}


def idx(array, code=None):
    head = bytes([0, 0, code or IDX[array.dtype.str[1:]], array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


@given(
    array=st.sampled_from(sorted(IDX)).flatmap(lambda kind: hnp.arrays(kind, hnp.array_shapes(max_side=4))),
    zipped=st.booleans(),
)
def test_idx_round_trip(array, zipped, tmp_path_factory):
    path = tmp_path_factory.mktemp("idx") / "x"
    path.write_bytes(gzip.compress(idx(array), mtime=0) if zipped else idx(array))
    found = read_idx(path)
    np.testing.assert_array_equal(found, array)
    assert found.dtype == array.dtype
    if not zipped:
        np.testing.assert_array_equal(read_idx(path, mmap=True), array)


LABELS = idx(np.arange(5, dtype=np.uint8))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an IDX file"),
        (b"PK\x03\x04" + bytes(20), "not an IDX file"),
        (LABELS[:6], "cut short: it has 1 axes"),
        (LABELS[:-1], "takes? 5 bytes, the file has 4: it is cut short"),
        (LABELS + b"x", "takes? 5 bytes, the file has more"),
        (bytes([0, 0, 8, 4]) + b"\xff" * 16, "it is cut short"),
        (bytes([0, 0, 8, 3]) + struct.pack(">3I", 0, 2**32 - 1, 2**32 - 1), r"got shape \(0, 4294967295, 4294967295\)"),
        (bytes([0, 0, 8, 200]) + struct.pack(">200I", *[1] * 200) + b"x", "200|dimension"),
        (gzip.compress(LABELS, mtime=0)[:-9], "compressed data are damaged"),
        (gzip.compress(LABELS[:-1], mtime=0), "the file has 4"),
        (gzip.compress(LABELS + b"x", mtime=0), "the file has more"),
        (gzip.compress(bytes([0, 0, 8, 4]) + b"\xff" * 16, mtime=0), "it is cut short"),
    ],
)
def test_idx_files_that_are_refused(content, message, tmp_path):
    (tmp_path / "x").write_bytes(content)
    for mmap in (False, True):
        with pytest.raises(ValueError, match="memory-mapped" if mmap and content[:1] == b"\x1f" else message):
            read_idx(tmp_path / "x", mmap=mmap)


# CSV


def csv(tmp_path, text, **how):
    (tmp_path / "t.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_csv(tmp_path / "t.csv", **how)


def test_csv_columns_are_integers_numbers_or_text(tmp_path):
    table = csv(tmp_path, '\ufeffa,b,c\r\n1,1.5,"x, y"\r\n-2,nan,\r\n\r\n3,1e3,"two\r\nlines"\r\n')
    assert table["a"].dtype == np.int64
    assert table["a"].tolist() == [1, -2, 3]
    np.testing.assert_array_equal(table["b"], [1.5, np.nan, 1000])
    assert table["c"].tolist() == ["x, y", "", "two\r\nlines"]


@given(hnp.arrays(np.float64, (3, 2), elements=st.floats(allow_nan=True)))
def test_csv_keeps_every_bit_of_a_number(tmp_path_factory, array):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    path.write_text("x;y\n" + "\n".join(f"{a!r};{b!r}" for a, b in array.tolist()))
    table = read_csv(path, delimiter=";", dtype=np.float64)
    np.testing.assert_array_equal(np.stack([table["x"], table["y"]], 1), array)


def test_csv_with_settings(tmp_path):
    assert csv(tmp_path, "1,2\n3,4\n", header=False, dtype=np.float32)["1"].dtype == np.float32
    np.testing.assert_array_equal(csv(tmp_path, "a\n1\n \n", missing=np.nan)["a"], [1, np.nan])
    assert csv(tmp_path, "a,b\n1,2\n", dtype={"a": str})["a"].tolist() == ["1"]
    assert {name: column.tolist() for name, column in csv(tmp_path, "a,b\n").items()} == {"a": [], "b": []}


@pytest.mark.parametrize(
    ("text", "how", "message"),
    [
        ("", {}, "empty"),
        ("a,b\n1,2\n3\n", {}, "line 3: 2 cells are expected, got 1"),
        ("a,b\n1,2,3\n", {}, "line 2: 2 cells are expected, got 3"),
        ("a,a\n1,2\n", {}, "names of their own"),
        ("a\n1\n\n", {"dtype": {"b": int}}, r"no column \['b'\]"),
        ("a,b\n1,2\n,3\n", {}, "column 'a', line 3: a cell is empty"),
        ("a\n1\nx\n", {"dtype": float}, "column 'a', line 3: 'x' is not a number"),
        ("a\n1_000\n", {"dtype": float}, "'1_000' is not a number"),
        ("a\n300\n", {"dtype": np.uint8}, "column 'a'.*300"),
        ("a\n1.5\n", {"dtype": int}, "'1.5' is not a number of dtype int64"),
        ('a\n"cut', {}, "after line"),
        ("a\n" + "x" * 200_000, {}, "field larger"),
        (b"a\n\xff\n", {}, "utf-8"),
        (b"a\n1\x002\n", {"dtype": float}, "line|NUL"),
    ],
)
def test_csv_files_that_are_refused(text, how, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        csv(tmp_path, text, **how)


# NPZ


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


@given(array=hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(min_dims=0, max_side=3)))
def test_npz_round_trip(array, tmp_path_factory):
    path = tmp_path_factory.mktemp("npz") / "x.npz"
    path.write_bytes(npz(x=array, y=array.T))
    found = read_npz(path)
    for name, expected in (("x", array), ("y", array.T)):
        assert found[name].tobytes() == expected.tobytes()
        assert (found[name].shape, found[name].dtype) == (expected.shape, expected.dtype)


def archive(**entries):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return buffer.getvalue()


def npy(header, data=b"", version=b"\x01\x00"):
    header = header.encode() + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(header)) + header + data


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a zip file"),
        (npz(x=np.arange(100))[:-30], "not an NPZ file"),
        (npz(x=np.array([{}], dtype=object)), "holds objects"),
        (archive(readme="hello"), "got 'readme'"),
        (archive(**{"x.npy": b"hello"}), "magic"),
        (archive(**{"x.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (9,)}", bytes(8))}), "cut short"),
        (archive(**{"x.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", bytes(9))}), "has more"),
        (archive(**{"x.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}", b"")}), "shape"),
        (archive(**{"x.npy": npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", b"cos")}), "holds objects"),
        (archive(**{"x.npy": npy(f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({2**62},)}}")}), "cut short"),
        (archive(**{"x.npy": npy("__import__('os').system('false')")}), "not an NPZ file"),
        (archive(**{"x.npy": npy("{" * 2000)}), "not an NPZ file"),
    ],
)
def test_npz_files_that_are_refused(content, message, tmp_path):
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_npz(tmp_path / "x.npz")


def test_a_damaged_npz_file_is_never_read_as_something_else(tmp_path):
    arrays = {"x": np.arange(40.0), "y": np.arange(3)}
    content = npz(**arrays)
    refused = 0
    for at in range(0, len(content), 3):
        (tmp_path / "x.npz").write_bytes(content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :])
        try:
            found = read_npz(tmp_path / "x.npz")
        except ValueError:
            refused += 1
            continue
        for name in found.keys() & arrays.keys():
            np.testing.assert_array_equal(found[name], arrays[name])
    assert refused > len(content) / 6


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path):
    for read in (read_idx, read_csv, read_npz):
        with pytest.raises(FileNotFoundError):
            read(tmp_path / "x")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: TensorDataset(), ValueError, "at least one array"),
        (lambda: TensorDataset(np.ones(3), np.ones(2)), ValueError, r"one length, got shapes \(3,\), \(2,\)"),
        (lambda: TensorDataset(1.0), ValueError, r"\(\)"),
        (lambda: TensorDataset(ad.ones(2, requires_grad=True)), TypeError, "requires a gradient"),
        (lambda: Subset([1, 2], [2]), IndexError, "2 samples, none of number 2"),
        (lambda: Subset([1, 2], [0.5]), TypeError, "integers, got dtype float64"),
        (lambda: random_split([1, 2], [1, 2]), ValueError, r"2 samples.*\[1, 2\]"),
        (lambda: random_split([1, 2], [0.7, 0.7]), ValueError, "fractions to 1"),
        (lambda: random_split([1, 2], [3, -1]), ValueError, "at least 0"),
        (lambda: DataLoader((np.ones(2), np.ones(2))), TypeError, "TensorDataset"),
        (lambda: DataLoader(iter([])), TypeError, "__len__ and __getitem__"),
        (lambda: DataLoader([1], 0), ValueError, "batch_size is at least 1, got 0"),
        (lambda: DataLoader([1], 2.5), TypeError, "batch_size is a whole number"),
        (lambda: DataLoader([1], prefetch=-1), ValueError, "prefetch is at least 0"),
        (lambda: default_collate([]), ValueError, "at least one sample"),
        (lambda: default_collate([np.ones(2), np.ones(3)]), ValueError, r"sample 0 has \(2,\), sample 1 \(3,\)"),
        (lambda: default_collate([(1, 2), (1,)]), ValueError, "2 parts, sample 1 1"),
        (lambda: default_collate([(1, 2), [1, 2]]), ValueError, "a tuple, sample 1 a list"),
        (lambda: default_collate([{"a": 1}, {"b": 1}]), ValueError, "alike"),
        (lambda: Dataset()[0], NotImplementedError, "__getitem__"),
    ],
)
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
