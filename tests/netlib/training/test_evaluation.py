"""Judging networks: one, several together, and several views of an image."""

from functools import partial

import numpy as np
import pytest

import netlib as nl


def network(seed: int) -> nl.Sequential:
    net = nl.Sequential(nl.BatchNorm(), nl.Flatten(), nl.Dropout(0.5), nl.Dense(3))
    net.build((6, 6, 1), np.random.default_rng(seed))
    return net


def constant_network(*logits: float) -> nl.Sequential:
    net = network(0)
    net.params["3.weight"][...] = 0
    net.params["3.bias"][...] = logits
    return net


def test_softmax_by_hand():
    p = nl.softmax(np.log(np.float32([[1, 2, 5], [4, 4, 8]])))
    np.testing.assert_allclose(p, [[0.125, 0.25, 0.625], [0.25, 0.25, 0.5]], rtol=1e-6)
    assert nl.softmax(np.float32([[1e4, 0]])).tolist() == [[1, 0]]


def test_probabilities_are_averaged_not_logits(toy):
    nets = [constant_network(0, 0, np.log(2)), constant_network(0, np.log(8), 0)]
    p = nl.mean_probabilities(nets, toy.images)
    np.testing.assert_allclose(p, [[0.175, 0.525, 0.3]] * 60, rtol=1e-6)
    result = nl.evaluate_together(nets, toy)
    assert result["loss"] == pytest.approx(-np.log([0.175, 0.525, 0.3]).mean(), rel=1e-6)
    assert (result["wrong"], result["error"]) == (40, pytest.approx(2 / 3))


def test_one_network_with_one_view_is_judged_as_alone(toy):
    alone, together = nl.evaluate(network(1), toy), nl.evaluate_together([network(1)], toy)
    assert together == pytest.approx(alone, rel=1e-6)


def test_views_are_shown_to_every_network(toy, rng):
    views = [nl.unchanged, partial(nl.transform, shift=(0, 1 / 6)), lambda images: 1 - images]
    nets, x = [network(1), network(2)], (toy.images / 255).astype(np.float32)
    expected = np.mean([nl.softmax(net.predict(view(x))) for net in nets for view in views], 0)
    for batch_size in (7, 64):
        p = nl.mean_probabilities(nets, toy.images, views, batch_size)
        np.testing.assert_allclose(p, expected, rtol=1e-5)


def test_an_impossible_answer_has_a_finite_loss(toy):
    result = nl.evaluate_together([constant_network(0, -1e4, 0)], toy)
    assert 100 < result["loss"] < 300


@pytest.mark.parametrize(("n_networks", "views"), [(0, [nl.unchanged]), (1, [])])
def test_nobody_to_ask_and_nothing_to_see_are_refused(n_networks, views, toy):
    message = rf"one network and one view, got {n_networks} and {len(views)}; pass"
    with pytest.raises(nl.ConfigError, match=message):
        nl.evaluate_together([network(1)] * n_networks, toy, views)


def test_together_needs_a_positive_batch_size(toy):
    with pytest.raises(nl.ConfigError, match=r"mean_probabilities: expected batch_size to be"):
        nl.mean_probabilities([network(1)], toy.images, batch_size=0)
