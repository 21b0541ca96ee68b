"""What a sampler is told of a trial: each pause, and how it ended."""

from collections.abc import Iterator
from typing import NamedTuple

from optuna.trial import FrozenTrial, TrialState

from sweep.study.study import Study
from sweep.trials.optuna_trials import STATES, create_trial
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


def outcome(event: Event, study: Study) -> FrozenTrial:
    """Return a trial as a sampler sees it after an event: a paused one looks like a pruned one.

    Optuna's samplers ignore failed trials and would keep suggesting similar ones, so a trial that
    raised looks like one that diverged, the worst of all, unless the study says otherwise.
    """
    record = event.record
    if event.is_pause or record.ending is Ending.PRUNED:
        values = dict(enumerate(record.curve(study.metric)[: event.epoch], 1))
        return create_trial(record, state=TrialState.PRUNED, intermediate_values=values)
    if record.ending is Ending.COMPLETE:
        return create_trial(record, value=record.score)
    is_bad = record.ending is Ending.ERROR and study.errors == "avoid"
    return create_trial(record, state=STATES[Ending.DIVERGED if is_bad else record.ending])
