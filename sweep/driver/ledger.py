"""This file keeps the book of a study: every change of a trial, in the database and in memory.

Each change is in the database before anything is built on it, so the process can be killed
between any two lines and another one takes up the book where it stands.
"""

from collections.abc import Iterable
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
from sweep.trials.records import Ending, EpochRecord, Failure, TrialRecord, Worker
from sweep.workers.messages import Work


class Ledger:
    """The trials of one study.

    Attributes:
        counts: How many there are, and how they stand.
        order: What a trial may know of the others.
        n_trials: How many there will be in the end.
    """

    def __init__(self, study: Study, table: TrialTable, checkpoints: Checkpoints) -> None:
        """Opens the book.

        Args:
            study: What the trials are of.
            table: Where they are on record.
            checkpoints: Where their states are.
        """
        self._study = study
        self._table = table
        self._checkpoints = checkpoints
        self._sampling = Sampler(study)
        self.counts = TrialCounts(study.sign, table.trials())
        self.order = TrialOrder(study, self.counts)
        self._sampling.restore(self.records)
        limit = self._sampling.limit
        self.n_trials = study.trials if limit is None else min(study.trials, limit)
        self._tidy()

    @property
    def records(self) -> list[TrialRecord]:
        """All trials, in the order of their numbers."""
        return self.counts.records

    @property
    def n_left(self) -> int:
        """How many trials have not ended, those that have not begun among them."""
        return max(0, self.n_trials - len(self.records)) + len(self.counts.running)

    def running(self) -> list[TrialRecord]:
        """The trials that have not ended."""
        return list(self.counts.running.values())

    def new_trial(self, worker: Worker) -> TrialRecord | None:
        """Asks for a new trial; None if there are enough, or it would have to wait for others."""
        number = len(self.records)
        told = self.order.told(number)
        if number >= self.n_trials or told is None:
            return None
        trial = self._sampling.ask(number, told)
        record = TrialRecord(
            number=number,
            params=trial.params,
            domains=trial.domains,
            config=as_dict(self._study.space(trial)),
            seed=derive_seed(self._study.seed, self._study.name, number),
            endings_known=told,
            reused=self._sampling.twin(trial.params),
            worker=worker,
            started=datetime.now(UTC),
        )
        self._table.add(record)
        self.counts.begin(record)
        self.order.note(record)
        return record

    def early_ending(self, record: TrialRecord) -> Ending | None:
        """How a trial ends before it trains any further, if it does.

        It has a score to take over, or an interruption forestalled its pruning.
        """
        if record.reused is not None:
            return Ending.COMPLETE
        return Ending.PRUNED if self.order.prunes(record) else None

    def begin_attempt(self, record: TrialRecord, worker: Worker) -> tuple[Work, str]:
        """Notes which process has a trial now.

        Returns:
            What that process needs for it, and what was wrong with its checkpoints, if it was.
        """
        if record.worker != worker:
            record.worker = worker
            self._table.set_trial_attribute(record.number, "worker", asdict(worker))
        checkpoint, flaw = self._checkpoints.recover(record.number, len(record.epochs))
        return Work(record.number, record.params, record.seed, checkpoint), flaw

    def end_attempt(
        self, record: TrialRecord, reason: str, message: str, traceback: str = ""
    ) -> None:
        """Notes why an attempt did not go on."""
        attempt = {"reason": reason, "message": message, "epoch": len(record.epochs)}
        attempt |= {"traceback": traceback} if traceback else {}
        record.attempts.append(attempt | (asdict(record.worker) if record.worker else {}))
        self._table.set_trial_attribute(record.number, "attempts", record.attempts)

    def add_epochs(
        self, record: TrialRecord, epochs: Iterable[EpochRecord], checkpoint: bytes | None
    ) -> bool:
        """Adds what a slot gave back; False if all of it was on record before an interruption."""
        new = [epoch for epoch in epochs if epoch.number > len(record.epochs)]
        if new:
            self._table.add_epochs(record.number, new, self._study.metric)
            record.epochs += new
            self.order.note(record)
        if checkpoint is not None:
            self._checkpoints.write(record.number, checkpoint)
        return bool(new)

    def end(self, record: TrialRecord, ending: Ending, failure: Failure | None = None) -> None:
        """Ends a trial; from then on it never changes."""
        if record.reused is not None:
            twin = self.records[record.reused]
            record.score, record.score_std = twin.score, twin.score_std
        elif ending is Ending.COMPLETE:
            curves = record.curves(self._study.metric)
            record.score, record.score_std = self._study.score_of(curves)
        record.ending, record.failure = ending, failure
        record.ending_number = self.order.place(record)
        record.finished = datetime.now(UTC)
        self._table.finish(record)
        former_best = self.counts.best
        self.counts.end(record)
        self.order.note(record)
        self._sampling.tell(record)
        for ended in (record, former_best):
            if ended is not None:
                self._checkpoints.discard(ended.number, keep_last=self._keeps_state(ended))

    def _keeps_state(self, ended: TrialRecord) -> bool:
        """Whether the last checkpoint of a trial that has ended stays."""
        all_stay = self._study.keep == "all" and ended.ending is Ending.COMPLETE
        return all_stay or ended is self.counts.best

    def _tidy(self) -> None:
        """Removes the checkpoints that nobody needs, and what a crash has left behind."""
        ended = [r.number for r in self.records if r.has_ended and self._keeps_state(r)]
        self._checkpoints.clean_up([*self.counts.running], ended)
