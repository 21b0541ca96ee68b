"""The folder of one training of a program: its checkpoints, its parameters, what it reports."""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from sweep.programs.command import OURS

PREFIX = "sweep-program-"

LOCK = "lock"
"""A file that is locked for as long as a worker or a guard uses the folder."""


class Folder:
    """A new folder, which the program's guard deletes.

    Attributes:
        path: Its path.
        checkpoints: The directory that the program gets for its checkpoints.
        parameters: A JSON file with the parameters.
        metrics: The file to which `sweep.log` writes.
        lock: File descriptor of the lock, for the guard to inherit.
    """

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        """Make it, and delete those whose guards were killed."""
        _delete_abandoned(Path(tempfile.gettempdir()))
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self.lock = os.open(self.path / f".{LOCK}", os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        (self.path / f".{LOCK}").rename(self.path / LOCK)
        self.checkpoints = self.path / OURS["checkpoints"]
        self.checkpoints.mkdir()
        self.parameters = self.path / OURS["parameters_file"]
        self.parameters.write_text(json.dumps(dict(parameters), ensure_ascii=False))
        self.metrics = self.path / "metrics.jsonl"

    def delete(self) -> None:
        """Delete it, if no guard has it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self.lock)


def _delete_abandoned(place: Path) -> None:
    for lock in place.glob(f"{PREFIX}*/{LOCK}"):
        with suppress(OSError):  # it is in use, another's, or gone
            fd = os.open(lock, os.O_RDWR)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.parent, ignore_errors=True)
            finally:
                os.close(fd)
