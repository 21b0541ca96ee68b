"""This file computes convolutions as matrix products.

Every pass is a product with *columns*: a matrix whose rows are the patches of the padded
images, copied out once so that BLAS can do the rest.

    forward           y  = columns(x)  @ weight
    weight gradient   dw = columns(x).T @ dy
    input gradient    dx = columns(dy) @ flipped weight,   dy spread out by the stride

Three things make it fast. In NHWC a patch is K runs of K*C contiguous values, so the copy runs at
the speed of memory. Columns are made for a few images at a time and used while they are in cache.
And where patches are short, as in a first layer, one patch serves a *tile* of neighbouring
outputs: it is wider, and the matrix holds a shifted copy of the filters for each output (block
Toeplitz). That multiplies by some zeros, but copies less and gives BLAS a wider product. Where
patches are long, `toom_cook.py` takes over, which needs half the multiplications.
"""

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import as_strided

from netlib.arrays import Array, Shape
from netlib.geometry import Geometry
from netlib.scratch import Scratch
from netlib.toom_cook import ToomCook, worthwhile

COLUMN_BYTES = 1 << 21
"""Columns are made for as many images as fit in this, about an L2 cache, but for at least one."""

SHORT_PATCH, TILED_FILTERS = 64, 64
"""Patches of up to so many values serve up to 4 outputs, if those have no more filters in all."""

SMALL_PRODUCT = 1_000_000
"""Up to about this M*N*K OpenBLAS does not pack: a product per row of pixels beats one for all."""


class Convolution:
    """The passes of one convolution layer, for any batch size.

    Args:
        geometry: Sizes of the convolution.
        scratch: Work memory of the layer; results live in it until the next call.
    """

    def __init__(self, geometry: Geometry, scratch: Scratch) -> None:
        rows, columns, channels = geometry.in_shape
        outer = geometry.kernel - 1
        self._geometry = geometry
        self._scratch = scratch
        self._correlation = _Correlation(
            geometry.out_shape, channels, geometry.kernel, geometry.stride, scratch
        )
        self._transposed = _Correlation(
            (rows, columns, channels), geometry.filters, geometry.kernel, 1, scratch
        )
        self._before_dy = (outer - geometry.before[0], outer - geometry.before[1])

    def pad(self, x: Array) -> Array:
        """Copy images (N, H, W, C) into a frame of zeros, for the two passes that read them."""
        return self._correlation.pad("padded x", x, self._geometry.before, 1)

    def forward(self, padded: Array, weight: Array, bias: Array) -> Array:
        """Return y (N, H', W', F) of images from `pad`, filters (K, K, C, F) and bias (F,)."""
        y: Array = self._scratch("y", (len(padded), *self._geometry.out_shape), padded.dtype)
        self._correlation.apply(padded, weight, bias, out=y)
        return y

    def weight_gradient(self, padded: Array, dy: Array, out: Array) -> None:
        """Write dw (K, K, C, F) for images from `pad` and dy (N, H', W', F) into `out`."""
        self._correlation.weight_gradient(padded, dy, out)

    def bias_gradient(self, dy: Array, out: Array) -> None:
        """Write the sum of dy (N, H', W', F) over images and pixels into `out` (F,)."""
        flat = dy.reshape(-1, self._geometry.filters)
        np.matmul(np.ones(len(flat), dy.dtype), flat, out=out)  # 20 times faster than a sum

    def input_gradient(self, dy: Array, weight: Array) -> Array:
        """Return dx (N, H, W, C) for dy (N, H', W', F): a convolution with the flipped filters.

        With a stride, dy is spread out by zeros first; that costs stride^2 times the work.
        """
        padded = self._transposed.pad("padded dy", dy, self._before_dy, self._geometry.stride)
        flipped = np.ascontiguousarray(weight[::-1, ::-1].swapaxes(2, 3))
        dx: Array = self._scratch("dx", (len(dy), *self._geometry.in_shape), dy.dtype)
        self._transposed.apply(padded, flipped, None, out=dx)
        return dx


