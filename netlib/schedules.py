"""This file holds learning rate schedules.

A schedule is a function of the epochs elapsed, e: 0 at the first batch, 0.5 in the middle of
the first epoch, 1 at the start of the second. It returns the learning rate of the next step.
"""

import math
from collections.abc import Callable

from netlib.checks import check_count, check_range

Schedule = Callable[[float], float]


def constant(learning_rate: float) -> Schedule:
    """Keep one learning rate.

    Args:
        learning_rate: Step size, >= 0.

    Returns:
        e -> learning_rate.

    Raises:
        ConfigError: If the learning rate is negative or not finite.
    """
    check_range("constant", "learning_rate", learning_rate, "[0, inf)")
    return lambda _elapsed: learning_rate


def step_halving(learning_rate: float, every: int) -> Schedule:
    """Halve the learning rate after every so many epochs.

    rate(e) = learning_rate * 2^-floor(e / every)

    Args:
        learning_rate: Step size at the start, >= 0.
        every: Epochs from one halving to the next, at least 1.

    Returns:
        The schedule; constant within an epoch.

    Raises:
        ConfigError: If an argument is out of its range.
    """
    check_range("step_halving", "learning_rate", learning_rate, "[0, inf)")
    check_count("step_halving", "every", every)
    return lambda elapsed: learning_rate * 0.5 ** math.floor(elapsed / every)


def warmup_halving(learning_rate: float, warmup: int, every: int) -> Schedule:
    """Raise the learning rate linearly, epoch by epoch, then halve it in steps.

    rate(e) = learning_rate * (floor(e) + 1) / warmup          while e < warmup
              learning_rate * 2^-floor((e - warmup) / every)   from then on

    Args:
        learning_rate: The highest step size, reached in epoch number `warmup`, >= 0.
        warmup: Epochs of warm-up, at least 1; 1 means none.
        every: Epochs from one halving to the next, at least 1.

    Returns:
        The schedule; constant within an epoch.

    Raises:
        ConfigError: If an argument is out of its range.
    """
    check_range("warmup_halving", "learning_rate", learning_rate, "[0, inf)")
    check_count("warmup_halving", "warmup", warmup)
    check_count("warmup_halving", "every", every)

    def rate(elapsed: float) -> float:
        if elapsed < warmup:
            return learning_rate * (math.floor(elapsed) + 1) / warmup
        return learning_rate * 0.5 ** math.floor((elapsed - warmup) / every)

    return rate
