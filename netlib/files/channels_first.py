"""Conversion of weights from netlib's layout, channels last, to channels first.

Images (N, H, W, C) become (N, C, H, W), filters (K, K, C, F) become (F, C, K, K), dense weights
(D, U) become (U, D). Since Flatten then puts the values of an image in another order, the layers
after it get their values, or the rows of their weight, in that order too.
"""

from collections.abc import Collection, Iterator

import numpy as np

from netlib.arrays import Shape, Weights
from netlib.errors import ConfigError, NotBuiltError
from netlib.layers.conv2d import Conv2d
from netlib.layers.dense import Dense
from netlib.layers.flatten import Flatten
from netlib.layers.layer import Layer
from netlib.layers.sequential import Sequential


def channels_first(
    network: Sequential, known: Collection[type[Layer]]
) -> Iterator[tuple[Layer, Weights]]:
    """Yield each layer with its weights and buffers, float32, for images (N, C, H, W).

    Args:
        network: Built.
        known: Layers that can be translated; their subclasses cannot.

    Raises:
        NotBuiltError: If the network has not been built.
        ConfigError: If a layer is not known, the inputs of the network are neither images nor
            vectors, or it ends with a flattened image.
    """
    _check(network, known)
    order: np.ndarray[tuple[int], np.dtype[np.intp]] | None = None
    for layer in network.layers:
        weights = layer.params | layer.buffers
        if isinstance(layer, Conv2d):
            weights["weight"] = weights["weight"].transpose(3, 2, 0, 1)
        elif isinstance(layer, Flatten) and len(layer.in_shape) == 3:
            places = np.arange(layer.out_shape[0]).reshape(layer.in_shape)
            order = places.transpose(2, 0, 1).ravel()
        elif isinstance(layer, Dense):
            rows = weights["weight"] if order is None else weights["weight"][order]
            weights["weight"], order = rows.T, None
        elif order is not None:
            weights = {name: values[order] for name, values in weights.items()}
        yield (
            layer,
            {name: np.ascontiguousarray(values, np.float32) for name, values in weights.items()},
        )
    if order is not None:
        raise ConfigError(
            f"export: expected Dense() after Flatten(), got {network!r}; add "
            "Dense(), because the order of the outputs would change"
        )


def shape_of(shape: Shape) -> Shape:
    """Return the channels-first shape of (H, W, C), or of (D,), which stays as it is."""
    return (*shape[-1:], *shape[:-1])


def _check(network: Sequential, known: Collection[type[Layer]]) -> None:
    if not network.built:
        raise NotBuiltError("export: expected a built network, got a new one; train or load it")
    if len(network.in_shape) not in (1, 3):
        raise ConfigError(
            f"export: expected a network for images (H, W, C) or vectors (D,), got one for "
            f"{network.in_shape}; give its inputs a channel axis"
        )
    for layer in network.layers:
        if type(layer) not in known:
            names = ", ".join(sorted(kind.__name__ for kind in known))
            raise ConfigError(
                f"export: expected layers among {names}, got {layer!r}; build the network with "
                "one of these in its place and load the same weights"
            )
