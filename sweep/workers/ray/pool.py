"""Slots as Ray actors: as many as wanted, if the cluster has room for them."""

import itertools
import time
from contextlib import suppress
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from sweep.errors import OptionError
from sweep.study.study import Study
from sweep.trials.worker import Worker
from sweep.workers.messages import Output, Progress, SlotLost, Work
from sweep.workers.ray.cluster import Cluster
from sweep.workers.ray.slot import Starter

START_TIMEOUT_S = 300.0
"""Seconds to wait for room for the first slot, which may need a new node."""


FOLLOW_S = 2.0
"""Seconds between two looks at the nodes, after which the number of slots follows theirs."""


MAX_FAILED_STARTS = 10
"""Processes in a row that may die before they are ready: after that, the nodes are not to blame."""


CLOSE_S = 1.0
"""Seconds that slots get to end their last trials' `finally` blocks; an orderly exit may take 2."""


class RayPool:
    """Slots that are Ray actors, one process each.

    A slot is lost with its process. Another one starts as soon as a node has room.
    """

    def __init__(self, cluster: Cluster, study: Study, data: Any, useful: int) -> None:
        """Start the processes, and wait for the first.

        Args:
            cluster: Where they run, and how many.
            study: The study whose trials they run.
            data: What they share, read-only.
            useful: Number of slots that there is work for.

        Raises:
            OptionError: If none can start.
        """
        cluster.start(data)
        self._cluster = cluster
        self._useful = useful
        self._starter = Starter(cluster, study, data)
        self._numbers = itertools.count()
        self._actors: dict[int, Any] = {}
        self._workers: dict[int, Worker] = {}
        self._trials: dict[int, int] = {}
        self._pending: dict[Any, int] = {}
        self._output: list[Output] = []
        self._read: dict[int, int] = {}
        self._failed_starts = 0
        self._looked_at = -FOLLOW_S
        try:
            self._await_first()
        except BaseException:
            self.close()
            raise

    @property
    def size(self) -> int:
        """Number of slots, including those that wait for room."""
        return len(self._actors)

    @property
    def idle(self) -> list[int]:
        """Slots that are ready and have no trial."""
        return sorted(self._workers.keys() - self._trials.keys())

    def advance(self, slot: int, work: Work | None = None, pause_at: int | None = None) -> None:
        """Make a slot begin `work`, or continue its trial."""
        if work is not None:
            self._trials[slot] = work.trial
        self._pending[self._actors[slot].advance.remote(work, pause_at)] = slot

    def release(self, slot: int) -> None:
        """Make a slot idle, after the `finally` blocks of its trial."""
        del self._trials[slot]
        self._pending[self._actors[slot].end_trial.remote()] = slot

    def kill(self, slot: int) -> None:
        """End a slot whose trial does not stop by itself."""
        self._note_rest(slot, self._trials.pop(slot))
        self._end(slot)

    def worker(self, slot: int) -> Worker:
        """Return the process of a slot."""
        return self._workers[slot]

    def wait(self, timeout_s: float) -> list[tuple[int, Progress | SlotLost]]:
        """Return the answers of slots, after starting new slots if there is room."""
        self._follow()
        if not self._pending:
            time.sleep(timeout_s)
            return []
        pending = list(self._pending)
        ready, _ = ray.wait(pending, timeout=timeout_s)
        more, _ = ray.wait(pending, num_returns=len(pending), timeout=0)
        answers = [self._answer(ref) for ref in dict.fromkeys(ready + more) if ref in self._pending]
        return [answer for answer in answers if answer is not None]

    def close(self) -> None:
        """End all slots; those without a trial run the `finally` blocks of their last one."""
        for slot, trial in self._trials.items():
            self._note_rest(slot, trial)
        last = {ref: slot for ref, slot in self._pending.items() if slot in self.idle}
        last |= {self._actors[slot].finish.remote(): slot for slot in self.idle}
        answered, _ = (
            ray.wait([*last], num_returns=len(last), timeout=CLOSE_S) if last else ([], [])
        )
        for ref in answered:
            with suppress(RayError):  # its process has died
                self._note(last[ref], ray.get(ref))
        for actor in self._actors.values():
            ray.kill(actor)
        self._actors, self._workers, self._trials = {}, {}, {}
        self._starter.close()

    def take_output(self) -> list[Output]:
        """Return what trials have printed since the last call."""
        output, self._output = self._output, []
        return output

    def _note(self, slot: int, answer: Worker | Progress | tuple[Output, ...]) -> None:
        """Note what trials have printed, if an answer tells."""
        output = answer if isinstance(answer, tuple) else getattr(answer, "output", ())
        for part in output:
            self._output.append(part)
            self._read[slot] = part.position

    def _note_rest(self, slot: int, trial: int) -> None:
        """Note what the trial of a slot has printed after its last message."""
        position = self._read.get(slot, 0)
        self._output += self._starter.left_behind(trial, self._workers[slot], position)

    def _await_first(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._workers:
            self.wait(1.0)
            if time.monotonic() > deadline:
                raise OptionError(
                    f"slots: no process with {self._cluster.cpus_per_slot} cores started within "
                    f"{START_TIMEOUT_S:.0f} s. Use fewer --cpus-per-slot or less "
                    f"--memory-per-slot, or add nodes"
                )

    def _follow(self) -> None:
        """Start and end slots as nodes come and go; check that idle slots are alive."""
        if time.monotonic() < self._looked_at + FOLLOW_S:
            return
        self._looked_at = time.monotonic()
        wanted = min(self._useful, max(1, self._cluster.n_slots()))  # 1 shows autoscalers a need
        while len(self._actors) < wanted:
            self._actors[next(self._numbers)] = self._starter.start()
        waiting = [slot for slot in self._actors if slot not in self._workers]
        for slot in waiting[: len(self._actors) - wanted]:
            self._end(slot)
        for slot in self._actors.keys() - self._trials.keys() - set(self._pending.values()):
            self._pending[self._actors[slot].worker.remote()] = slot

    def _answer(self, ref: Any) -> tuple[int, Progress | SlotLost] | None:
        slot = self._pending.pop(ref)
        try:
            answer: Worker | Progress | tuple[Output, ...] = ray.get(ref)
        except RayTaskError:
            raise  # the session records what training raises, so this is a bug of ours
        except RayError as error:
            return self._lose(slot, error)
        self._note(slot, answer)
        if isinstance(answer, Progress):
            return slot, answer
        if isinstance(answer, Worker):
            self._workers[slot] = answer
            self._failed_starts = 0
        return None

    def _lose(self, slot: int, error: RayError) -> tuple[int, SlotLost] | None:
        worker = self._workers.get(slot)
        trial = self._trials.pop(slot, None)
        if trial is not None:
            self._note_rest(slot, trial)
        self._end(slot)
        if worker is not None:
            return None if trial is None else (slot, self._starter.lost(trial, worker, error))
        self._failed_starts += 1
        if getattr(error, "actor_init_failed", False) or self._failed_starts >= MAX_FAILED_STARTS:
            raise OptionError(
                f"slots: processes fail to start: "
                f"{str(error).strip().splitlines()[-1].strip()}. Install this version of sweep, "
                f"and everything the study imports, on every node"
            ) from error
        return None

    def _end(self, slot: int) -> None:
        """End a process; the next call of `_follow` starts another."""
        self._pending = {ref: other for ref, other in self._pending.items() if other != slot}
        self._workers.pop(slot, None)
        self._read.pop(slot, None)
        ray.kill(self._actors.pop(slot))
        self._looked_at = -FOLLOW_S
