"""This file knows memory: sizes in words, what there is, and how to hold a process to less."""

import re
import resource
import sys
from pathlib import Path

import numpy as np


def limit_memory(more_bytes: int) -> None:
    """Lets this process have `more_bytes` beside what it has; what asks for more gets MemoryError.

    Shared memory, such as a sweep's data, does not count. Linux only.
    """
    large = np.ones((256, 256), np.float32)
    large @ large  # BLAS takes its own buffers now: it would end the process if it got none later
    status = Path("/proc/self/status").read_text()
    private = re.search(r"VmData:\s*(\d+) kB", status)
    has = int(private[1]) * 1024 if private else 0
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (has + more_bytes, hard))


def lift_limit() -> None:
    """Ends what `hold` began, if it did."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def can_limit() -> bool:
    """Whether this system can hold a process to a part of its memory."""
    return sys.platform == "linux"
