"""The one list of layers: `import netlib`, model files and exports read it.

To add a layer, write a file like `tanh.py`, put the layer on this list, and give it a row in
`tests/netlib/cases.py`. The tables in `netlib/files` that translate layers for ONNX and PyTorch are
a second step; until then export refuses the layer by its name.
"""

from netlib.layers.averagepool2d import AveragePool2d, GlobalAveragePool2d
from netlib.layers.batchnorm import BatchNorm
from netlib.layers.conv2d import Conv2d
from netlib.layers.dense import Dense
from netlib.layers.dropout import Dropout
from netlib.layers.flatten import Flatten
from netlib.layers.leakyrelu import LeakyReLU
from netlib.layers.maxpool2d import MaxPool2d
from netlib.layers.relu import ReLU
from netlib.layers.sigmoid import Sigmoid
from netlib.layers.tanh import Tanh

__all__ = [
    "AveragePool2d",
    "BatchNorm",
    "Conv2d",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalAveragePool2d",
    "LeakyReLU",
    "MaxPool2d",
    "ReLU",
    "Sigmoid",
    "Tanh",
]
