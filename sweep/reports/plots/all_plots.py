"""All plots of a report.

To add one, add a line here and show it in html/page.html; `PLOTS` in markdown.py lists those that
report.md shows, too.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from sweep.reports.importance import importances
from sweep.reports.plots import fronts, space, trials

if TYPE_CHECKING:
    from sweep.reports.outlook.outlook import Forecast
    from sweep.reports.results import Run


class Plot(NamedTuple):
    """A plot as an SVG file, and what it shows, for screen readers."""

    svg: str
    title: str


def all_plots(run: "Run", paused: "Sequence[Forecast]" = ()) -> dict[str, Plot]:
    """Draw the plots of a run for which there is something to draw, by name.

    Args:
        run: The run.
        paused: What is expected of paused trials.
    """
    metric, scored = run.metric, [r for r in run.records if r.score is not None and r.is_feasible]
    shares = importances(run.records, run.sign)
    names = space.varied(scored)
    shares_text = ", ".join(f"{name} {100 * share:.0f} %" for name, share in shares.items())
    plots = {
        "progression": scored and Plot(
            trials.progression(run), f"{metric} of each complete trial, and the best so far"),
        "learning_curves": any(record.epochs for record in run.records) and Plot(
            trials.learning_curves(run, paused), f"{metric} after each epoch of each trial"),
        "parallel": names and Plot(
            space.parallel(scored, metric, run.sign, names),
            f"Parameters and {metric} of each complete trial as a line"),
        "importance": shares and Plot(space.importance(shares), f"Importance of {shares_text}"),
        "slices": names and Plot(
            space.slices(scored, metric, run.sign, names), f"{metric} against each parameter"),
        "slots": any(record.finished for record in run.records) and Plot(
            trials.slots(run), "Running trials over time"),
    }  # fmt: skip
    drawn = {**plots, **(_of_several(run) if run.knee else {})}
    return {name: plot for name, plot in drawn.items() if isinstance(plot, Plot)}


def _of_several(run: "Run") -> dict[str, Plot | bool]:
    goals = " and ".join(goal.metric for goal in run.objectives)
    n = len(run.objectives)
    return {
        "front": n == 2 and Plot(
            fronts.front(run), f"{goals} of each complete trial, and the front"),
        "objectives": n > 2 and Plot(
            fronts.objectives(run), f"{goals} of each trial as a line"),
        "hypervolume": n <= fronts.MAX_OBJECTIVES and Plot(
            fronts.hypervolume_history(run), "Hypervolume of the front after each trial"),
    }  # fmt: skip
