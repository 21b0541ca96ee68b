"""The study of the golden run: every way a trial can end, on purpose."""

from collections.abc import Iterator
from typing import Any

import numpy as np

import sweep


def space(trial: sweep.Trial) -> dict[str, Any]:
    method = trial.suggest_categorical("method", ("plain", "näive|odd", "raise"))
    config = {"method": method, "x": trial.suggest_float("x", -3.0, 3.0)}
    if method == "plain":
        config["k"] = trial.suggest_int("k", 1, 4)
    return config


def train(
    config: dict[str, Any], data: str | None, seed: int, state: dict[str, Any] | None
) -> Iterator[sweep.Epoch]:
    for epoch in range(0 if state is None else state["epoch"], 4):
        if config["method"] == "raise" and epoch == 1 and config["x"] > 0:
            raise ArithmeticError(f"x is {config['x']:.3f}")
        loss = config["x"] ** 2 + (seed % 10) / 10 / (epoch + 1)
        if config["method"] != "plain" and config["x"] < -1 and epoch == 0:
            loss = float("nan")
        weights = {"x": np.array([config["x"]])}
        yield sweep.Epoch({"loss": loss}, {"epoch": epoch + 1, "weights": weights})


study = sweep.Study(
    name="golden",
    space=space,
    train=train,
    minimize="loss",
    trials=20,
    seed=3,
    pruner=sweep.Asha(min_epochs=1, factor=3, max_epochs=4, resume=False),
    final=sweep.Final(
        data=lambda: None,
        test=lambda: 2.0,
        evaluate=lambda config, _state, test: {"test error": abs(config["x"] - test)},
        minimize="loss",
    ),
)
