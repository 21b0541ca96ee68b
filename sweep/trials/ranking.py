"""Which trials are best, and what a trial's score is."""

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from sweep.trials.records import Ending, TrialRecord

if TYPE_CHECKING:
    from sweep.trials.domains import Params


def n_ended(records: Iterable[TrialRecord]) -> int:
    """Return how many of these trials have ended."""
    return sum(record.has_ended for record in records)


def best_of(sign: int, records: Iterable[TrialRecord]) -> TrialRecord | None:
    """Return the complete trial with the best score, the first of equal ones; None without any.

    Args:
        sign: 1 if a lower score is better, -1 if a higher one is.
        records: Any trials, in the order of their numbers.
    """
    scored = (record for record in records if record.score is not None)
    return min(scored, key=lambda record: sign * (record.score or 0.0), default=None)


def ranked(records: Iterable[TrialRecord], sign: int) -> list[TrialRecord]:
    """Return the trials that have a score, best first; equal ones keep their order.

    `sign` is 1 where a lower score is better, -1 where a higher one is.
    """
    scored = [(sign * record.score, record) for record in records if record.score is not None]
    return [record for _, record in sorted(scored, key=lambda pair: pair[0])]


def scores(curves: Iterable[Sequence[float]], rule: str, sign: int) -> list[float]:
    """Return the score of each training with a curve that is not empty.

    Args:
        curves: The metric after each epoch, one curve per training.
        rule: Which epoch counts: the "last" or the "best"; or the "mean" of all.
        sign: 1 where a lower metric is better, -1 where a higher one is.
    """
    best = min if sign > 0 else max
    some = [curve for curve in curves if curve]
    if rule == "mean":
        return [fmean(curve) for curve in some]
    return [best(curve) if rule == "best" else curve[-1] for curve in some]


def final_of(best: "Params", records: list[TrialRecord]) -> TrialRecord | None:
    """Return the complete final training of these parameters, if there is one."""
    matches = (r for r in records if r.params == best and r.ending is Ending.COMPLETE)
    return next(matches, None)
