"""A complete grid of dense networks on MNIST: 3,456 configurations, 12 epochs each.

python -m sweep run studies/tables/dense_mnist.py

All parameters are in the order of their values. `momentum` is drawn for SGD only. To measure the
noise, train the first configurations of the grid with further seeds:

python -m sweep run studies/tables/dense_mnist.py --name dense_noise --trials 60 --set repeats=5
"""

from collections.abc import Iterator
from dataclasses import dataclass

from grids import Images, Sizes, affine, curve, images

import netlib as nl
import sweep


@dataclass(frozen=True)
class Settings:
    """What `--set` can change; none of it is searched."""

    train: int = 3_000  # images
    validation: int = 2_500
    test: int = 2_500
    epochs: int = 12
    repeats: int = 1  # trainings of each configuration


@dataclass(frozen=True)
class Config:
    """A network and how to train it."""

    layers: int  # hidden ones, each with ReLU and dropout
    units: int  # in each of them
    dropout: float  # probability of zeroing an activation
    batch_size: int
    augmentation: float  # probability that an image is zoomed, rotated and shifted
    optimizer: str  # adam or sgd
    momentum: float  # of SGD
    learning_rate: float
    halve_every: int  # epochs between halvings of the learning rate; 12 means never


settings = sweep.settings(Settings)


def space(trial: sweep.Trial) -> Config:
    """Draw a configuration."""
    optimizer = trial.suggest_categorical("optimizer", ("adam", "sgd"))
    is_sgd = optimizer == "sgd"
    rates = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
    return Config(
        optimizer=optimizer,
        momentum=trial.suggest_categorical("momentum", (0.0, 0.9)) if is_sgd else 0.0,
        learning_rate=trial.suggest_categorical("learning_rate", rates),
        layers=trial.suggest_categorical("layers", (1, 2)),
        units=trial.suggest_categorical("units", (16, 32, 64, 128)),
        batch_size=trial.suggest_categorical("batch_size", (16, 64, 256)),
        dropout=trial.suggest_categorical("dropout", (0.0, 0.3)),
        augmentation=trial.suggest_categorical("augmentation", (0.0, 0.5)),
        halve_every=trial.suggest_categorical("halve_every", (3, 12)),
    )


def network(config: Config) -> nl.Sequential:
    """Return the network of a configuration."""
    hidden = [
        layer
        for _ in range(config.layers)
        for layer in (nl.Dense(config.units), nl.ReLU(), nl.Dropout(config.dropout))
    ]
    return nl.Sequential(nl.Flatten(), *hidden, nl.Dense(10))


def data() -> Images:
    """Return the images of all trials."""
    sizes = Sizes(settings.train, settings.validation, settings.test)
    return images(nl.mnist("train"), nl.mnist("test"), sizes)


def train(config: Config, data: Images, seed: int, state: nl.State | None) -> Iterator[nl.Epoch]:
    """Train a configuration, from the start or from a state."""
    recipe = nl.Recipe(
        optimizer=nl.Adam() if config.optimizer == "adam" else nl.SGD(config.momentum),
        schedule=nl.step_halving(config.learning_rate, every=config.halve_every),
        epochs=settings.epochs,
        batch_size=config.batch_size,
        augment=affine(config.augmentation),
    )
    yield from curve(network(config), recipe, data, seed, state)


study = sweep.Study(
    name="dense_mnist",
    space=space,
    train=train,
    data=data,
    minimize="validation_error",
    trials=3_456,
    sampler="grid",
    repeats=settings.repeats,
)
