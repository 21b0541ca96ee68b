"""What the model is told of a run: all that it needs, however many trials there are."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sweep.model.learning import Known
from sweep.model.trainings import Training
from sweep.reports.fronts import Search
from sweep.samplers.events import Event, training_after
from sweep.trials.domains import Domain, is_like
from sweep.trials.records import TrialRecord

MIN_COMPLETE = 5
"""Complete trials below which nothing is to be said."""

MOST_BEST, MOST_OTHERS, MOST_UNFINISHED = 60, 60, 60
"""Trials whose values the model is told: the best that are over, others that are, and the rest.

Together they have fewer last values than the model uses at most, so each of them counts.
"""


class Outset(NamedTuple):
    """Where a run stands.

    Attributes:
        known: What the model is told; of some trials only their parameters.
        records: The trial of each training.
        unfinished: Indices of trainings that are not over, of which the model is told the values.
    """

    known: Known
    records: Sequence[TrialRecord]
    unfinished: Sequence[int]


def outset_of(run: Search) -> Outset | None:
    """Return where a run of one objective stands; None if too little is known to look ahead."""
    domains = {name: domain for r in run.records for name, domain in r.domains.items()}
    records = [r for r in run.records if _fits(r, domains)]
    scored = [r for r in records if r.score is not None and r.is_feasible]
    if len(run.objectives) > 1 or not domains or len(scored) < MIN_COMPLETE:
        return None
    n_epochs = max(1, *(len(record.curve(run.metric)) for record in scored))
    trainings = [_training(run, record) for record in records]
    unfinished = sorted(
        (i for i, record in enumerate(records) if not record.has_ended),
        key=lambda i: (-trainings[i].epochs, _last(trainings[i])),
    )[:MOST_UNFINISHED]
    told = {*unfinished, *_told([i for i, r in enumerate(records) if r.has_ended], trainings)}
    shown = [t if i in told else Training(t.params, {}, 0) for i, t in enumerate(trainings)]
    return Outset(Known(domains, shown, n_epochs), records, unfinished)


def _told(ended: Sequence[int], trainings: Sequence[Training]) -> list[int]:
    """Return the best trainings of those that are over, and some of the others, evenly spread."""
    ended = [i for i in ended if trainings[i].is_begun]
    best = sorted(ended, key=lambda i: (trainings[i].score is None, _last(trainings[i])))
    best = best[:MOST_BEST]
    others = sorted({*ended} - {*best})
    return best + others[:: -(-len(others) // MOST_OTHERS) or 1]


def _training(run: Search, record: TrialRecord) -> Training:
    event = Event(0, record, len(record.epochs), is_pause=not record.has_ended)
    ignores_errors = run.about.get("errors", "ignore") == "ignore"
    return training_after(event, run.metric, run.sign, ignores_errors=ignores_errors)


def _last(training: Training) -> float:
    """Return the score of a training, or else its last value."""
    if training.score is not None:
        return training.score
    return training.curve.get(max(training.curve, default=0), math.inf)


def _fits(record: TrialRecord, domains: Mapping[str, Domain]) -> bool:
    """Return whether parameters are like those of the space in the end."""
    return all(is_like(value, domains[name]) for name, value in record.params.items())
