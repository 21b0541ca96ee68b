"""Waits for what other processes do."""

import time
from collections.abc import Callable

PAUSE_S = 0.05


def wait_until(holds: Callable[[], object], seconds: float) -> None:
    """Wait until something holds; fail if it does not within some seconds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(PAUSE_S)
