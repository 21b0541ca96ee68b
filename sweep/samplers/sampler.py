"""This file asks Optuna for parameters, on a copy of the study in memory.

The database is the truth; the copy costs a hundredth of its time per question. The sampler is made
afresh for every question, from the study's seed and the trial's number, so that the answer depends
on nothing but these and the trials it has been told of.
"""

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import optuna
from optuna.samplers import BaseSampler, RandomSampler
from optuna.trial import FrozenTrial, TrialState

from sweep.errors import StudyError
from sweep.samplers.grid import grid
from sweep.samplers.tpe import SamplerMemory, Tpe
from sweep.study.seeds import derive_seed
from sweep.study.space import Trial
from sweep.study.study import Study
from sweep.study.user_code import guarded
from sweep.trials.domains import Categorical, Domain, Float, Int, Params, Value
from sweep.trials.optuna_trials import STATES, to_distribution
from sweep.trials.records import Ending, TrialRecord

MAX_DRAWS = 10
"""So often the sampler is asked for a configuration that was not tried; then one is tried again."""


SAMPLERS: dict[str, Callable[[int, SamplerMemory], BaseSampler]] = {
    "tpe": Tpe,
    "random": lambda seed, _: RandomSampler(seed=seed),
}


class Sampler:
    """Gives each new trial its parameters, given how the others ended."""

    def __init__(self, study: Study) -> None:
        self.study = study
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._grid: list[Params] | None = None
        if study.sampler == "grid":
            self._grid = guarded("space", lambda: grid(study.space), study)
        self._memory = SamplerMemory(study.sign, study.sampler_memory)
        self._copy = optuna.create_study(
            storage=self._memory,
            study_name=study.name,
            direction="minimize" if study.sign > 0 else "maximize",
        )
        self._untold: list[TrialRecord] = []
        self._drawn: set[str] = set()
        self._scored: dict[str, int] = {}

    @property
    def limit(self) -> int | None:
        """How many trials there can be at most; None without a limit."""
        return None if self._grid is None else len(self._grid)

    def restore(self, records: Iterable[TrialRecord]) -> None:
        """Takes in the trials of the database, in the order of their numbers."""
        for record in records:
            self._copy.add_trial(_frozen(replace(record, ending=Ending.RUNNING), ""))
            self._memory.begin(record.number)
            self._drawn.add(_key(record.params))
            if record.has_ended:
                self.tell(record)

    def tell(self, record: TrialRecord) -> None:
        """Takes in how a trial ended; the next questions that may know of it will."""
        self._untold.append(record)

    def ask(self, number: int, told: float = math.inf) -> Trial:
        """Draws the parameters of a new trial.

        Args:
            number: Of the new trial: how many there are.
            told: How many endings the answer may depend on; the others look as if still running.

        Raises:
            StudyError: If the space breaks a law, as by changing what a parameter is drawn from.
        """
        for record in self._untold:
            if record.ending_number <= told:
                self._tell(record)
        self._untold = [record for record in self._untold if record.ending_number > told]
        fixed = self._fixed(number)
        draws_again = self.study.duplicates != "rerun" and not fixed
        for attempt in range(MAX_DRAWS if draws_again else 1):
            trial = self._draw(number, attempt, fixed)
            if _key(trial.params) not in self._drawn or self.twin(trial.params) is not None:
                break
        self._drawn.add(_key(trial.params))
        return trial

    def twin(self, params: Params) -> int | None:
        """The trial whose score one with these parameters takes over, by the study's rule."""
        return self._scored.get(_key(params)) if self.study.duplicates == "reuse" else None

    def _draw(self, number: int, attempt: int, fixed: Params) -> Trial:
        """One answer of the sampler, in place of the one that the trial had before."""
        if attempt:
            self._memory.withdraw(number)
        if fixed:
            self._copy.enqueue_trial(fixed)
        if self._grid is None:
            purpose = f"sampler {attempt}" if attempt else "sampler"
            seed = derive_seed(self.study.seed, purpose, number)
            self._copy.sampler = SAMPLERS[self.study.sampler](seed, self._memory)
        asked = self._copy.ask()
        trial_id = self._memory.begin(number)

        def choose(name: str, domain: Domain) -> Value:
            if name in fixed and fixed[name] not in domain:
                raise StudyError(f"first: expected {name!r} in {domain}, got {fixed[name]!r}")
            return _suggest(asked, name, domain)

        trial = Trial(choose)
        guarded("space", lambda: self.study.space(trial), self.study)
        unknown = fixed.keys() - trial.params.keys()
        if unknown:
            raise StudyError(
                f"first: expected parameters of the space, {sorted(trial.params)}, "
                f"got {sorted(unknown)}; mend the names"
            )
        self._forget_notes(trial_id)
        return trial

    def _tell(self, record: TrialRecord) -> None:
        self._memory.end(record.number, record.ending_number, self._outcome(record))
        if record.score is not None:
            key = _key(record.params)
            self._scored[key] = min(record.number, self._scored.get(key, record.number))

    def _outcome(self, record: TrialRecord) -> FrozenTrial:
        """A trial as the sampler sees it: one that raised as one that diverged, the worst of all.

        Optuna's samplers overlook what failed, and so would go on suggesting it.
        """
        is_bad = record.ending is Ending.ERROR and self.study.errors == "avoid"
        seen = replace(record, ending=Ending.DIVERGED) if is_bad else record
        return _frozen(seen, self.study.metric)

    def _forget_notes(self, trial_id: int) -> None:
        """Drops what Optuna notes on a trial beside its parameters: a restart would not know it.

        TPE notes a value for every parameter that it expected; those that a conditional space did
        not draw would bear upon its next suggestions, as long as the trial runs.
        """
        for key in self._memory.get_trial_system_attrs(trial_id):
            self._memory.set_trial_system_attr(trial_id, key, None)

    def _fixed(self, number: int) -> Params:
        if self._grid is not None:
            return self._grid[number]
        return self.study.first[number] if number < len(self.study.first) else {}


def _key(params: Params) -> str:
    """The same text for the same parameters, in whatever order they were drawn."""
    return json.dumps(params, sort_keys=True)


def _suggest(asked: optuna.Trial, name: str, domain: Domain) -> Value:
    match domain:
        case Float(low, high, step, log):
            return asked.suggest_float(name, low, high, step=step, log=log)
        case Int(low, high, step, log):
            return asked.suggest_int(name, low, high, step=step, log=log)
        case Categorical(choices):
            return asked.suggest_categorical(name, choices)


def _frozen(record: TrialRecord, metric: str) -> FrozenTrial:
    state = STATES[record.ending]
    values: dict[str, Any] = {}
    if state is TrialState.COMPLETE:
        values = {"value": record.score}
    elif record.ending is Ending.PRUNED:
        values = {"intermediate_values": dict(enumerate(record.curve(metric), start=1))}
    return optuna.trial.create_trial(
        state=state,
        params=record.params,
        distributions={name: to_distribution(d) for name, d in record.domains.items()},
        **values,
    )
