"""This file keeps the log of a run: each trial that ended, and tracebacks in full."""

from datetime import datetime
from pathlib import Path

from sweep.errors import StorageError
from sweep.records import TrialRecord
from sweep.snapshot import Snapshot
from sweep.tables import short


class Logbook:
    """An observer that appends to a text file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._study = ""

    def __call__(self, snapshot: Snapshot, event: TrialRecord | str | None) -> None:
        """Notes the start of a study, each trial that ended, and what else there is to know.

        Raises:
            StorageError: If the disk refuses.
        """
        if snapshot.study.name != self._study:
            self._study = snapshot.study.name
            n_trials = len(snapshot.standing.records)
            self._write(
                f"{self._study}: {n_trials} of {snapshot.n_trials} trials on record, "
                f"{snapshot.slots} slots"
            )
        if isinstance(event, TrialRecord):
            score = "" if event.score is None else f" {snapshot.study.metric} {short(event.score)}"
            self._write(f"{self._study}: trial {event.number} {event.ending.value}{score}")
            if event.failure is not None:
                self._write(f"{event.failure.message}\n{event.failure.traceback}".rstrip())
        elif event is not None:
            self._write(f"{self._study}: {event}")

    def _write(self, text: str) -> None:
        now = datetime.now().isoformat(sep=" ", timespec="seconds")
        try:
            self._path.parent.mkdir(exist_ok=True)
            with self._path.open("a") as file:
                file.write(f"{now} {text}\n")
        except OSError as error:
            raise StorageError(
                f"{self._path}: expected a file that can be written, got {error.strerror!r}; "
                f"free some space or mend its permissions, then run again"
            ) from error
