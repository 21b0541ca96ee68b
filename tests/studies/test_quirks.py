"""Each quirk does what it says, and nothing else than its netlib counterpart beside that."""

import math

import numpy as np
import pytest

import netlib as nl
from references import networks, quirks


def rng(seed=0):
    return np.random.default_rng(seed)


def test_adam_by_epoch_corrects_by_the_number_of_the_epoch():
    ours, values = quirks.AdamByEpoch(steps_per_epoch=3), rng().normal(size=5)
    expected, m, v = values.copy(), np.zeros(5), np.zeros(5)
    for step in range(8):
        gradient = rng(step).normal(size=5)
        ours.step(values, gradient, 0.1)
        epoch = step // 3 + 1
        m = 0.9 * m + 0.1 * gradient
        v = 0.999 * v + 0.001 * gradient**2
        m_hat, v_hat = m / (1 - 0.9**epoch), v / (1 - 0.999**epoch)
        expected -= 0.1 * m_hat / (np.sqrt(v_hat) + 1e-8)
        assert values == pytest.approx(expected, rel=1e-6)


def test_adam_by_epoch_goes_on_from_a_state():
    parts = [quirks.AdamByEpoch(steps_per_epoch=2) for _ in range(2)]
    whole, values, other = quirks.AdamByEpoch(steps_per_epoch=2), np.ones(3), np.ones(3)
    for step in range(5):
        if step == 3:
            parts[1].restore(parts[0].state())
        parts[step >= 3].step(values, rng(step).normal(size=3), 0.1)
        whole.step(other, rng(step).normal(size=3), 0.1)
    assert (values == other).all()


def test_a_dense_layer_that_steps_first_passes_gradients_through_its_new_weights():
    layer = quirks.UpdatedFirstDense(4, learning_rate=0.5)
    layer.build((3,), rng(), np.float64)
    x, dy = rng(1).normal(size=(5, 3)), rng(2).normal(size=(5, 4))
    _, backward = layer.forward(x, train=True, rng=rng())
    dx = backward(dy)
    assert layer.grads["weight"] == pytest.approx(x.T @ dy)
    assert layer.grads["bias"] == pytest.approx(dy.sum(axis=0))
    assert dx == pytest.approx(dy @ (layer.params["weight"] - 0.5 * (x.T @ dy)).T)
    _, backward = layer.forward(x, train=True, rng=rng(), input_gradient=False)
    assert backward(dy).size == 0


def test_such_a_layer_without_a_learning_rate_is_a_dense_layer():
    layer = quirks.UpdatedFirstDense(4)
    layer.build((3,), rng(), np.float64)
    assert max(nl.gradient_errors(layer, rng(1).normal(size=(5, 3))).values()) < 1e-6


def test_unscaled_dropout_scales_forward_alone():
    layer = quirks.UnscaledDropout(0.25)
    layer.build((400,), rng(), np.float64)
    ones = np.ones((2, 400))
    y, backward = layer.forward(ones, train=True, rng=rng())
    assert set(np.unique(y)) == {0.0, 4 / 3}
    assert backward(ones) == pytest.approx((y > 0).astype(float))
    y, backward = layer.forward(ones, train=False)
    assert (y == 1).all()
    assert (backward(np.ones((2, 400))) == 1).all()


def test_image_fan_in_counts_the_whole_image():
    layer = quirks.ImageFanInConv2d(64, 5)
    layer.build((14, 14, 16), rng())
    assert layer.params["weight"].std() == pytest.approx(math.sqrt(2 / (14 * 14 * 16)), rel=0.02)
    assert not layer.params["bias"].any()


def watched(losses, **settings):
    """Feeds losses until the stopping is exhausted; returns it, its memory and the last epoch."""
    stopping = quirks.WindowedStopping("train_loss", 3, 0.1, **settings)
    memory = stopping.start()
    for number, loss in enumerate(losses, start=1):
        weights = {"w": np.array([number])}
        memory = stopping.update(memory, number, {"train_loss": loss}, weights)
        if stopping.exhausted(memory):
            break
    return memory, number, stopping.exhausted(memory)


