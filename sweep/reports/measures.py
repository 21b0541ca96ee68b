"""The quantities of a declared table, measured over trainings, next to published values.

A training is a trial, or one of its repeats. Only those of complete trials count.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from statistics import fmean, stdev
from typing import NamedTuple

from sweep.study.published import Quantity
from sweep.trials.records import Ending, EpochRecord, TrialRecord

Training = list[EpochRecord]


TOTALS: dict[str, Callable[[Training], float]] = {
    "epochs": len,
    "seconds": lambda training: sum(epoch.seconds for epoch in training),
    "cpu_seconds": lambda training: sum(epoch.cpu_seconds for epoch in training),
    "seconds_per_epoch": lambda training: fmean(epoch.seconds for epoch in training),
    "cpu_seconds_per_epoch": lambda training: fmean(epoch.cpu_seconds for epoch in training),
}
"""Quantities of a whole training, other than metrics."""


ROUNDING = 1e-9
"""Tolerance at the edge of a band, for floating-point error."""


class Measured(NamedTuple):
    """One value per training, and the published value; None where there is none.

    Attributes:
        values: Values in the order of the trainings.
        published: Value to compare with.
        band: Largest distance of the mean from it that counts as the same.
    """

    values: tuple[float, ...]
    published: float | None = None
    band: float | None = None

    @property
    def mean(self) -> float | None:
        """Mean of the values."""
        return fmean(self.values) if self.values else None

    @property
    def deviation(self) -> float | None:
        """Sample standard deviation of the values; None for a single one."""
        return stdev(self.values) if len(self.values) > 1 else None

    @property
    def gap(self) -> float | None:
        """Distance of the mean above the published value."""
        return None if self.mean is None or self.published is None else self.mean - self.published

    @property
    def difference(self) -> float | None:
        """Gap in per cent of the published value."""
        return 100 * self.gap / self.published if self.gap is not None and self.published else None

    @property
    def is_inside(self) -> bool | None:
        """Whether the mean is in the band."""
        gap, band = self.gap, self.band
        return None if gap is None or band is None else abs(gap) <= band + ROUNDING


def measure(quantity: Quantity, row: str, records: Iterable[TrialRecord]) -> Measured:
    """Measure a quantity of these trials, in the units shown."""
    of_training = TOTALS.get(quantity.source, lambda part: part[-1].metrics.get(quantity.source))
    parts = (_part(quantity.epoch, training) for training in trainings(records))
    values = (of_training(part) for part in parts if part)
    scaled = tuple(x * quantity.scale + quantity.offset for x in values if x is not None)
    published, band = quantity.published.get(row), quantity.band.get(row)
    return Measured(scaled, *(None if x is None else float(x) for x in (published, band)))


def trainings(records: Iterable[TrialRecord]) -> list[Training]:
    """Return the epochs of each complete training."""
    complete = (record for record in records if record.ending is Ending.COMPLETE)
    return [training for record in complete for training in record.trainings()]


def trainings_text(records: list[TrialRecord]) -> str:
    """Return how many trainings count, and how the other trials ended, as text."""
    if not records:
        return "not run"
    others = Counter(r.ending.value for r in records if r.ending is not Ending.COMPLETE)
    parts = [str(len(trainings(records))), *(f"{n} {ending}" for ending, n in others.items())]
    return ", ".join(parts)


def _part(epoch: int | str, training: Training) -> Training:
    """Return the epoch to measure: all epochs for 0, none if there was no such epoch."""
    number = int(training[-1].metrics.get(epoch, 0)) if isinstance(epoch, str) else epoch
    return training[number - 1 : number] if number else training
