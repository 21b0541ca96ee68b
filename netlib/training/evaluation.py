"""Evaluation of networks on labelled images: one network, or the mean of several."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netlib.arrays import Array, Labels, as_input
from netlib.checks import check_count
from netlib.data.datasets import Dataset
from netlib.errors import ConfigError, ShapeError
from netlib.layers.sequential import Sequential
from netlib.training.losses import Loss, softmax, softmax_cross_entropy

View = Callable[[Array], Array]
"""Float images (N, H, W, C) -> the same images, slightly changed."""


def unchanged(images: Array) -> Array:
    """Return the images as they are: the plain view, usually the first of several.

    Args:
        images: Images of any shape.

    Returns:
        The images themselves.
    """
    return images


def evaluate(
    network: Sequential, dataset: Dataset, loss: Loss = softmax_cross_entropy
) -> dict[str, float]:
    """Evaluate a network on labelled images.

    Args:
        network: Built; used in evaluation mode.
        dataset: Images and labels.
        loss: Loss to report.

    Returns:
        `loss`, the mean over the images; `wrong`, the number of images where the largest output is
        not the label; `error`, the same as a fraction.
    """
    return _scores(network.predict(dataset.images), dataset, loss)


def evaluate_together(
    networks: Sequence[Sequential], dataset: Dataset, views: Sequence[View] = (unchanged,)
) -> dict[str, float]:
    """Evaluate the mean of several networks, or of one network on several views of each image.

    Args:
        networks: Built, at least one, with logits as outputs; used in evaluation mode.
        dataset: Images and labels.
        views: Test-time augmentation, such as `partial(transform, rotation_degrees=6)`.

    Returns:
        The same as `evaluate`; the loss is the cross-entropy of the mean probabilities.

    Raises:
        ConfigError: If there is no network or no view.
    """
    probabilities = mean_probabilities(networks, dataset.images, views)
    # The softmax of these logits gives the probabilities again.
    logits = np.log(np.maximum(probabilities, np.finfo(np.float64).tiny))
    return _scores(logits, dataset, softmax_cross_entropy)


def mean_probabilities(
    networks: Sequence[Sequential],
    images: NDArray[Any],
    views: Sequence[View] = (unchanged,),
    batch_size: int = 64,
) -> Array:
    """Average the softmax of all networks over all views.

    Args:
        networks: Built, at least one, with logits as outputs; used in evaluation mode.
        images: (N, H, W, C) uint8, scaled to [0, 1] here, or floats as they are.
        views: Views shown to every network, at least one; `unchanged` is not added automatically.
        batch_size: Images computed at a time; affects only the speed.

    Returns:
        (N, U) float64 probabilities.

    Raises:
        ConfigError: If there is no network or no view, or the batch size is not positive.
    """
    check_count("mean_probabilities", "batch_size", batch_size)
    if not networks or not views:
        raise ConfigError(
            f"mean_probabilities: expected at least one network and one view, got "
            f"{len(networks)} and {len(views)}; pass [network] and (unchanged,)"
        )
    total = np.zeros((len(images), *networks[0].out_shape))
    for start in range(0, len(images), batch_size):
        batch = slice(start, start + batch_size)
        x = as_input(images[batch], networks[0].dtype)
        for view in views:
            seen = view(x)
            for network in networks:
                total[batch] += softmax(network.predict(seen, batch_size).astype(np.float64))
    return total / (len(networks) * len(views))


def confusion(labels: Labels, answers: Labels, n_classes: int) -> NDArray[np.int64]:
    """Count how often each class is taken for each other class.

    Args:
        labels: (N,) classes of the images, counted from 0.
        answers: (N,) classes predicted by a network, such as `network.predict(...).argmax(axis=1)`.
        n_classes: Number of classes, K.

    Returns:
        (K, K) counts: a row for each class, a column for each answer.

    Raises:
        ShapeError: If the numbers of answers and labels differ.
    """
    if labels.shape != answers.shape:
        raise ShapeError(
            f"confusion: expected an answer to each of {len(labels)} labels, got {answers.shape}; "
            "take the argmax of the network's outputs"
        )
    pairs = labels.astype(np.int64) * n_classes + answers
    return np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)


def _scores(outputs: Array, dataset: Dataset, loss: Loss) -> dict[str, float]:
    mean_loss, _ = loss(outputs, dataset.labels)
    wrong = int(np.count_nonzero(outputs.argmax(axis=1) != dataset.labels))
    return {"loss": mean_loss, "error": wrong / len(dataset), "wrong": wrong}
