"""Labelled images, and two sources of them: the bundled MNIST, and folders of IDX files."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from netlib.arrays import Labels
from netlib.data.idx import parse_idx, read_bytes, read_idx
from netlib.errors import ConfigError, DataError, DataNotFoundError

Part = Literal["train", "test"]

_PREFIXES = {"train": "train", "test": "t10k"}
_MNIST = Path(__file__).parent / "mnist"
_MNIST_SHA256 = {  # of the uncompressed files, as in mnist/README.md
    "train-images.idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels.idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images.idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels.idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and their classes. The arrays are never written to, and may be read-only.

    Args:
        images: (N, H, W, C) uint8 grey or colour values.
        labels: (N,) integers 0..n_classes-1.
        n_classes: Number of classes, whether or not all of them occur.

    Raises:
        DataError: If an array has another shape or type, or a label is out of range.
    """

    images: NDArray[np.uint8]
    labels: Labels
    n_classes: int = 10

    def __post_init__(self) -> None:
        if self.images.ndim != 4 or self.images.dtype != np.uint8:
            raise DataError(
                f"Dataset: expected uint8 images (N, H, W, C), got {self.images.dtype} "
                f"{self.images.shape}; add a channel axis or convert them"
            )
        if self.labels.ndim != 1 or not np.issubdtype(self.labels.dtype, np.integer):
            raise DataError(
                f"Dataset: expected integer labels (N,), got {self.labels.dtype} "
                f"{self.labels.shape}; give the class of each image as a number"
            )
        if len(self.labels) != len(self.images) or len(self.images) == 0:
            raise DataError(
                "Dataset: expected images and one label for each, got "
                f"{len(self.images)} images and {len(self.labels)} labels; "
                "check that the files belong together"
            )
        self._check_classes()

    def _check_classes(self) -> None:
        wrong = (self.labels < 0) | (self.labels >= self.n_classes)
        if wrong.any():
            first = int(wrong.argmax())
            raise DataError(
                f"Dataset: expected labels 0..{self.n_classes - 1}, got {self.labels[first]} at "
                f"index {first}; set n_classes or correct the labels"
            )

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        shape = "x".join(map(str, self.images.shape[1:]))
        return f"Dataset({len(self)} images {shape}, {self.n_classes} classes)"

    def take(self, n: int) -> "Dataset":
        """Return the first n images, without copying.

        Args:
            n: Number of images, 1..len(self).

        Raises:
            ConfigError: If there are not that many images.
        """
        self._check_size("take", "n", n, len(self))
        return Dataset(self.images[:n], self.labels[:n], self.n_classes)

    def split(self, n_validation: int, seed: int) -> "tuple[Dataset, Dataset]":
        """Set images aside, from each class in proportion to its size.

        Args:
            n_validation: Number of images to set aside, 1..len(self)-1.
            seed: Seed of the choice; the same seed always chooses the same images.

        Returns:
            The other images, and the images set aside, both in their old order.

        Raises:
            ConfigError: If there are not that many images.
        """
        self._check_size("split", "n_validation", n_validation, len(self) - 1)
        rng = np.random.default_rng(seed)
        shuffled = rng.permutation(len(self))
        by_class = shuffled[np.argsort(self.labels[shuffled], kind="stable")]
        # Every (N / n_validation)-th image in the order of classes, so each class gets its share.
        picks = np.arange(n_validation) * len(self) // n_validation
        chosen = np.zeros(len(self), np.bool_)
        chosen[by_class[picks]] = True
        rest, aside = np.flatnonzero(~chosen), np.flatnonzero(chosen)
        return self._pick(rest), self._pick(aside)

    def _pick(self, indices: NDArray[np.intp]) -> "Dataset":
        return Dataset(self.images[indices], self.labels[indices], self.n_classes)

    def _check_size(self, where: str, name: str, n: int, limit: int) -> None:
        if not 1 <= n <= limit:
            raise ConfigError(
                f"Dataset.{where}: expected {name} in 1..{limit}, got {n}; choose a number inside"
            )


@cache
def mnist(part: Part) -> Dataset:
    """Load the bundled MNIST: 60,000 training or 10,000 test images of 28x28x1.

    The files are read and their sha256 sums checked once per process; later calls return the same
    object.

    Args:
        part: "train" or "test".

    Returns:
        The data set, its arrays read-only.

    Raises:
        DataError: If a bundled file is missing or damaged.
    """
    arrays = []
    for kind, n_axes in (("images", 3), ("labels", 1)):
        name = f"{_prefix('mnist', part)}-{kind}.idx{n_axes}-ubyte"
        path = _MNIST / f"{name}.gz"
        content = read_bytes(path)
        found = hashlib.sha256(content).hexdigest()
        if found != _MNIST_SHA256[name]:
            raise DataError(
                f"{path}: expected contents with sha256 {_MNIST_SHA256[name]}, got {found}; "
                "reinstall the package"
            )
        arrays.append(parse_idx(content, n_axes, where=str(path)))
    return Dataset(arrays[0][..., np.newaxis], arrays[1])


def idx_folder(folder: str | Path, part: Part, n_classes: int = 10) -> Dataset:
    """Load a data set in MNIST's format, such as Fashion-MNIST, from a folder.

    The files are called train-images.idx3-ubyte or train-images-idx3-ubyte, with or without .gz,
    and likewise train-labels...idx1-ubyte; t10k-... for the test part.

    Args:
        folder: Folder with the files.
        part: "train" or "test".
        n_classes: Number of classes.

    Returns:
        The data set, its images with one channel and its arrays read-only.

    Raises:
        DataNotFoundError: If a file is missing; the message lists the names that were tried.
        DataError: If a file is damaged, or images and labels do not belong together.
    """
    prefix = _prefix("idx_folder", part)
    images = read_idx(_find(Path(folder), f"{prefix}-images", "idx3-ubyte"), n_axes=3)
    labels = read_idx(_find(Path(folder), f"{prefix}-labels", "idx1-ubyte"), n_axes=1)
    return Dataset(images[..., np.newaxis], labels, n_classes)


def _prefix(where: str, part: str) -> str:
    if part not in _PREFIXES:
        raise ConfigError(f"{where}: expected part 'train' or 'test', got {part!r}; choose one")
    return _PREFIXES[part]


def _find(folder: Path, stem: str, suffix: str) -> Path:
    names = [f"{stem}{dot}{suffix}{gz}" for dot in ".-" for gz in ("", ".gz")]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise DataNotFoundError(
        f"{folder}: expected one of {', '.join(names)}, got none; check the folder"
    )
