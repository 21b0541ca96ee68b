"""How little error for how little time? Two objectives: 40 trials, some minutes on two cores.

Each trial trains on 4,000 images and is validated on 5,000 others. The report shows which networks
cannot be made both faster and better. Seconds are measured, so another run finds another front.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import netlib as nl
import sweep


@dataclass(frozen=True)
class Settings:
    """What `--set` can change; none of it is searched."""

    images: int = 4_000  # for training
    epochs: int = 3  # per trial


@dataclass(frozen=True)
class Config:
    """A network and how to train it."""

    blocks: int  # each of convolution, ReLU and pooling
    filters: int  # in the first block; each further block has twice as many
    kernel: int  # width and height of every convolution
    hidden: int  # units between the blocks and the ten outputs; 0 for none
    batch_size: int
    learning_rate: float  # of Adam


settings = sweep.settings(Settings)


def space(trial: sweep.Trial) -> Config:
    """Draw a configuration whose convolutions fit into what pooling leaves of an image."""
    config = Config(
        blocks=trial.suggest_int("blocks", 1, 3),
        filters=trial.suggest_int("filters", 2, 24, log=True),
        kernel=trial.suggest_categorical("kernel", (3, 5, 7)),
        hidden=trial.suggest_categorical("hidden", (0, 16, 64)),
        batch_size=trial.suggest_categorical("batch_size", (16, 32, 64)),
        learning_rate=trial.suggest_float("learning_rate", 5e-4, 1e-2, log=True),
    )
    width = 28
    for block in range(config.blocks):
        width = (width - config.kernel + 1) // 2
        if width < 1:
            raise sweep.Infeasible(f"nothing is left of an image after block {block + 1}")
    return config


def network(config: Config) -> nl.Sequential:
    """Return the network of a configuration."""
    blocks = [
        layer
        for i in range(config.blocks)
        for layer in (nl.Conv2d(config.filters * 2**i, config.kernel), nl.ReLU(), nl.MaxPool2d(2))
    ]
    hidden = [nl.Dense(config.hidden), nl.ReLU()] if config.hidden else []
    return nl.Sequential(*blocks, nl.Flatten(), *hidden, nl.Dense(10))


def data() -> tuple[nl.Dataset, nl.Dataset]:
    """Return images for training and images for validation, all from the training set."""
    train, validation = nl.mnist("train").split(5_000, seed=0)
    return train.take(settings.images), validation


def train(
    config: Config, data: tuple[nl.Dataset, nl.Dataset], seed: int, state: nl.State | None
) -> Iterator[sweep.Epoch]:
    """Train a configuration, from the start or from a state; tell how large the network is."""
    recipe = nl.Recipe(
        optimizer=nl.Adam(),
        schedule=nl.step_halving(config.learning_rate, every=2),
        epochs=settings.epochs,
        batch_size=config.batch_size,
    )
    trained = network(config)
    for epoch in nl.fit(trained, recipe, *data, seed=seed, state=state):
        yield sweep.Epoch({**epoch.metrics, "parameters": trained.n_parameters}, epoch.state)


study = sweep.Study(
    name="pareto",
    space=space,
    train=train,
    data=data,
    minimize=("validation_error", "seconds_per_epoch"),
    constraints={"parameters": (None, 50_000)},
    trials=40,
)
