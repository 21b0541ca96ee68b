"""Quasi-random points: a scrambled Halton sequence, which fills a space more evenly than chance.

Trial i gets point i of the sequence, whose dimensions are the parameters in the order in which the
space draws them. So a point depends on the study's seed and the trial's number alone, whatever
other trials did, and the branches of a conditional space share their dimensions.

Source: Owen 2017, "A randomized Halton algorithm in R" (arXiv:1706.02808): the radical inverse of i
in the k-th prime base, with a random permutation for every digit of every dimension.
"""

import math
from itertools import count, islice
from typing import Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, RandomSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from sweep.samplers.question import Question

PRECISION = 2.0**-40
"""Weight of the last digit of a coordinate."""


def qmc(question: Question) -> BaseSampler:
    """Return the sampler of one point; a point that was tried already is replaced by chance."""
    if question.attempt:
        return RandomSampler(seed=question.seed)
    return Qmc(question.study_seed, question.number)


class Qmc(BaseSampler):
    """One point of the sequence."""

    def __init__(self, seed: int, index: int) -> None:
        """Take point `index`, >= 0, of the sequence with this seed."""
        self._seed = seed
        self._index = index
        self._dimensions = count()

    def infer_relative_search_space(self, *_: Any) -> dict[str, BaseDistribution]:
        """Return nothing: parameters are drawn one by one."""
        return {}

    def sample_relative(self, *_: Any) -> dict[str, Any]:
        """Return nothing: parameters are drawn one by one."""
        return {}

    def sample_independent(
        self,
        study: Study,  # noqa: ARG002 - Optuna's signature
        trial: FrozenTrial,  # noqa: ARG002
        param_name: str,  # noqa: ARG002
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return the point's next coordinate, as a value of the parameter."""
        return value_at(halton(self._index, next(self._dimensions), self._seed), param_distribution)


def halton(index: int, dimension: int, seed: int) -> float:
    """Return a coordinate, in [0, 1), of point `index` of the scrambled sequence."""
    base = _prime(dimension)
    rng = np.random.default_rng((seed, dimension))
    coordinate, weight = 0.0, 1.0
    while weight > PRECISION:
        index, digit = divmod(index, base)
        weight /= base
        coordinate += weight * int(rng.permutation(base)[digit])
    return coordinate


def value_at(quantile: float, distribution: BaseDistribution) -> Any:
    """Return the value of a parameter at a quantile, in [0, 1), of its uniform distribution."""
    match distribution:
        case CategoricalDistribution(choices=choices):
            return choices[int(quantile * len(choices))]
        case FloatDistribution(low=low, high=high, log=True):
            return float(np.clip(low * (high / low) ** quantile, low, high))
        case FloatDistribution(low=low, high=high, step=None):
            return low + quantile * (high - low)
        case FloatDistribution(low=low, high=high, step=float(step)):
            return min(high, low + int(quantile * (round((high - low) / step) + 1)) * step)
        case IntDistribution(low=low, high=high, log=True):
            start, end = math.log(low - 0.5), math.log(high + 0.5)
            return min(high, max(low, round(math.exp(start + quantile * (end - start)))))
        case IntDistribution(low=low, high=high, step=step):
            return low + int(quantile * ((high - low) // step + 1)) * step
    raise AssertionError(distribution)


def _prime(position: int) -> int:
    """Return the prime number at a position, from 0: 2, 3, 5, ..."""
    primes = (n for n in count(2) if all(n % d for d in range(2, math.isqrt(n) + 1)))
    return next(islice(primes, position, None))
