"""What goes into a training, the recipe, and what comes out, its epochs."""

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
"""Nested dicts of arrays and JSON values; no code, so it needs no pickle."""


@dataclass(frozen=True)
class Recipe:
    """How to train: everything but the network, the data and the seed.

    Args:
        optimizer: Optimizer with its settings; each training uses a fresh copy.
        schedule: Learning rate as a function of the epochs elapsed; called before every step.
        epochs: Most passes over the training data.
        batch_size: Images per step; the last batch of an epoch may be smaller.
        loss: Loss to minimise, and to report in validation.
        augment: Augmentation of each training batch, after scaling to [0, 1].
        early_stopping: When to stop sooner; None for never.
        label_smoothing: Share of each target that is spread over all classes, in [0, 1). Only in
            training: validation reports the plain loss. Needs softmax cross-entropy.
        weight_average: Decay per step of a moving average of the weights, in [0, 1): 0 for no
            average, 0.999 for about the last 1000 steps. Epochs validate and keep the average.
        shuffle: Whether each epoch takes the images in a new random order; otherwise all epochs
            take them in the order of the data.

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
        """The loss that training minimises: with smoothed labels, if the recipe smooths them."""
        if not self.label_smoothing:
            return self.loss
        return partial(softmax_cross_entropy, smoothing=self.label_smoothing)


@dataclass(frozen=True, eq=False)
class Epoch:
    """One pass over the training data.

    Attributes:
        number: Number of the epoch, 1 for the first.
        metrics: `train_loss`, the mean over the epoch as trained (with dropout, augmentation and
            smoothed labels, while the weights change); `learning_rate`, of the first step; with
            validation data also `validation_loss` and `validation_error` (a fraction), at the end
            of the epoch, for the averaged weights if the recipe averages them. If the training
            restores its best weights, the validation metrics of its last epoch are those of the
            restored weights, and `restored_epoch` is the number of the epoch they come from.
        state: What `fit` needs to continue after this epoch; a copy, independent of the training.
            `state["weights"]` are the weights that were validated, and the ones to use; with
            averaging they are the average, and the latest weights are in
            `state["weight_average"]["weights"]`. `state["model"]` describes the network, for
            `save_model`; continuing does not need it.
    """

    number: int
    metrics: dict[str, float]
    state: State
