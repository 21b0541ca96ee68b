"""The hyperbolic tangent."""

from dataclasses import dataclass

import numpy as np

from netlib.arrays import Array
from netlib.layers.layer import Backward, Layer, Mode


@dataclass(eq=False)
class Tanh(Layer):
    """Squash values into (-1, 1): y = tanh(x), with derivative 1 - y^2.

    Input and output have the same shape, any shape.
    """

    def _forward(self, x: Array, _mode: Mode, /) -> tuple[Array, Backward]:
        y = np.tanh(x, out=self.scratch("y", x.shape, self.dtype))

        def backward(dy: Array) -> Array:
            dx: Array = self.scratch("dx", y.shape, self.dtype)
            np.multiply(y, y, out=dx)
            np.subtract(1, dx, out=dx)
            dx *= dy
            return dx

        return y, backward
