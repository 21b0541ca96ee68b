"""Ray Tune's searchers and schedulers, driven as its controller drives them, without processes.

`Controller` stands in for `TuneController`: real trials, the same calls in the same order
(ray/tune/execution/tune_controller.py), but slots in virtual time. Like the real one it keeps one
suggested trial pending, and a trial that the scheduler stops is told to the searcher as complete,
with its last value. A diverged training raises.

Schedulers have the settings of https://docs.ray.io/en/latest/tune/api/schedulers.html with the
first rung and the factor of 3 of all methods here.

BOHB is `HyperBandForBOHB` with `TuneBOHB`; it needs hpbandster and ConfigSpace
(https://docs.ray.io/en/latest/tune/examples/bohb_example.html). A conditional parameter is always
drawn, except by `OptunaSearch`.
"""

import logging
import random
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import optuna
from ray import tune
from ray.tune.experiment import Trial
from ray.tune.schedulers import (
    ASHAScheduler,
    FIFOScheduler,
    HyperBandForBOHB,
    HyperBandScheduler,
    MedianStoppingRule,
    TrialScheduler,
)
from ray.tune.search import Searcher
from ray.tune.search.bohb import TuneBOHB
from ray.tune.search.optuna import OptunaSearch

from tests.benchmarks.quality import clock
from tests.benchmarks.quality.path import Found
from tests.benchmarks.quality.problems import Problem

TIME, METRIC = "training_iteration", "error"
OF_METRIC = {"metric": METRIC, "mode": "min"}


def space_of(problem: Problem) -> dict[str, Any]:
    """Return the space in Ray Tune's terms."""
    return {
        parameter.name: tune.randint(0, len(parameter.values))
        if parameter.is_ordered
        else tune.choice(list(parameter.words))
        for parameter in problem.parameters
    }


class RandomSearch(Searcher):
    """Draws each trial at random, as Ray Tune's default search does for such a space."""

    def __init__(self, problem: Problem, seed: int) -> None:
        super().__init__(**OF_METRIC)
        self._random = np.random.RandomState(seed)
        self._space = space_of(problem)

    def suggest(self, trial_id: str) -> dict[str, Any]:  # noqa: ARG002 - the same for all
        space = self._space.items()
        return {name: domain.sample(random_state=self._random) for name, domain in space}

    def on_trial_complete(self, *_: object, **__: object) -> None:
        pass


def optuna_search(problem: Problem, seed: int) -> OptunaSearch:
    """Return Optuna's default sampler; a function defines the space, which may be conditional."""
    return OptunaSearch(lambda trial: problem.draw(trial) and None, seed=seed, **OF_METRIC)


def bohb(problem: Problem, seed: int) -> TuneBOHB:
    """Return BOHB's searcher."""
    return TuneBOHB(TuneBOHB.convert_search_space(space_of(problem)), seed=seed, **OF_METRIC)


SEARCHERS: dict[str, Callable[[Problem, int], Searcher]] = {
    "random": RandomSearch,
    "optuna": optuna_search,
    "bohb": bohb,
}
SCHEDULERS: dict[str, Callable[[int], TrialScheduler]] = {
    "": lambda _: FIFOScheduler(),
    "-asha": lambda n: ASHAScheduler(TIME, max_t=n, reduction_factor=3, **OF_METRIC),
    "-hyperband": lambda n: HyperBandScheduler(TIME, max_t=n, reduction_factor=3, **OF_METRIC),
    "-median": lambda _: MedianStoppingRule(TIME, grace_period=1, **OF_METRIC),
    "-bohb": lambda n: HyperBandForBOHB(TIME, max_t=n, reduction_factor=3, **OF_METRIC),
}


class SearchAlgorithm:
    """What schedulers may see of the search: its searcher."""

    def __init__(self, searcher: Searcher) -> None:
        self.searcher = searcher


class Controller:
    """Stands in for Ray Tune's controller, which schedulers call back."""

    def __init__(self, searcher: Searcher, scheduler: TrialScheduler, n_epochs: int) -> None:
        self.search_alg = SearchAlgorithm(searcher)
        self._searcher = searcher
        self._scheduler = scheduler
        self._n_epochs = n_epochs
        self._trials: list[Trial] = []

    def get_trials(self) -> list[Trial]:
        return self._trials

    def get_live_trials(self) -> list[Trial]:
        return [trial for trial in self._trials if not trial.is_finished()]

    def next(self) -> clock.Job | None:
        if not any(trial.status == Trial.PENDING for trial in self._trials):
            self._suggest()
        trial = self._scheduler.choose_trial_to_run(self)
        if trial is None:
            return None
        trial.set_status(Trial.RUNNING)
        return clock.Job(int(trial.trial_id), trial.config)

    def _suggest(self) -> None:
        number = str(len(self._trials))
        config = self._searcher.suggest(number)
        if config is not None:
            trial = Trial("quality", stub=True, trial_id=number, config=config)
            self._trials.append(trial)
            self._scheduler.on_trial_add(self, trial)

    def report(self, trial: int, epoch: int, value: float) -> bool:
        running = self._trials[trial]
        result = {TIME: epoch, METRIC: value, "trial_id": running.trial_id, "time_total_s": epoch}
        decision = self._scheduler.on_trial_result(self, running, result)
        if decision != TrialScheduler.STOP:
            self._searcher.on_trial_result(running.trial_id, result)
        running.update_last_result(result)
        if decision == TrialScheduler.STOP or epoch == self._n_epochs:
            self.stop_trial(running)
        elif decision == TrialScheduler.PAUSE:
            running.set_status(Trial.PAUSED)
        return bool(decision == TrialScheduler.CONTINUE)

    def stop_trial(self, trial: Trial) -> None:
        """End a trial that runs, waits or is paused."""
        if trial.status == Trial.RUNNING:
            self._scheduler.on_trial_complete(self, trial, trial.last_result)
            self._searcher.on_trial_complete(trial.trial_id, result=trial.last_result)
        elif trial.status in (Trial.PENDING, Trial.PAUSED):
            self._scheduler.on_trial_remove(self, trial)
            self._searcher.on_trial_complete(trial.trial_id)
        trial.set_status(Trial.TERMINATED)

    def fail(self, trial: int) -> None:
        failed = self._trials[trial]
        self._scheduler.on_trial_error(self, failed)
        self._searcher.on_trial_complete(failed.trial_id, error=True)
        failed.set_status(Trial.ERROR)


def search(
    problem: Problem, n_slots: int, seed: int, core_seconds: float, *, searcher: str, scheduler: str
) -> list[Found]:
    """Search a problem; return its incumbents."""
    logging.getLogger("ray.tune").setLevel(logging.ERROR)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    np.random.seed(seed)  # noqa: NPY002 - schedulers draw brackets from it
    random.seed(seed)
    made = SEARCHERS[searcher](problem, seed), SCHEDULERS[scheduler](problem.n_epochs)
    controller = Controller(*made, problem.n_epochs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return clock.search(controller, problem, n_slots, core_seconds)


PAIRS = {
    f"{searcher}{scheduler}": (searcher, scheduler)
    for searcher in ("random", "optuna")
    for scheduler in ("", "-asha", "-hyperband", "-median")
} | {"bohb": ("bohb", "-bohb")}
METHODS = {
    f"ray-{name}": partial(search, searcher=searcher, scheduler=scheduler)
    for name, (searcher, scheduler) in PAIRS.items()
}
