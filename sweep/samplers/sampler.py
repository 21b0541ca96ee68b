"""Suggests parameters: asks one of Optuna's samplers, on a copy of the study in memory.

The copy makes a suggestion a hundred times faster than the database would. A suggestion depends
only on the study's seed, the trial's number and the endings that the trial knows. So most of
Optuna's samplers are made for one trial each. Those that note something at each question are made
once, and a restart asks them all questions again.
"""

import math
from collections.abc import Sequence
from functools import partial
from itertools import count

import optuna
from optuna.trial import FrozenTrial, TrialState

from sweep.samplers.events import Event, Untold, events_of, outcome
from sweep.samplers.first import check_feasible, key_of
from sweep.samplers.given import Given, given_first, given_to
from sweep.samplers.kinds import kind_of
from sweep.samplers.memory import SamplerMemory
from sweep.samplers.question import question_of
from sweep.samplers.random import random
from sweep.study.code.user_code import guarded
from sweep.study.space import Kinds, Trial, refusal
from sweep.study.study import Study
from sweep.study.translation import Translation
from sweep.trials.domains import Domain, Params, Value
from sweep.trials.optuna_trials import create_trial, suggest
from sweep.trials.records import ENQUEUED, TrialRecord

MAX_DRAWS = 10
"""Draws per trial before a configuration that was already tried is accepted.

Where `space` refuses draws, further ones are at random: a sampler may not get out of that corner.
"""


