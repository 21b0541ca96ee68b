"""The processes of a run: how to find and kill them."""

import os
import signal
from pathlib import Path

SIGNS = {"worker": "ray::Slot", "raylet": "raylet/raylet"}


def kill(who: str, driver: int) -> bool:
    """Kill one process of a driver's run, or all of them; return False if there is none now."""
    if who == "group":
        os.killpg(driver, signal.SIGKILL)
        return True
    for pid in find(who, driver):
        try:
            os.kill(pid, signal.SIGKILL)
            return True
        except ProcessLookupError:
            continue  # it ended by itself
    return False


def find(who: str, driver: int) -> list[int]:
    """Return the ids of the processes of that kind."""
    if who in ("driver", "group"):
        return [driver]
    return [pid for pid in _descendants(driver) if SIGNS[who] in _command(pid)]


def running(word: str) -> list[int]:
    """Return the ids of all processes here with that word in their command line."""
    pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return [pid for pid in pids if word in _command(pid).split("\0")]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _descendants(pid: int) -> list[int]:
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = path.read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        for child in map(int, children):
            found += [child, *_descendants(child)]
    return found
