"""What another hour of a run would be good for."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from sweep.model.ahead import Budget, ModelAhead
from sweep.reports.fronts import Search
from sweep.reports.outlook.known import Outset
from sweep.text import counted, duration, short
from sweep.trials.records import TrialRecord

HOUR = 3600.0
SEED = 0
QUANTILES = 0.1, 0.5, 0.9


def hour_sentence(run: Search, outset: Outset, model: ModelAhead) -> list[str]:
    """Return what the best score is expected to be after another hour; empty if nobody can say.

    Where scores are mostly luck, a model of the parameters cannot. A grid has no more trials.

    Of a run that took less, it is as much time again: the model cannot see further than that.
    """
    if run.about["sampler"] == "grid":
        return []
    took = time_under_way(run.records)
    ahead = min(took, HOUR)
    budget = budget_of(run, outset, ahead / took if took else 0.0)
    n_more = round(budget.seconds / budget.new) if budget else 0
    if budget is None or run.best is None or not n_more or not model.explains:
        return []
    low, middle, high = map(short, best_after(run, model, budget))
    time = "hour" if ahead == HOUR else duration(ahead)
    return [
        f"Another {time} would pay for about {counted(n_more, 'more trial')} at the cost so far, "
        f"and bring the best {run.metric} from {short(run.best.score)} to about {middle} (80 % "
        f"interval: {low} to {high}), as a model of all curves expects."
    ]


def time_under_way(records: Sequence[TrialRecord]) -> float:
    """Return the seconds in which a trial was under way.

    A paused trial counts as under way, so a break that it outlasts counts, too.
    """
    begun = [(r.started, r.finished, r.seconds) for r in records if r.started]
    if not begun:
        return 0.0
    last = max(moment for one in begun for moment in one[:2] if moment)
    seconds, until = 0.0, min(began for began, *_ in begun)
    for began, finished, trained in sorted(begun, key=lambda one: one[0]):
        ended = finished or max(last, began + timedelta(seconds=trained))
        seconds += max(0.0, (ended - max(began, until)).total_seconds())
        until = max(ended, until)
    return seconds


def budget_of(run: Search, outset: Outset, share: float) -> Budget | None:
    """Return what may be spent, a share of what was, and on what; None if nothing was trained."""
    spent = [record.cpu_seconds for record in run.records if record.epochs]
    if not any(spent):
        return None
    trainings = outset.known.trainings
    left = {
        i: outset.records[i].cpu_seconds / trainings[i].epochs * n
        for i in outset.unfinished
        if trainings[i].epochs and (n := outset.known.n_epochs - trainings[i].epochs) > 0
    }
    return Budget(share * sum(spent), left, float(np.mean(spent)), run.about["sampler"] == "gp")


def best_after(run: Search, model: ModelAhead, budget: Budget) -> list[float]:
    """Return low, middle and high of the best score after spending a budget."""
    best = min(run.sign * record.score for record in run.front if record.score is not None)
    drawn = model.best_after(budget, np.random.default_rng(SEED))
    if run.sign > 0 and best >= 0:  # such as an error or a loss, none of which was below 0
        drawn = np.maximum(drawn, 0.0)
    bests = run.sign * np.minimum(drawn if len(drawn) else np.array([best]), best)
    return [float(value) for value in np.quantile(bests, QUANTILES)]
