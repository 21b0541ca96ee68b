"""Checkpoints in the run directory, as files on disk."""

import re
from collections.abc import Collection
from pathlib import Path

from sweep.checkpoints.format import flaw_of, newest_usable
from sweep.files import delete, write_atomically


class LocalCheckpoints:
    """The checkpoints of one study: the last two of each trial that may still need them.

    A new one is complete on disk before the last becomes the former, so at every moment there is
    one to resume from.
    """

    def __init__(self, folder: Path, study: str) -> None:
        self._folder = folder
        self._study = study

    def path(self, number: int) -> Path:
        """Return the path of a trial's last checkpoint, which need not exist."""
        return self._folder / f"{self._study}-{number:05d}.safetensors"

    def read(self, number: int, n_epochs: int) -> bytes | None:
        """See `Checkpoints.read`."""
        data = _read(self.path(number))
        return None if flaw_of(data, n_epochs) else data

    def recover(self, number: int, n_epochs: int) -> tuple[bytes | None, str]:
        """See `Checkpoints.recover`. The former checkpoint replaces an unusable last one."""
        last, former = self.path(number), self._former(number)
        if not last.exists() and not former.exists():
            return None, ""
        data, note = newest_usable(((path, _read(path)) for path in (last, former)), n_epochs)
        if note and data is not None:
            former.replace(last)
        return data, note

    def write(self, number: int, data: bytes) -> None:
        """Add a checkpoint of a trial; the last one becomes the former one."""
        write_atomically(self.path(number), data, self._former(number))

    def discard(self, number: int, *, keep_last: bool) -> None:
        """See `Checkpoints.discard`."""
        delete(self._former(number))
        if not keep_last:
            delete(self.path(number))

    def clean_up(self, running: Collection[int], ended: Collection[int]) -> None:
        """See `Checkpoints.clean_up`. Files that a crash left half-written are deleted too."""
        whole = rf"{re.escape(self._study)}-\d{{5,}}(\.former)?\.safetensors"
        ours = re.compile(rf"{whole}|\.{whole}\.\w+")  # the latter are temporary
        kept = {self.path(number) for number in (*running, *ended)}
        kept |= {self._former(number) for number in running}
        for path in self._folder.glob("*"):
            if path not in kept and ours.fullmatch(path.name):
                delete(path)

    def _former(self, number: int) -> Path:
        return self.path(number).with_suffix(".former.safetensors")


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None
