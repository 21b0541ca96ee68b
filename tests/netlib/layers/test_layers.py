"""Hand-computed values of single layers, and the settings they refuse."""

import numpy as np
import pytest

import netlib as nl
from netlib.convolution.geometry import Geometry


def built(layer: nl.Layer, *in_shape: int) -> nl.Layer:
    layer.build(in_shape, np.random.default_rng(0))
    return layer


def test_dense_multiplies_and_adds():
    layer = built(nl.Dense(2), 3)
    layer.params["weight"][...] = [[1, 2], [3, 4], [5, 6]]
    layer.params["bias"][...] = [10, 20]
    y, backward = layer.forward(np.float32([[1, 0, -1]]), train=False)
    assert y.tolist() == [[6, 16]]
    assert backward(np.float32([[1, -1]])).tolist() == [[-1, -1, -1]]
    assert layer.grads["weight"].tolist() == [[1, -1], [0, 0], [-1, 1]]
    assert layer.grads["bias"].tolist() == [1, -1]


@pytest.mark.parametrize(
    ("padding", "expected"),
    [
        ("valid", [[258, 294], [402, 438]]),
        (
            "same",
            [[73, 121, 154, 103], [171, 258, 294, 186], [279, 402, 438, 270], [139, 187, 202, 113]],
        ),
    ],
)
def test_conv2d_slides_arange_filters_over_arange_images(padding, expected):
    layer = built(nl.Conv2d(1, 3, padding), 4, 4, 1)
    layer.params["weight"][...] = np.arange(9).reshape(3, 3, 1, 1)
    x = np.arange(16, dtype=np.float32).reshape(1, 4, 4, 1)
    assert layer.forward(x, train=False)[0][0, :, :, 0].tolist() == expected


def test_conv2d_gradients_of_one_output_are_its_patch_and_the_filter():
    layer = built(nl.Conv2d(1, 3), 3, 3, 1)
    layer.params["weight"][...] = np.arange(9).reshape(3, 3, 1, 1)
    x = np.arange(9, dtype=np.float32).reshape(1, 3, 3, 1)
    dy = np.zeros_like(x)
    dy[0, 0, 0] = 1  # its patch is the image, one pixel down and right
    dx = layer.forward(x, train=False)[1](dy)
    assert layer.grads["weight"][:, :, 0, 0].tolist() == [[0, 0, 0], [0, 0, 1], [0, 3, 4]]
    assert layer.grads["bias"].tolist() == [1]
    assert dx[0, :, :, 0].tolist() == [[4, 5, 0], [7, 8, 0], [0, 0, 0]]


@pytest.mark.parametrize(
    ("kernel", "padding", "stride"),
    [(k, p, s) for k in (1, 2, 3, 5) for p in ("same", "valid") for s in (1, 2, 3)],
)
def test_conv2d_agrees_with_a_plain_loop(kernel, padding, stride, draw):
    layer = nl.Conv2d(3, kernel, padding, stride)
    rows, columns, _ = layer.build((7, 8, 2), np.random.default_rng(0), np.float64)
    x, weight = draw(2, 7, 8, 2, dtype=np.float64), layer.params["weight"]
    top, left = Geometry((7, 8, 2), 3, kernel, padding, stride).before
    framed = np.pad(x, ((0, 0), (top, kernel), (left, kernel), (0, 0)))
    expected = np.empty((2, rows, columns, 3))
    for i in range(rows):
        for j in range(columns):
            patch = framed[:, i * stride :, j * stride :][:, :kernel, :kernel]
            expected[:, i, j] = np.einsum("nabc,abcf->nf", patch, weight)
    np.testing.assert_allclose(layer.forward(x, train=False)[0], expected, rtol=0, atol=1e-12)


def test_the_order_of_axes_in_memory_changes_not_a_bit(draw):
    x = draw(4, 6, 6, 2)
    turned = np.ascontiguousarray(x.transpose(1, 0, 2, 3)).transpose(1, 0, 2, 3)
    for layer in (nl.ReLU(), nl.MaxPool2d(), nl.MaxPool2d(3, 1), nl.AveragePool2d(), nl.Conv2d(3)):
        built(layer, 6, 6, 2)
        y, backward = layer.forward(x, train=False)
        dy = draw(*y.shape)
        expected = [y.copy(), backward(dy).copy()]
        y, backward = layer.forward(turned, train=False)
        for one, other in zip((y, backward(dy)), expected, strict=True):
            np.testing.assert_array_equal(one, other)


