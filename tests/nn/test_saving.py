"""What is written is read back bit for bit; what is damaged, hostile or does not fit is refused and changes nothing."""

import contextlib
import json
import os
import pickle
import stat
import struct

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autodiff as ad
import nn

KINDS = ["bool", "int8", "uint16", "int32", "uint64", "float16", "float32", "float64", "complex64", ">f4", ">i8"]
arrays = st.sampled_from(KINDS).flatmap(
    lambda kind: hnp.arrays(kind, hnp.array_shapes(min_dims=0, min_side=0, max_side=4))
)


def same(ours, expected):
    ours, expected = np.asarray(ours), np.asarray(expected)
    assert ours.shape == expected.shape
    assert ours.dtype == expected.dtype.newbyteorder("=")
    assert ours.tobytes() == expected.astype(ours.dtype).tobytes()


def network(seed=0, width=3):
    rng = np.random.default_rng(seed)
    return nn.Sequential(
        nn.Linear(2, width, rng=rng), nn.BatchNorm1d(width), nn.Dropout(0.5, rng=seed), nn.Linear(width, 1, rng=rng)
    )


# Weights


@given(state=st.dictionaries(st.text(max_size=5), arrays, max_size=4))
def test_arrays_are_read_back_bit_for_bit(state, tmp_path_factory):
    path = tmp_path_factory.mktemp("save") / "x.safetensors"
    for given_state in (state, {name: ad.asarray(array) for name, array in state.items()}):
        nn.save(given_state, path)
        found = nn.load(path)
        assert found.keys() == state.keys()
        for name, array in state.items():
            same(found[name], array)
    assert safetensors.numpy.load_file(path).keys() == state.keys()


@pytest.mark.parametrize("layout", [np.asfortranarray, lambda x: x[::-1, ::2], lambda x: np.broadcast_to(x[0], (4, 6))])
def test_any_layout_in_memory_is_read_back(layout, tmp_path):
    x = layout(np.arange(24.0).reshape(4, 6))
    nn.save({"x": x}, tmp_path / "x")
    same(nn.load(tmp_path / "x")["x"], x)


@pytest.mark.parametrize(("write", "read"), [(nn.save, nn.load), (nn.save_numpy, nn.load_numpy)])
def test_a_model_is_read_back_with_its_buffers(write, read, tmp_path):
    one, two = network(0), network(1)
    one(np.ones((4, 2), np.float32))
    write(one, tmp_path / "model")
    assert read(tmp_path / "model", two) == ([], [])
    for name, array in one.state_dict().items():
        same(two.state_dict()[name], array)
    with pytest.raises(nn.StateDictError, match="model: the state does not fit Linear"):
        read(tmp_path / "model", nn.Linear(2, 1))
    assert read(tmp_path / "model", nn.Sequential(nn.Linear(2, 3)), strict=False).missing_keys == []
    assert set(read(tmp_path / "model")) == set(one.state_dict())


@given(state=st.dictionaries(st.sampled_from(["file", "a/b", "..", "x"]), arrays, max_size=3))
def test_numpys_files_are_read_by_numpy(state, tmp_path_factory):
    path = tmp_path_factory.mktemp("npz") / "x"
    nn.save_numpy(state, path)
    with np.load(path) as found:
        for name, array in state.items():
            np.testing.assert_array_equal(found[name], array)
    assert nn.load_numpy(path).keys() == state.keys()


def test_bfloat16_becomes_float32(tmp_path):
    x = np.array([1.5, -2.0, np.inf], np.float32)
    data = (x.view(np.uint32) >> 16).astype("<u2").tobytes()
    (tmp_path / "x").write_bytes(file_of({"x": {"dtype": "BF16", "shape": [3], "data_offsets": [0, 6]}}, data))
    same(nn.load(tmp_path / "x")["x"], x)


# Writing


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "x"
    nn.save({"x": np.ones(2)}, path)
    before = path.read_bytes()

    def fails(*args):
        raise OSError("no space left")

    for name in ("fsync", "replace", "rename"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, fails)
            if name == "fsync":
                with pytest.raises(OSError, match="no space left"):
                    nn.save({"x": np.zeros(2)}, path)
                assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["x"]