class Sampler:
    """Suggests the parameters of each new trial, given how the others ended.

    Attributes:
        study: The study whose space it samples.
        infeasible_draws: How many draws of the trial asked for last `space` refused.
    """

    def __init__(self, study: Study, earlier: Sequence[TrialRecord] = ()) -> None:
        """Begin a study, given trials of other runs, whose numbers and endings are below 0."""
        self.study = study
        self.infeasible_draws = 0
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._kind = kind_of(study)
        self._grid = self._kind.points(study) if self._kind.points else None
        self._kinds = Kinds()
        notes, signs = self._kind.keeps_notes, [goal.sign for goal in study.objectives]
        self._memory = SamplerMemory(signs, None if notes else study.sampler_memory)
        self._copy = optuna.create_study(
            storage=self._memory,
            directions=[goal.direction for goal in study.objectives],
        )
        self._enqueued: set[int] = set()
        self._present = Translation(study)
        self._untold = Untold()
        self._drawn: set[str] = set()
        self._scored: dict[str, int] = {}
        for record in earlier if self._grid is None else ():
            self._begin(record)
            ended = outcome(next(events_of(record)), study)
            self._memory.end(record.number, record.ending_number, ended)
        if self._kind.keeps_notes:
            self._copy.sampler = self._kind.make(question_of(study, 0, 0, self._memory))

    @property
    def limit(self) -> int | None:
        """Maximum number of trials; None if there is none, or none is in sight."""
        grid = self._grid
        return guarded("space", grid.limit, self.study) if grid else None

    def begin_as(self, record: TrialRecord) -> None:
        """Suggest what a run is given that began with this trial, maybe in an earlier version."""
        if self._grid is not None:
            self._grid.begin_as(record)

    def restore(self, records: Sequence[TrialRecord]) -> None:
        """Take in the trials of the database, in the order of their numbers."""
        self._enqueued.update(r.number for r in records if r.source == ENQUEUED)
        now = [self._present.add(record) for record in records]
        if self._grid is not None:
            guarded("space", partial(self._grid.restore, records, now), self.study)
        for record in filter(None, now):
            self.tell(record)
            for name, domain in record.domains.items():
                self._kinds.check(name, domain)
            if self._grid is None and not self._asks_again(record):
                self._begin(record)
            self._drawn.add(key_of(record.params))

    def _begin(self, record: TrialRecord) -> None:
        self._copy.add_trial(create_trial(record, state=TrialState.RUNNING))
        self._memory.begin(record.number)

    def _asks_again(self, record: TrialRecord) -> bool:
        """Return whether a sampler that keeps notes has noted a recorded trial again."""
        if not self._kind.keeps_notes:
            return False
        asked = self.ask(record.number, record.endings_known, given_to(record))
        if asked.params == record.params:
            return True
        self._memory.withdraw(record.number)  # another version of the sampler answers otherwise
        return False

    def tell(self, record: TrialRecord, since: int = 0) -> None:
        """Take in the pauses of a trial, and how it ended, for questions that may depend on them.

        Args:
            record: The trial.
            since: How many of its pauses are known.
        """
        self._untold.add(record, since)

    def first(self, number: int) -> Given:
        """Return what the study wants to be tried first and trial `number` is given."""
        place = number - sum(enqueued < number for enqueued in self._enqueued)
        return given_first(self.study.first[place] if place < len(self.study.first) else {})

    def ask(
        self, number: int, endings_known: float = math.inf, given: Given | None = None
    ) -> Trial:
        """Draw the parameters of a new trial.

        Args:
            number: Number of the new trial, which is how many there are.
            endings_known: How many events the answer may depend on; trials that ended later count
                as still running.
            given: Parameters to use; None for those that the study wants to be tried first.

        Raises:
            StudyError: If the space breaks a law, such as changing a parameter's domain.
        """
        for event in self._untold.take(endings_known):
            self._tell(event)
        grid, given = self._grid, given or self.first(number)
        if given.source == ENQUEUED:
            self._enqueued.add(number)
        if grid:
            trial: Trial = guarded("space", partial(grid.ask, given), self.study)
            self.infeasible_draws = grid.infeasible_draws
        else:
            trial = self._draw_new(number, given)
        self._drawn.add(key_of(trial.params))
        return trial

    def twin(self, params: Params) -> int | None:
        """Return the number of the trial whose score is reused for these parameters, if any."""
        return self._scored.get(key_of(params)) if self.study.duplicates == "reuse" else None

    def _draw_new(self, number: int, given: Given) -> Trial:
        """Return the given parameters, or draw some that were not tried yet."""
        n_left = MAX_DRAWS if self.study.duplicates != "rerun" and not given.source else 1
        self.infeasible_draws = 0
        for attempt in count():
            trial, refused = self._draw(number, attempt, given)
            if refused is not None:
                self.infeasible_draws += 1
                given = given.after(trial, self.infeasible_draws)
                check_feasible(given.params, trial, refused, self.infeasible_draws)
                continue
            n_left -= 1
            is_new = key_of(trial.params) not in self._drawn
            if is_new or not n_left or self.twin(trial.params) is not None:
                break
        return trial

    def _draw(self, number: int, attempt: int, given: Given) -> tuple[Trial, str | None]:
        """Return an answer in place of the last one, and why `space` refuses it, if it does."""
        if attempt:
            self._memory.withdraw(number)
        if given.params:
            self._copy.enqueue_trial(given.params)
        if not self._kind.keeps_notes:
            make = self._kind.make if attempt < MAX_DRAWS else random
            self._copy.sampler = make(question_of(self.study, number, attempt, self._memory))
        asked = guarded("sampler", self._copy.ask, self.study)
        trial_id = self._memory.begin(number)

        def choose(name: str, domain: Domain) -> Value:
            self._kinds.check(name, domain)
            if not given.has(name, domain):
                asked._fixed_params.pop(name, None)  # it is enqueued and does not fit
            value: Value = guarded("sampler", partial(suggest, asked, name, domain), self.study)
            return value

        trial = Trial(choose)
        refused = guarded("space", lambda: refusal(self.study.space, trial), self.study)
        if refused is None:
            given.check(trial)
        if not self._kind.keeps_notes:
            self._memory.forget_notes(trial_id)
        return trial, refused

    def _tell(self, event: Event) -> None:
        record = self._present.now(event.record)
        if record is None:
            return
        event = event._replace(record=record)
        if event.is_pause:
            if self._grid is None and not self._kind.keeps_notes:  # those are told once, in the end
                self._memory.pause(record.number, event.position, outcome(event, self.study))
            return
        if self._grid is None:
            ended = outcome(event, self.study)
            if self._kind.keeps_notes:
                self._tell_sampler(record.number, ended)
            self._memory.end(record.number, event.position, ended)
        if record.score is not None:
            key = key_of(record.params)
            self._scored[key] = min(record.number, self._scored.get(key, record.number))

    def _tell_sampler(self, number: int, ended: FrozenTrial) -> None:
        """Let a sampler note how a trial ended, as Optuna does."""
        running = self._memory.running(number)
        after = self._copy.sampler.after_trial
        told = partial(after, self._copy, running, ended.state, ended.values)
        guarded("sampler", told, self.study)
