"""What both versions of Syne Tune share: spaces, and what stands in for its tuner.

Ordered parameters are whole numbers (`randint`). A conditional parameter is always drawn, as the
library knows no conditions. A diverged training is told as failed.
"""

import logging
import random
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
from syne_tune.backend.trial_status import Trial
from syne_tune.config_space import choice, randint
from syne_tune.optimizer.scheduler import SchedulerDecision

from tests.benchmarks.quality import clock
from tests.benchmarks.quality.path import Found
from tests.benchmarks.quality.problems import Problem

TIME, METRIC = "epoch", "error"

Make = Callable[[Problem, int], Any]
"""(problem, seed) -> a scheduler of either version."""


def space_of(problem: Problem) -> dict[str, Any]:
    """Return the space in Syne Tune's terms."""
    return {
        parameter.name: randint(0, len(parameter.values) - 1)
        if parameter.is_ordered
        else choice(list(parameter.words))
        for parameter in problem.parameters
    }


class Tuner:
    """Stands in for Syne Tune's tuner (syne_tune/tuner.py), whose versions suggest differently."""

    def __init__(self, scheduler: Any, n_epochs: int) -> None:
        self.scheduler = scheduler
        self.trials: list[Trial] = []
        self._n_epochs = n_epochs

    def next(self) -> clock.Job | None:
        raise NotImplementedError

    def begin(self, config: dict[str, Any]) -> clock.Job:
        """Begin the next trial."""
        trial = Trial(len(self.trials), config, datetime.now(UTC))
        self.trials.append(trial)
        self.scheduler.on_trial_add(trial)
        return clock.Job(trial.trial_id, trial.config)

    def report(self, trial: int, epoch: int, value: float) -> bool:
        running, result = self.trials[trial], {TIME: epoch, METRIC: value}
        decision = self.scheduler.on_trial_result(running, result)
        if decision != SchedulerDecision.CONTINUE:
            self.scheduler.on_trial_remove(running)
            return False
        if epoch == self._n_epochs:
            self.scheduler.on_trial_complete(running, result)
        return True

    def fail(self, trial: int) -> None:
        self.scheduler.on_trial_error(self.trials[trial])


def search(
    problem: Problem,
    n_slots: int,
    seed: int,
    core_seconds: float,
    *,
    tuner: Callable[[Any, int], Tuner],
    scheduler: Make,
) -> list[Found]:
    """Search a problem; return its incumbents."""
    np.random.seed(seed)  # noqa: NPY002 - parts of the library draw from it
    random.seed(seed)
    # Version 0.14 logs through the root logger.
    for name in (None, "syne_tune"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = tuner(scheduler(problem, seed), problem.n_epochs)
        return clock.search(made, problem, n_slots, core_seconds)
