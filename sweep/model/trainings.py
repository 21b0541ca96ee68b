"""What the model is told of trainings, and which values of their curves it uses."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sweep.trials.domains import Params

MAX_VALUES = 200
"""Values that the model uses at most, so that a question costs the same however many there are."""


class Training(NamedTuple):
    """A training so far.

    Attributes:
        params: Its parameters.
        curve: The metric by epoch, lower is better; inf where it is worse than any number.
        epochs: Number of its epochs so far.
        score: Its score, if it is complete.
        runs_to: Epoch to which it runs now; 0 if it does not run.
    """

    params: Params
    curve: Mapping[int, float]
    epochs: int
    score: float | None = None
    runs_to: int = 0

    @property
    def is_begun(self) -> bool:
        """Whether anything is known of it."""
        return self.score is not None or bool(self.curve)


class Value(NamedTuple):
    """A value that the model uses.

    Attributes:
        training: Index of the training.
        epoch: Number of the epoch; 0 for the score, whatever the epoch.
        value: The metric, lower is better.
    """

    training: int
    epoch: int
    value: float


def values_of(trainings: Sequence[Training]) -> list[Value]:
    """Return the values to use, at most `MAX_VALUES`, in the order of the trainings.

    Neighbours on a curve say nearly the same, so those after epochs 1, 2, 4, 8, ... and the last
    one are enough. If there are too many, the earlier ones of the oldest trainings are left out
    first, then the last ones of the worst.
    """
    last, earlier = [], []
    for number, training in enumerate(trainings):
        *some, end = [*_values(number, training), None]
        values = [value for value in (*some, end) if value is not None]
        last += values[-1:]
        earlier += values[:-1]
    if len(last) > MAX_VALUES:
        last = sorted(last, key=lambda value: (value.epoch > 0, value.value))[:MAX_VALUES]
    room = MAX_VALUES - len(last)
    return sorted(last + earlier[len(earlier) - min(room, len(earlier)) :], key=_order)


def _values(number: int, training: Training) -> Iterator[Value]:
    end = 0 if training.score is not None else max(training.curve, default=0)
    for epoch, value in sorted(training.curve.items()):
        is_last = epoch == max(training.curve)
        if (epoch & (epoch - 1) == 0 and not is_last) or (is_last and epoch == end):
            yield Value(number, epoch, value)
    if training.score is not None:
        yield Value(number, 0, training.score)


def _order(value: Value) -> tuple[int, float]:
    return value.training, value.epoch or float("inf")
