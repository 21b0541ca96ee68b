"""Does everything work? 6 short trainings on 2,000 MNIST digits, and a final one."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

import netlib as nl
import sweep


@dataclass(frozen=True)
class Config:
    """A network and how to train it."""

    filters: int
    dropout: float  # probability of zeroing an activation
    learning_rate: float  # of Adam


def space(trial: sweep.Trial) -> Config:
    """Draw a configuration."""
    return Config(
        filters=trial.suggest_categorical("filters", (4, 8)),
        dropout=trial.suggest_float("dropout", 0.0, 0.3),
        learning_rate=trial.suggest_float("learning_rate", 1e-3, 1e-2, log=True),
    )


def network(config: Config) -> nl.Sequential:
    """Return a network of one convolution, pooling and ten outputs."""
    return nl.Sequential(
        nl.Conv2d(config.filters, 5, padding="same"),
        nl.ReLU(),
        nl.MaxPool2d(2),
        nl.Dropout(config.dropout),
        nl.Flatten(),
        nl.Dense(10),
    )


def data() -> tuple[nl.Dataset, nl.Dataset | None]:
    """Return 2,000 images for training and 1,000 for validation."""
    train, validation = nl.mnist("train").split(1_000, seed=0)
    return train.take(2_000), validation


def train(
    config: Config,
    data: tuple[nl.Dataset, nl.Dataset | None],
    seed: int,
    state: nl.State | None,
) -> Iterator[nl.Epoch]:
    """Train for four epochs, from the start or from a state."""
    recipe = nl.Recipe(nl.Adam(), nl.constant(config.learning_rate), epochs=4, batch_size=32)
    yield from nl.fit(network(config), recipe, *data, seed=seed, state=state)


def evaluate(config: Config, state: nl.State, test: nl.Dataset) -> dict[str, float]:
    """Evaluate the trained network on the test set."""
    trained = network(config)
    trained.build(test.images.shape[1:], np.random.default_rng())
    trained.load(state["weights"])
    return {"test_error": nl.evaluate(trained, test)["error"]}


study = sweep.Study(
    name="smoke",
    space=space,
    train=train,
    data=data,
    minimize="validation_error",
    trials=6,
    pruner=sweep.Asha(min_epochs=2, factor=2, max_epochs=4),
    final=sweep.Final(
        data=lambda: (nl.mnist("train").take(6_000), None),
        test=lambda: nl.mnist("test"),
        evaluate=evaluate,
        minimize="train_loss",
    ),
)
