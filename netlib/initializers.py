"""Initial values of parameters.

An initializer is a function `(rng, shape, fan_in, fan_out) -> array`, where fan_in and
fan_out count the connections into and out of one unit. Layers convert the result to their dtype.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from netlib.arrays import Array, Rng, Shape
from netlib.checks import check_range

Initializer = Callable[[Rng, Shape, int, int], Array]


def he_normal(rng: Rng, shape: Shape, fan_in: int, _fan_out: int) -> Array:
    """Draw from a normal distribution with standard deviation sqrt(2 / fan_in).

    The variance of activations stays the same through layers of ReLU.

    Args:
        rng: Source of randomness.
        shape: Shape of the parameter.
        fan_in: Connections into one unit: D of a dense layer, K*K*C of a convolution.

    Returns:
        float64 array of that shape.

    Source: He et al. 2015, eq. 10 (arXiv:1502.01852).
    """
    return rng.normal(0.0, np.sqrt(2.0 / fan_in), shape)


def glorot_uniform(rng: Rng, shape: Shape, fan_in: int, fan_out: int) -> Array:
    """Draw uniformly from [-a, a) with a = sqrt(6 / (fan_in + fan_out)).

    The variance of activations and gradients stays the same through layers of tanh.

    Args:
        rng: Source of randomness.
        shape: Shape of the parameter.
        fan_in: Connections into one unit.
        fan_out: Connections out of one unit.

    Returns:
        float64 array of that shape.

    Source: Glorot and Bengio 2010, eq. 16.
    """
    limit = np.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, shape)


def uniform(limit: float) -> Initializer:
    """Return an initializer that draws uniformly from [-limit, limit).

    Args:
        limit: Half the width of the interval, > 0.

    Returns:
        The initializer; it ignores fan_in and fan_out.

    Raises:
        ConfigError: If the limit is not positive.
    """
    check_range("uniform", "limit", limit, "(0, inf)")

    return partial(_draw_uniform, limit)  # unlike a closure, it can be pickled with its layer


def _draw_uniform(limit: float, rng: Rng, shape: Shape, _fan_in: int, _fan_out: int) -> Array:
    return rng.uniform(-limit, limit, shape)


def normal(deviation: float) -> Initializer:
    """Return an initializer that draws from a normal distribution of mean 0.

    Args:
        deviation: Its standard deviation, > 0.

    Returns:
        The initializer; it ignores fan_in and fan_out.

    Raises:
        ConfigError: If the deviation is not positive.
    """
    check_range("normal", "deviation", deviation, "(0, inf)")

    return partial(_draw_normal, deviation)


def _draw_normal(deviation: float, rng: Rng, shape: Shape, _fan_in: int, _fan_out: int) -> Array:
    return rng.normal(0.0, deviation, shape)


def zeros(_rng: Rng, shape: Shape, _fan_in: int, _fan_out: int) -> Array:
    """Return zeros, the usual initial bias; draws nothing.

    Args:
        shape: Shape of the parameter.

    Returns:
        float64 zeros of that shape.
    """
    return np.zeros(shape)
