"""The leaky rectified linear unit."""

from dataclasses import dataclass

import numpy as np

from netlib.arrays import Array
from netlib.checks import check_range
from netlib.layers.layer import Backward, Layer, Mode


@dataclass(eq=False)
class LeakyReLU(Layer):
    """Shrink negative values: y = x if x > 0, else slope * x, with derivative `slope` at 0.

    Input and output have the same shape, any shape.

    Args:
        slope: Factor for negative values, in [0, 1).

    Raises:
        ConfigError: If the slope lies outside [0, 1).

    Source: Maas et al. 2013.
    """

    slope: float = 0.01

    def __post_init__(self) -> None:
        check_range("LeakyReLU", "slope", self.slope, "[0, 1)")

    def _forward(self, x: Array, _mode: Mode, /) -> tuple[Array, Backward]:
        y: Array = self.scratch("y", x.shape, self.dtype)
        np.multiply(x, self.slope, out=y)
        np.maximum(x, y, out=y)

        def backward(dy: Array) -> Array:
            # The derivative as (y > 0) * (1 - slope) + slope, which is faster than np.where.
            dx: Array = self.scratch("dx", y.shape, self.dtype)
            np.greater(y, 0, out=dx)
            dx *= 1 - self.slope
            dx += self.slope
            dx *= dy
            return dx

        return y, backward
