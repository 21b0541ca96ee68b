"""The process of a slot: how it starts, what it runs, and why it died."""

import os
import pickle
import re
import socket
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ray
from ray.exceptions import OutOfMemoryError, RayError

from sweep.study.code.local_modules import LocalModules
from sweep.study.study import Study
from sweep.trials.records import Ending, Failure
from sweep.trials.worker import Worker
from sweep.workers.messages import Output, SlotLost
from sweep.workers.output import Capture, left_behind
from sweep.workers.pickling import sent
from sweep.workers.process.kernel import variables
from sweep.workers.ray.cluster import Cluster
from sweep.workers.ray.crash_notes import leave_note, read_note
from sweep.workers.recorded import RecordedSession

STOPPED = "node was terminated expectedly"
"""Part of Ray's error message after an orderly shutdown of a node (`ray stop`, deleted pod)."""


class Slot(RecordedSession):
    """A session in its own process, which imports neither Optuna, the database nor pandas."""

    interrupts = ()  # Ctrl-C reaches the driver only, which kills this process

    def __init__(
        self, modules: LocalModules, notes: Path, study: bytes, data: list[Any], *limits: Any
    ) -> None:
        leave_note(notes)
        modules.install()  # before anything is unpickled that may need them
        names = modules.run_study()
        loaded, rebound = pickle.loads(study)
        names.update(rebound)
        capture = Capture(_output_file(notes, os.getpid()) if notes.is_dir() else None)
        super().__init__(capture, loaded, partial(ray.get, data[0]), *limits)
        capture.__enter__()  # for good: threads may print between two epochs, too


class Starter:
    """Starts the processes of one study, on any nodes with room for them."""

    def __init__(self, cluster: Cluster, study: Study, data: Any) -> None:
        """Pickle what they need. The data is stored once; each node fetches it once."""
        self._cluster = cluster
        self._notes = TemporaryDirectory(prefix="sweep-notes-")
        self._folder = Path(self._notes.name)
        self._modules = LocalModules(study.file, study.settings)
        self._study = sent(study)
        self._data = ray.put(data)

    def start(self) -> Any:
        """Return a handle on a new `Slot`; its process starts as soon as a node has room."""
        cpus, memory = self._cluster.cpus_per_slot, self._cluster.memory_per_slot
        options: dict[str, Any] = {"num_cpus": cpus, "memory": memory}
        options |= {"max_restarts": 0, "max_task_retries": 0}
        if self._cluster.blas_kernel:  # set before NumPy is loaded, on any node
            options["runtime_env"] = {"env_vars": variables(self._cluster.blas_kernel)}
        actor = ray.remote(Slot).options(**options, scheduling_strategy="SPREAD")
        data = [self._data]  # in a list: the slot unpickles it itself, once it can import
        return actor.remote(self._modules, self._folder, self._study, data, cpus, memory)

    def lost(self, trial: int, worker: Worker, error: RayError) -> SlotLost:
        """Return how the process of a trial died, as far as Ray and its crash note tell."""
        message = str(error)
        if isinstance(error, OutOfMemoryError):
            return SlotLost(trial, Failure(Ending.OOM, message.splitlines()[0], message))
        reason = re.search(r"because ((its|the) .*?)\.(\s|$)", message)
        what = reason[1] if reason else message.splitlines()[0]
        is_planned = getattr(error, "preempted", False) or STOPPED in message
        if worker.host != socket.gethostname():
            return SlotLost(trial, Failure(Ending.LOST, what, message), is_planned)
        note, traceback = read_note(self._folder, worker.pid)
        failure = Failure(Ending.LOST, f"{what}; {note}", traceback or message)
        return SlotLost(trial, failure, is_planned)

    def left_behind(self, trial: int, worker: Worker, position: int) -> list[Output]:
        """Return what a trial has printed after its last message, if it ran on this machine."""
        if worker.host != socket.gethostname():
            return []
        file = _output_file(self._folder, worker.pid)
        text = left_behind(file, position)
        file.unlink(missing_ok=True)
        return [Output(trial, text)] if text else []

    def close(self) -> None:
        """Delete the crash notes."""
        self._notes.cleanup()


def _output_file(folder: Path, pid: int) -> Path:
    return folder / f"{pid}.output"
