"""Which small convolutional network reads MNIST best? 20 trials, under 10 minutes on two cores.

Each trial trains on 10,000 images and is validated on 10,000 others, all from the training set.
Then the best three are trained twice more, with other seeds, and the best of these means decides
which configuration is trained longer, on all 60,000 images. Only these last networks are evaluated
on the test set. If you have more time, try
`--trials 200 --set epochs=12 --set images=50000 --set runoff_repeats=5 --set final_repeats=5`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

import netlib as nl
import sweep


@dataclass(frozen=True)
class Settings:
    """What `--set` can change; none of it is searched."""

    images: int = 10_000  # for training during the search
    validation: int = 10_000  # images for validation
    epochs: int = 6  # per trial
    runoff: int = 3  # best trials that are trained again with other seeds
    runoff_repeats: int = 2  # trainings of each of them
    final_epochs: int = 5  # of each final training
    final_repeats: int = 2  # final trainings, each with its own seed


@dataclass(frozen=True)
class Config:
    """A network and how to train it."""

    blocks: int  # each of convolution, ReLU, pooling and dropout
    filters: int  # in the first block; each further block has twice as many
    kernel: int  # width and height of every convolution
    dropout: float  # probability of zeroing an activation
    batch_size: int
    augmentation: float  # probability that an image is zoomed, rotated and shifted
    learning_rate: float  # of Adam
    halve_every: int  # epochs between halvings of the learning rate
    epochs: int


MAX_SHOWN = 120  # most misread digits in the report
CONFUSION = "Rows: what the digit is. Columns: what it was read as."

Split = tuple[nl.Dataset, nl.Dataset | None]

settings = sweep.settings(Settings)


def space(trial: sweep.Trial) -> Config:
    """Draw a configuration."""
    return Config(
        blocks=trial.suggest_int("blocks", 2, 3),
        filters=trial.suggest_categorical("filters", (8, 12, 16)),
        kernel=trial.suggest_categorical("kernel", (3, 5)),
        dropout=trial.suggest_float("dropout", 0.0, 0.5),
        batch_size=trial.suggest_categorical("batch_size", (16, 32, 64, 128)),
        augmentation=trial.suggest_float("augmentation", 0.0, 1.0),
        learning_rate=trial.suggest_float("learning_rate", 3e-4, 1e-2, log=True),
        halve_every=trial.suggest_int("halve_every", 1, 4),
        epochs=settings.epochs,
    )


def network(config: Config) -> nl.Sequential:
    """Return the network of a configuration; the data determine the shapes of its layers."""
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


def data() -> Split:
    """Return images for training and images for validation, all from the training set."""
    train, validation = nl.mnist("train").split(settings.validation, seed=0)
    return train.take(settings.images), validation


def train(config: Config, data: Split, seed: int, state: nl.State | None) -> Iterator[nl.Epoch]:
    """Train a configuration, from the start or from a state."""
    recipe = nl.Recipe(
        optimizer=nl.Adam(),
        schedule=nl.step_halving(config.learning_rate, every=config.halve_every),
        epochs=config.epochs,
        batch_size=config.batch_size,
        augment=nl.Affine(config.augmentation, zoom=(0.9, 1.1), rotation_degrees=12, shift=0.07),
    )
    yield from nl.fit(network(config), recipe, *data, seed=seed, state=state)


def all_training_images() -> Split:
    """Return the data of the final training, which leaves nothing for validation."""
    return nl.mnist("train"), None


def trained_network(config: Config, state: nl.State, test: nl.Dataset) -> nl.Sequential:
    """Return the network that a training has left."""
    trained = network(config)
    trained.build(test.images.shape[1:], np.random.default_rng())
    trained.load(state["weights"])
    return trained


def evaluate(config: Config, state: nl.State, test: nl.Dataset) -> sweep.Evaluation:
    """Evaluate the trained network on the test set, in numbers and in pictures."""
    trained = trained_network(config, state, test)
    answers = trained.predict(test.images).argmax(axis=1)
    wrong = np.flatnonzero(answers != test.labels)
    misread = [
        (nl.png(test.images[i]), f"{test.labels[i]} read as {answers[i]}")
        for i in wrong[:MAX_SHOWN]
    ]
    counts = nl.confusion(test.labels, answers, test.n_classes).tolist()
    return sweep.Evaluation(
        {"test_error": len(wrong) / len(test), "test_wrong": len(wrong)},
        [
            sweep.Exhibit.svg("Architecture", nl.drawing(trained)),
            sweep.Exhibit.matrix("Confusion matrix", counts, "0123456789", CONFUSION),
            sweep.Exhibit.pictures("Misread digits", misread),
        ],
    )


def ensemble(config: Config, states: Sequence[nl.State], test: nl.Dataset) -> dict[str, float]:
    """Evaluate the mean of the trained networks on the test set."""
    networks = [trained_network(config, state, test) for state in states]
    together = nl.evaluate_together(networks, test)
    return {"test_error": together["error"], "test_wrong": together["wrong"]}


study = sweep.Study(
    name="cnn",
    space=space,
    train=train,
    data=data,
    minimize="validation_error",
    trials=20,
    pruner=sweep.Asha(min_epochs=2, factor=2, max_epochs=settings.epochs),
    final=sweep.Final(
        data=all_training_images,
        test=lambda: nl.mnist("test"),
        evaluate=evaluate,
        ensemble=ensemble,
        minimize="train_loss",
        config=lambda best: replace(best, epochs=settings.final_epochs),
        runoff=settings.runoff,
        runoff_repeats=settings.runoff_repeats,
        repeats=settings.final_repeats,
    ),
)
