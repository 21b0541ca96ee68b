"""Environment variables that Ray reads once, when it is imported; call `apply` before that."""

import os
import sys

SETTINGS = {
    "RAY_AUTH_MODE": "token",  # ports answer only to clients that know the token
    "RAY_NUM_REDIS_GET_RETRIES": "2",  # do not wait forever for a cluster that does not answer
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # leave the processes under `uv run` alone
    # The driver reports each worker that dies, in one line.
    "RAY_DEDUP_LOGS_SKIP_REGEX": "A worker died or was killed|Workers? .*killed",
}


def apply() -> None:
    """Set them for this process, except those that have a value; too late once Ray is imported."""
    if "ray" not in sys.modules:
        for name, value in SETTINGS.items():
            os.environ.setdefault(name, value)
