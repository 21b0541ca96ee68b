"""This file compares runs: what they were told, what came of it; like tables.py it knows pandas."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from math import comb
from statistics import fmean, stdev
from typing import Any

import numpy as np
import pandas as pd

from sweep.reports.costs import costs
from sweep.reports.results import Run
from sweep.reports.tables import frame
from sweep.text import short
from sweep.trials.records import Ending, TrialRecord

Runs = Mapping[str, Run]
"""Runs by the names to show them by."""


MAX_SPLITS = 200_000
"""Up to so many ways to split the scores are all tried; of more, so many at random."""


def settings(runs: Runs) -> pd.DataFrame:
    """What the runs were told, and their best configurations, where these differ.

    Columns: setting, and one per run; empty where a run does not have it.
    """
    told = {name: _told(run) for name, run in runs.items()}
    keys = dict.fromkeys(key for values in told.values() for key in values)
    rows = [
        {"setting": key, **{name: _word(values.get(key)) for name, values in told.items()}}
        for key in keys
        if len({_word(values.get(key)) for values in told.values()}) > 1
    ]
    return frame(rows) if rows else pd.DataFrame(columns=["setting", *runs])


def outcome(runs: Runs) -> pd.DataFrame:
    """One row per run: how its trials ended, its best score, what it cost.

    Columns: run, metric, best (the score), std and repeats (of the best configuration's
    trainings), trial, complete, pruned, failed, the metrics of the test set, core_seconds of the
    search, and what share of the slots' time was training (busy).
    """
    return frame([_outcome(name, run) for name, run in runs.items()])


def curves(runs: Runs) -> pd.DataFrame:
    """The metric of each run's best trial after each epoch, as a mean over its repeats.

    Columns: epoch, and one per run; empty after the trial's last epoch.
    """
    lines = {name: _curve(run) for name, run in runs.items()}
    n_epochs = max((len(line) for line in lines.values()), default=0)
    rows = [
        {"epoch": i + 1}
        | {name: line[i] if i < len(line) else None for name, line in lines.items()}
        for i in range(n_epochs)
    ]
    return frame(rows) if rows else pd.DataFrame(columns=["epoch", *runs])


def significance(runs: Runs) -> pd.DataFrame:
    """For each pair of runs, how surprising the difference of their best configurations is.

    Only runs of one metric whose best configurations were trained repeatedly can be compared.
    Columns: first, second, difference (of the means of the repeats, first minus second),
    p_value (see `p_value`).
    """
    scored = {name: run for name, run in runs.items() if len(scores(run, run.best)) > 1}
    rows = []
    for (name, run), (other, rival) in combinations(scored.items(), 2):
        if run.metric == rival.metric:
            a, b = scores(run, run.best), scores(rival, rival.best)
            rows.append({"first": name, "second": other, "difference": fmean(a) - fmean(b),
                         "p_value": p_value(a, b)})  # fmt: skip
    return pd.DataFrame(rows, columns=["first", "second", "difference", "p_value"])


TABLES: dict[str, Callable[[Runs], pd.DataFrame]] = {
    "settings": settings,
    "outcome": outcome,
    "curves": curves,
    "significance": significance,
}


def scores(run: Run, record: TrialRecord | None) -> list[float]:
    """The score of each training of a trial, by the rule of its study; none without a trial."""
    best = min if run.sign > 0 else max
    all_curves = record.curves(run.metric) if record else []
    return [
        best(curve) if run.about["score"] == "best" else curve[-1] for curve in all_curves if curve
    ]


def p_value(first: Sequence[float], second: Sequence[float]) -> float:
    """How often chance alone would make a difference of means at least as large as this one.

    The permutation test of Fisher and Pitman, two-sided: all ways to split the scores into groups
    of these sizes are tried or, where there are too many, 200,000 at random from a fixed seed.

    Args:
        first: Scores of one group, at least one.
        second: Scores of the other, at least one.

    Returns:
        From 1 / number of splits to 1.
    """
    pooled = np.array([*first, *second])
    n, k = len(pooled), len(first)
    sums = pooled[_splits(n, k)].sum(axis=1)
    distances = np.abs(sums / k - (pooled.sum() - sums) / (n - k))
    here = abs(fmean(first) - fmean(second))
    return float((distances >= here * (1 - 1e-9)).mean())


def _splits(n: int, k: int) -> Any:
    """(S, k) places of those in the first group, for each split; the given one is the first."""
    if comb(n, k) <= MAX_SPLITS:
        return np.array(list(combinations(range(n), k)))
    order = np.random.default_rng(0).permuted(np.tile(np.arange(n), (MAX_SPLITS, 1)), axis=1)
    order[0] = np.arange(n)
    return order[:, :k]


def _told(run: Run) -> dict[str, Any]:
    about = run.about
    keys = ("name", "metric", "direction", "score", "seed", "sampler", "sampler_memory", "errors",
            "pruner", "duplicates", "repeats", "window", "code", "data")  # fmt: skip
    provenance = about["provenance"]
    best = (run.final or run.best).config if run.best else {}
    return (
        {key: about.get(key) for key in keys}
        | {f"--set {key}": value for key, value in about["settings"].items()}
        | {f"best {key}": value for key, value in best.items()}
        | {"revision": provenance["revision"], "Python": provenance["python"]}
        | dict(provenance["versions"])
        | {"processor": f"{provenance['cpus']} cores of {provenance['processor']}"}
    )


def _word(value: object) -> str | None:
    return None if value is None else short(value)


def _outcome(name: str, run: Run) -> dict[str, Any]:
    endings = [record.ending for record in run.records]
    repeats = scores(run, run.best)
    cost = costs(run.records)
    return {
        "run": name,
        "metric": run.metric,
        "best": run.best.score if run.best else None,
        "std": stdev(repeats) if len(repeats) > 1 else None,
        "repeats": len(repeats),
        "trial": run.best.number if run.best else None,
        "complete": endings.count(Ending.COMPLETE),
        "pruned": endings.count(Ending.PRUNED),
        "failed": sum(ending.is_failure for ending in endings),
        **(run.test.metrics or {} if run.test else {}),
        "core_seconds": round(cost.spent, 1),
        "busy": cost.busy,
    }


def _curve(run: Run) -> list[float]:
    """Means over the repeats that lasted so long."""
    lines = run.best.curves(run.metric) if run.best else []
    n_epochs = max(map(len, lines), default=0)
    return [fmean(line[i] for line in lines if i < len(line)) for i in range(n_epochs)]
