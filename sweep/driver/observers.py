"""This file keeps the log of a run: each trial that ended, and tracebacks in full."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sweep.driver.progress import Observer, Snapshot
from sweep.errors import StorageError
from sweep.study.study import Callback
from sweep.text import short
from sweep.trials.records import TrialRecord


class LogFile:
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
            n_trials = len(snapshot.counts.records)
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


def both(first: Observer, second: Observer) -> Observer:
    """Combine two observers into one that calls both, in this order."""

    def observer(snapshot: Snapshot, event: TrialRecord | str | None) -> None:
        first(snapshot, event)
        second(snapshot, event)

    return observer


def with_callbacks(callbacks: Sequence[Callback], observer: Observer) -> Observer:
    """An observer that also calls the study's own; one of these that fails is told, not fatal."""

    def observe(snapshot: Snapshot, event: TrialRecord | str | None) -> None:
        observer(snapshot, event)
        if not isinstance(event, TrialRecord):
            return
        for callback in callbacks:
            try:
                callback(snapshot.study.name, event)
            except Exception as error:  # noqa: BLE001 - whatever theirs is, our run goes on
                name = getattr(callback, "__name__", None) or repr(callback)
                words = f"trial {event.number}: callback {name}: {type(error).__name__}: {error}"
                observer(snapshot, words)

    return observe
