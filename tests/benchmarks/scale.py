"""How many slots and trials can one driver handle? Simulated slots, trials pruned by ASHA.

python -m tests.benchmarks.scale [--trials 100 --trials 1000 ...] [--slots 1 --slots 10 ...]

Trials have up to 10 epochs of about 10 virtual seconds; see `simulation`. Ray's own work is not
included. Each line is measured in its own process, after a few trials to warm up. Writes figures
to scale.csv, where a new line replaces the old one, prints them as a table and draws scale.svg.
"""

import multiprocessing
import resource
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import click
import matplotlib.pyplot as plt
import pandas as pd

from tests.benchmarks.simulation import STUDY, drive

FIGURES = Path(__file__).with_suffix(".csv")
KEY = ["slots", "trials"]


def measure(n_trials: int, n_slots: int) -> dict[str, float]:
    """Measure the cost of driving a number of trials on a number of slots."""
    with tempfile.TemporaryDirectory() as warm, tempfile.TemporaryDirectory() as name:
        drive(replace(STUDY, trials=20), 1, Path(warm))
        pool, seconds = drive(replace(STUDY, trials=n_trials), n_slots, Path(name))
        size = Path(name, "sweep.db").stat().st_size
    return {
        "slots": n_slots,
        "trials": n_trials,
        "busy, %": round(100 * pool.trained_s / (pool.trained_s + pool.waited_s), 1),
        "epochs per trial": round(pool.n_epochs / n_trials, 1),
        "ms per epoch": round(1000 * seconds / pool.n_epochs, 2),
        "ms per trial": round(1000 * seconds / n_trials, 1),
        "process, MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "database, MiB": round(size / 2**20, 1),
    }


def keep(row: dict[str, float]) -> pd.DataFrame:
    """Add a line to the figures, or replace the one for the same slots and trials; return all."""
    before = [pd.read_csv(FIGURES)] if FIGURES.exists() else []
    figures = pd.concat([*before, pd.DataFrame([row])]).drop_duplicates(KEY, keep="last")
    figures = figures.sort_values(KEY)
    figures.to_csv(FIGURES, index=False)
    return figures


def draw(figures: pd.DataFrame) -> None:
    """Plot the cost of a trial, and how busy slots are, against the number of trials."""
    plt.rcParams["svg.hashsalt"] = "scale"
    figure, (cost, busy) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    for slots, lines in figures.groupby("slots"):
        label = f"{slots:,} slot{'s' if slots > 1 else ''}"
        cost.plot(lines["trials"], lines["ms per trial"], "o-", label=label)
        busy.plot(lines["trials"], lines["busy, %"], "o-")
    cost.set(xscale="log", xlabel="trials", ylabel="driver, ms of processor time per trial")
    cost.set_ylim(bottom=0)
    cost.legend(frameon=False)
    busy.set(xscale="log", xlabel="trials", ylabel="slots busy, %", ylim=(0, 103))
    figure.savefig(FIGURES.with_suffix(".svg"), metadata={"Date": None})


@click.command()
@click.option("--trials", type=int, multiple=True, default=(100, 1000, 10000, 20000))
@click.option("--slots", type=int, multiple=True, default=(1, 10, 100, 1000))
def main(trials: tuple[int, ...], slots: tuple[int, ...]) -> None:
    """Measure every number of trials on every number of slots."""
    spawn = multiprocessing.get_context("spawn")
    for n_slots in slots:
        for n_trials in trials:
            with ProcessPoolExecutor(1, mp_context=spawn) as process:
                figures = keep(process.submit(measure, n_trials, n_slots).result())
    print(figures.to_markdown(index=False))
    draw(figures)


if __name__ == "__main__":
    main()
