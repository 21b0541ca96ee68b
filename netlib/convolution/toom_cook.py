"""Convolution with a third of the multiplications: Toom-Cook along the columns of an image.

m neighbouring outputs of a column depend on a = m + K - 1 inputs. Read both as polynomials: one
product at each of a points replaces m * K products, and interpolation gives the outputs back,

    y = AT @ ((G @ w) * (BT @ x)),    AT = V(m).T,  G = V(K),  BT = inv(V(a)).T

where V(n) is the Vandermonde matrix of the points with n columns. For K = 5 and m = 7 that is 11
products instead of 35. Along the rows and over the channels it is an ordinary sum over patches.
Images lie in strips (see `strips.py`), so every step is a matrix product without copying:

    strip     (rows, places, C)         T tiles of a rows each, starting m rows apart
    points    (a, T, places, C)         BT @ strip
    products  (a, T, places, F)         patches of points @ (G @ weight), for each point
    y         (T * m, places, F)        AT @ products

The input gradient is the same with dy and the flipped filters. For the weight gradient each step
is transposed: dy is multiplied by A, and the points of x are kept from the forward pass.

The points are the tangents of evenly spaced angles, in homogeneous coordinates (cosine, sine);
these include infinity, and their rounding error is a fourth of that of 0, 1, -1, 2, -2, 1/2, ...

Source: Winograd 1980; Lavin and Gray 2016 (arXiv:1509.09308) in two dimensions. Here it is one
dimension, which keeps the products long and rounds to about 1e-5 of the largest output.
"""

import math

import numpy as np
from numpy.lib.stride_tricks import as_strided

from netlib.arrays import Array, Shape
from netlib.scratch import Scratch

POINTS = 11
"""Largest number of points, a. More would save more, but every two quadruple the rounding error."""


class ToomCook:
    """Correlation of a strip with filters, in T tiles of m rows of outputs.

    Points are flat memory with a spare line at the end, because the last patches reach beyond the
    last line.
    """

    def __init__(self, m: int, kernel: int, tiles: int, scratch: Scratch) -> None:
        self.points, self.rows = m + kernel - 1, m * tiles
        self.lines, self.strip_rows = self.points * tiles, self.rows + kernel - 1
        self._m, self._kernel, self._tiles, self._scratch = m, kernel, tiles, scratch
        self._to_outputs, self._to_filters, self._to_points = _transformations(m, kernel)

    def transform_filters(self, weight: Array) -> Array:
        """Return G @ weight as matrices (a, 1, K*C, F), one for all cuts."""
        kernel, filters = self._kernel, weight.shape[3]
        transformed = self._to_filters.astype(weight.dtype) @ weight.reshape(kernel, -1)
        return transformed.reshape(self.points, 1, -1, filters)

    def transform(self, strip: Array, points: Array) -> None:
        """Write BT @ strip, tile by tile."""
        line = strip[0].size
        tiles = view(strip, (self._tiles, self.points, line), (self._m * line, line, 1))
        by_point = points[: self.lines * line].reshape(self.points, self._tiles, line)
        np.matmul(self._to_points.astype(strip.dtype), tiles, out=by_point.swapaxes(0, 1))
        points[self.lines * line :][:line] = 0

    def multiply(self, points: Array, filters: Array, out: Array) -> None:
        """Write AT @ (patches of points @ filters) to outputs (rows, places, F)."""
        products = self._products(out.shape[1], out.shape[2], out)
        patches = self._patches(points, out.shape[1], filters.shape[2])
        np.matmul(patches, filters, out=products.swapaxes(1, 2))
        by_tile = products.reshape(self.points, self._tiles, -1).swapaxes(0, 1)
        out = out.reshape(self._tiles, self._m, -1)
        np.matmul(self._to_outputs.astype(out.dtype), by_tile, out=out)

    def add_weight_gradient(
        self, points: Array, strip: Array, start: tuple[int, int], total: Array
    ) -> None:
        """Add the gradient of the transformed filters, for a strip where dy begins at `start`."""
        _, places, filters = strip.shape
        line, m = places * filters, self._m
        offset = start[0] * line + start[1] * filters
        tiles = view(strip, (self._tiles, m, line), (m * line, line, 1), offset)
        products = self._products(places, filters, strip)
        by_tile = products.reshape(self.points, self._tiles, -1).swapaxes(0, 1)
        np.matmul(self._to_outputs.T.astype(strip.dtype), tiles, out=by_tile)
        patches = self._patches(points, places, total[0, :, :, 0].size).swapaxes(2, 3)
        share = self._scratch("share", (self._kernel, *patches.shape[2:3], filters), strip.dtype)
        for point, cuts in enumerate(patches):
            np.matmul(cuts, products[point].swapaxes(0, 1), out=share)
            total[point] += share.sum(axis=0).reshape(total[point].shape)

    def finish_weight_gradient(self, total: Array, out: Array) -> None:
        """Write GT @ total to the gradient (K, K, C, F)."""
        to_weight = self._to_filters.T.astype(out.dtype)
        np.matmul(to_weight, total.reshape(self.points, -1), out=out.reshape(self._kernel, -1))

    def _patches(self, points: Array, places: int, patch: int) -> Array:
        """View points as matrices of patches (a, cuts, pieces, K*C); see `strips.py`."""
        channels, pieces = patch // self._kernel, self._tiles * places // self._kernel
        steps = (self._tiles * places * channels, channels, patch, 1)
        return view(points, (self.points, self._kernel, pieces, patch), steps)

    def _products(self, places: int, filters: int, like: Array) -> Array:
        """Return work memory (a, pieces, cuts, F); pieces and cuts together are the places."""
        shape = (self.points, self._tiles * places // self._kernel, self._kernel, filters)
        products: Array = self._scratch("products", shape, like.dtype)
        return products


def choose_outputs(rows: int, kernel: int) -> int:
    """Return the m that needs the fewest points in total for a number of rows of outputs."""
    return min(range(1, POINTS - kernel + 2), key=lambda m: (m + kernel - 1) * -(-rows // m))


def _transformations(m: int, kernel: int) -> tuple[Array, Array, Array]:
    """Return AT (m, a), G (a, K) and BT (a, a), the rows of BT scaled to a maximum of 1."""
    points = m + kernel - 1
    angles = np.arange(points)[:, None] * (np.pi / points)

    def vandermonde(n: int) -> Array:
        powers = np.arange(n)
        values: Array = np.cos(angles) ** (n - 1 - powers) * np.sin(angles) ** powers
        return values

    to_points = np.linalg.inv(vandermonde(points)).T
    scale = np.abs(to_points).max(axis=1, keepdims=True)
    return vandermonde(m).T, vandermonde(kernel) * scale, to_points / scale


def view(array: Array, shape: Shape, steps: Shape, start: int = 0) -> Array:
    """Return a view of contiguous memory; steps and start are in values, not bytes."""
    flat = array.reshape(-1)[start:]
    last = sum((length - 1) * step for length, step in zip(shape, steps, strict=True))
    assert last < flat.size or not math.prod(shape), "a view outside its array"
    return as_strided(flat, shape, tuple(step * flat.itemsize for step in steps))
