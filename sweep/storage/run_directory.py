"""The run directory: its paths, its creation, and its lock for one driver."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
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

    def output(self, trial: int, *, final: bool = False) -> Path:
        """Return the file of what a trial, or a final training, printed."""
        return self.logs / f"{'final' if final else 'trial'}-{trial:05}.log"

    @property
    def exists(self) -> bool:
        """Whether it contains a run."""
        return self.database.is_file() or self.storage.is_file()

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
        if self.path.is_dir() and not self.exists and not self._has_just_begun():
            raise RunError(
                f"{self.path}: expected a run directory or an empty one, got one with "
                f"{min(p.name for p in self.path.iterdir())!r} in it; "
                f"choose another with --runs or --name"
            )
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"{self.path}: cannot create the run directory: {error.strerror}. Choose another "
                f"place with --runs"
            ) from error
        try:
            write_atomically(self.path / "README.txt", README.encode())
        except StorageError:
            if not any(self.path.iterdir()):
                self.path.rmdir()
            raise

    def _has_just_begun(self) -> bool:
        """Return whether it contains nothing but what is written before the database."""
        readme = self.path / "README.txt"
        others = {path.name for path in self.path.iterdir()} - {"README.txt", "lock", "logs"}
        return not others and (not readme.exists() or readme.read_text().startswith(FIRST_WORDS))

    def remove(self) -> None:
        """Delete the directory and everything in it."""
        shutil.rmtree(self.path)

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
        with os.fdopen(handle, "r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                holder = file.read().strip() or "another process"
                raise RunError(
                    f"{self.path}: already driven by {holder}; wait for it to end, or stop it"
                ) from None
            file.truncate(0)
            file.write(f"{this_process()}\n")
            file.flush()
            yield
            file.truncate(0)
