"""The twelve models of RaoulLuque/ImageRecognitionFromScratch again, each with several seeds.

Nothing is searched: every trial is one of the published models with one seed. What the published
code does in its own way is a field of `Config`, and done by the classes in references/quirks.py;
`--set faithful=false` trains the models without these. Known differences: float32 for their
float64, and random numbers of our own, since they set no seed. Their code would also drop the
images that fill no batch, of which there are none here.

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


@dataclass(frozen=True)
class Settings:
    """What `--set` changes."""

    models: tuple[str, ...] = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12")
    seeds: int = 3  # trainings of each model
    seeds_large: int = 1  # of 10, 11, 12 and tensorflow, which take hours each
    faithful: bool = True  # whether quirks are kept
    stop_below: float = 1e-5  # a training ends before its learning rate is lower; 0 for never
    max_epochs: int = 0  # of every training; 0 for as many as were published


@dataclass(frozen=True, kw_only=True)
class Config:
    """One model and how it is trained; what is a quirk says so, with the value without it."""

    model: str
    repeat: int = 1
    layers: str  # C filters, P pooling, R ReLU, T tanh, D dropout, B batch norm, FC units
    loss: str  # "squared error" or "cross-entropy"
    optimizer: str  # "SGD" or "Adam"
    learning_rate: float
    halve_every: int = 0  # epochs, after a warm-up of five; 0 for a constant rate
    halve_every_late: int = 5  # the same after epoch 20
    warmup_to: float = 1.0  # quirk: 5 times the learning rate (1)
    batch_size: int
    epochs: int  # at most
    patience: int = 0  # epochs; 0 for no early stopping
    min_delta: float = 0.005  # relative improvement of the training loss that counts
    dropout: float = 0.0  # probability of zeroing an activation
    augmentation: float = 0.0  # probability of an image being zoomed, rotated and shifted
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
"""What each quirk is replaced by without `faithful`."""


def progression() -> Iterator[Config]:
    """The models; each says what it changes of the one before."""
    yield (
        config := Config(
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
    )
    yield (
        config := replace(
            config,
            model="2",
            layers="FC128-T-FC10-T",
            batch_size=32,
            images=60_000,
            order="reshuffled",
            backward="after update",
        )
    )
    yield (config := replace(config, model="3", layers="FC128-T-FC10", loss="cross-entropy"))
    yield (
        config := replace(
            config,
            model="4",
            optimizer="Adam",
            learning_rate=0.01,
            epochs=30,
            backward="before update",
            adam_correction="per epoch",
        )
    )
    yield (
        config := replace(
            config,
            model="5",
            layers="FC128-R-D-FC10",
            learning_rate=1e-3,
            epochs=50,
            dropout=0.2,
            dropout_gradient="unscaled",
        )
    )
    yield (
        config := replace(
            config,
            model="6",
            layers="FC128-R-D-FC50-R-D-FC10",
            learning_rate=5e-4,
            batch_size=16,
            epochs=200,
        )
    )
    yield (config := replace(config, model="7", epochs=100, augmentation=0.25, augmented="batch"))
    yield (
        config := replace(
            config,
            model="8",
            epochs=175,
            patience=15,
            stopping="window before the cap",
            dense_init="he",
        )
    )
    yield (
        config := replace(
            config,
            model="9",
            layers="C8-R-P-D-C16-R-P-D-FC10",
            learning_rate=1e-3,
            halve_every=5,
            warmup_to=5.0,
            epochs=150,
            patience=20,
            stopping="window",
            conv_init="image fan-in",
            dense_init="uniform",
        )
    )
    yield (
        config := replace(
            config,
            model="10",
            layers="C16-R-P-D-C32-R-D-C48-R-P-D-FC10",
            augmentation=0.5,
            patience=25,
        )
    )
    yield (config := replace(config, model="11", layers="C16-R-D-C32-R-P-D-C48-R-D-C64-R-P-D-FC10"))
    yield replace(config, model="12", augmentation=0.8, patience=15, halve_every_late=3)


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

MODELS = {config.model: config for config in (*progression(), TENSORFLOW)}
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


def without_quirks(config: Config) -> Config:
    """The same model, done right."""
    values = {name: (getattr(config, name), right) for name, right in QUIRKS.items()}
    changes = {name: right[value] for name, (value, right) in values.items() if value in right}
    return replace(config, **changes)  # type: ignore[arg-type]


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
    tables=sweep.tables_in("references.published_raoulluque"),
)
