"""This file convolves with fewer multiplications: Toom-Cook along the rows of an image.

m neighbouring outputs of a row depend on a = m + k - 1 inputs. Read both as polynomials: one
product at each of a points replaces m * k products, and the outputs come back by interpolation,

    y = AT @ ((G @ w) * (BT @ x)),    AT = V(m).T,  G = V(k),  BT = inv(V(a)).T

V(n) being the Vandermonde matrix of the points with n columns. For k = 5 and m = 4 that is 8
products instead of 20. The transformations are matrix products too, and so BLAS does all the
work; along the columns of the image and over the channels it is a sum over patches as ever.

Source: Winograd 1980; Lavin and Gray 2016 (arXiv:1509.09308) in two dimensions. Differs: one
dimension, which loses little, keeps the products long, and rounds to 2e-6 instead of 1e-4.
"""

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import as_strided

from netlib.arrays import Array, Shape
from netlib.scratch import Scratch

OUTPUTS = 4
"""m. 5 is a little faster for some shapes and rounds four times as coarsely."""

BLOCK_BYTES = 1 << 20
"""Images are handled a few at a time, so that their transformed patches stay within this."""

_POINTS = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 4.0)  # and infinity, always the last


def worthwhile(kernel: int, channels: int, stride: int) -> bool:
    """Return whether this way beats columns: strides of 1 and patches that are long enough."""
    return stride == 1 and 3 <= kernel <= 5 and kernel * channels >= 40


class ToomCook:
    """Correlation without padding and with stride 1.

    Args:
        out_shape: (H', W', F).
        channels: C of the input.
        kernel: K.
        scratch: Work memory.
    """

    def __init__(self, out_shape: Shape, channels: int, kernel: int, scratch: Scratch) -> None:
        self._rows, columns, self._filters = out_shape
        self._channels, self._kernel, self._scratch = channels, kernel, scratch
        self._points = OUTPUTS + kernel - 1
        self._tiles = -(-columns // OUTPUTS)
        to_outputs, self._to_filter, to_inputs = _transformations(OUTPUTS, kernel)
        # One matrix for a whole row of tiles: the small one again and again, further along.
        into = np.zeros((self._points, self._tiles, self._tiles * OUTPUTS + kernel - 1))
        back = np.zeros((self._tiles * OUTPUTS, self._points, self._tiles))
        for tile in range(self._tiles):
            start = tile * OUTPUTS
            into[:, tile, start : start + self._points] = to_inputs
            back[start : start + OUTPUTS, :, tile] = to_outputs
        # The last tile may reach beyond the row: it reads zeros and writes nothing there.
        self._into = into.reshape(self._points * self._tiles, -1)[:, : columns + kernel - 1]
        self._back = back.reshape(-1, self._points * self._tiles)[:columns]

    def multiply(self, padded: Array, weight: Array, out: Array) -> Iterator[slice]:
        """Write correlations into `out`, yielding the images as they are done.

        Args:
            padded: (N, H' + K - 1, W' + K - 1, C) images.
            weight: (K, K, C, F) filters.
            out: (N, H', W', F), overwritten.
        """
        back, filters = self._back.astype(out.dtype), self._transform_filters(weight)
        for images, inputs in self._blocks(padded):
            products = self._scratch("products", (*inputs.shape[:2], self._filters), out.dtype)
            np.matmul(inputs, filters, out=products)
            shape = (self._points, len(out[images]), self._rows, self._tiles, self._filters)
            by_row = products.reshape(shape).transpose(1, 2, 0, 3, 4)
            outputs = self._scratch("outputs", by_row.shape, out.dtype)
            np.copyto(outputs, by_row)
            lines = outputs.reshape(*by_row.shape[:2], -1, self._filters)
            np.matmul(back, lines, out=out[images])
            yield images

    def weight_gradient(self, padded: Array, dy: Array, out: Array) -> None:
        """Sum the gradient of the filters over all images: each step of `multiply`, transposed.

        Args:
            padded: As for `multiply`.
            dy: (N, H', W', F) gradient of the outputs.
            out: (K, K, C, F), overwritten.
        """
        back = np.ascontiguousarray(self._back.T, dy.dtype)
        shape = (self._points, self._filters, self._kernel * self._channels)
        total, share = (self._scratch(name, shape, dy.dtype) for name in ("sum", "part"))
        total.fill(0)
        for images, inputs in self._blocks(padded):
            lines = back @ dy[images]
            split = (len(lines), self._rows, self._points, self._tiles, self._filters)
            by_point = lines.reshape(split).transpose(2, 0, 1, 3, 4)
            outputs = self._scratch("products", by_point.shape, dy.dtype)
            np.copyto(outputs, by_point)
            flat = outputs.reshape(self._points, -1, self._filters)
            total += np.matmul(flat.swapaxes(1, 2), inputs, out=share)
        by_row = total.swapaxes(1, 2).reshape(self._points, self._kernel, -1).swapaxes(0, 1)
        out[...] = (self._to_filter.T.astype(dy.dtype) @ by_row).reshape(out.shape)

    def _blocks(self, padded: Array) -> Iterator[tuple[slice, Array]]:
        """Yield images, a few at a time, with their transformed patches."""
        patch_values = self._rows * self._tiles * self._kernel * self._channels
        size = max(1, BLOCK_BYTES // (self._points * patch_values * padded.itemsize))
        for start in range(0, len(padded), size):
            images = slice(start, min(start + size, len(padded)))
            yield images, self._transform_inputs(padded[images])

    def _transform_filters(self, weight: Array) -> Array:
        """Return G @ w for every kernel row, as (points, K * C, F)."""
        rows = weight.reshape(self._kernel, self._kernel, -1)
        transformed = self._to_filter.astype(weight.dtype) @ rows
        return transformed.swapaxes(0, 1).reshape(self._points, -1, self._filters)

    def _transform_inputs(self, padded: Array) -> Array:
        """Return BT @ x gathered to patches, as (points, images * rows * tiles, K * C)."""
        shape: Shape = (*padded.shape[:2], len(self._into), self._channels)
        lines: Array = self._scratch("lines", shape, padded.dtype)
        np.matmul(self._into.astype(padded.dtype), padded, out=lines)
        image, row, place, value = lines.strides
        shape = (self._points, len(padded), self._rows, self._tiles, self._kernel, self._channels)
        windows = as_strided(lines, shape, (self._tiles * place, image, row, place, row, value))
        patches: Array = self._scratch("patches", shape, padded.dtype)
        np.copyto(patches, windows)
        return patches.reshape(self._points, -1, self._kernel * self._channels)


def _transformations(outputs: int, kernel: int) -> tuple[Array, Array, Array]:
    """Return AT (m, a), G (a, k) and BT (a, a), the rows of BT scaled to a maximum of 1."""
    points = outputs + kernel - 1
    finite = np.array(_POINTS[: points - 1])

    def vandermonde(n: int) -> Array:
        infinity = np.eye(n)[-1]
        return np.vstack([np.vander(finite, n, increasing=True), infinity])

    to_inputs = np.linalg.inv(vandermonde(points)).T
    scale = np.abs(to_inputs).max(axis=1, keepdims=True)
    return vandermonde(outputs).T, vandermonde(kernel) * scale, to_inputs / scale
