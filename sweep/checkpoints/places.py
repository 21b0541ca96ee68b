"""Opens the checkpoints of a study, in the run directory or at a URL."""

from pathlib import Path

from sweep.checkpoints.local import LocalCheckpoints
from sweep.checkpoints.store import Checkpoints
from sweep.errors import not_installed


def checkpoints_at(place: str, directory: Path, study: str) -> Checkpoints:
    """Return the checkpoints of a study.

    Args:
        place: URL of a folder that no other run uses; empty for `directory`.
        directory: Folder for checkpoints in the run directory.
        study: Name of the study.

    Raises:
        OptionError: If fsspec, the library for URLs, is not installed.
        StorageError: If the place cannot be read.
    """
    if not place:
        return LocalCheckpoints(directory, study)
    try:
        from sweep.checkpoints.remote import RemoteCheckpoints
    except ImportError as error:
        raise not_installed("fsspec", "remote") from error
    return RemoteCheckpoints(place, study)
