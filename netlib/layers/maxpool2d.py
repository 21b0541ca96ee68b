"""This file holds max pooling."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from netlib.arrays import Array, Rng, Shape
from netlib.checks import check_count
from netlib.errors import ShapeError
from netlib.layers.layer import Backward, Layer


@dataclass(eq=False)
class MaxPool2d(Layer):
    """Keep the largest value of each window of each channel.

    Input (N, H, W, C), output (N, H', W', C) with H' = (H - size) // stride + 1: rows and
    columns that fill no window are dropped. The gradient goes to the maximum, the first one in
    row order if there are several.

    Args:
        size: Rows and columns of a window, at least 1.
        stride: Step from window to window; by default the size, so that windows do not overlap.

    Raises:
        ConfigError: If `size` or `stride` is not a positive integer.
    """

    size: int = 2
    stride: int | None = None

    def __post_init__(self) -> None:
        check_count("MaxPool2d", "size", self.size)
        if self.stride is not None:
            check_count("MaxPool2d", "stride", self.stride)

    @property
    def symbol(self) -> str:
        """P for pooling."""
        return "P"

    def _build(self, in_shape: Shape, _rng: Rng, /) -> Shape:
        if len(in_shape) != 3 or min(in_shape[:2]) < self.size:
            raise ShapeError(
                f"{self!r}: expected inputs of shape (H, W, C) with H, W >= {self.size}, "
                f"got {in_shape}; use fewer or smaller pooling layers"
            )
        self._step = self.stride or self.size
        rows, columns = ((length - self.size) // self._step + 1 for length in in_shape[:2])
        return (rows, columns, in_shape[2])

    def _views(self, x: Array) -> Iterator[Array]:
        """Yield, for each place in the window, the values all windows have there."""
        rows, columns, _ = self.out_shape
        for i in range(self.size):
            for j in range(self.size):
                bottom, right = i + rows * self._step, j + columns * self._step
                yield x[:, i : bottom : self._step, j : right : self._step]

    def _forward(self, x: Array, _rng: Rng | None, /) -> tuple[Array, Backward]:
        y: Array = self.scratch("y", (len(x), *self.out_shape), self.dtype)
        first, *others = self._views(x)
        np.copyto(y, first)
        for view in others:
            np.maximum(y, view, out=y)

        def backward(dy: Array) -> Array:
            dx: Array = self.scratch("dx", x.shape, self.dtype)
            if self._step != self.size or y.size * self.size**2 != x.size:
                dx.fill(0)  # windows overlap or leave pixels out
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
