"""This file holds what goes into a training, the recipe, and what comes out, epochs."""

from dataclasses import dataclass
from typing import Any

from netlib.augmentation import Augmentation
from netlib.checks import check_count
from netlib.early_stopping import EarlyStopping
from netlib.losses import Loss, softmax_cross_entropy
from netlib.optimizers import Optimizer
from netlib.schedules import Schedule

State = dict[str, Any]
"""Nested dicts of arrays and JSON values: no code, so nothing that needs pickle."""


@dataclass(frozen=True)
class Recipe:
    """How to train: everything but the network, the data and the seed.

    Args:
        optimizer: Its settings; each training works on a fresh copy of it.
        schedule: Epochs elapsed -> learning rate, asked before every step.
        epochs: Passes over the training data, at most.
        batch_size: Images per step; the last batch of an epoch may be smaller.
        loss: What is minimised.
        augment: Applied to each training batch, after scaling to [0, 1].
        early_stopping: When to stop sooner, if ever.

    Raises:
        ConfigError: If a count is not a positive integer.
    """

    optimizer: Optimizer
    schedule: Schedule
    epochs: int
    batch_size: int
    loss: Loss = softmax_cross_entropy
    augment: Augmentation | None = None
    early_stopping: EarlyStopping | None = None

    def __post_init__(self) -> None:
        check_count("Recipe", "epochs", self.epochs)
        check_count("Recipe", "batch_size", self.batch_size)


@dataclass(frozen=True, eq=False)
class Epoch:
    """One pass over the training data.

    Attributes:
        number: 1 for the first.
        metrics: `train_loss`, the mean over the epoch as trained on (with dropout and
            augmentation, while the weights change); `learning_rate` of its first step; with
            validation data `validation_loss` and `validation_error` (a fraction) at its end.
            In the last epoch of a training that restores its best weights, the validation metrics
            are those of the restored weights, and `restored_epoch` tells whose they are.
        state: What `fit` needs to continue after this epoch; a copy, independent of the training.
    """

    number: int
    metrics: dict[str, float]
    state: State
