"""Fixtures shared by the tests of netlib."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import netlib as nl


@pytest.fixture(autouse=True)
def _strict_floats() -> Iterator[None]:
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        yield


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(12345)


@pytest.fixture
def draw(rng: np.random.Generator) -> Callable[..., nl.Array]:
    """Make read-only normal arrays: a layer that writes into its input fails."""

    def make(*shape: int, dtype: type = np.float32) -> nl.Array:
        array = rng.standard_normal(shape).astype(dtype)
        array.flags.writeable = False
        return array

    return make


@pytest.fixture(scope="session")
def digits() -> nl.Dataset:
    return nl.mnist("train").take(2500)


@pytest.fixture(scope="session")
def trained(digits: nl.Dataset) -> nl.Sequential:
    """Train a network with all that a good one has; it misreads about one digit in twelve."""
    network = nl.Sequential(
        *(nl.Conv2d(8, 5, bias=False), nl.BatchNorm(), nl.ReLU(), nl.MaxPool2d(), nl.Dropout(0.1)),
        *(nl.Conv2d(12, 5), nl.LeakyReLU(), nl.Conv2d(8, 4, stride=2), nl.AveragePool2d(3, 2)),
        *(nl.Tanh(), nl.Flatten(), nl.Dense(32), nl.BatchNorm(), nl.ReLU(), nl.Dense(10)),
    )
    schedule = nl.constant(4e-3)
    recipe = nl.Recipe(nl.Adam(), schedule, epochs=2, batch_size=32, label_smoothing=0.1)
    *_, _ = nl.fit(network, recipe, digits, seed=0)
    return network


@pytest.fixture
def toy() -> nl.Dataset:
    """Make 60 noisy 6x6 images with 3 classes: a bright row tells the class."""
    rng = np.random.default_rng(7)
    labels = np.arange(60, dtype=np.uint8) % 3
    images = rng.integers(0, 60, (60, 6, 6, 1), dtype=np.uint8)
    images[np.arange(60), 2 * labels] += 150
    for array in (images, labels):
        array.flags.writeable = False
    return nl.Dataset(images, labels, n_classes=3)
