"""What a search leaves: which configuration it would have given at any time, and how good it is."""

import math
from typing import NamedTuple

import numpy as np

from tests.benchmarks.quality.problems import Problem


class Found(NamedTuple):
    """A configuration becomes the best one that a search has trained completely.

    Attributes:
        core_seconds: Number of slots times the virtual seconds that the search has taken.
        row: Row of the configuration.
    """

    core_seconds: float
    row: int


class Path:
    """The incumbents of a search: the best complete trainings, by the values that it saw.

    Attributes:
        found: Every incumbent, in the order of time.
    """

    def __init__(self, problem: Problem) -> None:
        self.found: list[Found] = []
        self._values = problem.values[:, -1]
        self._best = math.inf

    def complete(self, core_seconds: float, row: int) -> None:
        """Take in a complete training."""
        if self._values[row] < self._best:
            self._best = float(self._values[row])
            self.found.append(Found(core_seconds, row))


class Regrets:
    """How far the configurations of a table are from its best.

    0 is the best configuration, 1 the median one, where diverged trainings are the worst of all.
    """

    def __init__(self, values: np.ndarray) -> None:
        """Measure by a metric of the table's configurations, lower is better."""
        self._best = float(np.nanmin(values))
        self._median = float(np.median(np.nan_to_num(values, nan=math.inf)))
        self._values = values

    def of(self, row: int) -> float:
        """Return the regret of a configuration."""
        return (float(self._values[row]) - self._best) / (self._median - self._best)
