"""What is to expect of the paused trials of a run, and of another hour."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from sweep.model.ahead import ModelAhead
from sweep.reports.fronts import Search
from sweep.reports.outlook.hour import hour_sentence
from sweep.reports.outlook.known import Outset, outset_of
from sweep.reports.published import FilledTable
from sweep.trials.records import TrialRecord

MOST_SHOWN, MOST_POINTS = 10, 30
"""Paused trials that are shown, and points of a curve that are computed."""

NOTE = (
    "Those that promise most, by a model of all curves: the median of what each may come to after "
    "its last epoch, and bounds that the model expects to hold for two in three of them."
)


class Forecast(NamedTuple):
    """What is expected of a paused trial.

    Attributes:
        record: The trial.
        last: Its last value.
        epochs: Epochs to come, up to the last one.
        expected: The value after each of them, the median of what may be.
        low: The 16 % that are lowest are below.
        high: The 16 % that are highest are above.
    """

    record: TrialRecord
    last: float
    epochs: Sequence[int]
    expected: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


class Outlook(NamedTuple):
    """What is to expect, as far as the trials so far allow to say.

    Attributes:
        paused: The paused trials that promise most, the best first.
        table: The same, to read.
        sentences: What another hour would be good for.
    """

    paused: Sequence[Forecast]
    table: FilledTable
    sentences: Sequence[str]


def outlook_of(run: Search) -> Outlook:
    """Return what is to expect of a run; the same each time."""
    outset = outset_of(run)
    if outset is None:
        return Outlook((), _table((), run.metric), ())
    model = ModelAhead(*outset.known)
    paused = _paused(run, outset, model)
    return Outlook(paused, _table(paused, run.metric), hour_sentence(run, outset, model))


def _table(forecasts: Sequence[Forecast], metric: str) -> FilledTable:
    rows = [
        (f.record.number, len(f.record.epochs), f.last, f.expected[-1], f.low[-1], f.high[-1])
        for f in forecasts
    ]
    columns = ["trial", "epochs", metric, "expected", "low", "high"]
    shown = pd.DataFrame(rows, columns=columns)
    return FilledTable("Paused trials", shown, shown, notes=(NOTE,))


def _paused(run: Search, outset: Outset, model: ModelAhead) -> list[Forecast]:
    n_epochs, records = outset.known.n_epochs, outset.records
    paused = [
        i
        for i in outset.unfinished
        if records[i].is_paused and 0 < outset.known.trainings[i].epochs < n_epochs
    ]
    if not paused:
        return []
    order = np.argsort(model.expect(paused)[0], kind="stable")[:MOST_SHOWN]
    return [_forecast(run, outset, model, paused[place]) for place in order]


def _forecast(run: Search, outset: Outset, model: ModelAhead, training: int) -> Forecast:
    curve, n_epochs = outset.known.trainings[training].curve, outset.known.n_epochs
    steps = np.linspace(max(curve) + 1, n_epochs, MOST_POINTS)
    epochs = np.unique(steps.round().astype(int)).tolist()
    bounds = [(run.sign * values).tolist() for values in model.path(training, epochs)]
    middle, low, high = bounds if run.sign > 0 else (bounds[0], bounds[2], bounds[1])
    last = run.sign * curve[max(curve)]
    return Forecast(outset.records[training], last, epochs, middle, low, high)
