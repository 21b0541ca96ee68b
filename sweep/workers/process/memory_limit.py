"""A memory limit for this process. Linux only."""

import re
import resource
import sys
from pathlib import Path

import numpy as np

_allowed: list[int] = []


def allowed_bytes() -> int | None:
    """Return how many bytes this process may take, by `limit_memory`; None for any number."""
    return _allowed[-1] if _allowed else None


def limit_memory(more_bytes: int) -> None:
    """Limit this process to `more_bytes` more than it has now; beyond that, MemoryError is raised.

    Shared memory, such as a sweep's data, does not count. Linux only.
    """
    large = np.ones((256, 256), np.float32)
    large @ large  # makes BLAS allocate its buffers now: later, without memory, it would abort
    private = re.search(r"VmData:\s*(\d+) kB", Path("/proc/self/status").read_text())
    has = int(private[1]) * 1024 if private else 0
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (has + more_bytes, hard))
    _allowed[:] = [more_bytes]


def lift_limit() -> None:
    """Lift the limit of `limit_memory`, if there is one."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
    _allowed.clear()


def can_limit() -> bool:
    """Return whether this system can limit the memory of a process."""
    return sys.platform == "linux"
