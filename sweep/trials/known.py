"""Metrics that a run knows by itself: what a training has cost so far, after each epoch."""

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sweep.trials.records import EpochRecord


def _seconds(training: Sequence["EpochRecord"]) -> Iterable[float]:
    return accumulate(epoch.seconds for epoch in training)


def _core_seconds(training: Sequence["EpochRecord"]) -> Iterable[float]:
    return accumulate(epoch.cpu_seconds for epoch in training)


def _seconds_per_epoch(training: Sequence["EpochRecord"]) -> Iterable[float]:
    return (seconds / n for n, seconds in enumerate(_seconds(training), start=1))


KNOWN: dict[str, Callable[[Sequence["EpochRecord"]], Iterable[float]]] = {
    "seconds": _seconds,
    "core_seconds": _core_seconds,
    "seconds_per_epoch": _seconds_per_epoch,
}
"""What each metric was after each epoch of a training, by its name.

"seconds" and "core_seconds" are totals from the first epoch on, of wall-clock and processor time;
"seconds_per_epoch" is the mean.
"""


def curve_of(training: Sequence["EpochRecord"], metric: str) -> list[float]:
    """Return a metric after each epoch of a training; epochs without it are left out.

    A metric that the epochs report comes before one of the same name that the run knows.
    """
    reported = [epoch.metrics[metric] for epoch in training if metric in epoch.metrics]
    if reported or metric not in KNOWN:
        return reported
    return list(KNOWN[metric](training))
