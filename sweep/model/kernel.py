"""The covariance of two values on learning curves, and its derivatives.

For values of configurations x and x', after epochs whose logarithm is t and t' (0 for the first
epoch, 1 for the last):

    exp(-|t - t'| / memory) (signal M(x, x') + own [same training]) + 1 + t t'

M is the Matern kernel with nu = 5/2 of the distance that each parameter divides by its length. The
last two terms are the trend that all trainings share. Source: Rasmussen and Williams (2006),
equations 4.17 and 5.9.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

JITTER = 1e-6
"""Least variance of the noise, which keeps matrices invertible."""


class Points(NamedTuple):
    """Values on learning curves, or places of such values.

    Attributes:
        x: (n, columns) what the kernel sees of the configuration.
        t: (n,) logarithm of the epoch, from 0 to 1.
        training: (n,) number of the training; those of trainings to come are negative and differ.
    """

    x: Array
    t: Array
    training: NDArray[np.intp]

    def __add__(self, other: "Points") -> "Points":  # type: ignore[override]
        return Points(*(np.concatenate(pair) for pair in zip(self, other, strict=True)))

    def at(self, t: Array) -> "Points":
        """Return the same trainings after other epochs."""
        return self._replace(t=t)


class Hyperparameters(NamedTuple):
    """The free parameters of the kernel, as logarithms.

    Attributes:
        lengths: (parameters,) length scale of each.
        signal: Variance of what configurations are worth.
        memory: Range of the correlation over epochs.
        own: Variance of what is peculiar to a training.
        noise: Variance of the noise.
    """

    lengths: Array
    signal: float
    memory: float
    own: float
    noise: float

    def vector(self) -> Array:
        """Return all of them in a row."""
        return np.append(self.lengths, self[1:])


def hyperparameters(vector: Array) -> Hyperparameters:
    """Return the hyperparameters that are in a row."""
    return Hyperparameters(vector[:-4], *vector[-4:].tolist())


def squared_distances(one: Array, other: Array) -> Array:
    """Return the squared distances between rows: (n, columns) and (m, columns) to (n, m)."""
    squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * one @ other.T
    return np.asarray(np.maximum(squares, 0.0))


def covariance(theta: Hyperparameters, axes: NDArray[np.intp], one: Points, other: Points) -> Array:
    """Return the covariances of values without noise, (n, m).

    Args:
        theta: The hyperparameters.
        axes: (columns,) the parameter of each column.
        one: n places.
        other: m places.
    """
    shrink = np.exp(-theta.lengths)[axes]
    r = np.sqrt(5 * squared_distances(one.x * shrink, other.x * shrink))
    alike = np.exp(theta.signal) * (1 + r + r * r / 3) * np.exp(-r)
    if (one.training >= 0).any():
        alike[one.training[:, None] == other.training] += np.exp(theta.own)
    # Most places are after the same epoch, so that one row does for all.
    t = one.t[:1, None] if (one.t == one.t[:1]).all() else one.t[:, None]
    alike *= np.exp(-np.abs(t - other.t) / np.exp(theta.memory))
    return np.asarray(alike + (1 + t * other.t))


def variance(theta: Hyperparameters, t: Array) -> Array:
    """Return the variances of values without noise after epochs, (n,)."""
    return np.asarray(np.exp(theta.signal) + np.exp(theta.own) + 1 + t * t)


def log_likelihood(
    theta: Hyperparameters, axes: NDArray[np.intp], points: Points, z: Array
) -> tuple[float, Array]:
    """Return the logarithm of the marginal likelihood, without its constant, and its gradient.

    Raises:
        LinAlgError: If the covariance matrix is singular.
    """
    shrink = np.exp(-theta.lengths)[axes]
    signal, memory, own, noise = np.exp(np.array(theta[1:]))
    x = points.x * shrink
    r = np.sqrt(5 * squared_distances(x, x))
    decay = np.exp(-r)
    matern = (1 + r + r * r / 3) * decay
    same = points.training[:, None] == points.training
    apart = np.abs(points.t[:, None] - points.t) / memory
    remembered = np.exp(-apart)
    of_both = remembered * (signal * matern + own * same)
    full = of_both + 1 + np.outer(points.t, points.t)
    full[np.diag_indices_from(full)] += noise + JITTER
    root = np.linalg.cholesky(full)
    inverse = np.linalg.inv(full)
    weights = inverse @ z
    value = -0.5 * float(z @ weights) - float(np.log(np.diag(root)).sum())
    slope = 0.5 * (np.outer(weights, weights) - inverse)
    remembered *= slope
    pull = remembered * (5 / 3 * signal * (1 + r) * decay)
    by_column = 2 * ((pull.sum(axis=1)[:, None] * x * x).sum(axis=0) - (x * (pull @ x)).sum(axis=0))
    by_length = np.bincount(axes, by_column, minlength=len(theta.lengths))
    rest = (
        float((remembered * matern).sum()) * signal,
        float((slope * of_both * apart).sum()),
        float(remembered[same].sum()) * own,
        float(np.trace(slope)) * noise,
    )
    return value, np.append(by_length, rest)
