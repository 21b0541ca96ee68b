"""What SMAC3 and DEHB share: spaces of ConfigSpace, and jobs of one configuration with a budget.

Both libraries ask for a configuration with a number of epochs. One that is asked for again with
more epochs continues from where it stopped, as if the user's training kept checkpoints; neither
library requires that, so it is in their favour.
"""

from collections.abc import Hashable
from typing import NamedTuple, Protocol

from ConfigSpace import (
    Categorical,
    Configuration,
    ConfigurationSpace,
    InCondition,
    Integer,
)

from tests.benchmarks.quality import clock
from tests.benchmarks.quality.problems import Params, Problem


class Asked(NamedTuple):
    """What a library asks for.

    Attributes:
        key: What identifies the configuration; the same one continues.
        params: The configuration.
        epochs: Number of epochs after which to tell, fractions rounded by `Budgeted`.
        info: What the library wants back.
    """

    key: Hashable
    params: Params
    epochs: float
    info: object


class Library(Protocol):
    """A library that asks for configurations with budgets."""

    def ask(self) -> Asked | None:
        """Return what to train next; None if that depends on results of other slots."""

    def tell(self, info: object, value: float | None) -> None:
        """Take in the value after the last epoch asked for; None if the training diverged."""


class Budgeted:
    """Makes a method for `clock` of a library that asks for configurations with budgets."""

    def __init__(self, library: Library, n_epochs: int) -> None:
        self._library = library
        self._n_epochs = n_epochs
        self._n_trials = 0
        self._paused: dict[Hashable, tuple[int, int]] = {}  # trial and its epochs
        self._running: dict[int, tuple[Asked, int]] = {}  # by trial, with the epochs to train

    def next(self) -> clock.Job | None:
        asked = self._library.ask()
        if asked is None:
            return None
        until = min(self._n_epochs, max(1, round(asked.epochs)))
        trial, done = self._paused.pop(asked.key, (self._n_trials, 0))
        if done == 0 or done >= until:  # a new one, or one that is asked for as before
            trial = self._n_trials
            self._n_trials += 1
        self._running[trial] = asked, until
        return clock.Job(trial, asked.params)

    def report(self, trial: int, epoch: int, value: float) -> bool:
        asked, until = self._running[trial]
        if epoch < until:
            return True
        self._paused[asked.key] = trial, epoch
        self._library.tell(asked.info, value)
        return False

    def fail(self, trial: int) -> None:
        self._library.tell(self._running[trial][0].info, None)


def space_of(problem: Problem, seed: int) -> ConfigurationSpace:
    """Return the space of a problem, with its conditions."""
    space = ConfigurationSpace(seed=seed)
    for parameter in problem.parameters:
        added = (
            Integer(parameter.name, (0, len(parameter.values) - 1))
            if parameter.is_ordered
            else Categorical(parameter.name, list(parameter.words))
        )
        space.add(added)
        if parameter.parent:
            parent = next(p for p in problem.parameters if p.name == parameter.parent)
            searched = [parent.searched(parent.values.index(v)) for v in parameter.parent_values]
            space.add(InCondition(added, space[parent.name], searched))
    return space


def params_of(configuration: Configuration) -> Params:
    """Return a configuration as parameters."""
    return dict(configuration)
