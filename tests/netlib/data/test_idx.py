"""IDX files: good ones are read, every kind of damage is named."""

import gzip
import struct

import numpy as np
import pytest

import netlib as nl
from netlib.data.idx import read_idx


def encode(array: np.ndarray, kind: int = 8) -> bytes:
    shape = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, kind, array.ndim]) + shape + array.tobytes()


IMAGES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
GOOD = encode(IMAGES)


@pytest.mark.parametrize("name", ["images", "images.gz"])
def test_a_good_file_is_read_gzipped_or_not(name, tmp_path):
    (tmp_path / name).write_bytes(gzip.compress(GOOD) if name.endswith(".gz") else GOOD)
    array = read_idx(tmp_path / name, n_axes=3)
    np.testing.assert_array_equal(array, IMAGES)
    assert not array.flags.writeable


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"starting with two zero bytes and 16 bytes of header, got nothing and 0 bytes"),
        (GOOD[:15], r"16 bytes of header, got 00 00 08 03 and 15 bytes in all; check"),
        (b"PK" + GOOD[2:], r"two zero bytes .*, got 50 4b 08 03"),
        (encode(IMAGES, kind=13), r"expected values of IDX type 8 \(unsigned byte\), got type 13"),
        (encode(IMAGES[..., None]), r"expected 3 axes, got 4; check that images and labels"),
        (GOOD[:-1], r"expected 24 values for shape \(2, 3, 4\), got 23; download"),
        (GOOD + b"x", r"expected 24 values for shape \(2, 3, 4\), got 25"),
    ],
)
def test_damage_is_refused_with_the_name_of_the_file(content, message, tmp_path):
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(nl.DataError, match=message) as caught:
        read_idx(path, n_axes=3)
    assert str(caught.value).startswith(f"{path}: expected")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        GOOD,
        gzip.compress(GOOD)[:-9],
        gzip.compress(GOOD)[:20],
        gzip.compress(GOOD)[:-8] + bytes(8),
        gzip.compress(GOOD) + b"tail",
        gzip.compress(GOOD)[:12] + b"\xff\xff\xff" + gzip.compress(GOOD)[15:],
    ],
    ids=["empty", "not gzip", "cut", "cut early", "wrong checksum", "tail", "garbled"],
)
def test_damaged_gzip_is_refused_with_the_name_of_the_file(content, tmp_path):
    path = tmp_path / "images.gz"
    path.write_bytes(content)
    with pytest.raises(nl.DataError, match=r"images\.gz: expected (a complete gzip|an IDX) file"):
        read_idx(path, n_axes=3)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(nl.DataNotFoundError, match=r"nowhere: expected a file, got none; check"):
        read_idx(tmp_path / "nowhere", n_axes=1)
