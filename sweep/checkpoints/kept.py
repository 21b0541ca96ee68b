"""The state that goes with a trial's score."""

from sweep.checkpoints.format import Checkpoint, decode
from sweep.checkpoints.store import Checkpoints
from sweep.trials.epoch import State
from sweep.trials.ranking import scores
from sweep.trials.records import TrialRecord

GONE = "the training yielded none, or its checkpoint is gone or damaged"

EARLIER = "an earlier version kept those of the last epoch, not of the best one, which counts"


def state_of(
    record: TrialRecord, checkpoints: Checkpoints, rule: str, metric: str, sign: int
) -> tuple[State | None, str]:
    """Return the state that goes with the score of a complete trial.

    Args:
        record: The trial.
        checkpoints: Where its checkpoint is kept.
        rule: Which epoch counts: the "last" or the "best".
        metric: The metric that the score is made of.
        sign: 1 where a lower metric is better, -1 where a higher one is.

    Returns:
        The state, or None; and why there is none, empty if there is one.
    """
    data = checkpoints.read(record.number, len(record.epochs))
    if data is None:
        return None, GONE
    checkpoint = decode(data)
    if rule == "best" and not _is_best(checkpoint, record, metric, sign):
        return None, EARLIER
    return checkpoint.state, ""


def _is_best(checkpoint: Checkpoint, record: TrialRecord, metric: str, sign: int) -> bool:
    """Return whether a checkpoint is of the best epoch of those that yielded a state."""
    if checkpoint.value is not None:
        return True
    curve = [epoch.metrics[metric] for epoch in record.epochs]
    return scores([curve], "best", sign) == [curve[checkpoint.epoch - 1]]
