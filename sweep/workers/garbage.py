"""Frees what trainings leave behind, so that no trial needs the memory of those before it."""

import gc
import time

SHARE = 20
"""At least this many times the duration of a collection passes before the next one."""


class Garbage:
    """Cycles of objects, such as a network whose layers refer to it.

    Python would collect them some time later: in the middle of a trial that may have little memory
    left. What was there before the first trial is never searched.
    """

    def __init__(self) -> None:
        gc.collect()
        gc.freeze()
        self._next = 0.0

    def collect(self) -> None:
        """Collect, unless the last collection took too long for the time since."""
        began = time.monotonic()
        if began >= self._next:
            gc.collect()
            ended = time.monotonic()
            self._next = ended + SHARE * (ended - began)

    def close(self) -> None:
        """Let Python search everything again."""
        gc.unfreeze()
