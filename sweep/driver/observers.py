"""Observers of a run: its log file, and the study's own callbacks."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sweep.driver.progress import Observer, Snapshot
from sweep.errors import StorageError
from sweep.study.study import Callback
from sweep.text import short
from sweep.trials.records import TrialRecord


class LogFile:
    """An observer that appends to a text file: each trial that ended, with its full traceback."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._study = ""

    def __call__(self, snapshot: Snapshot, event: TrialRecord | str | None) -> None:
        """Log the start of a study, each trial that ended, and each message.

        Raises:
            StorageError: If the file cannot be written.
        """
        if snapshot.study.name != self._study:
            self._study = snapshot.study.name
            n_trials = len(snapshot.counts.records)
            self._write(
                f"{self._study}: {n_trials} of {snapshot.n_trials} trials recorded, "
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
                f"{self._path}: cannot write: {error.strerror}. Free some space or fix its "
                f"permissions, then run again; no finished work is lost"
            ) from error


def all_of(*observers: Observer) -> Observer:
    """Return an observer that calls these, in this order."""

    def observe(snapshot: Snapshot, event: TrialRecord | str | None) -> None:
        for observer in observers:
            observer(snapshot, event)

    return observe


def calling_back(callbacks: Sequence[Callback], observer: Observer) -> Observer:
    """Return an observer that calls a study's callbacks, and reports those that fail.

    Args:
        callbacks: Functions to call with each trial that ends.
        observer: Receives a message for each call that raised.
    """

    def observe(snapshot: Snapshot, event: TrialRecord | str | None) -> None:
        if not isinstance(event, TrialRecord):
            return
        for callback in callbacks:
            try:
                callback(snapshot.study.name, event)
            except Exception as error:  # noqa: BLE001 - the user's error must not stop the run
                name = getattr(callback, "__name__", None) or repr(callback)
                message = f"trial {event.number}: callback {name}: {type(error).__name__}: {error}"
                observer(snapshot, message)

    return observe
