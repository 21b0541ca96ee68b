"""A Gaussian process, in NumPy: few trials to a good result, some milliseconds per question."""

from collections.abc import Callable
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from sweep.model.model import Learned, Model
from sweep.samplers.qmc import halton, value_at
from sweep.samplers.question import Question
from sweep.samplers.seen import STATES, distributions_of, known_from

N_FIRST = 5
"""Trials that are spread evenly: before some have ended, the model knows nothing."""


class GaussianProcess(BaseSampler):
    """Draws the parameters with the largest expected improvement.

    It is a sampler of Optuna: `optuna.create_study(sampler=GaussianProcess())` takes it, too.
    Pruned trials count by their learning curves, running ones as if they came to what is expected
    of them, infeasible ones as the worst. Several objectives are combined with weights that are
    drawn for each trial. Source: Knowles (2006), "ParEGO".
    """

    def __init__(
        self,
        seed: int = 0,
        number: int | None = None,
        learned: Callable[[], Learned | None] = lambda: None,
    ) -> None:
        """Make a sampler.

        Args:
            seed: Seed of its random numbers.
            number: Number that tells the trial it is asked for from others; None for Optuna's.
            learned: Gives the hyperparameters of the model; None to learn them at each question.
        """
        self._seed, self._number, self._learned = seed, number, learned

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return the parameters of all trials so far; none as long as too few have ended."""
        trials = _others(study, trial)
        n_known = sum(other.state is not TrialState.RUNNING for other in trials)
        if n_known < N_FIRST:
            return {}
        return {name: d for name, d in distributions_of(trials).items() if not d.single()}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the parameters that promise most."""
        if not search_space:
            return {}
        rng = np.random.default_rng(self._seeds(trial))
        signs = [1 if way is StudyDirection.MINIMIZE else -1 for way in study.directions]
        known = known_from(_others(study, trial), signs, rng)
        params = Model(*known, self._learned()).suggest(rng)
        return {name: value for name, value in params.items() if name in search_space}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,  # noqa: ARG002 - Optuna's signature
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return a value of a parameter that the model does not know."""
        if not self.infer_relative_search_space(study, trial):
            seed, number = self._seeds(trial)
            return value_at(halton(number, len(trial.params), seed), param_distribution)
        rng = np.random.default_rng((*self._seeds(trial), len(trial.params)))
        return value_at(rng.random(), param_distribution)

    def _seeds(self, trial: FrozenTrial) -> tuple[int, int]:
        return self._seed, trial.number if self._number is None else self._number


def gp(question: Question) -> BaseSampler:
    """Return a sampler for one draw, given the trials that the memory shows."""
    learned, number = question.memory.learning.learned, question.number
    if question.attempt:  # the same point would be drawn again
        return GaussianProcess(question.seed, number, learned)
    return GaussianProcess(question.study_seed, number, learned)


def _others(study: Study, trial: FrozenTrial) -> list[FrozenTrial]:
    trials = study._storage.get_all_trials(study._study_id, deepcopy=False, states=STATES)
    return [other for other in trials if other.number != trial.number]
