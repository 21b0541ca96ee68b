"""Frees what trainings leave behind, so that no trial needs the memory of those before it."""

import gc
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

SHARE = 20
"""At least this many times the duration of a collection passes before the next one."""


class Garbage:
    """Cycles of objects, such as a network whose layers refer to it.

    Python would collect them some time later: in the middle of a trial that may have little memory
    left. What was there before the first trial is never searched.
    """

    def __init__(self) -> None:
        _collect()
        gc.freeze()
        self._next = 0.0

    def collect(self) -> None:
        """Collect, unless the last collection took too long for the time since."""
        began = time.monotonic()
        if began >= self._next:
            _collect()
            ended = time.monotonic()
            self._next = ended + SHARE * (ended - began)

    def close(self) -> None:
        """Let Python search everything again."""
        gc.unfreeze()


def _collect() -> None:
    with _interrupts_waiting():
        gc.collect()


@contextmanager
def _interrupts_waiting() -> Iterator[None]:
    """Handle Ctrl-C afterwards: what Python calls while it frees objects cannot raise."""
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    caught = []
    signal.signal(signal.SIGINT, lambda number, frame: caught.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
    for number, frame in caught[:1]:
        handler(number, frame)
