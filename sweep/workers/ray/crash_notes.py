"""This file tells how a worker process died, by the note that it leaves if it still can."""

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


SILENT = "it left no note: SIGKILL, as the system sends when memory is short, or os._exit"


def leave_note(folder: Path) -> None:
    """Lets this process note in `folder` which signal ends it, and where; not possible for all."""
    if folder.is_dir():
        faulthandler.enable((folder / str(os.getpid())).open("w"), all_threads=False)


def read_note(folder: Path, pid: int) -> tuple[str, str]:
    """How process `pid` died, in words, and what it was at, innermost call first."""
    path = folder / str(pid)
    text = path.read_text() if path.is_file() else ""
    match = re.search(r"^Fatal Python error: (.*)", text, re.MULTILINE)
    if match is None:
        return SILENT, ""
    words = match[1]
    calls = text[match.end() :].strip().partition("\n\n")[0]
    return f"{SIGNALS.get(words, 'crash')}: {words}", calls
