"""This file holds the fully connected layer."""

from dataclasses import dataclass, field

import numpy as np

from netlib.arrays import Array, Rng, Shape
from netlib.checks import check_count
from netlib.convolution.columns import SMALL_PRODUCT
from netlib.errors import ShapeError
from netlib.initializers import Initializer, he_normal, zeros
from netlib.layers.layer import Backward, Layer, Mode


@dataclass(eq=False)
class Dense(Layer):
    """Connect every input with every unit: y = x @ weight + bias.

    Input (N, D), output (N, U); params `weight` (D, U) and `bias` (U,).

    Args:
        units: U, at least 1.
        weight_init: Draws the weight, by default for ReLU.
        bias_init: Draws the bias.

    Raises:
        ConfigError: If `units` is not a positive integer.
    """

    units: int
    weight_init: Initializer = field(default=he_normal, repr=False)
    bias_init: Initializer = field(default=zeros, repr=False)

    def __post_init__(self) -> None:
        check_count("Dense", "units", self.units)

    @property
    def symbol(self) -> str:
        """FC and the number of units."""
        return f"FC{self.units}"

    def _build(self, in_shape: Shape, rng: Rng, /) -> Shape:
        if len(in_shape) != 1:
            raise ShapeError(
                f"{self!r}: expected inputs of shape (D,), got {in_shape}; put Flatten() before it"
            )
        fans = (in_shape[0], self.units)
        self._add_param("weight", self.weight_init(rng, fans, *fans))
        self._add_param("bias", self.bias_init(rng, (self.units,), *fans))
        return (self.units,)

    def _forward(self, x: Array, mode: Mode, /) -> tuple[Array, Backward]:
        weight, bias = self.params["weight"], self.params["bias"]
        y = self.scratch("y", (len(x), self.units), self.dtype)
        _multiply(x, weight, out=y)
        y += bias

        def backward(dy: Array) -> Array:
            _multiply(x.T, dy, out=self.grads["weight"])
            np.add.reduce(dy, axis=0, out=self.grads["bias"])
            if not mode.input_gradient:
                return np.empty(0, self.dtype)
            return np.matmul(dy, weight.T, out=self.scratch("dx", x.shape, self.dtype))

        return y, backward


def _multiply(a: Array, b: Array, out: Array) -> None:
    """Write a @ b, if that helps in up to 8 pieces of some columns each.

    For products up to `SMALL_PRODUCT` OpenBLAS does not copy the matrices first, which for small
    batches takes half as long as the arithmetic.
    """
    size, columns = a.size * b.shape[1], b.shape[1]
    if SMALL_PRODUCT < size <= 8 * SMALL_PRODUCT:
        pieces = next((n for n in (2, 4, 8) if size <= n * SMALL_PRODUCT and columns % n == 0), 1)
        b, out = (m.reshape(len(m), pieces, -1).swapaxes(0, 1) for m in (b, out))
    # An outer product, as for a single image, takes BLAS up to ten times as long, to the same bits.
    (np.multiply if a.shape[1] == 1 else np.matmul)(a, b, out=out)
