"""The trials of one study, as rows in the tables of Optuna's storage.

Reading goes through Optuna. Writing does not: its storage takes about twenty statements per trial
and a transaction for each value of an epoch, which is ten times as slow. Here every change is one
transaction, so it is recorded as a whole or not at all.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from optuna.distributions import distribution_to_json
from optuna.storages import RDBStorage
from optuna.trial import TrialState
from sqlalchemy import Connection, TableClause, bindparam, select

from sweep.errors import RunError
from sweep.storage.damage import damage_named
from sweep.storage.enqueued import take, waiting
from sweep.storage.optuna_tables import (
    ATTRIBUTES,
    PARAMS,
    SCORES,
    SYSTEM_ATTRIBUTES,
    TRIALS,
    VALUES,
)
from sweep.trials.domains import Params
from sweep.trials.optuna_trials import (
    STATES,
    constraint_attributes,
    epoch_key,
    to_frozen,
    to_record,
)
from sweep.trials.records import EpochRecord, TrialRecord


class TrialTable:
    """The trials of one study. Its one driver writes them; anybody may read them at any time."""

    def __init__(self, storage: RDBStorage, study_id: int) -> None:
        self._storage = storage
        self._study_id = study_id
        self._trial_ids: dict[int, int] = {}

    def attributes(self) -> dict[str, Any]:
        """Return the attributes of the study as a whole.

        Raises:
            StorageError: If they are damaged.
        """
        with damage_named():
            return self._storage.get_study_user_attrs(self._study_id)

    def set_attribute(self, key: str, value: Any) -> None:
        """Record a JSON value of the study under `key`."""
        self._storage.set_study_user_attr(self._study_id, key, value)

    @property
    def has_trials(self) -> bool:
        """Whether any trial has begun; with many, a thousand times faster than reading them."""
        mine = select(TRIALS.c.trial_id).where(TRIALS.c.study_id == self._study_id).limit(1)
        with self._storage.engine.connect() as connection:
            return connection.execute(mine).first() is not None

    def trials(self) -> list[TrialRecord]:
        """Return all trials, in the order of their numbers.

        Raises:
            StorageError: If their records are damaged.
        """
        with damage_named():
            frozen_trials = self._storage.get_all_trials(self._study_id, deepcopy=False)
            self._trial_ids = {frozen.number: frozen._trial_id for frozen in frozen_trials}
            return [to_record(frozen) for frozen in frozen_trials]

    def next_enqueued(self) -> tuple[str, Params]:
        """Return the parameters that wait the longest, after their key; ("", {}) if none do."""
        with self._storage.engine.connect() as connection:
            return next(iter(waiting(connection, self._study_id)), ("", {}))

    def add(self, record: TrialRecord, enqueued: str = "") -> None:
        """Record a new, running trial.

        Args:
            record: The trial.
            enqueued: Key of the enqueued parameters that it uses, if any.

        Raises:
            RunError: If another program has added trials.
        """
        frozen = to_frozen(record)
        params = [
            (name, domain.to_internal_repr(frozen.params[name]), distribution_to_json(domain))
            for name, domain in frozen.distributions.items()
        ]
        with self._storage.engine.begin() as connection:
            trial_id = self._insert_trial(connection, record.number)
            _insert(connection, PARAMS, trial_id, params)
            _insert(connection, ATTRIBUTES, trial_id, _as_json(frozen.user_attrs))
            if enqueued:  # taken and used in one transaction: never lost, never used twice
                take(connection, self._study_id, enqueued)
        self._trial_ids[record.number] = trial_id

    def add_epochs(self, number: int, epochs: Sequence[EpochRecord], metric: str) -> None:
        """Record epochs, with their values of `metric` where Optuna's tools look for them.

        Raises:
            RunError: If another program has ended the trial.
        """
        trial_id = self._trial_ids[number]
        with self._storage.engine.begin() as connection:
            self._check_runs(connection, number)
            _insert_epochs(connection, trial_id, epochs, metric)

    def drop_epochs(self, number: int, epochs: range) -> None:
        """Delete the last epochs of a trial, given by their numbers.

        Raises:
            RunError: If another program has ended the trial.
        """
        mine = ATTRIBUTES.c.trial_id == self._trial_ids[number]
        one = ATTRIBUTES.delete().where(mine, ATTRIBUTES.c.key == bindparam("dropped"))
        values = VALUES.c.trial_id == self._trial_ids[number], VALUES.c.step >= epochs.start
        with self._storage.engine.begin() as connection:
            self._check_runs(connection, number)
            connection.execute(one, [{"dropped": epoch_key(epoch)} for epoch in epochs])
            connection.execute(VALUES.delete().where(*values))

    def set_trial_attribute(self, number: int, key: str, value: Any) -> None:
        """Record a JSON value of a running trial under `key`.

        Raises:
            RunError: If another program has ended the trial.
        """
        trial_id = self._trial_ids[number]
        former = ATTRIBUTES.c.trial_id == trial_id, ATTRIBUTES.c.key == key
        with self._storage.engine.begin() as connection:
            self._check_runs(connection, number)
            connection.execute(ATTRIBUTES.delete().where(*former))
            _insert(connection, ATTRIBUTES, trial_id, _as_json({key: value}))

    def finish(self, record: TrialRecord) -> None:
        """Record how a trial ended; from then on it never changes.

        Raises:
            RunError: If another program has ended it.
        """
        trial_id = self._trial_ids[record.number]
        ending = {
            "ending": record.ending.value,
            "ended": record.ending_number,
            "spread": record.score_std,
            "failure": asdict(record.failure) if record.failure else None,
            "kept": record.kept,
        }
        state = STATES[record.ending]
        scores = record.scores if state is TrialState.COMPLETE else ()
        values = [(objective, score, "FINITE") for objective, score in enumerate(scores)]
        constraints = _as_json(constraint_attributes(record))
        end = TRIALS.update().where(TRIALS.c.trial_id == trial_id)
        # Earlier versions wrote the ending and the state in two transactions. A crash between them
        # left a running trial with an ending, which this one replaces.
        half = ATTRIBUTES.c.trial_id == trial_id, ATTRIBUTES.c.key == "ending"
        with self._storage.engine.begin() as connection:
            self._check_runs(connection, record.number)
            connection.execute(end, {"state": state, "datetime_complete": _now()})
            connection.execute(ATTRIBUTES.delete().where(*half))
            _insert(connection, ATTRIBUTES, trial_id, _as_json({"ending": ending}))
            _insert(connection, SCORES, trial_id, values)
            _insert(connection, SYSTEM_ATTRIBUTES, trial_id, constraints)

    def _insert_trial(self, connection: Connection, number: int) -> int:
        """Insert a running trial after the last one, and return its id."""
        row = {"study_id": self._study_id, "number": number, "state": TrialState.RUNNING}
        insert = TRIALS.insert().returning(TRIALS.c.trial_id)
        trial_id: int = connection.execute(insert, row | {"datetime_start": _now()}).scalar_one()
        others = TRIALS.c.study_id == self._study_id, TRIALS.c.trial_id < trial_id
        last = TRIALS.select().where(*others).order_by(TRIALS.c.trial_id.desc()).limit(1)
        before = connection.execute(last).first()
        due = before.number + 1 if before else 0
        if number != due:
            raise RunError(
                f"database: expected the new trial to be number {number}, got {due}; "
                f"another program has added trials: let only `sweep run` write to it"
            )
        return trial_id

    def _check_runs(self, connection: Connection, number: int) -> None:
        trial = TRIALS.c.trial_id == self._trial_ids[number]
        if connection.execute(select(TRIALS.c.state).where(trial)).scalar() != TrialState.RUNNING:
            raise RunError(
                f"database: expected trial {number} to be running, got it ended by another "
                f"program; let only `sweep run` write to it"
            )


def _insert(connection: Connection, into: TableClause, trial_id: int, rows: Sequence[Any]) -> None:
    """Insert rows of a trial, given as tuples of the values that follow its id."""
    if rows:
        names = into.columns.keys()
        named = [dict(zip(names, (trial_id, *row), strict=True)) for row in rows]
        connection.execute(into.insert(), named)


def _insert_epochs(
    connection: Connection, trial_id: int, epochs: Sequence[EpochRecord], metric: str
) -> None:
    attributes = _as_json({epoch_key(epoch.number): asdict(epoch) for epoch in epochs})
    measured = [epoch for epoch in epochs if metric in epoch.metrics]
    values = [(epoch.number, epoch.metrics[metric], "FINITE") for epoch in measured]
    _insert(connection, ATTRIBUTES, trial_id, attributes)
    _insert(connection, VALUES, trial_id, values)


def _as_json(attributes: dict[str, Any]) -> list[tuple[str, str]]:
    return [(key, json.dumps(value)) for key, value in attributes.items()]


def _now() -> datetime:
    """Return the time as Optuna stores it: in UTC, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)
