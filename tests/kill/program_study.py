"""The study of the kill matrix whose trainings are a program; see `train.sh`."""

from typing import Any

import sweep


def space(trial: sweep.Trial) -> dict[str, Any]:
    return {"x": trial.suggest_float("x", 0.0, 1.0), "k": trial.suggest_int("k", 1, 4)}


def evaluate(_config: dict[str, Any], state: dict[str, Any], _test: None) -> dict[str, float]:
    files = state["program"]["files"]
    (content,) = files["contents"]
    return {"value": float(content.tobytes().split()[1])}


study = sweep.Study(
    name="kill",
    space=space,
    train=sweep.program(
        ["sh", "train.sh", "{x}", "{k}", "{seed}"], metrics="pairs", grace_seconds=1.0
    ),
    minimize="loss",
    trials=6,
    deterministic=True,
    window=2,
    pruner=sweep.Asha(min_epochs=1, factor=2, max_epochs=4),
    final=sweep.Final(
        data=lambda: None,
        test=lambda: None,
        evaluate=evaluate,
        minimize="loss",
        repeats=2,
    ),
)
