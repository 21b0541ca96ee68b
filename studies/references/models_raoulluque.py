"""The models of RaoulLuque/ImageRecognitionFromScratch, each as a change to the one before."""

from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Config:
    """A model and how to train it. Quirks are marked, with the value without the quirk."""

    model: str
    repeat: int = 1
    layers: str  # C filters, P pooling, R ReLU, T tanh, D dropout, B batch norm, FC units
    loss: str  # "squared error" or "cross-entropy"
    optimizer: str  # "SGD" or "Adam"
    learning_rate: float
    halve_every: int = 0  # epochs between halvings, after a warm-up of five; 0 for a constant rate
    halve_every_late: int = 5  # the same after epoch 20
    warmup_to: float = 1.0  # quirk: 5 times the learning rate (1)
    batch_size: int
    epochs: int  # the most
    patience: int = 0  # epochs; 0 for no early stopping
    min_delta: float = 0.005  # relative improvement of the training loss that counts
    dropout: float = 0.0  # probability of zeroing an activation
    augmentation: float = 0.0  # probability that an image is zoomed, rotated and shifted
    images: int = 60_000  # quirk: the first 5,000 (60,000)
    order: str = "reshuffled"  # quirk: "that of the file" (reshuffled) in every epoch
    backward: str = "before update"  # quirk: gradients pass a layer "after update" (before update)
    adam_correction: str = "per step"  # quirk: "per epoch" (per step)
    dropout_gradient: str = "scaled"  # quirk: "unscaled" (scaled) in the backward pass
    conv_init: str = "he"  # quirk: he with "image fan-in" (he); or "glorot"
    dense_init: str = "he"  # quirk: "uniform" in -0.5..0.5, biases too (he); or "glorot"
    augmented: str = "image"  # quirk: all images of a "batch" or none, on whole pixels (image)
    stopping: str = "patience"  # quirk: "window", "window before the cap" (patience)


QUIRKS: dict[str, dict[object, object]] = {
    "warmup_to": {5.0: 1.0},
    "images": {5_000: 60_000},
    "order": {"that of the file": "reshuffled"},
    "backward": {"after update": "before update"},
    "adam_correction": {"per epoch": "per step"},
    "dropout_gradient": {"unscaled": "scaled"},
    "conv_init": {"image fan-in": "he"},
    "dense_init": {"uniform": "he"},
    "augmented": {"batch": "image"},
    "stopping": {"window": "patience", "window before the cap": "patience"},
}
"""Replacements for the value of each quirk, used without `faithful`."""


FIRST = Config(
    model="1",
    layers="FC100-T-FC50-T-FC10-T",
    loss="squared error",
    optimizer="SGD",
    learning_rate=0.1,
    batch_size=1,
    epochs=100,
    images=5_000,
    order="that of the file",
    dense_init="uniform",
)

PROGRESS: tuple[dict[str, Any], ...] = (
    {
        "model": "2",
        "layers": "FC128-T-FC10-T",
        "batch_size": 32,
        "images": 60_000,
        "order": "reshuffled",
        "backward": "after update",
    },
    {"model": "3", "layers": "FC128-T-FC10", "loss": "cross-entropy"},
    {
        "model": "4",
        "optimizer": "Adam",
        "learning_rate": 0.01,
        "epochs": 30,
        "backward": "before update",
        "adam_correction": "per epoch",
    },
    {
        "model": "5",
        "layers": "FC128-R-D-FC10",
        "learning_rate": 1e-3,
        "epochs": 50,
        "dropout": 0.2,
        "dropout_gradient": "unscaled",
    },
    {
        "model": "6",
        "layers": "FC128-R-D-FC50-R-D-FC10",
        "learning_rate": 5e-4,
        "batch_size": 16,
        "epochs": 200,
    },
    {"model": "7", "epochs": 100, "augmentation": 0.25, "augmented": "batch"},
    {
        "model": "8",
        "epochs": 175,
        "patience": 15,
        "stopping": "window before the cap",
        "dense_init": "he",
    },
    {
        "model": "9",
        "layers": "C8-R-P-D-C16-R-P-D-FC10",
        "learning_rate": 1e-3,
        "halve_every": 5,
        "warmup_to": 5.0,
        "epochs": 150,
        "patience": 20,
        "stopping": "window",
        "conv_init": "image fan-in",
        "dense_init": "uniform",
    },
    {
        "model": "10",
        "layers": "C16-R-P-D-C32-R-D-C48-R-P-D-FC10",
        "augmentation": 0.5,
        "patience": 25,
    },
    {"model": "11", "layers": "C16-R-D-C32-R-P-D-C48-R-D-C64-R-P-D-FC10"},
    {"model": "12", "augmentation": 0.8, "patience": 15, "halve_every_late": 3},
)
"""What each further model changes in the one before."""

TENSORFLOW = Config(
    model="tensorflow",
    layers="C32-R-D-C64-R-P-D-C96-R-D-C128-R-P-D-FC10-B-FC10",
    loss="cross-entropy",
    optimizer="Adam",
    learning_rate=5e-4,
    halve_every=5,
    batch_size=64,
    epochs=100,
    patience=20,
    min_delta=0.0,
    dropout=0.2,
    augmentation=1.0,
    conv_init="glorot",
    dense_init="glorot",
)

TWELVE = accumulate(PROGRESS, lambda config, change: replace(config, **change), initial=FIRST)
MODELS = {config.model: config for config in (*TWELVE, TENSORFLOW)}


def without_quirks(config: Config) -> Config:
    """Return the same model without its quirks."""
    values = {name: (getattr(config, name), right) for name, right in QUIRKS.items()}
    changes = {name: right[value] for name, (value, right) in values.items() if value in right}
    return replace(config, **changes)  # type: ignore[arg-type]
