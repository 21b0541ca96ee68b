"""Networks in the ONNX format (https://onnx.ai)."""

from collections.abc import Callable, Iterator
from typing import Any

import onnx
from onnx import TensorProto, helper, numpy_helper

from netlib import layers
from netlib.files.channels_first import channels_first, shape_of
from netlib.layers.layer import Layer
from netlib.layers.pool2d import Pool2d
from netlib.layers.sequential import Sequential

OPSET, IR_VERSION = 17, 8
"""Versions of 2022: newer runtimes understand them, and they have all operators used here."""

Operator = tuple[str, dict[str, Any]]
"""Name and attributes of an operator; its further inputs are the layer's arrays, in their order."""


def _window(layer: Pool2d) -> dict[str, Any]:
    return {"kernel_shape": [layer.size] * 2, "strides": [layer.stride or layer.size] * 2}


def _convolution(layer: layers.Conv2d) -> Operator:
    geometry = layer.geometry
    pads = [*geometry.before, *geometry.after]
    return "Conv", {"strides": [layer.stride] * 2, "pads": pads}


OPERATORS: dict[type[Layer], Callable[[Any], Operator]] = {
    layers.AveragePool2d: lambda layer: ("AveragePool", _window(layer)),
    layers.BatchNorm: lambda layer: ("BatchNormalization", {"epsilon": layer.epsilon}),
    layers.Conv2d: _convolution,
    layers.Dense: lambda _: ("Gemm", {"transB": 1}),
    layers.Dropout: lambda _: ("Identity", {}),
    layers.Flatten: lambda _: ("Flatten", {}),
    layers.GlobalAveragePool2d: lambda _: ("ReduceMean", {"axes": [2, 3], "keepdims": 0}),
    layers.LeakyReLU: lambda layer: ("LeakyRelu", {"alpha": layer.slope}),
    layers.MaxPool2d: lambda layer: ("MaxPool", _window(layer)),
    layers.ReLU: lambda _: ("Relu", {}),
    layers.Sigmoid: lambda _: ("Sigmoid", {}),
    layers.Tanh: lambda _: ("Tanh", {}),
}


def onnx_file(network: Sequential) -> bytes:
    """Return a network as an ONNX file: input `images`, output `outputs`, any batch size.

    Args:
        network: Built. The file takes images (N, C, H, W) float32 in [0, 1]; its outputs are those
            of `Sequential.predict`: logits, if the network was trained with cross-entropy.

    Raises:
        NotBuiltError: If the network has not been built.
        ConfigError: If a layer has no operator, or see `channels_first`.
    """
    steps = list(channels_first(network, OPERATORS))
    graph = helper.make_graph(
        list(_nodes([layer for layer, _ in steps])),
        network.describe() or "network",
        [_values("images", shape_of(network.in_shape))],
        [_values("outputs", shape_of(network.out_shape))],
        [
            numpy_helper.from_array(array, f"{i}.{name}")
            for i, (_, weights) in enumerate(steps)
            for name, array in weights.items()
        ],
        doc_string="Images are channels first, float32 in [0, 1].",
    )
    model = helper.make_model(
        graph,
        producer_name="netlib",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    onnx.checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _nodes(steps: list[Layer]) -> Iterator[onnx.NodeProto]:
    last = len(steps) - 1
    for i, layer in enumerate(steps):
        operator, attributes = OPERATORS[type(layer)](layer)
        before = f"{i - 1}.y" if i else "images"
        arrays = [f"{i}.{name}" for name in layer.params | layer.buffers]
        after = f"{i}.y" if i < last else "outputs"
        yield helper.make_node(operator, [before, *arrays], [after], name=str(i), **attributes)


def _values(name: str, shape: tuple[int, ...]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape])
