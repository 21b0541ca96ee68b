"""Max pooling."""

from dataclasses import dataclass

import numpy as np

from netlib.arrays import Array
from netlib.layers.layer import Backward, Mode
from netlib.layers.pool2d import Pool2d


@dataclass(eq=False)
class MaxPool2d(Pool2d):
    """Keep the largest value of each window of each channel; see `Pool2d` for its settings.

    The gradient goes to the maximum; if there are several, to the first in row order.
    """

    symbol = "P"

    def _forward(self, x: Array, _mode: Mode, /) -> tuple[Array, Backward]:
        y: Array = self.scratch("y", (len(x), *self.out_shape), self.dtype)
        first, *others = self._views(x)
        np.maximum(first, others[-1] if others else first, out=y)
        for view in others[:-1]:
            np.maximum(y, view, out=y)

        def backward(dy: Array) -> Array:
            dx, hit = self._empty_gradient(x.shape), self.scratch("hit", y.shape, np.bool_)
            share, left = (self.scratch(name, y.shape, self.dtype) for name in ("share", "left"))
            np.copyto(left, dy)  # what no maximum has received so far
            *places, (_, last) = zip(self._views(x), self._views(dx), strict=True)
            for value, target in places:
                np.multiply(left, np.equal(value, y, out=hit), out=share)
                np.subtract(left, share, out=left)
                self._give(share, target)
            self._give(left, last)
            return dx

        return y, backward
