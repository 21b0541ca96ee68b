"""Checkpoints: states come back as they were, damage is noticed, no write is half done."""

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from safetensors.numpy import load

from sweep.checkpoints.format import DTYPES, Checkpoint, copied, decode, encode
from sweep.errors import CorruptCheckpointError, EpochError, StorageError, StudyError
from sweep.files import write_atomically

KEYS = st.text(st.characters(exclude_categories=("Cs",)), max_size=4) | st.sampled_from("/~a")
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
ARRAYS = npst.arrays(
    st.sampled_from(sorted(DTYPES)), npst.array_shapes(min_dims=0, min_side=0, max_side=3)
)
NODES = st.recursive(
    SCALARS | ARRAYS,
    lambda nodes: st.lists(nodes, max_size=3) | st.dictionaries(KEYS, nodes, max_size=3),
    max_leaves=8,
)
STATES = st.dictionaries(KEYS, NODES, max_size=4)

SMALL = Checkpoint(
    epoch=12,
    state={
        "weights": {"dense/kernel": np.arange(6, dtype=np.float32).reshape(2, 3)},
        "rng": {"state": 2**127, "kind": "PCG64 é"},
        "history": [1.5, None, True],
    },
)


def assert_same(actual, expected):
    """Equal values of equal types all the way down; bytes for arrays, so that nan equals nan."""
    assert type(actual) is type(expected)
    if isinstance(expected, np.ndarray):
        assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
        assert actual.tobytes() == expected.tobytes()
    elif isinstance(expected, dict):
        assert list(actual) == list(expected)
        for key, value in expected.items():
            assert_same(actual[key], value)
    elif isinstance(expected, list):
        assert len(actual) == len(expected)
        for one, other in zip(actual, expected, strict=True):
            assert_same(one, other)
    else:
        assert actual == expected


# Encoding


@settings(deadline=None)
@given(st.integers(0, 10**6), STATES)
def test_a_state_comes_back_as_it_was(epoch, state):
    decoded = decode(encode(Checkpoint(epoch, state)))
    assert decoded.epoch == epoch
    assert_same(decoded.state, state)


@settings(deadline=None)
@given(STATES)
def test_the_same_state_gives_the_same_bytes(state):
    assert encode(Checkpoint(1, state)) == encode(Checkpoint(1, state))


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3).T,
        np.asfortranarray(np.arange(24).reshape(2, 3, 4)),
        np.arange(10)[::-2],
        np.broadcast_to(np.float32(3), (2, 2)),
        np.arange(4, dtype=">f4"),
        np.array(7, dtype=">i2"),
    ],
)
def test_views_and_foreign_byte_orders_come_back_by_value(array):
    decoded = decode(encode(Checkpoint(1, {"array": array}))).state["array"]
    np.testing.assert_array_equal(decoded, array)
    assert (decoded.shape, decoded.dtype) == (array.shape, array.dtype.newbyteorder("="))


def test_arrays_that_come_back_can_be_trained_on():
    assert decode(encode(SMALL)).state["weights"]["dense/kernel"].flags.writeable


def test_keys_that_look_like_paths_stay_apart():
    state = {"a/b": np.zeros(1), "a": {"b": np.ones(1)}, "a~1b": np.full(1, 2.0)}
    assert_same(decode(encode(Checkpoint(1, state))).state, state)


def test_tuples_and_numpy_numbers_come_back_as_json_has_them():
    state = {"pair": (1, 2), "mean": np.float32(0.5), "n": np.int64(3), "flag": np.True_}
    expected = {"pair": [1, 2], "mean": 0.5, "n": 3, "flag": True}
    assert_same(decode(encode(Checkpoint(1, state))).state, expected)


def test_numbers_that_are_not_finite_come_back():
    decoded = decode(encode(Checkpoint(1, {"x": [float("inf"), float("nan")]}))).state["x"]
    np.testing.assert_array_equal(decoded, [np.inf, np.nan])


def test_a_checkpoint_is_a_safetensors_file_that_names_its_arrays_by_their_place():
    arrays = load(encode(SMALL))
    assert list(arrays) == ["state/weights/dense~1kernel"]
    assert_same(arrays["state/weights/dense~1kernel"], SMALL.state["weights"]["dense/kernel"])


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"a": [{1, 2}]}, r"arrays and JSON values, got set at state/a/0; turn it into"),
        ({"net": {"layer": object()}}, r"got object at state/net/layer; turn"),
        ({"raw": b"bytes"}, r"got bytes at state/raw; turn"),
        ({"x": np.array(["word"])}, r"got array of <U4 at state/x; turn it into an array of num"),
        ({"x": np.array([None])}, r"got array of object at state/x"),
        ({"x": np.zeros(2, complex)}, r"got array of complex128 at state/x"),
        (
            {"moments": {0: 1.0}},
            r"keys are strings other than '\$array', got 0 at state/moments; r",
        ),
        ({"$array": "state/x"}, r"strings other than '\$array', got '\$array' at state; rename it"),
    ],
)
def test_a_state_that_could_not_come_back_is_refused(state, message):
    with pytest.raises(StudyError, match=message):
        encode(Checkpoint(1, state))


