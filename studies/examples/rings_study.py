"""Sweeps `rings.py`, unchanged: a script with argparse that saves its own checkpoints."""

from typing import Any

import sweep


def space(trial: sweep.Trial) -> dict[str, Any]:
    """Draw what the script takes as options."""
    return {
        "lr": trial.suggest_float("lr", 1e-3, 3.0, log=True),
        "hidden": trial.suggest_int("hidden", 2, 32, log=True),
        "activation": trial.suggest_categorical("activation", ("tanh", "relu")),
    }


study = sweep.Study(
    name="rings",
    space=space,
    train=sweep.program(
        [
            *("python", "rings.py", "{parameters}", "--epochs=8", "--seed={seed}"),
            "--checkpoint={checkpoints}/rings.npz",
        ],
        metrics="pairs",
    ),
    minimize="loss",
    trials=12,
    pruner=sweep.Asha(min_epochs=2, factor=2, max_epochs=8),
)
