"""The rungs of successive halving: which trials have reached them, and which continues next."""

from bisect import insort
from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sweep.pruners.pruner import Halving
from sweep.trials.front import ranks
from sweep.trials.records import TrialRecord

_Rung = tuple[int, int]
"""Epochs of a rung, and its bracket."""


class Arrival(NamedTuple):
    """A trial has reached a rung.

    Attributes:
        values: Its objectives there, lower is better.
        position: Position of its pause among all events.
        number: Number of the trial.
    """

    values: tuple[float, ...]
    position: int
    number: int


class Rungs:
    """The rungs of a study whose trials are paused there.

    All follows from the pauses on record, so a restart finds the same.
    """

    def __init__(
        self, pruner: Halving, values: Callable[[TrialRecord, int], tuple[float, ...]]
    ) -> None:
        """Start with empty rungs.

        Args:
            pruner: Says where the rungs are, and how many trials continue.
            values: Gives a trial's objectives after an epoch, lower is better.
        """
        self._pruner = pruner
        self._values = values
        self._news: list[tuple[_Rung, Arrival]] = []
        self._arrived: dict[_Rung, list[Arrival]] = defaultdict(list)  # best first
        self._paused: dict[int, TrialRecord] = {}

    def restore(self, record: TrialRecord) -> None:
        """Take in a trial of the database."""
        self._news += [self._arrival(record, index) for index in range(len(record.pauses))]
        if record.is_paused:
            self._paused[record.number] = record

    def begin(self, record: TrialRecord) -> None:
        """Take in that a job of a trial begins: it is no longer paused, if it was."""
        self._paused.pop(record.number, None)

    def pause(self, record: TrialRecord) -> None:
        """Take in the latest pause of a trial."""
        self._news.append(self._arrival(record, len(record.pauses) - 1))
        self._paused[record.number] = record

    def end(self, record: TrialRecord) -> None:
        """Take in that a trial has ended."""
        self._paused.pop(record.number, None)

    def next(self, known: int, job: int, *, may_begin: bool) -> TrialRecord | None:  # noqa: ARG002
        """Return the trial that continues next, given the events known; None if there is none.

        It is the best paused one of the highest rung that is among the best of its rung. Several
        objectives are compared by their non-dominated rank, equal ranks by the first objective.
        """
        return self._first(known, lambda n_arrived: n_arrived // self._pruner.factor)

    def last_resort(self, known: int) -> TrialRecord | None:
        """Return the best known paused trial of the highest rung, among the best or not."""
        return self._first(known, lambda n_arrived: n_arrived)

    def _first(self, known: int, n_continue: Callable[[int], int]) -> TrialRecord | None:
        self._let_in(known)
        for rung in sorted(self._arrived, reverse=True):
            arrived = self._arrived[rung]
            for arrival in arrived[: n_continue(len(arrived))]:
                record = self._paused.get(arrival.number)
                if record is not None and record.pauses[-1].position == arrival.position:
                    return record
        return None

    def _let_in(self, known: int) -> None:
        news = [(rung, arrival) for rung, arrival in self._news if arrival.position <= known]
        self._news = [item for item in self._news if item[1].position > known]
        for rung, arrival in news:
            insort(self._arrived[rung], arrival)
        for rung in {rung for rung, arrival in news if len(arrival.values) > 1}:
            self._arrived[rung] = _by_rank(self._arrived[rung])

    def _arrival(self, record: TrialRecord, index: int) -> tuple[_Rung, Arrival]:
        pause, before = record.pauses[index], record.pauses[index - 1].epoch if index else 0
        epoch = self._pruner.next_rung(record.number, before) or pause.epoch
        values = self._values(record, epoch)
        rung = epoch, self._pruner.bracket(record.number)
        return rung, Arrival(values, pause.position, record.number)


def _by_rank(arrivals: list[Arrival]) -> list[Arrival]:
    """Return arrivals of several objectives, best first."""
    ranked = ranks(np.array([arrival.values for arrival in arrivals]))
    return [arrival for _, arrival in sorted(zip(ranked.tolist(), arrivals, strict=True))]
