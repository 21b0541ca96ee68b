"""The model's scale of a metric, and how much better a value on it may turn out to be."""

import math

import numpy as np
import pytest

from sweep.model.improvement import log_expected_improvement, log_probability
from sweep.model.scale import Scale

SHAPES = {
    "errors": np.random.default_rng(0).lognormal(size=50),
    "accuracies to maximise": -np.random.default_rng(0).random(50),
    "two": np.array([1.0, 2.0]),
    "many that diverged": np.array([0.2, 0.1, *[math.inf] * 8]),
    "large": np.array([1e300, 1e200, 1e100]),
}


@pytest.mark.parametrize("name", SHAPES)
def test_the_order_stays_and_bad_values_are_alike(name: str) -> None:
    values = np.sort(SHAPES[name])
    z = Scale(values)(values)
    assert np.isfinite(z).all()
    assert (np.diff(z) >= 0).all()
    assert z[0] < z[1]
    assert z[-1] == Scale(values)(np.array([math.inf]))[0]


@pytest.mark.parametrize("values", [[3.0], [3.0] * 9, [math.inf] * 3, []])
def test_without_differences_all_values_are_0(values: list[float]) -> None:
    assert np.allclose(Scale(np.array(values))(np.array(values)), 0)


def test_it_has_mean_0_and_deviation_1_and_a_way_back() -> None:
    values = SHAPES["errors"]
    scale = Scale(values)
    z = scale(values)
    assert (z.mean(), z.std()) == (pytest.approx(0, abs=1e-9), pytest.approx(1))
    best = values < np.quantile(values, 0.9)
    assert np.allclose(scale.back(z)[best], values[best])


@pytest.mark.parametrize("mean", [-1.0, 0.3, 2.0, 4.9])
def test_the_expected_improvement_is_the_mean_of_improvements(mean: float) -> None:
    draws = np.linspace(-12, 12, 2_000_001)
    density = np.exp(-0.5 * draws**2) / math.sqrt(2 * math.pi) * (draws[1] - draws[0])
    expected = (np.maximum(0.2 - (mean + 0.7 * draws), 0) * density).sum()
    found = log_expected_improvement(np.array([mean]), np.array([0.7]), 0.2)[0]
    assert math.exp(found) == pytest.approx(expected, rel=1e-4)


def test_both_fall_steadily_where_an_improvement_is_next_to_impossible() -> None:
    means, deviations = np.linspace(0, 300, 3001), np.ones(3001)
    for values in (
        log_expected_improvement(means, deviations, 0.0),
        log_probability(means[:360], deviations[:360], 0.0),
    ):
        assert np.isfinite(values).all()
        assert (np.diff(values) < 0).all()
    beyond = log_probability(np.array([1e3]), np.array([1.0]), 0.0)
    assert np.isfinite(beyond).all()
    assert log_probability(np.zeros(1), np.ones(1), 0.0)[0] == pytest.approx(math.log(0.5))
