"""The best configuration of a run, and its weights, as files."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from sweep.checkpoints.kept import GONE, state_of
from sweep.checkpoints.places import checkpoints_at
from sweep.programs.directory import files_of
from sweep.study.final import FINAL_SUFFIX
from sweep.trials.epoch import State
from sweep.trials.records import TrialRecord

if TYPE_CHECKING:
    from sweep.reports.results import Run


CONFIG = "best/config.json"
"""Path in the run directory of the best configuration."""


WEIGHTS = "best/weights.safetensors"
"""Path in the run directory of the best weights."""


CHECKPOINT = "best/checkpoint"
"""Path in the run directory of what the best program left in its directory of checkpoints."""


def best_files(run: "Run") -> dict[str, str | bytes]:
    """Return the best configuration, and what was trained with it, as files by name."""
    if run.best is None:
        return {}
    best, trial = run.final or run.best, (run.chosen if run.final else None) or run.best
    test = run.test
    about: dict[str, Any] = {
        "study": run.name,
        "trial": trial.number,
        "score": run.scores(trial),
        "test": dict(test.metrics or {}) if test else None,
        **({"test_std": test.spread} if test and test.spread else {}),
        **({"test_ensemble": dict(test.ensemble)} if test and test.ensemble else {}),
        "params": best.params,
        "config": best.config,
        "seed": best.seed,
    }
    if run.knee is not None:
        about |= {"knee": run.knee.number, "front": [_on_front(run, r) for r in run.front]}
    files: dict[str, str | bytes] = {CONFIG: json.dumps(about, indent=2) + "\n"}
    state, _ = best_state(run)
    if state and state.get("weights"):
        model = state.get("model")
        has_loader = isinstance(model, dict) and "load" in model
        header = {"model": json.dumps(model)} if has_loader else None
        files[WEIGHTS] = save(dict(state["weights"]), header)
    left = files_of(state or {})
    return files | {f"{CHECKPOINT}/{name}": content for name, content in left.items()}


def _on_front(run: "Run", record: TrialRecord) -> dict[str, Any]:
    return {"trial": record.number, "score": run.scores(record), "config": record.config}


def best_state(run: "Run") -> tuple[State | None, str]:
    """Return the state of the best training, the final one if there is one; or why there is none.

    The reason is empty for a study whose trainings yield no states.
    """
    best = run.final or run.best
    if best is None:
        return None, ""
    is_final = best is run.final
    study = run.name + FINAL_SUFFIX if is_final else run.name
    checkpoints = checkpoints_at(run.about.get("checkpoints", ""), run.directory.checkpoints, study)
    goal = (run.final_metric, 1) if is_final else (run.metric, run.sign)
    state, reason = state_of(best, checkpoints, run.about["score"], *goal)
    yields_states = any(record.kept for record in [*run.records, *run.finals])
    return state, reason if yields_states or reason != GONE else ""


def loader(weights: Path) -> str:
    """Return the function that loads a model, named in its file's header; "" if there is none."""
    try:
        with safe_open(weights, "np") as file:
            model = json.loads((file.metadata() or {}).get("model", "{}"))
    except (OSError, SafetensorError, ValueError):  # a new report repairs a damaged one
        return ""
    return str(model.get("load", "")) if isinstance(model, dict) else ""
