"""The directory of a program's checkpoints, as part of a training's state and back."""

import os
from pathlib import Path

import numpy as np

from sweep.errors import ProgramError
from sweep.machine import size_text
from sweep.trials.epoch import State

KEY = "program"
"""Key of a state under which all of it is: the files, and the place in the program's output."""

Signature = frozenset[tuple[str, int, int, int]]
"""Name, size, time of change and inode of each file."""


def signature(folder: Path, ignored: Path | None = None) -> Signature:
    """Return what differs as soon as a file has changed; empty if there is none but `ignored`."""
    found = set()
    for path in _files(folder):
        if path == ignored:
            continue
        try:
            about = path.lstat()
        except FileNotFoundError:
            continue
        found.add((str(path), about.st_size, about.st_mtime_ns, about.st_ino))
    return frozenset(found)


def packed(folder: Path, limit: int) -> State:
    """Return the files in a folder as part of a state, the oldest first.

    Their order is kept, not their times: the same files give the same bytes.

    Raises:
        ProgramError: If they are larger than `limit` bytes together.
    """
    paths = [path for path in _files(folder) if path.is_symlink() or path.is_file()]
    paths.sort(key=lambda path: (path.lstat().st_mtime_ns, str(path)))
    total = sum(path.lstat().st_size for path in paths)
    if total > limit:
        raise ProgramError(
            f"checkpoints: expected at most {size_text(limit)} of files in SWEEP_CHECKPOINTS, got "
            f"{size_text(total)}, which would be stored after every epoch; keep only the latest "
            f"checkpoint there, or raise checkpoint_limit of sweep.program"
        )
    files = [path for path in paths if not path.is_symlink()]
    return {
        "names": [str(path.relative_to(folder)) for path in files],
        "contents": [np.frombuffer(path.read_bytes(), np.uint8) for path in files],
        "programs": [os.access(path, os.X_OK) for path in files],
        "links": {
            str(path.relative_to(folder)): str(path.readlink())
            for path in paths
            if path.is_symlink()
        },
    }


def unpack(files: State, folder: Path) -> None:
    """Write what `packed` has returned into a folder."""
    order = zip(files["names"], files["contents"], files["programs"], strict=True)
    for n, (name, content, is_program) in enumerate(order):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.tobytes())
        path.chmod(0o755 if is_program else 0o644)
        os.utime(path, (n + 1, n + 1))
    for name, target in files["links"].items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(target)


def files_of(state: State) -> dict[str, bytes]:
    """Return the files in the state of a training by name; none if it was no program's."""
    files = (state.get(KEY) or {}).get("files") or {}
    if not isinstance(files, dict) or not {"names", "contents"} <= files.keys():
        return {}
    return dict(
        zip(files["names"], (content.tobytes() for content in files["contents"]), strict=True)
    )


def _files(folder: Path) -> list[Path]:
    """Return all files and links below a folder."""
    return sorted(
        Path(place, name)
        for place, folders, names in os.walk(folder)
        for name in [*names, *(n for n in folders if Path(place, n).is_symlink())]
    )
