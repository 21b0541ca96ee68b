"""Observers of a run: its log file, the files of what trials print, and the study's callbacks."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sweep.driver.progress import Event, Observer, Snapshot
from sweep.errors import StorageError
from sweep.storage.run_directory import RunDirectory
from sweep.study.code.user_code import text_of
from sweep.study.objectives import by_name
from sweep.study.study import Callback
from sweep.text import metrics_text, shortened
from sweep.trials.records import TrialRecord
from sweep.workers.messages import Output

OUTPUT_BYTES = 1024**2
"""Bytes of a trial's output to keep; beyond that, the middle is left out."""


class LogFile:
    """An observer that appends to a text file: each trial that ended, with its full traceback."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._study = ""

    def __call__(self, snapshot: Snapshot, event: Event) -> None:
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
            scores = metrics_text(by_name(snapshot.study.objectives, event.scores))
            self._write(
                f"{self._study}: trial {event.number} {event.ending.value} {scores}".rstrip()
            )
            if event.failure is not None:
                self._write(f"{event.failure.message}\n{event.failure.traceback}".rstrip())
        elif isinstance(event, str):
            self._write(f"{self._study}: {event}")

    def _write(self, text: str) -> None:
        now = datetime.now().isoformat(sep=" ", timespec="seconds")
        try:
            self._path.parent.mkdir(exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{now} {text}\n")
        except OSError as error:
            raise StorageError(
                f"{self._path}: cannot write: {error.strerror}. Free some space or fix its "
                f"permissions, then run again; no finished work is lost"
            ) from error


class OutputFiles:
    """An observer that appends what trials print to a file for each, while the disk has room."""

    def __init__(self, directory: RunDirectory, search: str, observer: Observer) -> None:
        """Write into a run directory.

        Args:
            directory: The run directory.
            search: Name of the search; those of other studies begin with it.
            observer: Receives a message when a file cannot be written; once, until one can be.
        """
        self._directory = directory
        self._search = search
        self._observer = observer
        self._attempts: dict[Path, int] = {}
        self._fails = False

    def __call__(self, snapshot: Snapshot, event: Event) -> None:
        """Append what a trial has printed to its file; its first attempt begins a new one."""
        if not isinstance(event, Output):
            return
        step = snapshot.study.name.removeprefix(self._search)[1:] or "trial"
        path = self._directory.output(event.trial, step)
        attempts = snapshot.counts.records[event.trial].attempts
        try:
            self._append(path, event.text, attempts)
            self._fails = False
        except OSError as error:
            if not self._fails:
                message = f"{path}: cannot write: {error.strerror}; what trials print is lost"
                self._observer(snapshot, message)
            self._fails = True

    def _append(self, path: Path, text: bytes, attempts: Sequence[Mapping[str, Any]]) -> None:
        path.parent.mkdir(exist_ok=True)
        begins = self._attempts.get(path) != len(attempts)
        with path.open("wb" if begins and not attempts else "ab") as file:
            if begins and attempts:
                last = "{reason} after {epoch} epochs".format(**attempts[-1])
                file.write(f"-- attempt {len(attempts) + 1}, the last one: {last} --\n".encode())
            file.write(text)
            size = file.tell()
        self._attempts[path] = len(attempts)
        if size > OUTPUT_BYTES:
            path.write_bytes(shortened(path.read_bytes(), OUTPUT_BYTES // 2))


def all_of(*observers: Observer) -> Observer:
    """Return an observer that calls these, in this order."""

    def observe(snapshot: Snapshot, event: Event) -> None:
        for observer in observers:
            observer(snapshot, event)

    return observe


def calling_back(callbacks: Sequence[Callback], observer: Observer) -> Observer:
    """Return an observer that calls a study's callbacks, and reports those that fail.

    Args:
        callbacks: Functions to call with each trial that ends.
        observer: Receives a message for each call that raised.
    """

    def observe(snapshot: Snapshot, event: Event) -> None:
        if not isinstance(event, TrialRecord):
            return
        for callback in callbacks:
            try:
                callback(snapshot.study.name, event)
            except Exception as error:  # noqa: BLE001 - the user's error must not stop the run
                name = getattr(callback, "__name__", None) or repr(callback)
                what = f"{type(error).__name__}: {text_of(error)}"
                observer(snapshot, f"trial {event.number}: callback {name}: {what}")

    return observe
