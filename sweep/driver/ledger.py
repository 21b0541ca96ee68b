"""The ledger of a study: every change of a trial, in the database and in memory.

Each change is written to the database before anything depends on it. So the process can be killed
between any two lines, and the next driver continues from what is written.
"""

from datetime import UTC, datetime
from math import inf

from sweep.checkpoints.store import Checkpoints
from sweep.driver.attempts import Attempts
from sweep.driver.earlier.warm_start import earlier_trials
from sweep.driver.order.trial_order import TrialOrder
from sweep.driver.progress import TrialCounts
from sweep.samplers.given import Given
from sweep.samplers.sampler import Sampler
from sweep.storage.trial_table import TrialTable
from sweep.study.limits import Limits
from sweep.study.scoring import Outcome, outcome_of, reused_outcome
from sweep.study.seeds import derive_seed
from sweep.study.space import as_dict
from sweep.study.study import Study
from sweep.trials.records import ENQUEUED, Ending, Failure, Pause, TrialRecord
from sweep.trials.worker import Worker


def open_ledger(
    study: Study, table: TrialTable, checkpoints: Checkpoints, core_hours: float = inf
) -> "Ledger":
    """Return the ledger of a study, continued from what its table holds.

    Args:
        study: The study.
        table: Its trials in the database.
        checkpoints: Its checkpoints; those that no trial needs are deleted.
        core_hours: Processor time after which no trial begins, in hours.
    """
    counts = TrialCounts([goal.sign for goal in study.objectives], table.trials())
    sampler = Sampler(study, earlier_trials(study, table.attributes()))
    sampler.restore(counts.records)
    ledger = Ledger(study, table, checkpoints, sampler, TrialOrder(study, counts))
    ledger.limits.core_hours = core_hours
    return ledger


class Ledger:
    """The trials of one study.

    Attributes:
        counts: The trials, and how many of them are in which state.
        limits: What ends the search before its last trial.
        attempts: Records their training.
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
        self.limits = Limits(study.stop_rules, study.objectives, self.records)
        self.attempts = Attempts(table, checkpoints, order.curves, study.metric, self.limits)
        ended = [r.number for r in self.records if r.has_ended and self._keeps_state(r)]
        checkpoints.clean_up([*self.counts.running], ended)

    @property
    def records(self) -> list[TrialRecord]:
        """All trials, in the order of their numbers."""
        return self.counts.records

    @property
    def n_trials(self) -> int:
        """Number of trials that there will be in the end; a limit may turn out to allow fewer."""
        points, begun = self._sampler.limit, len(self.records)
        most = self._study.trials if points is None else min(self._study.trials, points)
        is_over = begun < most and self.limits.reason(self._order.known())
        return begun if is_over else most

    @property
    def n_left(self) -> int:
        """Number of trials that have not ended, including those that have not begun."""
        return max(0, self.n_trials - len(self.records)) + len(self.counts.running)

    @property
    def n_useful_slots(self) -> int:
        """Number of slots that can have a trial at the same time."""
        return self._order.n_useful_slots(self.n_left)

    def running(self) -> list[TrialRecord]:
        """Return the trials that have begun, have not ended and are not paused."""
        return self.counts.at_work()

    def paused(self) -> list[TrialRecord]:
        """Return the trials that are paused."""
        return self.counts.paused()

    def next_trial(self, worker: Worker) -> TrialRecord | None:
        """Return a paused trial that continues now, or else a new one.

        None if there is nothing to do, or it has to wait for other trials.
        """
        record = self._to_continue()
        if record is not None:
            return self._continue(record)
        return self._new_trial(worker) if self._may_begin else None

    def continues(self, record: TrialRecord) -> bool:
        """Return whether a paused trial is the one that continues next; then it does."""
        if record is not self._to_continue():
            return False
        self._continue(record)
        return True

    @property
    def _may_begin(self) -> bool:
        return len(self.records) < self.n_trials

    def _to_continue(self) -> TrialRecord | None:
        return self._order.to_continue(may_begin=self._may_begin, is_over=self.limits.reason)

    def _continue(self, record: TrialRecord) -> TrialRecord:
        jobs = [*record.jobs, self._order.next_job]
        self._table.set_trial_attribute(record.number, "jobs", jobs)
        record.jobs = jobs
        self._order.begin(record)
        return record

    def _new_trial(self, worker: Worker) -> TrialRecord | None:
        number, known = len(self.records), self._order.known()
        if known is None:
            return None
        key, enqueued = self._table.next_enqueued()
        given = Given(enqueued, ENQUEUED) if key else self._sampler.first(number)
        trial = self._sampler.ask(number, known, given)
        record = TrialRecord(
            number=number,
            params=trial.params,
            domains=trial.domains,
            config=as_dict(self._study.space(trial)),
            seed=derive_seed(self._study.seed, self._study.name, number),
            endings_known=known,
            infeasible_draws=self._sampler.infeasible_draws,
            given=given.params,
            source=given.source,
            reused=self._sampler.twin(trial.params),
            worker=worker,
            jobs=[self._order.next_job],
            started=datetime.now(UTC),
        )
        self._table.add(record, key)
        self.counts.begin(record)
        self._order.curves.note(record)
        self._order.begin(record)
        return record

    def pause_at(self, record: TrialRecord) -> int | None:
        """Return the number of epochs after which a trial is to be paused; None if never."""
        return self._order.pause_at(record)

    def is_at_rung(self, record: TrialRecord) -> bool:
        """Return whether a trial is to be paused after its latest epoch."""
        return self._order.is_at_rung(record)

    def pause(self, record: TrialRecord) -> None:
        """Record that a trial is paused; it needs one checkpoint from now on."""
        pause = Pause(self._order.next_event(record), len(record.epochs))
        self._table.set_trial_attribute(record.number, "pauses", [*record.pauses, pause])
        record.pauses.append(pause)
        self._order.pause(record)
        self._sampler.tell(record, since=len(record.pauses) - 1)
        self._checkpoints.discard(record.number, keep_last=True)

    def prunes(self, record: TrialRecord) -> bool:
        """Return whether the study's pruner stops a trial after its latest epoch."""
        return self._order.curves.prunes(record)

    def may_be_over(self, record: TrialRecord) -> bool:
        """Return whether a trial's latest epoch may have been its last."""
        return self._order.curves.may_be_over(record)

    def end(self, record: TrialRecord, ending: Ending, failure: Failure | None = None) -> None:
        """Record how a trial ended; it never changes after that."""
        if record.reused is not None:
            _take(record, reused_outcome(self.records[record.reused]))
        elif ending is Ending.COMPLETE:
            _take(record, outcome_of(self._study, record))
        record.kept = record.kept if ending is Ending.COMPLETE else None
        record.ending_number = self._order.next_event(record)
        record.ending, record.failure = ending, failure
        record.finished = datetime.now(UTC)
        self._table.finish(record)
        former_front = self.counts.front
        self.counts.end(record)
        self._order.end(record)
        self._sampler.tell(record, since=len(record.pauses))
        self.limits.end(record)
        for ended in (record, *former_front):
            if ended is record or not self._keeps_state(ended):
                self._checkpoints.discard(ended.number, keep_last=self._keeps_state(ended))

    def _keeps_state(self, ended: TrialRecord) -> bool:
        """Return whether an ended trial keeps its last checkpoint."""
        keeps_all = self._study.keep == "all" and ended.ending is Ending.COMPLETE
        return keeps_all or any(ended is best for best in self.counts.front)


def _take(record: TrialRecord, outcome: Outcome) -> None:
    record.score, record.score_std, record.further_scores, record.violations = outcome
