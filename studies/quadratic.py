"""Where is the minimum of a noisy valley? 40 trials in a second or two; no network, no data.

This study shows that a sweep needs only a space and a function that yields numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import sweep


@dataclass(frozen=True)
class Config:
    """A point of the search space.

    Attributes:
        method: "constant" or "halving", how the step size changes over the epochs.
        x: Starting point of the descent.
        step: Size of the first step.
    """

    method: str
    x: float
    step: float


def space(trial: sweep.Trial) -> Config:
    """Draw a starting point and how to move from there."""
    return Config(
        method=trial.suggest_categorical("method", ("constant", "halving")),
        x=trial.suggest_float("x", -10, 10),
        step=trial.suggest_float("step", 1e-3, 1.0, log=True),
    )


def train(
    config: Config, _data: None, seed: int, state: dict[str, float] | None
) -> Iterator[sweep.Epoch]:
    """Take nine noisy steps of gradient descent on (x - 3)^2, or the rest of them from `state`."""
    x, done = (config.x, 0) if state is None else (state["x"], int(state["epoch"]))
    for epoch in range(done, 9):
        noise = Random(seed + epoch).gauss(0, 0.1)
        step = config.step * (0.5**epoch if config.method == "halving" else 1)
        x -= step * (2 * (x - 3) + noise)
        yield sweep.Epoch({"loss": (x - 3) ** 2}, {"x": x, "epoch": epoch + 1})


study = sweep.Study(
    name="quadratic",
    space=space,
    train=train,
    minimize="loss",
    trials=40,
    pruner=sweep.Asha(min_epochs=3, factor=3, max_epochs=9),
)
