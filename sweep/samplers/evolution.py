"""Optuna's evolution strategies, which note on each trial what generation it belongs to."""

import warnings

from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, CmaEsSampler, NSGAIIISampler, NSGAIISampler

from sweep.samplers.question import Question


def cmaes(question: Question) -> BaseSampler:
    """Return CMA-ES, which draws the numbers that all trials share, and all else at random."""
    return CmaEsSampler(seed=question.study_seed, warn_independent_sampling=False)


def nsga2(question: Question) -> BaseSampler:
    """Return NSGA-II, a genetic algorithm for one or several objectives."""
    return NSGAIISampler(seed=question.study_seed)


def nsga3(question: Question) -> BaseSampler:
    """Return NSGA-III, a genetic algorithm for many objectives."""
    with warnings.catch_warnings(action="ignore", category=ExperimentalWarning):
        return NSGAIIISampler(seed=question.study_seed)
