"""Networks to export, and what their predictions have to agree to."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

import netlib as nl


def any_network(layer: nl.Layer, in_shape: nl.Shape) -> nl.Sequential:
    """Build a network of one layer, and what it takes to end with a vector, with random weights."""
    rng = np.random.default_rng(3)
    network = nl.Sequential(layer, nl.Flatten(), nl.BatchNorm(), nl.Dropout(0.5), nl.Dense(3))
    network.build(in_shape, rng)
    random = {
        name: rng.uniform(0.5, 1.5, array.shape).astype(np.float32)
        for name, array in network.weights().items()
    }
    network.load(random)
    return network


def channels_first(images: nl.Array) -> nl.Array:
    """Turn images (N, H, W, C), or vectors, into what exported networks take."""
    return np.ascontiguousarray(np.moveaxis(images, -1, 1))


def assert_close(actual: nl.Array, expected: nl.Array, tolerance: float = 3e-5) -> None:
    """Compare outputs, which Toom-Cook rounds to about 1e-5 of the largest."""
    atol = tolerance * np.abs(expected).max()
    np.testing.assert_allclose(actual, expected, rtol=0, atol=atol, strict=True)


def assert_reads_mnist(
    network: nl.Sequential, path: Path, answers: Callable[[Path, nl.Array], nl.Array]
) -> None:
    """Export a network, and compare what `answers` makes of all test images with what it does."""
    images = nl.mnist("test").images
    nl.export_model(network, path)
    x = (images / np.float32(255)).astype(np.float32)
    assert_the_same_answers(answers(path, x), network.predict(images))


def assert_the_same_answers(actual: nl.Array, expected: nl.Array) -> None:
    """Compare logits as people do: all classes, and probabilities to 1e-5."""
    np.testing.assert_array_equal(actual.argmax(axis=1), expected.argmax(axis=1))
    one, other = (nl.softmax(logits.astype(np.float64)) for logits in (actual, expected))
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)