def test_names_of_files(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder/target")
    nn.save({"x": np.ones(2)}, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    (tmp_path / "folder/target").chmod(0o600)
    nn.save({"x": np.zeros(2)}, str(tmp_path / "link"))
    assert stat.S_IMODE((tmp_path / "folder/target").stat().st_mode) == 0o600
    same(nn.load(tmp_path / "folder/target")["x"], np.zeros(2))
    with pytest.raises(IsADirectoryError, match="is a folder"):
        nn.save({}, tmp_path / "folder")
    with pytest.raises(FileNotFoundError, match=r"no folder .*nowhere"):
        nn.save({}, tmp_path / "nowhere/x")
    with pytest.raises(FileNotFoundError):
        nn.load(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("state", "error", "message"),
    [
        ({"x": np.ones(2, np.complex128)}, TypeError, "'x' has dtype complex128"),
        ({"x": np.array([{}])}, TypeError, "'x' has dtype object"),
        ({"x": "text"}, TypeError, "'x' has dtype <U4"),
        ({1: np.ones(2)}, TypeError, "names are strings, got 1"),
        ([np.ones(2)], TypeError, "a Module or a mapping.*got list"),
        ({"__metadata__": np.ones(2)}, ValueError, "__metadata__"),
    ],
)
def test_what_cannot_be_written(state, error, message, tmp_path):
    with pytest.raises(error, match=message):
        nn.save(state, tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


# Damaged and hostile files


def file_of(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(dtype="F32", shape=(1,), offsets=(0, 4)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


HOSTILE = {
    "empty": b"",
    "a pickle": pickle.dumps({"weight": [1.0]}),
    "huge header": file_of({}, length=2**63),
    "header of 4 GB": file_of({}, length=2**32),
    "header longer than the file": file_of({}, length=50),
    "bad JSON": file_of(b"{'x': 1}"),
    "JSON of the wrong kind": file_of(b"[1, 2]"),
    "nested JSON": file_of(b'{"x":' + b"[" * 100_000),
    "NaN in the metadata": file_of(b'{"__metadata__": {"a": NaN}}'),
    "numbers in the metadata": file_of(b'{"__metadata__": {"a": 1}}'),
    "a key twice": file_of(
        b'{"x": ' + json.dumps(entry()).encode() + b', "x": ' + json.dumps(entry()).encode() + b"}", bytes(4)
    ),
    "overlap": file_of({"x": entry(), "y": entry(offsets=(2, 6))}, bytes(6)),
    "hole": file_of({"x": entry(offsets=(4, 8))}, bytes(8)),
    "beyond the end": file_of({"x": entry(offsets=(0, 4000), shape=(1000,))}, bytes(8)),
    "too long": file_of({"x": entry()}, bytes(8)),
    "shape of another size": file_of({"x": entry(shape=(2,))}, bytes(4)),
    "negative shape": file_of({"x": entry(shape=(-1,))}, bytes(4)),
    "shape that overflows": file_of({"x": entry(shape=(2**62, 8))}, bytes(4)),
    "empty, of a shape that overflows": file_of({"x": entry(shape=(0, 2**62, 2**62), offsets=(0, 0))}),
    "offsets backwards": file_of({"x": entry(offsets=(4, 0))}, bytes(4)),
    "unknown dtype": file_of({"x": entry("F33")}, bytes(4)),
    "dtype that NumPy lacks": file_of({"x": entry("F8_E4M3", (4,))}, bytes(4)),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_files_are_refused(kind, tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(HOSTILE[kind])
    model = network()
    before = model.state_dict()
    for read in (lambda: nn.load(path), lambda: nn.load(path, model), lambda: nn.load_checkpoint(path, model=model)):
        with pytest.raises(ValueError, match=r"x\.safetensors: "):
            read()
    for name, array in model.state_dict().items():
        same(array, before[name])


def test_names_are_never_paths(tmp_path):
    path = tmp_path / "x"
    nn.save({"../../escape": np.ones(1), "/etc/x": np.ones(1), "__class__.__init__": np.ones(1)}, path)
    nn.save_numpy(nn.load(path), tmp_path / "y")
    nn.load_numpy(tmp_path / "y")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["x", "y"]
    with pytest.raises(nn.StateDictError, match=r"unexpected: .*__class__"):
        nn.load(path, nn.Linear(1, 1))


def test_wrong_weights_change_nothing(tmp_path):
    model = network()
    state = model.state_dict()
    for wrong in (
        {**state, "0.weight": np.zeros((3, 3), np.float32)},
        {**state, "0.weight": np.zeros((3, 2), np.int32)},
        {name: array for name, array in state.items() if name != "3.bias"},
    ):
        nn.save({name: array + 1 for name, array in wrong.items()}, tmp_path / "x")
        with pytest.raises(nn.StateDictError, match=r"x: the state does not fit Sequential"):
            nn.load(tmp_path / "x", model)
        for name, array in model.state_dict().items():
            same(array, state[name])


@pytest.mark.parametrize("change", [1, 0x40, 0xFF])
def test_a_damaged_file_is_refused_or_gives_what_was_written(change, tmp_path):
    path = tmp_path / "x"
    model, rng = network(), np.random.default_rng(0)
    optimizer = nn.optim.Adam(model.parameters())
    nn.save_checkpoint(path, model=model, optimizer=optimizer, rng=rng, epoch=3)
    content, state = path.read_bytes(), model.state_dict()
    places = np.random.default_rng(change).permutation(len(content))[:150]
    for at in places:
        path.write_bytes(content[:at] + bytes([content[at] ^ change]) + content[at + 1 :])
        with contextlib.suppress(ValueError):
            assert nn.load_checkpoint(path, model=model, optimizer=optimizer, rng=rng) == {"epoch": 3}
        for name, array in model.state_dict().items():
            same(array, state[name])
    for length in np.random.default_rng(change).integers(0, len(content), 20):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match="x: "):
            nn.load(path)


# Checkpoints

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | arrays,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(
            st.text(max_size=3) | st.just("$") | st.integers() | st.tuples(st.integers()), inner, max_size=3
        )
    ),
    max_leaves=8,
)


def equal(ours, expected):
    if isinstance(expected, np.ndarray):
        same(ours, expected)
        assert expected.size == 0 or np.argsort(ours.strides).tolist() == np.argsort(expected.strides).tolist()
    elif isinstance(expected, (list, tuple)):
        assert type(ours) is type(expected)
        for a, b in zip(ours, expected, strict=True):
            equal(a, b)
    elif isinstance(expected, dict):
        assert list(ours) == list(expected)
        for key in expected:
            equal(ours[key], expected[key])
    else:
        assert type(ours) is type(expected)
        assert ours == expected or (ours != ours and expected != expected)


@given(data=st.dictionaries(st.sampled_from(["a", "b", "epoch"]), plain, max_size=2))
def test_plain_data_is_read_back(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("plain") / "x"
    nn.save_checkpoint(path, **data)
    equal(nn.load_checkpoint(path), data)


@pytest.mark.parametrize("bits", [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_every_generator_goes_on_where_it_was(bits, tmp_path):
    rng = np.random.Generator(bits(3))
    rng.integers(0, 9, 5, dtype=np.uint8)
    nn.save_checkpoint(tmp_path / "x", rng={"one": rng})
    expected = rng.random(700)
    other = np.random.Generator(bits(4))
    nn.load_checkpoint(tmp_path / "x", rng={"one": other})
    np.testing.assert_array_equal(other.random(700), expected)


def test_a_module_goes_on_with_its_generators_and_the_default_one(tmp_path):
    model = nn.Sequential(nn.Dropout(0.5, rng=1), nn.Dropout(0.5))
    nn.save_checkpoint(tmp_path / "x", model=model)
    one = model(np.ones(50)).numpy()
    assert (model(np.ones(50)).numpy() != one).any()
    nn.load_checkpoint(tmp_path / "x", model=model)
    np.testing.assert_array_equal(model(np.ones(50)).numpy(), one)


def trained(seed=0):
    model = network(seed)
    optimizer = nn.optim.Adam(model.parameters(), lr=0.1)
    ad.sum(model(np.random.default_rng(seed).random((4, 2), np.float32)) ** 2).backward()
    optimizer.step()
    return model, optimizer, np.random.default_rng(seed)


def test_nothing_is_changed_if_one_part_does_not_fit(tmp_path):
    model, optimizer, rng = trained()
    nn.save_checkpoint(tmp_path / "x", model=model, optimizer=optimizer, rng=rng, epoch=1)
    for parts, message in (
        ({"optimizer": nn.optim.SGD(network(1).parameters())}, "'optimizer' was written from Adam, got SGD"),
        ({"optimizer": nn.optim.Adam(nn.Linear(2, 1).parameters())}, "does not fit 'optimizer'.*parameters"),
        ({"rng": np.random.Generator(np.random.MT19937(0))}, "'rng' is a generator with MT19937"),
        ({"rng": [rng]}, "'rng' was not written from 1 parts"),
        ({"scheduler": rng}, r"no 'scheduler', there are \['model', 'optimizer', 'rng', 'epoch'\]"),
        ({"epoch": network()}, "'epoch' was written from int, got Module"),
    ):
        other, _, stream = trained(1)
        before, drawn = other.state_dict(), stream.bit_generator.state
        with pytest.raises(nn.StateDictError, match=message):
            nn.load_checkpoint(tmp_path / "x", **{"model": other, "rng": stream, **parts})
        assert stream.bit_generator.state == drawn
        for name, array in other.state_dict().items():
            same(array, before[name])
    with pytest.raises(nn.StateDictError, match="does not fit 'model'"):
        nn.load_checkpoint(tmp_path / "x", model=network(0, width=4))


def test_what_is_not_asked_for_is_plain_data(tmp_path):
    model, optimizer, rng = trained()
    nn.save_checkpoint(tmp_path / "x", model=model, optimizer=optimizer, rng=rng, epoch=1)
    found = nn.load_checkpoint(tmp_path / "x", optimizer=optimizer)
    assert list(found) == ["model", "rng", "epoch"]
    same(found["model"]["0.weight"], model[0].weight.data)
    assert "model.0.weight" in nn.load(tmp_path / "x")


def forged(path, **parts):
    """A checkpoint with the right checksum and anything in it."""
    from nn import saving

    text = json.dumps({"version": 1, "parts": parts})
    saving._write(path, {"x": np.ones(3)}, {saving._STATE: text})


@pytest.mark.parametrize(
    "state",
    [
        None,
        [],
        {"state": 3, "param_groups": 4},
        {"state": {}, "param_groups": [{"params": [0, 0, 0, 0, 0, 0]}]},
        {
            "state": {"$": "dict", "pairs": [[0, {"exp_avg": {"$": "array", "name": "x", "order": [0]}}]]},
            "param_groups": [],
        },
        {"$": "array", "name": "nothing", "order": [0]},
        {"$": "array", "name": "x", "order": [0, 1]},
        {"$": "array", "name": "x", "order": [7]},
        {"$": "dict", "pairs": [[[1], 2]]},
        {"$": "dict", "pairs": 3},
        {"$": "float", "value": [1]},
        {"$": "os.system"},
    ],
)
def test_a_checkpoint_with_anything_in_it_changes_nothing(state, tmp_path):
    _, optimizer, _ = trained()
    before = optimizer.state_dict()
    forged(tmp_path / "x", optimizer={"$": "object", "type": "Adam", "state": state})
    with pytest.raises(ValueError, match="x: "):
        nn.load_checkpoint(tmp_path / "x", optimizer=optimizer)
    equal(optimizer.state_dict(), before)


@pytest.mark.parametrize("pos", [-1, 625, 10**9, "1", 0.5, None])
def test_a_generator_never_looks_outside_its_numbers(pos, tmp_path):
    rng = np.random.Generator(np.random.MT19937(0))
    nn.save_checkpoint(tmp_path / "x", rng=rng)
    tree = json.loads(safetensors.safe_open(tmp_path / "x", "np").metadata()["autodiff-nn"])
    found = nn.load(tmp_path / "x")
    tree["parts"]["rng"]["state"]["state"]["pos"] = pos
    from nn import saving

    saving._write(tmp_path / "x", found, {saving._STATE: json.dumps(tree)})
    with pytest.raises(ValueError, match="cannot have the state"):
        nn.load_checkpoint(tmp_path / "x", rng=rng)


def test_what_a_checkpoint_cannot_hold(tmp_path):
    with pytest.raises(TypeError, match=r"got function as a\.1"):
        nn.save_checkpoint(tmp_path / "x", a=[1, lambda: 0])
    nn.save_checkpoint(tmp_path / "x", a=1)
    with pytest.raises(TypeError, match="generators, got int as 'a'"):
        nn.load_checkpoint(tmp_path / "x", a=1)
    nn.save({"x": np.ones(1)}, tmp_path / "x")
    with pytest.raises(ValueError, match=r"arrays but no state.*nn\.load"):
        nn.load_checkpoint(tmp_path / "x")
