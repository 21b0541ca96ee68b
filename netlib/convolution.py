"""This file chooses how a convolution layer computes: exactly, or with fewer multiplications.

`columns.py` copies patches into a matrix and multiplies; it does every convolution, to the last
bits of the arithmetic. `strips.py` with `toom_cook.py` multiplies a third as much and copies no
patches; it does those with a stride of 1 whose patches are long enough, and rounds to about 1e-5
of the largest output. The rule looks at sizes only: a choice by stopwatch would make results
depend on what else the machine was doing.
"""

from typing import Protocol

from netlib.arrays import Array, Weights
from netlib.columns import Columns
from netlib.geometry import Geometry
from netlib.scratch import Scratch
from netlib.strips import StripConvolution

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
            dx (N, H, W, C), or no images of that shape if it is not wanted.
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
