"""Array types and names of axes used throughout netlib.

Axes, in the order in which they occur:

    N  images of a batch          D  inputs of a dense layer
    H  rows of an image           U  units of a dense layer
    W  columns of an image        K  rows and columns of a kernel
    C  channels of an image       F  filters of a convolution, the channels of its output

Images are NHWC: the C values of one pixel are neighbours in memory, so a row of a
convolution's patch is one contiguous run. Convolution weights are (K, K, C, F) and dense
weights (D, U). Networks compute in float32; float64 exists for gradient checks.
"""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[np.floating[Any]]
"""float32 or float64 values: activations, parameters, gradients."""

Labels = NDArray[np.integer[Any]]
"""(N,) integers: the class of each image."""

Shape = tuple[int, ...]
"""Lengths of axes. The shapes of a layer leave out the batch axis N."""

Rng = np.random.Generator
"""The only source of randomness; always an argument, never global."""

Weights = dict[str, Array]
"""Arrays by name, such as `{"weight": ..., "bias": ...}`."""


def as_input(images: NDArray[Any], dtype: DTypeLike) -> Array:
    """Convert images to the input of a network.

    Args:
        images: uint8 grey values 0..255, scaled to [0, 1]; or floats, which keep their values.
        dtype: float32 or float64.

    Returns:
        Array of that dtype; the images themselves if nothing has to change.
    """
    if images.dtype != np.uint8:
        return images.astype(dtype, copy=False)
    scaled: Array = np.divide(images, 255, dtype=dtype)
    return scaled
