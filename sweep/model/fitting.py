"""The hyperparameters that explain the observations best."""

import numpy as np
from numpy.typing import NDArray

from sweep.model.kernel import (
    Array,
    Hyperparameters,
    Points,
    hyperparameters,
    log_likelihood,
)

STEPS = 30
FIRST_STEP, LEAST_STEP, LONGEST_STEP = 0.3, 1e-3, 1.0
LIMITS = -9.0, 6.0
"""Of the logarithms."""


def prior(n_parameters: int) -> tuple[Array, Array]:
    """Return mean and standard deviation of the logarithms of the hyperparameters.

    The more parameters there are, the less each is taken to matter. Source: Hvarfner et al. (2024),
    "Vanilla Bayesian optimization performs great in high dimensions" (arXiv:2402.02229).
    """
    lengths = np.full(n_parameters, -0.5 + 0.5 * np.log(n_parameters))
    mean = np.append(lengths, [0.0, np.log(3.0), np.log(0.05), np.log(0.03)])
    spread = np.append(np.full(n_parameters, 0.8), [0.7, 1.0, 1.5, 1.5])
    return mean, spread


def fit(axes: NDArray[np.intp], points: Points, z: Array) -> Hyperparameters:
    """Return the most probable hyperparameters, as far as some steps from the prior lead.

    Each logarithm moves by a step of its own, which grows while the gradient keeps its sign and
    shrinks when that changes. Source: Igel and Hüsken (2003), "Empirical evaluation of the improved
    Rprop learning algorithms", iRprop-.

    Args:
        axes: (columns,) the parameter of each column.
        points: Where the values were observed.
        z: (n,) the values.
    """
    mean, spread = prior(int(axes.max()) + 1)
    theta, best, highest = mean.copy(), mean, -np.inf
    step, before = np.full(len(mean), FIRST_STEP), np.zeros(len(mean))
    for _ in range(STEPS):
        distance = (theta - mean) / spread
        try:
            value, gradient = log_likelihood(hyperparameters(theta), axes, points, z)
        except np.linalg.LinAlgError:
            theta, step = (theta + best) / 2, step / 2
            continue
        value -= 0.5 * float(distance @ distance)
        gradient = gradient - distance / spread
        if value > highest:
            highest, best = value, theta
        turn = gradient * before
        step = np.clip(np.where(turn < 0, step / 2, step * 1.3), LEAST_STEP, LONGEST_STEP)
        before = np.where(turn < 0, 0.0, gradient)
        theta = np.clip(theta + np.sign(before) * step, *LIMITS)
    return hyperparameters(best)
