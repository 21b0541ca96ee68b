"""Retrain the twelve models of RaoulLuque/ImageRecognitionFromScratch, each with several seeds.

Nothing is searched: every trial is one of the published models with one seed. Peculiarities of the
published code are fields of `Config` in references/models_raoulluque.py, implemented in
references/quirks.py; `--set faithful=false` trains the models without them. Known differences:
float32 instead of float64, and our own random numbers, since the published code sets no seed. It
would also drop images that do not fill a batch; here there are none.

As in the original there is no validation split: the training loss ends a training, and the test
images are used once, after the last epoch, with the weights that the training ends with. The
published models were chosen one after the other by that test error. The learning rates of models 9
to 12 fall until nothing changes any more; `stop_below` ends their trainings at that point.

The thirteenth network, "tensorflow", is trained with `--set models=tensorflow`. netlib's zoom (0.8
to 1.2 here) enlarges where the zoom of Keras reduces, and pixels from outside the image are black.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import netlib as nl
import sweep
from references import networks, quirks
from references.models_raoulluque import MODELS, Config, without_quirks


@dataclass(frozen=True)
class Settings:
    """What `--set` can change."""

    models: tuple[str, ...] = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12")
    seeds: int = 3  # trainings per model
    seeds_large: int = 1  # the same for 10, 11, 12 and tensorflow, which take hours each
    faithful: bool = True  # whether to keep the quirks
    stop_below: float = 1e-5  # end a training when its learning rate would be lower; 0 for never
    max_epochs: int = 0  # per training; 0 for the published number


LARGE = ("10", "11", "12", "tensorflow")
LOSSES: dict[str, nl.Loss] = {
    "squared error": nl.mean_squared_error,
    "cross-entropy": nl.softmax_cross_entropy,
}

settings = sweep.settings(Settings)
if unknown := [model for model in settings.models if model not in MODELS]:
    raise sweep.OptionError(f"--set models: expected some of {', '.join(MODELS)}, got {unknown}")


def n_seeds(model: str) -> int:
    """Return the number of trainings of a model."""
    return settings.seeds_large if model in LARGE else settings.seeds


def space(trial: sweep.Trial) -> Config:
    """Draw a model and the number of its training."""
    model = trial.suggest_categorical("model", settings.models)
    config = replace(MODELS[model], repeat=trial.suggest_int("repeat", 1, n_seeds(model)))
    if not settings.faithful:
        config = without_quirks(config)
    return replace(config, epochs=n_epochs(config))


def n_epochs(config: Config) -> int:
    """Return the epochs until the published end, the user's limit, or too low a learning rate."""
    rate = schedule(config)
    limit = min(config.epochs, settings.max_epochs or config.epochs)
    low = (epoch for epoch in range(limit) if rate(epoch) < settings.stop_below)
    return next(low, limit)


def network(config: Config) -> nl.Sequential:
    """Return the network of a configuration; the data determine the shapes of its layers."""
    init = {"he": nl.he_normal, "glorot": nl.glorot_uniform, "uniform": nl.uniform(0.5)}
    convolution: Callable[..., nl.Layer] = partial(nl.Conv2d, kernel=5, padding="same")
    if config.conv_init == "image fan-in":
        convolution = partial(quirks.ImageFanInConv2d, kernel=5, padding="same")
    elif config.conv_init != "he":
        convolution = partial(convolution, weight_init=init[config.conv_init])
    dense: Callable[..., nl.Layer] = nl.Dense
    if config.backward == "after update":
        dense = partial(quirks.UpdatedFirstDense, learning_rate=config.learning_rate)
    bias = init["uniform"] if config.dense_init == "uniform" else nl.zeros
    unscaled = config.dropout_gradient == "unscaled"
    return networks.sequential(
        config.layers,
        C=convolution,
        FC=partial(dense, weight_init=init[config.dense_init], bias_init=bias),
        D=partial(quirks.UnscaledDropout if unscaled else nl.Dropout, config.dropout),
        B=partial(nl.BatchNorm, momentum=0.99, epsilon=1e-3),
    )


def schedule(config: Config) -> nl.Schedule:
    """Return the learning rate schedule of a configuration."""
    if not config.halve_every:
        return nl.constant(config.learning_rate)
    peak = config.warmup_to * config.learning_rate
    if config.halve_every_late != config.halve_every:
        return quirks.late_halving(peak, config.halve_every_late)
    return nl.warmup_halving(peak, warmup=5, every=config.halve_every)


def optimizer(config: Config) -> nl.Optimizer:
    """Return SGD, or Adam with one of its two corrections."""
    if config.optimizer == "SGD":
        return nl.SGD()
    if config.adam_correction == "per step":
        return nl.Adam()
    return quirks.AdamByEpoch(steps_per_epoch=config.images // config.batch_size)


def augmentation(config: Config) -> nl.Augmentation | None:
    """Return how training images are varied, or None."""
    if config.augmented == "batch":
        return quirks.BatchAugmentation(config.augmentation)
    per_axis = config.model == "tensorflow"
    zoom = (0.8, 1.2)
    return nl.Affine(
        config.augmentation, zoom=zoom, rotation_degrees=25, shift=0.2, zoom_per_axis=per_axis
    )


def early_stopping(config: Config) -> nl.EarlyStopping | None:
    """Return when a training ends before its last epoch, and with which weights."""
    if not config.patience:
        return None
    if config.stopping == "patience":
        return nl.EarlyStopping("train_loss", config.patience, config.min_delta)
    cap = config.epochs if config.stopping == "window before the cap" else 0
    return quirks.WindowedStopping("train_loss", config.patience, config.min_delta, cap=cap)


def recipe(config: Config) -> nl.Recipe:
    """Return how to train a configuration."""
    return nl.Recipe(
        optimizer=optimizer(config),
        schedule=schedule(config),
        epochs=config.epochs,
        batch_size=config.batch_size,
        loss=LOSSES[config.loss],
        augment=augmentation(config) if config.augmentation else None,
        early_stopping=early_stopping(config),
        shuffle=config.order == "reshuffled",
    )


def data() -> tuple[nl.Dataset, nl.Dataset]:
    """Return all training images, and the test images: there is no validation split."""
    return nl.mnist("train"), nl.mnist("test")


def train(
    config: Config, data: tuple[nl.Dataset, nl.Dataset], seed: int, state: nl.State | None
) -> Iterator[nl.Epoch]:
    """Train a model, from the start or from a state."""
    images, test = data
    split = images.take(config.images), test
    yield from networks.trained(network(config), recipe(config), split, seed=seed, state=state)


study = sweep.Study(
    name="raoulluque",
    space=space,
    train=train,
    data=data,
    minimize="train_loss",
    sampler="grid",
    trials=sum(map(n_seeds, settings.models)),
    keep="all",
    # By name, not by import: what is published may be corrected without changing the training code,
    # which a run is tied to.
    tables=sweep.tables_in("references.published_raoulluque"),
)
