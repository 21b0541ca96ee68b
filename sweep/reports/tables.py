"""This file makes tables of records; like comparison.py and export.py it knows pandas."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from sweep.text import short
from sweep.trials.records import Ending, EpochRecord, TrialRecord

DTYPES: dict[type, Any] = {int: "Int64", float: "Float64", bool: "boolean", str: "string"}
"""Those of pandas that have room for "none": a column of whole numbers with gaps stays one."""


def trials(records: Iterable[TrialRecord], metric: str) -> pd.DataFrame:
    """One row per trial, in the order of their numbers.

    Columns: trial, status, the metric (of the last epoch; the trial's score where it is complete),
    its standard deviation as METRIC_std if trials train repeatedly, epochs, one per parameter
    (empty where the trial did not have it), seconds and cpu_seconds of training, attempts, seed,
    host, started (UTC). A parameter of one of these names has "params_" before it.
    """
    rows = [_trial_row(record, metric) for record in records]
    return frame(rows)


def epochs(records: Iterable[TrialRecord]) -> pd.DataFrame:
    """One row per epoch of every trial: trial, epoch, every metric, seconds, cpu_seconds.

    If trials train repeatedly there is a column repeat, and each training counts its own epochs.
    A metric of one of these names has "metrics_" before it.
    """
    records = list(records)
    has_repeats = any(epoch.repeat > 1 for record in records for epoch in record.epochs)
    rows = []
    for record in records:
        n_of_repeat = Counter[int]()
        for epoch in record.epochs:
            n_of_repeat[epoch.repeat] += 1
            place = {"repeat": epoch.repeat} if has_repeats else {}
            place["epoch"] = n_of_repeat[epoch.repeat]
            rows.append(_epoch_row({"trial": record.number} | place, epoch))
    return frame(rows)


def leaders(records: Iterable[TrialRecord], metric: str, sign: int, n: int = 10) -> pd.DataFrame:
    """The n complete trials with the best scores, best first.

    Columns: those of `trials` without what only the whole table needs.
    """
    scored = [record for record in records if record.score is not None]
    scored.sort(key=lambda record: sign * (record.score or 0.0))
    dropped = ["status", "cpu_seconds", "attempts", "seed", "host", "started"]
    return trials(scored[:n], metric).drop(columns=dropped, errors="ignore")


def progression(records: Iterable[TrialRecord], metric: str, sign: int) -> pd.DataFrame:
    """The trials that set a new best, each with what changed against the one before.

    Args:
        records: The trials, in the order of their numbers.
        metric: The metric to minimise or maximise.
        sign: 1 where lower is better, -1 where higher is.

    Returns:
        Columns: trial, the metric, changed, epochs, seconds.
    """
    rows: list[dict[str, Any]] = []
    best: TrialRecord | None = None
    for record in sorted(records, key=lambda record: record.ending_number):
        if record.score is None:
            continue
        if best is not None and sign * record.score >= sign * (best.score or 0.0):
            continue
        rows.append(
            {
                "trial": record.number,
                metric: record.score,
                "changed": changes(best.params if best else {}, record.params),
                "epochs": len(record.epochs),
                "seconds": round(record.seconds, 1),
            }
        )
        best = record
    return pd.DataFrame(rows, columns=["trial", metric, "changed", "epochs", "seconds"])


def summary(records: list[TrialRecord]) -> pd.DataFrame:
    """How many trials ended how, and the training time that went into them."""
    rows = [
        {
            "status": ending.value,
            "trials": len(group),
            "epochs": sum(len(record.epochs) for record in group),
            "core_seconds": round(sum(record.cpu_seconds for record in group), 1),
        }
        for ending in Ending
        if (group := [record for record in records if record.ending is ending])
    ]
    return pd.DataFrame(rows, columns=["status", "trials", "epochs", "core_seconds"])


def frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A table whose columns have the type of their values, also where some rows have none."""
    columns = {}
    for name in _columns(rows):
        values = [row.get(name) for row in rows]
        kinds = {type(value) for value in values if value is not None}
        dtype = DTYPES.get(kinds.pop(), object) if len(kinds) == 1 else object
        columns[name] = pd.Series(values, dtype=dtype)
    return pd.DataFrame(columns)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """The parameters of `after` that differ from `before`, in words."""
    changed = [
        f"{name} {short(value)}"
        for name, value in after.items()
        if name not in before or before[name] != value
    ]
    gone = [f"no {name}" for name in before if name not in after]
    return ", ".join(changed + gone) or "the seed alone"


def _trial_row(record: TrialRecord, metric: str) -> dict[str, Any]:
    curves = record.curves(metric)
    latest = curves[-1][-1] if curves and curves[-1] else None
    left = {
        "trial": record.number,
        "status": record.ending.value,
        metric: latest if record.score is None else record.score,
        f"{metric}_std": record.score_std,
        "epochs": len(record.epochs),
    }
    if record.score_std is None:
        del left[f"{metric}_std"]
    right = {
        "seconds": round(record.seconds, 1),
        "cpu_seconds": round(record.cpu_seconds, 1),
        "attempts": len(record.attempts) + 1,
        "seed": record.seed,
        "host": record.worker.host if record.worker else None,
        "started": record.started.isoformat(timespec="seconds") if record.started else None,
    }
    return left | _apart(record.params, "params", left | right) | right


def _epoch_row(left: dict[str, int], epoch: EpochRecord) -> dict[str, Any]:
    right = {"seconds": round(epoch.seconds, 3), "cpu_seconds": round(epoch.cpu_seconds, 3)}
    return left | _apart(epoch.metrics, "metrics", left | right) | right


def _apart(values: Mapping[str, Any], prefix: str, taken: Mapping[str, Any]) -> dict[str, Any]:
    """The values, those renamed whose names are taken by a fixed column."""
    return {f"{prefix}_{name}" if name in taken else name: values[name] for name in values}


def _columns(rows: list[dict[str, Any]]) -> list[str]:
    """All keys, each as far left as its first row has it; the fixed ones stay where they are."""
    names: list[str] = []
    for row in rows:
        after = -1
        for name in row:
            if name in names:
                after = names.index(name)
            else:
                after += 1
                names.insert(after, name)
    return names
