"""This file keeps training states on disk: arrays and JSON in one safetensors file."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from sweep.errors import CorruptCheckpointError, StudyError
from sweep.trials.records import State

ARRAY = "$array"


DTYPES = frozenset(np.dtype(code).name for code in "?bhiqBHIQefdF")
"""The numbers that a safetensors file can hold."""


METADATA = b'{"__metadata__":{"sweep":"'


UNSEALED = "0" * 64


Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Checkpoint:
    """A trial after `epoch` epochs, in training `repeat`, with the state to continue from."""

    epoch: int
    state: State
    repeat: int = 1


def encode(checkpoint: Checkpoint) -> bytes:
    """The checkpoint as the bytes of a safetensors file, sealed by a digest; always the same bytes.

    The file's one piece of metadata holds the digest of all other bytes, then the JSON.

    Raises:
        StudyError: If the state holds anything but arrays and JSON values.
    """
    arrays: Arrays = {}
    skeleton = _strip(checkpoint.state, "state", arrays)
    content = {"epoch": checkpoint.epoch, "repeat": checkpoint.repeat, "state": skeleton}
    text = json.dumps(content)
    data = save(arrays, {"sweep": UNSEALED + text})
    return data.replace(UNSEALED.encode(), _digest(data), 1)


def decode(data: bytes) -> Checkpoint:
    """The reverse of `encode`.

    Raises:
        CorruptCheckpointError: If a single byte is not what it was.
    """
    begin = data.find(METADATA) + len(METADATA)
    end = begin + len(UNSEALED)
    if data[begin:end] != _digest(data[:begin] + UNSEALED.encode() + data[end:]):
        raise CorruptCheckpointError("checkpoint: expected the bytes that were written, got others")
    header_size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + header_size])
    content = json.loads(header["__metadata__"]["sweep"][len(UNSEALED) :])
    state = _fill(content["state"], load(data))
    return Checkpoint(content["epoch"], state, content.get("repeat", 1))


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode()


def _strip(node: object, path: str, arrays: Arrays) -> object:
    """The JSON part of a state; each array is moved to `arrays` and its place marked."""
    if isinstance(node, np.ndarray) and node.dtype.name in DTYPES:
        arrays[path] = node.astype(node.dtype.newbyteorder("="), order="C", copy=False)
        return {ARRAY: path}
    if isinstance(node, Mapping):
        return {key: _strip(node[key], f"{path}/{_part(key, path)}", arrays) for key in node}
    if isinstance(node, list | tuple):
        return [_strip(value, f"{path}/{i}", arrays) for i, value in enumerate(node)]
    if isinstance(node, np.generic):
        node = node.item()
    if node is None or isinstance(node, bool | int | float | str):
        return node
    kind = f"array of {node.dtype}" if isinstance(node, np.ndarray) else type(node).__name__
    raise StudyError(
        f"train: expected a state of arrays and JSON values, got {kind} at {path}; "
        f"turn it into an array of numbers, a number, a string, a list or a dictionary"
    )


def _part(key: object, path: str) -> str:
    """A key as part of a path, escaped as in a JSON pointer (RFC 6901): no two paths are alike."""
    if not isinstance(key, str) or key == ARRAY:
        raise StudyError(
            f"train: expected a state whose keys are strings other than {ARRAY!r}, got {key!r} at "
            f"{path}; rename it"
        )
    return key.replace("~", "~0").replace("/", "~1")


def _fill(node: Any, arrays: Arrays) -> Any:
    if isinstance(node, dict):
        if node.keys() == {ARRAY}:
            return arrays[node[ARRAY]]
        return {key: _fill(value, arrays) for key, value in node.items()}
    if isinstance(node, list):
        return [_fill(value, arrays) for value in node]
    return node
