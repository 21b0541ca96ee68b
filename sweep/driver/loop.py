"""The loop that owns a study: ask, start, record, prune, tell.

One driver with one thread: everything that slots send back is handled here, one by one.
"""

import time
from collections.abc import Sequence

from sweep.driver.ledger import Ledger
from sweep.driver.options import Options
from sweep.driver.progress import Event, Observer, Snapshot
from sweep.driver.same_errors import ErrorsInARow
from sweep.errors import StudyError
from sweep.study.study import Study
from sweep.trials.records import INTERRUPTED, PREEMPTED, Ending, Failure, TrialRecord
from sweep.trials.worker import Kernel, Worker
from sweep.workers.messages import Progress, SlotLost
from sweep.workers.pool import Pool
from sweep.workers.process.kernel_check import KernelCheck

TICK_S = 0.25
"""Longest wait for slots, in seconds, before the driver checks time limits again."""


class Driver:
    """Brings one study to its full number of trials."""

    def __init__(self, study: Study, ledger: Ledger, options: Options, observer: Observer) -> None:
        """Continue a study from its ledger.

        Args:
            study: The study.
            ledger: Its trials.
            options: `hours`, `retries`, `trial_timeout`, `blas_kernel` and `accept_changes` apply
                here.
            observer: Called on every change.
        """
        self._study = study
        self._ledger = ledger
        self._options = options
        self._observer = observer
        self._waiting = ledger.running()
        earlier = None if options.accept_changes else latest_kernel(ledger.records)
        self._check_kernel = KernelCheck(options.blas_kernel, earlier, is_same=study.deterministic)
        self._running: dict[int, tuple[TrialRecord, float]] = {}
        self._doomed: dict[int, int] = {}  # by trial, the epoch at which it is pruned if it has it
        self._errors = ErrorsInARow()
        self._events: list[Event] = []

    def run(self, pool: Pool) -> None:
        """Work until every trial has ended or the time is up; then end the slots.

        Raises:
            StudyError: If the study breaks its contract, or several trials in a row raise the same
                error.
            OptionError, RunError: If slots have another kernel than they must.
            StorageError: If the database or the disk fails.
        """
        ledger = self._ledger
        for record in self._waiting:
            ledger.attempts.end(record, INTERRUPTED, "the driver ended")
        snapshot = Snapshot(self._study, ledger.counts, pool.size, ledger.n_trials)
        deadline = time.monotonic() + self._options.hours * 3600
        try:
            while time.monotonic() < deadline and self._fill(pool):
                snapshot.slots, snapshot.n_trials = pool.size, ledger.n_trials
                snapshot.limits = ledger.limits.left()
                self._observer(snapshot, None)
                answers, now = pool.wait(TICK_S), time.monotonic()
                self._announce(snapshot, pool)  # while the attempts that printed are the last
                for slot, answer in answers:
                    self._handle(pool, slot, answer)
                self._end_overdue(pool, now)
                self._announce(snapshot, pool)
                self._errors.stop_if_broken()
        finally:
            pool.close()
            self._announce(snapshot, pool)

    def _announce(self, snapshot: Snapshot, pool: Pool) -> None:
        self._events[:0] = pool.take_output()  # before the ending of its trial
        while self._events:
            self._observer(snapshot, self._events.pop(0))

    def _fill(self, pool: Pool) -> bool:
        """Give every idle slot a trial while there are any; return False when all have ended."""
        for slot in pool.idle:
            worker = pool.worker(slot)
            self._check_kernel(worker)
            record = self._next(worker)
            if record is None:
                break
            self._running[slot] = record, time.monotonic() - record.seconds
            work, flaw = self._ledger.attempts.begin(record, worker)
            if flaw:
                self._events.append(f"trial {record.number}: {flaw}")
            pool.advance(slot, work, self._pause_at(record))
        return bool(self._running) or self._ledger.n_left > 0

    def _next(self, worker: Worker) -> TrialRecord | None:
        """Return the next trial to train, interrupted ones first; None if there is none now."""
        while record := self._waiting.pop(0) if self._waiting else self._ledger.next_trial(worker):
            if record.reused is not None:
                self._end(record, Ending.COMPLETE)
            elif not self._halts(record):  # unless a crash came between its latest epoch and that
                return record
        if not self._running:  # no paused trial will ever continue
            for record in self._ledger.paused():
                self._end(record, Ending.PRUNED)
        return None

    def _handle(self, pool: Pool, slot: int, answer: Progress | SlotLost) -> None:
        """Record what a slot has answered, and let it continue or make it idle."""
        record, _ = self._running[slot]
        if isinstance(answer, SlotLost):
            del self._running[slot]
            self._lose(record, answer)
            return
        self._take(record, answer)
        if not record.has_ended and (not record.is_paused or self._ledger.continues(record)):
            pool.advance(slot, pause_at=self._pause_at(record))
            return
        del self._running[slot]
        if record.ending is Ending.OOM:
            pool.kill(slot)  # a process that ran out of memory may be damaged
        else:
            pool.release(slot)

    def _take(self, record: TrialRecord, progress: Progress) -> None:
        failure = progress.failure
        if progress.complaint:
            # Once any epoch was right, a wrong one may be the mistake of these parameters only.
            any_right = progress.epochs or any(r.epochs for r in self._ledger.records)
            if failure is None or not any_right:
                raise StudyError(f"{progress.complaint} (trial {record.number}: {record.params})")
        is_new = self._ledger.attempts.add_epochs(record, progress)
        if failure is not None:
            self._fail(record, failure)
        elif progress.finished:
            self._end(record, Ending.COMPLETE)
        elif is_new:
            self._halts(record)

    def _halts(self, record: TrialRecord) -> bool:
        """Pause or prune a trial if it is time; return whether it was."""
        if self._ledger.is_at_rung(record):
            self._ledger.pause(record)
        elif self._is_pruned(record):
            self._end(record, Ending.PRUNED)
        return record.is_paused or record.has_ended

    def _pause_at(self, record: TrialRecord) -> int | None:
        return self._doomed.get(record.number) or self._ledger.pause_at(record)

    def _is_pruned(self, record: TrialRecord) -> bool:
        """Return whether to prune a trial now; not if its latest epoch may have been its last.

        Then the training is asked for another epoch first, since a trial without one is complete.
        """
        n_epochs = len(record.epochs)
        if self._doomed.get(record.number) == n_epochs:
            return True
        if not self._ledger.prunes(record):
            self._doomed.pop(record.number, None)
            return False
        if self._ledger.may_be_over(record):
            self._doomed[record.number] = n_epochs + 1
            return False
        return True

    def _lose(self, record: TrialRecord, lost: SlotLost) -> None:
        """Queue a trial whose process died again, or give it up after too many losses."""
        failure = lost.failure
        reason = PREEMPTED if lost.preempted else failure.ending.value
        self._ledger.attempts.end(record, reason, failure.message, failure.traceback)
        losses = [a for a in record.attempts if a["reason"] not in (INTERRUPTED, PREEMPTED)]
        if len(losses) > self._options.retries:
            self._fail(record, failure)
        else:
            what = f"{reason} after {len(record.epochs)} epochs, will be retried"
            self._events.append(f"trial {record.number}: {what}: {failure.message}")
            self._waiting.append(record)

    def _end_overdue(self, pool: Pool, now: float) -> None:
        """End the trials that had taken too long at `now`, when answers were last collected."""
        limit = self._options.trial_timeout
        overdue = [slot for slot, (_, began) in self._running.items() if now - began > limit]
        records = [self._running.pop(slot)[0] for slot in overdue]
        for slot, record in zip(overdue, records, strict=True):
            pool.kill(slot)
            message = f"took longer than {limit:g} s, {len(record.epochs)} epochs done"
            self._fail(record, Failure(Ending.TIMEOUT, message))

    def _fail(self, record: TrialRecord, failure: Failure) -> None:
        self._end(record, failure.ending, failure if failure.ending.is_failure else None)

    def _end(self, record: TrialRecord, ending: Ending, failure: Failure | None = None) -> None:
        self._doomed.pop(record.number, None)
        self._ledger.end(record, ending, failure)
        self._events.append(record)
        self._errors.note(failure)


def latest_kernel(records: Sequence[TrialRecord]) -> Kernel | None:
    """Return the kernel that the latest of some trials trained on; None if none is recorded."""
    kernels = (r.worker.kernel for r in reversed(records) if r.worker and r.epochs)
    return next(filter(None, kernels), None)
