"""This file measures trainings, as the figures of a declared table say, beside published values.

A training is a trial, or one of its repeats. Those of trials that are not complete do not count.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import fmean, stdev

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
"""Figures of a training that are no metrics."""


ROUNDING = 1e-9
"""What floating point may add to a difference at the edge of a band."""


@dataclass(frozen=True)
class Measured:
    """One value of each of several trainings, beside the published one; None where there is none.

    Attributes:
        values: In the order of the trainings.
        published: The figure to compare with.
        band: How far from it the mean may be.
    """

    values: tuple[float, ...]
    published: float | None = None
    band: float | None = None

    @property
    def mean(self) -> float | None:
        """Of the values."""
        return fmean(self.values) if self.values else None

    @property
    def deviation(self) -> float | None:
        """The sample standard deviation of the values; a single one has none."""
        return stdev(self.values) if len(self.values) > 1 else None

    @property
    def gap(self) -> float | None:
        """How far the mean is above the published value."""
        if self.mean is None or self.published is None:
            return None
        return self.mean - self.published

    @property
    def difference(self) -> float | None:
        """The gap in per cent of the published value."""
        return 100 * self.gap / self.published if self.gap is not None and self.published else None

    @property
    def is_inside(self) -> bool | None:
        """Whether the mean is in the band."""
        if self.gap is None or self.band is None:
            return None
        return abs(self.gap) <= self.band + ROUNDING


def measure(figure: Quantity, row: str, records: Iterable[TrialRecord]) -> Measured:
    """A figure of these trials, in the units shown."""
    values = (_value(figure, training) for training in trainings(records))
    scaled = tuple(value * figure.scale + figure.offset for value in values if value is not None)
    published, band = figure.published.get(row), figure.band.get(row)
    return Measured(scaled, *(None if x is None else float(x) for x in (published, band)))


def trainings(records: Iterable[TrialRecord]) -> list[Training]:
    """The epochs of each complete training."""
    return [
        [epoch for epoch in record.epochs if epoch.repeat == repeat]
        for record in records
        if record.ending is Ending.COMPLETE
        for repeat in sorted({epoch.repeat for epoch in record.epochs})
    ]


def trainings_text(records: list[TrialRecord]) -> str:
    """How many trainings count, and what became of the other trials, in words."""
    if not records:
        return "not run"
    others = Counter(r.ending.value for r in records if r.ending is not Ending.COMPLETE)
    parts = [str(len(trainings(records))), *(f"{n} {ending}" for ending, n in others.items())]
    return ", ".join(parts)


def _value(figure: Quantity, training: Training) -> float | None:
    part = _part(figure.epoch, training)
    if not part:
        return None
    if figure.source in TOTALS:
        return TOTALS[figure.source](part)
    return part[-1].metrics.get(figure.source)


def _part(epoch: int | str, training: Training) -> Training:
    """The epoch that a figure is of; all of them for 0, none if there was no such epoch."""
    number = int(training[-1].metrics.get(epoch, 0)) if isinstance(epoch, str) else epoch
    return training[number - 1 : number] if number else training
