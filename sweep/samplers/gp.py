"""Optuna's Gaussian process: few trials to a good result, at the highest cost per question."""

from optuna.samplers import BaseSampler, GPSampler

from sweep.samplers.question import Question


def gp(question: Question) -> BaseSampler:
    """Return a sampler for one draw, which fits the trials that the memory shows."""
    return GPSampler(seed=question.seed, warn_independent_sampling=False)
