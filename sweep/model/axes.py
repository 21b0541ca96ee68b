"""A parameter as a number from 0 to 1."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sweep.trials.domains import Categorical, Domain, Int, Value

Vector = NDArray[np.float64]

MAX_LEVELS = 100
"""Values of a parameter up to which each is a level of its own; more are as good as continuous."""


@dataclass(frozen=True, eq=False)
class Axis:
    """A parameter and its values as numbers from 0 to 1.

    Attributes:
        name: Name of the parameter.
        domain: What it is drawn from.
        choices: Its values in the order of their numbers; empty where it is continuous.
        is_ordered: Whether numbers that are close belong to values that are alike.
    """

    name: str
    domain: Domain
    choices: Sequence[Value]
    is_ordered: bool

    @property
    def n_levels(self) -> int:
        """Number of its values; 0 where it is continuous."""
        return len(self.choices)

    def numbers(self, values: Sequence[Value]) -> Vector:
        """Return the numbers of values; that of the nearest one for a value out of range."""
        if isinstance(self.domain, Categorical):
            places = [self.choices.index(value) for value in values]
            return np.array(places) / max(1, len(self.choices) - 1)
        low, high = self.domain.low, self.domain.high
        inside = np.clip(np.array(values, np.float64), low, high)
        if low == high:
            return inside - low
        if self.domain.log:
            return np.asarray(np.log(inside / low) / math.log(high / low))
        return np.asarray((inside - low) / (high - low))

    def value(self, number: float) -> Value:
        """Return the value whose number is the nearest."""
        if self.choices and not self._is_log:
            return self.choices[round(number * (len(self.choices) - 1))]
        domain = self.domain
        if isinstance(domain, Categorical):
            raise AssertionError(domain)
        low, high = domain.low, domain.high
        place = low * (high / low) ** number if domain.log else low + number * (high - low)
        if isinstance(domain, Int):
            place = low + round((place - low) / domain.step) * domain.step
            return int(min(high, max(low, place)))
        if domain.step is not None:
            place = low + round((place - low) / domain.step) * domain.step
        return float(min(high, max(low, place)))

    @cached_property
    def levels(self) -> Vector:
        """The numbers of its values, in ascending order; empty where it is continuous."""
        return self.numbers(self.choices)

    @property
    def _is_log(self) -> bool:
        return not isinstance(self.domain, Categorical) and self.domain.log


def axis(name: str, domain: Domain) -> Axis:
    """Return the axis of a parameter. Choices that are all numbers are in the order of those."""
    if isinstance(domain, Categorical):
        numbers = [
            choice
            for choice in domain.choices
            if isinstance(choice, int | float) and not isinstance(choice, bool)
        ]
        is_ordered = len(numbers) == len(domain.choices) and _differ(sorted(numbers))
        choices = tuple(sorted(numbers)) if is_ordered else domain.choices
        return Axis(name, domain, choices, is_ordered or len(choices) <= 2)
    values = domain.values()
    is_small = values is not None and len(values) <= MAX_LEVELS
    return Axis(name, domain, list(values or ()) if is_small else (), is_ordered=True)


def axes_of(domains: Mapping[str, Domain]) -> tuple[Axis, ...]:
    """Return the axes of parameters, sorted by name."""
    return tuple(axis(name, domains[name]) for name in sorted(domains))


def _differ(numbers: Sequence[float]) -> bool:
    return all(low < high for low, high in pairwise(numbers))
