"""Learning rate schedules.

A schedule is a function of the epochs elapsed, e: 0 at the first batch, 0.5 in the middle of
the first epoch, 1 at the start of the second. It returns the learning rate of the next step.
"""

import math
from collections.abc import Callable

from netlib.checks import check_count, check_range

Schedule = Callable[[float], float]


def constant(learning_rate: float) -> Schedule:
    """Return a schedule with a constant learning rate.

    Args:
        learning_rate: The learning rate, >= 0.

    Returns:
        e -> learning_rate.

    Raises:
        ConfigError: If the learning rate is negative or not finite.
    """
    check_range("constant", "learning_rate", learning_rate, "[0, inf)")
    return lambda _elapsed: learning_rate


def step_halving(learning_rate: float, every: int) -> Schedule:
    """Halve the learning rate at regular intervals.

    rate(e) = learning_rate * 2^-floor(e / every)

    Args:
        learning_rate: Learning rate at the start, >= 0.
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
    """Raise the learning rate linearly, epoch by epoch, then halve it at regular intervals.

    rate(e) = learning_rate * (floor(e) + 1) / warmup          while e < warmup
              learning_rate * 2^-floor((e - warmup) / every)   from then on

    Args:
        learning_rate: Highest learning rate, reached in epoch number `warmup`, >= 0.
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


def cosine(peak: float, epochs: float, *, warmup: float = 0.0, floor: float = 0.0) -> Schedule:
    """Raise the learning rate linearly, then lower it along half a cosine.

    rate(e) = floor + (peak - floor) * e / warmup                              while e < warmup
              floor + (peak - floor) * (1 + cos(pi * t)) / 2                   until e = epochs
              floor                                                            from then on

    with t = (e - warmup) / (epochs - warmup). It changes at every step, not only between epochs.

    Args:
        peak: Highest learning rate, reached after the warm-up, >= 0.
        epochs: Epochs until the floor is reached, > 0; usually the epochs of the recipe.
        warmup: Epochs of warm-up, possibly a fraction, in [0, epochs).
        floor: Learning rate at both ends, in [0, peak].

    Returns:
        The schedule.

    Raises:
        ConfigError: If an argument is out of its range.

    Source: Loshchilov and Hutter 2017, eq. 5, without restarts (arXiv:1608.03983).
    """
    _check_decay("cosine", peak, epochs, warmup, floor)

    def height(t: float) -> float:
        return (1 + math.cos(math.pi * t)) / 2

    return lambda e: floor + (peak - floor) * _rise_and_fall(e, warmup, epochs, height)


def linear(peak: float, epochs: float, *, warmup: float = 0.0, floor: float = 0.0) -> Schedule:
    """Raise the learning rate linearly, then lower it linearly.

    Like `cosine`, but with floor + (peak - floor) * (1 - t) between the warm-up and the end.

    Args:
        peak: Highest learning rate, reached after the warm-up, >= 0.
        epochs: Epochs until the floor is reached, > 0; usually the epochs of the recipe.
        warmup: Epochs of warm-up, possibly a fraction, in [0, epochs).
        floor: Learning rate at both ends, in [0, peak].

    Returns:
        The schedule.

    Raises:
        ConfigError: If an argument is out of its range.
    """
    _check_decay("linear", peak, epochs, warmup, floor)
    return lambda e: floor + (peak - floor) * _rise_and_fall(e, warmup, epochs, lambda t: 1 - t)


def _check_decay(where: str, peak: float, epochs: float, warmup: float, floor: float) -> None:
    check_range(where, "peak", peak, "[0, inf)")
    check_range(where, "epochs", epochs, "(0, inf)")
    check_range(where, "warmup", warmup, f"[0, {epochs})")
    check_range(where, "floor", floor, f"[0, {peak}]")


def _rise_and_fall(
    elapsed: float, warmup: float, epochs: float, fall: Callable[[float], float]
) -> float:
    """Return a height 0..1: rising to 1 in the warm-up, then `fall` of the share elapsed since."""
    if elapsed < warmup:
        return elapsed / warmup
    return fall(min((elapsed - warmup) / (epochs - warmup), 1.0))
