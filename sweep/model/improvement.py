"""How much better than the best so far a value may turn out to be."""

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FAR = -5.0
"""Where an asymptotic series takes over from the difference of two nearly equal numbers."""

LEAST = -37.0
"""Where the complementary error function is still larger than 0."""


def normal_probability(u: Array) -> Array:
    """Return the probability that a standard normal number is below each u, (n,)."""
    return np.array([0.5 * math.erfc(-place / math.sqrt(2)) for place in u.tolist()])


def log_expected_improvement(mean: Array, deviation: Array, best: float) -> Array:
    """Return the logarithm of the expected improvement on `best` of normal values, (n,).

    With u = (best - mean) / deviation it is log(deviation (phi(u) + u Phi(u))), computed so that it
    does not underflow where an improvement is next to impossible. Source: Ament et al. (2023),
    "Unexpected improvements to expected improvement" (arXiv:2310.20708), equation 9.

    Args:
        mean: (n,) means; lower is better.
        deviation: (n,) standard deviations, > 0.
        best: The value to improve on.
    """
    u = (best - mean) / deviation
    near = np.maximum(u, FAR)
    density = np.exp(-0.5 * near * near) / math.sqrt(2 * math.pi)
    below = normal_probability(near)
    far = np.minimum(u, FAR)
    tail = -0.5 * far * far - 0.5 * math.log(2 * math.pi) - 2 * np.log(-far)
    tail += np.log1p(-3 / far**2 + 15 / far**4)
    return np.asarray(np.where(u > FAR, np.log(density + near * below), tail) + np.log(deviation))


def log_probability(mean: Array, deviation: Array, bound: float) -> Array:
    """Return the logarithm of the probability that normal values are below a bound, (n,).

    Args:
        mean: (n,) means.
        deviation: (n,) standard deviations, > 0.
        bound: The bound.
    """
    u = np.maximum((bound - mean) / deviation, LEAST)
    return np.asarray(np.log(normal_probability(u)))
