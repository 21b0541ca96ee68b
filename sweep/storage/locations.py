"""Chooses the database of a run, and the place of its checkpoints.

The run directory remembers both, so that later commands need no option for them.
"""

import json
import secrets
from typing import TYPE_CHECKING

from sweep.errors import RunError, not_installed
from sweep.files import write_atomically
from sweep.storage.run_directory import RunDirectory
from sweep.storage.sqlite import SQLiteFile
from sweep.storage.trial_table import TrialTable

if TYPE_CHECKING:
    from sweep.storage.database import Backend
    from sweep.storage.postgres import Postgres


def storage_of(directory: RunDirectory, url: str = "") -> "Backend":
    """Return the database of a run: what its directory says, or else `url`, or else SQLite.

    Args:
        directory: The run directory, which need not exist yet.
        url: postgresql://user:password@host/database; empty for what the directory says.

    Raises:
        RunError: If the run was made with another storage than `url`.
        OptionError: If `url` cannot be used, or psycopg is not installed.
    """
    noted = _noted(directory)
    if not url:
        return noted or SQLiteFile(directory.database)
    given = _postgres().at(url, noted.run if noted else directory.path.name)
    same = given.parts == noted.parts if noted else not directory.database.is_file()
    if not same:
        raise RunError(
            f"{directory.path}: expected the storage that this run was made with, "
            f"{noted or 'sweep.db'}, got {given}; omit --storage, or start another run with --name"
        )
    return given


def note_storage(directory: RunDirectory, storage: "Backend") -> None:
    """Write to storage.json where the records are, without password, unless they are in SQLite."""
    if storage.note is not None:
        write_atomically(directory.storage, (json.dumps(storage.note, indent=2) + "\n").encode())


def place_of_checkpoints(table: TrialTable, url: str, run: str) -> str:
    """Return where a run's checkpoints are: what is on record, or else a new folder at `url`.

    Args:
        table: The trials of the search.
        url: URL such as s3://bucket/folder, which runs may share; empty for what is on record.
        run: Name of the run.

    Returns:
        The URL of a folder that no other run uses; empty for the run directory.

    Raises:
        RunError: If the run was made with another place than `url`.
    """
    url = url.rstrip("/")
    place = table.attributes().get("checkpoints", "" if table.has_trials else None)
    if place is None:
        place = f"{url}/{run}-{secrets.token_hex(4)}" if url else ""
        table.set_attribute("checkpoints", place)
    if url and not place.startswith(f"{url}/{run}-"):
        raise RunError(
            f"run: expected the checkpoints it was made with, {place or 'the run directory'}, got "
            f"{url}; omit --checkpoints, or start another run with --name"
        )
    return str(place)


def _noted(directory: RunDirectory) -> "Postgres | None":
    if not directory.storage.exists():
        return None
    server = _postgres()
    try:
        note = json.loads(directory.storage.read_bytes())
        return server(str(note["run"]), dict(note["postgresql"]), {})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"{directory.storage}: expected the location of this run's records, got "
            f"{type(error).__name__}: {error}; "
            f'write {{"run": NAME, "postgresql": {{"host": ..., "dbname": ..., "user": ...}}}}'
        ) from error


def _postgres() -> "type[Postgres]":
    try:
        from sweep.storage.postgres import Postgres
    except ImportError as error:
        raise not_installed("psycopg", "postgres") from error
    return Postgres
