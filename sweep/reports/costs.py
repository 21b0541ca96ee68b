"""This file reckons what a run cost in training, failures and waiting, and what pruning saved."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from sweep.trials.records import Ending, TrialRecord

Curve = tuple[list[float], list[float]]


@dataclass(frozen=True)
class Costs:
    """Core-seconds of processor time, and how well the slots were used.

    Attributes:
        spent: Of all epochs on record.
        pruned: Of these, in trials that were pruned.
        failed: Of these, in trials that failed.
        saved: What pruned trials would have taken in addition, had they trained for as many epochs
            as complete ones do in the median, at their own pace.
        busy: Fraction of the slots' time, between the first trial and the last, that went into
            epochs; None if no trial has ended.
        slots: The most trials that were under way at a time.
    """

    spent: float
    pruned: float
    failed: float
    saved: float
    busy: float | None
    slots: int


def costs(records: Sequence[TrialRecord]) -> Costs:
    """What these trials cost."""
    pruned = [record for record in records if record.ending is Ending.PRUNED]
    training = sum(record.seconds for record in records)
    times, n_busy = under_way(records)
    slots = round(max(n_busy, default=0))
    room = slots * (times[-1] - times[0]) if times else 0.0
    return Costs(
        spent=sum(record.cpu_seconds for record in records),
        pruned=sum(record.cpu_seconds for record in pruned),
        failed=sum(record.cpu_seconds for record in records if record.ending.is_failure),
        saved=_saved(pruned, records),
        busy=min(training / room, 1.0) if room else None,
        slots=slots,
    )


def under_way(records: Sequence[TrialRecord]) -> Curve:
    """How many trials were under way, and when.

    Returns:
        Seconds since the first trial began, rising; and the number from each of them on.
    """
    spans = [(r.started, r.finished) for r in records if r.started and r.finished]
    changes = sorted([(begin, 1) for begin, _ in spans] + [(end, -1) for _, end in spans])
    return _sums([((when - changes[0][0]).total_seconds(), by) for when, by in changes])


def _sums(changes: list[tuple[float, int]]) -> Curve:
    """What adds up from changes, (when, by how much), at each time at which there are any."""
    total = 0
    at: dict[float, int] = {}
    for when, by in changes:
        total += by
        at[when] = total
    return list(at), [float(n) for n in at.values()]


def _saved(pruned: Sequence[TrialRecord], records: Sequence[TrialRecord]) -> float:
    lengths = [len(record.epochs) for record in records if record.ending is Ending.COMPLETE]
    if not lengths:
        return 0.0
    usual = median(lengths)
    return sum(
        record.cpu_seconds / len(record.epochs) * max(usual - len(record.epochs), 0)
        for record in pruned
        if record.epochs
    )
