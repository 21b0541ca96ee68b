"""The fully connected layer."""

from dataclasses import dataclass, field

import numpy as np

from netlib.arrays import Array, Rng, Shape
from netlib.blas import multiply
from netlib.checks import check_count
from netlib.errors import ShapeError
from netlib.initializers import Initializer, he_normal, zeros
from netlib.layers.layer import Backward, Layer, Mode


@dataclass(eq=False)
class Dense(Layer):
    """Connect every input to every unit: y = x @ weight + bias.

    Input (N, D), output (N, U); params `weight` (D, U) and `bias` (U,).

    Args:
        units: U, at least 1.
        weight_init: Initializer of the weight; the default suits ReLU.
        bias_init: Initializer of the bias.

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
        multiply(x, weight, out=y)
        y += bias

        def backward(dy: Array) -> Array:
            multiply(x.T, dy, out=self.grads["weight"])
            np.add.reduce(dy, axis=0, out=self.grads["bias"])
            if not mode.input_gradient:
                return np.empty(0, self.dtype)
            return np.matmul(dy, weight.T, out=self.scratch("dx", x.shape, self.dtype))

        return y, backward
