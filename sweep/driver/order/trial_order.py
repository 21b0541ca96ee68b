"""The order of a study's jobs: what runs next, and which events it may depend on.

A job begins a trial or continues a paused one; it ends with an event, a pause or an ending. Both
are numbered. Normally a job knows all events so far. In deterministic mode job j knows the events
of jobs up to j - window, which it waits for, and no others; so what runs, with which parameters,
does not depend on how fast anything was.
"""

import math
from collections.abc import Callable

from sweep.driver.order.curves import Curves
from sweep.driver.order.forecasts import Forecasts
from sweep.driver.order.objective_ranks import ObjectiveRanks, values_after
from sweep.driver.order.optuna_curves import OptunaCurves
from sweep.driver.order.repeat_scores import RepeatScores
from sweep.driver.order.rungs import Rungs
from sweep.driver.progress import TrialCounts
from sweep.pruners.freeze_thaw import FreezeThaw
from sweep.pruners.optuna_pruner import OptunaPruner
from sweep.pruners.pruner import compares_repeats, pausing
from sweep.study.study import Study
from sweep.trials.records import TrialRecord


class TrialOrder:
    """The jobs and events of one study's trials.

    Attributes:
        counts: The trials.
        curves: Their learning curves.
    """

    def __init__(self, study: Study, counts: TrialCounts) -> None:
        self.counts = counts
        self.curves = _curves(study, counts.records)
        self._study = study
        self._window = study.window if study.deterministic else None
        self._n_jobs = self._last_job = self._n_events = 0
        self._at_work: dict[int, TrialRecord] = {}  # by job, in that order
        self._pruner = pausing(study.pruner)
        self._pauses = self._make_pauses()
        for record in sorted(counts.records, key=lambda record: record.jobs[-1]):
            self._restore(record)

    def n_useful_slots(self, n_left: int) -> int:
        """Return how many slots can have a trial at the same time if `n_left` trials are left."""
        return n_left if self._window is None else min(n_left, self._window)

    @property
    def next_job(self) -> int:
        """Position of the next job among all jobs, from 1."""
        return self._n_jobs + 1

    def known(self) -> int | None:
        """Return how many events the next job may know; None if it has to wait for one."""
        if self._window is None:
            return self._n_events
        known = max(0, self.next_job - self._window)
        first_at_work = next(iter(self._at_work), math.inf)
        return None if first_at_work <= known else known

    def to_continue(
        self, *, may_begin: bool, is_over: Callable[[int], object]
    ) -> TrialRecord | None:
        """Return the paused trial that the next job continues; None if it continues none.

        Args:
            may_begin: Whether the next job may begin a new trial instead.
            is_over: Tells whether a rule has ended the search, given how many events are known.
                Then a trial continues only if none is complete.
        """
        pauses = self._pauses
        if pauses is None:  # an earlier pruner paused them, the present one does not
            return next(iter(self.counts.paused()), None) if self.known() is not None else None
        while (known := self.known()) is not None:
            over = is_over(known)
            record = None if over else pauses.next(known, self.next_job, may_begin=may_begin)
            if record is not None or may_begin:
                return record
            if known >= self._last_job and not self._at_work:
                return pauses.last_resort(known) if self.counts.best is None else None
            if self._window is None:
                return None
            self._n_jobs += 1  # a job for nobody: the next one knows more
        return None

    def pause_at(self, record: TrialRecord) -> int | None:
        """Return the number of epochs after which a trial is to be paused; None if never again."""
        if self._pruner is None:
            return None
        epoch = record.pauses[-1].epoch if record.pauses else 0
        return self._pruner.next_rung(record.number, epoch)

    def is_at_rung(self, record: TrialRecord) -> bool:
        """Return whether a trial is to be paused now; only in its first training."""
        epoch = self.pause_at(record)
        reached = epoch is not None and len(record.epochs) >= epoch
        return reached and record.epochs[-1].repeat == 1

    def begin(self, record: TrialRecord) -> None:
        """Take in that the next job, the last one of a trial so far, begins."""
        self._n_jobs = self._last_job = record.jobs[-1]
        self._at_work[self._n_jobs] = record
        if self._pauses is not None:
            self._pauses.begin(record)

    def next_event(self, record: TrialRecord) -> int:
        """Return the position among all events, from 1, of the pause or ending of a trial."""
        self._n_events += 1
        if self._window is None:
            return self._n_events
        if record.is_paused:  # it ends without a job of its own
            self._n_jobs += 1
            return self._n_jobs
        return record.jobs[-1]

    def pause(self, record: TrialRecord) -> None:
        """Take in the latest pause of a trial."""
        del self._at_work[record.jobs[-1]]
        if self._pauses is not None:
            self._pauses.pause(record)

    def end(self, record: TrialRecord) -> None:
        """Take in how a trial ended."""
        self.curves.note(record, len(record.epochs) + 1)
        self._at_work.pop(record.jobs[-1], None)
        if self._pauses is not None:
            self._pauses.end(record)

    def _restore(self, record: TrialRecord) -> None:
        """Take in a trial of the database."""
        events = [pause.position for pause in record.pauses] + [record.ending_number]
        self._n_events = max(self._n_events, *events)
        self._last_job = max(self._last_job, record.jobs[-1])
        self._n_jobs = max(self._n_jobs, self._last_job)
        if self._window is not None:
            self._n_jobs = max(self._n_jobs, self._n_events)
        if not record.has_ended and not record.is_paused:
            self._at_work[record.jobs[-1]] = record
        if self._pauses is not None:
            self._pauses.restore(record)

    def _make_pauses(self) -> Rungs | Forecasts | None:
        if isinstance(self._study.pruner, FreezeThaw):
            return Forecasts(self._study, self._study.pruner)
        return Rungs(self._pruner, self._values) if self._pruner else None

    def _values(self, record: TrialRecord, epoch: int) -> tuple[float, ...]:
        return values_after(record, epoch, self._study.objectives)


def _curves(study: Study, records: list[TrialRecord]) -> Curves:
    if len(study.objectives) > 1:
        return ObjectiveRanks(study, records)
    if isinstance(study.pruner, OptunaPruner):
        return OptunaCurves(study, study.pruner, records)
    if compares_repeats(study.pruner) and study.repeats > 1:
        return RepeatScores(study, records)
    return Curves(study, records)
