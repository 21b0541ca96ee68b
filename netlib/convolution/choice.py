"""The two ways to compute a convolution, and the choice: exact, or with fewer multiplications.

In both, BLAS does the work in matrix products; they differ in what is multiplied.

*Exact* (`columns.py`): every patch, K*K*C values, is copied to a row of a matrix, and
y = columns @ weight. This works for every convolution, without further rounding.

*Faster*, a few images at a time, so that all intermediate results stay in an L2 cache:

    images -> strip      The images lie next to each other. K neighbouring pixels of a row, K*C
                         values, already form a row of a matrix: no patches are copied
                         (`strips.py`).
    strip -> points      m + K - 1 rows of pixels are combined into as many other rows, the points
                         (`toom_cook.py`, like the next two steps).
    points -> products   One matrix product for each point, where m rows of outputs would take K
                         each: 11 instead of 35 for K = 5, 9 instead of 21 for K = 3.
    products -> outputs  The products are combined into m rows of outputs.
    outputs -> images    The outputs are copied to an array without gaps for the next layer.

The input gradient is computed in the same way from dy and the flipped filters. The weight gradient
takes the steps in reverse, with the points that `forward` kept. All this rounds to about 1e-5 of
the largest output, and needs a stride of 1 and patches that are long enough. The choice depends on
sizes only: if it were timed, results would depend on what else the machine is doing.
"""

from typing import Protocol

from netlib.arrays import Array, Weights
from netlib.convolution.columns import Columns
from netlib.convolution.geometry import Geometry
from netlib.convolution.strips import StripConvolution
from netlib.scratch import Scratch

SHORTEST_PATCH_ROW = 40
"""Values in a row of a patch, K * C, from which Toom-Cook is faster: BLAS is slow at short rows."""


class Convolution(Protocol):
    """The passes of one convolution layer, for any batch size."""

    def forward(self, x: Array, weight: Array, bias: Array | None) -> tuple[Array, Array]:
        """Convolve a batch.

        Args:
            x: (N, H, W, C); its axes may lie in memory in any order.
            weight: (K, K, C, F).
            bias: (F,), or None to add nothing.

        Returns:
            y (N, H', W', F), and whatever `backward` needs to know about x.
        """
        ...

    def backward(
        self, kept: Array, dy: Array, weight: Array, grads: Weights, *, input_gradient: bool
    ) -> Array:
        """Fill the gradients of a batch.

        Args:
            kept: Second result of `forward` for the same batch.
            dy: (N, H', W', F); its axes may lie in memory in any order.
            weight: (K, K, C, F).
            grads: "weight" and, if there is one, "bias"; overwritten.
            input_gradient: Whether dx is wanted.

        Returns:
            dx (N, H, W, C), or an empty array if it is not wanted.
        """
        ...


def convolution(geometry: Geometry, scratch: Scratch, *, exact: bool = False) -> Convolution:
    """Return the faster way where it works and pays off, else the exact one.

    Args:
        geometry: Sizes of the convolution.
        scratch: Work memory; results stay in it until the next call.
        exact: Whether to compute exactly in any case.
    """
    long_enough = geometry.kernel * geometry.in_shape[2] >= SHORTEST_PATCH_ROW
    if not exact and long_enough and geometry.stride == 1 and 3 <= geometry.kernel <= 7:
        return StripConvolution(geometry, scratch)
    return Columns(geometry, scratch)
