"""Tables that compare runs: how they were set up, and what came out."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, zip_longest
from math import comb
from statistics import fmean, stdev
from typing import Any

import numpy as np
import pandas as pd

from sweep.reports.costs import costs
from sweep.reports.results import Run
from sweep.reports.tables import frame
from sweep.study.code.functions.parts import PYTHON
from sweep.study.fields import recorded
from sweep.text import short
from sweep.trials.ranking import scores
from sweep.trials.records import Ending

Runs = Mapping[str, Run]
"""Runs by the names to show."""


MAX_SPLITS = 200_000
"""Splits of the scores that a test tries: all of them up to this number, else a random sample."""


def settings(runs: Runs) -> pd.DataFrame:
    """Return the settings of the runs, and their best configurations, where they differ.

    Columns: setting, and one per run; empty where a run does not have it.
    """
    inputs = {name: _inputs(run) for name, run in runs.items()}
    rows = []
    for key in dict.fromkeys(key for values in inputs.values() for key in values):
        texts = {name: values.get(key) for name, values in inputs.items()}
        if len(set(texts.values())) > 1:
            rows.append({"setting": key, **texts})
    return frame(rows) if rows else pd.DataFrame(columns=["setting", *runs])


def outcome(runs: Runs) -> pd.DataFrame:
    """Return one row per run: how its trials ended, its best score, what it cost.

    Columns: run, metric, best (the score), std and repeats (of the best configuration's
    trainings), trial, complete, pruned, failed, the metrics on the test set, core_seconds of the
    search, and busy: the fraction of the slots' time spent training.
    """
    return frame([_outcome(name, run) for name, run in runs.items()])


def curves(runs: Runs) -> pd.DataFrame:
    """Return the metric of each run's best trial after each epoch, as a mean over its repeats.

    Columns: epoch, and one per run; empty after the trial's last epoch.
    """
    lines = zip_longest(*(_mean_curve(run) for run in runs.values()))
    rows = [{"epoch": i, **dict(zip(runs, line, strict=True))} for i, line in enumerate(lines, 1)]
    return frame(rows) if rows else pd.DataFrame(columns=["epoch", *runs])


def significance(runs: Runs) -> pd.DataFrame:
    """Return, for each pair of runs, how surprising the difference of their best scores is.

    Only runs with the same metric, whose best configurations were trained repeatedly, can be
    compared. Columns: first, second, difference (of the means of the repeats, first minus
    second), p_value (see `p_value`).
    """
    rows = []
    for (first, a), (second, b) in combinations(runs.items(), 2):
        xs, ys = best_scores(a), best_scores(b)
        if a.metric == b.metric and min(len(xs), len(ys)) > 1:
            rows.append((first, second, fmean(xs) - fmean(ys), p_value(xs, ys)))
    return pd.DataFrame(rows, columns=["first", "second", "difference", "p_value"])


TABLES: dict[str, Callable[[Runs], pd.DataFrame]] = {
    table.__name__: table for table in (settings, outcome, curves, significance)
}
"""Tables of `sweep compare`, by name."""


def best_scores(run: Run) -> list[float]:
    """Return the score of each training of a run's best trial; empty if there is none."""
    all_curves = run.best.curves(run.metric) if run.best else []
    return scores(all_curves, run.about["score"], run.sign)


def p_value(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the probability of a difference of means at least this large by chance alone.

    The permutation test of Fisher and Pitman, two-sided: it tries all ways to split the scores
    into groups of these sizes or, if there are too many, 200,000 random ones from a fixed seed.

    Args:
        first: Scores of one group, at least one.
        second: Scores of the other, at least one.

    Returns:
        A probability, from 1 / number of splits to 1.
    """
    pooled = np.array([*first, *second])
    n, k = len(pooled), len(first)
    sums = pooled[_splits(n, k)].sum(axis=1)
    distances = np.abs(sums / k - (pooled.sum() - sums) / (n - k))
    here = abs(fmean(first) - fmean(second))
    return float((distances >= here * (1 - 1e-9)).mean())


def _splits(n: int, k: int) -> Any:
    """Return (S, k) indices of the first group in each split; the first split is the given one."""
    if comb(n, k) <= MAX_SPLITS:
        return np.array(list(combinations(range(n), k)))
    order = np.random.default_rng(0).permuted(np.tile(np.arange(n), (MAX_SPLITS, 1)), axis=1)
    order[0] = np.arange(n)
    return order[:, :k]


def _inputs(run: Run) -> dict[str, str | None]:
    """Return the settings of a run, its best configuration and its provenance, as text by name."""
    declared, made = recorded(run.about), run.about["provenance"]
    settings = {f"--set {key}": value for key, value in declared.pop("settings").items()}
    functions = {k: v for k, v in (declared.pop("functions") or {}).items() if k != PYTHON}
    config = (run.final or run.best).config if run.best else {}
    best = {f"best {key}": value for key, value in config.items()}
    code = {"revision": made["revision"], "Python": made["python"], **made["versions"]}
    processor = {"processor": f"{made['cpus']} cores of {made['processor']}"}
    values = declared | functions | settings | best | code | processor
    return {name: None if v is None else short(v) for name, v in values.items()}


def _outcome(name: str, run: Run) -> dict[str, Any]:
    endings = [record.ending for record in run.records]
    repeats, cost = best_scores(run), costs(run.records)
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


def _mean_curve(run: Run) -> list[float]:
    """Return the mean over the repeats that have each epoch."""
    lines = run.best.curves(run.metric) if run.best else []
    return [fmean(x for x in values if x is not None) for values in zip_longest(*lines)]
