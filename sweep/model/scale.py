"""The scale on which the model sees a metric: good values are far apart, bad ones all alike."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

WORST = 0.9
"""Quantile beyond which values are all alike."""

SOFTENING = 0.1
"""Distance from the best value that the logarithm adds, relative to the median's."""


class Scale:
    """A logarithm of the distance from the best value, with mean 0 and standard deviation 1."""

    def __init__(self, values: Array, softening: float = SOFTENING) -> None:
        """Choose the scale for values, lower is better; inf is worse than all others."""
        finite = values[np.isfinite(values)]
        self._best, self._worst, self._add, self._mean, self._std = 0.0, 0.0, 1.0, 0.0, 1.0
        if not len(finite):
            return
        self._best, median, self._worst = np.quantile(finite, [0, 0.5, WORST]).tolist()
        distance = median - self._best or float(finite.max()) - self._best
        self._add = softening * distance or 1.0
        z = self(values)
        self._mean, self._std = float(z.mean()), float(z.std()) or 1.0

    def __call__(self, values: Array) -> Array:
        """Return values on the scale."""
        distances = np.clip(values, self._best, self._worst) - self._best
        return np.asarray((np.log(distances + self._add) - self._mean) / self._std)

    def back(self, z: Array) -> Array:
        """Return the values that are at places of the scale, up to the worst one it knows."""
        values = np.exp(z * self._std + self._mean) - self._add + self._best
        return np.asarray(np.minimum(values, self._worst))
