"""Notes that crashing worker processes leave, with the signal and the Python stack."""

import faulthandler
import os
import re
from pathlib import Path

SIGNALS = {
    "Segmentation fault": "SIGSEGV",
    "Aborted": "SIGABRT",
    "Bus error": "SIGBUS",
    "Illegal instruction": "SIGILL",
    "Floating-point exception": "SIGFPE",
}
"""Signal for each of faulthandler's messages."""


SILENT = "it left no note: SIGKILL, as the system sends when memory is short, or os._exit"
"""What is known of a process without a note."""


def leave_note(folder: Path) -> None:
    """Make this process note in `folder` which signal ends it, and where; not for SIGKILL."""
    if folder.is_dir():
        faulthandler.enable((folder / str(os.getpid())).open("w"), all_threads=False)


def read_note(folder: Path, pid: int) -> tuple[str, str]:
    """Return how process `pid` died, and its calls at that moment, innermost first."""
    path = folder / str(pid)
    text = path.read_text() if path.is_file() else ""
    match = re.search(r"^Fatal Python error: (.*)", text, re.MULTILINE)
    if match is None:
        return SILENT, ""
    calls = text[match.end() :].strip().partition("\n\n")[0]
    return f"{SIGNALS.get(match[1], 'crash')}: {match[1]}", calls
