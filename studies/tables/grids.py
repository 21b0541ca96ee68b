"""What the grids share: small images, and trainings that are judged on test images every epoch."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

import netlib as nl

Images = tuple[nl.Dataset, nl.Dataset, nl.Dataset]
"""Images for training, for validation and for the test."""


@dataclass(frozen=True)
class Sizes:
    """How many images there are of each kind, and how large they are."""

    train: int
    validation: int
    test: int
    halved: bool = False  # whether each square of four pixels becomes one


def images(train: nl.Dataset, test: nl.Dataset, sizes: Sizes) -> Images:
    """Return images for training and validation, both from the training set, and for the test.

    Args:
        train: The training set.
        test: The test set, of which a part is taken.
        sizes: Number of images of each kind.
    """
    rest, validation = train.split(sizes.validation, seed=0)
    _, some = test.split(sizes.test, seed=0)  # the first ones are harder than the others
    kinds = rest.take(sizes.train), validation, some
    # A convolution of 14x14 pixels costs a fourth, so the same time pays for more of them.
    return tuple(map(_halved, kinds)) if sizes.halved else kinds  # type: ignore[return-value]


def _halved(dataset: nl.Dataset) -> nl.Dataset:
    n, height, width, channels = dataset.images.shape
    squares = dataset.images.reshape(n, height // 2, 2, width // 2, 2, channels)
    means = squares.mean(axis=(2, 4)).round().astype(np.uint8)
    return nl.Dataset(means, dataset.labels, dataset.n_classes)


def affine(probability: float) -> nl.Affine | None:
    """Return the augmentation that transforms an image with this probability."""
    if not probability:
        return None
    return nl.Affine(probability, zoom=(0.9, 1.1), rotation_degrees=12, shift=0.07)


def curve(
    network: nl.Sequential, recipe: nl.Recipe, data: Images, seed: int, state: nl.State | None
) -> Iterator[nl.Epoch]:
    """Train a network, from the start or from a state, and add `test_error` to each epoch.

    The seconds of an epoch include the evaluation of all validation and test images, as if all of
    them were for validation.

    Args:
        network: Network to train; not built yet.
        recipe: How to train it.
        data: Images for training, validation and test.
        seed: Seed of the training.
        state: State to continue from; None to start.
    """
    train, validation, test = data
    for epoch in nl.fit(network, recipe, train, validation, seed=seed, state=state):
        is_finite = math.isfinite(epoch.metrics["validation_error"])
        error = nl.evaluate(network, test)["error"] if is_finite else math.nan
        yield nl.Epoch(epoch.number, {**epoch.metrics, "test_error": error}, epoch.state)
