"""Plots of several objectives: the Pareto front, and how it grew."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.collections import LineCollection

from sweep.reports.plots.style import (
    BLUE,
    GREY,
    ORANGE,
    RED,
    blank,
    differ_widely,
    plain_ticks,
    scale,
    shown,
    to_svg,
)
from sweep.study.objectives import Objective
from sweep.trials.front import Points, hypervolume, points_of, with_trial
from sweep.trials.records import TrialRecord

if TYPE_CHECKING:
    from sweep.reports.results import Run

MAX_OBJECTIVES = 4
"""Objectives for which the hypervolume is computed; the time grows with the front's power."""


def front(run: "Run") -> str:
    """Plot two objectives of each complete trial, and their Pareto front."""
    figure, (axes,) = blank(height=4.0)
    (x, y), best = run.objectives, run.front
    scored = [record for record in run.records if record.score is not None]
    numbers = {record.number for record in best}
    others = [r for r in shown(scored, run.sign) if r.is_feasible and r.number not in numbers]
    refused = [r for r in shown(scored, run.sign) if not r.is_feasible]
    axes.plot(*_columns(others, 2), "o", color=BLUE, markersize=4, alpha=0.7)
    axes.plot(*_columns(refused, 2), "x", color=ORANGE, markersize=5)
    axes.step(*_columns(best, 2), where="post", color=RED)
    axes.plot(*_columns(best, 2), "o", color=RED, markersize=5)
    if run.knee is not None:
        axes.plot(*_columns([run.knee], 2), "o", markersize=11, fillstyle="none", color=RED)
        axes.set_title(f"front (red), its knee: trial {run.knee.number} (circle)", loc="left")
    axes.set(xlabel=_label(x), ylabel=_label(y))
    columns = _columns(scored, 2)
    if differ_widely(columns[0]):
        axes.set_xscale("log")
        plain_ticks(axes.xaxis)
    scale(axes, columns[1])
    return to_svg(figure)


def objectives(run: "Run") -> str:
    """Plot each complete trial as a line over all objectives, those on the front in red."""
    goals, best = run.objectives, {record.number for record in run.front}
    scored = [r for r in run.records if r.score is not None and r.is_feasible]
    some = [r for r in shown(scored, run.sign) if r.number not in best] + run.front
    heights = _scaled(points_of(some, [goal.sign for goal in goals]))
    figure, (axes,) = blank(height=4.0)
    figure.subplots_adjust(left=0.08, right=0.92, bottom=0.2, top=0.9)
    lines = [list(enumerate(height)) for height in heights]
    colours = [RED if record.number in best else GREY for record in some]
    axes.add_collection(LineCollection(lines, colors=colours, linewidths=1.2, alpha=0.8))
    for i, values in enumerate(_columns(some, len(goals))):
        ends = (min(values), max(values))[:: goals[i].sign]
        axes.axvline(i, color="#888888", linewidth=0.8)
        axes.text(i, -0.03, f"{ends[0]:.4g}", ha="center", va="top", fontsize=8)
        axes.text(i, 1.03, f"{ends[1]:.4g}", ha="center", va="bottom", fontsize=8)
    axes.set(xlim=(-0.3, len(goals) - 0.7), ylim=(0, 1), yticks=[])
    axes.set_xticks(range(len(goals)), [goal.metric for goal in goals])
    axes.tick_params(axis="x", pad=18, length=0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    return to_svg(figure)


def hypervolume_history(run: "Run") -> str:
    """Plot the hypervolume that the front dominates after each trial that ended."""
    signs = [goal.sign for goal in run.objectives]
    scored = [r for r in run.records if r.score is not None and r.is_feasible]
    ended = sorted(scored, key=lambda record: record.ending_number)
    scaled = {r.number: p for r, p in zip(ended, _scaled(points_of(ended, signs)), strict=True)}
    grown: list[TrialRecord] = []
    volumes: list[float] = []
    for record in ended:
        before, grown = grown, with_trial(grown, record, signs)
        if grown is before:
            volumes.append(volumes[-1])
        else:
            points = np.array([scaled[one.number] for one in grown])
            volumes.append(hypervolume(points, [1.0] * len(signs)))
    figure, (axes,) = blank(height=4.0)
    axes.step([r.ending_number for r in ended], volumes, where="post", color=RED, linewidth=2.2)
    axes.set(xlabel="trials ended", ylabel="hypervolume", ylim=(0, 1))
    return to_svg(figure)


def _columns(records: Sequence[TrialRecord], n: int) -> list[list[float]]:
    """Return n lists of scores, one per objective."""
    return [[record.scores[i] for record in records] for i in range(n)]


def _scaled(points: Points) -> Points:
    """Return points between the best value of each objective, 0, and the worst, 1."""
    low, high = points.min(axis=0), points.max(axis=0)
    return np.asarray((points - low) / np.where(high > low, high - low, 1.0))


def _label(goal: Objective) -> str:
    return f"{goal.metric} ({goal.direction})"
