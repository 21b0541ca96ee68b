"""Doc."""

from pathlib import Path
from typing import TYPE_CHECKING

from sweep.checkpoints.local import LocalCheckpoints
from sweep.checkpoints.store import Checkpoints
from sweep.errors import OptionError

if TYPE_CHECKING:
    pass


def checkpoints_at(place: str, directory: Path, study: str) -> Checkpoints:
    """The checkpoints of a study: those at a URL, or in the run directory if that is empty.

    Raises:
        OptionError: If the library for URLs is not there.
        StorageError: If the place cannot be read.
    """
    if not place:
        return LocalCheckpoints(directory, study)
    try:
        from sweep.checkpoints.remote import RemoteCheckpoints
    except ImportError as error:
        raise OptionError(
            f"--checkpoints: expected fsspec to be installed, got {str(error)!r}; "
            f"pip install fsspec, and what it needs for {place.partition(':')[0]}"
        ) from error
    return RemoteCheckpoints(place, study)
