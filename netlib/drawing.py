"""Pictures for reports: a network as SVG, an image as PNG.

A network has a bar for each layer, as wide as its output and as thick as it is deep.
"""

import io
import math
from dataclasses import MISSING, fields
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from netlib.arrays import Shape
from netlib.errors import NotBuiltError
from netlib.layers.layer import Layer
from netlib.layers.sequential import Sequential

ROW, BARS, TEXT = 44, 150, 330
"""Height of a row, width of the bars and width of the text next to them, in pixels."""


def drawing(network: Sequential) -> str:
    """Draw a network from top to bottom, with the settings, output shape and size of each layer.

    Args:
        network: Built.

    Returns:
        One <svg> element, in `currentColor`.

    Raises:
        NotBuiltError: If the network has not been built.
    """
    if not network.built:
        raise NotBuiltError(f"{network!r}: expected a built network, got a new one; call build()")
    rows = [("input", network.in_shape, "")] + [
        (call(layer), layer.out_shape, _size(layer)) for layer in network.layers
    ]
    widest = max((shape[0] for _, shape, _ in rows if len(shape) == 3), default=1)
    parts = [_row(i, *row, widest) for i, row in enumerate(rows)]
    size = f'viewBox="0 0 {BARS + TEXT} {ROW * len(rows)}" width="{BARS + TEXT}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} fill="currentColor" '
        f'font-family="system-ui, sans-serif" font-size="13">{"".join(parts)}</svg>'
    )


def png(image: NDArray[np.uint8]) -> bytes:
    """Write an image as a PNG file.

    Args:
        image: (H, W, 1) grey, or (H, W, 3) red, green, blue.

    Returns:
        The bytes of the file.
    """
    from PIL import Image  # here, because networks alone do not need Pillow

    file = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(file, "PNG")
    return file.getvalue()


def call(layer: Layer) -> str:
    """Return the call that makes a layer, without the settings that have their defaults."""
    words = []
    for setting in fields(layer):
        if not setting.init:
            continue
        value = getattr(layer, setting.name)
        if setting.default is MISSING and setting.default_factory is MISSING:
            words.append(_brief(value))
        elif setting.default is not MISSING and value != setting.default:
            words.append(f"{setting.name}={_brief(value)}")
    return f"{type(layer).__name__}({', '.join(words)})"


def _brief(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(getattr(value, "__name__", None) or repr(value))


def _size(layer: Layer) -> str:
    n = sum(values.size for values in layer.params.values())
    return f", {n:,} weights" if n else ""


def _row(place: int, name: str, shape: Shape, size: str, widest: int) -> str:
    channels = shape[-1]
    width = (BARS - 20) * shape[0] / widest if len(shape) == 3 else 12 + 2 * math.log2(channels)
    thick = 4 + 3 * math.log2(channels + 1) if len(shape) == 3 else 8
    middle = ROW * place + ROW / 2
    words = " x ".join(map(str, shape)) + size
    return (
        f'<rect x="{(BARS - width) / 2:.1f}" y="{middle - thick / 2:.1f}" width="{width:.1f}" '
        f'height="{thick:.1f}" rx="2" opacity="0.55"/>'
        f'<text x="{BARS}" y="{middle - 3:.1f}">{escape(name)}</text>'
        f'<text x="{BARS}" y="{middle + 13:.1f}" font-size="11" opacity="0.75">{words}</text>'
    )
