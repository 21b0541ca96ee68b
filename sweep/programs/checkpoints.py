"""A program's directory of checkpoints: packed after its epochs, and given back."""

import time
from collections.abc import Callable
from pathlib import Path

from sweep.programs.directory import packed, signature, unpack
from sweep.programs.process.running import Running
from sweep.programs.process.usage import written_files
from sweep.trials.epoch import State

WAIT_SECONDS = 10.0
"""Seconds to wait for a file that is being written; some are open for as long as the program."""

PAUSE_SECONDS = 0.01


class Checkpoints:
    """The directory of one training.

    A held program may have stopped in the middle of writing a file. So it runs on until no file is
    open, other than those which were open after an earlier epoch.
    """

    def __init__(self, folder: Path, limit: int, ignored: Path | None, files: State | None) -> None:
        """Fill the directory.

        Args:
            folder: The directory.
            limit: Largest size of its files, in bytes.
            ignored: A file in it that is no checkpoint.
            files: What it held after an earlier epoch, if there was one.
        """
        self._folder = folder
        self._limit = limit
        self._ignored = ignored
        self._open: set[tuple[int, str]] = set()
        if files is not None:
            unpack(files, folder)
        self._known = signature(folder, ignored)

    def changed(self, running: Running, is_ahead: Callable[[], bool]) -> State | None:
        """Return the files as part of a state; None if they have not changed.

        Args:
            running: The program, which is held, or has ended.
            is_ahead: Whether it has begun another epoch; then the files may be of that one.

        Raises:
            ProgramError: If they are larger than the limit.
        """
        if signature(self._folder, self._ignored) == self._known:
            return None
        deadline = time.monotonic() + WAIT_SECONDS
        while (found := written_files(running.guard, self._folder)) - self._open:
            if is_ahead() or time.monotonic() > deadline:
                self._open = found
                return None
            running.resume()
            time.sleep(PAUSE_SECONDS)
            running.hold()
        self._open = found
        if is_ahead():
            return None
        self._known = signature(self._folder, self._ignored)
        return packed(self._folder, self._limit) if self._known else None
