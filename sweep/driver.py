"""This file is the loop that owns a study: ask, start, record, prune, tell.

One driver, one thread, no locks. Everything is in the database before anything is built on it, so
the driver can be killed between any two lines and started again.
"""

import math
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sweep.database import StudyTable
from sweep.errors import StudyError
from sweep.folder import CheckpointFolder
from sweep.ordering import Order
from sweep.pool import Pool
from sweep.records import Ending, Failure, Progress, SlotLost, TrialRecord, Work
from sweep.sampling import Sampling
from sweep.seeds import derive_seed
from sweep.snapshot import Observer, Snapshot, best_of
from sweep.space import plain
from sweep.study import Study

TICK_S = 0.25
"""How long the driver waits for slots at a time, before it looks at the clock again."""

MAX_ERRORS_IN_A_ROW = 3
"""So many in a row mean that the study is broken, not the parameters."""


@dataclass(frozen=True)
class Policy:
    """What the driver decides by, beside the study.

    Attributes:
        hours: No trial is started after so long; those under way are ended, to be continued.
        retries: How often a trial is tried again whose process died.
        keeps_every_state: Whether the last state of each complete trial stays on disk, or only
            that of the best.
    """

    hours: float = math.inf
    retries: int = 2
    keeps_every_state: bool = False


class Driver:
    """Brings one study to its full number of trials."""

    def __init__(
        self,
        study: Study,
        table: StudyTable,
        checkpoints: CheckpointFolder,
        policy: Policy,
        observer: Observer,
    ) -> None:
        """Takes up the study where its table stands.

        Raises:
            StudyError: If a recorded trial does not fit the study's space any more.
        """
        self._study = study
        self._table = table
        self._checkpoints = checkpoints
        self._policy = policy
        self._observer = observer
        self._sampling = Sampling(study)
        self.records = table.trials()
        self._order = Order(study, self.records)
        self._sampling.restore(self.records)
        limit = self._sampling.limit
        self.n_trials = study.trials if limit is None else min(study.trials, limit)
        self._interrupted = [r for r in self.records if r.ending is Ending.RUNNING]
        self._errors_in_a_row = 0
        self._tidy()

    @property
    def n_left(self) -> int:
        """How many trials have not ended, those that have not begun among them."""
        return max(0, self.n_trials - len(self.records)) + len(self._interrupted)

    @property
    def n_useful_slots(self) -> int:
        """How many slots can have work at a time."""
        return self._order.n_useful_slots(self.n_left)

    @property
    def done(self) -> bool:
        """Whether every trial has ended."""
        return self.n_left == 0

    def run(self, pool: Pool) -> None:
        """Works until every trial has ended, or the time is up.

        Raises:
            StudyError: If the study breaks its contract, or trial after trial raises.
            StorageError: If the database or the disk refuses.
        """
        snapshot = Snapshot(
            study=self._study,
            records=self.records,
            slots=pool.size,
            n_trials=self.n_trials,
            ended_before=self._order.n_ended(),
            began=time.monotonic(),
        )
        deadline = snapshot.began + self._policy.hours * 3600
        while time.monotonic() < deadline and self._fill(pool):
            self._observer(snapshot, None)
            for slot, answer in pool.wait(TICK_S):
                record = self.records[answer.trial]
                if isinstance(answer, SlotLost):
                    self._lose(record, answer)
                elif self._take(record, answer):
                    pool.advance(slot)
                else:
                    pool.release(slot)
                if record.ending is not Ending.RUNNING:
                    self._observer(snapshot, record)

    def _fill(self, pool: Pool) -> bool:
        """Gives every idle slot a trial, as long as there are any; False when all is done."""
        for slot in pool.idle:
            record = self._next()
            if record is None:
                return len(pool.idle) < pool.size
            self._start(record, slot, pool)
        return True

    def _next(self) -> TrialRecord | None:
        """An interrupted trial, or else a new one, as long as there are any."""
        while self._interrupted:
            record = self._interrupted.pop(0)
            if not self._order.prunes(record):
                return record
            self._end(record, Ending.PRUNED)  # the decision that the interruption forestalled
        if len(self.records) >= self.n_trials:
            return None
        number = len(self.records)
        told = self._order.told(number)
        if told is None:
            return None
        trial = self._sampling.ask(number, told)
        record = TrialRecord(
            number=number,
            params=trial.params,
            domains=trial.domains,
            config=plain(self._study.space(trial)),
            seed=derive_seed(self._study.seed, self._study.name, number),
            told=told,
            started=datetime.now(UTC),
        )
        self._table.add(record)
        self.records.append(record)
        return record

    def _start(self, record: TrialRecord, slot: int, pool: Pool) -> None:
        record.worker = pool.worker(slot)
        self._table.set_trial_attribute(record.number, "worker", asdict(record.worker))
        checkpoint = self._checkpoints.read(record.number, len(record.epochs))
        pool.advance(slot, Work(record.number, record.params, record.seed, checkpoint))

    def _take(self, record: TrialRecord, progress: Progress) -> bool:
        """Records what a slot gave back; True if its trial goes on."""
        if progress.complaint:
            raise StudyError(progress.complaint)
        new = [epoch for epoch in progress.epochs if epoch.number > len(record.epochs)]
        for epoch in new:  # the others were recorded before an interruption
            self._table.add_epoch(record.number, epoch, epoch.metrics.get(self._study.metric))
            record.epochs.append(epoch)
        if progress.checkpoint is not None:
            self._checkpoints.write(record.number, progress.checkpoint)
        if progress.failure is not None:
            self._end(record, progress.failure.ending, progress.failure)
        elif progress.finished:
            record.score = self._study.score_of(record.curve(self._study.metric))
            self._end(record, Ending.COMPLETE)
        elif new and self._order.prunes(record):
            self._end(record, Ending.PRUNED)
        return record.ending is Ending.RUNNING

    def _lose(self, record: TrialRecord, lost: SlotLost) -> None:
        """Puts a trial whose process died back in line, or gives it up."""
        attempt = {
            "ending": Ending.LOST.value,
            "message": lost.message,
            "epoch": len(record.epochs),
        }
        record.attempts.append(attempt)
        self._table.set_trial_attribute(record.number, "attempts", record.attempts)
        if len(record.attempts) > self._policy.retries:
            self._end(record, Ending.LOST, Failure(Ending.LOST, lost.message))
        else:
            self._interrupted.append(record)

    def _end(self, record: TrialRecord, ending: Ending, failure: Failure | None = None) -> None:
        record.ending, record.failure = ending, failure
        record.ended = self._order.place(record)
        record.finished = datetime.now(UTC)
        self._table.finish(record)
        self._sampling.tell(record)
        self._tidy()
        self._errors_in_a_row = self._errors_in_a_row + 1 if ending is Ending.ERROR else 0
        if failure is not None and self._errors_in_a_row == MAX_ERRORS_IN_A_ROW:
            raise StudyError(
                f"train: expected at least one of {MAX_ERRORS_IN_A_ROW} trials in a row to end "
                f"without an error, got {failure.message}; mend the study\n{failure.traceback}"
            )

    def _tidy(self) -> None:
        """Removes the checkpoints that nobody needs any more."""
        best = best_of(self._study.sign, self.records)
        keeps_all = self._policy.keeps_every_state
        self._checkpoints.keep(
            record.number
            for record in self.records
            if record.ending is Ending.RUNNING
            or record is best
            or (keeps_all and record.ending is Ending.COMPLETE)
        )
