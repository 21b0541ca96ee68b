"""What a sampler is told of a trial: each pause, and how it ended."""

import math
from collections.abc import Iterator
from operator import attrgetter
from typing import NamedTuple

from optuna.trial import FrozenTrial, TrialState

from sweep.model.trainings import Training
from sweep.study.study import Study
from sweep.trials.optuna_trials import STATES, constraint_attributes, create_trial
from sweep.trials.records import Ending, TrialRecord


class Event(NamedTuple):
    """A pause or the ending of a trial.

    Attributes:
        position: Position among all events of the study, from 1.
        record: The trial, which may have come further since.
        epoch: Number of its epochs at that time.
        is_pause: Whether it was paused then.
    """

    position: int
    record: TrialRecord
    epoch: int
    is_pause: bool


def events_of(record: TrialRecord, since: int = 0) -> Iterator[Event]:
    """Yield the pauses of a trial from the one with index `since` on, and its ending if it has."""
    for pause in record.pauses[since:]:
        yield Event(pause.position, record, pause.epoch, is_pause=True)
    if record.has_ended:
        yield Event(record.ending_number, record, len(record.epochs), is_pause=False)


class Untold:
    """Events that no question may depend on yet.

    In deterministic mode a trial may know only the events of a window before it, however early
    others arrived. Those wait here, so that a resumed run or a replay draws the same.
    """

    def __init__(self) -> None:
        self._events: list[Event] = []

    def add(self, record: TrialRecord, since: int) -> None:
        """Take in the events of a trial; see `events_of`."""
        self._events += events_of(record, since)

    def take(self, most: float) -> list[Event]:
        """Remove the events whose position is at most `most`, and return them in their order."""
        known = [event for event in self._events if event.position <= most]
        self._events = [event for event in self._events if event.position > most]
        return sorted(known, key=attrgetter("position"))


def outcome(event: Event, study: Study) -> FrozenTrial:
    """Return a trial as a sampler sees it after an event: a paused one looks like a pruned one.

    Optuna's samplers ignore failed trials and would keep suggesting similar ones, so a trial that
    raised looks like one that diverged, the worst of all, unless the study says otherwise.
    """
    record = event.record
    # Optuna's samplers read intermediate values of a single objective only.
    curve = record.curve(study.metric) if len(study.objectives) == 1 else []
    values = dict(enumerate(curve[: event.epoch], 1))
    if event.is_pause or record.ending is Ending.PRUNED:
        return create_trial(record, state=TrialState.PRUNED, intermediate_values=values)
    if record.ending is Ending.COMPLETE:
        attributes = constraint_attributes(record)
        scores, shown = list(record.scores), values if study.pruner else {}
        return create_trial(
            record, values=scores, intermediate_values=shown, system_attrs=attributes
        )
    is_bad = record.ending is Ending.ERROR and study.errors == "avoid"
    return create_trial(record, state=STATES[Ending.DIVERGED if is_bad else record.ending])


def training_after(event: Event, metric: str, sign: int, *, ignores_errors: bool) -> Training:
    """Return a trial as the model sees it after an event.

    Args:
        event: The event.
        metric: The metric to minimise or maximise.
        sign: 1 where a lower metric is better, -1 where a higher one is.
        ignores_errors: Whether a training that raised says nothing; else it is the worst of all.
    """
    record = event.record
    values = record.curve(metric)[: event.epoch]
    curve = {epoch: sign * value for epoch, value in enumerate(values, 1)}
    training = Training(record.params, curve, event.epoch)
    if event.is_pause or record.ending is Ending.PRUNED:
        return training
    if record.score is not None:
        return training._replace(score=sign * record.score if record.is_feasible else math.inf)
    is_ignored = record.ending is Ending.ERROR and ignores_errors
    if is_ignored or record.ending is Ending.LOST:
        return Training(record.params, {}, 0)
    return training._replace(score=math.inf)
