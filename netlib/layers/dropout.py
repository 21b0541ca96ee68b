"""Dropout."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netlib.arrays import Array, Rng
from netlib.checks import check_range
from netlib.layers.layer import Backward, Layer, Mode

_LEVELS = 2**16
"""Values of a 16-bit random number; more bits would make drawing the mask slower."""


@dataclass(eq=False)
class Dropout(Layer):
    """Zero each value with a probability in training, and scale the others up to keep the mean.

    y = x * keep / (1 - probability), where keep is 0 or 1 for each value; in evaluation y = x. The
    probability is rounded to a multiple of 2**-16, the resolution of the random numbers, and the
    scale uses the rounded value. Input and output have the same shape, any shape.

    Args:
        probability: Probability of zeroing a value, in [0, 1).

    Raises:
        ConfigError: If the probability lies outside [0, 1).

    Source: Srivastava et al. 2014, in the inverted form.
    """

    probability: float

    def __post_init__(self) -> None:
        check_range("Dropout", "probability", self.probability, "[0, 1)")

    def _forward(self, x: Array, mode: Mode, /) -> tuple[Array, Backward]:
        if mode.rng is None or self.probability == 0:
            return x, lambda dy: dy
        threshold = min(round(self.probability * _LEVELS), _LEVELS - 1)
        kept = np.greater_equal(_random_levels(mode.rng, x.size), threshold)
        mask: Array = self.scratch("mask", x.shape, self.dtype)
        np.copyto(mask, kept.reshape(x.shape))
        mask *= _LEVELS / (_LEVELS - threshold)
        y = np.multiply(x, mask, out=self.scratch("y", x.shape, self.dtype))

        def backward(dy: Array) -> Array:
            dx: Array = np.multiply(dy, mask, out=self.scratch("dx", x.shape, self.dtype))
            return dx

        return y, backward


def _random_levels(rng: Rng, size: int) -> NDArray[np.uint16]:
    """Draw uint16 values, four from each 64-bit number: the fastest way in NumPy."""
    n = -(-size // 4)
    if isinstance(rng.bit_generator, np.random.MT19937):  # its numbers have 32 bits
        words = rng.integers(0, 2**64 - 1, n, np.uint64, endpoint=True)
    else:
        words = rng.bit_generator.random_raw(n)
    return words.view(np.uint16)[:size]
