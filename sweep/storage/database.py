"""The database of a run. It is Optuna's own storage, so Optuna's tools open it too.

One Optuna study holds everything: parameters and scores where Optuna keeps them, each epoch as one
JSON attribute of its trial, and the rest of a `TrialRecord` as further attributes.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.study import StudyDirection as D
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from sweep.errors import RunError, StorageError
from sweep.storage.damage import damage_named
from sweep.storage.trial_table import TrialTable

OPEN_TRIES = 20
"""How often to open a database whose tables another process may be creating."""


OPEN_PAUSE_S = 0.1
"""Seconds between two of these tries: together, ten times as long as creating the tables takes."""


TABLES_EXIST = ("already exists", "UNIQUE constraint failed")
"""Parts of the errors of a process that creates tables at the same time as another."""


class Backend(Protocol):
    """A kind of database; its `str` names the place.

    Attributes:
        url: URL that tells SQLAlchemy the dialect.
        prefix: Prefix of the names of this run's studies.
        advice: What to do when it fails, as the beginning of a sentence.
        read_only: Statement after which a connection can only read.
        error: Base of the exceptions that its library raises.
        note: What storage.json says about it; None if it is in the run directory.
        connector: Gives a function that connects, with the lease on the run if it `drives`.
    """

    url: str
    prefix: str
    advice: str
    read_only: str
    error: type[Exception]
    note: dict[str, Any] | None

    def connector(self, *, drives: bool) -> AbstractContextManager[Callable[[], Any]]: ...  # noqa: D102


class Database:
    """The studies of one run: the search, and the final training."""

    def __init__(self, backend: Backend, *, drives: bool = False) -> None:
        """Connect, and create the tables if there are none.

        Args:
            backend: The database.
            drives: Whether to write, which only one process at a time may do.

        Raises:
            StorageError: If it cannot be opened or is not a database.
            RunError: If another process drives this run.
        """
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._backend = backend
        try:
            with backend.connector(drives=drives) as connect:
                self._storage = _open(backend.url, connect)
        except RuntimeError as error:  # Optuna's error for another schema
            message = f"{backend}: expected a database with the schema of this Optuna, got {error}"
            raise StorageError(message) from error
        except (StorageInternalError, SQLAlchemyError, backend.error) as error:
            raise self._refusal(error.__cause__ or error) from error
        event.listen(self._storage.engine, "handle_error", self._handle)

    def close(self) -> None:
        """Close the connection, which releases the lease."""
        self._storage.remove_session()
        self._storage.engine.dispose()

    def to_look_at(self) -> RDBStorage:
        """Return Optuna's storage for other programs to read; the database refuses their writes."""
        with self._storage.engine.connect() as connection:
            connection.exec_driver_sql(self._backend.read_only)
            connection.commit()
        return self._storage

    def studies(self) -> list[str]:
        """Return the names of the studies, the search first."""
        prefix = self._backend.prefix
        with damage_named():
            names = [study.study_name for study in self._storage.get_all_studies()]
        return [name.removeprefix(prefix) for name in names if name.startswith(prefix)]

    def study(self, name: str) -> TrialTable:
        """Return the study with this name.

        Raises:
            RunError: If there is none.
        """
        try:
            study_id = self._storage.get_study_id_from_name(self._backend.prefix + name)
        except KeyError:
            message = f"{self._backend}: expected a study {name!r}, got {self.studies()}"
            raise RunError(message) from None
        return TrialTable(self._storage, study_id)

    def ensure(
        self, name: str, *, minimize: bool | Sequence[bool], attributes: Mapping[str, Any]
    ) -> TrialTable:
        """Return the study with this name; create it with these attributes if there is none.

        A crash may have interrupted its creation: attributes it has stay as they are, missing ones
        are added. A study with trials is complete, even if an earlier version created it.

        Args:
            name: Its name.
            minimize: Whether lower is better; of several objectives, for each.
            attributes: Its attributes.
        """
        if name not in self.studies():
            lower = [minimize] if isinstance(minimize, bool) else minimize
            directions = [D.MINIMIZE if is_better else D.MAXIMIZE for is_better in lower]
            self._storage.create_new_study(directions, self._backend.prefix + name)
        table = self.study(name)
        known = attributes if table.has_trials else table.attributes()
        for key in attributes:
            if key not in known:
                table.set_attribute(key, attributes[key])
        return table

    def clear(self) -> None:
        """Delete the studies of this run."""
        for name in self.studies():
            optuna.delete_study(study_name=self._backend.prefix + name, storage=self._storage)

    def _handle(self, context: ExceptionContext) -> None:
        """Raise our error at once; Optuna would retry some failures for minutes."""
        error = context.sqlalchemy_exception
        if error is not None and not isinstance(error, IntegrityError):
            raise self._refusal(error)

    def _refusal(self, error: BaseException) -> StorageError:
        reason = str(getattr(error, "orig", error)).partition("\n")[0]
        return StorageError(
            f"{self._backend}: cannot use the database: {reason}. {self._backend.advice} and run "
            f"again; no finished work is lost"
        )


def _open(url: str, connect: Callable[[], Any]) -> RDBStorage:
    """Return Optuna's storage, even while another process creates the same tables."""
    for _ in range(OPEN_TRIES - 1):
        try:
            return _storage(url, connect)
        except (StorageInternalError, SQLAlchemyError) as error:
            if not any(text in str(error) for text in TABLES_EXIST):
                raise
        time.sleep(OPEN_PAUSE_S)
    return _storage(url, connect)


def _storage(url: str, connect: Callable[[], Any]) -> RDBStorage:
    connections: list[Any] = []

    def connect_and_note() -> Any:
        connections.append(connect())
        return connections[-1]

    engine = {"creator": connect_and_note, "poolclass": StaticPool}
    try:
        return RDBStorage(url, engine_kwargs=engine)
    except BaseException:
        for connection in connections:  # Optuna leaves it to the garbage collector
            connection.close()
        raise
