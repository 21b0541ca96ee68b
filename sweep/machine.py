"""This machine and process: memory, cores, processor, and sizes as text."""

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

from sweep.errors import OptionError

UNITS = {f"{prefix}{unit}": base**n for unit, base in (("B", 1000), ("iB", 1024))
         for n, prefix in enumerate("KMGT", 1)} | {"B": 1}  # fmt: skip
"""Bytes in each unit, from B to TB and TiB."""


CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Files with the memory limit of a container, of cgroup versions 2 and 1."""


def n_bytes(size: str) -> int:
    """Return a size such as "2GiB" or "500 MB" in bytes.

    Raises:
        OptionError: If it is not such a size, or zero.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?) *(\w+)", size.strip())
    if match is None or match[2] not in UNITS or not float(match[1]):
        raise OptionError(f"memory: expected a size like 2GiB or 500MB, got {size!r}")
    return int(float(match[1]) * UNITS[match[2]])


def size_text(n: int) -> str:
    """Return bytes as text, such as 512 MiB or 1.5 GiB."""
    exponent = min((n.bit_length() - 1) // 10, 4)
    return f"{n / 1024**exponent:.4g} {('B', 'KiB', 'MiB', 'GiB', 'TiB')[exponent]}"


def machine_bytes() -> int:
    """Return the memory of this machine or, if smaller, of this process's container, in bytes."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = [path.read_text().strip() for path in CGROUP_LIMITS if path.is_file()]
    return min([physical, *(int(limit) for limit in limits if limit.isdigit())])


def this_process(max_length: int = 255) -> str:
    """Return id, host and current time of this process, with the host's name cut to fit."""
    since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ")
    process, host = f"process {os.getpid()} on ", platform.node()
    room = max_length - len(process) - len(f" since {since}")
    return f"{process}{host[:room]} since {since}"


def n_cpus() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor() -> str:
    """Return the model of the processor, as far as the operating system tells."""
    file = Path("/proc/cpuinfo")
    model = re.search("^model name.*: (.*)", file.read_text() if file.is_file() else "", re.M)
    return model[1] if model else platform.processor()
