"""The fifteen networks of luisadosch/mnist-cnn-numpy-framework again, each with several seeds.

Nothing is searched: every trial is one of the published architectures with one seed, trained image
by image with plain SGD. What the published code does in its own way is a field of `Config`;
`--set faithful=false` trains without it. Known differences: float32 for their float64, and random
numbers of our own, since they set no seed. Their code has two initialisations, one of them
commented out, and does not say which networks had which. The fully connected ones come out as
published with the uniform one (fc1, fc5 and fc7 were tried), cnn7 with He's and not at all with the
other; `--set init=he` or `init=uniform` takes one for all.

There is no validation split, as there was none: the test images are looked at once, after the last
epoch. They are not MNIST's own: 10,000 of all 70,000 images were drawn at random for the purpose.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

import netlib as nl
import sweep
from references import networks

ARCHITECTURES = {
    "fc1": ("FC200-S-FC80-S-FC10", 0.05, "uniform"),
    "fc2": ("FC200-R-FC80-R-FC10", 0.001, "uniform"),
    "fc3": ("FC512-S-FC256-S-FC128-S-FC80-S-FC10", 0.001, "uniform"),
    "fc4": ("FC512-S-FC256-R-FC128-S-FC80-R-FC10", 0.001, "uniform"),
    "fc5": ("FC80-S-FC10", 0.001, "uniform"),
    "fc6": ("FC80-S-FC10", 0.05, "uniform"),
    "fc7": ("FC80-R-FC10", 0.001, "uniform"),
    "cnn1": ("C2-P-FC200-R-FC80-R-FC10", 0.0002, "he"),
    "cnn2": ("C2-P-FC200-R-FC80-R-FC10", 0.002, "he"),
    "cnn3": ("C3-P-C3-FC128-R-FC32-R-FC10", 0.003, "he"),
    "cnn4": ("C4-P-C4-FC128-R-FC64-R-FC10", 0.002, "he"),
    "cnn5": ("C4-P-C4-FC128-R-FC10", 0.006, "he"),
    "cnn6": ("C4-P-C4-C2-FC10", 0.002, "he"),
    "cnn7": ("C4-P-FC512-R-FC256-R-FC64-R-FC10", 0.002, "he"),
    "cnn8": ("C4-P-C4-FC128-S-FC64-S-FC10", 0.002, "he"),
}
"""Layers, learning rates, initialisations. No activation follows a convolution: so it was."""


@dataclass(frozen=True)
class Settings:
    """What `--set` changes."""

    models: tuple[str, ...] = tuple(ARCHITECTURES)
    seeds: int = 3  # trainings of each architecture
    faithful: bool = True  # whether quirks are kept
    init: str = "own"  # of each architecture; or "he" or "uniform" for all
    max_epochs: int = 0  # of every training; 0 for the ten published


@dataclass(frozen=True, kw_only=True)
class Config:
    """One network and how it is trained; what is a quirk says so, with the value without it."""

    model: str
    repeat: int
    layers: str  # C filters of 3x3 without padding, P pooling, R ReLU, S sigmoid, FC units
    learning_rate: float  # of plain SGD
    init: str  # "he", or "uniform" in -0.5..0.5, biases too
    batch_size: int = 1
    epochs: int = 10
    order: str = "drawn once"  # quirk: of the images, the same in all epochs (reshuffled)
    split: str = "of all 70,000"  # quirk: test images drawn from all (MNIST's own)


WITHOUT_QUIRKS = {"order": "reshuffled", "split": "MNIST's own"}

Split = tuple[nl.Dataset, nl.Dataset]

settings = sweep.settings(Settings)
if unknown := [model for model in settings.models if model not in ARCHITECTURES]:
    names = ", ".join(ARCHITECTURES)
    raise sweep.OptionError(f"--set models: expected some of {names}, got {unknown}")
if settings.init not in ("own", "he", "uniform"):
    raise sweep.OptionError(f"--set init: expected own, he or uniform, got {settings.init!r}")


def space(trial: sweep.Trial) -> Config:
    """One training of one architecture."""
    model = trial.suggest_categorical("model", settings.models)
    layers, learning_rate, init = ARCHITECTURES[model]
    config = Config(
        model=model,
        repeat=trial.suggest_int("repeat", 1, settings.seeds),
        layers=layers,
        learning_rate=learning_rate,
        init=init if settings.init == "own" else settings.init,
    )
    if settings.max_epochs:
        config = replace(config, epochs=settings.max_epochs)
    return config if settings.faithful else replace(config, **WITHOUT_QUIRKS)  # type: ignore[arg-type]


def network(config: Config) -> nl.Sequential:
    """The network of a configuration; its layers get their shapes from the data."""
    uniform = nl.uniform(0.5)
    init, bias = (uniform, uniform) if config.init == "uniform" else (nl.he_normal, nl.zeros)
    return networks.sequential(
        config.layers,
        C=partial(nl.Conv2d, kernel=3, padding="valid", weight_init=init, bias_init=bias),
        FC=partial(nl.Dense, weight_init=init, bias_init=bias),
    )


def data() -> Split:
    """Images to train on and test images, split as the configurations want it."""
    own = nl.mnist("train"), nl.mnist("test")
    return own if not settings.faithful else split_of_all(*own)


def split_of_all(train: nl.Dataset, test: nl.Dataset) -> Split:
    """Draws 10,000 test images from all 70,000, as scikit-learn's train_test_split does.

    With random_state=0 its test images are the first of this permutation, of the images in the
    order of OpenML's mnist_784: MNIST's training images first.
    """
    images = np.concatenate([train.images, test.images])
    labels = np.concatenate([train.labels, test.labels])
    # The only generator that draws what theirs drew.
    permutation = np.random.RandomState(0).permutation(len(images))
    chosen, rest = permutation[: len(test)], permutation[len(test) :]
    return nl.Dataset(images[rest], labels[rest]), nl.Dataset(images[chosen], labels[chosen])


def train(config: Config, data: Split, seed: int, state: nl.State | None) -> Iterator[nl.Epoch]:
    """Trains a network, from the start or from a state."""
    images, test = data
    if config.order == "drawn once":
        order = np.random.default_rng([seed, 1]).permutation(len(images))
        images = nl.Dataset(images.images[order], images.labels[order])
    recipe = nl.Recipe(
        optimizer=nl.SGD(),
        schedule=nl.constant(config.learning_rate),
        epochs=config.epochs,
        batch_size=config.batch_size,
        shuffle=config.order == "reshuffled",
    )
    yield from networks.trained(network(config), recipe, (images, test), seed=seed, state=state)


study = sweep.Study(
    name="luisadosch",
    space=space,
    train=train,
    data=data,
    minimize="train_loss",
    sampler="grid",
    trials=len(settings.models) * settings.seeds,
    keep="all",
    # By name, not by import: what is published may be corrected without changing the training code,
    # which a run is tied to.
    tables=sweep.tables_in("references.published_luisadosch"),
)
