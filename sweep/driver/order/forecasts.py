"""Which paused trial continues next, by a model of all learning curves."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from sweep.model.learning import Known, Learning
from sweep.model.model import Goal, Model
from sweep.model.trainings import Training
from sweep.pruners.freeze_thaw import FreezeThaw
from sweep.samplers.events import Event, Untold, training_after
from sweep.study.seeds import derive_seed
from sweep.study.study import Study
from sweep.study.translation import Translation
from sweep.trials.domains import Domain
from sweep.trials.records import TrialRecord

N_FIRST = 5
"""Trials that begin before any continues."""

MARGINS = -3.0, 0.0
"""Powers of ten between which margins are drawn; see `sweep.model.model.Goal`."""

LEAST_CHANCE = 0.05
"""Probability of becoming the best trial with which one still continues at the end."""


class Forecasts:
    """The trials of a study, those that are paused, and what is to be expected of them.

    All follows from the events and jobs on record, so a restart decides the same.
    """

    def __init__(self, study: Study, pruner: FreezeThaw) -> None:
        """Start without trials."""
        self._study, self._pruner = study, pruner
        self._present = Translation(study)
        self._untold = Untold()
        self._learning = Learning()
        self._records: dict[int, TrialRecord] = {}
        self._domains: dict[int, Mapping[str, Domain]] = {}
        self._known: dict[int, tuple[int, Training]] = {}  # with the number of known events
        self._decided: tuple[tuple[int, int, bool], TrialRecord | None] | None = None

    def restore(self, record: TrialRecord) -> None:
        """Take in a trial of the database."""
        self.begin(record)
        self._untold.add(record, since=0)

    def begin(self, record: TrialRecord) -> None:
        """Take in that a job of a trial begins."""
        present = None if record.number in self._records else self._present.add(record)
        if present is not None:
            self._records[record.number] = record
            self._domains[record.number] = present.domains
            self._known[record.number] = 0, Training(present.params, {}, 0)

    def pause(self, record: TrialRecord) -> None:
        """Take in the latest pause of a trial."""
        self._untold.add(record, since=len(record.pauses) - 1)

    def end(self, record: TrialRecord) -> None:
        """Take in how a trial ended."""
        self._untold.add(record, since=len(record.pauses))

    def next(self, known: int, job: int, *, may_begin: bool) -> TrialRecord | None:
        """Return the trial that continues next; None if one is to begin, or none is worth it.

        Args:
            known: Number of events that the decision may depend on.
            job: Position of the decision among all jobs.
            may_begin: Whether a trial may begin instead.
        """
        question = known, job, may_begin
        if self._decided is None or self._decided[0] != question:
            self._let_in(known)
            self._decided = question, self._decide(job, may_begin=may_begin)
        return self._decided[1]

    def last_resort(self, known: int) -> TrialRecord | None:
        """Return the known paused trial that has come furthest, the best of several."""
        self._let_in(known)
        return min(self._paused(), key=self._distance, default=None)

    def _decide(self, job: int, *, may_begin: bool) -> TrialRecord | None:
        paused = self._paused()
        if not paused or (may_begin and len(self._records) < N_FIRST):
            return None
        trainings = self._trainings()
        if self._none_comes_to_its_end(trainings.values()):
            return min(paused, key=self._distance)
        model = Model(*self._about(trainings), self._learning.learned())
        numbers = list(trainings)
        places = [numbers.index(record.number) for record in paused]
        if not may_begin:
            chances = model.chance(places)
            best = int(chances.argmax())
            return paused[best] if chances[best] >= LEAST_CHANCE else None
        rng = np.random.default_rng(derive_seed(self._study.seed, "freeze-thaw", job))
        epochs = int(rng.integers(1, self._pruner.max_epochs + 1))
        goal = Goal(epochs, float(10 ** rng.uniform(*MARGINS)))
        worth = model.worth(places, goal)
        best = int(worth.argmax())
        return None if model.worth_of_new(goal, rng) > worth[best] else paused[best]

    def _let_in(self, known: int) -> None:
        for event in self._untold.take(known):
            present = self._present.now(event.record)
            if present is not None:
                number, training = present.number, self._after(event._replace(record=present))
                self._known[number] = self._known[number][0] + 1, training
                self._learning.count(self._learnable)

    def _after(self, event: Event) -> Training:
        """Return a training as it was after an event."""
        study = self._study
        ignores_errors = study.errors == "ignore"
        return training_after(event, study.metric, study.sign, ignores_errors=ignores_errors)

    def _learnable(self) -> Known:
        known = {number: training for number, (_, training) in sorted(self._known.items())}
        return self._about({n: training for n, training in known.items() if training.is_begun})

    def _about(self, trainings: Mapping[int, Training]) -> Known:
        domains = {name: d for n in trainings for name, d in self._domains[n].items()}
        return Known(domains, list(trainings.values()), self._pruner.max_epochs)

    def _trainings(self) -> dict[int, Training]:
        """Return the trainings that have begun or run, by number."""
        found = {}
        for number, record in sorted(self._records.items()):
            n_known, training = self._known[number]
            if len(record.jobs) > n_known:
                found[number] = training._replace(runs_to=self._target(training))
            elif training.is_begun:
                found[number] = training
        return found

    def _target(self, training: Training) -> int:
        return self._pruner.next_rung(0, training.epochs) or self._pruner.max_epochs

    def _paused(self) -> Sequence[TrialRecord]:
        """Return the trials whose latest event is known to be a pause."""
        return [
            record
            for number, record in sorted(self._records.items())
            if record.is_paused and self._known[number][0] == len(record.jobs)
        ]

    def _none_comes_to_its_end(self, trainings: Iterable[Training]) -> bool:
        """Return whether no trial is complete and none trains for its last epochs."""
        last = self._pruner.max_epochs
        return not any(
            (training.score is not None and training.score < math.inf) or training.runs_to == last
            for training in trainings
        )

    def _distance(self, record: TrialRecord) -> tuple[int, float, int]:
        _, training = self._known[record.number]
        return -training.epochs, training.curve.get(training.epochs, math.inf), record.number