def test_maxpool2d_keeps_the_largest_of_each_window_and_drops_the_rest():
    x = np.float32([[1, 2, 0, 5, 9], [4, 3, 6, 5, 9], [9, 9, 9, 9, 9]]).reshape(1, 3, 5, 1)
    y, backward = built(nl.MaxPool2d(2), 3, 5, 1).forward(x, train=False)
    assert y[0, :, :, 0].tolist() == [[4, 6]]
    dx = backward(np.float32([7, 8]).reshape(1, 1, 2, 1))
    assert dx[0, :, :, 0].tolist() == [[0, 0, 0, 0, 0], [7, 0, 8, 0, 0], [0, 0, 0, 0, 0]]


def test_maxpool2d_gives_the_gradient_of_a_tie_to_the_first_maximum():
    x = np.float32([[1, 3], [3, 3]]).reshape(1, 2, 2, 1)
    _, backward = built(nl.MaxPool2d(2), 2, 2, 1).forward(x, train=False)
    assert backward(np.ones((1, 1, 1, 1), np.float32)).ravel().tolist() == [0, 1, 0, 0]


def test_maxpool2d_adds_up_gradients_where_windows_overlap():
    x = np.float32([[0, 5, 0]] * 2).reshape(1, 2, 3, 1)
    _, backward = built(nl.MaxPool2d(2, stride=1), 2, 3, 1).forward(x, train=False)
    dx = backward(np.float32([1, 2]).reshape(1, 1, 2, 1))
    assert dx[0, :, :, 0].tolist() == [[0, 3, 0], [0, 0, 0]]


def test_averagepool2d_takes_the_mean_of_each_window_and_drops_the_rest():
    x = np.float32([[1, 2, 0, 5, 9], [4, 5, 6, 5, 9], [9, 9, 9, 9, 9]]).reshape(1, 3, 5, 1)
    y, backward = built(nl.AveragePool2d(2), 3, 5, 1).forward(x, train=False)
    assert y[0, :, :, 0].tolist() == [[3, 4]]
    dx = backward(np.float32([8, 4]).reshape(1, 1, 2, 1))
    assert dx[0, :, :, 0].tolist() == [[2, 2, 1, 1, 0], [2, 2, 1, 1, 0], [0, 0, 0, 0, 0]]


def test_averagepool2d_adds_up_gradients_where_windows_overlap():
    x = np.zeros((1, 2, 3, 1), np.float32)
    _, backward = built(nl.AveragePool2d(2, stride=1), 2, 3, 1).forward(x, train=False)
    dx = backward(np.float32([4, 8]).reshape(1, 1, 2, 1))
    assert dx[0, :, :, 0].tolist() == [[1, 3, 2], [1, 3, 2]]


def test_globalaveragepool2d_takes_the_mean_of_each_channel():
    x = np.float32([[[1, 10], [2, 20]], [[3, 30], [6, 60]]])[None]
    y, backward = built(nl.GlobalAveragePool2d(), 2, 2, 2).forward(x, train=False)
    assert y.tolist() == [[3, 30]]
    assert backward(np.float32([[4, 8]])).tolist() == [[[[1, 2]] * 2] * 2]


def test_leakyrelu_shrinks_what_is_negative():
    y, backward = built(nl.LeakyReLU(0.5), 3).forward(np.float32([[-2, 0, 2]]), train=False)
    assert y.tolist() == [[-1, 0, 2]]
    assert backward(np.float32([[4, 4, 4]])).tolist() == [[2, 2, 4]]


def test_relu_has_no_gradient_at_zero():
    y, backward = built(nl.ReLU(), 3).forward(np.float32([[-1, 0, 2]]), train=False)
    assert y.tolist() == [[0, 0, 2]]
    assert backward(np.ones((1, 3), np.float32)).tolist() == [[0, 0, 1]]


def test_sigmoid_survives_extreme_inputs():
    y, _ = built(nl.Sigmoid(), 3).forward(np.float32([[-1e30, 0, 1e30]]), train=False)
    assert y.tolist() == [[0, 0.5, 1]]


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
def test_dropout_zeroes_the_promised_share_and_keeps_the_mean(probability, rng):
    ones = np.ones((1, 200_000), np.float32)
    y, backward = built(nl.Dropout(probability), 200_000).forward(ones, train=True, rng=rng)
    assert np.mean(y == 0) == pytest.approx(probability, abs=0.005)
    assert y.max() == pytest.approx(1 / (1 - probability), rel=1e-3)
    np.testing.assert_array_equal(backward(ones), y)


