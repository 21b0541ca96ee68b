"""This file starts Ray, or joins it, with everything that its processes have to inherit."""

import logging
import os
import pickle
import secrets
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Ray reads these once, when it is loaded: ports answer only to who knows the token, a process tree
# under `uv run` is left as it is, and of workers that die the driver tells, in one line each.
if "ray" not in sys.modules:
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    os.environ.setdefault(
        "RAY_DEDUP_LOGS_SKIP_REGEX", "A worker died or was killed|Workers? .*killed"
    )

import ray
from ray import cloudpickle

OBJECT_STORE_BYTES = 256 * 1024**2
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


class Cluster:
    """The Ray that slots run on: started, or joined, by the first pool that needs it."""

    def __init__(
        self, address: str, slots: int, cpus_per_slot: int, memory_per_slot: int | None
    ) -> None:
        """Notes what to start.

        Args:
            address: "local" starts Ray on this machine; "auto" joins what this process is part of.
            slots: How many slots there will be at most.
            cpus_per_slot: Cores, and BLAS threads, of each.
            memory_per_slot: Bytes that each may have beside what it starts with; None for no limit.
        """
        self.cpus_per_slot = cpus_per_slot
        self.memory_per_slot = memory_per_slot
        self._address = address
        self._slots = slots

    def start(self, data: Any) -> None:
        """Starts Ray with room for `data`, or joins it, unless that is done."""
        if not ray.is_initialized():
            with _environment(self.cpus_per_slot):
                _start(self._address, {} if self._address == "auto" else self._room(data))

    def _room(self, data: Any) -> dict[str, Any]:
        """What a Ray of our own is started with: cores and memory for the slots and the data."""
        room = {
            "num_cpus": self._slots * self.cpus_per_slot,
            "object_store_memory": OBJECT_STORE_BYTES + 2 * _size(data),
        }
        if self.memory_per_slot is not None:
            room["_memory"] = self._slots * self.memory_per_slot
        return room


@contextmanager
def cluster(
    address: str, slots: int, cpus_per_slot: int, memory_per_slot: int | None = None
) -> Iterator[Cluster]:
    """A `Cluster` that is shut down on leaving, unless Ray was in use before."""
    was_running = ray.is_initialized()
    try:
        yield Cluster(address, slots, cpus_per_slot, memory_per_slot)
    finally:
        if not was_running:
            ray.shutdown()


def _start(address: str, room: dict[str, Any]) -> None:
    options: dict[str, Any] = {
        "logging_level": logging.ERROR,
        "log_to_driver": False,
        "configure_logging": False,
    }
    if address == "local":
        if not {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & os.environ.keys():
            os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
        options |= {"include_dashboard": False}
    with _sigterm_kept():
        ray.init(address=address, **options, **room)


@contextmanager
def _sigterm_kept() -> Iterator[None]:
    """Keeps Ray's handlers of SIGTERM away, which would wait half a minute before they end us."""
    handler, set_handler = signal.getsignal(signal.SIGTERM), ray._private.utils.set_sigterm_handler
    ray._private.utils.set_sigterm_handler = lambda _: None
    try:
        yield
    finally:
        ray._private.utils.set_sigterm_handler = set_handler
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)  # Ray's core has one, too


@contextmanager
def _environment(blas_threads: int) -> Iterator[None]:
    """What Ray's processes inherit, for as long as they are being started.

    BLAS reads its thread count when NumPy is loaded, before any of our code runs in a worker; and
    Ray would give workers the lowest priority.
    """
    changes = dict.fromkeys(THREAD_VARIABLES, str(blas_threads)) | {
        "RAY_worker_niceness": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _size(data: Any) -> int:
    """Bytes of the arrays in `data`, which go to the object store without a copy."""
    buffers: list[pickle.PickleBuffer] = []
    cloudpickle.dumps(data, protocol=5, buffer_callback=buffers.append)
    return sum(buffer.raw().nbytes for buffer in buffers)
