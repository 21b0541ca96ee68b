"""Doc."""

import os
import tempfile
from pathlib import Path

from sweep.errors import StorageError


def write_atomically(path: Path, data: bytes, former: Path | None = None) -> None:
    """Replaces the file as a whole, so that no reader and no crash ever sees a part of it.

    A file that has these bytes already is left alone.

    Args:
        path: The file.
        data: What will be in it.
        former: Where the file that is replaced is kept, if anywhere.

    Raises:
        StorageError: If the disk refuses.
    """
    temporary = None
    try:
        if path.is_file() and path.read_bytes() == data:
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
            Path(temporary).unlink(missing_ok=True)
        raise StorageError(
            f"{path}: expected a disk that can be written, got {error.strerror!r}; "
            f"free some space or mend its permissions, then run again: nothing done is lost"
        ) from error
