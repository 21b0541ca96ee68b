"""This file says which others a trial knows of: all so far, or a set that no timing changes."""

import math
from array import array
from typing import Any

import numpy as np

from sweep.driver.progress import TrialCounts
from sweep.pruners.pruner import Peers
from sweep.study.study import Study
from sweep.trials.records import Ending, TrialRecord


class TrialOrder:
    """The order in which endings are told, for one study.

    By arrival, a trial knows of all that have ended when it is asked for. In deterministic mode it
    knows of those at least `window` before it, which it waits for, and of no others; so neither
    its parameters nor the decision to prune it depend on how fast anything was.
    """

    def __init__(self, study: Study, counts: TrialCounts) -> None:
        self._study = study
        self._window = study.window if study.deterministic else None
        self._counts = counts
        self._columns: dict[int, array[float]] = {}
        self._complete = array("b")
        for record in counts.records:
            self.note(record)

    def note(self, record: TrialRecord) -> None:
        """Takes in how far a trial has come."""
        if self._study.pruner is None:
            return
        _put(self._complete, record.number, record.ending is Ending.COMPLETE, missing=0)
        for epoch, value in enumerate(self._curve(record), start=1):
            column = self._columns.setdefault(epoch, array("d"))
            _put(column, record.number, value, missing=math.nan)

    def n_useful_slots(self, n_left: int) -> int:
        """How many slots can have work at a time."""
        return n_left if self._window is None else min(n_left, self._window)

    def told(self, number: int) -> int | None:
        """How many endings trial `number` may know of; None if it has to wait for one of them."""
        if self._window is None:
            return self._counts.n_ended
        told = max(0, number - self._window + 1)
        first_running = next(iter(self._counts.running), number)
        return None if first_running < told else told

    def place(self, record: TrialRecord) -> int:
        """The place in the order, from 1, of a trial that is about to end."""
        return record.number + 1 if self._window is not None else self._counts.n_ended + 1

    def prunes(self, record: TrialRecord) -> bool:
        """Whether the study's pruner ends a trial after its last epoch, by those that it knows."""
        pruner, epochs = self._study.pruner, record.epochs
        in_first_training = bool(epochs) and epochs[-1].repeat == 1
        if pruner is None or not in_first_training or not pruner.decides_after(len(epochs)):
            return False
        values = self._curve(record)
        return pruner.prunes(values, self._peers(record, len(values)))

    def _peers(self, record: TrialRecord, epoch: int) -> Peers:
        """The others that have a value after this epoch, of those that a trial knows."""
        column = np.array(self._columns.get(epoch, ()), dtype=np.float64)
        if self._window is not None:
            column = column[: record.endings_known]
        column[record.number : record.number + 1] = math.nan
        reached = ~np.isnan(column)
        return Peers(column[reached], np.array(self._complete[: len(column)], bool)[reached])

    def _curve(self, record: TrialRecord) -> list[float]:
        return [self._study.sign * value for value in record.curve(self._study.metric)]


def _put(column: "array[Any]", number: int, value: float, *, missing: float) -> None:
    """Sets the value of a trial; those before it without one are `missing`."""
    column.extend([missing] * (number + 1 - len(column)))
    column[number] = value