class _Correlation:
    """Correlation without padding, as products of columns with a matrix.

    Args:
        out_shape: (H', W', F).
        channels: C of the input.
        kernel: K.
        stride: s.
        scratch: Work memory.
    """

    def __init__(
        self, out_shape: Shape, channels: int, kernel: int, stride: int, scratch: Scratch
    ) -> None:
        self._rows, self._columns, self._filters = out_shape
        self._channels, self._kernel, self._stride = channels, kernel, stride
        self._scratch = scratch
        self._tile = self._choose_tile()
        self._patch = kernel + (self._tile - 1) * stride  # pixels in one row of a tile's patch
        self._toom_cook = (
            ToomCook(out_shape, channels, kernel, scratch)
            if worthwhile(kernel, channels, stride)
            else None
        )

    def _choose_tile(self) -> int:
        for tile in (4, 2) if self._kernel**2 * self._channels <= SHORT_PATCH else ():
            fits = tile < self._kernel and self._columns % tile == 0
            if fits and tile * self._filters <= TILED_FILTERS:
                return tile
        return 1

    def pad(self, name: str, x: Array, before: tuple[int, int], spread: int) -> Array:
        """Copy images into a frame of zeros, their pixels `spread` apart."""
        rows = (self._rows - 1) * self._stride + self._kernel
        columns = (self._columns - 1) * self._stride + self._kernel
        frame: Array = self._scratch(name, (len(x), rows, columns, self._channels), x.dtype)
        inside = frame[:, before[0] :: spread, before[1] :: spread]
        used = x[:, : inside.shape[1], : inside.shape[2]]  # a stride may leave a rest unused
        inside[:, : used.shape[1], : used.shape[2]] = used
        return frame

    def apply(self, padded: Array, weight: Array, bias: Array | None, out: Array) -> None:
        """Correlate padded images with filters (K, K, C, F)."""
        multiply = self._toom_cook.multiply if self._toom_cook else self._multiply
        for images in multiply(padded, weight, out):
            if bias is not None:
                lines = out[images].reshape(-1, self._columns * self._filters)
                lines += np.tile(bias, self._columns)

    def _multiply(self, padded: Array, weight: Array, out: Array) -> Iterator[slice]:
        """Write columns @ matrix into `out`, yielding the images as they are done."""
        matrix = self._spread_filters(weight)
        tiles = self._columns // self._tile
        rows = tiles if tiles * matrix.size <= SMALL_PRODUCT else self._rows * tiles
        for images, columns in self._blocks(padded):
            stack = columns.reshape(-1, rows, columns.shape[1])
            np.matmul(stack, matrix, out=out[images].reshape(len(stack), rows, -1))
            yield images

    def weight_gradient(self, padded: Array, dy: Array, out: Array) -> None:
        """Sum the gradient of the filters over all images into `out`."""
        if self._toom_cook:
            self._toom_cook.weight_gradient(padded, dy, out)
            return
        shape = (self._tile * self._filters, self._kernel * self._patch * self._channels)
        total, share = (self._scratch(name, shape, dy.dtype) for name in ("total", "share"))
        total.fill(0)
        for images, columns in self._blocks(padded):
            flat_dy = dy[images].reshape(len(columns), -1)
            total += np.matmul(flat_dy.T, columns, out=share)
        self._gather_filters(total.T, out)

    def _blocks(self, padded: Array) -> Iterator[tuple[slice, Array]]:
        """Yield images, a few at a time, with their columns (rows of patches, patch values)."""
        tiles = self._columns // self._tile
        run = self._patch * self._channels
        n, (image, row, pixel, value) = len(padded), padded.strides
        windows = as_strided(
            padded,
            (n, self._rows, tiles, self._kernel, run),
            (image, self._stride * row, self._tile * self._stride * pixel, row, value),
        )
        patches = self._rows * tiles
        size = max(1, COLUMN_BYTES // (patches * self._kernel * run * padded.itemsize))
        for start in range(0, n, size):
            images = slice(start, min(start + size, n))
            shape = (images.stop - start, *windows.shape[1:])
            columns = self._scratch("columns", shape, padded.dtype)
            np.copyto(columns, windows[images])
            yield images, columns.reshape(-1, self._kernel * run)

    def _spread_filters(self, weight: Array) -> Array:
        """Return the matrix (patch, tile * F) of shifted copies of the filters."""
        if self._tile == 1:
            return weight.reshape(-1, self._filters)
        shape = (self._kernel, self._patch, self._channels, self._tile, self._filters)
        matrix: Array = np.zeros(shape, weight.dtype)
        for j in range(self._tile):
            matrix[:, j * self._stride :][:, : self._kernel, :, j] = weight
        return matrix.reshape(-1, self._tile * self._filters)

    def _gather_filters(self, matrix: Array, out: Array) -> None:
        """Add up what belongs to each filter value in a gradient of `_spread_filters`."""
        shape = (self._kernel, self._patch, self._channels, self._tile, self._filters)
        copies = matrix.reshape(shape)
        out.fill(0)
        for j in range(self._tile):
            out += copies[:, j * self._stride :][:, : self._kernel, :, j]
