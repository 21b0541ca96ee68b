"""The study of the kill matrix: each value depends on all earlier ones, so a wrong resume shows."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import sweep

PAUSE_S = float(os.environ.get("KILL_PAUSE_S", "0"))  # per epoch; changes no result


def space(trial: sweep.Trial) -> dict[str, Any]:
    config: dict[str, Any] = {"x": trial.suggest_float("x", -1.0, 1.0)}
    if trial.suggest_categorical("deep", (True, False)):
        config["layers"] = trial.suggest_int("layers", 1, 4)
    return config


def train(
    config: dict[str, Any], _data: None, seed: int, state: dict[str, Any] | None
) -> Iterator[sweep.Epoch]:
    rng = np.random.default_rng(seed)
    weights, done = rng.normal(size=1000), 0
    if state is not None:
        rng.bit_generator.state = state["rng"]
        weights, done = state["weights"]["w"].copy(), state["epoch"]
    for epoch in range(done, 6):
        time.sleep(PAUSE_S)
        weights = weights * (1 - abs(config["x"]) / 4) + rng.normal(size=1000) / 50
        weights /= config.get("layers", 1)
        new_state = {
            "weights": {"w": weights.copy()},
            "epoch": epoch + 1,
            "rng": rng.bit_generator.state,
        }
        metrics = {"loss": float(np.abs(weights).mean()), "layers": config.get("layers", 0)}
        yield sweep.Epoch(metrics, new_state)


@dataclass(frozen=True)
class Settings:
    """What `--set` can change."""

    objectives: int = 1


settings = sweep.settings(Settings)
several = settings.objectives > 1

study = sweep.Study(
    name="kill",
    space=space,
    train=train,
    minimize=("loss", "layers") if several else "loss",
    trials=12,
    deterministic=True,
    window=2,
    pruner=sweep.Asha(min_epochs=2, factor=2, max_epochs=6),
    final=sweep.Final(
        data=lambda: None,
        test=lambda: None,
        evaluate=lambda _config, state, _test: {"sum": float(state["weights"]["w"].sum())},
        minimize="loss",
        runoff=1 if several else 2,
        runoff_repeats=1,
        repeats=2,
    ),
)
