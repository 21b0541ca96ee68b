"""Networks: one flat vector, names, weights, prediction."""

import copy
import json
import pickle

import numpy as np
import pytest

import netlib as nl
from netlib.files.model_file import description


def network(**settings: int) -> nl.Sequential:
    net = nl.Sequential(
        nl.Conv2d(3, 3), nl.ReLU(), nl.MaxPool2d(), nl.Flatten(), nl.Dropout(0.3), nl.Dense(4)
    )
    net.build((6, 6, 2), np.random.default_rng(0), **settings)
    return net


def test_all_parameters_are_views_into_one_vector():
    net = network()
    net.parameters[...] = np.arange(net.n_parameters)
    flat = np.concatenate([param.ravel() for param in net.params.values()])
    np.testing.assert_array_equal(flat, net.parameters)
    assert net.layers[0].params["weight"] is net.params["0.weight"]
    assert net.n_parameters == 3 * 3 * 2 * 3 + 3 + 27 * 4 + 4


def test_a_backward_pass_fills_the_vector_of_gradients(draw, rng):
    net = network()
    _, backward = net.forward(draw(2, 6, 6, 2), train=True, rng=rng)
    backward(draw(2, 4))
    flat = np.concatenate(
        [net.layers[i].grads[k].ravel() for i in (0, 5) for k in ("weight", "bias")]
    )
    np.testing.assert_array_equal(flat, net.gradients)
    assert net.gradients.any()


def test_nested_networks_are_taken_apart():
    inner = nl.Sequential(nl.Dense(3), nl.ReLU())
    net = nl.Sequential(inner, nl.Dense(2))
    assert [type(layer).__name__ for layer in net.layers] == ["Dense", "ReLU", "Dense"]


def test_pooling_before_relu_is_the_same_to_the_last_bit(draw, rng):
    net = nl.Sequential(nl.Conv2d(3), nl.ReLU(), nl.MaxPool2d(), nl.Flatten(), nl.Dense(2))
    net.build((6, 6, 2), rng)
    x, dy = draw(4, 6, 6, 2), draw(4, 2)
    y, backward = net.forward(x, train=False)
    results = [y.copy(), backward(dy).copy(), net.gradients.copy()]
    backwards = []
    for layer in net.layers:  # one by one, as they are written
        x, backward = layer.forward(x, train=False)
        backwards.append(backward)
    y = x.copy()
    for backward in reversed(backwards):
        dy = backward(dy)
    for one, other in zip((y, dy, net.gradients), results, strict=True):
        np.testing.assert_array_equal(one, other)


def test_layers_are_shown_as_they_were_written():
    net = network()
    assert [type(layer) for layer in net.layers[1:3]] == [nl.ReLU, nl.MaxPool2d]
    assert "ReLU(), MaxPool2d(" in repr(net)
    assert [layer.out_shape for layer in net.layers[1:3]] == [(6, 6, 3), (3, 3, 3)]
    text = nl.drawing(net)
    assert text.index("ReLU") < text.index("MaxPool2d")


def test_a_network_saved_with_pooling_before_relu_still_loads(tmp_path, draw):
    net = network()  # what netlib wrote when it kept layers in the order of execution
    other = nl.Sequential(*(net.layers[i] for i in (0, 2, 1, 3, 4, 5)))
    about = json.dumps(description(net) | {"layers": description(other)["layers"]})
    nl.save_weights(net.weights(), tmp_path / "old", about)
    loaded, x = nl.load_model(tmp_path / "old"), draw(3, 6, 6, 2)
    assert [type(layer) for layer in loaded.layers[1:3]] == [nl.MaxPool2d, nl.ReLU]
    np.testing.assert_array_equal(loaded.predict(x), net.predict(x))


def test_the_description_is_short_and_the_repr_complete():
    assert network().describe() == "C3-P-FC4"
    expected = "Sequential(Flatten(), Dropout(probability=0.5), Dense(units=2))"
    assert repr(nl.Sequential(nl.Flatten(), nl.Dropout(0.5), nl.Dense(2))) == expected


def test_weights_are_copies_that_load_back():
    one, other = network(), network()
    weights = one.weights()
    assert sorted(weights) == ["0.bias", "0.weight", "5.bias", "5.weight"]
    other.parameters[...] = 0
    other.load(weights)
    np.testing.assert_array_equal(other.parameters, one.parameters)
    weights["0.weight"][...] = 9
    assert not (one.parameters == 9).any()


def test_weights_of_another_network_are_refused():
    net, weights = network(), network().weights()
    before = net.parameters.copy()
    with pytest.raises(
        nl.StateError, match=r"missing=\['5\.bias'\] and unknown=\['x'\]; build the"
    ):
        net.load({**{k: v for k, v in weights.items() if k != "5.bias"}, "x": weights["5.bias"]})
    wrong = {**weights, "5.bias": np.zeros(3, np.float32)}
    with pytest.raises(nl.StateError, match=r"expected 5\.bias of shape \(4,\), got \(3,\)"):
        net.load(wrong)
    np.testing.assert_array_equal(net.parameters, before)


def test_prediction_scales_grey_values_and_does_not_depend_on_the_batch_size(rng):
    net = network(dtype=np.float64)
    images = rng.integers(0, 256, (7, 6, 6, 2), dtype=np.uint8)
    expected = net.forward(images / 255, train=False)[0].copy()
    for batch_size in (1, 3, 7, 100):
        np.testing.assert_allclose(net.predict(images, batch_size), expected, rtol=1e-12)
    np.testing.assert_allclose(net.predict(images / 255), expected, rtol=1e-12)


def test_a_prediction_is_a_copy_that_later_passes_leave_alone(draw):
    net = network()
    first = net.predict(draw(3, 6, 6, 2))
    kept = first.copy()
    net.predict(draw(3, 6, 6, 2))
    net.forward(draw(3, 6, 6, 2), train=False)
    np.testing.assert_array_equal(first, kept)


def test_prediction_of_nothing_is_empty():
    assert network().predict(np.empty((0, 6, 6, 2), np.uint8)).shape == (0, 4)


def test_prediction_needs_a_positive_batch_size():
    with pytest.raises(nl.ConfigError, match=r"Sequential\.predict: expected batch_size to be"):
        network().predict(np.empty((0, 6, 6, 2), np.uint8), batch_size=0)


def test_the_gradient_of_the_images_can_be_switched_off_and_on(draw, rng):
    net = nl.Sequential(nl.Flatten(), nl.Dense(3), nl.Tanh(), nl.Dense(2))
    net.build((2, 2, 1), rng)
    x, dy = draw(3, 2, 2, 1), draw(3, 2)
    assert net.forward(x, train=False)[1](dy).shape == x.shape
    expected = net.gradients.copy()
    assert net.forward(x, train=False, input_gradient=False)[1](dy).size == 0
    np.testing.assert_array_equal(net.gradients, expected)
    assert net.forward(x, train=False)[1](dy).shape == x.shape


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_a_copied_network_still_has_one_vector(copied):
    net = copied(network())
    net.parameters[...] = 7
    assert all((param == 7).all() for layer in net.layers for param in layer.params.values())
    assert net.layers[0].grads["bias"] is net.grads["0.bias"]


def test_initial_weights_depend_on_the_rng_alone():
    net = network()
    np.testing.assert_array_equal(network().parameters, net.parameters)
    net.build((6, 6, 2), np.random.default_rng(1))
    assert (network().parameters != net.parameters).any()
