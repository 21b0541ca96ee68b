"""This file keeps a study in a real database, by Optuna's own storage: its tools open it too.

One Optuna study holds everything: parameters and scores where Optuna keeps them, each epoch as one
JSON attribute of its trial, and the rest of a `TrialRecord` as further attributes.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState
from sqlalchemy.exc import SQLAlchemyError

from sweep.errors import RunError, StorageError
from sweep.frozen import epoch_key, to_frozen, to_record
from sweep.records import EpochRecord, TrialRecord
from sweep.sampling import STATES


class Database:
    """The studies of one run: the search, and the final training beside it."""

    def __init__(self, path: Path) -> None:
        """Opens the SQLite file, which is made if there is none.

        Raises:
            StorageError: If it cannot be opened or is no database.
        """
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.path = path
        with self._guard():
            try:
                self._storage = RDBStorage(
                    f"sqlite:///{path}", engine_kwargs={"creator": lambda: _connect(path)}
                )
            except RuntimeError as error:  # Optuna's word for a schema of another time
                raise StorageError(
                    f"{path}: expected a database of this Optuna's schema, got: {error}"
                ) from error

    def close(self) -> None:
        """Lets go of the file."""
        self._storage.remove_session()
        self._storage.engine.dispose()

    def studies(self) -> list[str]:
        """The names of the studies in here, the search first."""
        with self._guard():
            return [study.study_name for study in self._storage.get_all_studies()]

    def study(self, name: str) -> "StudyTable":
        """The study of this name.

        Raises:
            RunError: If there is none.
        """
        with self._guard():
            try:
                study_id = self._storage.get_study_id_from_name(name)
            except KeyError:
                raise RunError(
                    f"{self.path}: expected a study {name!r}, got {self.studies()}"
                ) from None
        return StudyTable(self._storage, study_id, self._guard)

    def ensure(self, name: str, *, minimize: bool, attributes: Mapping[str, Any]) -> "StudyTable":
        """The study of this name; made with these attributes if there is none.

        A crash may have come between making it and its last attribute: those it has stay as they
        are, the others are added.
        """
        if name not in self.studies():
            direction = StudyDirection.MINIMIZE if minimize else StudyDirection.MAXIMIZE
            with self._guard():
                self._storage.create_new_study([direction], name)
        table = self.study(name)
        known = table.attributes()
        for key, value in attributes.items():
            if key not in known:
                table.set_attribute(key, value)
        return table

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except (StorageInternalError, SQLAlchemyError, sqlite3.Error) as error:
            cause = error.__cause__ or error
            reason = str(getattr(cause, "orig", cause)).splitlines()[0]
            raise StorageError(
                f"{self.path}: expected a database that can be read and written, got {reason!r}; "
                f"free some space or mend the file, then run again: what it holds is kept"
            ) from error


class StudyTable:
    """One study's trials. Written by its one driver; read by anybody at any time."""

    def __init__(self, storage: RDBStorage, study_id: int, guard: Callable[[], Any]) -> None:
        self._storage = storage
        self._study_id = study_id
        self._guard = guard
        self._trial_ids: dict[int, int] = {}

    def attributes(self) -> dict[str, Any]:
        """What is known of the study as a whole."""
        with self._guard():
            return self._storage.get_study_user_attrs(self._study_id)

    def set_attribute(self, key: str, value: Any) -> None:
        """Keeps a JSON value under `key`."""
        with self._guard():
            self._storage.set_study_user_attr(self._study_id, key, value)

    def trials(self) -> list[TrialRecord]:
        """All trials, in the order of their numbers."""
        with self._guard():
            frozen_trials = self._storage.get_all_trials(self._study_id, deepcopy=False)
        self._trial_ids = {frozen.number: frozen._trial_id for frozen in frozen_trials}
        return [to_record(frozen) for frozen in frozen_trials]

    def add(self, record: TrialRecord) -> None:
        """Keeps a new trial, running, in one transaction."""
        frozen = to_frozen(record)
        with self._guard():
            trial_id = self._storage.create_new_trial(self._study_id, template_trial=frozen)
            number = self._storage.get_trial_number_from_id(trial_id)
        if number != record.number:
            raise RunError(
                f"database: expected the new trial to be number {record.number}, got {number}; "
                f"another program has added trials: leave the writing to `sweep run`"
            )
        self._trial_ids[number] = trial_id

    def add_epoch(self, number: int, epoch: EpochRecord, value: float | None) -> None:
        """Keeps an epoch, and its value of the study's metric where Optuna's tools look for it."""
        self.set_trial_attribute(number, epoch_key(epoch), asdict(epoch))
        if value is not None:
            with self._guard():
                self._storage.set_trial_intermediate_value(
                    self._trial_ids[number], epoch.number, value
                )

    def set_trial_attribute(self, number: int, key: str, value: Any) -> None:
        """Keeps a JSON value of a trial under `key`; finished trials take none."""
        with self._guard():
            self._storage.set_trial_user_attr(self._trial_ids[number], key, value)

    def finish(self, record: TrialRecord) -> None:
        """Keeps how a trial ended; from then on it never changes."""
        ending = {
            "ending": record.ending.value,
            "ended": record.ended,
            "spread": record.spread,
            "failure": asdict(record.failure) if record.failure else None,
        }
        self.set_trial_attribute(record.number, "ending", ending)
        state = STATES[record.ending]
        values = (
            [record.score] if state is TrialState.COMPLETE and record.score is not None else None
        )
        with self._guard():
            self._storage.set_trial_state_values(self._trial_ids[record.number], state, values)


def _connect(path: Path) -> sqlite3.Connection:
    # With a write-ahead log, readers and the driver never wait for each other, and one transaction
    # costs no disk flush; a power cut may lose the last moments, never the file.
    connection = sqlite3.connect(path, timeout=20, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection
