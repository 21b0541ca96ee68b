"""Records the attempts to train a trial: by which process, its epochs and checkpoints."""

from dataclasses import asdict

from sweep.checkpoints.store import Checkpoints
from sweep.driver.order.curves import Curves
from sweep.storage.trial_table import TrialTable
from sweep.study.limits import Limits
from sweep.trials.records import EpochRecord, TrialRecord
from sweep.trials.worker import Worker
from sweep.workers.messages import Progress, Work

DROPPED = "; trained again with other results, so its epochs from {} on were dropped"
"""Says in the attempt that was cut short what the next one did to its epochs."""


class Attempts:
    """What processes send back while they train the trials of a study."""

    def __init__(
        self,
        table: TrialTable,
        checkpoints: Checkpoints,
        curves: Curves,
        metric: str,
        limits: Limits,
    ) -> None:
        self._table = table
        self._checkpoints = checkpoints
        self._curves = curves
        self._metric = metric
        self._limits = limits

    def begin(self, record: TrialRecord, worker: Worker) -> tuple[Work, str]:
        """Record which process trains a trial from now on.

        Returns:
            What that process needs, and what was wrong with the trial's checkpoints ("" if nothing
            was).
        """
        if record.worker != worker:
            record.worker = worker
            self._table.set_trial_attribute(record.number, "worker", asdict(worker))
        checkpoint, flaw = self._checkpoints.recover(record.number, len(record.epochs))
        return Work(record.number, record.params, record.seed, checkpoint), flaw

    def end(self, record: TrialRecord, reason: str, message: str, traceback: str = "") -> None:
        """Record why an attempt ended before its trial did."""
        attempt = {"reason": reason, "message": message, "epoch": len(record.epochs)}
        attempt |= {"traceback": traceback} if traceback else {}
        record.attempts.append(attempt | (asdict(record.worker) if record.worker else {}))
        self._table.set_trial_attribute(record.number, "attempts", record.attempts)

    def add_epochs(self, record: TrialRecord, progress: Progress) -> bool:
        """Record what a slot has sent of a trial; return whether any of it is news.

        After an interruption, a training repeats epochs. If one comes out differently, or if it
        ends earlier, what the interrupted one left from there on is dropped, so that the curve is
        that of one training.
        """
        ends = progress.finished or progress.failure is not None
        known = len(record.epochs)
        other = next((e.number for e in progress.epochs if _differs(e, record)), known + 1)
        since = min(other, progress.n_epochs + 1) if ends else other
        if since <= known:
            self._drop(record, since)
        new = [epoch for epoch in progress.epochs if epoch.number > len(record.epochs)]
        if new:
            self._table.add_epochs(record.number, new, self._metric)
            record.epochs += new
            self._limits.spent_seconds += sum(epoch.cpu_seconds for epoch in new)
            self._curves.note(record, new[0].number)
        if progress.n_trained:
            self._curves.finish(record, progress.n_trained)
        if progress.checkpoint is not None:
            self._checkpoints.write(record.number, progress.checkpoint)
            record.kept = progress.kept
        return bool(new or progress.n_trained)

    def _drop(self, record: TrialRecord, since: int) -> None:
        """Delete the epochs of a trial from this one on."""
        self._table.drop_epochs(record.number, range(since, len(record.epochs) + 1))
        self._limits.spent_seconds -= sum(e.cpu_seconds for e in record.epochs[since - 1 :])
        del record.epochs[since - 1 :]
        self._curves.note(record, since)
        if record.attempts:
            record.attempts[-1]["message"] += DROPPED.format(since)
            self._table.set_trial_attribute(record.number, "attempts", record.attempts)


def _differs(epoch: EpochRecord, record: TrialRecord) -> bool:
    """Return whether an epoch is recorded with other metrics, or as one of another training."""
    if epoch.number > len(record.epochs):
        return False
    known = record.epochs[epoch.number - 1]
    return (epoch.metrics, epoch.repeat) != (known.metrics, known.repeat)
