"""This file sets what Ray reads once, when it is loaded: whoever may load it calls this before."""

import os
import sys

SETTINGS = {
    "RAY_AUTH_MODE": "token",  # ports answer only to who knows the token
    "RAY_NUM_REDIS_GET_RETRIES": "2",  # a cluster that does not answer is not waited for forever
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # a process tree under `uv run` is left as it is
    # Of workers that die the driver tells, in one line each.
    "RAY_DEDUP_LOGS_SKIP_REGEX": "A worker died or was killed|Workers? .*killed",
}


def apply() -> None:
    """Sets the environment of this process, unless Ray is loaded or a variable has a value."""
    if "ray" not in sys.modules:
        for name, value in SETTINGS.items():
            os.environ.setdefault(name, value)
