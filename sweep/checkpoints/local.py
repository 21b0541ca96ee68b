"""This file names the checkpoints of a study on disk, and finds one to continue from."""

import re
from collections.abc import Collection
from pathlib import Path

from sweep.checkpoints.format import decode
from sweep.checkpoints.store import flaw_of, usable
from sweep.files import write_atomically


class LocalCheckpoints:
    """The checkpoints of one study: of each trial that may still need them the last and the former.

    A new one is whole on disk before the last becomes the former, so at every moment there is one
    to continue from.
    """

    def __init__(self, folder: Path, study: str) -> None:
        self._folder = folder
        self._study = study

    def path(self, number: int) -> Path:
        """Where the last checkpoint of a trial is, if there is one."""
        return self._folder / f"{self._study}-{number:05d}.safetensors"

    def read(self, number: int, n_epochs: int) -> bytes | None:
        """The last checkpoint of a trial with so many epochs on record; None if it is of no use.

        That is one that is torn, or ahead of the record.
        """
        return usable(_read(self.path(number)), n_epochs)

    def recover(self, number: int, n_epochs: int) -> tuple[bytes | None, str]:
        """What a trial with so many epochs on record continues from, and what was wrong, if it was.

        The former checkpoint takes the place of a last one that is of no use. Without either the
        training starts over. The same seed leads to the same epochs, whichever it is.
        """
        last, former = self.path(number), self._former(number)
        if not last.exists() and not former.exists():
            return None, ""
        found = _read(last)
        data = usable(found, n_epochs)
        if data is not None:
            return data, ""
        what = f"expected a checkpoint that can be used, got {flaw_of(found)} at {last}"
        found = _read(former)
        data = usable(found, n_epochs)
        if data is None:
            return None, f"{what} and {flaw_of(found)} before it; starts over"
        former.replace(last)
        return data, f"{what}; goes on from the one before it, of epoch {decode(data).epoch}"

    def write(self, number: int, data: bytes) -> None:
        """Adds a checkpoint of a trial; the last one becomes the former one."""
        write_atomically(self.path(number), data, self._former(number))

    def discard(self, number: int, *, keep_last: bool) -> None:
        """Removes the former checkpoint of a trial that has ended, and the last if need be."""
        self._former(number).unlink(missing_ok=True)
        if not keep_last:
            self.path(number).unlink(missing_ok=True)

    def clean_up(self, running: Collection[int], ended: Collection[int]) -> None:
        """Removes what no trial needs, and what a crash left half written.

        Args:
            running: The trials that keep the last and the former checkpoint.
            ended: The trials that keep the last.
        """
        kept = {self.path(number) for number in (*running, *ended)}
        kept |= {self._former(number) for number in running}
        for path in self._folder.glob("*"):
            if path not in kept and self._is_ours(path.name):
                path.unlink()

    def _is_ours(self, name: str) -> bool:
        """Whether we write files of such names, until they are whole or in the end."""
        whole = rf"{re.escape(self._study)}-\d{{5,}}(\.former)?\.safetensors"
        return bool(re.fullmatch(rf"{whole}|\.{whole}\.\w+", name))

    def _former(self, number: int) -> Path:
        return self.path(number).with_suffix(".former.safetensors")


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None
