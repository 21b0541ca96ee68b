"""Processor time, memory and open files of a program and all its children."""

from contextlib import suppress
from pathlib import Path

import psutil

N_GUARDS = 2
"""Processes of ours at the top of the tree of a program."""

MAY_WRITE = ("w", "a", "r+", "w+", "a+")


def tree(pid: int) -> list[psutil.Process]:
    """Return a process and all that descend from it."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and its descendants, ended ones included."""
    total = 0.0
    for process in tree(pid):
        with suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
            total += getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return total


def memory_bytes(pid: int, enough: int) -> int:
    """Return the memory of a program and its children, in bytes.

    Args:
        pid: The process that guards it.
        enough: A sum that needs no second look. What processes share is counted for each of them
            at first, which is quick, and once only if the sum is above this.
    """
    processes = tree(pid)[N_GUARDS:]
    quick = sum(_memory(process, "rss") for process in processes)
    return quick if quick <= enough else sum(_memory(process, "pss") for process in processes)


def written_files(pid: int, folder: Path) -> set[tuple[int, str]]:
    """Return (process, path) of the files in a folder that are open to be written."""
    found: set[tuple[int, str]] = set()
    place = f"{folder.resolve()}/"
    for process in tree(pid):
        with suppress(psutil.Error):
            for file in process.open_files():
                may_write = getattr(file, "mode", "w") in MAY_WRITE
                if may_write and file.path.startswith(place):
                    found.add((process.pid, file.path))
    return found


def _memory(process: psutil.Process, kind: str) -> int:
    try:
        if kind == "pss":
            with suppress(psutil.AccessDenied):
                full = process.memory_full_info()
                return int(getattr(full, "pss", None) or full.uss)
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def kill(guard: int) -> None:
    """Kill a program and all its children, but not the two processes that guard it."""
    for process in tree(guard)[N_GUARDS:]:
        with suppress(psutil.Error):
            process.kill()
