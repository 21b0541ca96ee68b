"""Sizes of a convolution."""

from dataclasses import dataclass
from functools import cached_property

from netlib.arrays import Shape


@dataclass(frozen=True)
class Geometry:
    """The sizes of a convolution, given and derived.

    Args:
        in_shape: (H, W, C) of one image.
        filters: F.
        kernel: K.
        padding: "same" or "valid".
        stride: s.
    """

    in_shape: Shape
    filters: int
    kernel: int
    padding: str
    stride: int

    @cached_property
    def out_shape(self) -> Shape:
        """(H', W', F) of one output."""
        return (self._axis(0)[0], self._axis(1)[0], self.filters)

    @cached_property
    def before(self) -> tuple[int, int]:
        """Zeros above and to the left of the image."""
        return (self._axis(0)[1], self._axis(1)[1])

    @cached_property
    def after(self) -> tuple[int, int]:
        """Zeros below and to the right of the image."""
        below, right = (
            max((length - 1) * self.stride + self.kernel - available - zeros, 0)
            for length, available, zeros in zip(
                self.out_shape, self.in_shape, self.before, strict=False
            )
        )
        return below, right

    @cached_property
    def before_dy(self) -> tuple[int, int]:
        """Zeros above and to the left of dy when the input gradient is computed."""
        return (self.kernel - 1 - self.before[0], self.kernel - 1 - self.before[1])

    def _axis(self, axis: int) -> tuple[int, int]:
        """Return the output length and the zeros before the image along one axis."""
        length = self.in_shape[axis]
        if self.padding == "valid":
            return (length - self.kernel) // self.stride + 1, 0
        out_length = -(-length // self.stride)
        total = max((out_length - 1) * self.stride + self.kernel - length, 0)
        return out_length, total // 2
