"""Retrain the fifteen networks of luisadosch/mnist-cnn-numpy-framework, each with several seeds.

Nothing is searched: every trial is one of the published architectures with one seed, trained image
by image with plain SGD. Peculiarities of the published code are fields of `Config`;
`--set faithful=false` trains without them. Known differences: float32 instead of float64, and our
own random numbers, since the published code sets no seed. It has two initialisations, one of them
commented out, and does not say which networks used which. With the uniform one, the fully connected
networks come out as published (fc1, fc5 and fc7 were tried); cnn7 does so with He's, and not at all
with the uniform one. `--set init=he` or `init=uniform` selects one for all networks.

As in the original there is no validation split: the test images are used once, after the last
epoch. They are not MNIST's test images: the published code draws 10,000 of all 70,000 at random.
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
    """What `--set` can change."""

    models: tuple[str, ...] = tuple(ARCHITECTURES)
    seeds: int = 3  # trainings per architecture
    faithful: bool = True  # whether to keep the quirks
    init: str = "own"  # that of each architecture; or "he" or "uniform" for all
    max_epochs: int = 0  # per training; 0 for the published ten


@dataclass(frozen=True, kw_only=True)
class Config:
    """A network and how to train it. Quirks are marked, with the value without the quirk."""

    model: str
    repeat: int
    layers: str  # C filters of 3x3 without padding, P pooling, R ReLU, S sigmoid, FC units
    learning_rate: float  # of plain SGD
    init: str  # "he", or "uniform" in -0.5..0.5, biases too
    batch_size: int = 1
    epochs: int = 10
    order: str = "drawn once"  # quirk: the same order of images in all epochs (reshuffled)
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
    """Draw an architecture and the number of its training."""
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
    """Return the network of a configuration; the data determine the shapes of its layers."""
    uniform = nl.uniform(0.5)
    init, bias = (uniform, uniform) if config.init == "uniform" else (nl.he_normal, nl.zeros)
    return networks.sequential(
        config.layers,
        C=partial(nl.Conv2d, kernel=3, padding="valid", weight_init=init, bias_init=bias),
        FC=partial(nl.Dense, weight_init=init, bias_init=bias),
    )


def data() -> Split:
    """Return training images and test images, split as the configurations say."""
    own = nl.mnist("train"), nl.mnist("test")
    return own if not settings.faithful else split_of_all(*own)


def split_of_all(train: nl.Dataset, test: nl.Dataset) -> Split:
    """Draw 10,000 test images from all 70,000, as scikit-learn's train_test_split does.

    With random_state=0, its test images are the first ones of this permutation of the images in
    the order of OpenML's mnist_784, which has MNIST's training images first.
    """
    images = np.concatenate([train.images, test.images])
    labels = np.concatenate([train.labels, test.labels])
    # The legacy generator, because only it draws what theirs drew.
    permutation = np.random.RandomState(0).permutation(len(images))
    chosen, rest = permutation[: len(test)], permutation[len(test) :]
    return nl.Dataset(images[rest], labels[rest]), nl.Dataset(images[chosen], labels[chosen])


def train(config: Config, data: Split, seed: int, state: nl.State | None) -> Iterator[nl.Epoch]:
    """Train a network, from the start or from a state."""
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
