"""This file records what made a run: command, versions, machine, revision of the code."""

import os
import platform
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = ("sweep", "numpy", "optuna", "ray", "pandas")


def provenance() -> dict[str, Any]:
    """Command, host, cores, versions and revision of this process, as plain values."""
    return {
        "command": without_password(shlex.join(["python", "-m", "sweep", *sys.argv[1:]])),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
        "platform": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "host": platform.node(),
        "cpus": n_cpus(),
        "revision": _revision(),
    }


def in_words(about: Mapping[str, Any]) -> dict[str, str]:
    """What made a run, for people.

    Args:
        about: What is on record of its study, `provenance` among it.

    Returns:
        Texts by name, in the order in which to show them.
    """
    made = about["provenance"]
    versions = {"Python": made["python"], **made["versions"]}
    return {
        "command": made["command"],
        "seed": str(about["seed"]),
        "sampler": str(about["sampler"]),
        "pruner": str(about["pruner"]),
        "settings": ", ".join(f"{k}={v}" for k, v in about["settings"].items()) or "none",
        "versions": ", ".join(f"{name} {number}" for name, number in versions.items()),
        "code": f"revision {made['revision']}",
        "machine": f"{made['cpus']} cores of {made['processor']}, {made['platform']}",
    }


def this_process(max_length: int = 255) -> str:
    """Number, host and present time of this process, in words; the host's name gives way."""
    since = datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ")
    process, host = f"process {os.getpid()} on ", platform.node()
    room = max_length - len(process) - len(f" since {since}")
    return f"{process}{host[:room]} since {since}"


def without_password(text: str) -> str:
    """The text, without the passwords of a URL in it."""
    text = re.sub(r"(://[^:/@\s]*):\S*@", r"\1@", text)
    return re.sub(r"(password=)[^&\s]*", r"\1", text)


def n_cpus() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    """The model of the processor, as far as the operating system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _revision() -> str:
    """The commit checked out here, with "+" if files differ from it; "unknown" outside git."""
    command = ["git", "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return answer.stdout.strip()
