"""Losses: functions `(outputs, labels) -> (mean loss, doutputs)`.

The gradient is that of the mean over the batch, so it needs no further division.
"""

from collections.abc import Callable

import numpy as np

from netlib.arrays import Array, Labels
from netlib.errors import ShapeError

Loss = Callable[[Array, Labels], tuple[float, Array]]


def softmax_cross_entropy(
    logits: Array, labels: Labels, *, smoothing: float = 0.0
) -> tuple[float, Array]:
    """Return the cross-entropy of the labels and the softmax of the logits.

    p = exp(z) / sum exp(z) along each row, t = (1 - smoothing) onehot(label) + smoothing / U,
    loss = mean of -sum t log p, dz = (p - t) / N. Without smoothing the loss is the mean of
    -log p[label]. The maximum of each row is subtracted first, so nothing overflows.

    Args:
        logits: (N, U), one row per image. Not modified.
        labels: (N,) integers 0..U-1.
        smoothing: Share of the target that is spread evenly over all classes, in [0, 1).

    Returns:
        The mean loss in nats, >= 0, and dlogits (N, U) in the dtype of the logits.

    Raises:
        ShapeError: If there is not one label per row.

    Source: Szegedy et al. 2016, section 7, for the smoothing (arXiv:1512.00567).
    """
    n = _count("softmax_cross_entropy", logits, labels)
    z = logits - np.maximum.reduce(logits, axis=1, keepdims=True)
    dlogits: Array = np.exp(z)
    sums = np.add.reduce(dlogits, axis=1, keepdims=True)
    dlogits /= sums
    target = (labels[:, None] == np.arange(logits.shape[1])).astype(logits.dtype)
    if smoothing:
        target *= 1 - smoothing
        target += smoothing / logits.shape[1]
    losses = np.log(sums[:, 0]) - np.vecdot(z, target)
    dlogits -= target
    dlogits /= n
    return float(np.add.reduce(losses, dtype=np.float64)) / n, dlogits


def softmax(logits: Array) -> Array:
    """Turn logits into probabilities: p = exp(z) / sum exp(z) along each row.

    Args:
        logits: (N, U), one row per image. Not modified.

    Returns:
        (N, U) in the dtype of the logits, each row summing to 1.
    """
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: Array = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def mean_squared_error(outputs: Array, labels: Labels) -> tuple[float, Array]:
    """Return the mean squared difference of outputs and one-hot targets.

    loss = mean of (y - onehot(label))^2 over images and outputs, dy = 2 (y - onehot) / (N * U).

    Args:
        outputs: (N, U), one row per image. Not modified.
        labels: (N,) integers 0..U-1.

    Returns:
        The mean loss, >= 0, and doutputs (N, U) in the dtype of the outputs.

    Raises:
        ShapeError: If there is not one label per row.
    """
    n = _count("mean_squared_error", outputs, labels)
    difference = outputs.copy()
    difference[np.arange(n), labels] -= 1
    loss = float(np.mean(np.square(difference), dtype=np.float64))
    difference *= 2 / difference.size
    return loss, difference


def _count(where: str, outputs: Array, labels: Labels) -> int:
    """Return N, or refuse outputs and labels that do not fit together."""
    if outputs.ndim != 2 or labels.shape != outputs.shape[:1]:
        raise ShapeError(
            f"{where}: expected outputs (N, U) and labels (N,), got {outputs.shape} and "
            f"{labels.shape}; end the network with Dense and give one label per image"
        )
    return len(outputs)
