"""The file format of checkpoints, arrays and JSON in one safetensors file, and what is usable."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from sweep.errors import CorruptCheckpointError, StudyError
from sweep.trials.records import State

ARRAY = "$array"
"""Key that marks the place of an array in the JSON part of a state."""


DTYPES = frozenset(np.dtype(code).name for code in "?bhiqBHIQefdF")
"""Data types that a safetensors file can hold."""


METADATA = b'{"__metadata__":{"sweep":"'


UNSEALED = "0" * 64
"""Stands in the place of the digest while that is computed."""


@dataclass(frozen=True)
class Checkpoint:
    """The state of a trial after `epoch` epochs, in training `repeat`, which counts from 1."""

    epoch: int
    state: State
    repeat: int = 1


def encode(checkpoint: Checkpoint) -> bytes:
    """Return a checkpoint as the bytes of a safetensors file; equal ones give the same bytes.

    The file's one metadata entry holds the SHA-256 digest of all other bytes, then the JSON.

    Raises:
        StudyError: If the state holds anything but arrays and JSON values.
    """
    arrays: dict[str, NDArray[Any]] = {}
    skeleton = _strip(checkpoint.state, "state", arrays)
    content = {"epoch": checkpoint.epoch, "repeat": checkpoint.repeat, "state": skeleton}
    data = save(arrays, {"sweep": UNSEALED + json.dumps(content)})
    return data.replace(UNSEALED.encode(), _digest(data), 1)


def decode(data: bytes) -> Checkpoint:
    """Return the checkpoint that `encode` turned into these bytes.

    Raises:
        CorruptCheckpointError: If a single byte has changed.
    """
    begin = data.find(METADATA) + len(METADATA)
    end = begin + len(UNSEALED)
    if data[begin:end] != _digest(data[:begin] + UNSEALED.encode() + data[end:]):
        raise CorruptCheckpointError("checkpoint: expected the bytes that were written, got others")
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    text = header["__metadata__"]["sweep"][len(UNSEALED) :]
    arrays = load(data)

    def fill(node: dict[str, Any]) -> Any:
        return arrays[node[ARRAY]] if node.keys() == {ARRAY} else node

    content = json.loads(text, object_hook=fill)
    return Checkpoint(content["epoch"], content["state"], content.get("repeat", 1))


def flaw_of(data: bytes | None, n_epochs: int) -> str:
    """Return why a trial with `n_epochs` recorded epochs cannot use it; empty if it can."""
    if data is None:
        return "missing"
    try:
        epoch = decode(data).epoch
    except CorruptCheckpointError:
        return "damaged"
    return "" if epoch <= n_epochs else f"ahead of the record, of epoch {epoch}"


def newest_usable(
    found: Iterable[tuple[Path | str, bytes | None]], n_epochs: int
) -> tuple[bytes | None, str]:
    """Choose among the checkpoints of a trial.

    Args:
        found: (place, bytes) of each, newest first.
        n_epochs: Number of recorded epochs of the trial.

    Returns:
        As `Checkpoints.recover`.
    """
    flaws: list[str] = []
    for place, data in found:
        flaw = flaw_of(data, n_epochs)
        if data is not None and not flaw:
            then = f"resuming from the one before it, of epoch {decode(data).epoch}"
            return data, f"{'; '.join(flaws)}; {then}" if flaws else ""
        flaws.append(f"checkpoint {place} is {flaw}")
    return None, "; ".join([*flaws, "starting over"]) if flaws else ""


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode()


def _strip(node: object, path: str, arrays: dict[str, NDArray[Any]]) -> object:
    """Return the JSON part of a state; each array is moved to `arrays` and its place marked."""
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
    """Return a key as part of a path, escaped as in JSON pointers (RFC 6901): paths are unique."""
    if not isinstance(key, str) or key == ARRAY:
        raise StudyError(
            f"train: expected a state whose keys are strings other than {ARRAY!r}, got {key!r} at "
            f"{path}; rename it"
        )
    return key.replace("~", "~0").replace("/", "~1")
