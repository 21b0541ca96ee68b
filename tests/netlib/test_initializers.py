"""Initial parameters: spread and limits."""

import pickle

import numpy as np
import pytest

import netlib as nl


def test_he_normal_has_variance_two_over_fan_in(rng):
    weights = nl.he_normal(rng, (100, 500), 100, 500)
    assert weights.std() == pytest.approx(np.sqrt(2 / 100), rel=0.02)
    assert weights.mean() == pytest.approx(0, abs=0.003)


def test_glorot_uniform_stays_within_its_limit(rng):
    weights = nl.glorot_uniform(rng, (100, 500), 100, 500)
    assert np.abs(weights).max() == pytest.approx(np.sqrt(6 / 600), rel=0.01)


def test_uniform_stays_within_its_limit(rng):
    weights = nl.uniform(0.5)(rng, (1000,), 1, 1)
    assert 0.49 < np.abs(weights).max() < 0.5


def test_normal_has_its_deviation_whatever_the_fans(rng):
    weights = nl.normal(0.3)(rng, (100, 500), 1, 1)
    assert weights.std() == pytest.approx(0.3, rel=0.02)
    with pytest.raises(nl.ConfigError, match=r"normal: expected deviation in \(0, inf\), got 0"):
        nl.normal(0)


def test_a_layer_pickles_with_any_initializer(rng):
    for initializer in (nl.he_normal, nl.glorot_uniform, nl.uniform(0.5), nl.normal(0.1), nl.zeros):
        layer = pickle.loads(pickle.dumps(nl.Dense(3, initializer)))
        assert layer.build((4,), rng) == (3,)


def test_zeros_draws_nothing(rng):
    before = rng.bit_generator.state
    assert not nl.zeros(rng, (3, 2), 3, 2).any()
    assert rng.bit_generator.state == before


def test_layers_hand_their_fans_to_the_initializer(rng):
    seen = []

    def spy(_rng, shape, fan_in, fan_out):
        seen.append((shape, fan_in, fan_out))
        return np.ones(shape)

    nl.Dense(7, spy, spy).build((5,), rng)
    nl.Conv2d(4, 3, weight_init=spy).build((8, 8, 2), rng)
    assert seen == [((5, 7), 5, 7), ((7,), 5, 7), ((3, 3, 2, 4), 18, 36)]
