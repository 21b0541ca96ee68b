"""The logistic function."""

from dataclasses import dataclass

import numpy as np

from netlib.arrays import Array
from netlib.layers.layer import Backward, Layer, Mode


@dataclass(eq=False)
class Sigmoid(Layer):
    """Squash values into (0, 1): y = 1 / (1 + exp(-x)), with derivative y * (1 - y).

    Computed as (tanh(x / 2) + 1) / 2, which never overflows. Input and output have the same shape,
    any shape.
    """

    def _forward(self, x: Array, _mode: Mode, /) -> tuple[Array, Backward]:
        y: Array = self.scratch("y", x.shape, self.dtype)
        np.multiply(x, 0.5, out=y)
        np.tanh(y, out=y)
        y += 1
        y *= 0.5

        def backward(dy: Array) -> Array:
            dx: Array = self.scratch("dx", y.shape, self.dtype)
            np.subtract(1, y, out=dx)
            dx *= y
            dx *= dy
            return dx

        return y, backward
