"""Draws regret over core-seconds: medians over seeds, and the middle half of them."""

from collections.abc import Sequence
from pathlib import Path as File

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.benchmarks.quality.figures import FLOOR, START, Searches, is_peer

N_TIMES = 400


def draw(rows: pd.DataFrame, methods: Sequence[str], file: File) -> None:
    """Draw some methods, a panel for each table and number of slots, into an SVG file."""
    settings = list(rows.groupby(["table", "slots"]))
    n_columns = min(3, len(settings))
    n_rows = -(-len(settings) // n_columns)
    mpl.rcParams["svg.hashsalt"] = "quality"  # the same bytes each time
    figure = Figure(figsize=(5 * n_columns, 3.6 * n_rows), layout="constrained")
    panels = figure.subplots(n_rows, n_columns, squeeze=False).flat
    for panel, ((table, slots), group) in zip(panels, settings, strict=False):
        _draw_setting(panel, group, methods)
        panel.set_title(f"{table}, {slots} slot{'s' if slots > 1 else ''}")
    for panel in list(panels):
        panel.remove()
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(file, format="svg", metadata={"Date": None})


def _draw_setting(panel: Axes, rows: pd.DataFrame, methods: Sequence[str]) -> None:
    budget = float(rows["core_seconds"].max())
    times = np.linspace(0, budget, N_TIMES)
    for number, method in enumerate(methods):
        of_method = rows[rows["method"] == method]
        if of_method.empty:
            continue
        searches, colour = Searches(of_method), f"C{number % 10}"
        style = "--" if is_peer(method) else "-"
        panel.step(
            times, searches.median.at(times), style, color=colour, label=method, where="post"
        )
        low, high = (searches.quantile(q, times) for q in (0.25, 0.75))
        panel.fill_between(times, low, high, color=colour, alpha=0.12, step="post", linewidth=0)
    panel.set_yscale("log")
    panel.set_ylim(FLOOR, START)
    panel.set_xlim(0, budget)
    panel.set_xlabel("core-seconds")
    panel.set_ylabel("regret")
