"""This file keeps training states on disk: arrays and JSON in one safetensors file."""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from sweep.errors import CorruptCheckpointError, StorageError, StudyError
from sweep.records import State

ARRAY = "$array"
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Checkpoint:
    """A training after `epoch` epochs, with the state to continue from."""

    epoch: int
    state: State


def encode(checkpoint: Checkpoint) -> bytes:
    """The checkpoint as the bytes of a safetensors file, with its JSON and a digest as metadata.

    Raises:
        StudyError: If the state holds anything but arrays and JSON values.
    """
    arrays: Arrays = {}
    skeleton = json.dumps(_strip(checkpoint.state, "state", arrays))
    metadata = {
        "epoch": str(checkpoint.epoch),
        "state": skeleton,
        "sha256": _digest(checkpoint.epoch, skeleton, arrays),
    }
    return save(arrays, metadata)


def decode(data: bytes) -> Checkpoint:
    """The reverse of `encode`.

    Raises:
        CorruptCheckpointError: If the bytes are not whole.
    """
    try:
        arrays: Arrays = load(data)
        header_size = int.from_bytes(data[:8], "little")
        metadata = json.loads(data[8 : 8 + header_size])["__metadata__"]
        epoch, skeleton = int(metadata["epoch"]), metadata["state"]
        digest = metadata["sha256"]
    except (SafetensorError, ValueError, KeyError) as error:
        raise CorruptCheckpointError(f"checkpoint: expected a whole file, got {error}") from error
    if digest != _digest(epoch, skeleton, arrays):
        raise CorruptCheckpointError("checkpoint: expected the bytes that were written, got others")
    return Checkpoint(epoch, _fill(json.loads(skeleton), arrays))


def write_atomically(path: Path, data: bytes) -> None:
    """Replaces the file as a whole, so that no reader and no crash ever sees a part of it.

    A file that has these bytes already is left alone.

    Raises:
        StorageError: If the disk refuses.
    """
    temporary = None
    try:
        if path.is_file() and path.read_bytes() == data:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise StorageError(
            f"{path}: expected a disk that can be written, got {error.strerror!r}; "
            f"free some space or mend its permissions, then run again: nothing done is lost"
        ) from error


def _digest(epoch: int, skeleton: str, arrays: Arrays) -> str:
    digest = hashlib.sha256(f"{epoch}{skeleton}".encode())
    for name in sorted(arrays):
        digest.update(arrays[name].tobytes())
    return digest.hexdigest()


def _strip(node: object, path: str, arrays: Arrays) -> object:
    """The JSON part of a state; each array is moved to `arrays` and its place marked."""
    if isinstance(node, np.ndarray):
        arrays[path] = node
        return {ARRAY: path}
    if isinstance(node, Mapping):
        return {str(key): _strip(value, f"{path}/{key}", arrays) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_strip(value, f"{path}/{i}", arrays) for i, value in enumerate(node)]
    if isinstance(node, np.generic):
        node = node.item()
    if node is None or isinstance(node, bool | int | float | str):
        return node
    raise StudyError(
        f"train: expected a state of arrays and JSON values, got {type(node).__name__} at {path}; "
        f"turn it into an array, a number, a string, a list or a dictionary"
    )


def _fill(node: Any, arrays: Arrays) -> Any:
    if isinstance(node, dict):
        if node.keys() == {ARRAY}:
            return arrays[node[ARRAY]]
        return {key: _fill(value, arrays) for key, value in node.items()}
    if isinstance(node, list):
        return [_fill(value, arrays) for value in node]
    return node
