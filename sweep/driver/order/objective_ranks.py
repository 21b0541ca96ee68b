"""Several objectives as one number, for pruners: how many fronts of other trials are better."""

import math
from collections.abc import Sequence

import numpy as np

from sweep.driver.order.curves import Curves
from sweep.pruners.pruner import Curve, Peers
from sweep.study.objectives import Objective
from sweep.trials.front import ranks
from sweep.trials.known import curve_of
from sweep.trials.records import Ending, TrialRecord


class ObjectiveRanks(Curves):
    """The objectives of each trial; a pruner is shown their non-dominated ranks after an epoch."""

    def _n_values(self, record: TrialRecord) -> int:
        return len(record.epochs)

    def _shown(self, record: TrialRecord) -> tuple[Curve, Peers]:
        epoch, goals = len(record.epochs), self._study.objectives
        others = [self._records[number] for number in self.known(record)]
        peers = [other for other in others if len(other.epochs) >= epoch]
        points = [values_after(trial, epoch, goals) for trial in (record, *peers)]
        ranked = ranks(np.array(points)).astype(np.float64)
        complete = np.array([peer.ending is Ending.COMPLETE for peer in peers], bool)
        numbers = np.array([peer.number for peer in peers], np.intp)
        curve = Curve([float(ranked[0])] * epoch, record.number)
        return curve, Peers(ranked[1:], complete, numbers)


def values_after(
    record: TrialRecord, epoch: int, objectives: Sequence[Objective]
) -> tuple[float, ...]:
    """Return the objectives of a trial after an epoch of its first training, lower is better.

    Each is inf if that epoch is no longer on record, since it is trained again.
    """
    first = [entry for entry in record.epochs[:epoch] if entry.repeat == 1]
    if len(first) < epoch:
        return (math.inf,) * len(objectives)
    return tuple(goal.sign * curve_of(first, goal.metric)[-1] for goal in objectives)
