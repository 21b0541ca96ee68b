"""Progress of a running study, for observers."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from sweep.trials.front import front_of, with_trial
from sweep.trials.ranking import best_of
from sweep.trials.records import Ending, TrialRecord
from sweep.workers.messages import Output

if TYPE_CHECKING:
    from sweep.study.study import Study


NUMBER = attrgetter("number")


class TrialCounts:
    """The trials of a study, counted as they begin and end, so that no event looks at all of them.

    Attributes:
        records: All trials, in the order of their numbers.
        running: Trials that have not ended, paused ones included, by number and in that order.
        front: The best trial or, with several objectives, the Pareto front in the order of its
            trials' ends; see `sweep.trials.front`.
    """

    def __init__(self, signs: Sequence[int], records: list[TrialRecord]) -> None:
        """Count the trials that there are.

        Args:
            signs: For each objective, 1 where a lower score is better, -1 where a higher one is.
            records: The trials, in the order of their numbers.
        """
        self._signs = signs
        self._counts = Counter(record.ending for record in records)
        self.records = records
        self.running = {record.number: record for record in records if not record.has_ended}
        self.front = front_of(signs, records)

    @property
    def best(self) -> TrialRecord | None:
        """The feasible trial with the best score, the first of equals; None if there is none."""
        return best_of(self._signs[0], sorted(self.front, key=NUMBER))

    @property
    def n_ended(self) -> int:
        """Number of trials that have ended."""
        return len(self.records) - len(self.running)

    def at_work(self) -> list[TrialRecord]:
        """Return the trials that have not ended and are not paused."""
        return [record for record in self.running.values() if not record.is_paused]

    def paused(self) -> list[TrialRecord]:
        """Return the paused trials."""
        return [record for record in self.running.values() if record.is_paused]

    def count(self, *endings: Ending) -> int:
        """Return how many trials ended in one of these ways."""
        return sum(self._counts[ending] for ending in endings)

    def begin(self, record: TrialRecord) -> None:
        """Count a new trial."""
        self.records.append(record)
        self.running[record.number] = record
        self._counts[record.ending] += 1

    def end(self, record: TrialRecord) -> None:
        """Count a running trial as ended."""
        del self.running[record.number]
        self._counts[Ending.RUNNING] -= 1
        self._counts[record.ending] += 1
        if len(self._signs) > 1:
            self.front = with_trial(self.front, record, self._signs)
        else:
            self.front = front_of(self._signs, sorted([*self.front, record], key=NUMBER))


@dataclass
class Snapshot:
    """The state of a study while it runs.

    Attributes:
        study: The study.
        counts: Its trials.
        slots: Number of slots, including those that are about to start.
        n_trials: Number of trials that there will be in the end.
        limits: How far the search is from each of its other limits.
    """

    study: "Study"
    counts: TrialCounts
    slots: int
    n_trials: int
    limits: Sequence[str] = ()


Event = TrialRecord | Output | str | None
"""A trial that has ended, what a trial has printed, a message for people; None for any other."""


Observer = Callable[[Snapshot, Event], None]
"""Called on every change."""
