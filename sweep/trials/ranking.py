"""Which trials are best, and what a trial's score is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import TYPE_CHECKING

from sweep.trials.records import Ending, TrialRecord

if TYPE_CHECKING:
    from sweep.trials.domains import Params, Value


def n_ended(records: Iterable[TrialRecord]) -> int:
    """Return how many of these trials have ended."""
    return sum(record.has_ended for record in records)


def best_of(sign: int, records: Iterable[TrialRecord]) -> TrialRecord | None:
    """Return the feasible trial with the best score, the first of equal ones; None without any.

    Args:
        sign: 1 if a lower score is better, -1 if a higher one is.
        records: Any trials, in the order of their numbers.
    """
    scored = (record for record in records if record.score is not None and record.is_feasible)
    return min(scored, key=lambda record: sign * (record.score or 0.0), default=None)


def ranked(records: Iterable[TrialRecord], sign: int) -> list[TrialRecord]:
    """Return the feasible trials that have a score, best first; equal ones keep their order.

    `sign` is 1 where a lower score is better, -1 where a higher one is.
    """
    scored = [(sign * r.score, r) for r in records if r.score is not None and r.is_feasible]
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


def finalists(records: Iterable[TrialRecord], sign: int, n: int) -> list[TrialRecord]:
    """Return the n best trials of different parameters, best first; fewer if there are no more.

    Args:
        records: The trials of a search.
        sign: 1 where a lower score is better, -1 where a higher one is.
        n: Number of trials, at least 1.
    """
    best: list[TrialRecord] = []
    for record in ranked(records, sign):
        if len(best) < n and all(record.params != other.params for other in best):
            best.append(record)
    return best


def comparable(
    records: Iterable[TrialRecord], added: "Mapping[str, Sequence[Value]]"
) -> list[TrialRecord]:
    """Return trials without the parameters that came later, where these have their value of before.

    So the trainings of a trial are found by its parameters, whichever it had.

    Args:
        records: Trials.
        added: The values in effect before parameters were added, by their names.
    """

    def plain(params: "Params") -> "Params":
        return {name: v for name, v in params.items() if v not in added.get(name, ())}

    return [replace(record, params=plain(record.params)) if added else record for record in records]


def trainings_of(trial: TrialRecord, records: Iterable[TrialRecord]) -> list[TrialRecord]:
    """Return the complete ones of these records that have the parameters of `trial`."""
    return [r for r in records if r.ending is Ending.COMPLETE and r.params == trial.params]


def runoff_scores(finalist: TrialRecord, runoff: Iterable[TrialRecord]) -> list[float]:
    """Return the scores of a finalist's complete trainings in the runoff."""
    return [r.score for r in trainings_of(finalist, runoff) if r.score is not None]


def runoff_is_over(
    finalists: Iterable[TrialRecord], runoff: Iterable[TrialRecord], repeats: int
) -> bool:
    """Return whether `repeats` trainings of each finalist have ended, in whatever way."""
    ended = [record.params for record in runoff if record.has_ended]
    return all(ended.count(finalist.params) >= repeats for finalist in finalists)


def winner(
    finalists: Sequence[TrialRecord], runoff: Sequence[TrialRecord], repeats: int, sign: int
) -> TrialRecord | None:
    """Return the finalist with the best mean score in the runoff, the first of equal ones.

    The scores of the search do not count: the finalists were selected by them, so they are too
    good. A single finalist needs no runoff. One that failed in the runoff is out.

    Args:
        finalists: The best trials of the search, best first.
        runoff: The trials of the runoff, maybe of other trials of the search, too.
        repeats: Number of trainings of each finalist.
        sign: 1 where a lower score is better, -1 where a higher one is.

    Returns:
        The finalist; None before every training has ended, and if each finalist failed.
    """
    if len(finalists) <= 1:
        return next(iter(finalists), None)
    if not runoff_is_over(finalists, runoff, repeats):
        return None
    whole = [f for f in finalists if len(runoff_scores(f, runoff)) >= repeats]
    return min(whole, key=lambda f: sign * fmean(runoff_scores(f, runoff)), default=None)
