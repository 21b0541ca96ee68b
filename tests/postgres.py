"""A real PostgreSQL server for tests, on a free port of this machine and in its own folder."""

import itertools
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.machine import free_port

USER = "ada"


def binaries() -> Path | None:
    """Return the folder of initdb and pg_ctl; None if PostgreSQL is not installed."""
    found = shutil.which("pg_ctl")
    folders = [*Path("/usr/lib/postgresql").glob("*/bin"), *([Path(found).parent] if found else [])]
    return max(folders, default=None)


class Server:
    """A server whose one user is a superuser with a random password, required even locally."""

    def __init__(
        self, binaries: Path, folder: Path, host: str = "127.0.0.1", inside: Sequence[str] = ()
    ) -> None:
        self.host = host
        self._inside = inside  # words that precede a command to run it on that host
        self._binaries = binaries
        self._folder = folder
        self._numbers = itertools.count()
        self.password = secrets.token_urlsafe()
        self.port = free_port()
        self._initialise()

    def _initialise(self) -> None:
        pwfile = self._folder / "password"
        pwfile.write_text(self.password)
        if os.getuid() == 0:
            for path in (self._folder, pwfile):
                shutil.chown(path, *_unprivileged())
        self._call("initdb", "--auth=scram-sha-256", f"--username={USER}", f"--pwfile={pwfile}",
                   "--encoding=UTF8", "--locale=C", "--no-sync")  # fmt: skip
        with (self._folder / "data" / "pg_hba.conf").open("a") as rules:
            rules.write("host all all samenet scram-sha-256\n")

    def start(self) -> None:
        options = (
            f"-p {self.port} -c listen_addresses={self.host} -c fsync=off "
            f"-c unix_socket_directories={self._folder}"
        )
        self._call("pg_ctl", "start", "--wait", f"--log={self._folder}/log", f"--options={options}")

    def stop(self) -> None:
        self._call("pg_ctl", "stop", "--wait", "--mode=fast")

    def restart(self) -> None:
        self.stop()
        self.start()

    def url(self, database: str, password: str | None = None) -> str:
        """Return the URL of a database, with this password or the right one."""
        return f"postgresql://{USER}:{password or self.password}@{self.host}:{self.port}/{database}"

    def new_database(self) -> str:
        """Return the URL of an empty database that nobody else uses."""
        name = f"test{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def execute(self, statement: str, url: str = "") -> None:
        with psycopg.connect(url or self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _call(self, program: str, *arguments: str) -> None:
        """Run a program of PostgreSQL, which root must run as another user."""
        unprivileged = []
        if os.getuid() == 0:
            uid, gid = _unprivileged()
            unprivileged = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
        subprocess.run(
            [
                *self._inside,
                *unprivileged,
                self._binaries / program,
                *arguments,
                f"--pgdata={self._folder}/data",
            ],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            timeout=300,
            check=True,
        )


@contextmanager
def running(
    folder_of_binaries: Path, host: str = "127.0.0.1", inside: Sequence[str] = ()
) -> Iterator[Server]:
    """Give a server until the context ends."""
    with tempfile.TemporaryDirectory(prefix="sweep-postgres-") as folder:
        server = Server(folder_of_binaries, Path(folder), host, inside)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _unprivileged() -> tuple[int, int]:
    entries = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = entries.get("postgres") or entries["nobody"]
    return entry.pw_uid, entry.pw_gid
