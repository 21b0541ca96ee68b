"""Doc."""

from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from sweep.checkpoints.format import decode
from sweep.errors import CorruptCheckpointError


class Checkpoints(Protocol):
    """The checkpoints of one study, wherever they are."""

    def path(self, number: int) -> Path | str:
        """Where those of a trial are, in words."""

    def read(self, number: int, n_epochs: int) -> bytes | None:
        """The last one of a trial with so many epochs on record; None if it is of no use."""

    def recover(self, number: int, n_epochs: int) -> tuple[bytes | None, str]:
        """What a trial of so many epochs continues from, and what was wrong, if it was."""

    def write(self, number: int, data: bytes) -> None:
        """Adds one of a trial."""

    def discard(self, number: int, *, keep_last: bool) -> None:
        """Removes those of a trial that has ended, all or all but the last."""

    def clean_up(self, running: Collection[int], ended: Collection[int]) -> None:
        """Removes what no trial needs: those that are running two, those that ended one."""


def usable(data: bytes | None, n_epochs: int) -> bytes | None:
    """The checkpoint, unless it is torn or ahead of the record of so many epochs."""
    try:
        return data if data is not None and decode(data).epoch <= n_epochs else None
    except CorruptCheckpointError:
        return None


def flaw_of(data: bytes | None) -> str:
    """What is wrong with a checkpoint that cannot be used."""
    if data is None:
        return "none"
    try:
        return f"one ahead of the record, of epoch {decode(data).epoch},"
    except CorruptCheckpointError:
        return "a damaged one"
