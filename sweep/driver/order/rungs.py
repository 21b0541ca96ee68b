"""The rungs of successive halving: which trials have reached them, and which continues next."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

from sweep.pruners.pruner import Halving
from sweep.trials.records import TrialRecord

_Rung = tuple[int, int]
"""Epochs of a rung, and its bracket."""


class Arrival(NamedTuple):
    """A trial has reached a rung.

    Attributes:
        value: Its metric there, lower is better.
        position: Position of its pause among all events.
        number: Number of the trial.
    """

    value: float
    position: int
    number: int


class Rungs:
    """The rungs of a study whose trials are paused there.

    All follows from the pauses on record, so a restart finds the same.
    """

    def __init__(self, pruner: Halving, value: Callable[[TrialRecord, int], float]) -> None:
        """Start with empty rungs.

        Args:
            pruner: Says where the rungs are, and how many trials continue.
            value: Gives a trial's metric after an epoch, lower is better.
        """
        self._pruner = pruner
        self._value = value
        self._news: list[tuple[_Rung, Arrival]] = []
        self._arrived: dict[_Rung, list[Arrival]] = defaultdict(list)  # best first
        self._waiting: dict[_Rung, list[Arrival]] = defaultdict(list)  # best first
        self._paused: dict[int, TrialRecord] = {}

    def next_rung(self, record: TrialRecord) -> int | None:
        """Return the number of epochs after which a trial is to be paused; None if never again."""
        epoch = record.pauses[-1].epoch if record.pauses else 0
        return self._pruner.next_rung(record.number, epoch)

    def add(self, record: TrialRecord, since: int = 0) -> None:
        """Take in the pauses of a trial, from the one with index `since` on."""
        for index in range(since, len(record.pauses)):
            self._news.append(self._arrival(record, index))
        if record.is_paused:
            self._paused[record.number] = record

    def leave(self, record: TrialRecord) -> None:
        """Take in that a paused trial continues, or has ended."""
        self._paused.pop(record.number, None)
        rung, arrival = self._arrival(record, len(record.pauses) - 1)
        if arrival in self._waiting[rung]:
            self._waiting[rung].remove(arrival)

    def paused(self) -> list[TrialRecord]:
        """Return the paused trials, in the order of their numbers."""
        return [self._paused[number] for number in sorted(self._paused)]

    def next(self, known: int) -> TrialRecord | None:
        """Return the trial that continues next, given the events known; None if there is none.

        It is the best paused one of the highest rung that is among the best of its rung.
        """
        self._let_in(known)
        for rung in sorted(self._waiting, reverse=True):
            waiting, arrived = self._waiting[rung], self._arrived[rung]
            n_continue = len(arrived) // self._pruner.factor
            if waiting and bisect_left(arrived, waiting[0]) < n_continue:
                return self._paused[waiting[0].number]
        return None

    def last_resort(self, known: int) -> TrialRecord | None:
        """Return the best known paused trial of the highest rung, among the best or not."""
        self._let_in(known)
        some = (self._waiting[rung] for rung in sorted(self._waiting, reverse=True))
        return next((self._paused[waiting[0].number] for waiting in some if waiting), None)

    def _let_in(self, known: int) -> None:
        news, self._news = self._news, []
        for rung, arrival in news:
            if arrival.position > known:
                self._news.append((rung, arrival))
                continue
            insort(self._arrived[rung], arrival)
            record = self._paused.get(arrival.number)
            if record is not None and record.pauses[-1].position == arrival.position:
                insort(self._waiting[rung], arrival)

    def _arrival(self, record: TrialRecord, index: int) -> tuple[_Rung, Arrival]:
        pause, before = record.pauses[index], record.pauses[index - 1].epoch if index else 0
        epoch = self._pruner.next_rung(record.number, before) or pause.epoch
        value = self._value(record, epoch)
        rung = epoch, self._pruner.bracket(record.number)
        return rung, Arrival(value, pause.position, record.number)
