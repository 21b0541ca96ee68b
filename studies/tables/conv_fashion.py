"""A complete grid of convolutional networks on Fashion-MNIST: 1,536 configurations, 8 epochs each.

apt-get install dataset-fashion-mnist && python -m sweep run studies/tables/conv_fashion.py

The images (Zalando SE 2017, Expat licence) are those of the Debian package; `--set folder=...`
reads the same files elsewhere. They are reduced to 14x14 pixels. All parameters are in the order of
their values. `dropout` is drawn for networks with hidden units only. To measure the noise, train
the first configurations of the grid with further seeds:

python -m sweep run studies/tables/conv_fashion.py --name fashion_noise --trials 40 --set repeats=5
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grids import Images, Sizes, curve, images

import netlib as nl
import sweep


@dataclass(frozen=True)
class Settings:
    """What `--set` can change; none of it is searched."""

    folder: Path = Path("/usr/share/datasets/fashion-mnist")
    train: int = 3_000  # images
    validation: int = 2_500
    test: int = 2_500
    epochs: int = 8
    repeats: int = 1  # trainings of each configuration


@dataclass(frozen=True)
class Config:
    """A network and how to train it."""

    blocks: int  # each of convolution, ReLU and pooling
    filters: int  # in the first block; the second has twice as many
    kernel: int  # width and height of every convolution
    batch_norm: bool  # whether each convolution is normalised
    hidden: int  # units of a dense layer before the output; 0 for no such layer
    dropout: float  # probability of zeroing one of them
    batch_size: int
    learning_rate: float  # of Adam
    halve_every: int  # epochs between halvings of the learning rate; 8 means never


settings = sweep.settings(Settings)


def space(trial: sweep.Trial) -> Config:
    """Draw a configuration."""
    hidden = trial.suggest_categorical("hidden", (0, 64))
    return Config(
        hidden=hidden,
        dropout=trial.suggest_categorical("dropout", (0.0, 0.25, 0.5)) if hidden else 0.0,
        blocks=trial.suggest_categorical("blocks", (1, 2)),
        filters=trial.suggest_categorical("filters", (4, 8, 16)),
        kernel=trial.suggest_categorical("kernel", (3, 5)),
        batch_norm=trial.suggest_categorical("batch_norm", (False, True)),
        batch_size=trial.suggest_categorical("batch_size", (16, 64)),
        learning_rate=trial.suggest_categorical("learning_rate", (3e-4, 1e-3, 3e-3, 1e-2)),
        halve_every=trial.suggest_categorical("halve_every", (2, 8)),
    )


def network(config: Config) -> nl.Sequential:
    """Return the network of a configuration."""
    layers: list[nl.Layer] = []
    for i in range(config.blocks):
        layers.append(nl.Conv2d(config.filters * 2**i, config.kernel, padding="same"))
        layers += [nl.BatchNorm()] if config.batch_norm else []
        layers += [nl.ReLU(), nl.MaxPool2d(2)]
    layers.append(nl.Flatten())
    if config.hidden:
        layers += [nl.Dense(config.hidden), nl.ReLU(), nl.Dropout(config.dropout)]
    return nl.Sequential(*layers, nl.Dense(10))


def data() -> Images:
    """Return the images of all trials."""
    sizes = Sizes(settings.train, settings.validation, settings.test, halved=True)
    folder = settings.folder
    return images(nl.idx_folder(folder, "train"), nl.idx_folder(folder, "test"), sizes)


def train(config: Config, data: Images, seed: int, state: nl.State | None) -> Iterator[nl.Epoch]:
    """Train a configuration, from the start or from a state."""
    recipe = nl.Recipe(
        optimizer=nl.Adam(),
        schedule=nl.step_halving(config.learning_rate, every=config.halve_every),
        epochs=settings.epochs,
        batch_size=config.batch_size,
    )
    yield from curve(network(config), recipe, data, seed, state)


study = sweep.Study(
    name="conv_fashion",
    space=space,
    train=train,
    data=data,
    minimize="validation_error",
    trials=1_536,
    sampler="grid",
    repeats=settings.repeats,
)
