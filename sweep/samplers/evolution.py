"""Optuna's evolution strategies, which note on each trial what generation it belongs to."""

import warnings
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, CmaEsSampler, NSGAIIISampler, NSGAIISampler
from optuna.trial import TrialState, create_trial

from sweep.samplers.question import Question

MIN_SOURCES = 10
"""Trials of a warm start that CMA-ES needs: it begins where the best tenth of them were."""


class _Cmaes(CmaEsSampler):
    """Optuna's CMA-ES, which begins where the trials of a warm start were good.

    Source: Nomura et al. (2021), "Warm starting CMA-ES for hyperparameter optimization".
    """

    def __init__(self, question: Question) -> None:
        """Begin with what the memory holds, which are the trials of other runs."""
        super().__init__(seed=question.study_seed, warn_independent_sampling=False)
        shown = question.memory.get_all_trials(0, states=(TrialState.COMPLETE,))
        self._earlier = [trial for trial in shown if trial.value is not None]

    def _init_optimizer(self, trans: Any, *args: Any, **options: Any) -> Any:
        """Begin with those of them that have all parameters which it draws."""
        space: dict[str, BaseDistribution] = trans._search_space
        sources = [
            create_trial(
                value=trial.value,
                params={name: trial.params[name] for name in space},
                distributions=dict(space),
            )
            for trial in self._earlier
            if space.keys() <= trial.params.keys()
        ]
        self._source_trials = sources if len(sources) >= MIN_SOURCES else None
        return super()._init_optimizer(trans, *args, **options)


def cmaes(question: Question) -> BaseSampler:
    """Return CMA-ES, which draws the numbers that all trials share, and all else at random."""
    return _Cmaes(question)


def nsga2(question: Question) -> BaseSampler:
    """Return NSGA-II, a genetic algorithm for one or several objectives."""
    return NSGAIISampler(seed=question.study_seed)


def nsga3(question: Question) -> BaseSampler:
    """Return NSGA-III, a genetic algorithm for many objectives."""
    with warnings.catch_warnings(action="ignore", category=ExperimentalWarning):
        return NSGAIIISampler(seed=question.study_seed)