@pytest.mark.parametrize(
    ("losses", "last", "restored"),
    [
        ([3, 2, 1, 1.05, 0.95, 0.1], 5, 5),  # 1 <= 1.1 * 0.95: over, though it still went down
        ([3, 2, 1, 2, 1.5, 0.1], 5, 3),
        ([1, 1, 1, 0.1], 3, 1),  # the first of equals
        ([0.9, 5, 0.5, 0.6, 0.56, 0.1], 5, 3),
    ],
)
def test_windowed_stopping_looks_at_the_last_epochs_alone(losses, last, restored):
    memory, number, exhausted = watched(losses)
    assert (number, exhausted) == (last, True)
    assert memory["best"]["epoch"] == restored
    assert memory["best"]["weights"]["w"] == [restored]


def test_at_the_cap_it_may_restore_nothing():
    assert watched([9, 1, 2])[0]["best"]["epoch"] == 2
    assert watched([9, 1, 2], cap=3)[0]["best"]["epoch"] == 3
    assert watched([9, 1, 2], cap=4)[0]["best"]["epoch"] == 2
    assert watched([1, 2, 3], cap=3)[0]["best"]["epoch"] == 1


def test_late_halving_is_the_published_row_of_learning_rates():
    rate = quirks.late_halving(5e-3, late_every=3)
    found = [rate(epoch) for epoch in range(34)]
    assert found[:5] == pytest.approx([1e-3, 2e-3, 3e-3, 4e-3, 5e-3])
    expected = [5e-3] * 5 + [2.5e-3] * 5 + [1.25e-3] * 5 + [6.25e-4]
    expected += [3.125e-4] * 3 + [1.5625e-4] * 3 + [7.8125e-5] * 3 + [3.90625e-5] * 3
    assert found[5:] == pytest.approx([*expected, 1.953125e-5])


def test_zoom_by_one_changes_nothing_and_by_less_leaves_a_frame_of_zeros():
    same, smaller = quirks.zoom_matrices(np.array([1.0, 0.83]))
    assert (same == np.eye(28)).all()
    assert not smaller[[0, 1, 25, 26, 27]].any()  # int(28 * 0.83) = 23 rows remain
    assert smaller[2:25].sum(axis=1) == pytest.approx(1)
    assert smaller[2, 0] == pytest.approx(1 - (0.5 * 28 / 23 - 0.5))


def test_zoom_by_more_takes_whole_pixels_from_the_middle():
    larger = quirks.zoom_matrices(np.array([1.2]))[0]
    assert larger.sum(axis=1) == pytest.approx(1)
    assert larger.any(axis=0).tolist() == [1 <= row < 25 for row in range(28)]
    assert larger[0, 1] == 1  # pixels beyond the cut are those at its edge


def moved(image, degrees, down, right):
    sources = quirks.rotated_and_shifted(np.radians([degrees]), np.array([[down], [right]]))
    return nl.interpolate(image[None, ..., None], *sources)[0, ..., 0]


def test_shifts_are_of_whole_pixels_and_lose_what_leaves_the_image():
    image = rng().uniform(1, 2, (28, 28))
    shifted = moved(image, 0, 2, -3)
    assert shifted[2:, :-3] == pytest.approx(image[:-2, 3:])
    assert not shifted[:2].any()
    assert not shifted[:, -3:].any()


def test_rotation_is_around_14_14():
    image = np.zeros((28, 28))
    image[14, 20] = 1
    turned = moved(image, 90, 0, 0)
    assert np.argwhere(turned > 0.99).tolist() in ([[8, 14]], [[20, 14]])
    assert not moved(np.ones((28, 28)), 90, 0, 0)[0].all()  # half a pixel off the centre


def test_one_coin_falls_for_a_whole_batch():
    images = rng().uniform(0, 1, (16, 28, 28, 1)).astype(np.float32)
    augment, source = quirks.BatchAugmentation(0.5), rng(3)
    n_changed = [(augment(images, source) != images).any(axis=(1, 2, 3)).sum() for _ in range(40)]
    assert set(n_changed) == {0, 16}
    assert 10 <= n_changed.count(16) <= 30
    assert augment(images, rng(1)).dtype == np.float32


def test_architectures_in_short_become_networks():
    network = networks.sequential("C2-P-S-FC3-B-T-FC10", C=nl.Conv2d, FC=nl.Dense)
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds == [
        *("Conv2d", "MaxPool2d", "Sigmoid", "Flatten"),
        *("Dense", "BatchNorm", "Tanh", "Dense"),
    ]
    network.build((28, 28, 1), rng())
    assert network.out_shape == (10,)
