"""The run directory: its paths, its creation, and its lock for one driver."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from sweep.errors import RunError, StorageError
from sweep.files import write_atomically
from sweep.machine import this_process

FIRST_WORDS = "One run of a sweep."
"""README.txt begins with these in every version; they tell our directories from others."""


README = f"""\
{FIRST_WORDS} Run the same `python -m sweep run` command again to resume it.

sweep.db         all records, the single source of truth (an Optuna study)
storage.json     where the records are instead, if they are kept on a database server
report.html      everything on one page
report.md        the tables below, as text
trials.csv       one row per trial
epochs.csv       one row per epoch of every trial
tables/          comparisons with published results, if the study declares any
plots/           learning curves, and the best score so far
best/            the best configuration, and its weights if the training yielded any
checkpoints/     training states from which interrupted trials resume
logs/            details too long for the terminal, and what each trial printed
lock             names the process that drives the run, if there is one

The reports can be deleted: `python -m sweep report` writes them again.
"""


UNPACKED = "_ray_pkg_"
"""Prefix of the folders that Ray unpacks for a job, and deletes afterwards."""


class RunDirectory:
    """A run directory and the paths in it."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.database = self.path / "sweep.db"
        self.storage = self.path / "storage.json"
        self.report = self.path / "report.html"
        self.plots = self.path / "plots"
        self.best = self.path / "best"
        self.checkpoints = self.path / "checkpoints"
        self.logs = self.path / "logs"

    def output(self, trial: int, step: str = "trial") -> Path:
        """Return the file of what a trial printed, or a training of the "runoff" or "final"."""
        return self.logs / f"{step}-{trial:05}.log"

    @property
    def exists(self) -> bool:
        """Whether it contains a run.

        Raises:
            StorageError: If the file system does not tell.
        """
        try:
            return self.database.is_file() or self.storage.is_file()
        except OSError as error:
            raise StorageError(
                f"{self.path}: cannot look into it: {error.strerror}. Choose another place with "
                f"--runs or --name, or fix its permissions"
            ) from error

    def create(self) -> None:
        """Create the directory, unless it exists.

        Raises:
            StorageError: If it cannot be created.
            RunError: If it contains something else, or would be deleted after a Ray job.
        """
        if any(part.startswith(UNPACKED) for part in self.path.parts):
            raise RunError(
                f"{self.path}: expected a directory that outlives this job, got one in its copy "
                f"of the submitted folder; give --runs an absolute path"
            )
        try:
            if self.path.is_dir() and not self.exists and not self._has_just_begun():
                raise RunError(
                    f"{self.path}: expected a run directory or an empty one, got one with "
                    f"{min(p.name for p in self.path.iterdir())!r} in it; "
                    f"choose another with --runs or --name"
                )
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"{self.path}: cannot create the run directory: {error.strerror}. Choose another "
                f"place with --runs or --name"
            ) from error
        try:
            write_atomically(self.path / "README.txt", README.encode())
        except StorageError:
            if not any(self.path.iterdir()):
                self.path.rmdir()
            raise

    def _has_just_begun(self) -> bool:
        """Return whether it contains nothing but what is written before the database."""
        names = {path.name for path in self.path.iterdir()}
        return names <= {"README.txt", "lock", "logs"} and self._has_our_readme(names)

    def _has_our_readme(self, names: set[str]) -> bool:
        readme, begin = self.path / "README.txt", FIRST_WORDS.encode()
        return "README.txt" not in names or (
            readme.is_file() and readme.read_bytes().startswith(begin)
        )

    def remove(self) -> None:
        """Delete everything in the directory, and itself unless it is a link or a mount point."""
        shutil.rmtree(self.path.resolve(), ignore_errors=True)
        if self.path.is_symlink():
            self.path.resolve().mkdir(exist_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other driver out until the context or this process ends.

        The operating system releases the lock when the process ends, however it ends.

        Raises:
            RunError: If another driver holds the lock.
            StorageError: If the lock file cannot be written.
        """
        path = self.path / "lock"
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise StorageError(
                f"{path}: cannot write: {error.strerror}. Fix its permissions and run again"
            ) from error
        with os.fdopen(handle, "r+b", buffering=0) as file:
            self._take(file)
            file.truncate(0)
            with suppress(OSError):  # on a full disk it names nobody, but it is held
                file.write(f"{this_process()}\n".encode())
            yield
            file.truncate(0)

    def _take(self, lock: FileIO) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = lock.readall().decode(errors="replace").strip() or "another process"
            raise RunError(
                f"{self.path}: already driven by {holder}; wait for it to end, or stop it"
            ) from None
        except OSError as error:
            raise StorageError(
                f"{self.path}: cannot lock a file in it: {error.strerror}. Choose a place with "
                f"--runs whose file system can, or fix the mount"
            ) from error
