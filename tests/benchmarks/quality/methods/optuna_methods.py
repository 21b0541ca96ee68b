"""Optuna, in its ask-and-tell interface, with each of its samplers and pruners.

TPE, GP and CMA-ES are used with their defaults, which the documentation recommends by the number
of trials and the kind of parameters
(https://optuna.readthedocs.io/en/stable/reference/samplers/index.html). Pruners get the first and
the last rung and the factor of 3 of all methods here; `MedianPruner` has its defaults
(https://optuna.readthedocs.io/en/stable/reference/pruners.html). A pruned trial ends; its last
value counts. A diverged training is told as failed, which samplers ignore, as `study.optimize` does
with NaN.
"""

import warnings
from collections.abc import Callable
from functools import partial
from itertools import product

import optuna
from optuna.pruners import (
    BasePruner,
    HyperbandPruner,
    MedianPruner,
    NopPruner,
    SuccessiveHalvingPruner,
)
from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, RandomSampler, TPESampler
from optuna.trial import TrialState

from tests.benchmarks.quality import clock
from tests.benchmarks.quality.path import Found
from tests.benchmarks.quality.problems import Problem

SAMPLERS: dict[str, Callable[[int], BaseSampler]] = {
    "tpe": lambda seed: TPESampler(seed=seed),
    "tpe-group": lambda seed: TPESampler(seed=seed, multivariate=True, group=True),
    "tpe-independent": lambda seed: TPESampler(seed=seed, multivariate=False),
    "gp": lambda seed: GPSampler(seed=seed),
    "cmaes": lambda seed: CmaEsSampler(seed=seed),
    "random": lambda seed: RandomSampler(seed=seed),
}
PRUNERS: dict[str, Callable[[int], BasePruner]] = {
    "": lambda _: NopPruner(),
    "-hyperband": lambda n_epochs: HyperbandPruner(1, n_epochs, 3),
    "-halving": lambda _: SuccessiveHalvingPruner(min_resource=1, reduction_factor=3),
    "-median": lambda _: MedianPruner(),
}


class Study:
    """A study of Optuna that slots train for."""

    def __init__(
        self, problem: Problem, name: str, sampler: BaseSampler, pruner: BasePruner
    ) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._problem = problem
        self._study = optuna.create_study(sampler=sampler, pruner=pruner, study_name=name)
        self._trials: dict[int, optuna.Trial] = {}

    def next(self) -> clock.Job:
        trial = self._study.ask()
        self._trials[trial.number] = trial
        return clock.Job(trial.number, self._problem.draw(trial))

    def report(self, trial: int, epoch: int, value: float) -> bool:
        running = self._trials[trial]
        running.report(value, epoch)
        if epoch == self._problem.n_epochs:
            self._study.tell(running, value)
        elif running.should_prune():
            self._study.tell(running, state=TrialState.PRUNED)
        else:
            return True
        return False

    def fail(self, trial: int) -> None:
        self._study.tell(self._trials[trial], state=TrialState.FAIL)


def search(
    problem: Problem, n_slots: int, seed: int, core_seconds: float, *, sampler: str, pruner: str
) -> list[Found]:
    """Search a problem; return its incumbents."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        made = SAMPLERS[sampler](seed), PRUNERS[pruner](problem.n_epochs)
    study = Study(problem, f"seed {seed}", *made)  # Hyperband draws brackets from the name
    return clock.search(study, problem, n_slots, core_seconds)


METHODS = {
    f"optuna-{sampler}{pruner}": partial(search, sampler=sampler, pruner=pruner)
    for sampler, pruner in product(SAMPLERS, PRUNERS)
}
