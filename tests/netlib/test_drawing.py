import xml.etree.ElementTree as ET

import numpy as np
import pytest

import netlib as nl
from netlib.data.digit_images import read_picture


def test_every_layer_is_drawn_with_its_settings_and_size(rng):
    network = nl.Sequential(
        nl.Conv2d(4, 3, stride=2, bias=False), nl.ReLU(), nl.Dropout(1 / 3), nl.Flatten(),
        nl.Dense(10, weight_init=nl.glorot_uniform),
    )  # fmt: skip
    network.build((28, 28, 1), rng)
    words = "\n".join(ET.fromstring(nl.drawing(network)).itertext())
    for part in (
        "Conv2d(4, stride=2, bias=False)",
        "14 x 14 x 4, 36 weights",
        "ReLU()",
        "Dropout(0.3333)",
        "Dense(10, weight_init=glorot_uniform)",
        "10, 7,850 weights",
    ):
        assert part in words


def test_a_network_of_dense_layers_is_drawn(rng):
    network = nl.Sequential(nl.Dense(3))
    network.build((5,), rng)
    assert "3, 18 weights" in nl.drawing(network)


def test_a_network_that_is_not_built_is_refused():
    with pytest.raises(nl.NotBuiltError, match="expected a built network"):
        nl.drawing(nl.Sequential(nl.Dense(3)))


def test_confusion_counts_rows_by_label():
    labels, answers = np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, 0, 2])
    assert nl.confusion(labels, answers, 3).tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 1]]


def test_confusion_needs_an_answer_to_each_label():
    with pytest.raises(nl.ShapeError, match="expected an answer to each of 2 labels"):
        nl.confusion(np.array([0, 1]), np.array([0]), 2)


def test_an_image_survives_its_png(tmp_path):
    image = nl.mnist("test").images[0]
    path = tmp_path / "digit.png"
    path.write_bytes(nl.png(image))
    assert (read_picture(path, (28, 28, 1)) == image).all()
