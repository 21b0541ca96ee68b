"""This file holds batch normalisation."""

import math
from dataclasses import dataclass

import numpy as np

from netlib.arrays import Array, Rng, Shape
from netlib.checks import check_range
from netlib.layers.layer import Backward, Layer, Mode


@dataclass(eq=False)
class BatchNorm(Layer):
    """Give every channel mean 0 and variance 1 over the batch, then a learned scale and shift.

    y = weight * (x - mean) / sqrt(variance + epsilon) + bias

    In training, mean and variance are those of the M values that a channel has in the batch:
    M = N*H*W for images (N, H, W, C), M = N for vectors (N, C). Each batch moves the buffers
    `running_mean` and `running_variance`, which evaluation uses instead, so there an image's
    output does not depend on its companions:

    running <- momentum * running + (1 - momentum) * statistic of the batch

    As in PyTorch, y is made with the sum of squares over M, `running_variance` with that over
    M - 1. A batch of a single vector has no variance: y = bias, and the buffers stay as they are.
    A bias of the layer before has no effect, it is subtracted with the mean: `Conv2d(bias=False)`
    leaves it out. Input and output of any one shape; params `weight` (C,), at first ones, and
    `bias` (C,), zeros.

    Args:
        momentum: Share of the running statistics that each batch leaves, in [0, 1). Mind that
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
        """Move the running statistics towards those of a batch."""
        if count == 1:
            return
        unbiased = variance * (count / (count - 1))
        for name, statistic in (("running_mean", mean), ("running_variance", unbiased)):
            self.buffers[name] *= self.momentum
            self.buffers[name] += (1 - self.momentum) * statistic

    def _spread(self, values: Array) -> Array:
        """Repeat (C,) for a row of pixels: NumPy is slow at broadcasting along short axes."""
        row = self.in_shape[-2:]
        return np.tile(values, math.prod(row[:-1])).reshape(row)


def _sum(values: Array) -> Array:
    """Return the sum of each channel, (C,): of whole rows of pixels first, for the same reason."""
    total: Array = values.sum(axis=tuple(range(values.ndim - 2))).sum(axis=0)
    return total
