"""A complete grid of convolutional networks on MNIST: 1,920 configurations, 8 epochs each.

python -m sweep run studies/tables/conv_mnist.py

All parameters are in the order of their values. The images have 14x14 pixels. To measure the noise,
train the first configurations of the grid with further seeds:

python -m sweep run studies/tables/conv_mnist.py --name conv_noise --trials 40 --set repeats=5
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
    epochs: int = 8
    repeats: int = 1  # trainings of each configuration


@dataclass(frozen=True)
class Config:
    """A network and how to train it."""

    blocks: int  # each of convolution, ReLU, pooling and dropout
    filters: int  # in the first block; the second has twice as many
    kernel: int  # width and height of every convolution
    dropout: float  # probability of zeroing an activation
    batch_size: int
    augmentation: float  # probability that an image is zoomed, rotated and shifted
    optimizer: str  # adam, or sgd with momentum 0.9
    learning_rate: float
    halve_every: int  # epochs between halvings of the learning rate; 8 means never


settings = sweep.settings(Settings)


def space(trial: sweep.Trial) -> Config:
    """Draw a configuration."""
    return Config(
        blocks=trial.suggest_categorical("blocks", (1, 2)),
        filters=trial.suggest_categorical("filters", (4, 8, 16)),
        kernel=trial.suggest_categorical("kernel", (3, 5)),
        dropout=trial.suggest_categorical("dropout", (0.0, 0.3)),
        batch_size=trial.suggest_categorical("batch_size", (16, 64)),
        augmentation=trial.suggest_categorical("augmentation", (0.0, 0.5)),
        optimizer=trial.suggest_categorical("optimizer", ("adam", "sgd")),
        learning_rate=trial.suggest_categorical("learning_rate", (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)),
        halve_every=trial.suggest_categorical("halve_every", (2, 8)),
    )


def network(config: Config) -> nl.Sequential:
    """Return the network of a configuration."""
    blocks = [
        layer
        for i in range(config.blocks)
        for layer in (
            nl.Conv2d(config.filters * 2**i, config.kernel, padding="same"),
            nl.ReLU(),
            nl.MaxPool2d(2),
            nl.Dropout(config.dropout),
        )
    ]
    return nl.Sequential(*blocks, nl.Flatten(), nl.Dense(10))


def data() -> Images:
    """Return the images of all trials."""
    sizes = Sizes(settings.train, settings.validation, settings.test, halved=True)
    return images(nl.mnist("train"), nl.mnist("test"), sizes)


def train(config: Config, data: Images, seed: int, state: nl.State | None) -> Iterator[nl.Epoch]:
    """Train a configuration, from the start or from a state."""
    recipe = nl.Recipe(
        optimizer=nl.Adam() if config.optimizer == "adam" else nl.SGD(0.9),
        schedule=nl.step_halving(config.learning_rate, every=config.halve_every),
        epochs=settings.epochs,
        batch_size=config.batch_size,
        augment=affine(config.augmentation),
    )
    yield from curve(network(config), recipe, data, seed, state)


study = sweep.Study(
    name="conv_mnist",
    space=space,
    train=train,
    data=data,
    minimize="validation_error",
    trials=1_920,
    sampler="grid",
    repeats=settings.repeats,
)
