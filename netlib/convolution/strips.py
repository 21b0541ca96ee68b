"""Convolution on images that lie next to each other in memory, so that no patches are copied.

A *strip* (rows, places, C) holds a block of images next to each other, with zeros in between. In
one of its rows a patch, K places wide, is K*C neighbouring values. Cut the row into pieces of K
places: each piece is a patch, and together they form a matrix of patches without any copying. Cut
again starting at place 1, then at 2, and so on: K cuts give all patches. Some patches straddle two
images; they are a few per cent, and the outputs computed from them are never read.

`StripConvolution` runs the arithmetic of `toom_cook.py` on such strips, a few images at a time so
that all intermediate results stay in cache. Results are copied out of the strips while they are
still in cache, so that the next layers get images without gaps.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from netlib.arrays import Array, Shape, Weights
from netlib.blas import sum_rows
from netlib.convolution.geometry import Geometry
from netlib.convolution.toom_cook import ToomCook, choose_outputs, view
from netlib.scratch import Scratch

BLOCK_BYTES = 5 << 18
"""Size of the points and products of the images handled at a time: about an L2 cache."""


@dataclass(frozen=True)
class Strips:
    """Where the images of a convolution lie in strips, for a stride of 1.

    Args:
        geometry: Sizes of the convolution.
    """

    geometry: Geometry

    @cached_property
    def pitch(self) -> int:
        """Places from one image to the next; neighbours share the zeros between them."""
        return self.geometry.in_shape[1] + max(self.geometry.before[1], self.geometry.after[1])

    def places(self, n: int) -> int:
        """Return the length of a strip of n images, rounded up to a multiple of K."""
        kernel, zeros = self.geometry.kernel, (self.geometry.before[1], self.geometry.after[1])
        beyond = max(min(zeros), kernel - 1 - max(zeros))  # read by some pass
        return -(-(n * self.pitch + beyond) // kernel) * kernel

    def images(self, rows: Array, n: int, shape: Shape, start: tuple[int, int] = (0, 0)) -> Array:
        """Return the view (N, H, W, C) of n images of one shape in (rows, places, C)."""
        places, channels = rows.shape[1:]
        steps = (self.pitch * channels, places * channels, channels, 1)
        return view(rows, (n, *shape), steps, (start[0] * places + start[1]) * channels)


class StripConvolution:
    """The passes of one convolution layer with a stride of 1.

    Args:
        geometry: Sizes of the convolution.
        scratch: Work memory of the layer; results stay in it until the next call.
    """

    def __init__(self, geometry: Geometry, scratch: Scratch) -> None:
        (rows, _, channels), (out_rows, _, filters) = geometry.in_shape, geometry.out_shape
        m = choose_outputs(out_rows, geometry.kernel)
        self._geometry, self._scratch, self._strips = geometry, scratch, Strips(geometry)
        self._x_correlation = ToomCook(m, geometry.kernel, -(-out_rows // m), scratch)
        self._dy_correlation = ToomCook(m, geometry.kernel, -(-rows // m), scratch)
        image_values = self._x_correlation.lines * self._strips.pitch * (channels + filters)
        self.block = max(1, BLOCK_BYTES // (4 * image_values))

    def forward(self, x: Array, weight: Array, bias: Array | None) -> tuple[Array, Array]:
        """Return y (N, H', W', F), and the points of x for `backward`.

        Args:
            x: (N, H, W, C), in any order in memory.
            weight: (K, K, C, F).
            bias: (F,), or None to add nothing.
        """
        n, strips, correlation = len(x), self._strips, self._x_correlation
        size = (correlation.lines + 1) * strips.places(min(n, self.block)) * x.shape[3]
        kept: Array = self._scratch("kept", (-(-n // self.block), size), x.dtype)
        y: Array = self._scratch("y", (n, *self._geometry.out_shape), x.dtype)
        filters = correlation.transform_filters(weight)
        for images, points in zip(self._blocks(n), kept, strict=True):
            strip = self._lay_out("x", x[images], correlation.strip_rows, self._geometry.before)
            correlation.transform(strip, points)
            self._compute(correlation, points, filters, out=y[images])
            if bias is not None:
                lines = y[images].reshape(-1, y.shape[2] * len(bias))  # while they are in cache
                lines += np.tile(bias, y.shape[2])
        return y, kept

    def backward(
        self, kept: Array, dy: Array, weight: Array, grads: Weights, *, input_gradient: bool
    ) -> Array:
        """Fill the gradients; return dx (N, H, W, C), or an empty array if it is not wanted.

        Args:
            kept: As returned by `forward`.
            dy: (N, H', W', F), in any order in memory.
            weight: (K, K, C, F).
            grads: "weight" and, if there is one, "bias"; overwritten.
            input_gradient: Whether dx is wanted.
        """
        n = len(dy)
        x_correlation, dy_correlation = self._x_correlation, self._dy_correlation
        total: Array = self._scratch("total", (x_correlation.points, *weight.shape[1:]), dy.dtype)
        total.fill(0)
        for gradient in grads.values():
            gradient.fill(0)
        filters = dy_correlation.transform_filters(weight[::-1, ::-1].swapaxes(2, 3))
        shape = (n if input_gradient else 0, *self._geometry.in_shape)
        dx: Array = self._scratch("dx", shape, dy.dtype)
        start = self._geometry.before_dy
        rows = max(dy_correlation.strip_rows, start[0] + x_correlation.rows)
        for images, points in zip(self._blocks(n), kept, strict=True):
            strip = self._lay_out("dy", dy[images], rows, start)
            x_correlation.add_weight_gradient(points, strip, start, total)
            if "bias" in grads:
                grads["bias"] += sum_rows(strip.reshape(-1, strip.shape[2]))
            if input_gradient:
                work = self._scratch(
                    "work", ((dy_correlation.lines + 1) * strip[0].size,), dy.dtype
                )
                dy_correlation.transform(strip, work)
                self._compute(dy_correlation, work, filters, out=dx[images])
        x_correlation.finish_weight_gradient(total, grads["weight"])
        return dx

    def _blocks(self, n: int) -> Iterator[slice]:
        """Yield slices of the images to handle at a time."""
        for start in range(0, n, self.block):
            yield slice(start, min(start + self.block, n))

    def _lay_out(self, name: str, images: Array, rows: int, start: tuple[int, int]) -> Array:
        """Copy images into a strip of zeros, with a spare row at its end."""
        n, channels = len(images), images.shape[3]
        shape = (rows + 1, self._strips.places(n), channels)
        # A separate array for each number of images, because the zeros lie elsewhere in each.
        strip: Array = self._scratch(f"{name} {n}", shape, images.dtype)
        self._strips.images(strip, n, images.shape[1:], start)[...] = images
        return strip

    def _compute(self, correlation: ToomCook, points: Array, filters: Array, out: Array) -> None:
        """Compute the outputs of a block of images from their points."""
        places = self._strips.places(len(out))
        strip = self._scratch("outputs", (correlation.rows, places, out.shape[3]), out.dtype)
        correlation.multiply(points, filters, out=strip)
        out[...] = self._strips.images(strip, len(out), out.shape[1:])
