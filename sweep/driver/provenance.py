"""This file records what made a run: command, versions, machine, revision of the code."""

import platform
import shlex
import subprocess
import sys
from importlib.metadata import version
from typing import Any

from sweep.machine import n_cpus, processor
from sweep.text import without_password

PACKAGES = {"sweep": "sweep-netlib"} | {n: n for n in ("numpy", "optuna", "ray", "pandas")}
"""Names of packages as recorded, and of the distributions that their versions belong to."""


def provenance() -> dict[str, Any]:
    """Command, host, cores, versions and revision of this process, as plain values."""
    return {
        "command": without_password(shlex.join(["python", "-m", "sweep", *sys.argv[1:]])),
        "python": platform.python_version(),
        "versions": {name: version(PACKAGES[name]) for name in PACKAGES},
        "platform": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "host": platform.node(),
        "cpus": n_cpus(),
        "revision": _revision(),
    }


def _revision() -> str:
    """The commit checked out here, with "+" if files differ from it; "unknown" outside git."""
    command = ["git", "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return answer.stdout.strip()
