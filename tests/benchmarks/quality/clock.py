"""Searches in virtual time: slots take the seconds on record, the method's own time is free."""

import heapq
import math
from collections import defaultdict
from itertools import count
from typing import NamedTuple, Protocol

from tests.benchmarks.quality.path import Found, Path
from tests.benchmarks.quality.problems import Params, Problem


class Job(NamedTuple):
    """A trial begins, or continues after the epochs that it has.

    Attributes:
        trial: Its number.
        params: Its configuration.
    """

    trial: int
    params: Params


class Method(Protocol):
    """A library's search, seen from the slots that train for it."""

    def next(self) -> Job | None:
        """Return what a free slot trains; None if it has to wait for results of other slots."""

    def report(self, trial: int, epoch: int, value: float) -> bool:
        """Take in the metric after an epoch; return whether the trial continues at once.

        Nothing follows the last epoch, whatever is returned.
        """

    def fail(self, trial: int) -> None:
        """Take in that the training has diverged in the epoch that it was in."""


class Slots:
    """Slots that train what a method asks for, with the epochs and costs on record."""

    def __init__(self, problem: Problem, n_slots: int) -> None:
        self.path = Path(problem)
        self._problem = problem
        self._n_slots = self._n_free = n_slots
        self._now = 0.0
        self._done: dict[int, int] = defaultdict(int)  # epochs by trial
        self._running: list[tuple[float, int, Job, int]] = []
        self._order = count()

    def run(self, method: Method, core_seconds: float) -> None:
        """Train until the budget is spent, or the method asks for nothing more."""
        while self._fill(method):
            now, _, job, row = heapq.heappop(self._running)
            if now * self._n_slots > core_seconds:
                break
            self._now = now
            self._end_epoch(method, job, row)

    def _fill(self, method: Method) -> bool:
        """Give free slots something to train; return whether any slot trains."""
        while self._n_free and (job := method.next()) is not None:
            self._n_free -= 1
            self._begin_epoch(job, self._problem.row(job.params))
        return bool(self._running)

    def _begin_epoch(self, job: Job, row: int) -> None:
        seconds = float(self._problem.seconds[row, self._done[job.trial]])
        heapq.heappush(self._running, (self._now + seconds, next(self._order), job, row))

    def _end_epoch(self, method: Method, job: Job, row: int) -> None:
        self._done[job.trial] = epoch = self._done[job.trial] + 1
        value = float(self._problem.values[row, epoch - 1])
        if math.isnan(value):
            method.fail(job.trial)
            self._n_free += 1
            return
        is_last = epoch == self._problem.n_epochs
        if is_last:
            self.path.complete(self._now * self._n_slots, row)
        if method.report(job.trial, epoch, value) and not is_last:
            self._begin_epoch(job, row)
        else:
            self._n_free += 1


def search(method: Method, problem: Problem, n_slots: int, core_seconds: float) -> list[Found]:
    """Let a method search a problem; return its incumbents."""
    slots = Slots(problem, n_slots)
    slots.run(method, core_seconds)
    return slots.path.found
