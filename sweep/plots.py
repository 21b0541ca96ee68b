"""This file draws plots as SVG text, the same bytes each time."""

import io
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sweep.records import Ending

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sweep.results import Run

STYLE: dict[Any, Any] = {
    "svg.hashsalt": "sweep",
    "svg.fonttype": "none",  # text stays text: small, and read out by screen readers
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "font.size": 9,
}
COLOURS = {Ending.COMPLETE: "#1b6ca8", Ending.PRUNED: "#b8b8b8"}
BEST = "#d1495b"


def learning_curves(run: "Run") -> str:
    """The metric after each epoch of every trial: complete, pruned, and the best one."""
    figure, axes = _figure("epoch", run.metric)
    for record in run.records:
        is_best = record is run.best
        for curve in record.curves(run.metric):
            axes.plot(
                range(1, len(curve) + 1),
                curve,
                color=BEST if is_best else COLOURS.get(record.ending, "#e3a857"),
                linewidth=2.2 if is_best else 0.9,
                marker="." if len(curve) == 1 else "",
                zorder=3 if is_best else 2 if record.ending is Ending.COMPLETE else 1,
            )
    axes.set_title(f"{run.name}: complete (blue), pruned (grey), best (red)", loc="left")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    curves = (curve for record in run.records for curve in record.curves(run.metric))
    return _svg(figure, axes, [value for curve in curves for value in curve])


def progression(run: "Run") -> str:
    """Every score in the order in which trials ended, and the best so far."""
    figure, axes = _figure("trials that have ended", run.metric)
    ended = sorted((r for r in run.records if r.score is not None), key=lambda r: r.ended)
    pick = min if run.sign > 0 else max
    scores = [record.score or 0.0 for record in ended]
    best = [pick(scores[: i + 1]) for i in range(len(scores))]
    positions = [record.ended for record in ended]
    axes.plot(positions, scores, "o", color=COLOURS[Ending.COMPLETE], markersize=4)
    axes.step(positions, best, where="post", color=BEST, linewidth=2.2)
    axes.set_title(f"{run.name}: each complete trial (blue), the best so far (red)", loc="left")
    return _svg(figure, axes, scores)


def _figure(x: str, y: str) -> "tuple[Figure, Axes]":
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 4.0))
        FigureCanvasSVG(figure)
        figure.subplots_adjust(left=0.12, right=0.98, bottom=0.12, top=0.92)
        axes = figure.subplots()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    return figure, axes


def _svg(figure: Figure, axes: "Axes", values: list[float]) -> str:
    if values and min(values) > 0 and max(values) / min(values) > 20:
        axes.set_yscale("log")
    text = io.StringIO()
    with mpl.rc_context(STYLE):
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()
