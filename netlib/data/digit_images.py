"""Pictures of single digits, converted to images like those of MNIST.

In MNIST digits are light on dark, at most 20 pixels wide and high, and their centre of mass is the
centre of 28x28 pixels.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from netlib.arrays import Shape
from netlib.errors import DataError, DataNotFoundError, ShapeError

FILLED = 20 / 28
"""Share of the height or width of the image that a digit fills, as in MNIST."""

FAINT = 0.2
"""Share of the largest difference from the background below which pixels count as background."""

CONTRAST = 32
"""Least difference between a digit and its background, in grey levels 0..255."""

SHADES = " .:-=+*#%@"


def read_picture(path: str | Path, shape: Shape) -> NDArray[np.uint8]:
    """Read a picture of a digit as an image for a network.

    The background is the median of the border. Dark on light is inverted. If the picture has
    another size than the network's inputs, the digit is cut out, scaled and centred by mass.

    Args:
        path: PNG file, or any other format that Pillow reads. Transparent pixels count as white.
        shape: (H, W, 1) of the network's inputs.

    Returns:
        (H, W, 1) image, light on dark.

    Raises:
        ShapeError: If the inputs of the network are not grey images.
        DataNotFoundError: If there is no such file.
        DataError: If the file is not a picture, or all of the picture has about the same shade.
    """
    if len(shape) != 3 or shape[2] != 1:
        raise ShapeError(
            f"read_picture: expected a network for grey images (H, W, 1), got one for {shape}; "
            "use a network that was trained on grey images"
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
    """Draw an image (H, W, 1) as H/2 lines of W characters, since these are twice as high as wide.

    Args:
        image: Image, light on dark.
    """
    rows = len(image) // 2
    means = image[: 2 * rows, :, 0].reshape(rows, 2, -1).mean(axis=1)
    levels = (means * len(SHADES) / 256).astype(int)
    return "\n".join("".join(SHADES[level] for level in row).rstrip() for row in levels)


def _grey(path: Path) -> NDArray[np.uint8]:
    try:
        with Image.open(path) as file:
            picture: Image.Image = ImageOps.exif_transpose(file)
        if picture.mode.startswith("I"):  # 16 bits, which Pillow would clip at 255
            return (np.asarray(picture) // 257).astype(np.uint8)
        colour = picture.convert("RGBA")
    except FileNotFoundError as error:
        raise DataNotFoundError(
            f"{path}: expected a picture, got no file; check the path"
        ) from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(
            f"{path}: expected a picture, got a file that Pillow cannot read ({error}); "
            "save it as PNG"
        ) from error
    paper = Image.new("RGBA", colour.size, "white")
    return np.asarray(Image.alpha_composite(paper, colour).convert("L"))


def _cut_out(grey: NDArray[np.uint8], background: int) -> NDArray[np.float32]:
    """Return the smallest rectangle around the digit, with background 0."""
    ink = np.maximum(grey.astype(np.float32) - background, 0)
    ink[ink < FAINT * ink.max()] = 0
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _centred(digit: NDArray[np.float32], shape: Shape) -> NDArray[np.uint8]:
    """Scale a digit and put its centre of mass at that of MNIST's images, (14, 14)."""
    scale = min(FILLED * length / n for length, n in zip(shape, digit.shape, strict=False))
    height, width = (max(round(scale * n), 1) for n in digit.shape)
    resized = Image.fromarray(digit).resize((width, height), Image.Resampling.BICUBIC)
    small = np.clip(np.asarray(resized), 0, digit.max())
    small *= 255 / small.max()  # scaling makes thin lines faint
    corner = [
        int(np.clip(round(length / 2 - _mean_place(small, axis)), 0, length - n))
        for axis, (length, n) in enumerate(zip(shape, small.shape, strict=False))
    ]
    image: NDArray[np.uint8] = np.zeros(shape[:2], np.uint8)
    image[corner[0] : corner[0] + height, corner[1] : corner[1] + width] = small.round()
    return image


def _mean_place(image: NDArray[np.float32], axis: int) -> float:
    """Return the centre of mass along an axis, in pixels."""
    mass = image.sum(axis=1 - axis, dtype=np.float64)
    return float(mass @ np.arange(len(mass)) / mass.sum())
