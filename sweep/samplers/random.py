"""Independent random draws, by Optuna's random sampler."""

from optuna.samplers import RandomSampler

from sweep.samplers.question import Question


def random(question: Question) -> RandomSampler:
    """Return a sampler for one draw, which needs to know nothing of other trials."""
    return RandomSampler(seed=question.seed)
