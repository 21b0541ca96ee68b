"""The rectified linear unit."""

from dataclasses import dataclass

import numpy as np

from netlib.arrays import Array
from netlib.layers.layer import Backward, Layer, Mode


@dataclass(eq=False)
class ReLU(Layer):
    """Set negative values to zero: y = max(x, 0), with derivative 0 at 0.

    Input and output have the same shape, any shape.
    """

    def _forward(self, x: Array, _mode: Mode, /) -> tuple[Array, Backward]:
        # An array of zeros: NumPy's maximum with a scalar takes three times as long.
        zeros = self.scratch("zeros", (1, *x.shape[1:]), self.dtype)
        y = np.maximum(x, zeros, out=self.scratch("y", x.shape, self.dtype))

        def backward(dy: Array) -> Array:
            positive = np.greater(y, 0, out=self.scratch("positive", y.shape, np.bool_))
            dx: Array = np.multiply(dy, positive, out=self.scratch("dx", y.shape, self.dtype))
            return dx

        return y, backward
