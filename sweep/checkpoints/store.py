"""The interface of checkpoint stores: the run directory, or a folder at a URL."""

from collections.abc import Collection
from pathlib import Path
from typing import Protocol


class Checkpoints(Protocol):
    """The checkpoints of one study, wherever they are kept."""

    def path(self, number: int) -> Path | str:
        """Return where the checkpoints of a trial are, as text or as a path."""

    def read(self, number: int, n_epochs: int) -> bytes | None:
        """Return the last checkpoint of a trial with `n_epochs` recorded epochs.

        None if it is missing, damaged or ahead of the record.
        """

    def recover(self, number: int, n_epochs: int) -> tuple[bytes | None, str]:
        """Return the checkpoint that a trial with `n_epochs` recorded epochs resumes from.

        If the last one is unusable, that is the one before it. Without either the training starts
        over. The same seed leads to the same epochs, whichever it is.

        Returns:
            The checkpoint, or None; and what was wrong with later ones, empty if nothing was.
        """

    def write(self, number: int, data: bytes) -> None:
        """Add a checkpoint of a trial."""

    def discard(self, number: int, *, keep_last: bool) -> None:
        """Delete the checkpoints of a trial that has ended: all, or all but the last."""

    def clean_up(self, running: Collection[int], ended: Collection[int]) -> None:
        """Delete checkpoints no trial needs. Running trials keep two, ended trials one.

        Args:
            running: Numbers of the running trials.
            ended: Numbers of the ended trials that keep their last checkpoint.
        """
