"""Makes a compact table of learning curves from the database of a grid's run.

python -m studies.tables.export runs/dense_mnist runs/dense_noise

The table, NAME.csv.gz, has a row per epoch: number of the configuration and its parameters, number
of its training, epoch, metrics, wall-clock and processor seconds. Further runs of the same study
add trainings with other seeds. NAME.json beside it says how the table was made.
"""

import argparse
import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

import sweep

NOT_KEPT = {"learning_rate"}
"""Metrics that the parameters determine."""

PROVENANCE = (
    "command",
    "revision",
    "python",
    "versions",
    "platform",
    "processor",
    "cpus",
    "kernel",
)
"""What is kept of each run's provenance."""

DIGITS = 4
"""Significant digits of losses and seconds, and of errors counted on up to 10,000 images."""

Key = tuple[tuple[str, Any], ...]
"""The parameters of a configuration, sorted."""


def export(runs: Sequence[Path], folder: Path) -> Path:
    """Write the table of a run, and of further runs of the same study, with its provenance.

    Args:
        runs: Run directories: of the whole grid, then of those with further seeds.
        folder: Where to write; it has to exist.

    Returns:
        The path of the table.

    Raises:
        RunError: If a trial has not ended or has failed other than by diverging, or a further run
            is of another study or has configurations that are not in the grid.
    """
    grid, *further = (sweep.Run(path) for path in runs)
    numbers = {_key(record): record.number for record in grid.records}
    for run in (grid, *further):
        _check(run, grid, numbers)
    parameters, metrics = _names(grid)
    columns = ["config", *parameters, "training", "epoch", *metrics, "seconds", "cpu_seconds"]
    rows = pd.DataFrame(list(_rows([grid, *further], numbers)), columns=columns)
    path = folder / f"{grid.name}.csv.gz"
    text = rows.to_csv(index=False, lineterminator="\n")
    path.write_bytes(gzip.compress(text.encode(), mtime=0))  # the same bytes each time
    about = {
        "study": grid.name,
        "configurations": len(numbers),
        "trainings": len(rows[["config", "training"]].drop_duplicates()),
        "epochs": int(rows["epoch"].max()),
        "core_hours": round(sum(map(_core_hours, (grid, *further))), 3),
        "parameters": {name: _choices(grid, name) for name in parameters},
        "metrics": metrics,
        "runs": [_provenance(run) for run in (grid, *further)],
    }
    (folder / f"{grid.name}.json").write_text(json.dumps(about, indent=2) + "\n")
    return path


def _key(record: sweep.TrialRecord) -> Key:
    return tuple(sorted(record.params.items()))


def _check(run: sweep.Run, grid: sweep.Run, numbers: dict[Key, int]) -> None:
    path = run.directory.path
    fine = [record for record in run.records if record.ending in ("complete", "diverged")]
    if len(fine) < len(run.records):
        raise sweep.RunError(
            f"{path}: expected {len(run.records)} trials that are complete or diverged, got "
            f"{len(fine)}; run it again, or see `python -m sweep status {path}`"
        )
    if run.name != grid.name or not all(_key(record) in numbers for record in run.records):
        raise sweep.RunError(
            f"{path}: expected configurations of the grid {grid.name}, got others; give the run of "
            f"the whole grid first"
        )


def _rows(runs: Sequence[sweep.Run], numbers: dict[Key, int]) -> Iterator[dict[str, Any]]:
    """Yield a row per epoch; the same training in two runs counts once."""
    n_trainings = dict.fromkeys(numbers.values(), 0)
    seen: set[tuple[int, int]] = set()
    for record in (record for run in runs for record in run.records):
        config = numbers[_key(record)]
        is_known = (config, record.seed) in seen  # a run with repeats begins with the same seed
        seen.add((config, record.seed))
        for training in record.trainings()[int(is_known) :]:
            n_trainings[config] += 1
            left = {"config": config, **record.params, "training": n_trainings[config]}
            for n, epoch in enumerate(training, start=1):
                cost = {"seconds": epoch.seconds, "cpu_seconds": epoch.cpu_seconds}
                values = {**epoch.metrics, **cost}.items()
                rounded = {name: float(f"{value:.{DIGITS}g}") for name, value in values}
                yield left | {"epoch": n} | rounded


def _provenance(run: sweep.Run) -> dict[str, Any]:
    """Return how a run was made; the seeds of trials derive from its own (sweep.study.seeds)."""
    made = {name: run.about["provenance"].get(name) for name in PROVENANCE}
    recorded = {name: run.about[name] for name in ("settings", "seed", "repeats", "data")}
    return {
        **made,
        "kernels": _kernels(run),
        **recorded,
        "trials": len(run.records),
        "core_hours": round(_core_hours(run), 3),
    }


def _core_hours(run: sweep.Run) -> float:
    return sum(record.cpu_seconds for record in run.records) / 3600


def _names(run: sweep.Run) -> tuple[list[str], list[str]]:
    """Return the names of all parameters and of all metrics, in the order of their appearance."""
    parameters = dict.fromkeys(name for record in run.records for name in record.params)
    metrics = dict.fromkeys(
        name for record in run.records for epoch in record.epochs for name in epoch.metrics
    )
    return list(parameters), [name for name in metrics if name not in NOT_KEPT]


def _choices(run: sweep.Run, name: str) -> list[Any]:
    """Return the values of a parameter, in the order in which the study lists them."""
    domains = (record.domains[name] for record in run.records if name in record.domains)
    return list(next(domains).values() or [])


def _kernels(run: sweep.Run) -> list[str]:
    """Return the BLAS kernels that trained the trials."""
    kernels = (record.worker.kernel for record in run.records if record.worker)
    return sorted({f"{kernel.blas} {kernel.name}" for kernel in kernels if kernel})


def main() -> None:
    """Export the runs named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("runs", nargs="+", type=Path, help="the grid's run, then further ones")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent, help="where to write")
    arguments = parser.parse_args()
    export(arguments.runs, arguments.folder)


if __name__ == "__main__":
    main()
