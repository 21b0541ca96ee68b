"""Doc."""

from collections.abc import Mapping
from typing import Any


def about_run(about: Mapping[str, Any]) -> dict[str, str]:
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
