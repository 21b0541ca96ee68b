"""What made a run: command, versions, machine, and revision of the code."""

import platform
import shlex
import subprocess
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sweep.machine import n_cpus, processor
from sweep.text import without_password
from sweep.workers.process.kernel import kernel

PACKAGES = {"sweep": "sweep-netlib"} | {n: n for n in ("numpy", "optuna", "ray", "pandas")}
"""Packages whose versions are recorded, with the distributions that they are part of."""


def command() -> str:
    """Return how this process was started, without passwords."""
    words = ["-m", "sweep", *sys.argv[1:]] if _is_command() else sys.argv
    return without_password(shlex.join(["python", *words]))


def provenance() -> dict[str, Any]:
    """Return command, host, versions, kernel and revision of this process, as JSON values."""
    return {
        "command": command(),
        "script": _script(),
        "python": platform.python_version(),
        "versions": {name: version(PACKAGES[name]) for name in PACKAGES},
        "platform": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "host": platform.node(),
        "cpus": n_cpus(),
        "kernel": asdict(kernel()),
        "revision": _revision(),
    }


def _is_command() -> bool:
    """Return whether this process is a command of ours, not a script or a notebook."""
    program = Path(sys.argv[0])
    return program.name == "sweep" or program.parts[-2:] == ("sweep", "__main__.py")


def _script() -> str:
    """Return the path of the script that this process runs; empty if there is none."""
    file = getattr(sys.modules["__main__"], "__file__", None)
    return "" if _is_command() or not file else str(Path(file).resolve())


def _revision() -> str:
    """Return the commit checked out here, "+" if files differ from it; "unknown" outside git."""
    git = ["git", "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"]
    try:
        answer = subprocess.run(git, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return answer.stdout.strip()
