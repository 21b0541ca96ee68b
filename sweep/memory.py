"""This file knows memory: sizes in words, what there is, and how to hold a process to less."""

import os
import re
import resource
import sys
from pathlib import Path

import numpy as np

from sweep.errors import OptionError

UNITS = {f"{prefix}{unit}": base**n for unit, base in (("B", 1000), ("iB", 1024))
         for n, prefix in enumerate("KMGT", 1)} | {"B": 1}  # fmt: skip
CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def n_bytes(size: str) -> int:
    """A size in bytes, as "2GiB" or "500 MB".

    Raises:
        OptionError: If it is written in another way.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?) *(\w+)", size.strip())
    if match is None or match[2] not in UNITS or not float(match[1]):
        raise OptionError(f"memory: expected a size like 2GiB or 500MB, got {size!r}")
    return int(float(match[1]) * UNITS[match[2]])


def in_words(n: int) -> str:
    """Bytes as people read them: 512 MiB, 1.5 GiB."""
    exponent = min((n.bit_length() - 1) // 10, 4)
    return f"{n / 1024**exponent:.4g} {('B', 'KiB', 'MiB', 'GiB', 'TiB')[exponent]}"


def machine_bytes() -> int:
    """The memory of this machine, or of the container that this process is in."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = [path.read_text().strip() for path in CGROUP_LIMITS if path.is_file()]
    return min([physical, *(int(limit) for limit in limits if limit.isdigit())])


def hold(more_bytes: int) -> None:
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


def let_go() -> None:
    """Ends what `hold` began, if it did."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def can_hold() -> bool:
    """Whether this system can hold a process to a part of its memory."""
    return sys.platform == "linux"
