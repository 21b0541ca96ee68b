"""Which other trials a trial may depend on.

These are all trials that have ended or, in deterministic mode, a set that timing does not change.
"""

import math
from array import array
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.driver.progress import TrialCounts
from sweep.pruners.pruner import Peers
from sweep.study.study import Study
from sweep.trials.records import Ending, EpochRecord, TrialRecord


class TrialOrder:
    """The order in which the endings of one study's trials become known.

    Normally a trial knows all trials that have ended when it is created. In deterministic mode it
    knows those at least `window` before it, which it waits for, and no others; so neither its
    parameters nor the decision to prune it depend on how fast anything was.

    Attributes:
        counts: The trials.
    """

    def __init__(self, study: Study, counts: TrialCounts) -> None:
        self.counts = counts
        self._study = study
        self._window = study.window if study.deterministic else None
        self._columns: dict[int, array[float]] = {}  # per epoch, a value per trial
        self._curves: dict[int, list[float]] = {}  # per running trial, a value per epoch
        self._complete = array("b")
        for record in counts.records:
            self.note(record)

    def note(self, record: TrialRecord, since: int = 1) -> None:
        """Take in the epochs from number `since` on, and the ending, of a trial."""
        if self._study.pruner is None:
            return
        _put(self._complete, record.number, record.ending is Ending.COMPLETE, missing=0)
        curve = self._curves.setdefault(record.number, [])
        n_before = len(curve)
        curve[since - 1 :] = self._values(record.epochs[since - 1 :])
        for epoch in range(since, max(n_before, len(curve)) + 1):
            column = self._columns.setdefault(epoch, array("d"))
            value = curve[epoch - 1] if epoch <= len(curve) else math.nan
            _put(column, record.number, value, missing=math.nan)
        if record.has_ended:
            del self._curves[record.number]

    def n_useful_slots(self, n_left: int) -> int:
        """Return how many slots can have a trial at the same time if `n_left` trials are left."""
        return n_left if self._window is None else min(n_left, self._window)

    def endings_known(self, number: int) -> int | None:
        """Return how many endings trial `number` may know; None if it has to wait for one."""
        if self._window is None:
            return self.counts.n_ended
        known = max(0, number - self._window + 1)
        first_running = next(iter(self.counts.running), number)
        return None if first_running < known else known

    def ending_number(self, record: TrialRecord) -> int:
        """Return the position among all endings, from 1, of a trial that is about to end."""
        return record.number + 1 if self._window is not None else self.counts.n_ended + 1

    def prunes(self, record: TrialRecord) -> bool:
        """Return whether the study's pruner stops a trial, given the trials that it knows."""
        pruner, epochs = self._study.pruner, record.epochs
        in_first_training = bool(epochs) and epochs[-1].repeat == 1
        if pruner is None or not in_first_training or not pruner.decides_after(len(epochs)):
            return False
        values = self._curves.get(record.number) or self._values(epochs)
        return pruner.prunes(values, self._peers(record, len(values)))

    def may_be_over(self, record: TrialRecord) -> bool:
        """Return whether a trial's latest epoch may have been its last, by the trials it knows.

        Only the training itself can tell, and it does when asked for another epoch. Ask, if a known
        trial was complete after as many epochs, or if none has had more.
        """
        if self._study.repeats > 1:
            return False
        epoch = len(record.epochs)
        column, longer = self._column(record, epoch), self._column(record, epoch + 1)
        longer = np.pad(longer, (0, len(column) - len(longer)), constant_values=math.nan)
        complete = np.array(self._complete[: len(column)], bool)
        ended_here = complete & ~np.isnan(column) & np.isnan(longer)
        return bool(ended_here.any() or np.isnan(longer).all())

    def _peers(self, record: TrialRecord, epoch: int) -> Peers:
        """Return the known trials that have a value after this epoch."""
        column = self._column(record, epoch)
        reached = ~np.isnan(column)
        return Peers(column[reached], np.array(self._complete[: len(column)], bool)[reached])

    def _column(self, record: TrialRecord, epoch: int) -> NDArray[np.float64]:
        """Return the value of each known trial after this epoch, NaN for those without."""
        column = np.array(self._columns.get(epoch, ()), dtype=np.float64)
        if self._window is not None:
            column = column[: record.endings_known]
        column[record.number : record.number + 1] = math.nan
        return column

    def _values(self, epochs: list[EpochRecord]) -> list[float]:
        """Return the metric after those of these epochs that are of the first training."""
        sign, metric = self._study.sign, self._study.metric
        first = [epoch for epoch in epochs if epoch.repeat == 1 and metric in epoch.metrics]
        return [sign * epoch.metrics[metric] for epoch in first]


def _put(column: "array[Any]", number: int, value: float, *, missing: float) -> None:
    """Set the value of trial `number`; trials before it that have none are `missing`."""
    column.extend([missing] * (number + 1 - len(column)))
    column[number] = value
