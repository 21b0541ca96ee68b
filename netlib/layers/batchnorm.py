"""Batch normalisation."""

import math
from dataclasses import dataclass

import numpy as np

from netlib.arrays import Array, Rng, Shape
from netlib.checks import check_range
from netlib.layers.layer import Backward, Layer, Mode


@dataclass(eq=False)
class BatchNorm(Layer):
    """Normalise every channel to mean 0 and variance 1 over the batch, then scale and shift it.

    y = weight * (x - mean) / sqrt(variance + epsilon) + bias

    In training, mean and variance are taken over the M values that a channel has in the batch:
    M = N*H*W for images (N, H, W, C), M = N for vectors (N, C). Each batch also updates the
    buffers `running_mean` and `running_variance`. Evaluation uses these instead, so that the
    output for an image does not depend on the rest of its batch:

    running <- momentum * running + (1 - momentum) * statistic of the batch

    As in PyTorch, the variance for y divides the sum of squares by M, and `running_variance`
    divides it by M - 1. A batch of a single vector has no variance: y = bias, and the buffers stay
    as they are. A bias of the layer before has no effect, because the mean is subtracted:
    `Conv2d(bias=False)` leaves it out. Input and output have the same shape, any shape; params
    `weight` (C,), initially ones, and `bias` (C,), initially zeros.

    Args:
        momentum: Share of the running statistics that each batch keeps, in [0, 1). Note that
            PyTorch calls the other share momentum: its 0.1 is 0.9 here.
        epsilon: Added to the variance, > 0.

    Raises:
        ConfigError: If a setting is out of its range.

    Source: Ioffe and Szegedy 2015, algorithms 1 and 2 (arXiv:1502.03167).
    """

    momentum: float = 0.9
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        check_range("BatchNorm", "momentum", self.momentum, "[0, 1)")
        check_range("BatchNorm", "epsilon", self.epsilon, "(0, inf)")

    def _build(self, in_shape: Shape, _rng: Rng, /) -> Shape:
        channels = in_shape[-1]
        self._add_param("weight", np.ones(channels))
        self._add_param("bias", np.zeros(channels))
        self.buffers["running_mean"] = np.zeros(channels, self.dtype)
        self.buffers["running_variance"] = np.ones(channels, self.dtype)
        self._pixels = math.prod(in_shape[:-1])
        return in_shape

    def _forward(self, x: Array, mode: Mode, /) -> tuple[Array, Backward]:
        train, count = mode.rng is not None, len(x) * self._pixels
        y, centred = (self.scratch(name, x.shape, self.dtype) for name in ("y", "centred"))
        mean = _sum(x) / count if train else self.buffers["running_mean"]
        np.subtract(x, self._spread(mean), out=centred)
        variance = self.buffers["running_variance"]
        if train:
            variance = _sum(np.square(centred, out=y)) / count
            self._remember(mean, variance, count)
        inverse = 1 / np.sqrt(variance + self.epsilon)
        scale = self.params["weight"] * inverse
        np.multiply(centred, self._spread(scale), out=y)
        y += self._spread(self.params["bias"])

        def backward(dy: Array) -> Array:
            dx, work = (self.scratch(name, x.shape, self.dtype) for name in ("dx", "work"))
            dweight, dbias = self.grads["weight"], self.grads["bias"]
            np.multiply(_sum(np.multiply(dy, centred, out=work)), inverse, out=dweight)
            dbias[...] = _sum(dy)
            np.multiply(dy, self._spread(scale), out=dx)
            if train:  # the mean and the variance depend on x as well
                np.multiply(centred, self._spread(scale * inverse * dweight / count), out=work)
                work += self._spread(scale * dbias / count)
                dx -= work
            return dx

        return y, backward

    def _remember(self, mean: Array, variance: Array, count: int) -> None:
        """Move the running statistics towards the statistics of a batch."""
        if count == 1:
            return
        unbiased = variance * (count / (count - 1))
        for name, statistic in (("running_mean", mean), ("running_variance", unbiased)):
            self.buffers[name] *= self.momentum
            self.buffers[name] += (1 - self.momentum) * statistic

    def _spread(self, values: Array) -> Array:
        """Repeat (C,) along a row of pixels, since NumPy broadcasts slowly along short axes."""
        row = self.in_shape[-2:]
        return np.tile(values, math.prod(row[:-1])).reshape(row)


def _sum(values: Array) -> Array:
    """Return the sum of each channel, whole rows of pixels first: NumPy is slow on short axes."""
    total: Array = values.sum(axis=tuple(range(values.ndim - 2))).sum(axis=0)
    return total
