"""The file format of checkpoints, arrays and JSON in one safetensors file, and what is usable."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from sweep.errors import CorruptCheckpointError, EpochError
from sweep.trials.epoch import State

ARRAY = "$array"
"""Key that marks the place of an array in the JSON part of a state."""


DTYPES = frozenset(np.dtype(code).name for code in "?bhiqBHIQefdF")
"""Data types that a safetensors file can hold."""


METADATA = b'{"__metadata__":{"sweep":"'


UNSEALED = "0" * 64
"""Stands in the place of the digest while that is computed."""


@dataclass(frozen=True)
class Checkpoint:
    """The state of a trial after `epoch` epochs, in training `repeat`, which counts from 1.

    Attributes:
        value: The study's metric after that epoch, if the best epoch counts; None if the last does,
            and in files of earlier versions.
        best: The checkpoint of the best epoch up to then, if that counts and is an earlier one.
    """

    epoch: int
    state: State
    repeat: int = 1
    value: float | None = None
    best: "Checkpoint | None" = None

    @property
    def scored(self) -> "Checkpoint":
        """The checkpoint of the epoch that counts, if the training ends here."""
        return self.best or self

    def after(self, former: "Checkpoint | None", sign: int) -> "Checkpoint":
        """Return this checkpoint, with the best epoch of those before it if that is better.

        Args:
            former: The checkpoint before it, perhaps of the same epoch. Both know their values.
            sign: 1 where a lower value is better, -1 where a higher one is.
        """
        if former is None or former.epoch == self.epoch:
            return replace(self, best=former.best) if former else self
        best = former.scored
        if self.value is None or best.value is None or sign * self.value < sign * best.value:
            return self
        return replace(self, best=best)


def copied(state: State) -> State:
    """Return a copy of a state, as `encode` and `decode` would.

    Raises:
        EpochError: If the state holds anything but arrays and JSON values.
    """
    with _refusals_explained():
        return cast("State", _walk(state, "state", lambda array, _: array.copy()))


def encode(checkpoint: Checkpoint) -> bytes:
    """Return a checkpoint as the bytes of a safetensors file; equal ones give the same bytes.

    The file's one metadata entry holds the SHA-256 digest of all other bytes, then the JSON.

    Raises:
        EpochError: If the state holds anything but arrays and JSON values.
    """
    arrays: dict[str, NDArray[Any]] = {}
    with _refusals_explained():
        content = _content(checkpoint, "state", arrays)
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

    return _checkpoint(json.loads(text, object_hook=fill))


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


@contextmanager
def _refusals_explained() -> Iterator[None]:
    """Turn whatever is raised about a state into an `EpochError`.

    Mappings may be of any class; JSON and safetensors refuse endless nesting, whole numbers of
    thousands of digits, and names that are no Unicode.
    """
    try:
        yield
    except (EpochError, MemoryError):
        raise
    except Exception as error:
        raise EpochError(
            f"train: expected a state of arrays and JSON values, got {type(error).__name__} when "
            f"copying it; turn it into dictionaries of arrays, numbers and strings"
        ) from error


def _content(
    checkpoint: Checkpoint, path: str, arrays: dict[str, NDArray[Any]]
) -> dict[str, object]:
    """Return the JSON part of a checkpoint; arrays of its state are moved to `arrays`."""

    def move(array: NDArray[Any], place: str) -> object:
        arrays[place] = array
        return {ARRAY: place}

    state = _walk(checkpoint.state, path, move)
    content = {"epoch": checkpoint.epoch, "repeat": checkpoint.repeat, "state": state}
    content |= {} if checkpoint.value is None else {"value": checkpoint.value}
    best = checkpoint.best
    return content | ({} if best is None else {"best": _content(best, "best", arrays)})


def _checkpoint(content: Mapping[str, Any]) -> Checkpoint:
    repeat, best = content.get("repeat", 1), content.get("best")
    rest = content.get("value"), best and _checkpoint(best)
    return Checkpoint(content["epoch"], content["state"], repeat, *rest)


def _walk(node: object, path: str, convert: Callable[[NDArray[Any], str], object]) -> object:
    """Return a state as JSON values, with `convert(array, path)` in place of its arrays."""
    if isinstance(node, np.ndarray) and node.dtype.name in DTYPES:
        return convert(node.astype(node.dtype.newbyteorder("="), order="C", copy=False), path)
    if isinstance(node, Mapping):
        return {key: _walk(node[key], f"{path}/{_part(key, path)}", convert) for key in node}
    if isinstance(node, list | tuple):
        return [_walk(value, f"{path}/{i}", convert) for i, value in enumerate(node)]
    if isinstance(node, np.generic):
        node = node.item()
    if node is None or isinstance(node, bool | int | float | str):
        return node
    kind = f"array of {node.dtype}" if isinstance(node, np.ndarray) else type(node).__name__
    raise EpochError(
        f"train: expected a state of arrays and JSON values, got {kind} at {path}; "
        f"turn it into an array of numbers, a number, a string, a list or a dictionary"
    )


def _part(key: object, path: str) -> str:
    """Return a key as part of a path, escaped as in JSON pointers (RFC 6901): paths are unique."""
    if not isinstance(key, str) or key == ARRAY:
        raise EpochError(
            f"train: expected a state whose keys are strings other than {ARRAY!r}, got {key!r} at "
            f"{path}; rename it"
        )
    return key.replace("~", "~0").replace("/", "~1")
