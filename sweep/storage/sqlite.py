"""Records in a SQLite file in the run directory, which is the default."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class SQLiteFile:
    """A file that holds one run. It needs no lease of its own: the run directory has one.

    Attributes:
        path: The file, which is created if there is none.
        timeout_s: How long to wait for another program that has locked it, in seconds.
    """

    url = "sqlite://"  # the connector has the rest
    prefix = ""
    advice = "Free some space, fix the file or end the program that locks it"
    error: type[Exception] = sqlite3.Error
    read_only = "PRAGMA query_only = ON"
    note: dict[str, Any] | None = None  # it is in the run directory itself

    def __init__(self, path: Path, timeout_s: float = 20.0) -> None:
        self.path = path
        self.timeout_s = timeout_s

    def __str__(self) -> str:
        return str(self.path)

    @contextmanager
    def connector(self, *, drives: bool) -> Iterator[Callable[[], sqlite3.Connection]]:
        """Give a function that connects; a reader may lack the right to write the directory."""
        may_write = drives or os.access(self.path.parent, os.W_OK)
        yield self._connect if may_write else self._connect_to_read

    def _connect(self) -> sqlite3.Connection:
        # With a write-ahead log, readers and the driver never wait for each other, and a
        # transaction needs no disk flush; a power cut may lose the last moments, never the file.
        connection = sqlite3.connect(self.path, timeout=self.timeout_s, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _connect_to_read(self) -> sqlite3.Connection:
        # Without a log there is no driver, so SQLite needs no files to coordinate with one.
        has_log = self.path.with_name(f"{self.path.name}-wal").exists()
        uri = f"{self.path.absolute().as_uri()}?{'mode=ro' if has_log else 'immutable=1'}"
        return sqlite3.connect(uri, uri=True, timeout=self.timeout_s, check_same_thread=False)
