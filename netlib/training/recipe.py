"""This file holds what goes into a training, the recipe, and what comes out, epochs."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from netlib.checks import check_count, check_range
from netlib.data.augmentation import Augmentation
from netlib.errors import ConfigError
from netlib.optimizers.optimizer import Optimizer
from netlib.training.early_stopping import EarlyStopping
from netlib.training.losses import Loss, softmax_cross_entropy
from netlib.training.schedules import Schedule

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
        loss: What is minimised, and what validation reports.
        augment: Applied to each training batch, after scaling to [0, 1].
        early_stopping: When to stop sooner, if ever.
        label_smoothing: Share of each target spread over all classes, in [0, 1), in training
            only: validation reports the plain loss. Needs softmax cross-entropy.
        weight_average: Decay per step of a moving average of the weights, in [0, 1): 0 for none,
            0.999 to remember about 1000 steps. Epochs validate and keep the average.
        shuffle: Whether each epoch takes the images in a new order, or all in that of the data.

    Raises:
        ConfigError: If a setting is out of its range, or labels are to be smoothed for a loss
            other than `softmax_cross_entropy`.
    """

    optimizer: Optimizer
    schedule: Schedule
    epochs: int
    batch_size: int
    loss: Loss = softmax_cross_entropy
    augment: Augmentation | None = None
    early_stopping: EarlyStopping | None = None
    label_smoothing: float = 0.0
    weight_average: float = 0.0
    shuffle: bool = True

    def __post_init__(self) -> None:
        check_count("Recipe", "epochs", self.epochs)
        check_count("Recipe", "batch_size", self.batch_size)
        check_range("Recipe", "label_smoothing", self.label_smoothing, "[0, 1)")
        check_range("Recipe", "weight_average", self.weight_average, "[0, 1)")
        if self.label_smoothing and self.loss is not softmax_cross_entropy:
            raise ConfigError(
                f"Recipe: expected softmax_cross_entropy as the loss of smoothed labels, got "
                f"{self.loss!r}; set label_smoothing=0"
            )

    @property
    def training_loss(self) -> Loss:
        """The loss that steps go downhill on: smoothed, if labels are."""
        if not self.label_smoothing:
            return self.loss
        return partial(softmax_cross_entropy, smoothing=self.label_smoothing)


@dataclass(frozen=True, eq=False)
class Epoch:
    """One pass over the training data.

    Attributes:
        number: 1 for the first.
        metrics: `train_loss`, the mean over the epoch as trained on (with dropout and
            augmentation and smoothed labels, while the weights change); `learning_rate` of its
            first step; with validation data `validation_loss` and `validation_error` (a fraction)
            at its end, those of the averaged weights if they are averaged. In the last epoch of a
            training that restores its best weights, the validation metrics are those of the
            restored weights, and `restored_epoch` tells whose they are.
        state: What `fit` needs to continue after this epoch; a copy, independent of the training.
            `state["weights"]` is what was validated and what to use; with averaging that is the
            average, and the latest weights are in `state["weight_average"]["weights"]`.
            `state["model"]` describes the network, for `save_model`; continuing does not need it.
    """

    number: int
    metrics: dict[str, float]
    state: State
