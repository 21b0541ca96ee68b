"""The Gaussian process: its kernel, its hyperparameters, and what it predicts."""

import numpy as np
import pytest

from sweep.model.fitting import fit, prior
from sweep.model.kernel import (
    JITTER,
    Points,
    covariance,
    hyperparameters,
    log_likelihood,
    variance,
)
from sweep.model.process import Process

AXES = np.array([0, 0, 1, 2])
"""Two columns of a parameter without an order, and two other parameters."""


def some_points(n: int, seed: int = 0, n_trainings: int = 12) -> Points:
    rng = np.random.default_rng(seed)
    x = rng.random((n_trainings, len(AXES)))
    training = rng.integers(n_trainings, size=n)
    return Points(x[training], rng.integers(0, 4, size=n) / 3, training)


@pytest.mark.parametrize("seed", range(3))
def test_the_gradient_is_that_of_the_likelihood(seed: int) -> None:
    points, rng = some_points(30, seed), np.random.default_rng(seed)
    theta, z = rng.normal(-0.5, 0.5, size=7), rng.standard_normal(30)
    _, gradient = log_likelihood(hyperparameters(theta), AXES, points, z)
    for place in range(7):
        up, down = theta.copy(), theta.copy()
        up[place], down[place] = theta[place] + 1e-5, theta[place] - 1e-5
        high, low = (
            log_likelihood(hyperparameters(some), AXES, points, z)[0] for some in (up, down)
        )
        assert gradient[place] == pytest.approx((high - low) / 2e-5, rel=1e-4, abs=1e-6)


def test_the_likelihood_is_that_of_a_normal_distribution() -> None:
    points, theta = some_points(20), hyperparameters(prior(3)[0])
    z = np.random.default_rng(1).standard_normal(20)
    full = covariance(theta, AXES, points, points)
    full += (np.exp(theta.noise) + JITTER) * np.eye(20)
    _, log_determinant = np.linalg.slogdet(full)
    expected = -0.5 * z @ np.linalg.solve(full, z) - 0.5 * log_determinant
    assert log_likelihood(theta, AXES, points, z)[0] == pytest.approx(expected)


def test_a_covariance_with_itself_is_the_variance() -> None:
    points, theta = some_points(9), hyperparameters(prior(3)[0])
    full = covariance(theta, AXES, points, points)
    assert np.allclose(np.diag(full), variance(theta, points.t))
    assert np.linalg.eigvalsh(full).min() > -1e-9


def test_predictions_are_those_of_the_formula() -> None:
    points, theta = some_points(15), hyperparameters(prior(3)[0])
    places = some_points(6, seed=5)
    places = places._replace(training=places.training + 100)
    z = np.random.default_rng(1).standard_normal(15)
    process = Process(theta, AXES, points, z)
    mean, left = process.predict(places)
    full = covariance(theta, AXES, points, points) + process.noise * np.eye(15)
    between = covariance(theta, AXES, places, points)
    assert np.allclose(mean, between @ np.linalg.solve(full, z))
    whole = covariance(theta, AXES, places, places)
    expected = np.diag(whole - between @ np.linalg.solve(full, between.T))
    assert np.allclose(left, expected)


def test_what_is_believed_makes_its_neighbourhood_certain_and_moves_no_mean() -> None:
    points, theta = some_points(15), hyperparameters(prior(3)[0])
    process = Process(theta, AXES, points, np.random.default_rng(1).standard_normal(15))
    place = some_points(1, seed=5)._replace(training=np.array([100]))
    (mean,), (before,) = process.predict(place)
    (same,), (after,) = process.believe(place).predict(place)
    assert same == pytest.approx(mean)
    assert after < min(before, process.noise)
    assert process.believe(some_points(0)) is process


def test_the_fit_finds_which_parameter_matters() -> None:
    rng = np.random.default_rng(0)
    x = rng.random((60, 3))
    points = Points(x, np.ones(60), np.arange(60))
    z = np.sin(6 * x[:, 1]) + 0.01 * rng.standard_normal(60)
    theta = fit(np.arange(3), points, (z - z.mean()) / z.std())
    assert theta.lengths[1] < theta.lengths[[0, 2]].min() - 1
    assert np.exp(theta.noise) < 0.01


def test_the_fit_is_better_than_the_prior_and_always_the_same() -> None:
    points = some_points(40)
    z = np.random.default_rng(2).standard_normal(40)
    mean, spread = prior(3)

    def posterior(theta: np.ndarray) -> float:
        value = log_likelihood(hyperparameters(theta), AXES, points, z)[0]
        return value - 0.5 * float((((theta - mean) / spread) ** 2).sum())

    found = fit(AXES, points, z).vector()
    assert posterior(found) > posterior(mean) + 1
    assert np.array_equal(found, fit(AXES, points, z).vector())


def test_draws_have_the_means_and_covariances_of_the_prediction() -> None:
    points, theta = some_points(20), hyperparameters(prior(3)[0])
    process = Process(theta, AXES, points, np.random.default_rng(1).standard_normal(20))
    places = some_points(3, seed=5)._replace(training=np.array([-1, 3, -2]))
    drawn = process.draw(places, 200_000, np.random.default_rng(0))
    mean, left = process.predict(places)
    between = covariance(theta, AXES, places, points)
    full = covariance(theta, AXES, points, points) + process.noise * np.eye(20)
    known = between @ np.linalg.solve(full, between.T)
    expected = covariance(theta, AXES, places, places) - known
    expected[np.diag_indices(3)] = left + process.noise
    assert drawn.mean(axis=0) == pytest.approx(mean, abs=0.02)
    assert np.cov(drawn.T) == pytest.approx(expected, abs=0.02)