# Damage


def test_any_changed_byte_is_noticed():
    whole = encode(SMALL)
    for i, byte in enumerate(whole):
        damaged = bytearray(whole)
        damaged[i] = byte ^ random.Random(i).randrange(1, 256)
        with pytest.raises(CorruptCheckpointError, match="expected the bytes that were written"):
            decode(bytes(damaged))


def test_any_lost_or_added_byte_is_noticed():
    whole = encode(SMALL)
    for damaged in [*(whole[:i] for i in range(len(whole))), whole + b"\0", b"\0" + whole]:
        with pytest.raises(CorruptCheckpointError, match="expected the bytes that were written"):
            decode(damaged)


@settings(deadline=None)
@given(st.binary())
def test_bytes_that_never_were_a_checkpoint_are_noticed(data):
    with pytest.raises(CorruptCheckpointError, match="expected the bytes that were written"):
        decode(data)


@settings(max_examples=50, deadline=None)
@given(STATES, st.data())
def test_damage_is_noticed_in_every_state(state, data):
    whole = bytearray(encode(Checkpoint(1, state)))
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CorruptCheckpointError, match="expected the bytes that were written"):
        decode(bytes(whole))


# Writing


def test_a_file_is_written_with_the_folders_above_it(tmp_path):
    path = tmp_path / "a" / "b" / "file"
    write_atomically(path, b"content")
    assert path.read_bytes() == b"content"
    assert [p.name for p in path.parent.iterdir()] == ["file"]


def test_a_file_is_replaced_as_a_whole_and_readable_by_all(tmp_path):
    path = tmp_path / "file"
    write_atomically(path, b"old")
    with path.open("rb") as reader:
        write_atomically(path, b"new and longer")
        assert reader.read() == b"old"  # an open reader keeps the old content
    assert path.read_bytes() == b"new and longer"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_an_unchanged_file_is_left_alone(tmp_path):
    path = tmp_path / "file"
    write_atomically(path, b"same")
    os.utime(path, ns=(1, 1))
    before = path.stat()
    write_atomically(path, b"same")
    after = path.stat()
    assert (after.st_mtime_ns, after.st_ino) == (1, before.st_ino)


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from sweep.files import write_atomically
from sweep.errors import StorageError

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_atomically(Path(sys.argv[1]), bytes(5000))
except StorageError as error:
    print(error)
"""


def test_a_disk_that_refuses_leaves_the_old_file_whole_and_no_other(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    command = [sys.executable, "-c", FULL_DISK, str(path)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert printed == (
        f"{path}: cannot write: File too large. Free some space or fix its permissions and "
        f"run again; no finished work is lost\n"
    )
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("name", "reason"), [("folder", "Is a directory"), ("file/below", "(Not a directory|File ex)")]
)
def test_a_path_that_cannot_be_a_file_is_refused(name, reason, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(StorageError, match=rf": cannot write: {reason}"):
        write_atomically(tmp_path / name, b"new")
    assert sorted(p.name for p in Path(tmp_path).iterdir()) == ["file", "folder"]


# The epoch that counts


@pytest.mark.parametrize(("sign", "values", "expected"), [
    (1, [3.0, 1.0, 2.0], 2), (1, [3.0, 1.0, 1.0], 2), (-1, [3.0, 1.0, 4.0], 3), (-1, [3.0, 1.0], 1),
    (1, [None, None, None], 3),
])  # fmt: skip
def test_a_checkpoint_takes_the_best_one_along_unless_the_last_counts(sign, values, expected):
    last = None
    for epoch, value in enumerate(values, start=1):
        now = Checkpoint(epoch, {"x": np.full(2, epoch)}, value=value).after(last, sign)
        last = decode(encode(now))
    assert (last.epoch, last.scored.epoch) == (len(values), expected)
    assert last.scored.state["x"].tolist() == [expected] * 2
    assert last.state["x"].tolist() == [len(values)] * 2


def test_a_copied_state_stays_as_it_is():
    state = {"x": np.zeros(2), "nested": {"list": [1]}}
    copy = copied(state)
    state["x"] += 1
    state["nested"]["list"].append(2)
    assert_same(copy, {"x": np.zeros(2), "nested": {"list": [1]}})


def endless():
    state = {}
    state["state"] = state
    return state


class Odd(dict):
    def __iter__(self):
        raise KeyError("odd")


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ({"x\ud800": np.zeros(1)}, "UnicodeEncodeError"),
        ({"n": 10**5000}, "ValueError"),
        (endless(), "RecursionError"),
        (Odd(a=1), "KeyError"),
    ],
)
def test_whatever_cannot_be_encoded_is_an_error_of_that_epoch(state, kind):
    with pytest.raises(EpochError, match=f"arrays and JSON values, got {kind} when copying it; tu"):
        encode(Checkpoint(1, state))
