"""Average pooling, over windows and over whole images."""

from dataclasses import dataclass

import numpy as np

from netlib.arrays import Array, Rng, Shape
from netlib.errors import ShapeError
from netlib.layers.layer import Backward, Layer, Mode
from netlib.layers.pool2d import Pool2d


@dataclass(eq=False)
class AveragePool2d(Pool2d):
    """Take the mean of each window of each channel; see `Pool2d` for its settings."""

    symbol = "A"

    def _forward(self, x: Array, _mode: Mode, /) -> tuple[Array, Backward]:
        y: Array = self.scratch("y", (len(x), *self.out_shape), self.dtype)
        first, *others = self._views(x)
        np.copyto(y, first)
        for view in others:
            y += view
        y *= self.size**-2

        def backward(dy: Array) -> Array:
            dx = self._empty_gradient(x.shape)
            share = self.scratch("share", y.shape, self.dtype)
            np.multiply(dy, self.size**-2, out=share)
            for target in self._views(dx):
                self._give(share, target)
            return dx

        return y, backward


@dataclass(eq=False)
class GlobalAveragePool2d(Layer):
    """Take the mean of each channel over the whole image: (N, H, W, C) to (N, C).

    Source: Lin et al. 2014 (arXiv:1312.4400).
    """

    symbol = "GA"

    def _build(self, in_shape: Shape, _rng: Rng, /) -> Shape:
        if len(in_shape) != 3:
            raise ShapeError(
                f"{self!r}: expected inputs of shape (H, W, C), got {in_shape}; "
                "put it after convolutions, before Flatten() and Dense()"
            )
        return in_shape[2:]

    def _forward(self, x: Array, _mode: Mode, /) -> tuple[Array, Backward]:
        pixels = x.shape[1] * x.shape[2]
        y: Array = self.scratch("y", (len(x), *self.out_shape), self.dtype)
        np.sum(x.sum(axis=1), axis=1, out=y)
        y /= pixels

        def backward(dy: Array) -> Array:
            dx: Array = self.scratch("dx", x.shape, self.dtype)
            dx[...] = (dy / pixels)[:, None, None, :]
            return dx

        return y, backward
