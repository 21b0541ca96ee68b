"""This file translates domains into Optuna's distributions, and back."""

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from sweep.domains import Categorical, Domain, Float, Int
from sweep.errors import StudyError


def to_distribution(domain: Domain) -> BaseDistribution:
    """The domain in Optuna's words."""
    match domain:
        case Float(low, high, step, log):
            return FloatDistribution(low, high, step=step, log=log)
        case Int(low, high, step, log):
            return IntDistribution(low, high, step=step, log=log)
        case Categorical(choices):
            return CategoricalDistribution(choices)


def to_domain(distribution: BaseDistribution) -> Domain:
    """The reverse of `to_distribution`."""
    match distribution:
        case FloatDistribution():
            return Float(distribution.low, distribution.high, distribution.step, distribution.log)
        case IntDistribution():
            return Int(distribution.low, distribution.high, distribution.step, distribution.log)
        case CategoricalDistribution():
            return Categorical(distribution.choices)
    raise StudyError(f"database: expected a distribution known here, got {distribution}")
