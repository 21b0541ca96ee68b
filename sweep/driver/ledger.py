"""The ledger of a study: every change of a trial, in the database and in memory.

Each change is written to the database before anything depends on it. So the process can be killed
between any two lines, and the next driver continues from what is written.
"""

from dataclasses import asdict
from datetime import UTC, datetime

from sweep.checkpoints.store import Checkpoints
from sweep.driver.order import TrialOrder
from sweep.driver.progress import TrialCounts
from sweep.samplers.sampler import Sampler
from sweep.storage.trial_table import TrialTable
from sweep.study.seeds import derive_seed
from sweep.study.space import as_dict
from sweep.study.study import Study
from sweep.trials.records import Ending, EpochRecord, Failure, TrialRecord
from sweep.trials.worker import Worker
from sweep.workers.messages import Progress, Work

DROPPED = "; trained again with other results, so its epochs from {} on were dropped"
"""Says in the attempt that was cut short what the next one did to its epochs."""


def open_ledger(study: Study, table: TrialTable, checkpoints: Checkpoints) -> "Ledger":
    """Return the ledger of a study, continued from what its table holds.

    Args:
        study: The study.
        table: Its trials in the database.
        checkpoints: Its checkpoints; those that no trial needs are deleted.
    """
    counts = TrialCounts(study.sign, table.trials())
    sampler = Sampler(study)
    sampler.restore(counts.records)
    return Ledger(study, table, checkpoints, sampler, TrialOrder(study, counts))


class Ledger:
    """The trials of one study.

    Attributes:
        counts: The trials, and how many of them are in which state.
    """

    def __init__(
        self,
        study: Study,
        table: TrialTable,
        checkpoints: Checkpoints,
        sampler: Sampler,
        order: TrialOrder,
    ) -> None:
        self._study = study
        self._table = table
        self._checkpoints = checkpoints
        self._sampler = sampler
        self._order = order
        self.counts = order.counts
        ended = [r.number for r in self.records if r.has_ended and self._keeps_state(r)]
        checkpoints.clean_up([*self.counts.running], ended)

    @property
    def records(self) -> list[TrialRecord]:
        """All trials, in the order of their numbers."""
        return self.counts.records

    @property
    def n_trials(self) -> int:
        """Number of trials that there will be in the end; a grid may turn out to have fewer."""
        limit = self._sampler.limit
        return self._study.trials if limit is None else min(self._study.trials, limit)

    @property
    def n_left(self) -> int:
        """Number of trials that have not ended, including those that have not begun."""
        return max(0, self.n_trials - len(self.records)) + len(self.counts.running)

    @property
    def n_useful_slots(self) -> int:
        """Number of slots that can have a trial at the same time."""
        return self._order.n_useful_slots(self.n_left)

    def running(self) -> list[TrialRecord]:
        """Return the trials that have begun and not ended."""
        return list(self.counts.running.values())

    def new_trial(self, worker: Worker) -> TrialRecord | None:
        """Create the next trial; None if there are enough, or it has to wait for others."""
        number = len(self.records)
        known = self._order.endings_known(number)
        if number >= self.n_trials or known is None:
            return None
        trial = self._sampler.ask(number, known)
        record = TrialRecord(
            number=number,
            params=trial.params,
            domains=trial.domains,
            config=as_dict(self._study.space(trial)),
            seed=derive_seed(self._study.seed, self._study.name, number),
            endings_known=known,
            reused=self._sampler.twin(trial.params),
            worker=worker,
            started=datetime.now(UTC),
        )
        self._table.add(record)
        self.counts.begin(record)
        self._order.note(record)
        return record

    def prunes(self, record: TrialRecord) -> bool:
        """Return whether the study's pruner stops a trial after its latest epoch."""
        return self._order.prunes(record)

    def may_be_over(self, record: TrialRecord) -> bool:
        """Return whether a trial's latest epoch may have been its last."""
        return self._order.may_be_over(record)

    def begin_attempt(self, record: TrialRecord, worker: Worker) -> tuple[Work, str]:
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

    def end_attempt(
        self, record: TrialRecord, reason: str, message: str, traceback: str = ""
    ) -> None:
        """Record why an attempt ended before its trial did."""
        attempt = {"reason": reason, "message": message, "epoch": len(record.epochs)}
        attempt |= {"traceback": traceback} if traceback else {}
        record.attempts.append(attempt | (asdict(record.worker) if record.worker else {}))
        self._table.set_trial_attribute(record.number, "attempts", record.attempts)

    def add_epochs(self, record: TrialRecord, progress: Progress) -> bool:
        """Record what a slot has sent of a trial; return False if all its epochs were recorded.

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
            self._table.add_epochs(record.number, new, self._study.metric)
            record.epochs += new
            self._order.note(record, new[0].number)
        if progress.checkpoint is not None:
            self._checkpoints.write(record.number, progress.checkpoint)
            record.kept = progress.kept
        return bool(new)

    def _drop(self, record: TrialRecord, since: int) -> None:
        """Delete the epochs of a trial from this one on."""
        self._table.drop_epochs(record.number, range(since, len(record.epochs) + 1))
        del record.epochs[since - 1 :]
        self._order.note(record, since)
        if record.attempts:
            record.attempts[-1]["message"] += DROPPED.format(since)
            self._table.set_trial_attribute(record.number, "attempts", record.attempts)

    def end(self, record: TrialRecord, ending: Ending, failure: Failure | None = None) -> None:
        """Record how a trial ended; it never changes after that."""
        if record.reused is not None:
            twin = self.records[record.reused]
            record.score, record.score_std = twin.score, twin.score_std
        elif ending is Ending.COMPLETE:
            curves = record.curves(self._study.metric)
            record.score, record.score_std = self._study.score_of(curves)
        record.kept = record.kept if ending is Ending.COMPLETE else None
        record.ending, record.failure = ending, failure
        record.ending_number = self._order.ending_number(record)
        record.finished = datetime.now(UTC)
        self._table.finish(record)
        former_best = self.counts.best
        self.counts.end(record)
        self._order.note(record, len(record.epochs) + 1)
        self._sampler.tell(record)
        for ended in (record, former_best):
            if ended is not None:
                self._checkpoints.discard(ended.number, keep_last=self._keeps_state(ended))

    def _keeps_state(self, ended: TrialRecord) -> bool:
        """Return whether an ended trial keeps its last checkpoint."""
        keeps_all = self._study.keep == "all" and ended.ending is Ending.COMPLETE
        return keeps_all or ended is self.counts.best


def _differs(epoch: EpochRecord, record: TrialRecord) -> bool:
    """Return whether an epoch is recorded with other metrics, or as one of another training."""
    if epoch.number > len(record.epochs):
        return False
    known = record.epochs[epoch.number - 1]
    return (epoch.metrics, epoch.repeat) != (known.metrics, known.repeat)
