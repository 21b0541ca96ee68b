"""This file judges networks by labelled images."""

import numpy as np

from netlib.datasets import Dataset
from netlib.layers.sequential import Sequential
from netlib.losses import Loss, softmax_cross_entropy


def evaluate(
    network: Sequential, dataset: Dataset, loss: Loss = softmax_cross_entropy
) -> dict[str, float]:
    """Judge a network by labelled images.

    Args:
        network: Built, and used in evaluation mode.
        dataset: Images it is judged by.
        loss: The loss to report.

    Returns:
        `loss`, the mean over the images; `wrong`, how many images have another label than the
        largest output; `error`, the same as a fraction.
    """
    outputs = network.predict(dataset.images)
    mean_loss, _ = loss(outputs, dataset.labels)
    wrong = int(np.count_nonzero(outputs.argmax(axis=1) != dataset.labels))
    return {"loss": mean_loss, "error": wrong / len(dataset), "wrong": wrong}
