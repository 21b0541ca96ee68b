"""Records on a PostgreSQL server that many runs share.

In addition to the lock on the run directory, a driver holds a lease: an advisory lock of the very
connection that it writes through. The server releases it when that connection ends, however it
ends. A connection that has ended is never replaced, so a process without the lease cannot write.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from sweep.errors import OptionError, RunError, StorageError
from sweep.machine import this_process

LOST_AFTER_S = 60
"""Seconds after which a host that disappears, as in a power cut, loses its lease."""


LOCK_TIMEOUT_S = 20
"""Seconds to wait for another program that has locked what we want to write."""


CLIENT: dict[str, Any] = {
    "connect_timeout": 10,
    "client_encoding": "utf8",
    "keepalives_idle": LOST_AFTER_S // 3,
    "keepalives_interval": LOST_AFTER_S // 6,
    "keepalives_count": 4,
    "tcp_user_timeout": LOST_AFTER_S * 1000,
}
"""Connection parameters of libpq, in seconds (the last one in milliseconds)."""


SERVER = (
    f"-c tcp_keepalives_idle={LOST_AFTER_S // 3} -c tcp_keepalives_interval={LOST_AFTER_S // 6} "
    f"-c tcp_keepalives_count=4 -c tcp_user_timeout={LOST_AFTER_S * 1000} "
    f"-c lock_timeout={LOCK_TIMEOUT_S * 1000}"
)
"""Settings of the server for our connections: it must notice a lost host as soon as we do."""


MAX_NAME = 63
"""PostgreSQL truncates application_name to 63 characters."""


SECRETS = ("password", "sslpassword")
"""Connection parameters that are recorded nowhere."""


LEASE = "hashtextextended(concat(current_schema(), '/sweep/', %s::text), 0)"


TAKE = f"SELECT pg_try_advisory_lock({LEASE})"


HOLDER = f"""
    SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND datname = current_database()
    AND (classid::bigint << 32) | objid::bigint = {LEASE}"""


LOCK_TABLES = "SELECT pg_advisory_lock(hashtextextended('sweep', 0))"


UNLOCK_TABLES = "SELECT pg_advisory_unlock(hashtextextended('sweep', 0))"


class Postgres:
    """A database on a server. The name of a run is the prefix of its studies' names there.

    Attributes:
        run: Name of the run.
        parts: Connection parameters by libpq's names, without passwords.
        note: What storage.json says about it.
    """

    url = "postgresql+psycopg://"  # the connector has the rest
    advice = "Check the server, database and password (from --storage, PGPASSWORD or ~/.pgpass)"
    read_only = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"
    error: type[Exception] = psycopg.Error

    def __init__(self, run: str, parts: dict[str, Any], secrets: dict[str, Any]) -> None:
        self.run = run
        self.parts = parts
        self.prefix = f"{run}/"
        self.note: dict[str, Any] | None = {"run": run, "postgresql": parts}
        self._secrets = secrets

    @classmethod
    def at(cls, url: str, run: str) -> "Postgres":
        """Return the database at postgresql://user:password@host/database.

        Raises:
            OptionError: If libpq cannot read the URL.
        """
        try:
            parts = conninfo_to_dict(url)
        except psycopg.Error:  # its message may contain the password
            raise OptionError(
                "--storage: expected postgresql://user@host/database, got a URL that PostgreSQL "
                "cannot read; write special characters as %40 and the like"
            ) from None
        return cls(run, parts, {name: parts.pop(name) for name in SECRETS if name in parts})

    def __str__(self) -> str:
        user = f"{self.parts['user']}@" if "user" in self.parts else ""
        port = f":{self.parts['port']}" if "port" in self.parts else ""
        host, name = self.parts.get("host", ""), self.parts.get("dbname", "")
        return f"postgresql://{user}{host}{port}/{name}"

    @contextmanager
    def connector(self, *, drives: bool) -> Iterator[Callable[[], psycopg.Connection]]:
        """Give a function that returns the one connection, with the lease if it `drives`.

        Until the context ends, no other connection of ours creates tables.

        Raises:
            RunError: If another driver has the lease.
            StorageError: From the function's second call on: a lost connection is not replaced.
        """
        connection = self._connect()
        try:
            if drives:
                self._take_lease(connection)
            connection.execute(LOCK_TABLES)
            connection.commit()
            yield self._once(connection)
            connection.execute(UNLOCK_TABLES)
            connection.commit()
        except BaseException:
            connection.close()
            raise

    def _connect(self) -> psycopg.Connection:
        options = f"{SERVER} {self.parts.get('options', '')}"
        ours = {"options": options, "application_name": this_process(MAX_NAME)}
        return psycopg.connect(**(CLIENT | self.parts | self._secrets | ours))

    def _take_lease(self, connection: psycopg.Connection) -> None:
        if connection.execute(TAKE, [self.run]).fetchone() == (True,):
            return
        holder = connection.execute(HOLDER, [self.run]).fetchone() or ["another process"]
        raise RunError(
            f"{self}: run {self.run!r} is already driven by {holder[0]}; wait for it to end, stop "
            f"it, or start another run with --name"
        )

    def _once(self, connection: psycopg.Connection) -> Callable[[], psycopg.Connection]:
        unused = [connection]

        def connect() -> psycopg.Connection:
            if not unused:
                raise StorageError(
                    f"{self}: lost the connection to the database; nothing was written after "
                    f"that. Run again to resume"
                )
            return unused.pop()

        return connect
