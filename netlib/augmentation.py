"""This file varies training images.

An augmentation is a function `(images, rng) -> images` that is applied to each training batch.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from netlib.arrays import Array, Rng
from netlib.checks import check_range
from netlib.errors import ConfigError

Augmentation = Callable[[Array, Rng], Array]


@dataclass(frozen=True)
class Affine:
    """Zoom, rotate and shift images at random, around their centre and in this order.

    Each image has its own zoom, angle and shift, drawn uniformly. Values between pixels are
    interpolated bilinearly in one go; what comes from outside the image is 0.

    Args:
        probability: Of an image, or of a whole batch, being transformed, in [0, 1].
        scope: "sample" tosses a coin for every image, "batch" one for all images of a batch.
        zoom: Lowest and highest factor, > 0; 1.2 makes a digit larger by a fifth.
        rotation_degrees: Highest angle in either direction, in [0, 180].
        shift: Longest shift in any of the four directions, as a share of the size, in [0, 1].

    Raises:
        ConfigError: If a setting is out of its range.
    """

    probability: float
    scope: Literal["sample", "batch"] = "sample"
    zoom: tuple[float, float] = (1.0, 1.0)
    rotation_degrees: float = 0.0
    shift: float = 0.0

    def __post_init__(self) -> None:
        check_range("Affine", "probability", self.probability, "[0, 1]")
        check_range("Affine", "rotation_degrees", self.rotation_degrees, "[0, 180]")
        check_range("Affine", "shift", self.shift, "[0, 1]")
        if self.scope not in ("sample", "batch"):
            raise ConfigError(
                f"Affine: expected scope 'sample' or 'batch', got {self.scope!r}; choose one"
            )
        if not 0 < self.zoom[0] <= self.zoom[1] < np.inf:
            raise ConfigError(
                f"Affine: expected zoom (low, high) with 0 < low <= high, got {self.zoom}; "
                "order the two factors"
            )

    def __call__(self, images: Array, rng: Rng) -> Array:
        """Transform a batch.

        Args:
            images: (N, H, W, C) floats. Not modified.
            rng: Source of randomness.

        Returns:
            Array of the same shape and dtype; the images themselves if no coin fell for any.
        """
        n = len(images)
        tosses = rng.random(n if self.scope == "sample" else 1)
        chosen = np.flatnonzero(np.broadcast_to(tosses < self.probability, n))
        if len(chosen) == 0:
            return images
        rows, columns = self._sources(len(chosen), images.shape[1:3], rng)
        moved = _interpolate(images[chosen], rows, columns)
        if len(chosen) == n:
            return moved
        result = images.copy()
        result[chosen] = moved
        return result

    def _sources(
        self, n: int, size: tuple[int, ...], rng: Rng
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Draw transformations; return the row and column that each pixel is taken from, (n, H, W).

        A pixel at p comes from R(-angle) (p - centre - shift) / zoom + centre.
        """
        zoom = rng.uniform(*self.zoom, n)
        angle = np.radians(rng.uniform(-self.rotation_degrees, self.rotation_degrees, n))
        shifts = rng.uniform(-self.shift, self.shift, (2, n, 1))
        cosine, sine = (np.cos(angle) / zoom)[:, None], (np.sin(angle) / zoom)[:, None]
        middle = [(length - 1) / 2 for length in size]
        y, x = (
            np.arange(length) - middle[axis] - shifts[axis] * length
            for axis, length in enumerate(size)
        )
        rows = _outer_sum(cosine * y + middle[0], sine * x)
        columns = _outer_sum(-sine * y + middle[1], cosine * x)
        return rows, columns


def _outer_sum(by_row: Array, by_column: Array) -> NDArray[np.float32]:
    """Add (n, H) and (n, W) to (n, H, W)."""
    return by_row.astype(np.float32)[:, :, None] + by_column.astype(np.float32)[:, None, :]


def _interpolate(images: Array, rows: Array, columns: Array) -> Array:
    """Return bilinear values of images (n, H, W, C) at rows and columns (n, H, W)."""
    n, height, width, channels = images.shape
    framed = np.zeros((n, height + 3, width + 3, channels), images.dtype)
    framed[:, 1:-2, 1:-2] = images
    # All that lies outside moves into the frame of zeros: one pixel before, two after.
    rows = np.clip(rows, -1, height) + 1
    columns = np.clip(columns, -1, width) + 1
    top, left = rows.astype(np.intp), columns.astype(np.intp)
    down, right = (rows - top)[..., None], (columns - left)[..., None]
    line = width + 3
    corner = (np.arange(n)[:, None, None] * (height + 3) + top) * line + left
    pixels = framed.reshape(-1, channels)
    upper = pixels[corner] * (1 - right) + pixels[corner + 1] * right
    lower = pixels[corner + line] * (1 - right) + pixels[corner + line + 1] * right
    upper += (lower - upper) * down
    moved: Array = upper.astype(images.dtype, copy=False)
    return moved
