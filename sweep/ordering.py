"""This file says which others a trial knows of: all so far, or a set that no timing changes."""

from sweep.pruning import Curve
from sweep.records import Ending, TrialRecord, n_ended
from sweep.study import Study


class Order:
    """The order in which endings are told, for one study.

    By arrival, a trial knows of all that have ended when it is asked for. In deterministic mode it
    knows of those at least `window` before it, which it waits for, and of no others; so neither
    its parameters nor the decision to prune it depend on how fast anything was.
    """

    def __init__(self, study: Study, records: list[TrialRecord]) -> None:
        self._study = study
        self._window = study.window if study.deterministic else None
        self._records = records

    def n_useful_slots(self, n_left: int) -> int:
        """How many slots can have work at a time."""
        return n_left if self._window is None else min(n_left, self._window)

    def told(self, number: int) -> int | None:
        """How many endings trial `number` may know of; None if it has to wait for one of them."""
        if self._window is None:
            return self.n_ended()
        told = max(0, number - self._window + 1)
        waits = any(not record.has_ended for record in self._records[:told])
        return None if waits else told

    def place(self, ended: TrialRecord) -> int:
        """The place of an ending in the order, from 1."""
        return self.n_ended() if self._window is None else ended.number + 1

    def prunes(self, record: TrialRecord) -> bool:
        """Whether the study's pruner ends a trial after its last epoch, by those that it knows."""
        pruner, epochs = self._study.pruner, record.epochs
        in_first_training = bool(epochs) and epochs[-1].repeat == 1
        if pruner is None or not in_first_training or not pruner.decides_after(len(epochs)):
            return False
        known = self._records if self._window is None else self._records[: record.told]
        others = [self._curve(other) for other in known if other is not record]
        return pruner.prunes(self._curve(record).values, others)

    def _curve(self, record: TrialRecord) -> Curve:
        values = [self._study.sign * value for value in record.curve(self._study.metric)]
        return Curve(values, record.ending is Ending.COMPLETE)

    def n_ended(self) -> int:
        """How many trials have ended."""
        return n_ended(self._records)
