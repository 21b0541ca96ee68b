"""The layer between images and dense layers."""

import math
from dataclasses import dataclass

from netlib.arrays import Array, Rng, Shape
from netlib.layers.layer import Backward, Layer, Mode


@dataclass(eq=False)
class Flatten(Layer):
    """Put the values of each image in one row: (N, H, W, C) to (N, H*W*C).

    Values keep their order in memory, channels fastest. The output shares the input's memory.
    """

    def _build(self, in_shape: Shape, _rng: Rng, /) -> Shape:
        return (math.prod(in_shape),)

    def _forward(self, x: Array, _mode: Mode, /) -> tuple[Array, Backward]:
        def backward(dy: Array) -> Array:
            return dy.reshape(x.shape)

        return x.reshape(len(x), *self.out_shape), backward
