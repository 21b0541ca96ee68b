"""Neural networks in NumPy, written out by hand: forward, backward, training.

import netlib as nl

train, validation = nl.mnist("train").split(5000, seed=0)
network = nl.Sequential(
    nl.Conv2d(16, kernel=5), nl.ReLU(), nl.MaxPool2d(),
    nl.Flatten(), nl.Dropout(0.2), nl.Dense(10),
)
recipe = nl.Recipe(nl.Adam(), nl.constant(1e-3), epochs=3, batch_size=32)
for epoch in nl.fit(network, recipe, train, validation, seed=0):
    print(epoch.number, epoch.metrics)
digits = network.predict(validation.images).argmax(axis=1)
nl.save_model(network, "network.safetensors")

`predict` returns a fresh array. `network.forward` and the `backward` that it returns are faster:
they write to the same memory at every call, so copy their results if you need them later.
"""

from netlib import layers
from netlib.arrays import Array, Labels, Rng, Shape, Weights
from netlib.data.augmentation import Affine, Augmentation, Elastic, transform
from netlib.data.datasets import Dataset, idx_folder, mnist
from netlib.data.warping import interpolate
from netlib.drawing import drawing, png
from netlib.errors import (
    ConfigError,
    DataError,
    DataNotFoundError,
    NetlibError,
    NotBuiltError,
    ShapeError,
    StateError,
)
from netlib.files.export import export_model
from netlib.files.model_file import load_model, save_model
from netlib.files.weights_file import load_weights, save_weights
from netlib.gradcheck import directional_error, gradient_errors
from netlib.initializers import Initializer, glorot_uniform, he_normal, normal, uniform, zeros
from netlib.layers import *
from netlib.layers.layer import Backward, Layer, Mode
from netlib.layers.sequential import Sequential
from netlib.optimizers.adam import Adam
from netlib.optimizers.optimizer import Optimizer
from netlib.optimizers.sgd import SGD
from netlib.training.early_stopping import EarlyStopping
from netlib.training.evaluation import (
    View,
    confusion,
    evaluate,
    evaluate_together,
    mean_probabilities,
    unchanged,
)
from netlib.training.fit import fit
from netlib.training.losses import Loss, mean_squared_error, softmax, softmax_cross_entropy
from netlib.training.recipe import Epoch, Recipe, State
from netlib.training.schedules import (
    Schedule,
    constant,
    cosine,
    linear,
    step_halving,
    warmup_halving,
)

__all__ = [
    "SGD",
    "Adam",
    "Affine",
    "Array",
    "Augmentation",
    "Backward",
    "ConfigError",
    "DataError",
    "DataNotFoundError",
    "Dataset",
    "EarlyStopping",
    "Elastic",
    "Epoch",
    "Initializer",
    "Labels",
    "Layer",
    "Loss",
    "Mode",
    "NetlibError",
    "NotBuiltError",
    "Optimizer",
    "Recipe",
    "Rng",
    "Schedule",
    "Sequential",
    "Shape",
    "ShapeError",
    "State",
    "StateError",
    "View",
    "Weights",
    "confusion",
    "constant",
    "cosine",
    "directional_error",
    "drawing",
    "evaluate",
    "evaluate_together",
    "export_model",
    "fit",
    "glorot_uniform",
    "gradient_errors",
    "he_normal",
    "idx_folder",
    "interpolate",
    "linear",
    "load_model",
    "load_weights",
    "mean_probabilities",
    "mean_squared_error",
    "mnist",
    "normal",
    "png",
    "save_model",
    "save_weights",
    "softmax",
    "softmax_cross_entropy",
    "step_halving",
    "transform",
    "unchanged",
    "uniform",
    "warmup_halving",
    "zeros",
]

__all__ += layers.__all__
