"""The convolution layer; the arithmetic is in `netlib/convolution`."""

from dataclasses import dataclass, field
from typing import Literal

from netlib.arrays import Array, Rng, Shape
from netlib.checks import check_count
from netlib.convolution.choice import convolution
from netlib.convolution.geometry import Geometry
from netlib.errors import ConfigError, ShapeError
from netlib.initializers import Initializer, he_normal, zeros
from netlib.layers.layer import Backward, Layer, Mode


@dataclass(eq=False)
class Conv2d(Layer):
    """Slide filters over images: y[n, i, j, f] = bias[f] + sum x[n, i*s+a, j*s+b, c] w[a, b, c, f].

    Input (N, H, W, C), output (N, H', W', F); params `weight` (K, K, C, F) and, unless switched
    off, `bias` (F,). As everywhere in deep learning, this is really a cross-correlation. "same"
    surrounds the image with zeros so that H' = ceil(H / stride); "valid" adds none, so that
    H' = (H - K) // stride + 1.

    Args:
        filters: F, at least 1.
        kernel: K, rows and columns of a filter, at least 1.
        padding: "same" or "valid". If the total of zeros is odd, one more goes below and right.
        stride: s, step between neighbouring outputs, at least 1.
        exact: Whether to compute each product and sum as written. Otherwise Toom-Cook is used for
            sizes where it is faster; it rounds to about 1e-5 of the largest output.
        bias: Whether to add a bias. Before a BatchNorm, which subtracts it again, it is a waste.
        weight_init: Initializer of the weight; the default suits ReLU.
        bias_init: Initializer of the bias.

    Raises:
        ConfigError: If a count is not a positive integer or the padding has another name.
    """

    filters: int
    kernel: int = 3
    padding: Literal["same", "valid"] = "same"
    stride: int = 1
    exact: bool = False
    bias: bool = True
    weight_init: Initializer = field(default=he_normal, repr=False)
    bias_init: Initializer = field(default=zeros, repr=False)

    def __post_init__(self) -> None:
        for name in ("filters", "kernel", "stride"):
            check_count("Conv2d", name, getattr(self, name))
        if self.padding not in ("same", "valid"):
            raise ConfigError(
                f"Conv2d: expected padding 'same' or 'valid', got {self.padding!r}; choose one"
            )

    @property
    def symbol(self) -> str:
        """C and the number of filters."""
        return f"C{self.filters}"

    def _build(self, in_shape: Shape, rng: Rng, /) -> Shape:
        smallest = self.kernel if self.padding == "valid" else 1
        if len(in_shape) != 3 or min(in_shape[:2]) < smallest:
            raise ShapeError(
                f"{self!r}: expected inputs of shape (H, W, C) with H, W >= {smallest}, "
                f"got {in_shape}; give images with a channel axis, or a smaller kernel"
            )
        channels = in_shape[2]
        shape = (self.kernel, self.kernel, channels, self.filters)
        fans = (self.kernel**2 * channels, self.kernel**2 * self.filters)
        self._add_param("weight", self.weight_init(rng, shape, *fans))
        if self.bias:
            self._add_param("bias", self.bias_init(rng, (self.filters,), *fans))
        self._convolution = convolution(self.geometry, self.scratch, exact=self.exact)
        return self.geometry.out_shape

    @property
    def geometry(self) -> Geometry:
        """The sizes of the convolution, once the layer is built."""
        return Geometry(self.in_shape, self.filters, self.kernel, self.padding, self.stride)

    def _forward(self, x: Array, mode: Mode, /) -> tuple[Array, Backward]:
        weight, bias = self.params["weight"], self.params.get("bias")
        y, kept = self._convolution.forward(x, weight, bias)

        def backward(dy: Array) -> Array:
            return self._convolution.backward(
                kept, dy, weight, self.grads, input_gradient=mode.input_gradient
            )

        return y, backward
