"""Weights in safetensors files, which other frameworks can read too."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from netlib.arrays import Array, Weights
from netlib.errors import DataError, DataNotFoundError


def save_weights(weights: Mapping[str, Array], path: str | Path, model: str = "") -> None:
    """Write arrays to a file, as a whole or not at all.

    The bytes go to a temporary file in the same folder, which is renamed at the end: readers never
    see half a file, and a crash leaves the old one.

    Args:
        weights: Arrays by name, as `Sequential.weights` returns them.
        path: The file, usually *.safetensors; replaced if it exists.
        model: Description of the network, for the file's header; see `save_model`.
    """
    path = Path(path)
    arrays = {name: np.ascontiguousarray(array) for name, array in weights.items()}
    content = save(arrays, {"model": model} if model else None)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def load_weights(path: str | Path) -> Weights:
    """Read the arrays of a file that `save_weights` or another framework wrote.

    Args:
        path: The file.

    Returns:
        Arrays by name.

    Raises:
        DataNotFoundError: If there is no such file.
        DataError: If it is damaged, or cannot be read.
    """
    path = Path(path)
    try:
        arrays: Weights = load(path.read_bytes())
    except FileNotFoundError as error:
        raise DataNotFoundError(f"{path}: expected a file, got none; check the path") from error
    except OSError as error:
        raise DataError(
            f"{path}: expected a file that can be read, got {error.strerror!r}; check the path"
        ) from error
    except SafetensorError as error:
        raise DataError(
            f"{path}: expected a safetensors file, got a damaged one ({error}); write it again"
        ) from error
    return arrays
