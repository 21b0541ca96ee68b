"""Successive halving that pauses trials against the same that stops them, on recorded curves.

python -m tests.benchmarks.halving [--table dense_mnist] [--trials 100] [--seeds 20]

The real driver, ledger and pruner run in virtual time on configurations drawn at random from a
table of learning curves. An epoch takes the processor seconds on record; the driver takes none.
"""

import math
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd

import sweep
from studies.tables.curves import HERE, Table, load
from sweep.driver.progress import Event, Snapshot
from tests.benchmarks import simulation
from tests.benchmarks.simulation import Clock, SimulatedPool, Training, train

METRIC, SECONDS = "validation_error", "cpu_seconds"

PRUNERS = {
    "whole trainings": lambda _epochs: None,
    "stops": lambda epochs: sweep.Asha(1, 3, epochs, resume=False),
    "pauses": lambda epochs: sweep.Asha(1, 3, epochs),
}


def training(table: Table) -> Training:
    """Return the trainings of a table, whose only parameter is the row."""

    def value(name: str, params: dict[str, Any], epoch: int) -> float:
        return float(table.curves[name][params["row"], epoch - 1])

    def metrics(params: dict[str, Any], epoch: int) -> dict[str, float]:
        return {METRIC: value(METRIC, params, epoch)}

    return Training(table.curves[METRIC].shape[1], partial(value, SECONDS), metrics)


def search(
    table: Table, pruner: Any, seed: int, n_trials: int, n_slots: int
) -> list[tuple[float, float]]:
    """Return (core-seconds, best score) whenever a trial was complete, and at the end."""
    whole = np.flatnonzero(~np.isnan(table.curves[METRIC]).any(axis=1)).tolist()
    study = sweep.Study(
        name="halving",
        space=lambda trial: {"row": trial.suggest_categorical("row", whole)},
        train=train,
        minimize=METRIC,
        trials=n_trials,
        sampler="random",
        seed=seed,
        pruner=pruner,
    )
    path: list[tuple[float, float]] = []
    pool = SimulatedPool(n_slots, training(table), Clock(work=lambda: 0.0))

    def note(snapshot: Snapshot, _event: Event) -> None:
        best = snapshot.counts.best
        path.append((pool.trained_s, math.inf if best is None else best.score or 0.0))

    with tempfile.TemporaryDirectory() as folder:
        simulation.search(study, pool, Path(folder), note)
    return path


def seconds_to(path: list[tuple[float, float]], score: float) -> float:
    """Return the core-seconds after which a search had a score; inf if it never had."""
    return next((seconds for seconds, best in path if best <= score), math.inf)


@click.command()
@click.option("--table", default="dense_mnist", show_default=True)
@click.option("--folder", default=HERE, type=Path)
@click.option("--trials", default=100, show_default=True)
@click.option("--seeds", default=20, show_default=True)
@click.option("--slots", multiple=True, type=int, default=(1, 8), show_default=True)
def main(table: str, folder: Path, trials: int, seeds: int, slots: tuple[int, ...]) -> None:
    """Compare the two ways of successive halving, and none, on recorded learning curves."""
    data = load(table, folder)
    final = data.curves[METRIC][:, -1]
    n_epochs = data.curves[METRIC].shape[1]
    targets = {"best 5 %": np.nanquantile(final, 0.05), "best 2 %": np.nanquantile(final, 0.02)}
    rows = []
    for n_slots in slots:
        for name, make in PRUNERS.items():
            pruner = make(n_epochs)
            paths = [search(data, pruner, seed, trials, n_slots) for seed in range(seeds)]
            row: dict[str, Any] = {"slots": n_slots, "search": name}
            for words, target in targets.items():
                times = [seconds_to(path, target) for path in paths]
                row[f"core-s to {words}"] = round(float(np.median(times)), 1)
                row[f"reached {words}"] = sum(map(math.isfinite, times))
            row["core-s in all"] = round(float(np.mean([path[-1][0] for path in paths])), 1)
            row["mean score"] = round(float(np.mean([path[-1][1] for path in paths])), 5)
            rows.append(row)
    click.echo(f"{table}: {len(final)} configurations, {trials} trials, {seeds} seeds, medians")
    click.echo(pd.DataFrame(rows).to_markdown(index=False))


if __name__ == "__main__":
    main()
