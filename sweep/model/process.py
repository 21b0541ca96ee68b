"""The Gaussian process given its observations."""

import numpy as np
from numpy.typing import NDArray

from sweep.model.kernel import JITTER, Array, Hyperparameters, Points, covariance, variance


class Process:
    """What the observations say of other values.

    Attributes:
        noise: Variance of the noise of a value.
    """

    def __init__(
        self, theta: Hyperparameters, axes: NDArray[np.intp], points: Points, z: Array
    ) -> None:
        """Condition on n >= 1 observations; see `kernel.covariance` for the arguments."""
        self.noise = float(np.exp(theta.noise)) + JITTER
        self._theta, self._axes, self._points, self._z = theta, axes, points, z
        full = covariance(theta, axes, points, points)
        full[np.diag_indices_from(full)] += self.noise
        self._whiten = np.linalg.inv(np.linalg.cholesky(full))
        self._weights = self._whiten.T @ (self._whiten @ z)

    def predict(self, places: Points) -> tuple[Array, Array]:
        """Return mean and variance, (m,) each, of the values at m places, without their noise."""
        mean, white = self._seen(places)
        return mean, self._left(places, white)

    def draw(self, places: Points, n: int, rng: np.random.Generator) -> Array:
        """Return n draws of the values at m places together, (n, m), with the noise of each.

        Source: Rasmussen and Williams (2006), equations 2.23, 2.24 and A.22.
        """
        mean, white = self._seen(places)
        full = covariance(self._theta, self._axes, places, places) - white @ white.T
        full[np.diag_indices_from(full)] = self._left(places, white) + self.noise
        normal = rng.standard_normal((n, len(full))) @ np.linalg.cholesky(full).T
        return np.asarray(mean + normal)

    def believe(self, places: Points) -> "Process":
        """Return the process as if the values at some places were observed, at their means."""
        if not len(places.t):
            return self
        z = np.append(self._z, self.predict(places)[0])
        return Process(self._theta, self._axes, self._points + places, z)

    def _seen(self, places: Points) -> tuple[Array, Array]:
        """Return the means at m places, (m,), and what the n observations say of them, (m, n)."""
        between = covariance(self._theta, self._axes, places, self._points)
        return between @ self._weights, between @ self._whiten.T

    def _left(self, places: Points, white: Array) -> Array:
        """Return the variances at m places that the observations leave, (m,)."""
        left = variance(self._theta, places.t) - (white * white).sum(axis=1)
        return np.asarray(np.maximum(left, 1e-10))
