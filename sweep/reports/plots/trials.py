"""This file draws how the trials of a run went: their curves, the best so far, the slots."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.ticker import MaxNLocator

from sweep.reports.costs import under_way
from sweep.reports.plots.style import BEST, GOOD, MEAN, POOR, blank, scale, to_svg
from sweep.trials.records import Ending, TrialRecord

if TYPE_CHECKING:
    from sweep.reports.results import Run


COLOURS = {Ending.COMPLETE: GOOD, Ending.PRUNED: MEAN}


MAX_SHOWN = 400
"""More trials than these would make a plot larger, and not easier to read."""


def learning_curves(run: "Run") -> str:
    """The metric after each epoch of every trial: complete, pruned, and the best one."""
    figure, (axes,) = blank()
    records = shown(run.records, run.sign)
    for record in records:
        is_best = record is run.best
        for curve in record.curves(run.metric):
            axes.plot(
                range(1, len(curve) + 1),
                curve,
                color=BEST if is_best else COLOURS.get(record.ending, POOR),
                linewidth=2.2 if is_best else 0.9,
                marker="." if len(curve) == 1 else "",
                zorder=3 if is_best else 2 if record.ending is Ending.COMPLETE else 1,
            )
    axes.set_xlabel("epoch")
    axes.set_ylabel(run.metric)
    axes.set_title("complete (blue), pruned (grey), best (red)", loc="left")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    curves = (curve for record in records for curve in record.curves(run.metric))
    scale(axes, [value for curve in curves for value in curve])
    return to_svg(figure)


def progression(run: "Run") -> str:
    """Every score in the order in which trials ended, and the best so far."""
    figure, (axes,) = blank()
    ended = sorted((r for r in run.records if r.score is not None), key=lambda r: r.ending_number)
    best: list[float] = []
    for record in ended:
        score = record.score or 0.0
        best.append(score if not best or run.sign * score < run.sign * best[-1] else best[-1])
    some = shown(ended, run.sign)
    points = [(record.ending_number, record.score or 0.0) for record in some]
    axes.plot(*zip(*points, strict=True), "o", color=GOOD, markersize=4)
    axes.step([r.ending_number for r in ended], best, where="post", color=BEST, linewidth=2.2)
    axes.set_xlabel("trials that have ended")
    axes.set_ylabel(run.metric)
    axes.set_title("each complete trial (blue), the best so far (red)", loc="left")
    scale(axes, best + [score for _, score in points])
    return to_svg(figure)


def slots(run: "Run") -> str:
    """How many trials were under way over time."""
    figure, (axes,) = blank(height=2.2)
    times, numbers = under_way(run.records)
    unit, seconds = ("hours", 3600) if times and times[-1] > 7200 else ("minutes", 60)
    axes.fill_between([t / seconds for t in times], numbers, step="post", color=GOOD, alpha=0.5)
    axes.set_xlabel(f"{unit} since the first trial began")
    axes.set_ylabel("trials under way")
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    return to_svg(figure)


def shown(records: Sequence[TrialRecord], sign: int) -> list[TrialRecord]:
    """At most `MAX_SHOWN` of these trials: the better half is the best, the rest evenly spread."""
    if len(records) <= MAX_SHOWN:
        return list(records)
    half = MAX_SHOWN // 2
    scored = [record for record in records if record.score is not None]
    best = {r.number for r in sorted(scored, key=lambda r: sign * (r.score or 0.0))[:half]}
    others = [record for record in records if record.number not in best]
    step = -(-len(others) // half)
    kept = best | {record.number for record in others[::step]}
    return [record for record in records if record.number in kept]
