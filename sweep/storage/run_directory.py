"""This file names every path of a run directory, and locks it for one driver."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sweep.errors import RunError, StorageError
from sweep.files import write_atomically
from sweep.machine import this_process

README = """\
One run of a sweep. The same `python -m sweep run` command continues it, or says that it is done.

sweep.db         everything that was recorded: the one source of truth (an Optuna study)
storage.json     where that is instead, for a run that is kept on a server
report.html      all there is to see, in one page
report.md        the tables below, to read
trials.csv       one row per trial
epochs.csv       one row per epoch of every trial
tables/          what the study shows beside published figures, if it declares that
plots/           learning curves, and the best score so far
best/            the best configuration, and its weights if the training gave any
checkpoints/     states from which interrupted trials continue
logs/            what was too long for the terminal
lock             names the process that writes here, while there is one

The reports can be deleted: `python -m sweep report` makes them again.
"""


UNPACKED = "_ray_pkg_"
"""So begins the name of a folder that Ray unpacks for a job, and removes after it."""


class RunDirectory:
    """The paths of a run directory."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.database = self.path / "sweep.db"
        self.storage = self.path / "storage.json"
        self.report = self.path / "report.html"
        self.plots = self.path / "plots"
        self.best = self.path / "best"
        self.checkpoints = self.path / "checkpoints"
        self.logs = self.path / "logs"

    @property
    def exists(self) -> bool:
        """Whether there is a run in it."""
        return self.database.is_file() or self.storage.is_file()

    def create(self) -> None:
        """Makes the directory, if it is not there.

        Raises:
            StorageError: If that is not allowed.
            RunError: If it is there and holds something else, or would be gone with a job.
        """
        if any(part.startswith(UNPACKED) for part in self.path.parts):
            raise RunError(
                f"{self.path}: expected a directory that outlives this job, got one in its copy "
                f"of the submitted folder; give --runs an absolute path"
            )
        if self.path.is_dir() and not self.exists and not self._has_just_begun():
            raise RunError(
                f"{self.path}: expected a run directory or an empty one, got one with "
                f"{sorted(p.name for p in self.path.iterdir())[0]!r} in it; "
                f"choose another with --runs or --name"
            )
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"{self.path}: expected a directory that can be written, got "
                f"{error.strerror!r}; choose another with --runs"
            ) from error
        try:
            write_atomically(self.path / "README.txt", README.encode())
        except StorageError:
            if not any(self.path.iterdir()):
                self.path.rmdir()
            raise

    def _has_just_begun(self) -> bool:
        """Whether there is nothing in it but what comes before the database."""
        for path in self.path.iterdir():
            is_ours = path.name == "README.txt" and path.read_text() == README
            if not is_ours and path.name not in ("lock", "logs"):
                return False
        return True

    def remove(self) -> None:
        """Deletes the directory and all that is in it."""
        shutil.rmtree(self.path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps every other driver out for as long as this process lives.

        The operating system lets go of the lock when the process ends, however it ends.

        Raises:
            RunError: If another driver is at work here.
        """
        path = self.path / "lock"
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise StorageError(
                f"{path}: expected a file that can be written, got {error.strerror!r}; "
                f"mend its permissions"
            ) from error
        with os.fdopen(handle, "r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                holder = file.read().strip() or "another process"
                raise RunError(
                    f"{self.path}: expected no other driver, got {holder} at work; "
                    f"wait for it, or stop it first"
                ) from None
            file.truncate(0)
            file.write(f"{this_process()}\n")
            file.flush()
            yield
            file.truncate(0)
