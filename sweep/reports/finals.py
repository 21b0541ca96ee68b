"""What reports and the command line say about the final step: runoff, trainings, test set."""

from statistics import fmean, stdev
from typing import TYPE_CHECKING

import pandas as pd

from sweep.reports import tables
from sweep.text import counted, mean_text
from sweep.trials.ranking import runoff_scores
from sweep.trials.records import TrialRecord

if TYPE_CHECKING:
    from sweep.reports.results import Run
    from sweep.trials.evaluation import TestOpening


def runoff_table(run: "Run") -> pd.DataFrame:
    """Return one row per trial that was in the runoff, the best mean first.

    Columns: trial, the metric (its score in the search), METRIC_runoff and METRIC_runoff_std (mean
    and standard deviation of the new scores), trainings (complete ones in the runoff).
    """
    finalists = run.finalists if run.runoff else []
    rows = [(trial, runoff_scores(trial, run.runoff)) for trial in finalists]
    rows.sort(key=lambda row: run.sign * fmean(row[1]) if row[1] else float("inf"))
    columns = [
        {
            "trial": trial.number,
            run.metric: trial.score,
            f"{run.metric}_runoff": fmean(scores) if scores else None,
            f"{run.metric}_runoff_std": stdev(scores) if len(scores) > 1 else None,
            "trainings": len(scores),
        }
        for trial, scores in rows
    ]
    return tables.frame(columns)


def runoff_note(run: "Run") -> str:
    """Return how the runoff was decided, in sentences."""
    chosen = run.chosen.number if run.chosen else "none yet"
    return (
        f"The best trials of the search were trained {counted(run.runoff_repeats, 'time')} more, "
        f"with other seeds. Their scores in the search were selected among many, so they are too "
        f"good; the mean of the new ones decides. Chosen: trial {chosen}."
    )


def runoff_result(run: "Run", trial: TrialRecord | None) -> str:
    """Return what a trial reached in the runoff, as text; empty if it was not trained there."""
    same = (finalist for finalist in run.finalists if trial and finalist.number == trial.number)
    scores = [score for finalist in same for score in runoff_scores(finalist, run.runoff)]
    if not scores:
        return ""
    text = mean_text(fmean(scores), stdev(scores) if len(scores) > 1 else None)
    return f"{run.metric} {text} over {counted(len(scores), 'new training')}"


def winner_text(run: "Run") -> str:
    """Return which trial won the runoff and with what, as text; empty without a winner."""
    result = runoff_result(run, run.chosen)
    return f"trial {run.chosen.number}, {result}" if run.chosen and result else ""


def opening_text(test: "TestOpening") -> str:
    """Return for which trainings the test set was opened, when, and with what result."""
    numbers = ", ".join(map(str, test.trainings))
    which = f"final training{'s' * (len(test.trainings) > 1)} {numbers}"
    return f"{which}, {str(test) or 'not finished'}, at {test.opened}"
