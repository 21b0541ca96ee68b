"""This file tells how a study stands while it is being driven, to whoever watches."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sweep.records import Ending, TrialRecord
from sweep.study import Study


@dataclass
class Snapshot:
    """How a study stands, for people to watch.

    Attributes:
        ended_before: How many trials had ended when this driver took up the study.
        began: When it did, by `time.monotonic`.
    """

    study: Study
    records: list[TrialRecord]
    slots: int
    n_trials: int
    ended_before: int
    began: float

    def count(self, *endings: Ending) -> int:
        """How many trials stand so."""
        return sum(record.ending in endings for record in self.records)

    @property
    def best(self) -> TrialRecord | None:
        """The best complete trial; the first of equals."""
        return best_of(self.study.sign, self.records)


Observer = Callable[[Snapshot, TrialRecord | str | None], None]
"""Called on every change; with each trial that ends, and with what else people should know."""


def best_of(sign: int, records: Iterable[TrialRecord]) -> TrialRecord | None:
    """The complete trial with the best score; of equal ones the first. None if there is none.

    Args:
        sign: 1 where a lower score is better, -1 where a higher one is.
        records: Any trials, in the order of their numbers.
    """
    scored = [record for record in records if record.score is not None]
    return min(scored, key=lambda record: sign * (record.score or 0.0), default=None)
