"""The learning curves that a pruner is shown: those of the trials that a trial knows."""

import math
from array import array
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.pruners.pruner import Curve, Peers, Pruner, pausing
from sweep.study.study import Study
from sweep.trials.records import Ending, TrialRecord


class Curves:
    """The metric of each trial after each epoch, kept so that a decision costs little.

    A trial knows all others, as far as they have come, or in deterministic mode those whose endings
    it knew when it began, and no others; so pruning it does not depend on how fast anything was.
    """

    def __init__(self, study: Study, records: list[TrialRecord]) -> None:
        self._study = study
        self._records = records
        self._columns: dict[int, array[float]] = {}  # per epoch, a value per trial
        self._curves: dict[int, list[float]] = {}  # per running trial, a value per epoch
        self._complete = array("b")
        self._scores = array("d")
        self._endings = array("d")  # positions among all events
        for record in records:
            self.note(record)

    def note(self, record: TrialRecord, since: int = 1) -> None:
        """Take in the epochs from number `since` on, and the ending, of a trial."""
        if self._study.pruner is None:
            return
        score = math.nan if record.score is None else self._study.sign * record.score
        _put(self._complete, record.number, record.ending is Ending.COMPLETE, missing=0)
        _put(self._scores, record.number, score, missing=math.nan)
        _put(self._endings, record.number, record.ending_number or math.inf, missing=math.inf)
        curve = self._curves.setdefault(record.number, [])
        n_before = len(curve)
        curve[since - 1 :] = self._values(record, since)
        for epoch in range(since, max(n_before, len(curve)) + 1):
            column = self._columns.setdefault(epoch, array("d"))
            value = curve[epoch - 1] if epoch <= len(curve) else math.nan
            _put(column, record.number, value, missing=math.nan)
        if record.has_ended:
            del self._curves[record.number]

    def finish(self, record: TrialRecord, n_trainings: int) -> None:
        """Take in how many trainings of a trial have finished, of which another follows."""

    def prunes(self, record: TrialRecord) -> bool:
        """Return whether the study's pruner stops a trial, given the trials that it knows."""
        pruner = self._study.pruner
        if not isinstance(pruner, Pruner) or pausing(pruner) or not self._is_in_time(record):
            return False
        return pruner.decides_after(self._n_values(record)) and pruner.prunes(*self._shown(record))

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

    def _n_values(self, record: TrialRecord) -> int:
        """Return the number of values that a pruner is shown of a trial."""
        return len(self._curve(record))

    def _shown(self, record: TrialRecord) -> tuple[Curve, Peers]:
        """Return a trial as a pruner is shown it, and the known trials that have come as far."""
        values = self._curve(record)
        column = self._column(record, len(values))
        reached, complete = ~np.isnan(column), np.array(self._complete[: len(column)], bool)
        curve = Curve(values, record.number, self._study.sign)
        best = partial(self._best, record)
        return curve, Peers(column[reached], complete[reached], np.flatnonzero(reached), best)

    def _curve(self, record: TrialRecord) -> list[float]:
        return self._curves.get(record.number) or self._values(record)

    def _best(self, record: TrialRecord) -> list[float]:
        """Return the curve of the best complete trial that a trial knows; empty without one."""
        scores = np.array(self._scores)
        scores[~self._is_known(record)] = math.nan
        if np.isnan(scores).all():
            return []
        best = int(np.nanargmin(scores))
        values = (column[best] for column in self._columns.values() if best < len(column))
        return [value for value in values if not math.isnan(value)]

    def _column(self, record: TrialRecord, epoch: int) -> NDArray[np.float64]:
        """Return the value of each known trial after this epoch, NaN for those without."""
        column = np.array(self._columns.get(epoch, ()), dtype=np.float64)
        if self._study.deterministic:
            column[~self._is_known(record)[: len(column)]] = math.nan
        column[record.number : record.number + 1] = math.nan
        return column

    def known(self, record: TrialRecord) -> list[int]:
        """Return the numbers of the other trials that a trial knows."""
        is_known = self._is_known(record)
        is_known[record.number : record.number + 1] = False
        return np.flatnonzero(is_known).tolist()

    def _is_known(self, record: TrialRecord) -> NDArray[np.bool_]:
        endings = np.array(self._endings)
        if not self._study.deterministic:
            return np.ones(len(endings), bool)
        return endings <= record.jobs[-1] - self._study.window

    def _is_in_time(self, record: TrialRecord) -> bool:
        """Return whether a trial may still be pruned: only in its first training."""
        return bool(record.epochs) and record.epochs[-1].repeat == 1

    def _values(self, record: TrialRecord, since: int = 1) -> list[float]:
        """Return the metric after each epoch of the first training, from one on."""
        sign, metric = self._study.sign, self._study.metric
        epochs = record.epochs[since - 1 :]
        return [sign * e.metrics[metric] for e in epochs if e.repeat == 1 and metric in e.metrics]


def _put(column: "array[Any]", number: int, value: float, *, missing: float) -> None:
    """Set the value of trial `number`; trials before it that have none are `missing`."""
    column.extend([missing] * (number + 1 - len(column)))
    column[number] = value
