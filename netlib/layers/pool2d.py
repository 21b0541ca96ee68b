"""The windows that all pooling layers share."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from netlib.arrays import Array, Rng, Shape
from netlib.checks import check_count
from netlib.errors import ShapeError
from netlib.layers.layer import Layer


@dataclass(eq=False)
class Pool2d(Layer):
    """Reduce each window of each channel to one value; subclasses say to which.

    Input (N, H, W, C), output (N, H', W', C) with H' = (H - size) // stride + 1: rows and
    columns that do not fill a window are dropped.

    Args:
        size: Rows and columns of a window, at least 1.
        stride: Step from window to window, at least 1; by default the size, so that windows do not
            overlap.

    Raises:
        ConfigError: If `size` or `stride` is not a positive integer.
    """

    size: int = 2
    stride: int | None = None

    def __post_init__(self) -> None:
        name = type(self).__name__
        check_count(name, "size", self.size)
        if self.stride is not None:
            check_count(name, "stride", self.stride)

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
        """Yield, for each position in a window, the values that all windows have there."""
        rows, columns, _ = self.out_shape
        for i in range(self.size):
            for j in range(self.size):
                bottom, right = i + rows * self._step, j + columns * self._step
                yield x[:, i : bottom : self._step, j : right : self._step]

    def _give(self, share: Array, target: Array) -> None:
        """Write gradients to one position of all windows; add them where windows overlap."""
        if self._step >= self.size:
            np.copyto(target, share)
        else:
            target += share

    def _empty_gradient(self, shape: Shape) -> Array:
        """Return memory for dx, zeroed unless the windows will write each value exactly once."""
        dx: Array = self.scratch("dx", shape, self.dtype)
        covered = math.prod(self.out_shape) * self.size**2
        if self._step != self.size or covered != math.prod(self.in_shape):
            dx.fill(0)  # windows overlap or leave pixels out
        return dx
