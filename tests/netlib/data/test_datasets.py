"""Data sets: checks, parts of them, MNIST and folders."""

import gzip
import hashlib
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import netlib as nl
from netlib.data import datasets


def dataset(labels: list[int], n_classes: int = 10) -> nl.Dataset:
    images = np.arange(len(labels), dtype=np.uint8).reshape(-1, 1, 1, 1)
    return nl.Dataset(images, np.array(labels), n_classes)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.zeros((2, 3, 3), np.uint8), [0, 0], r"expected uint8 images \(N, H, W, C\), got uint8"),
        (np.zeros((2, 3, 3, 1)), [0, 0], r"expected uint8 images .*, got float64 \(2, 3, 3, 1\)"),
        (np.zeros((2, 3, 3, 1), np.uint8), [[0, 0]], r"expected integer labels \(N,\), got int64"),
        (np.zeros((2, 3, 3, 1), np.uint8), [0.0, 1.0], r"expected integer labels .* got float64"),
        (
            np.zeros((2, 3, 3, 1), np.uint8),
            [0],
            r"images and one label for each, got 2 images and 1 l",
        ),
        (np.zeros((0, 3, 3, 1), np.uint8), np.zeros(0, int), r"got 0 images and 0 labels; check"),
        (np.zeros((2, 3, 3, 1), np.uint8), [0, 10], r"labels 0\.\.9, got 10 at index 1; set n_cl"),
        (np.zeros((2, 3, 3, 1), np.uint8), [-1, 0], r"labels 0\.\.9, got -1 at index 0"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(images, labels, message):
    with pytest.raises(nl.DataError, match=message):
        nl.Dataset(images, np.array(labels))


def test_take_returns_the_first_images_without_copying():
    data = dataset([1, 2, 3])
    first = data.take(2)
    assert (len(first), first.labels.tolist()) == (2, [1, 2])
    assert np.shares_memory(first.images, data.images)
    assert repr(first) == "Dataset(2 images 1x1x1, 10 classes)"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: d.take(0), r"Dataset\.take: expected n in 1\.\.3, got 0; choose"),
        (lambda d: d.take(4), r"Dataset\.take: expected n in 1\.\.3, got 4"),
        (lambda d: d.split(0, 1), r"Dataset\.split: expected n_validation in 1\.\.2, got 0"),
        (lambda d: d.split(3, 1), r"Dataset\.split: expected n_validation in 1\.\.2, got 3"),
    ],
)
def test_impossible_sizes_are_refused(call, message):
    with pytest.raises(nl.ConfigError, match=message):
        call(dataset([1, 2, 3]))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 4), min_size=2, max_size=120), st.data())
def test_a_split_takes_every_image_once_and_every_class_in_proportion(labels, data):
    whole = dataset(labels, n_classes=5)
    n = data.draw(st.integers(1, len(labels) - 1))
    rest, aside = whole.split(n, seed=data.draw(st.integers(0, 9)))
    assert (len(rest), len(aside)) == (len(labels) - n, n)
    ids = np.concatenate([rest.images, aside.images]).ravel()
    assert sorted(ids) == list(range(len(labels)))
    for part in (rest, aside):
        assert (np.diff(part.images.ravel().astype(int)) > 0).all()  # the old order
        np.testing.assert_array_equal(part.labels, whole.labels[part.images.ravel()])
    exact = np.bincount(whole.labels, minlength=5) * n / len(labels)
    assert (np.abs(np.bincount(aside.labels, minlength=5) - exact) < 1).all()


def test_a_split_depends_on_its_seed_alone():
    whole = dataset([0, 1] * 50)
    one, same, other = (whole.split(20, seed)[1].images for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_a_read_only_data_set_pickles_out_of_band_without_copying_images(toy):
    buffers: list[pickle.PickleBuffer] = []
    pickled = pickle.dumps(toy, protocol=5, buffer_callback=buffers.append)
    assert len(pickled) < 1000
    again = pickle.loads(pickled, buffers=buffers)
    np.testing.assert_array_equal(again.images, toy.images)
    assert np.shares_memory(again.images, toy.images)


def test_the_bundled_mnist_is_the_original():
    train, test = nl.mnist("train"), nl.mnist("test")
    assert (train.images.shape, test.images.shape) == ((60000, 28, 28, 1), (10000, 28, 28, 1))
    assert train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert not train.images.flags.writeable
    assert nl.mnist("train") is train


def test_the_checksums_are_those_of_the_readme():
    readme = (Path(datasets.__file__).parent / "mnist" / "README.md").read_text()
    for name, checksum in datasets._MNIST_SHA256.items():
        assert any(name in line and checksum in line for line in readme.splitlines())


def test_a_changed_mnist_file_is_refused(tmp_path, monkeypatch):
    content = struct.pack(">BBBBIII", 0, 0, 8, 3, 1, 1, 1) + b"x"
    (tmp_path / "t10k-images.idx3-ubyte.gz").write_bytes(gzip.compress(content))
    monkeypatch.setattr(datasets, "_MNIST", tmp_path)
    found = hashlib.sha256(content).hexdigest()
    with pytest.raises(nl.DataError, match=rf"t10k-images.*sha256 0fa7.*got {found}; reinstall"):
        nl.mnist.__wrapped__("test")


@pytest.fixture
def folder(tmp_path) -> Path:
    images = struct.pack(">BBBBIII", 0, 0, 8, 3, 2, 1, 3) + bytes(range(6))
    labels = struct.pack(">BBBBI", 0, 0, 8, 1, 2) + bytes([0, 2])
    (tmp_path / "train-images-idx3-ubyte").write_bytes(images)
    (tmp_path / "train-labels.idx1-ubyte.gz").write_bytes(gzip.compress(labels))
    return tmp_path


def test_a_folder_is_read_under_any_of_the_standard_names(folder):
    data = nl.idx_folder(str(folder), "train", n_classes=3)
    assert data.images.shape == (2, 1, 3, 1)
    assert data.images.ravel().tolist() == list(range(6))
    assert data.labels.tolist() == [0, 2]


def test_labels_of_more_classes_than_said_are_refused(folder):
    with pytest.raises(nl.DataError, match=r"expected labels 0\.\.1, got 2 at index 1"):
        nl.idx_folder(folder, "train", n_classes=2)


def test_images_without_their_labels_are_refused(folder):
    labels = struct.pack(">BBBBI", 0, 0, 8, 1, 1) + b"\0"
    (folder / "train-labels.idx1-ubyte.gz").write_bytes(gzip.compress(labels))
    with pytest.raises(nl.DataError, match=r"got 2 images and 1 labels; check that the files"):
        nl.idx_folder(folder, "train")


def test_missing_files_are_refused_with_the_names_looked_for(folder):
    names = (
        r"t10k-images\.idx3-ubyte, t10k-images\.idx3-ubyte\.gz, "
        r"t10k-images-idx3-ubyte, t10k-images-idx3-ubyte\.gz"
    )
    with pytest.raises(nl.DataNotFoundError, match=rf"expected one of {names}, got none; check"):
        nl.idx_folder(folder, "test")


@pytest.mark.parametrize("load", [nl.mnist, lambda part: nl.idx_folder(".", part)])
def test_an_unknown_part_is_refused(load):
    with pytest.raises(nl.ConfigError, match=r"expected part 'train' or 'test', got 'dev'; choose"):
        load("dev")
