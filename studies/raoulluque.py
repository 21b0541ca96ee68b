"""The twelve models of RaoulLuque/ImageRecognitionFromScratch again, each with several seeds.

Nothing is searched: every trial is one of the published models with one seed. What the published
code does in its own way is a field of `Config`, in references/models_raoulluque.py, and done by the
classes in references/quirks.py; `--set faithful=false` trains the models without these. Known
differences: float32 for their float64, and random numbers of our own, since they set no seed. Their
code would also drop the images that fill no batch, of which there are none here.

There is no validation split, as there was none: the training loss ends a training, and the test
images are looked at once, after its last epoch, by the weights it ends with. The published models
were chosen one after the other by that test error. The learning rates of models 9 to 12 fall until
nothing changes any more; `stop_below` ends their trainings there.

Their thirteenth network, "tensorflow", is trained with `--set models=tensorflow`; netlib's zoom
(0.8 to 1.2 here) enlarges where Keras' reduces, and what moves in from outside is black.
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
    """What `--set` changes."""

    models: tuple[str, ...] = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12")
    seeds: int = 3  # trainings of each model
    seeds_large: int = 1  # of 10, 11, 12 and tensorflow, which take hours each
    faithful: bool = True  # whether quirks are kept
    stop_below: float = 1e-5  # a training ends before its learning rate is lower; 0 for never
    max_epochs: int = 0  # of every training; 0 for as many as were published


LARGE = ("10", "11", "12", "tensorflow")
LOSSES: dict[str, nl.Loss] = {
    "squared error": nl.mean_squared_error,
    "cross-entropy": nl.softmax_cross_entropy,
}

settings = sweep.settings(Settings)
if unknown := [model for model in settings.models if model not in MODELS]:
    raise sweep.OptionError(f"--set models: expected some of {', '.join(MODELS)}, got {unknown}")


def n_seeds(model: str) -> int:
    """How many trainings of a model there are."""
    return settings.seeds_large if model in LARGE else settings.seeds


def space(trial: sweep.Trial) -> Config:
    """One training of one model."""
    model = trial.suggest_categorical("model", settings.models)
    config = replace(MODELS[model], repeat=trial.suggest_int("repeat", 1, n_seeds(model)))
    if not settings.faithful:
        config = without_quirks(config)
    return replace(config, epochs=n_epochs(config))


def n_epochs(config: Config) -> int:
    """Epochs until the published end, or the user's, or until the learning rate is too low."""
    rate = schedule(config)
    limit = min(config.epochs, settings.max_epochs or config.epochs)
    low = (epoch for epoch in range(limit) if rate(epoch) < settings.stop_below)
    return next(low, limit)


def network(config: Config) -> nl.Sequential:
    """The network of a configuration; its layers get their shapes from the data."""
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
    """The learning rate, epoch by epoch."""
    if not config.halve_every:
        return nl.constant(config.learning_rate)
    peak = config.warmup_to * config.learning_rate
    if config.halve_every_late != config.halve_every:
        return quirks.late_halving(peak, config.halve_every_late)
    return nl.warmup_halving(peak, warmup=5, every=config.halve_every)


def optimizer(config: Config) -> nl.Optimizer:
    """SGD, or Adam with either correction."""
    if config.optimizer == "SGD":
        return nl.SGD()
    if config.adam_correction == "per step":
        return nl.Adam()
    return quirks.AdamByEpoch(steps_per_epoch=config.images // config.batch_size)


def augmentation(config: Config) -> nl.Augmentation | None:
    """What happens to training images."""
    if config.augmented == "batch":
        return quirks.BatchAugmentation(config.augmentation)
    per_axis = config.model == "tensorflow"
    zoom = (0.8, 1.2)
    return nl.Affine(
        config.augmentation, zoom=zoom, rotation_degrees=25, shift=0.2, zoom_per_axis=per_axis
    )


def early_stopping(config: Config) -> nl.EarlyStopping | None:
    """When a training ends before its last epoch, and with which weights."""
    if not config.patience:
        return None
    if config.stopping == "patience":
        return nl.EarlyStopping("train_loss", config.patience, config.min_delta)
    cap = config.epochs if config.stopping == "window before the cap" else 0
    return quirks.WindowedStopping("train_loss", config.patience, config.min_delta, cap=cap)


def recipe(config: Config) -> nl.Recipe:
    """How a configuration is trained."""
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
    """All training images, and the test images: see above."""
    return nl.mnist("train"), nl.mnist("test")


def train(
    config: Config, data: tuple[nl.Dataset, nl.Dataset], seed: int, state: nl.State | None
) -> Iterator[nl.Epoch]:
    """Trains a model, from the start or from a state."""
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
