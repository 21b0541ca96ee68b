"""This file reads pictures of single digits and makes of them what the images of MNIST are.

Those are light on dark, 20 pixels at most from edge to edge, and centred by mass in 28x28.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from netlib.arrays import Shape
from netlib.errors import DataError, DataNotFoundError, ShapeError

FILLED = 20 / 28
"""The share of the image that a digit fills."""

FAINT = 0.2
"""What differs from the background by less than this share of the most is background."""

CONTRAST = 32
"""Grey levels, of 255, that there are at least between a digit and its background."""

SHADES = " .:-=+*#%@"


def read_picture(path: str | Path, shape: Shape) -> NDArray[np.uint8]:
    """Read a picture of a digit as an image for a network.

    Dark on light is inverted; the background is what most of the border shows. A picture of the
    network's own size is taken as it is otherwise; in any other the digit is cut out, scaled, and
    centred by mass.

    Args:
        path: PNG, or whatever else Pillow reads. What is transparent counts as white.
        shape: (H, W, 1) of the network's inputs.

    Returns:
        (H, W, 1) image, light on dark.

    Raises:
        ShapeError: If the network is not for grey images.
        DataNotFoundError: If there is no such file.
        DataError: If it is no picture, or one even shade.
    """
    if len(shape) != 3 or shape[2] != 1:
        raise ShapeError(
            f"read_picture: expected a network for grey images (H, W, 1), got one for {shape}; "
            "pictures can only be shown to such a network"
        )
    grey = _grey(Path(path))
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    background = int(np.median(border))
    if background - int(grey.min()) > int(grey.max()) - background:
        grey, background = 255 - grey, 255 - background
    if int(grey.max()) - background < CONTRAST:
        raise DataError(
            f"{path}: expected a digit that stands out from its background, got one even shade; "
            "give a picture with more contrast"
        )
    own = grey.shape == shape[:2]
    image = grey if own else _centred(_cut_out(grey, background), shape)
    return image[..., np.newaxis]


def in_characters(image: NDArray[np.uint8]) -> str:
    """Draw an image (H, W, 1) in H/2 lines of W characters, which are about twice as high as wide.

    Args:
        image: Light on dark.
    """
    rows = len(image) // 2
    means = image[: 2 * rows, :, 0].reshape(rows, 2, -1).mean(axis=1)
    levels = (means * len(SHADES) / 256).astype(int)
    return "\n".join("".join(SHADES[level] for level in row).rstrip() for row in levels)


def _grey(path: Path) -> NDArray[np.uint8]:
    try:
        with Image.open(path) as file:
            picture: Image.Image = ImageOps.exif_transpose(file)
        if picture.mode.startswith("I"):  # 16 bits, which Pillow would cut off at 255
            return (np.asarray(picture) // 257).astype(np.uint8)
        colour = picture.convert("RGBA")
    except FileNotFoundError as error:
        raise DataNotFoundError(
            f"{path}: expected a picture, got no file; check the path"
        ) from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(
            f"{path}: expected a picture, got what cannot be read as one ({error}); save it as PNG"
        ) from error
    paper = Image.new("RGBA", colour.size, "white")
    return np.asarray(Image.alpha_composite(paper, colour).convert("L"))


def _cut_out(grey: NDArray[np.uint8], background: int) -> NDArray[np.float32]:
    """Return the smallest rectangle that holds the digit, its background 0."""
    ink = np.maximum(grey.astype(np.float32) - background, 0)
    ink[ink < FAINT * ink.max()] = 0
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _centred(digit: NDArray[np.float32], shape: Shape) -> NDArray[np.uint8]:
    """Scale a digit and put its centre of mass on that of the images of MNIST, (14, 14)."""
    scale = min(FILLED * length / n for length, n in zip(shape, digit.shape, strict=False))
    height, width = (max(round(scale * n), 1) for n in digit.shape)
    resized = Image.fromarray(digit).resize((width, height), Image.Resampling.BICUBIC)
    small = np.clip(np.asarray(resized), 0, digit.max())
    small *= 255 / small.max()  # thin lines have become faint
    corner = [
        int(np.clip(round(length / 2 - _mean_place(small, axis)), 0, length - n))
        for axis, (length, n) in enumerate(zip(shape, small.shape, strict=False))
    ]
    image: NDArray[np.uint8] = np.zeros(shape[:2], np.uint8)
    image[corner[0] : corner[0] + height, corner[1] : corner[1] + width] = small.round()
    return image


def _mean_place(image: NDArray[np.float32], axis: int) -> float:
    """Return the centre of mass along an axis, in pixels from the first."""
    mass = image.sum(axis=1 - axis, dtype=np.float64)
    return float(mass @ np.arange(len(mass)) / mass.sum())
