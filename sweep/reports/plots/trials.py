"""Plots of how the search went: learning curves, the best score so far, busy slots."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from sweep.reports.costs import under_way
from sweep.reports.plots.style import (
    BLUE,
    GREY,
    ORANGE,
    RED,
    blank,
    scale,
    scores_of,
    shown,
    to_svg,
)
from sweep.trials.ranking import ranked
from sweep.trials.records import Ending

if TYPE_CHECKING:
    from sweep.reports.outlook.outlook import Forecast
    from sweep.reports.results import Run

LOOKS = {Ending.COMPLETE: (BLUE, 0.9, 2), Ending.PRUNED: (GREY, 0.9, 1)}
OTHER, BEST = (ORANGE, 0.9, 1), (RED, 2.2, 3)
"""Colour, width and layer of learning curves, by ending; of all others, and of the best one."""


def learning_curves(run: "Run", paused: "Sequence[Forecast]" = ()) -> str:
    """Plot the metric after each epoch of every trial, and what is expected of paused ones."""
    figure, (axes,) = blank()
    records, best = shown(run.records, run.sign), run.best
    numbers = {record.number for record in records}
    records += [f.record for f in paused if f.record.number not in numbers]
    for record in records:
        colour, width, layer = BEST if record is best else LOOKS.get(record.ending, OTHER)
        for curve in record.curves(run.metric):
            (line,) = axes.plot(range(1, len(curve) + 1), curve, marker="." * (len(curve) == 1))
            line.set(color=colour, linewidth=width, zorder=layer)
    axes.set(xlabel="epoch", ylabel=run.metric)
    for forecast in paused:
        _continue(axes, forecast)
    third = "expected (dashed)" if paused else "pruned (grey)"
    axes.set_title(f"complete (blue), {third}, best (red)", loc="left")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    scale(axes, [x for record in records for curve in record.curves(run.metric) for x in curve])
    return to_svg(figure)


def _continue(axes: Axes, forecast: "Forecast") -> None:
    """Draw the curve that is expected of a paused trial, and the band around it."""
    last = forecast.last
    epochs = [len(forecast.record.epochs), *forecast.epochs]
    axes.plot(epochs, [last, *forecast.expected], "--", color=ORANGE, linewidth=0.9, zorder=2)
    low, high = [last, *forecast.low], [last, *forecast.high]
    axes.fill_between(epochs, low, high, color=ORANGE, alpha=0.12, linewidth=0, zorder=0)


def progression(run: "Run") -> str:
    """Plot every score in the order in which trials ended, and the best so far."""
    figure, (axes,) = blank()
    ended = sorted(ranked(run.records, run.sign), key=lambda record: record.ending_number)
    best = run.sign * np.minimum.accumulate(run.sign * scores_of(ended))
    some = shown(ended, run.sign)
    axes.plot([r.ending_number for r in some], scores_of(some), "o", color=BLUE, markersize=4)
    axes.step([r.ending_number for r in ended], best, where="post", color=RED, linewidth=2.2)
    axes.set(xlabel="trials ended", ylabel=run.metric)
    axes.set_title("each complete trial (blue), best so far (red)", loc="left")
    scale(axes, [*best, *scores_of(some)])
    return to_svg(figure)


def slots(run: "Run") -> str:
    """Plot the number of running trials over time."""
    figure, (axes,) = blank(height=2.2)
    times, numbers = under_way(run.records)
    unit, seconds = ("hours", 3600) if times and times[-1] > 7200 else ("minutes", 60)
    axes.fill_between([t / seconds for t in times], numbers, step="post", color=BLUE, alpha=0.5)
    axes.set(xlabel=f"{unit} since the first trial started", ylabel="running trials")
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    return to_svg(figure)
