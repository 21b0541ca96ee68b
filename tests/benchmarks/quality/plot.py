"""Draws regret over core-seconds: medians over seeds, and the middle half of them."""

from collections.abc import Sequence
from pathlib import Path as File

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tests.benchmarks.quality.figures import START, Searches, is_peer

LINEAR = 0.03
"""Regret below which the axis is linear, so that it has a zero."""


def draw(rows: pd.DataFrame, methods: Sequence[str], file: File) -> None:
    """Draw some methods, a panel for each table and number of slots, into an SVG file."""
    settings = list(rows.groupby(["slots", "table"]))
    n_columns = min(3, len(settings))
    n_rows = -(-len(settings) // n_columns)
    mpl.rcParams["svg.hashsalt"] = "quality"  # the same bytes each time
    figure = Figure(figsize=(5 * n_columns, 3.6 * n_rows), layout="constrained")
    panels = figure.subplots(n_rows, n_columns, squeeze=False).flat
    for panel, ((slots, table), group) in zip(panels, settings, strict=False):
        _draw_setting(panel, group, methods)
        panel.set_title(f"{table}, {slots} slot{'s' if slots > 1 else ''}")
    for panel in list(panels):
        panel.remove()
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(file, format="svg", metadata={"Date": None})


def _draw_setting(panel: Axes, rows: pd.DataFrame, methods: Sequence[str]) -> None:
    budget = float(rows["core_seconds"].max())
    for number, method in enumerate(methods):
        of_method = rows[rows["method"] == method]
        if of_method.empty:
            continue
        times, (low, median, high) = _quartiles(Searches(of_method), budget)
        colour, style = f"C{number % 10}", "--" if is_peer(method) else "-"
        panel.step(times, median, style, color=colour, label=method, where="post")
        panel.fill_between(times, low, high, color=colour, alpha=0.12, step="post", linewidth=0)
    panel.set_yscale("symlog", linthresh=LINEAR, linscale=0.4)
    panel.set_ylim(0, START)
    panel.set_yticks([0, 0.03, 0.1, 0.3, 1], ["0", "0.03", "0.1", "0.3", "1"])
    panel.set_xlim(0, budget)
    panel.set_xlabel("core-seconds")
    panel.set_ylabel("regret")


def _quartiles(
    searches: Searches, budget: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return when a quartile changes, (n,), and the three quartiles from then on, (3, n)."""
    times = np.concatenate([[0.0], searches.median.times, [budget]])
    quartiles = np.array([searches.quantile(q, times) for q in (0.25, 0.5, 0.75)])
    changes = np.diff(quartiles, prepend=np.inf).any(axis=0)
    changes[-1] = True
    return times[changes], quartiles[:, changes]
