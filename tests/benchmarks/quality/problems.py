"""What a search searches: all configurations of a space, with all epochs of their trainings."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Params = Mapping[str, Any]
"""Values by name: an index for an ordered parameter, a word for a category."""


class SuggestingTrial(Protocol):
    """A trial that parameters are drawn from one by one, of this project or of Optuna."""

    def suggest_int(self, name: str, low: int, high: int) -> int: ...

    def suggest_categorical(self, name: str, choices: tuple[str, ...]) -> str: ...


@dataclass(frozen=True)
class Parameter:
    """A parameter of a space.

    Attributes:
        name: Its name.
        values: Its values, at least two.
        is_ordered: Whether it is searched as an index of its values; otherwise as a category.
        parent: Name of the earlier parameter that it depends on; empty if there is none.
        parent_values: Values of the parent with which a configuration has this parameter.
    """

    name: str
    values: tuple[Any, ...]
    is_ordered: bool
    parent: str = ""
    parent_values: tuple[Any, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """The values as they are searched if they are categories."""
        return tuple(map(str, self.values))

    def index(self, value: int | str) -> int:
        """Return the index of a value that a search has chosen."""
        return int(value) if self.is_ordered else self.words.index(value)

    def searched(self, index: int) -> int | str:
        """Return the value with an index as it is searched."""
        return index if self.is_ordered else self.words[index]


@dataclass(frozen=True, eq=False)
class Problem:
    """A complete table of trainings.

    Attributes:
        name: Name of the table.
        parameters: The space, parents before their children.
        rows: Row of each configuration, by the indices of its values; -1 where it does not have a
            parameter.
        values: (configurations, epochs) validation metric that a search sees, lower is better; NaN
            from the epoch on in which a training diverges.
        seconds: (configurations, epochs) core-seconds of each epoch.
        judged: (configurations,) validation metric that regret is computed from; NaN if diverged.
        test: (configurations,) metric that no search sees; NaN if diverged.
        repetitions: (configurations, repetitions) values after the last epoch, NaN where there are
            fewer, of a table whose searches see one of them each; else None.
        slots: Numbers of slots that it is searched on.
        trainings: Budget of a search, in mean whole trainings.
    """

    name: str
    parameters: tuple[Parameter, ...]
    rows: Mapping[tuple[int, ...], int]
    values: NDArray[np.float64]
    seconds: NDArray[np.float64]
    judged: NDArray[np.float64]
    test: NDArray[np.float64]
    repetitions: NDArray[np.float64] | None = None
    slots: tuple[int, ...] = (1, 8)
    trainings: int = 50

    @property
    def n_epochs(self) -> int:
        """Number of epochs of a whole training."""
        return self.values.shape[1]

    @cached_property
    def training_seconds(self) -> float:
        """Core-seconds of a whole training, as a mean over all configurations."""
        return float(np.nansum(self.seconds, axis=1).mean())

    def seen_by(self, seed: int) -> "Problem":
        """Return the problem as the search with a seed sees it."""
        if self.repetitions is None:
            return self
        n_each = np.count_nonzero(np.isfinite(self.repetitions), axis=1)
        chosen = np.random.default_rng(seed).integers(n_each)[:, np.newaxis]
        return replace(self, values=np.take_along_axis(self.repetitions, chosen, axis=1))

    def draw(self, trial: SuggestingTrial) -> dict[str, Any]:
        """Draw a configuration from a trial that is asked for one parameter after another."""
        params: dict[str, Any] = {}
        for parameter in self.parameters:
            if not self.has(parameter, params):
                continue
            name, n = parameter.name, len(parameter.values)
            params[name] = (
                trial.suggest_int(name, 0, n - 1)
                if parameter.is_ordered
                else trial.suggest_categorical(name, parameter.words)
            )
        return params

    def has(self, parameter: Parameter, params: Params) -> bool:
        """Return whether a configuration, known up to a parameter, has that parameter."""
        if not parameter.parent:
            return True
        parent = next(p for p in self.parameters if p.name == parameter.parent)
        if parent.name not in params:
            return False
        return parent.values[parent.index(params[parent.name])] in parameter.parent_values

    def row(self, params: Params) -> int:
        """Return the row of a configuration.

        Parameters that it does not have are ignored, so a method that knows no such spaces may
        choose values for all of them.
        """
        indices: list[int] = []
        present: dict[str, Any] = {}
        for parameter in self.parameters:
            if self.has(parameter, present):
                present[parameter.name] = params[parameter.name]
                indices.append(parameter.index(params[parameter.name]))
            else:
                indices.append(-1)
        return self.rows[tuple(indices)]


def grid_rows(parameters: tuple[Parameter, ...]) -> dict[tuple[int, ...], int]:
    """Return the rows of a grid without conditional parameters, the last one changing fastest."""
    sizes = [range(len(parameter.values)) for parameter in parameters]
    return {indices: row for row, indices in enumerate(product(*sizes))}
