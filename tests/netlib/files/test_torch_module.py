"""Exported PyTorch modules answer as netlib does, and read as a person would write them."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import netlib as nl
from netlib.files.torch_module import MODULES
from tests.netlib.cases import every_layer_of
from tests.netlib.files.exported import (
    any_network,
    assert_close,
    assert_reads_mnist,
    channels_first,
)

torch = pytest.importorskip("torch", reason="PyTorch is the oracle: pip install -e '.[bench]'")


def answers(path: Path, x: nl.Array) -> nl.Array:
    spec = importlib.util.spec_from_file_location("net", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with torch.no_grad():
        outputs: nl.Array = module.load()(torch.tensor(channels_first(x))).numpy()
    return outputs


@every_layer_of(MODULES)
def test_the_module_computes_what_the_layer_does(
    make: Callable[[], nl.Layer],
    in_shape: nl.Shape,
    out_shape: nl.Shape,
    tmp_path: Path,
    draw: Callable[..., nl.Array],
) -> None:
    network, x = any_network(make(), in_shape), draw(3, *in_shape)
    written = nl.export_model(network, tmp_path / "net.py")
    assert written == [tmp_path / "net.py", tmp_path / "net.safetensors"]
    assert_close(answers(tmp_path / "net.py", x), network.predict(x))


def test_the_module_reads_all_test_images_of_mnist_as_the_network_does(
    trained: nl.Sequential, tmp_path: Path
) -> None:
    assert_reads_mnist(trained, tmp_path / "net.py", answers)


def test_both_files_can_be_renamed_together(trained: nl.Sequential, tmp_path: Path) -> None:
    for path in nl.export_model(trained, tmp_path / "net.py"):
        path.rename(path.with_stem("my digits"))
    x = np.zeros((1, 28, 28, 1), np.float32)
    assert_close(answers(tmp_path / "my digits.py", x), trained.predict(x))


def test_its_layers_read_as_a_person_would_write_them(
    trained: nl.Sequential, tmp_path: Path
) -> None:
    nl.export_model(trained, tmp_path / "net.py")
    text = (tmp_path / "net.py").read_text()
    lines = text[text.index("super().__init__(") :].splitlines()[1:10]
    assert [line.strip() for line in lines] == [
        "nn.Conv2d(1, 8, kernel_size=5, padding=2, bias=False),  # (8, 28, 28)",
        "nn.BatchNorm2d(8, eps=1e-05, momentum=0.1),  # (8, 28, 28)",
        "nn.ReLU(),  # (8, 28, 28)",
        "nn.MaxPool2d(2),  # (8, 14, 14)",
        "nn.Dropout(0.1),  # (8, 14, 14)",
        "nn.Conv2d(8, 12, kernel_size=5, padding=2),  # (12, 14, 14)",
        "nn.LeakyReLU(0.01),  # (12, 14, 14)",
        "nn.Conv2d(12, 8, kernel_size=4, stride=2, padding=1),  # (8, 7, 7)",
        "nn.AvgPool2d(3, stride=2),  # (8, 3, 3)",
    ]
