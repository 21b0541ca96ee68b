"""This file runs slots as Ray actors, one process each."""

import re
import socket
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ray
from ray import cloudpickle
from ray.exceptions import GetTimeoutError, OutOfMemoryError, RayError, RayTaskError

from sweep.crashes import leave_note, read_note
from sweep.errors import OptionError
from sweep.loading import MODULE_PREFIX
from sweep.ray_cluster import Cluster
from sweep.records import Ending, Failure, Progress, SlotLost, Work, Worker
from sweep.study import Study
from sweep.worker import Session

START_TIMEOUT_S = 120.0


class Slot:
    """The process behind a slot. It knows neither Optuna nor the database."""

    def __init__(
        self, path: list[str], study: bytes, data: Any, notes: str, limits: tuple[int, int | None]
    ) -> None:
        sys.path.extend(folder for folder in path if folder not in sys.path)
        leave_note(Path(notes))
        self._session = Session(cloudpickle.loads(study), data, *limits)

    def worker(self) -> Worker:
        """This process, as measured in it."""
        return self._session.worker()

    def advance(self, work: Work | None) -> Progress:
        """See `Session.advance`."""
        return self._session.advance(work)


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
        self._cluster = cluster
        self._notes = TemporaryDirectory(prefix="sweep-notes-")
        self._study = _dumps(study)
        self._data = ray.put(data)
        self._pending: dict[Any, int] = {}
        self._trials: dict[int, int] = {}
        self._actors = [self._spawn() for _ in range(slots)]
        self._workers = dict(enumerate(map(self._meet, self._actors)))

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

    def kill(self, slot: int) -> None:
        """Makes a slot idle whose trial does not stop by itself, with a new process."""
        self._pending = {ref: other for ref, other in self._pending.items() if other != slot}
        self.release(slot)
        self._replace(slot)

    def worker(self, slot: int) -> Worker:
        """The process behind a slot, waiting for it if it has just been replaced."""
        if slot not in self._workers:
            self._workers[slot] = self._meet(self._actors[slot])
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
        self._notes.cleanup()

    def _answer(self, ref: Any) -> tuple[int, Progress | SlotLost]:
        slot = self._pending.pop(ref)
        try:
            return slot, ray.get(ref)
        except RayTaskError:
            raise  # the session turns what training raises into records: this is a bug of ours
        except RayError as error:
            lost = SlotLost(self._trials.pop(slot), self._death(slot, error))
            self._replace(slot)
            return slot, lost

    def _death(self, slot: int, error: RayError) -> Failure:
        """How the process of a slot died, as far as Ray and its own note tell."""
        words = str(error)
        if isinstance(error, OutOfMemoryError):
            return Failure(Ending.OOM, words.splitlines()[0], words)
        reason = re.search(r"because ((its|the) .*?)\.(\s|$)", words)
        what = reason[1] if reason else words.splitlines()[0]
        worker = self._workers[slot]
        if worker.host != socket.gethostname():
            return Failure(Ending.LOST, what, words)
        note, traceback = read_note(Path(self._notes.name), worker.pid)
        return Failure(Ending.LOST, f"{what}; {note}", traceback or words)

    def _replace(self, slot: int) -> None:
        ray.kill(self._actors[slot])
        self._actors[slot] = self._spawn()
        self._workers.pop(slot, None)

    def _meet(self, actor: Any) -> Worker:
        """Waits until the process is there, and asks who it is."""
        try:
            worker: Worker = ray.get(actor.worker.remote(), timeout=START_TIMEOUT_S)
        except GetTimeoutError as error:
            raise OptionError(
                f"slots: expected processes of {self._cluster.cpus_per_slot} cores to start within "
                f"{START_TIMEOUT_S:.0f} s, got none; ask for fewer --slots, --cpus-per-slot or "
                f"less --memory-per-slot"
            ) from error
        return worker

    def _spawn(self) -> Any:
        cpus, memory = limits = self._cluster.cpus_per_slot, self._cluster.memory_per_slot
        options = {"num_cpus": cpus, "memory": memory, "max_restarts": 0, "max_task_retries": 0}
        return ray.remote(Slot).options(**options).remote(
            sys.path, self._study, self._data, self._notes.name, limits
        )  # fmt: skip


def _dumps(study: Study) -> bytes:
    """The study for another process; functions of a study file travel as code, not by name."""
    for function in (study.space, study.train):
        name = getattr(function, "__module__", "")
        if name.startswith(MODULE_PREFIX):
            cloudpickle.register_pickle_by_value(sys.modules[name])
    return bytes(cloudpickle.dumps(study))
