"""This file runs slots as Ray actors; the only one that knows Ray."""

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

# Ray reads these once, when it is loaded: ports answer only to who knows the token, and a process
# tree under `uv run` is left as it is.
if "ray" not in sys.modules:
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")

import ray
from ray import cloudpickle
from ray.exceptions import GetTimeoutError, RayError, RayTaskError

from sweep.errors import OptionError
from sweep.loading import MODULE_PREFIX
from sweep.records import Progress, SlotLost, Work, Worker
from sweep.study import Study
from sweep.worker import Session

OBJECT_STORE_BYTES = 256 * 1024**2
START_TIMEOUT_S = 120.0
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


class Slot:
    """The process behind a slot. It knows neither Optuna nor the database."""

    def __init__(self, path: list[str], study: bytes, data: Any, blas_threads: int) -> None:
        sys.path.extend(folder for folder in path if folder not in sys.path)
        self._session = Session(cloudpickle.loads(study), data, blas_threads)

    def worker(self) -> Worker:
        """This process, as measured in it."""
        return self._session.worker()

    def advance(self, work: Work | None) -> Progress:
        """See `Session.advance`."""
        return self._session.advance(work)


class Cluster:
    """The Ray that slots run on: started, or joined, by the first pool that needs it."""

    def __init__(self, address: str, slots: int, cpus_per_slot: int) -> None:
        """Notes what to start.

        Args:
            address: "local" starts Ray on this machine; "auto" joins what this process is part of.
            slots: How many slots there will be at most.
            cpus_per_slot: Cores, and BLAS threads, of each.
        """
        self.cpus_per_slot = cpus_per_slot
        self._address = address
        self._num_cpus = slots * cpus_per_slot

    def start(self, data: Any) -> None:
        """Starts Ray with room for `data`, or joins it, unless that is done."""
        if not ray.is_initialized():
            with _environment(self.cpus_per_slot):
                _start(self._address, self._num_cpus, _size(data))


@contextmanager
def cluster(address: str, slots: int, cpus_per_slot: int) -> Iterator[Cluster]:
    """A `Cluster` that is shut down on leaving, unless Ray was in use before."""
    was_running = ray.is_initialized()
    try:
        yield Cluster(address, slots, cpus_per_slot)
    finally:
        if not was_running:
            ray.shutdown()


class RayPool:
    """Slots that are Ray actors, one process each."""

    def __init__(self, cluster: Cluster, study: Study, data: Any, slots: int) -> None:
        """Starts the processes.

        Args:
            cluster: Where.
            study: What they run.
            data: What they share, read-only: it is stored once per machine.
            slots: How many.
        """
        cluster.start(data)
        self._cpus_per_slot = cluster.cpus_per_slot
        self._study = _dumps(study)
        self._data = ray.put(data)
        self._pending: dict[Any, int] = {}
        self._trials: dict[int, int] = {}
        self._actors = [self._spawn() for _ in range(slots)]
        self._workers = [self._meet(actor) for actor in self._actors]

    @property
    def size(self) -> int:
        """How many slots there are."""
        return len(self._actors)

    @property
    def idle(self) -> list[int]:
        """The slots without a trial."""
        return [slot for slot in range(len(self._actors)) if slot not in self._trials]

    def advance(self, slot: int, work: Work | None = None) -> None:
        """Lets a slot begin `work`, or go on with what it has."""
        if work is not None:
            self._trials[slot] = work.trial
        self._pending[self._actors[slot].advance.remote(work)] = slot

    def release(self, slot: int) -> None:
        """Makes a slot idle."""
        del self._trials[slot]

    def worker(self, slot: int) -> Worker:
        """The process behind a slot."""
        return self._workers[slot]

    def wait(self, timeout_s: float) -> list[tuple[int, Progress | SlotLost]]:
        """What slots have answered; a slot whose process died is replaced on the way."""
        if not self._pending:
            return []
        ready, _ = ray.wait(list(self._pending), num_returns=1, timeout=timeout_s)
        more, _ = ray.wait(list(self._pending), num_returns=len(self._pending), timeout=0)
        return [self._answer(ref) for ref in dict.fromkeys(ready + more)]

    def close(self) -> None:
        """Ends all slots."""
        for actor in self._actors:
            ray.kill(actor)

    def _answer(self, ref: Any) -> tuple[int, Progress | SlotLost]:
        slot = self._pending.pop(ref)
        try:
            return slot, ray.get(ref)
        except RayTaskError:
            raise  # the session turns what training raises into records: this is a bug of ours
        except RayError as error:
            lost = SlotLost(self._trials.pop(slot), str(error).splitlines()[0])
            self._replace(slot)
            return slot, lost

    def _replace(self, slot: int) -> None:
        ray.kill(self._actors[slot])
        self._actors[slot] = self._spawn()
        self._workers[slot] = self._meet(self._actors[slot])

    def _meet(self, actor: Any) -> Worker:
        """Waits until the process is there, and asks who it is."""
        try:
            worker: Worker = ray.get(actor.worker.remote(), timeout=START_TIMEOUT_S)
        except GetTimeoutError as error:
            raise OptionError(
                f"slots: expected processes of {self._cpus_per_slot} cores to start within "
                f"{START_TIMEOUT_S:.0f} s, got none; ask for fewer --slots or --cpus-per-slot"
            ) from error
        return worker

    def _spawn(self) -> Any:
        options = {"num_cpus": self._cpus_per_slot, "max_restarts": 0, "max_task_retries": 0}
        return ray.remote(Slot).options(**options).remote(
            sys.path, self._study, self._data, self._cpus_per_slot
        )  # fmt: skip


def _start(address: str, num_cpus: int, data_bytes: int) -> None:
    options: dict[str, Any] = {
        "logging_level": logging.ERROR,
        "log_to_driver": False,
        "configure_logging": False,
    }
    if address == "local":
        if not {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & os.environ.keys():
            os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
        options |= {
            "num_cpus": num_cpus,
            "include_dashboard": False,
            "object_store_memory": OBJECT_STORE_BYTES + 2 * data_bytes,
        }
    terminate = signal.getsignal(signal.SIGTERM)
    ray.init(address=address, **options)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, terminate)  # Ray puts its own handler there


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


def _dumps(study: Study) -> bytes:
    """The study for another process; functions of a study file travel as code, not by name."""
    for function in (study.space, study.train):
        name = getattr(function, "__module__", "")
        if name.startswith(MODULE_PREFIX):
            cloudpickle.register_pickle_by_value(sys.modules[name])
    return bytes(cloudpickle.dumps(study))
