"""Starts Ray, or joins it, with everything that its processes must inherit."""

import logging
import os
import pickle
import secrets
import signal
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray

from sweep.errors import OptionError
from sweep.study.code import ray_environment
from sweep.workers.pickling import dumps
from sweep.workers.process import threads

ray_environment.apply()


MAX_TMPDIR = 36
"""Bytes of a folder in which Ray can make sockets: paths of sockets have at most 103 on macOS."""


OBJECT_STORE_BYTES = 256 * 1024**2
"""Room in the object store in addition to twice the data: for pickled studies and messages."""


@dataclass(frozen=True)
class Cluster:
    """The Ray that slots run on: started, or joined, by the first pool that needs it.

    Attributes:
        address: "local" starts Ray on this machine; "auto" joins the cluster it is a node of.
        slots: Number of slots; None for as many as the nodes have room for.
        cpus_per_slot: CPU cores, and BLAS threads, per slot.
        memory_per_slot: Bytes that each slot may allocate after its start; None for no limit.
        blas_kernel: Kernel of OpenBLAS for all slots; empty for the processor's own.
    """

    address: str
    slots: int | None
    cpus_per_slot: int
    memory_per_slot: int | None = None
    blas_kernel: str = ""

    def start(self, data: Any) -> None:
        """Start Ray with room for `data`, or join it, unless that is done."""
        if not ray.is_initialized():
            with _environment(self.cpus_per_slot):
                _start(self.address, {} if self.address == "auto" else self._room(data))

    def n_slots(self) -> int:
        """Return how many slots there should be at present."""
        if self.slots is not None:
            return self.slots
        needs = {"CPU": self.cpus_per_slot, "memory": self.memory_per_slot or 0}
        return sum(
            min(int(node["Resources"].get(name, 0) // n) for name, n in needs.items() if n)
            for node in ray.nodes()
            if node["Alive"]
        )

    def _room(self, data: Any) -> dict[str, Any]:
        """Return arguments of `ray.init`: cores and memory for the slots and the data."""
        slots, limit = self.n_slots(), self.memory_per_slot
        return {
            "num_cpus": slots * self.cpus_per_slot,
            "object_store_memory": OBJECT_STORE_BYTES + 2 * _size(data),
            "_memory": None if limit is None else slots * limit,
            "include_dashboard": False,
        }


@contextmanager
def cluster(
    address: str,
    slots: int | None,
    cpus_per_slot: int,
    memory_per_slot: int | None = None,
    blas_kernel: str = "",
) -> Iterator[Cluster]:
    """Give a `Cluster` that is shut down on leaving, unless Ray was in use before."""
    was_running = ray.is_initialized()
    try:
        yield Cluster(address, slots, cpus_per_slot, memory_per_slot, blas_kernel)
    finally:
        if not was_running:
            ray.shutdown()


def _start(address: str, options: dict[str, Any]) -> None:
    if address != "local":
        check_token()
    elif not _tokens_in_environment():
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    options |= {"logging_level": logging.ERROR, "log_to_driver": False, "configure_logging": False}
    try:
        with _sigterm_kept():
            ray.init(address=address, **options)
    except Exception as error:  # Ray raises no less general one when a start takes too long
        reason = repr(str(error).strip().partition("\n")[0])
        if address == "local":
            raise OptionError(
                f"--pool ray: Ray does not start on this machine: {reason}. Check its memory, and "
                f"the space and permissions of its folder for temporary files (RAY_TMPDIR, else "
                f"TMPDIR, else /tmp), or use --pool inline"
            ) from error
        raise OptionError(
            f"--address {address}: expected this machine to be a node of a Ray cluster with its "
            f"token, got {reason}; run `ray start` with the token in RAY_AUTH_TOKEN_PATH or "
            f"~/.ray/auth_token, or use `python -m sweep submit`"
        ) from error


@contextmanager
def _sigterm_kept() -> Iterator[None]:
    """Keep our SIGTERM handler: Ray's would wait half a minute before ending the process."""
    handler, set_handler = signal.getsignal(signal.SIGTERM), ray._private.utils.set_sigterm_handler
    ray._private.utils.set_sigterm_handler = lambda _: None
    try:
        yield
    finally:
        ray._private.utils.set_sigterm_handler = set_handler
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)  # Ray's core sets one, too


def check_token() -> None:
    """Refuse a token that others on this machine can read; it lets them run code on all nodes.

    Raises:
        OptionError: If that is Ray's default token. A token set by the environment is not checked.
    """
    path = Path.home() / ".ray" / "auth_token"
    if _tokens_in_environment() or not path.is_file():
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise OptionError(
            f"{path}: expected a token that nobody else can read, got mode {mode:04o}; "
            f"chmod 600 {path}"
        )


def _tokens_in_environment() -> set[str]:
    return {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & os.environ.keys()


@contextmanager
def _environment(blas_threads: int) -> Iterator[None]:
    """Set what Ray's processes inherit, while they are being started.

    BLAS reads its thread count when NumPy is loaded, before any of our code runs in a worker; and
    Ray would give workers the lowest priority. Where batch systems give each job a folder for
    temporary files, its path may be too long for a socket.
    """
    ours = {"RAY_worker_niceness": "0", "RAY_USAGE_STATS_ENABLED": "0"}
    ours |= dict.fromkeys(threads.VARIABLES, str(blas_threads))
    if len(os.fsencode(os.environ.get("TMPDIR", ""))) > MAX_TMPDIR:
        ours["RAY_TMPDIR"] = os.environ.get("RAY_TMPDIR", "/tmp")
    before = {name: os.environ[name] for name in ours if name in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


def _size(data: Any) -> int:
    """Return the bytes of the arrays in `data`, which go to the object store without a copy.

    Raises:
        StudyError: If a part of it cannot be pickled.
    """
    buffers: list[pickle.PickleBuffer] = []
    dumps(data, "data()", buffers.append)
    return sum(buffer.raw().nbytes for buffer in buffers)
