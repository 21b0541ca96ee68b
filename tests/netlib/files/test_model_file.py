"""Networks in files: the same again, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import netlib as nl
from netlib.files.model_file import description
from tests.netlib.cases import every_layer
from tests.netlib.files.exported import any_network


class Odd(nl.Dropout):
    """A layer that is not netlib's."""


@every_layer
def test_a_network_comes_back_to_the_same_bits(
    make: Callable[[], nl.Layer],
    in_shape: nl.Shape,
    out_shape: nl.Shape,
    tmp_path: Path,
    draw: Callable[..., nl.Array],
) -> None:
    network = any_network(make(), in_shape)
    nl.save_model(network, tmp_path / "model.safetensors")
    loaded = nl.load_model(tmp_path / "model.safetensors")
    assert repr(loaded) == repr(network)
    x = draw(3, *in_shape)
    np.testing.assert_array_equal(loaded.predict(x), network.predict(x))


def test_settings_of_numpys_types_and_float64_networks_come_back(
    tmp_path: Path, rng: np.random.Generator, draw: Callable[..., nl.Array]
) -> None:
    network = nl.Sequential(nl.Dropout(np.float32(0.25)), nl.Dense(np.int64(2)))  # type: ignore[arg-type]
    network.build((3,), rng, np.float64)
    nl.save_model(network, tmp_path / "model")
    loaded = nl.load_model(tmp_path / "model")
    assert repr(loaded) == "Sequential(Dropout(probability=0.25), Dense(units=2))"
    x = draw(3, 3, dtype=np.float64)
    np.testing.assert_array_equal(loaded.predict(x), network.predict(x), strict=True)


def test_a_state_of_fit_describes_its_network(toy: nl.Dataset, tmp_path: Path) -> None:
    network = nl.Sequential(nl.Flatten(), Odd(0.1), nl.Dense(3))
    recipe = nl.Recipe(nl.SGD(), nl.constant(0.1), epochs=1, batch_size=30)
    (epoch,) = nl.fit(network, recipe, toy, seed=0)
    assert json.loads(json.dumps(epoch.state["model"])) == description(network)
    older = {name: value for name, value in epoch.state.items() if name != "model"}
    assert list(nl.fit(network, recipe, toy, seed=0, state=older)) == []


def test_weights_alone_are_refused(tmp_path: Path, draw: Callable[..., nl.Array]) -> None:
    nl.save_weights({"0.weight": draw(3)}, tmp_path / "weights")
    with pytest.raises(nl.DataError, match="weights: expected a network and its weights, got onl"):
        nl.load_model(tmp_path / "weights")


def test_a_layer_that_is_not_netlibs_is_refused_by_name(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    network = nl.Sequential(nl.Dense(3), Odd(0.5))
    network.build((2,), rng)
    nl.save_model(network, tmp_path / "model")
    with pytest.raises(nl.DataError, match="model: expected layers of netlib, got Odd; build this"):
        nl.load_model(tmp_path / "model")


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        "not JSON",
        '{"in_shape": [2], "dtype": "float32", "layers": [["Dense", {"width": 3}]]}',
        '{"in_shape": [2], "dtype": "float31", "layers": [["Dense", {"units": 3}]]}',
        '{"in_shape": 2, "dtype": "float32", "layers": [["Dense", {"units": 3}]]}',
    ],
)
def test_a_header_that_is_not_this_versions_is_refused(
    text: str, tmp_path: Path, draw: Callable[..., nl.Array]
) -> None:
    nl.save_weights({"0.weight": draw(3)}, tmp_path / "model", text)
    with pytest.raises(nl.DataError, match="expected a network of this version of netlib, got"):
        nl.load_model(tmp_path / "model")


def test_a_header_of_another_network_is_refused(
    tmp_path: Path, rng: np.random.Generator, draw: Callable[..., nl.Array]
) -> None:
    network = nl.Sequential(nl.Dense(3))
    network.build((2,), rng)
    text = json.dumps(description(network))
    nl.save_weights({"0.weight": draw(2, 4), "0.bias": draw(4)}, tmp_path / "model", text)
    with pytest.raises(nl.StateError, match=r"expected 0.weight of shape \(2, 3\), got \(2, 4\)"):
        nl.load_model(tmp_path / "model")
