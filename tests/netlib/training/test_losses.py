"""Losses: hand-computed values, gradients, refusals."""

from functools import partial

import numpy as np
import pytest

import netlib as nl

smoothed_cross_entropy = partial(nl.softmax_cross_entropy, smoothing=0.2)

LOSSES = {
    "cross-entropy": nl.softmax_cross_entropy,
    "smoothed": smoothed_cross_entropy,
    "squared error": nl.mean_squared_error,
}

every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


def test_every_public_loss_is_in_the_table():
    public = {
        name for name in nl.__all__ if getattr(nl, name).__module__ == "netlib.training.losses"
    }
    tested = {loss.__name__ for loss in LOSSES.values() if not isinstance(loss, partial)}
    assert public - {"Loss", "softmax"} == tested


def test_cross_entropy_of_equal_logits_is_the_log_of_their_number():
    loss, dlogits = nl.softmax_cross_entropy(np.zeros((2, 4), np.float32), np.array([0, 3]))
    assert loss == pytest.approx(np.log(4))
    assert dlogits.tolist() == [[-0.375, 0.125, 0.125, 0.125], [0.125, 0.125, 0.125, -0.375]]


def test_cross_entropy_survives_huge_logits():
    loss, dlogits = nl.softmax_cross_entropy(np.float32([[1e4, 0], [0, -1e4]]), np.array([1, 0]))
    assert loss == 5000
    assert dlogits.tolist() == [[0.5, -0.5], [0, 0]]


def test_smoothing_moves_the_target_towards_equal_shares():
    logits = np.log(np.float32([[0.4, 0.2, 0.2, 0.2]]))
    loss, dlogits = nl.softmax_cross_entropy(logits, np.array([0]), smoothing=0.4)
    assert loss == pytest.approx(-0.7 * np.log(0.4) - 0.3 * np.log(0.2))
    np.testing.assert_allclose(dlogits, [[-0.3, 0.1, 0.1, 0.1]], rtol=1e-5)


def test_squared_error_by_hand():
    loss, doutputs = nl.mean_squared_error(np.float32([[0.5, 0.5], [1, -1]]), np.array([0, 1]))
    assert loss == (0.25 + 0.25 + 1 + 4) / 4
    assert doutputs.tolist() == [[-0.25, 0.25], [0.5, -1]]


@every_loss
def test_the_gradient_agrees_with_finite_differences(loss, draw, rng):
    outputs, labels = draw(5, 4, dtype=np.float64).copy(), np.array([0, 3, 1, 1, 2])
    gradient = loss(outputs, labels)[1]
    error = nl.directional_error(lambda: loss(outputs, labels)[0], outputs, gradient, rng)
    assert error < 1e-7


@every_loss
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_gradient_keeps_the_dtype_and_the_outputs_are_not_modified(loss, dtype, draw):
    outputs = draw(5, 4, dtype=dtype)  # read-only
    value, gradient = loss(outputs, np.array([0, 3, 1, 1, 2], np.uint8))
    assert type(value) is float
    assert gradient.dtype == dtype


@every_loss
@pytest.mark.parametrize("labels", [np.zeros(4, int), np.zeros((5, 1), int)])
def test_labels_that_do_not_fit_are_refused(loss, labels, draw):
    with pytest.raises(nl.ShapeError, match=r"expected outputs \(N, U\) and labels \(N,\), got"):
        loss(draw(5, 4), labels)
