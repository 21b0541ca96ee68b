"""Exported networks: ONNX files answer as netlib does; what cannot be exported is refused."""

import builtins
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

import netlib as nl
from netlib.files.onnx_file import OPERATORS
from tests.netlib.cases import every_layer_of
from tests.netlib.files.exported import (
    any_network,
    assert_close,
    assert_reads_mnist,
    channels_first,
)


class Odd(nl.ReLU):
    """A layer that is not netlib's."""


def answers(path: Path, x: nl.Array) -> nl.Array:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (outputs,) = session.run(["outputs"], {"images": channels_first(x)})
    return np.asarray(outputs)


@every_layer_of(OPERATORS)
def test_onnx_computes_what_the_layer_does(
    make: Callable[[], nl.Layer],
    in_shape: nl.Shape,
    out_shape: nl.Shape,
    tmp_path: Path,
    draw: Callable[..., nl.Array],
) -> None:
    network, x = any_network(make(), in_shape), draw(3, *in_shape)
    assert nl.export_model(network, tmp_path / "net.onnx") == [tmp_path / "net.onnx"]
    assert_close(answers(tmp_path / "net.onnx", x), network.predict(x))


def test_onnx_reads_all_test_images_of_mnist_as_the_network_does(
    trained: nl.Sequential, tmp_path: Path
) -> None:
    assert_reads_mnist(trained, tmp_path / "net.onnx", answers)


def test_an_onnx_file_is_the_same_bytes_each_time(trained: nl.Sequential, tmp_path: Path) -> None:
    for name in ("one.onnx", "other.onnx"):
        nl.export_model(trained, tmp_path / name)
    assert (tmp_path / "one.onnx").read_bytes() == (tmp_path / "other.onnx").read_bytes()


@pytest.mark.parametrize("suffix", [".onnx", ".py"])
def test_a_layer_without_a_translation_is_refused_by_name(
    suffix: str, tmp_path: Path, rng: np.random.Generator
) -> None:
    network = nl.Sequential(nl.Dense(3), Odd())
    network.build((2,), rng)
    with pytest.raises(nl.ConfigError, match=r"expected layers among AveragePool2d,.* got Odd\(\)"):
        nl.export_model(network, tmp_path / f"net{suffix}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".onnx", ".py"])
@pytest.mark.parametrize(
    ("network", "in_shape", "message"),
    [
        (nl.Sequential(nl.Flatten()), (4, 4, 2), r"expected Dense\(\) after Flatten\(\), got Seq"),
        (nl.Sequential(nl.ReLU()), (4, 4), r"for images \(H, W, C\) or .* got one for \(4, 4\)"),
    ],
)
def test_shapes_that_mean_something_else_elsewhere_are_refused(
    suffix: str, network: nl.Sequential, in_shape: nl.Shape, message: str, tmp_path: Path
) -> None:
    network.build(in_shape, np.random.default_rng(0))
    with pytest.raises(nl.ConfigError, match=message):
        nl.export_model(network, tmp_path / f"net{suffix}")


def test_a_new_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(nl.NotBuiltError, match="export: expected a built network, got a new one"):
        nl.export_model(nl.Sequential(nl.Dense(3)), tmp_path / "net.onnx")


def test_another_suffix_is_refused(trained: nl.Sequential, tmp_path: Path) -> None:
    with pytest.raises(nl.ConfigError, match=r"a name that ends in .onnx or .py, got '.h5'; choo"):
        nl.export_model(trained, tmp_path / "net.h5")


@pytest.mark.parametrize(
    ("name", "existing"),
    [("net.onnx", "net.onnx"), ("net.py", "net.py"), ("net.py", "net.safetensors")],
)
def test_no_file_is_written_over(
    name: str, existing: str, trained: nl.Sequential, tmp_path: Path
) -> None:
    (tmp_path / existing).write_text("mine")
    with pytest.raises(nl.ConfigError, match=rf"{existing}: expected a new file .* 'File exists'"):
        nl.export_model(trained, tmp_path / name)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {existing: "mine"}


def test_without_onnx_it_says_what_to_install(
    trained: nl.Sequential, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordinary = builtins.__import__

    def without_onnx(name: str, *arguments: Any) -> Any:
        if name == "netlib.files.onnx_file":
            raise ImportError("No module named 'onnx'")
        return ordinary(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", without_onnx)
    with pytest.raises(nl.ConfigError, match=r"expected the package onnx .* pip install onnx"):
        nl.export_model(trained, tmp_path / "net.onnx")
