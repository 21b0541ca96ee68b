"""Files with whole networks: the weights, and a header that describes the layers."""

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open

from netlib import layers
from netlib.errors import DataError
from netlib.files.weights_file import load_weights, save_weights
from netlib.layers.layer import Layer
from netlib.layers.sequential import Sequential

LAYERS: dict[str, type[Layer]] = {name: getattr(layers, name) for name in layers.__all__}
"""Layers that a file may name. A file holds settings and arrays, never code."""


def description(network: Sequential) -> dict[str, Any]:
    """Return JSON values from which the same network can be built, except for its weights.

    Args:
        network: Built. If a layer is not netlib's own, only its name is kept.

    Returns:
        `load`, the name of the function that reads such a file; `in_shape` and `dtype`; `layers`,
        the name and the settings of each, without initializers: a trained network needs none.
    """
    return {
        "load": "netlib.load_model",
        "in_shape": list(network.in_shape),
        "dtype": network.dtype.name,
        "layers": [[type(layer).__name__, _settings(layer)] for layer in network.layers],
    }


def save_model(network: Sequential, path: str | Path) -> None:
    """Write a network to a safetensors file: its weights and, in the header, its layers.

    Args:
        network: Built.
        path: The file, usually *.safetensors. An existing file is replaced, as a whole.
    """
    save_weights(network.weights(), path, json.dumps(description(network)))


def load_model(path: str | Path) -> Sequential:
    """Read a network that `save_model` wrote, or the best network of a sweep that uses `fit`.

    Args:
        path: The file.

    Returns:
        The network, built, with its weights.

    Raises:
        DataNotFoundError: If there is no such file.
        DataError: If the file is damaged, has only weights, or has a layer that is not netlib's.
        StateError: If the weights do not fit the network that the header describes.
    """
    weights = load_weights(path)
    with safe_open(path, "np") as file:
        text = (file.metadata() or {}).get("model")
    if text is None:
        raise DataError(
            f"{path}: expected a network and its weights, got only weights; build the network, "
            "load them into it and write it with netlib.save_model"
        )
    try:
        about = json.loads(text)
        network = Sequential(*(_layer(path, name, given) for name, given in about["layers"]))
        network.build(tuple(about["in_shape"]), np.random.default_rng(0), about["dtype"])
    except (json.JSONDecodeError, LookupError, TypeError) as error:
        raise DataError(
            f"{path}: expected a network of this version of netlib, got {text[:200]!r} "
            f"({error!r}); write it again with netlib.save_model"
        ) from error
    network.load(weights)
    return network


def _settings(layer: Layer) -> dict[str, Any]:
    """Return the settings that `repr` shows, as JSON values."""
    if LAYERS.get(type(layer).__name__) is not type(layer):
        return {}
    values = {f.name: getattr(layer, f.name) for f in fields(layer) if f.init and f.repr}
    return {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in values.items()
    }


def _layer(path: str | Path, name: str, settings: Mapping[str, Any]) -> Layer:
    if name not in LAYERS:
        raise DataError(
            f"{path}: expected layers of netlib, got {name}; build this network in Python and "
            "give it the arrays that netlib.load_weights reads"
        )
    return LAYERS[name](**settings)
