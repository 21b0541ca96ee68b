"""Exact convolution: products of columns with the filters.

*Columns* are a matrix with a patch of the padded images in each row. The patches are copied once;
BLAS does the rest.

    forward           y  = columns(x)  @ weight
    weight gradient   dw = columns(x).T @ dy
    input gradient    dx = columns(dy) @ flipped weight,   dy spread out by the stride

In NHWC a patch is K runs of K*C contiguous values, so the copy runs at the speed of memory.
Columns are made for a few images at a time and used while they are in cache. Where patches are
short, as in a first layer, one wider patch serves a *tile* of neighbouring outputs, and the matrix
holds a shifted copy of the filters for each of them (block Toeplitz). This multiplies by some
zeros, but copies less and gives BLAS a wider product.
"""

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import as_strided

from netlib.arrays import Array, Shape, Weights
from netlib.blas import SMALL_PRODUCT, sum_rows
from netlib.convolution.geometry import Geometry
from netlib.scratch import Scratch

COLUMN_BYTES = 1 << 21
"""Size of the columns made at a time, about an L2 cache; always at least those of one image."""

SHORT_PATCH, TILED_FILTERS = 64, 64
"""Largest patch, in values, that 2 or 4 outputs share, and most filters these may have in total."""


class Columns:
    """The passes of one convolution layer, for any stride.

    Args:
        geometry: Sizes of the convolution.
        scratch: Work memory of the layer; results stay in it until the next call.
    """

    def __init__(self, geometry: Geometry, scratch: Scratch) -> None:
        self._geometry, self._scratch = geometry, scratch
        kernel, channels = geometry.kernel, geometry.in_shape[2]
        self._x_correlation = _Correlation(
            geometry.out_shape, channels, kernel, geometry.stride, scratch
        )
        self._dy_correlation = _Correlation(geometry.in_shape, geometry.filters, kernel, 1, scratch)

    def forward(self, x: Array, weight: Array, bias: Array | None) -> tuple[Array, Array]:
        """Return y and the padded images; see `Convolution.forward`."""
        padded = self._x_correlation.pad("padded x", x, self._geometry.before, 1)
        y: Array = self._scratch("y", (len(x), *self._geometry.out_shape), x.dtype)
        self._x_correlation.apply(padded, weight, bias, out=y)
        return y, padded

    def backward(
        self, kept: Array, dy: Array, weight: Array, grads: Weights, *, input_gradient: bool
    ) -> Array:
        """Fill the gradients and return dx; see `Convolution.backward`.

        With a stride, zeros are put between the values of dy first, which makes the input gradient
        stride^2 times as much work.
        """
        flat = dy.reshape(-1, self._geometry.filters)
        self._x_correlation.weight_gradient(kept, flat.reshape(dy.shape), grads["weight"])
        if "bias" in grads:
            grads["bias"][...] = sum_rows(flat)
        if not input_gradient:
            return np.empty(0, dy.dtype)
        dx: Array = self._scratch("dx", (len(dy), *self._geometry.in_shape), dy.dtype)
        padded = self._dy_correlation.pad(
            "padded dy", dy, self._geometry.before_dy, self._geometry.stride
        )
        flipped = np.ascontiguousarray(weight[::-1, ::-1].swapaxes(2, 3))
        self._dy_correlation.apply(padded, flipped, None, out=dx)
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
        used = x[
            :, : inside.shape[1], : inside.shape[2]
        ]  # a stride may leave the last pixels unused
        inside[:, : used.shape[1], : used.shape[2]] = used
        return frame

    def apply(self, padded: Array, weight: Array, bias: Array | None, out: Array) -> None:
        """Correlate padded images with filters (K, K, C, F)."""
        matrix = self._spread_filters(weight)
        tiles = self._columns // self._tile
        # A product for each row of pixels if those are small products, else one for each block.
        rows = tiles if tiles * matrix.size <= SMALL_PRODUCT else self._rows * tiles
        for images, columns in self._blocks(padded):
            stack = columns.reshape(-1, rows, columns.shape[1])
            np.matmul(stack, matrix, out=out[images].reshape(len(stack), rows, -1))
            if bias is not None:
                lines = out[images].reshape(-1, self._columns * self._filters)
                lines += np.tile(bias, self._columns)

    def weight_gradient(self, padded: Array, dy: Array, out: Array) -> None:
        """Sum the gradient of the filters over all images into `out`."""
        shape = (self._tile * self._filters, self._kernel * self._patch * self._channels)
        total, share = (self._scratch(name, shape, dy.dtype) for name in ("total", "share"))
        total.fill(0)
        for images, columns in self._blocks(padded):
            flat_dy = dy[images].reshape(len(columns), -1)
            total += np.matmul(flat_dy.T, columns, out=share)
        self._gather_filters(total.T, out)

    def _blocks(self, padded: Array) -> Iterator[tuple[slice, Array]]:
        """Yield slices of a few images with their columns (patches, values of a patch)."""
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
        """Sum the gradients of all copies that `_spread_filters` makes of each filter value."""
        shape = (self._kernel, self._patch, self._channels, self._tile, self._filters)
        copies = matrix.reshape(shape)
        out.fill(0)
        for j in range(self._tile):
            out += copies[:, j * self._stride :][:, : self._kernel, :, j]
