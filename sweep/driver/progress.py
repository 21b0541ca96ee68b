"""This file tells how a study stands while it is being driven, to whoever watches."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from sweep.study.study import Study
from sweep.trials.records import Ending, TrialRecord, best_of


class TrialCounts:
    """The trials of a study, counted as they begin and end, so that no event looks at them all.

    Attributes:
        records: All of them, in the order of their numbers.
        running: Those that have not ended, in that order, by number.
        best: The best complete one, the first of equals; None without.
    """

    def __init__(self, sign: int, records: list[TrialRecord]) -> None:
        """Counts the trials that there are.

        Args:
            sign: 1 where a lower score is better, -1 where a higher one is.
            records: The trials, in the order of their numbers.
        """
        self._sign = sign
        self._counts = Counter(record.ending for record in records)
        self.records = records
        self.running = {record.number: record for record in records if not record.has_ended}
        self.best = best_of(sign, records)

    @property
    def n_ended(self) -> int:
        """How many trials have ended."""
        return len(self.records) - len(self.running)

    def count(self, *endings: Ending) -> int:
        """How many trials stand so."""
        return sum(self._counts[ending] for ending in endings)

    def begin(self, record: TrialRecord) -> None:
        """Counts a new trial."""
        self.records.append(record)
        self.running[record.number] = record
        self._counts[record.ending] += 1

    def end(self, record: TrialRecord) -> None:
        """Counts a trial that ran as one that has ended."""
        del self.running[record.number]
        self._counts[Ending.RUNNING] -= 1
        self._counts[record.ending] += 1
        rivals = [rival for rival in (self.best, record) if rival is not None]
        self.best = best_of(self._sign, sorted(rivals, key=lambda rival: rival.number))


@dataclass
class Snapshot:
    """How a study stands, for people to watch.

    Attributes:
        ended_before: How many trials had ended when this driver took up the study.
        began: When it did, by `time.monotonic`.
    """

    study: Study
    counts: TrialCounts
    slots: int
    n_trials: int
    ended_before: int
    began: float


Observer = Callable[[Snapshot, TrialRecord | str | None], None]
"""Called on every change; with each trial that ends, and with what else people should know."""
