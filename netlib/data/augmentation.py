"""Augmentation: random changes of training images.

An augmentation is a function `(images, rng) -> images` that is applied to each training batch.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from netlib.arrays import Array, Rng, Shape
from netlib.checks import check_count, check_range
from netlib.data.warping import Coordinates, affine_sources, interpolate, smooth_noise
from netlib.errors import ConfigError

Augmentation = Callable[[Array, Rng], Array]


@dataclass(frozen=True)
class Affine:
    """Zoom, shear, rotate and shift images at random, around their centre and in this order.

    Each image has its own zoom, shear, angle and shift, drawn uniformly. Values between pixels
    are interpolated bilinearly, once for all four; pixels from outside the image are 0.

    Args:
        probability: Probability that an image, or a whole batch, is transformed, in [0, 1].
        scope: "sample" to decide for each image, "batch" to decide once for all images of a batch.
        zoom: Lowest and highest factor, > 0; 1.2 makes a digit larger by a fifth.
        rotation_degrees: Largest angle in either direction, in [0, 180].
        shift: Largest shift in any of the four directions, as a share of the size, in [0, 1].
        shear: Largest distance, in columns, by which a row moves relative to the row above it, to
            either side, in [0, 1].
        zoom_per_axis: Whether height and width have a zoom factor each.

    Raises:
        ConfigError: If a setting is out of its range.
    """

    probability: float
    scope: Literal["sample", "batch"] = "sample"
    zoom: tuple[float, float] = (1.0, 1.0)
    rotation_degrees: float = 0.0
    shift: float = 0.0
    shear: float = 0.0
    zoom_per_axis: bool = False

    def __post_init__(self) -> None:
        where = type(self).__name__
        check_range(where, "probability", self.probability, "[0, 1]")
        check_range(where, "rotation_degrees", self.rotation_degrees, "[0, 180]")
        check_range(where, "shift", self.shift, "[0, 1]")
        check_range(where, "shear", self.shear, "[0, 1]")
        if self.scope not in ("sample", "batch"):
            raise ConfigError(
                f"{where}: expected scope 'sample' or 'batch', got {self.scope!r}; choose one"
            )
        if not 0 < self.zoom[0] <= self.zoom[1] < np.inf:
            raise ConfigError(
                f"{where}: expected zoom (low, high) with 0 < low <= high, got {self.zoom}; "
                "order the two factors"
            )

    def __call__(self, images: Array, rng: Rng) -> Array:
        """Transform a batch.

        Args:
            images: (N, H, W, C) floats. Not modified.
            rng: Source of randomness.

        Returns:
            Array of the same shape and dtype; the images themselves if none is chosen.
        """
        n = len(images)
        tosses = rng.random(n if self.scope == "sample" else 1)
        chosen = np.flatnonzero(np.broadcast_to(tosses < self.probability, n))
        if len(chosen) == 0:
            return images
        rows, columns = self._sources(len(chosen), images.shape[1:3], rng)
        moved = interpolate(images[chosen], rows, columns)
        if len(chosen) == n:
            return moved
        result = images.copy()
        result[chosen] = moved
        return result

    def _sources(self, n: int, size: Shape, rng: Rng) -> tuple[Coordinates, Coordinates]:
        """Draw transformations, and return the row and column that each pixel is taken from."""
        zoom = rng.uniform(*self.zoom, (2 if self.zoom_per_axis else 1, n))
        angle = np.radians(rng.uniform(-self.rotation_degrees, self.rotation_degrees, n))
        shear = rng.uniform(-self.shear, self.shear, n)
        shift = rng.uniform(-self.shift, self.shift, (2, n))
        return affine_sources(size, zoom, angle, shear, shift)


@dataclass(frozen=True)
class Elastic(Affine):
    """Transform images as `Affine` does and also warp them like rubber, in one interpolation.

    A smooth random displacement, one for rows and one for columns, moves the places that the
    pixels of each image are taken from. The settings are those of `Affine` and two more.

    Args:
        displacement_pixels: Root mean square of the displacement along each axis, >= 0.
        cells: Number of cells along each axis of the grid, at least 1. Displacements are drawn at
            its nodes, so with more cells neighbouring parts differ more.

    Raises:
        ConfigError: If a setting is out of its range.

    Source: Simard et al. 2003, but with splines on a coarse grid instead of a blurred fine grid.
    """

    displacement_pixels: float = 0.7
    cells: int = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("Elastic", "displacement_pixels", self.displacement_pixels, "[0, inf)")
        check_count("Elastic", "cells", self.cells)

    def _sources(self, n: int, size: Shape, rng: Rng) -> tuple[Coordinates, Coordinates]:
        rows, columns = super()._sources(n, size, rng)
        for places in (rows, columns):
            places += smooth_noise(rng, n, self.cells, size) * np.float32(self.displacement_pixels)
        return rows, columns


def transform(
    images: Array,
    *,
    zoom: float = 1.0,
    rotation_degrees: float = 0.0,
    shear: float = 0.0,
    shift: tuple[float, float] = (0.0, 0.0),
) -> Array:
    """Zoom, shear, rotate and shift all images in the same way, as `Affine` does at random.

    Args:
        images: (N, H, W, C) floats. Not modified.
        zoom: Zoom factor, > 0.
        rotation_degrees: Angle, counterclockwise.
        shear: Columns by which a row moves to the right of the row above it.
        shift: Shift down and shift to the right, as shares of the size.

    Returns:
        Array of the same shape and dtype.

    Raises:
        ConfigError: If the zoom is not positive.
    """
    check_range("transform", "zoom", zoom, "(0, inf)")
    rows, columns = affine_sources(
        images.shape[1:3],
        np.array([[zoom]]),
        np.radians([rotation_degrees]),
        np.array([shear]),
        np.array(shift)[:, None],
    )
    return interpolate(images, *np.broadcast_to([rows, columns], (2, *images.shape[:3])))
