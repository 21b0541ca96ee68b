"""When the hyperparameters are learned again: ever less often, and a resumed run does the same."""

from collections.abc import Callable
from typing import NamedTuple

from sweep.model.model import Learned, Model
from sweep.model.trainings import Training
from sweep.trials.domains import Domain

FIRST, GROWTH = 4, 1.15
"""Events before the first time, and how many times as many there are at each next one."""


class Known(NamedTuple):
    """What a model is made from: see `Model`."""

    domains: dict[str, Domain]
    trainings: list[Training]
    n_epochs: int


class Learning:
    """The hyperparameters of a study, learned after 4, 5, 6, ... 20, 23, 26, ... events.

    They depend on the events up to the latest of these points alone, so a run that is resumed, and
    has learned nothing yet, finds the same ones.
    """

    def __init__(self) -> None:
        self._n_events, self._next = 0, FIRST
        self._latest: Known | None = None
        self._learned: Learned | None = None

    def count(self, known: Callable[[], Known]) -> None:
        """Take in an event, after which this is known."""
        self._n_events += 1
        if self._n_events >= self._next:
            self._next = max(self._next + 1, int(self._next * GROWTH))
            latest = known()
            if any(training.is_begun for training in latest.trainings):
                self._latest, self._learned = latest, None

    def learned(self) -> Learned | None:
        """Return the hyperparameters; None before there are enough events."""
        if self._learned is None and self._latest is not None:
            self._learned = Model(*self._latest).learned
        return self._learned
