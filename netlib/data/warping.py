"""Moving the pixels of images: where each one comes from, and the interpolated value there."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from netlib.arrays import Array, Rng, Shape

Coordinates = NDArray[np.float32]
"""(n, H, W) rows or columns, fractions included, that the pixels of n images come from."""


def affine_sources(
    size: Shape, zoom: Array, angle: Array, shear: Array, shift: Array
) -> tuple[Coordinates, Coordinates]:
    """Return the coordinates that pixels come from when zoomed, sheared, rotated and shifted.

    The transformations are applied around the centre and in this order, so they are undone in
    reverse order: the pixel at p comes from
    (R(-angle) (p - centre - shift), sheared by -shear) / zoom + centre.

    Args:
        size: (H, W).
        zoom: (2, n) or (1, n) factors of rows and columns.
        angle: (n,) radians, counterclockwise.
        shear: (n,) columns to the right for each row down.
        shift: (2, n) shares of H to move down, and of W to move right.

    Returns:
        Rows and columns.
    """
    cosine, sine = np.cos(angle)[:, None], np.sin(angle)[:, None]
    slope, (zoom_y, zoom_x) = shear[:, None], np.broadcast_to(zoom, shift.shape)[..., None]
    middle = [(length - 1) / 2 for length in size]
    y, x = (
        np.arange(length) - middle[axis] - shift[axis, :, None] * length
        for axis, length in enumerate(size)
    )
    rows = _outer_sum(cosine / zoom_y * y + middle[0], sine / zoom_y * x)
    down, right = -(sine + slope * cosine) / zoom_x, (cosine - slope * sine) / zoom_x
    return rows, _outer_sum(down * y + middle[1], right * x)


def smooth_noise(rng: Rng, n: int, cells: int, size: Shape) -> Coordinates:
    """Draw smooth random surfaces; each value has a normal distribution with variance 1.

    Cubic B-splines connect random heights at the nodes of a coarse grid, and one node beyond it.
    Their weights are scaled so that the variance is the same everywhere.

    Args:
        rng: Source of randomness.
        n: Number of surfaces.
        cells: Cells of the grid along each axis, at least 1; more cells make rougher surfaces.
        size: (H, W).

    Returns:
        (n, H, W) float32.
    """
    heights: Coordinates = rng.standard_normal((n, cells + 3, cells + 3), dtype=np.float32)
    by_row, by_column = (_spline_weights(length, cells) for length in size)
    surfaces: Coordinates = np.matmul(np.matmul(by_row, heights), by_column.T)
    return surfaces


@cache
def _spline_weights(length: int, cells: int) -> NDArray[np.float32]:
    """Return the weights (length, cells + 3) of the nodes, each row of norm 1."""
    places = np.linspace(0, cells, length)[:, None]
    distance = np.abs(places - np.arange(-1, cells + 2))
    near, far = 4 - 6 * distance**2 + 3 * distance**3, np.maximum(2 - distance, 0) ** 3
    weights = np.where(distance < 1, near, far)
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    rounded: NDArray[np.float32] = weights.astype(np.float32)
    return rounded


def _outer_sum(by_row: Array, by_column: Array) -> Coordinates:
    """Add (n, H) and (n, W) to (n, H, W)."""
    return by_row.astype(np.float32)[:, :, None] + by_column.astype(np.float32)[:, None, :]


def interpolate(images: Array, rows: Coordinates, columns: Coordinates) -> Array:
    """Interpolate images bilinearly at given coordinates; outside the image everything is 0.

    Args:
        images: (n, H, W, C).
        rows: (n, H, W) coordinates, any values.
        columns: (n, H, W) coordinates, any values.

    Returns:
        (n, H, W, C) in the dtype of the images.
    """
    n, height, width, channels = images.shape
    line = width + 3
    framed = np.zeros((n, height + 3, line, channels), images.dtype)
    framed[:, 1:-2, 1:-2] = images
    # A single channel is taken from a flat vector: NumPy needs half the time for that.
    pixels = framed.reshape(-1, channels) if channels > 1 else framed.ravel()
    # Coordinates outside are moved into the frame of zeros: one pixel before, two after.
    rows = np.clip(rows, -1, height) + 1
    columns = np.clip(columns, -1, width) + 1
    top, left = rows.astype(np.int32), columns.astype(np.int32)
    corner = ((np.arange(n)[:, None, None] * (height + 3) + top) * line + left).ravel()
    down, right = (
        (place - whole).reshape(-1, *(1,) * (pixels.ndim - 1))
        for place, whole in ((rows, top), (columns, left))
    )
    upper = _between(pixels.take(corner, 0), pixels[1:].take(corner, 0), right)
    lower = _between(pixels[line:].take(corner, 0), pixels[line + 1 :].take(corner, 0), right)
    return _between(upper, lower, down).reshape(images.shape)


def _between(one: Array, other: Array, share: Array) -> Array:
    """Return one + share * (other - one), written to `other`."""
    other -= one
    other *= share
    other += one
    return other
