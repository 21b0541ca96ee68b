"""This file holds max pooling."""

from dataclasses import dataclass

import numpy as np

from netlib.arrays import Array, Rng
from netlib.layers.layer import Backward
from netlib.layers.pool2d import Pool2d


@dataclass(eq=False)
class MaxPool2d(Pool2d):
    """Keep the largest value of each window of each channel; `Pool2d` tells of the windows.

    The gradient goes to the maximum, the first one in row order if there are several.

    Args:
        size: Rows and columns of a window, at least 1.
        stride: Step from window to window; by default the size, so that windows do not overlap.

    Raises:
        ConfigError: If `size` or `stride` is not a positive integer.
    """

    @property
    def symbol(self) -> str:
        """P for pooling."""
        return "P"

    def _forward(self, x: Array, _rng: Rng | None, /) -> tuple[Array, Backward]:
        y: Array = self.scratch("y", (len(x), *self.out_shape), self.dtype)
        first, *others = self._views(x)
        np.copyto(y, first)
        for view in others:
            np.maximum(y, view, out=y)

        def backward(dy: Array) -> Array:
            dx = self._empty_gradient(x, y)
            unclaimed, hit = (self.scratch(name, y.shape, np.bool_) for name in ("free", "hit"))
            unclaimed.fill(1)
            for value, target in zip(self._views(x), self._views(dx), strict=True):
                np.equal(value, y, out=hit)
                np.logical_and(hit, unclaimed, out=hit)
                np.logical_xor(unclaimed, hit, out=unclaimed)
                if self._step >= self.size:
                    np.multiply(dy, hit, out=target)
                else:
                    target += dy * hit
            return dx

        return y, backward
