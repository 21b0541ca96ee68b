"""What a run cost in training, failures and waiting, and what early stopping saved."""

from collections.abc import Sequence
from itertools import accumulate
from statistics import median
from typing import NamedTuple

from sweep.text import counted, duration
from sweep.trials.ranking import n_ended
from sweep.trials.records import Ending, TrialRecord


class Costs(NamedTuple):
    """Core-seconds of processor time, and how well the slots were used.

    Attributes:
        spent: Time of all recorded epochs.
        pruned: The part of it spent in pruned trials.
        failed: The part of it spent in failed trials.
        saved: Estimate of the additional time that pruned and paused trials would have taken, at
            their own pace, for the median number of epochs of complete trials.
        cut: How many trials were pruned or are paused before that number of epochs.
        paused: How many trials are paused.
        ended: How many trials have ended.
        busy: Fraction of the slots' time, from the first trial's start to the last one's end,
            spent in epochs; None if no trial has ended.
        slots: Largest number of trials that ran at the same time.
    """

    spent: float
    pruned: float
    failed: float
    saved: float
    cut: int
    paused: int
    ended: int
    busy: float | None
    slots: int

    @property
    def share_saved(self) -> float:
        """Estimate of the share of the time that early stopping saved, from 0 to 1."""
        return self.saved / ((self.saved + self.spent) or 1.0)


def costs(records: Sequence[TrialRecord]) -> Costs:
    """Return what these trials cost."""
    pruned = [record for record in records if record.ending is Ending.PRUNED]
    paused = [record for record in records if record.is_paused]
    training = sum(record.seconds for record in records)
    times, n_busy = under_way(records)
    slots = max(n_busy, default=0)
    left = _left([*pruned, *paused], records)
    room = slots * (times[-1] - times[0]) if times else 0.0
    return Costs(
        spent=sum(record.cpu_seconds for record in records),
        pruned=sum(record.cpu_seconds for record in pruned),
        failed=sum(record.cpu_seconds for record in records if record.ending.is_failure),
        saved=sum(left),
        cut=len(left),
        paused=len(paused),
        ended=n_ended(records),
        busy=min(training / room, 1.0) if room else None,
        slots=slots,
    )


def cost_sentences(search: Costs, runoff: Costs, final: Costs) -> list[str]:
    """Return what the search, the runoff and the final trainings cost, in sentences."""
    busy = "" if search.busy is None else f"{100 * search.busy:.1f} %"
    sentences = [
        (True, f"The search trained for {duration(search.spent)} of processor time: "
               f"{duration(search.pruned)} in pruned trials, {duration(search.failed)} in failed "
               f"ones."),
        (search.saved, _saved_text(search)),
        (runoff.spent, f"The runoff took {duration(runoff.spent)} of processor time."),
        (final.spent, f"Final training took {duration(final.spent)} of processor time."),
        (busy, f"From the first trial's start to the last one's end, the slots in use "
               f"({search.slots}) trained for {busy} of the time; the rest went to bookkeeping, "
               f"starting and waiting."),
    ]  # fmt: skip
    return [sentence for applies, sentence in sentences if applies]


def _saved_text(search: Costs) -> str:
    n, how = search.ended + search.paused, "ended or were paused" if search.paused else "ended"
    return (
        f"Early stopping: {search.cut} of {counted(n, 'trial')} {how} before their last "
        f"epoch; training them whole would have taken about {duration(search.saved)} more of "
        f"processor time (an estimate from their own seconds per epoch): "
        f"{100 * search.share_saved:.0f} % saved."
    )


def under_way(records: Sequence[TrialRecord]) -> tuple[list[float], list[int]]:
    """Return how many trials were running, and when.

    Returns:
        Seconds since the first trial started, rising; and the number of trials from each on.
    """
    spans = [(r.started, r.finished) for r in records if r.started and r.finished]
    changes = sorted([(begin, 1) for begin, _ in spans] + [(end, -1) for _, end in spans])
    times = [(when - changes[0][0]).total_seconds() for when, _ in changes]
    last_at = dict(zip(times, accumulate(by for _, by in changes), strict=True))
    return list(last_at), list(last_at.values())


def _left(cut: Sequence[TrialRecord], records: Sequence[TrialRecord]) -> list[float]:
    """Return what the epochs that each of these trials lacks would cost at its mean pace."""
    lengths = [len(r.epochs) for r in records if r.ending is Ending.COMPLETE and r.epochs]
    usual = median(lengths or [0])
    spent = [(record.cpu_seconds, len(record.epochs)) for record in cut]
    return [seconds / n * (usual - n) for seconds, n in spent if 0 < n < usual]
