"""The best configuration of a run, and its weights, as files."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from sweep.checkpoints.format import decode
from sweep.checkpoints.places import checkpoints_at
from sweep.study.study import FINAL_SUFFIX
from sweep.trials.records import TrialRecord

if TYPE_CHECKING:
    from sweep.reports.results import Run


CONFIG = "best/config.json"
"""Path in the run directory of the best configuration."""


WEIGHTS = "best/weights.safetensors"
"""Path in the run directory of the best weights."""


def best_files(run: "Run") -> dict[str, str | bytes]:
    """Return the best configuration, and the weights trained with it, as files by name."""
    if run.best is None:
        return {}
    best = run.final or run.best
    about = {
        "study": run.name,
        "trial": run.best.number,
        "score": {run.metric: run.best.score},
        "test": dict(run.test.metrics or {}) if run.test else None,
        "params": best.params,
        "config": best.config,
        "seed": best.seed,
    }
    files: dict[str, str | bytes] = {CONFIG: json.dumps(about, indent=2) + "\n"}
    if weights := _weights(run, best):
        files[WEIGHTS] = weights
    return files


def _weights(run: "Run", best: TrialRecord) -> bytes | None:
    """Return the entry "weights" of the best training's last state, as a safetensors file.

    None if the training yielded none, or its checkpoint is missing or damaged.
    """
    study = run.name + FINAL_SUFFIX if best is run.final else run.name
    checkpoints = checkpoints_at(run.about.get("checkpoints", ""), run.directory.checkpoints, study)
    data = checkpoints.read(best.number, len(best.epochs))
    state = decode(data).state if data is not None else {}
    if not state.get("weights"):
        return None
    model = state.get("model")
    has_loader = isinstance(model, dict) and "load" in model
    return save(dict(state["weights"]), {"model": json.dumps(model)} if has_loader else None)


def loader(weights: Path) -> str:
    """Return the function that loads a model, named in its file's header; "" if there is none."""
    try:
        with safe_open(weights, "np") as file:
            header = file.metadata() or {}
    except (FileNotFoundError, SafetensorError):  # a new report repairs a damaged one
        return ""
    return str(json.loads(header.get("model", "{}")).get("load", ""))
