"""This file chooses how a convolution layer computes: exactly, or with fewer multiplications.

Either way BLAS does the work, in matrix products; the ways differ in what is multiplied.

*Exactly*, in `columns.py`: every patch, K*K*C values, is copied into a row of a matrix, and
y = columns @ weight. That does every convolution, to the last bits of the arithmetic.

*Faster*, a few images at a time, so that everything in between stays in an L2 cache:

    images -> strip      The images lie side by side. K neighbouring pixels of a row, K*C values,
                         are a row of a matrix where they lie: no patches are copied (`strips.py`).
    strip -> points      m + K - 1 rows of pixels are combined to as many others, the points
                         (`toom_cook.py`, as is all up to the outputs).
    points -> products   One matrix product for each point, where m rows of outputs would take K
                         each: 11 instead of 35 for K = 5, 9 instead of 21 for K = 3.
    products -> outputs  The products are combined to m rows of outputs,
    outputs -> images    and these are copied to where whatever comes next expects them.

The input gradient goes the same way, from dy and the flipped filters; the weight gradient goes it
backwards, with the points that `forward` kept. It rounds to about 1e-5 of the largest output, and
serves strides of 1 and patches that are long enough. The rule looks at sizes only: a choice by
stopwatch would make results depend on what else the machine was doing.
"""

from typing import Protocol

from netlib.arrays import Array, Weights
from netlib.convolution.columns import Columns
from netlib.convolution.geometry import Geometry
from netlib.convolution.strips import StripConvolution
from netlib.scratch import Scratch

SHORTEST_PATCH_ROW = 40
"""K * C from which Toom-Cook wins: below it the products are too short for BLAS."""


class Convolution(Protocol):
    """The passes of one convolution layer, for any batch size."""

    def forward(self, x: Array, weight: Array, bias: Array | None) -> tuple[Array, Array]:
        """Convolve a batch.

        Args:
            x: (N, H, W, C); its axes may lie in memory in any order.
            weight: (K, K, C, F).
            bias: (F,), or None to add nothing.

        Returns:
            y (N, H', W', F), and what `backward` needs of x.
        """
        ...

    def backward(
        self, kept: Array, dy: Array, weight: Array, grads: Weights, *, input_gradient: bool
    ) -> Array:
        """Fill the gradients of a batch.

        Args:
            kept: From the `forward` of that batch.
            dy: (N, H', W', F); its axes may lie in memory in any order.
            weight: (K, K, C, F).
            grads: "weight" and, if there is one, "bias"; overwritten.
            input_gradient: Whether dx is wanted.

        Returns:
            dx (N, H, W, C), or an empty array if it is not wanted.
        """
        ...


def convolution(geometry: Geometry, scratch: Scratch, *, exact: bool = False) -> Convolution:
    """Return the exact way, or the faster one for these sizes.

    Args:
        geometry: Sizes of the convolution.
        scratch: Work memory; results live in it until the next call.
        exact: Whether the faster way must not be taken.
    """
    long_enough = geometry.kernel * geometry.in_shape[2] >= SHORTEST_PATCH_ROW
    if not exact and long_enough and geometry.stride == 1 and 3 <= geometry.kernel <= 7:
        return StripConvolution(geometry, scratch)
    return Columns(geometry, scratch)
