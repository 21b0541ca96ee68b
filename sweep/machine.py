"""Doc."""

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

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


def size_text(n: int) -> str:
    """Bytes as people read them: 512 MiB, 1.5 GiB."""
    exponent = min((n.bit_length() - 1) // 10, 4)
    return f"{n / 1024**exponent:.4g} {('B', 'KiB', 'MiB', 'GiB', 'TiB')[exponent]}"


def machine_bytes() -> int:
    """The memory of this machine, or of the container that this process is in."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = [path.read_text().strip() for path in CGROUP_LIMITS if path.is_file()]
    return min([physical, *(int(limit) for limit in limits if limit.isdigit())])


def this_process(max_length: int = 255) -> str:
    """Number, host and present time of this process, in words; the host's name gives way."""
    since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ")
    process, host = f"process {os.getpid()} on ", platform.node()
    room = max_length - len(process) - len(f" since {since}")
    return f"{process}{host[:room]} since {since}"


def n_cpus() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor() -> str:
    """The model of the processor, as far as the operating system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
