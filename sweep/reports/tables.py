"""Tables of trials, as pandas frames."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from sweep.reports.fronts import Cells, latest
from sweep.text import short
from sweep.trials.ranking import best_of, ranked
from sweep.trials.records import Ending, TrialRecord

DTYPES: dict[type, Any] = {int: "Int64", float: "Float64", bool: "boolean", str: "string"}
"""Nullable pandas dtypes, so that integer columns with gaps stay integers."""


def trials(
    records: Iterable[TrialRecord], metric: str, further: Cells = lambda _: {}
) -> pd.DataFrame:
    """Return one row per trial, in the order of their numbers.

    Columns: trial, status, the metric (the score of a complete trial, else the last epoch's
    value), its standard deviation as METRIC_std if trials train repeatedly, what `further` gives of
    each trial, epochs, one per parameter (empty where the trial does not have it), seconds and
    cpu_seconds of training, attempts, infeasible_draws (if there are any), seed, host, started
    (UTC), and source, the origin of the parameters (sampler, first or enqueued), if it is not the
    same for all. A parameter with one of these names gets the prefix "params_", and one more where
    another parameter has that name.
    """
    records = list(records)
    sources = [record.source or "sampler" for record in records]
    shows_source = len({*sources}) > 1
    lefts = [
        _left(record, metric) | further(record) | {"epochs": len(record.epochs)}
        for record in records
    ]
    # An objective such as "seconds" takes the place of what every trial shows.
    rights = [
        {name: value for name, value in _right(record).items() if name not in left}
        for record, left in zip(records, lefts, strict=True)
    ]
    fixed = {name for cells in (*lefts, *rights) for name in cells}
    fixed |= {"source"} if shows_source else set()
    names = _names((record.params for record in records), "params", fixed)
    middles = [{names[k]: value for k, value in record.params.items()} for record in records]
    rows = zip(lefts, middles, rights, strict=True)
    table = frame([left | middle | right for left, middle, right in rows])
    return table.assign(source=pd.Series(sources, dtype="string")) if shows_source else table


def epochs(records: Sequence[TrialRecord]) -> pd.DataFrame:
    """Return one row per epoch of every trial: trial, epoch, every metric, seconds, cpu_seconds.

    If trials train repeatedly, there is a column repeat, and each training counts its own epochs.
    A metric with one of these names gets the prefix "metrics_".
    """
    has_repeats = any(epoch.repeat > 1 for record in records for epoch in record.epochs)
    fixed = {"trial", "epoch", "seconds", "cpu_seconds"} | ({"repeat"} if has_repeats else set())
    names = _names((e.metrics for record in records for e in record.epochs), "metrics", fixed)
    rows = []
    for number, training in [(r.number, training) for r in records for training in r.trainings()]:
        for n, epoch in enumerate(training, start=1):
            repeat = {"repeat": epoch.repeat} if has_repeats else {}
            left = {"trial": number, **repeat, "epoch": n}
            right = {"seconds": round(epoch.seconds, 3), "cpu_seconds": round(epoch.cpu_seconds, 3)}
            rows.append(left | {names[m]: value for m, value in epoch.metrics.items()} | right)
    return frame(rows)


def leaders(
    records: Iterable[TrialRecord],
    metric: str,
    sign: int,
    n: int = 10,
    further: Cells = lambda _: {},
) -> pd.DataFrame:
    """Return the n feasible trials with the best scores, best first.

    Columns: those of `trials`, without the ones that only the whole table needs.
    """
    dropped = ["status", "violates", "cpu_seconds", "attempts", "infeasible_draws", "seed", "host"]
    best = trials(ranked(records, sign)[:n], metric, further)
    return best.drop(columns=[*dropped, "started"], errors="ignore")


def progression(records: Iterable[TrialRecord], metric: str, sign: int) -> pd.DataFrame:
    """Return the trials that set a new best, each with what it changed from the one before.

    Args:
        records: Any trials.
        metric: The metric to minimise or maximise.
        sign: 1 where lower is better, -1 where higher is.

    Returns:
        Columns: trial, the metric, changed, epochs, seconds.
    """
    bests: list[TrialRecord] = []
    for record in sorted(records, key=lambda record: record.ending_number):
        if best_of(sign, [*bests[-1:], record]) is record:
            bests.append(record)
    rows = [
        (r.number, r.score, changes(before, r.params), len(r.epochs), round(r.seconds, 1))
        for before, r in zip([{}, *(best.params for best in bests)], bests, strict=False)
    ]
    return pd.DataFrame(rows, columns=["trial", metric, "changed", "epochs", "seconds"])


def summary(records: list[TrialRecord]) -> pd.DataFrame:
    """Return how many trials ended in which way, and what their training took."""
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
    """Return a frame whose columns have the type of their values, even with missing ones."""
    columns = {}
    for name in _columns(rows):
        values = [row.get(name) for row in rows]
        kinds = {type(value) for value in values if value is not None}
        dtype = DTYPES.get(kinds.pop(), object) if len(kinds) == 1 else object
        columns[name] = pd.Series(values, dtype=dtype)
    return pd.DataFrame(columns)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return the values of `after` that differ from `before`, as text."""
    changed = [f"{k} {short(v)}" for k, v in after.items() if (k, v) not in before.items()]
    gone = [f"no {name}" for name in before if name not in after]
    return ", ".join(changed + gone) or "only the seed"


def _left(record: TrialRecord, metric: str) -> dict[str, Any]:
    return {
        "trial": record.number,
        "status": record.ending.value,
        metric: latest(record, metric) if record.score is None else record.score,
        **({} if record.score_std is None else {f"{metric}_std": record.score_std}),
    }


def _right(record: TrialRecord) -> dict[str, Any]:
    return {
        "seconds": round(record.seconds, 1),
        "cpu_seconds": round(record.cpu_seconds, 1),
        "attempts": len(record.attempts) + 1,
        **({"infeasible_draws": record.infeasible_draws} if record.infeasible_draws else {}),
        "seed": record.seed,
        "host": record.worker.host if record.worker else None,
        "started": record.started.isoformat(timespec="seconds") if record.started else None,
    }


def _names(rows: Iterable[Mapping[str, Any]], prefix: str, fixed: set[str]) -> dict[str, str]:
    """Return the column of each name: with as many prefixes as no other column needs."""
    names = dict.fromkeys(name for row in rows for name in row)
    columns: dict[str, str] = {}
    for name in names:
        column = name
        while column in fixed or column in columns.values() or (column != name and column in names):
            column = f"{prefix}_{column}"
        columns[name] = column
    return columns


def _columns(rows: list[dict[str, Any]]) -> list[str]:
    """Return all keys, each as far left as in its first row; fixed columns keep their places."""
    names: list[str] = []
    for row in rows:
        after = -1
        for name in row:
            if name not in names:
                names.insert(after + 1, name)
            after = names.index(name)
    return names