def test_dropout_works_with_a_generator_of_32_bit_numbers():
    rng, ones = np.random.Generator(np.random.MT19937(1)), np.ones((1, 100_000), np.float32)
    y, _ = built(nl.Dropout(0.5), 100_000).forward(ones, train=True, rng=rng)
    assert np.mean(y == 0) == pytest.approx(0.5, abs=0.01)


def test_counts_may_be_numpy_integers():
    assert built(nl.Dense(np.int64(2)), 3).out_shape == (2,)


def test_dropout_changes_nothing_in_evaluation(draw):
    x = draw(3, 50)
    assert built(nl.Dropout(0.5), 50).forward(x, train=False)[0] is x


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nl.Dense(0), r"Dense: expected units to be an integer >= 1, got 0; pass"),
        (lambda: nl.Dense(2.0), r"Dense: expected units to be an integer >= 1, got 2\.0"),
        (lambda: nl.Conv2d(0), r"Conv2d: expected filters to be an integer >= 1, got 0"),
        (lambda: nl.Conv2d(1, 0), r"Conv2d: expected kernel to be an integer >= 1, got 0"),
        (lambda: nl.Conv2d(1, stride=True), r"expected stride to be an integer >= 1, got True"),
        (lambda: nl.Conv2d(1, 3, "full"), r"expected padding 'same' or 'valid', got 'full'"),
        (lambda: nl.MaxPool2d(0), r"MaxPool2d: expected size to be an integer >= 1, got 0"),
        (lambda: nl.MaxPool2d(2, 0), r"MaxPool2d: expected stride to be an integer >= 1, got 0"),
        (lambda: nl.AveragePool2d(0), r"AveragePool2d: expected size to be an integer >= 1"),
        (lambda: nl.AveragePool2d(2, 0), r"AveragePool2d: expected stride to be an integer"),
        (lambda: nl.LeakyReLU(1), r"LeakyReLU: expected slope in \[0, 1\), got 1; choose"),
        (lambda: nl.Dropout(1), r"Dropout: expected probability in \[0, 1\), got 1; choose"),
        (lambda: nl.Dropout(-0.1), r"Dropout: expected probability in \[0, 1\), got -0\.1"),
        (lambda: nl.Dropout(float("nan")), r"expected probability in \[0, 1\), got nan"),
        (lambda: nl.Dropout("0.5"), r"expected probability in \[0, 1\), got '0\.5'"),
        (lambda: nl.uniform(0), r"uniform: expected limit in \(0, inf\), got 0"),
        (lambda: nl.Sequential(), r"Sequential: expected one or more different layers, got \[\]"),
        (lambda: nl.Sequential(*[nl.ReLU()] * 2), r"expected one or more different layers"),
    ],
)
def test_settings_out_of_range_are_refused(make, message):
    with pytest.raises(nl.ConfigError, match=message):
        make()


@pytest.mark.parametrize(
    ("layer", "in_shape", "message"),
    [
        (nl.Dense(3), (4, 4, 1), r"Dense\(units=3\): expected .* \(D,\), got \(4, 4, 1\); put Fl"),
        (nl.Conv2d(3), (4, 4), r"Conv2d\(.*: expected inputs of shape \(H, W, C\).*got \(4, 4\)"),
        (nl.Conv2d(3, 5, "valid"), (4, 6, 1), r"with H, W >= 5, got \(4, 6, 1\)"),
        (nl.MaxPool2d(3), (2, 5, 1), r"MaxPool2d\(.*with H, W >= 3, got \(2, 5, 1\); use fewer"),
        (nl.AveragePool2d(3), (2, 5, 1), r"AveragePool2d\(.*with H, W >= 3, got \(2, 5, 1\)"),
        (nl.GlobalAveragePool2d(), (5,), r"GlobalAv.*: expected inputs of shape \(H, W, C\), got"),
        (nl.MaxPool2d(), (5,), r"expected inputs of shape \(H, W, C\) with H, W >= 2, got \(5,\)"),
    ],
)
def test_impossible_inputs_are_refused_at_build(layer, in_shape, message, rng):
    with pytest.raises(nl.ShapeError, match=message):
        layer.build(in_shape, rng)
    assert not layer.built
