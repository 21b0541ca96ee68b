"""Networks as PyTorch modules: a Python file, and a file with the weights."""

from collections.abc import Callable
from typing import Any

from netlib import layers
from netlib.arrays import Weights
from netlib.files.channels_first import channels_first, shape_of
from netlib.layers.layer import Layer
from netlib.layers.pool2d import Pool2d
from netlib.layers.sequential import Sequential

TEMPLATE = '''\
"""{title} as a PyTorch module.

Images ({images}) float32 in [0, 1] become outputs ({outputs}). The weights are in the
.safetensors file of the same name. Written by netlib.
"""

from pathlib import Path

from safetensors.torch import load_file
from torch import nn


class Network(nn.Sequential):
    """The comments are the output shapes of the layers, without the batch axis."""

    def __init__(self) -> None:
        super().__init__(
            {layers}
        )


def load(weights: Path = Path(__file__).with_suffix(".safetensors")) -> Network:
    """Return the network with its weights, ready to predict."""
    network = Network()
    network.load_state_dict(load_file(weights))
    return network.eval()
'''


def _convolution(layer: layers.Conv2d) -> list[str]:
    (top, left), (below, right) = layer.geometry.before, layer.geometry.after
    is_even = (top, left) == (below, right)
    text = f"nn.Conv2d({layer.in_shape[2]}, {layer.filters}, kernel_size={layer.kernel}"
    text += f", stride={layer.stride}" if layer.stride > 1 else ""
    text += f", padding={top if top == left else (top, left)}" if is_even and top + left else ""
    text += "" if layer.bias else ", bias=False"
    frame = [] if is_even else [f"nn.ZeroPad2d(({left}, {right}, {top}, {below}))"]
    return [*frame, f"{text})"]


def _pooling(name: str) -> Callable[[Pool2d], list[str]]:
    def lines(layer: Pool2d) -> list[str]:
        stride = layer.stride or layer.size
        return [f"nn.{name}({layer.size}{f', stride={stride}' if stride != layer.size else ''})"]

    return lines


def _batchnorm(layer: layers.BatchNorm) -> list[str]:
    axes, momentum = len(layer.in_shape) // 2 + 1, round(1 - layer.momentum, 12)
    channels = layer.in_shape[-1]
    return [f"nn.BatchNorm{axes}d({channels}, eps={layer.epsilon}, momentum={momentum})"]


MODULES: dict[type[Layer], Callable[[Any], list[str]]] = {
    layers.AveragePool2d: _pooling("AvgPool2d"),
    layers.BatchNorm: _batchnorm,
    layers.Conv2d: _convolution,
    layers.Dense: lambda layer: [f"nn.Linear({layer.in_shape[0]}, {layer.units})"],
    layers.Dropout: lambda layer: [f"nn.Dropout({layer.probability})"],
    layers.Flatten: lambda _: ["nn.Flatten()"],
    layers.GlobalAveragePool2d: lambda _: ["nn.AdaptiveAvgPool2d(1)", "nn.Flatten()"],
    layers.LeakyReLU: lambda layer: [f"nn.LeakyReLU({layer.slope})"],
    layers.MaxPool2d: _pooling("MaxPool2d"),
    layers.ReLU: lambda _: ["nn.ReLU()"],
    layers.Sigmoid: lambda _: ["nn.Sigmoid()"],
    layers.Tanh: lambda _: ["nn.Tanh()"],
}
"""The lines that make each layer; the last of them has the weights."""


def torch_module(network: Sequential) -> tuple[str, Weights]:
    """Return the Python code of a network, and its weights under PyTorch's names.

    Args:
        network: Built. The module takes images (N, C, H, W) float32 in [0, 1].

    Raises:
        NotBuiltError: If the network has not been built.
        ConfigError: If a layer has no module, or see `channels_first`.
    """
    lines: list[str] = []
    weights: Weights = {}
    for layer, arrays in channels_first(network, MODULES):
        *first, last = MODULES[type(layer)](layer)
        lines += [f"{line}," for line in first]
        weights |= {f"{len(lines)}.{_name(name)}": values for name, values in arrays.items()}
        lines.append(f"{last},  # {shape_of(layer.out_shape)}")
    return TEMPLATE.format(
        title=network.describe() or "A network",
        images=", ".join(["N", *map(str, shape_of(network.in_shape))]),
        outputs=", ".join(["N", *map(str, shape_of(network.out_shape))]),
        layers="\n            ".join(lines),
    ), weights


def _name(name: str) -> str:
    return "running_var" if name == "running_variance" else name
