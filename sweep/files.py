"""Files that are written as a whole or not at all, and copies of open ones."""

import fcntl
import os
import tempfile
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Any

from sweep.errors import StorageError

STANDARD_OUTPUT = "standard output"
"""Its name in errors."""


def write_atomically(path: Path, data: bytes, former: Path | None = None) -> None:
    """Replace a file as a whole, so that no reader and no crash ever sees a part of it.

    A file that already has these bytes is left alone. Missing folders are created.

    Args:
        path: The file.
        data: Its new content.
        former: Where to keep the previous file, if anywhere.

    Raises:
        StorageError: If the file cannot be written.
    """
    temporary = None
    try:
        if holds(path, data):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        if former is not None and path.is_file():
            path.replace(former)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            with suppress(OSError):  # the reason of the first failure is what counts
                Path(temporary).unlink(missing_ok=True)
        raise StorageError(
            f"{path}: cannot write: {error.strerror}. Free some space or fix its permissions and "
            f"run again; no finished work is lost"
        ) from error


def copy_of(fd: int) -> int:
    """Return another descriptor, above 2, of what `fd` is open for; of nothing if it is closed."""
    try:
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)


def holds(path: Path, data: bytes) -> bool:
    """Return whether a file is there and has these bytes."""
    return path.is_file() and path.read_bytes() == data


def delete(path: Path) -> None:
    """Delete a file, if it is there.

    Raises:
        StorageError: If the directory refuses.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"{path}: cannot delete: {error.strerror}. Fix the permissions of its folder and run "
            f"again; no finished work is lost"
        ) from error


class StandardOutput(FileIO):
    """A file descriptor of standard output, named in the errors that it raises."""

    def write(self, data: Any) -> int:
        """Write; see `FileIO`."""
        try:
            return super().write(data)
        except OSError as error:
            error.filename = STANDARD_OUTPUT
            raise
