"""Syne Tune 0.16: its schedulers, driven as its `Tuner` drives them (syne_tune/tuner.py).

Those that need a Gaussian process, MOBSTER, Hyper-Tune and DyHPO, were last in version 0.14: see
`syne_tune_gp`. Settings are the defaults of `syne_tune.optimizer.baselines`, which
https://syne-tune.readthedocs.io/en/latest/schedulers.html recommends, among them the first rung and
the factor of 3 of all methods here. ASHA stops trials; this version has none that promotes them. A
conditional parameter is always drawn, as the library knows no conditions. Ordered parameters are
whole numbers (`randint`).
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
from syne_tune.optimizer import baselines
from syne_tune.optimizer.scheduler import SchedulerDecision, TrialScheduler

from tests.benchmarks.quality import clock
from tests.benchmarks.quality.path import Found
from tests.benchmarks.quality.problems import Problem

TIME, METRIC = "epoch", "error"


def space_of(problem: Problem) -> dict[str, Any]:
    """Return the space in Syne Tune's terms."""
    return {
        parameter.name: randint(0, len(parameter.values) - 1)
        if parameter.is_ordered
        else choice(list(parameter.words))
        for parameter in problem.parameters
    }


def halving(kind: str) -> Callable[[Problem, int], TrialScheduler]:
    """Return what makes a scheduler with early stopping."""

    def make(problem: Problem, seed: int) -> TrialScheduler:
        return getattr(baselines, kind)(
            space_of(problem),
            metric=METRIC,
            time_attr=TIME,
            max_t=problem.n_epochs,
            random_seed=seed,
        )

    return make


def whole(kind: str) -> Callable[[Problem, int], TrialScheduler]:
    """Return what makes a scheduler of whole trainings."""

    def make(problem: Problem, seed: int) -> TrialScheduler:
        metric = {"metrics": [METRIC]} if kind == "RandomSearch" else {"metric": METRIC}
        return getattr(baselines, kind)(space_of(problem), **metric, random_seed=seed)

    return make


SCHEDULERS: dict[str, Callable[[Problem, int], TrialScheduler]] = {
    "random": whole("RandomSearch"),
    "bore": whole("BORE"),
    "cqr": whole("CQR"),
    "asha": halving("ASHA"),
    "asha-bore": halving("ASHABORE"),
    "asha-cqr": halving("ASHACQR"),
    "bohb": halving("BOHB"),
}


class Tuner:
    """Stands in for Syne Tune's tuner."""

    def __init__(self, scheduler: TrialScheduler, n_epochs: int) -> None:
        self._scheduler = scheduler
        self._n_epochs = n_epochs
        self._trials: list[Trial] = []

    def next(self) -> clock.Job | None:
        suggestion = self._scheduler.suggest()
        if suggestion is None:
            return None
        trial = Trial(len(self._trials), suggestion.config, datetime.now(UTC))
        self._trials.append(trial)
        self._scheduler.on_trial_add(trial)
        return clock.Job(trial.trial_id, trial.config)

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
    logging.getLogger("syne_tune").setLevel(logging.ERROR)
    np.random.seed(seed)  # noqa: NPY002 - parts of the library draw from it
    random.seed(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tuner = Tuner(SCHEDULERS[scheduler](problem, seed), problem.n_epochs)
        return clock.search(tuner, problem, n_slots, core_seconds)


METHODS = {f"syne-{name}": partial(search, scheduler=name) for name in SCHEDULERS}
