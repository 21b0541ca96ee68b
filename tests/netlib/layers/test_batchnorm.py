"""Batch normalisation: by hand, its running statistics, and what they are for."""

import copy
import pickle

import numpy as np
import pytest

import netlib as nl


def built(layer: nl.Layer, *in_shape: int, dtype: type = np.float32) -> nl.Layer:
    layer.build(in_shape, np.random.default_rng(0), dtype)
    return layer


def test_a_batch_of_two_becomes_minus_one_and_one_before_scale_and_shift(rng):
    layer = built(nl.BatchNorm(epsilon=1e-12), 2)
    layer.params["weight"][...] = [1, 10]
    layer.params["bias"][...] = [0, 5]
    y, backward = layer.forward(np.float32([[1, 7], [3, 3]]), train=True, rng=rng)
    np.testing.assert_allclose(y, [[-1, 15], [1, -5]], rtol=1e-6)
    dx = backward(np.float32([[1, 2], [3, 5]]))
    np.testing.assert_allclose(dx, 0, atol=1e-5)  # two values are -1 and 1 wherever they lie
    np.testing.assert_allclose(layer.grads["weight"], [2, -3], rtol=1e-6)
    np.testing.assert_allclose(layer.grads["bias"], [4, 7], rtol=1e-6)


def test_a_gradient_by_hand(rng):
    # x = (-1, 0, 1) * sqrt(1.5) has variance 1, so dx = dy - mean(dy) - x * mean(dy * x)
    layer, x = built(nl.BatchNorm(epsilon=1e-12), 1), np.float32([[-1], [0], [1]]) * 1.5**0.5
    _, backward = layer.forward(x, train=True, rng=rng)
    np.testing.assert_allclose(backward(np.float32([[0], [0], [6]])), [[1], [-2], [1]], atol=1e-5)


def test_channels_of_images_are_normalised_over_batch_rows_and_columns(draw, rng):
    layer, x = built(nl.BatchNorm(), 5, 4, 3), 3 * draw(6, 5, 4, 3) + np.float32([0, 10, -20])
    y, _ = layer.forward(x, train=True, rng=rng)
    np.testing.assert_allclose(y.mean(axis=(0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(y.var(axis=(0, 1, 2)), 1, rtol=1e-4)


def test_the_order_of_axes_in_memory_makes_no_difference_in_training_either(draw, rng):
    x, dy = draw(6, 5, 4, 3), draw(6, 5, 4, 3)
    results = []
    for order in ("C", "F", "A"):
        layer = built(nl.BatchNorm(), 5, 4, 3)
        turned = x.swapaxes(0, 1).copy().swapaxes(0, 1) if order == "A" else x.copy(order=order)
        y, backward = layer.forward(turned, train=True, rng=rng)
        dx = backward(dy)
        results.append([y.copy(), dx.copy(), *layer.grads.values(), *layer.buffers.values()])
    for other in results[1:]:
        for one, same in zip(results[0], other, strict=True):
            np.testing.assert_allclose(one, same, rtol=1e-5, atol=1e-6)


def test_running_statistics_move_by_the_share_that_momentum_leaves(rng):
    layer, x = built(nl.BatchNorm(momentum=0.75), 1), np.float32([[1], [3]])
    layer.forward(x, train=True, rng=rng)
    assert layer.buffers["running_mean"].tolist() == [0.5]  # 0.75 * 0 + 0.25 * 2
    assert layer.buffers["running_variance"].tolist() == [1.25]  # 0.75 * 1 + 0.25 * 2 / (2 - 1)
    layer.forward(x, train=True, rng=rng)
    assert layer.buffers["running_mean"].tolist() == [0.875]


def test_evaluation_uses_the_running_statistics_and_leaves_them(draw):
    layer, x = built(nl.BatchNorm(epsilon=1.0), 2), np.float32([[3, 0]])
    layer.buffers["running_mean"][...] = [1, 2]
    layer.buffers["running_variance"][...] = [3, 0]
    before = copy.deepcopy(layer.buffers)
    y, backward = layer.forward(x, train=False)
    assert y.tolist() == [[1, -2]]
    assert backward(np.float32([[2, 3]])).tolist() == [[1, 3]]
    assert layer.grads["weight"].tolist() == [2, -6]
    assert layer.grads["bias"].tolist() == [2, 3]
    for name, buffer in layer.buffers.items():
        np.testing.assert_array_equal(buffer, before[name])


def test_a_batch_of_one_vector_gives_the_bias_and_teaches_no_statistics(draw, rng):
    layer = built(nl.BatchNorm(), 3)
    layer.params["bias"][...] = [1, 2, 3]
    y, backward = layer.forward(draw(1, 3), train=True, rng=rng)
    assert y.tolist() == [[1, 2, 3]]
    assert not backward(draw(1, 3)).any()
    assert layer.buffers["running_mean"].tolist() == [0, 0, 0]
    assert layer.buffers["running_variance"].tolist() == [1, 1, 1]


def test_a_large_mean_does_not_drown_the_variance(draw, rng):
    layer, x = built(nl.BatchNorm(), 8, 8, 2), draw(64, 8, 8, 2) + np.float32(1000)
    y, _ = layer.forward(x, train=True, rng=rng)
    exact = (x - x.mean(axis=(0, 1, 2), dtype=np.float64)) / x.std(axis=(0, 1, 2), dtype=np.float64)
    np.testing.assert_allclose(y, exact, atol=2e-3)


def test_buffers_are_weights_of_a_network_and_survive_copies(draw, rng):
    net = nl.Sequential(nl.BatchNorm(), nl.Flatten(), nl.Dense(2))
    net.build((4, 4, 1), rng)
    net.forward(draw(3, 4, 4, 1), train=True, rng=rng)
    weights = net.weights()
    assert {"0.running_mean", "0.running_variance"} < weights.keys()
    x = draw(3, 4, 4, 1)
    expected = net.forward(x, train=False)[0].copy()
    fresh = nl.Sequential(nl.BatchNorm(), nl.Flatten(), nl.Dense(2))
    fresh.build((4, 4, 1), rng)
    fresh.load(weights)
    for same in (fresh, copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        np.testing.assert_array_equal(same.forward(x, train=False)[0], expected)
        same.forward(x, train=True, rng=rng)
        assert (same.buffers["0.running_mean"] != weights["0.running_mean"]).any()
        assert same.buffers["0.running_mean"] is same.layers[0].buffers["running_mean"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nl.BatchNorm(1.0), r"BatchNorm: expected momentum in \[0, 1\), got 1\.0"),
        (lambda: nl.BatchNorm(epsilon=0), r"BatchNorm: expected epsilon in \(0, inf\), got 0"),
    ],
)
def test_settings_out_of_range_are_refused(make, message):
    with pytest.raises(nl.ConfigError, match=message):
        make()
