"""Doc."""

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from sweep.checkpoints.format import decode
from sweep.checkpoints.places import checkpoints_at
from sweep.reports.results import Run
from sweep.study.study import FINAL_SUFFIX
from sweep.trials.records import TrialRecord


def best_files(run: Run) -> dict[str, str | bytes]:
    """The best configuration, and the weights that were trained with it, as files."""
    best = run.final or run.best
    if best is None:
        return {}
    about = {
        "study": run.name,
        "trial": run.best.number if run.best else None,
        "score": {run.metric: run.best.score if run.best else None},
        "test": dict(run.test.metrics or {}) if run.test else None,
        "params": best.params,
        "config": best.config,
        "seed": best.seed,
    }
    files: dict[str, str | bytes] = {"best/config.json": json.dumps(about, indent=2) + "\n"}
    weights = _weights(run, best)
    if weights is not None:
        files["best/weights.safetensors"] = weights
    return files


def _weights(run: Run, best: TrialRecord) -> bytes | None:
    """The entry "weights" of the last state of the best training, as a safetensors file."""
    study = run.name + FINAL_SUFFIX if best is run.final else run.name
    checkpoints = checkpoints_at(run.about.get("checkpoints", ""), run.directory.checkpoints, study)
    data = checkpoints.read(best.number, len(best.epochs))
    if data is None:
        return None
    state = decode(data).state
    model = state.get("model")
    is_told = isinstance(model, dict) and "load" in model
    header = {"model": json.dumps(model)} if is_told else None
    return save(dict(state["weights"]), header) if state.get("weights") else None


def loader(weights: Path) -> str:
    """The function that reads a model's file, as its header names it; empty if there is none."""
    if not weights.is_file():
        return ""
    try:
        with safe_open(weights, "np") as file:
            header = file.metadata() or {}
    except SafetensorError:  # damaged: making the report again mends it
        return ""
    return str(json.loads(header.get("model", "{}")).get("load", ""))
